//! Ports: what devices are cabled by.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use packet::MacAddr;

use crate::{
    BridgeId, ChainId, HostId, PortGroupId, PortId, PortMirrors, QosPolicyId, RouterId, RouterVtep, VtepId,
};

/// A port of a bridge or router. Exterior if bound, interior if it has a peer, else unplugged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Identity.
    pub id: PortId,
    /// Owner device, with what only that kind of port has.
    pub device: PortDevice,
    /// A port that is down passes nothing.
    pub admin_state_up: bool,
    /// Mirrors of what enters and leaves.
    pub mirrors: PortMirrors,
    /// Limits and marks for its traffic.
    pub qos_policy: Option<QosPolicyId>,
    /// Chain applied to packets that enter the device here.
    pub inbound_filter: Option<ChainId>,
    /// Chain applied to packets that leave the device here.
    pub outbound_filter: Option<ChainId>,
    /// The port at the other end of the virtual cable; always symmetric.
    pub peer: Option<PortId>,
    /// Where the port is bound to an interface.
    pub binding: Option<Binding>,
    /// Groups that the port is a member of, in no order.
    pub port_groups: Vec<PortGroupId>,
    /// Name of the VIF for the cloud platform, kept for clients.
    pub vif_id: Option<uuid::Uuid>,
    /// Overlay key given out at creation (MidoNet `tunnelKey`), 20 bits; kept for clients, not used on the wire.
    pub tunnel_key: u32,
}

/// The device that a port is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortDevice {
    /// A bridge's port.
    Bridge {
        /// The bridge.
        bridge: BridgeId,
        /// On an interior port: the VLAN it carries of a VLAN-aware bridge (1–4094; `None` for untagged).
        vlan: Option<u16>,
    },
    /// A router's port.
    Router {
        /// The router.
        router: RouterId,
        /// Ethernet address of the port.
        mac: MacAddr,
        /// Addresses of the port with the prefix length of their network, the first being the primary.
        addresses: Vec<IpNetwork>,
        /// What makes it a VXLAN tunnel endpoint towards other routers.
        vtep: RouterVtep,
    },
    /// A bridge's port to a VTEP. It is there while one of the VTEP's ports is bound to the bridge; it is neither linked
    /// nor bound itself.
    Vxlan {
        /// The bridge.
        bridge: BridgeId,
        /// The VTEP.
        vtep: VtepId,
    },
}

/// Binding of an exterior port to a network interface of a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    /// The host.
    pub host: HostId,
    /// Interface name on that host, 1–15 characters.
    pub interface: String,
}

impl Port {
    /// The bridge, if it is a bridge's port.
    pub fn bridge(&self) -> Option<BridgeId> {
        match self.device {
            PortDevice::Bridge { bridge, .. } | PortDevice::Vxlan { bridge, .. } => Some(bridge),
            PortDevice::Router { .. } => None,
        }
    }

    /// The VTEP, if it is a port to one.
    pub fn vtep(&self) -> Option<VtepId> {
        match self.device {
            PortDevice::Vxlan { vtep, .. } => Some(vtep),
            PortDevice::Bridge { .. } | PortDevice::Router { .. } => None,
        }
    }

    /// The router, if it is a router port.
    pub fn router(&self) -> Option<RouterId> {
        match self.device {
            PortDevice::Router { router, .. } => Some(router),
            PortDevice::Bridge { .. } | PortDevice::Vxlan { .. } => None,
        }
    }

    /// Bound to an interface.
    pub fn is_exterior(&self) -> bool {
        self.binding.is_some()
    }

    /// Linked to a peer port.
    pub fn is_interior(&self) -> bool {
        self.peer.is_some()
    }

    /// Neither bound nor linked, nor a port to a VTEP: it can be plugged in.
    pub fn is_free(&self) -> bool {
        !(self.is_exterior() || self.is_interior() || self.vtep().is_some())
    }

    /// The address of a router port on the network that contains `addr`, if there is one.
    pub fn address_towards(&self, addr: IpAddr) -> Option<IpAddr> {
        match &self.device {
            PortDevice::Router { addresses, .. } => {
                addresses.iter().find(|n| n.contains(addr)).map(IpNetwork::ip)
            }
            PortDevice::Bridge { .. } | PortDevice::Vxlan { .. } => None,
        }
    }
}
