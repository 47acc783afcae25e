//! Ports as they are written: what bodies say of them.

use ipnetwork::IpNetwork;
use model::{
    Binding, BridgeId, HostId, L2InsertionId, ModelError, Port, PortDevice, PortId, PortMirrors, QosPolicyId,
    RouterId, RouterVtep, ServiceContainerId, State, Transaction, generated_mac,
};
use packet::MacAddr;
use uuid::Uuid;

use super::port_addresses::AddressFields;
use super::ports::{BRIDGE_TYPES, ROUTER_TYPES, VXLAN_TYPES};
use super::{mirrors, new_id};
use crate::endpoint::{Call, Edit};
use crate::failure::Failure;
use crate::fields::Fields;

/// What a body says that holds for any port.
#[derive(Clone)]
struct Common {
    admin_state_up: bool,
    mirrors: PortMirrors,
    qos_policy: Option<QosPolicyId>,
    inbound_filter: Option<model::ChainId>,
    outbound_filter: Option<model::ChainId>,
    vif_id: Option<Uuid>,
    binding: Said<Binding>,
    peer: Said<PortId>,
}

/// A cable, as a body may or may not speak of it.
#[derive(Clone)]
enum Said<T> {
    /// Not at all: it stays.
    Nothing,
    /// It goes.
    Null,
    /// It leads there.
    This(T),
}

fn read_common(call: &Call, fields: &mut Fields) -> Result<Common, Failure> {
    // Insertions name their port, not the other way round; but what is named must be there.
    let insertions = fields.list::<L2InsertionId>("insertionIds", "a UUID");
    if let Some(unknown) = insertions.into_iter().find(|id| call.topology.l2_insertion(*id).is_none()) {
        return Err(model::ObjectKey::from(unknown).into());
    }
    Ok(Common {
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        mirrors: mirrors::read_port_hooks(fields),
        qos_policy: fields.id("qosPolicyId"),
        inbound_filter: fields.id("inboundFilterId"),
        outbound_filter: fields.id("outboundFilterId"),
        vif_id: fields.id("vifId"),
        binding: read_binding(fields),
        peer: match fields.id("peerId") {
            Some(peer) => Said::This(peer),
            None if fields.mentions("peerId") => Said::Null,
            None => Said::Nothing,
        },
    })
}

fn read_binding(fields: &mut Fields) -> Said<Binding> {
    let (host, interface) = (fields.id::<HostId>("hostId"), fields.text("interfaceName"));
    match (host, interface) {
        (Some(host), Some(interface)) => Said::This(Binding { host, interface }),
        (None, None) if fields.mentions("hostId") || fields.mentions("interfaceName") => Said::Null,
        (None, None) => Said::Nothing,
        (Some(_), None) => {
            fields.missing("interfaceName");
            Said::Nothing
        }
        (None, Some(_)) => {
            fields.missing("hostId");
            Said::Nothing
        }
    }
}

impl Common {
    fn port(&self, id: PortId, device: PortDevice) -> Port {
        Port {
            id,
            device,
            admin_state_up: self.admin_state_up,
            mirrors: self.mirrors.clone(),
            qos_policy: self.qos_policy,
            inbound_filter: self.inbound_filter,
            outbound_filter: self.outbound_filter,
            peer: None,
            binding: None,
            port_groups: Vec::new(),
            vif_id: self.vif_id,
            tunnel_key: 0,
        }
    }

    /// Cables an existing port as the body says: off first, then on.
    fn cable(&self, tx: &mut Transaction, id: PortId) -> Result<(), ModelError> {
        let port = tx.state().port(id).ok_or(ModelError::NotFound(id.into()))?;
        let (peer, binding) = (port.peer, port.binding.clone());
        if self.peer.changes(peer.as_ref()) {
            tx.unlink(id)?;
        }
        if self.binding.changes(binding.as_ref()) {
            tx.unbind(id)?;
        }
        if let Said::This(peer) = &self.peer
            && self.peer.changes(tx.state().port(id).and_then(|p| p.peer).as_ref())
        {
            tx.link(id, *peer)?;
        }
        if let Said::This(binding) = &self.binding {
            tx.bind(id, binding.host, &binding.interface)?;
        }
        Ok(())
    }
}

impl<T: PartialEq> Said<T> {
    fn changes(&self, now: Option<&T>) -> bool {
        match self {
            Self::Nothing => false,
            Self::Null => now.is_some(),
            Self::This(wanted) => now != Some(wanted),
        }
    }
}

