//! Ports.

use super::field::{
    FieldError, id, id_bytes, ids, ids_bytes, mac, mac_bytes, number, optional_id, prefix, prefix_message,
};
use super::wire::topology as wire;
use super::wire::topology::port::Device as WireDevice;
use crate::{Binding, Port, PortDevice, PortMirrors, RouterVtep};

impl From<&Port> for wire::Port {
    fn from(port: &Port) -> Self {
        Self {
            id: id_bytes(port.id),
            admin_state_up: port.admin_state_up,
            inbound_filter: port.inbound_filter.map(id_bytes),
            outbound_filter: port.outbound_filter.map(id_bytes),
            peer: port.peer.map(id_bytes),
            binding: port.binding.as_ref().map(|binding| wire::Binding {
                host: id_bytes(binding.host),
                interface: binding.interface.clone(),
            }),
            port_groups: ids_bytes(&port.port_groups),
            vif_id: port.vif_id.map(id_bytes),
            tunnel_key: port.tunnel_key,
            device: Some((&port.device).into()),
            inbound_mirrors: ids_bytes(&port.mirrors.inbound),
            post_in_filter_mirrors: ids_bytes(&port.mirrors.post_in_filter),
            pre_out_filter_mirrors: ids_bytes(&port.mirrors.pre_out_filter),
            outbound_mirrors: ids_bytes(&port.mirrors.outbound),
            qos_policy: port.qos_policy.map(id_bytes),
        }
    }
}

impl TryFrom<wire::Port> for Port {
    type Error = FieldError;

    fn try_from(port: wire::Port) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &port.id)?,
            device: port.device.ok_or_else(|| FieldError::unknown("device"))?.try_into()?,
            admin_state_up: port.admin_state_up,
            inbound_filter: optional_id("inbound_filter", port.inbound_filter.as_deref())?,
            outbound_filter: optional_id("outbound_filter", port.outbound_filter.as_deref())?,
            peer: optional_id("peer", port.peer.as_deref())?,
            binding: port.binding.map(Binding::try_from).transpose()?,
            port_groups: ids("port_groups", &port.port_groups)?,
            vif_id: optional_id("vif_id", port.vif_id.as_deref())?,
            tunnel_key: port.tunnel_key,
            mirrors: PortMirrors {
                inbound: ids("inbound_mirrors", &port.inbound_mirrors)?,
                post_in_filter: ids("post_in_filter_mirrors", &port.post_in_filter_mirrors)?,
                pre_out_filter: ids("pre_out_filter_mirrors", &port.pre_out_filter_mirrors)?,
                outbound: ids("outbound_mirrors", &port.outbound_mirrors)?,
            },
            qos_policy: optional_id("qos_policy", port.qos_policy.as_deref())?,
        })
    }
}

impl TryFrom<wire::Binding> for Binding {
    type Error = FieldError;

    fn try_from(binding: wire::Binding) -> Result<Self, FieldError> {
        Ok(Self { host: id("binding.host", &binding.host)?, interface: binding.interface })
    }
}

impl From<&PortDevice> for WireDevice {
    fn from(device: &PortDevice) -> Self {
        match device {
            PortDevice::Bridge { bridge, vlan } => {
                Self::Bridge(wire::BridgePort { bridge: id_bytes(*bridge), vlan: vlan.map(u32::from) })
            }
            PortDevice::Router { router, mac, addresses, vtep } => Self::Router(wire::RouterPort {
                router: id_bytes(*router),
                mac: mac_bytes(*mac),
                addresses: addresses.iter().copied().map(prefix_message).collect(),
                vni: vtep.vni,
                off_ramp_vxlan: vtep.off_ramp,
            }),
            PortDevice::Vxlan { bridge, vtep } => {
                Self::Vxlan(wire::VxlanPort { bridge: id_bytes(*bridge), vtep: id_bytes(*vtep) })
            }
        }
    }
}

impl TryFrom<WireDevice> for PortDevice {
    type Error = FieldError;

    fn try_from(device: WireDevice) -> Result<Self, FieldError> {
        Ok(match device {
            WireDevice::Bridge(of) => Self::Bridge {
                bridge: id("bridge.bridge", &of.bridge)?,
                vlan: of.vlan.map(|vid| number("bridge.vlan", vid)).transpose()?,
            },
            WireDevice::Router(of) => Self::Router {
                router: id("router.router", &of.router)?,
                mac: mac("router.mac", &of.mac)?,
                addresses: of
                    .addresses
                    .iter()
                    .map(|address| prefix("router.addresses", Some(address)))
                    .collect::<Result<_, _>>()?,
                vtep: RouterVtep { vni: of.vni, off_ramp: of.off_ramp_vxlan },
            },
            WireDevice::Vxlan(of) => {
                Self::Vxlan { bridge: id("vxlan.bridge", &of.bridge)?, vtep: id("vxlan.vtep", &of.vtep)? }
            }
        })
    }
}
