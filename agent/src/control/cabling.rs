//! Cabling: which interfaces belong in the datapath, and which bound ports are thereby plugged in.
//!
//! Pure and level-triggered: from what is wanted and what is there follows what to do, whatever happened in between.

use std::collections::BTreeMap;

use model::{DeviceId, HostBinding, PortId};
use packet::DpPort;

/// Interfaces of the host by name: whether each is up and has a carrier.
pub(crate) type Interfaces = BTreeMap<String, bool>;

/// What to change in the datapath.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Interfaces to add as ports.
    pub attach: Vec<String>,
    /// Ports to remove.
    pub detach: Vec<DpPort>,
}

/// A bound port whose interface is in the datapath and up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plugged {
    /// The virtual port.
    pub port: PortId,
    /// The device that it is part of.
    pub device: DeviceId,
    /// Its number in the datapath.
    pub dp_port: DpPort,
}

/// Compares the bindings with the datapath's interface ports (`vports`, without tunnel devices and the local port).
/// An interface that is there but down stays in the datapath: it may come up again at any moment.
pub(crate) fn plan(
    bindings: &[HostBinding],
    interfaces: &Interfaces,
    vports: &BTreeMap<String, DpPort>,
) -> Plan {
    let wanted = |name: &str| bindings.iter().any(|binding| binding.interface == name);
    let missing = |name: &&String| interfaces.contains_key(*name) && !vports.contains_key(*name);
    Plan {
        attach: bindings.iter().map(|binding| &binding.interface).filter(missing).cloned().collect(),
        detach: vports.iter().filter(|(name, _)| !wanted(name)).map(|(_, dp_port)| *dp_port).collect(),
    }
}

/// The bound ports that are plugged in.
pub(crate) fn plugged(
    bindings: &[HostBinding],
    interfaces: &Interfaces,
    vports: &BTreeMap<String, DpPort>,
) -> Vec<Plugged> {
    let plug = |binding: &HostBinding| {
        let up = interfaces.get(&binding.interface).copied().unwrap_or(false);
        let dp_port = vports.get(&binding.interface).filter(|_| up)?;
        Some(Plugged { port: binding.port, device: binding.device, dp_port: *dp_port })
    };
    bindings.iter().filter_map(plug).collect()
}

#[cfg(test)]
mod tests {
    use model::BridgeId;
    use uuid::Uuid;

    use super::*;

    fn binding(port: u128, interface: &str) -> HostBinding {
        HostBinding {
            port: PortId(Uuid::from_u128(port)),
            device: DeviceId::Bridge(BridgeId(Uuid::from_u128(99))),
            interface: interface.into(),
        }
    }

    fn interfaces(list: &[(&str, bool)]) -> Interfaces {
        list.iter().map(|(name, up)| ((*name).to_owned(), *up)).collect()
    }

    fn vports(list: &[(&str, u32)]) -> BTreeMap<String, DpPort> {
        list.iter().map(|(name, no)| ((*name).to_owned(), DpPort(*no))).collect()
    }

    #[test]
    fn a_bound_interface_is_attached_once_it_exists() {
        let bindings = [binding(1, "tap1"), binding(2, "tap2")];
        let plan = plan(&bindings, &interfaces(&[("tap1", true)]), &vports(&[]));
        assert_eq!(plan, Plan { attach: vec!["tap1".into()], detach: vec![] });
    }

    #[test]
    fn an_interface_nobody_binds_is_detached() {
        let plan = plan(&[], &interfaces(&[("tap1", true)]), &vports(&[("tap1", 7)]));
        assert_eq!(plan, Plan { attach: vec![], detach: vec![DpPort(7)] });
    }

    #[test]
    fn what_is_as_wanted_is_left_alone() {
        let (interfaces, vports) = (interfaces(&[("tap1", true)]), vports(&[("tap1", 7)]));
        assert_eq!(plan(&[binding(1, "tap1")], &interfaces, &vports), Plan::default());
    }

    #[test]
    fn a_port_is_plugged_in_while_its_interface_is_up() {
        let bindings = [binding(1, "tap1"), binding(2, "tap2"), binding(3, "tap3")];
        let interfaces = interfaces(&[("tap1", true), ("tap2", false), ("tap3", true)]);
        let plugged = plugged(&bindings, &interfaces, &vports(&[("tap1", 7), ("tap2", 8)]));
        assert_eq!(plugged.iter().map(|p| p.port).collect::<Vec<_>>(), [PortId(Uuid::from_u128(1))]);
    }
}