fn read_vlan(fields: &mut Fields) -> Option<u16> {
    fields.number::<u16>("vlanId", 0..=4094).filter(|vlan| *vlan != 0)
}

fn read_vtep(fields: &mut Fields) -> RouterVtep {
    RouterVtep { vni: fields.number("rtrPortVni", 0..=0xff_ffff), off_ramp: fields.flag("offRampVxlan") }
}

/// It is the container that names its port, whatever is said here; but it must be there.
fn check_container(call: &Call, fields: &mut Fields) -> Result<(), Failure> {
    match fields.id::<ServiceContainerId>("serviceContainerId") {
        Some(id) if call.topology.service_container(id).is_none() => Err(model::ObjectKey::from(id).into()),
        _ => Ok(()),
    }
}

/// The address that was asked for, or one made of the random part of a new UUID.
fn new_mac() -> MacAddr {
    let [.., a, b, c] = *Uuid::new_v4().as_bytes();
    generated_mac([a, b, c])
}

pub(super) fn add_to_bridge(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let bridge = call.id::<BridgeId>("device")?;
    fields.choice("type", BRIDGE_TYPES);
    let device = PortDevice::Bridge { bridge, vlan: read_vlan(fields) };
    let (id, common) = (new_id::<PortId>(fields), read_common(call, fields)?);
    let location = call.links.to(format_args!("ports/{id}"));
    Ok(Edit::new(move |tx| {
        tx.create(common.port(id, device.clone()))?;
        common.cable(tx, id)
    })
    .at(location))
}

pub(super) fn add_to_router(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let router = call.id::<RouterId>("device")?;
    fields.choice("type", ROUTER_TYPES);
    check_container(call, fields)?;
    let mac = fields.parsed("portMac", "an Ethernet address").unwrap_or_else(new_mac);
    let addresses = AddressFields::read(fields);
    let vtep = read_vtep(fields);
    let (id, common) = (new_id::<PortId>(fields), read_common(call, fields)?);
    let location = call.links.to(format_args!("ports/{id}"));
    Ok(Edit::new(move |tx| {
        let addresses = resolve(&addresses, &[], id)?;
        tx.create(common.port(id, PortDevice::Router { router, mac, addresses, vtep }))?;
        common.cable(tx, id)
    })
    .at(location))
}

fn resolve(fields: &AddressFields, old: &[IpNetwork], id: PortId) -> Result<Vec<IpNetwork>, ModelError> {
    fields
        .resolve(old)
        .map_err(|violation| ModelError::Invalid { key: id.into(), violations: vec![violation] })
}

pub(super) fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let id = call.id::<PortId>("id")?;
    let types = match &call.topology.port(id).ok_or(model::ObjectKey::from(id))?.device {
        PortDevice::Bridge { .. } => BRIDGE_TYPES,
        PortDevice::Vxlan { .. } => VXLAN_TYPES,
        PortDevice::Router { .. } => ROUTER_TYPES,
    };
    fields.choice("type", types);
    check_container(call, fields)?;
    let (vlan, vtep) = (read_vlan(fields), read_vtep(fields));
    let mac = fields.parsed("portMac", "an Ethernet address");
    let addresses = AddressFields::read(fields);
    let common = read_common(call, fields)?;
    Ok(Edit::new(move |tx| {
        let device = device_with(tx.state(), id, vlan, mac, vtep, &addresses)?;
        tx.update(common.port(id, device))?;
        common.cable(tx, id)
    }))
}

/// The port's device with what the body says of it.
fn device_with(
    state: &State,
    id: PortId,
    vlan: Option<u16>,
    mac: Option<MacAddr>,
    vtep: RouterVtep,
    addresses: &AddressFields,
) -> Result<PortDevice, ModelError> {
    let port = state.port(id).ok_or(ModelError::NotFound(id.into()))?;
    Ok(match &port.device {
        PortDevice::Bridge { bridge, .. } => PortDevice::Bridge { bridge: *bridge, vlan },
        PortDevice::Vxlan { bridge, vtep } => PortDevice::Vxlan { bridge: *bridge, vtep: *vtep },
        PortDevice::Router { router, mac: old_mac, addresses: old, .. } => PortDevice::Router {
            router: *router,
            mac: mac.unwrap_or(*old_mac),
            addresses: resolve(addresses, old, id)?,
            vtep,
        },
    })
}
