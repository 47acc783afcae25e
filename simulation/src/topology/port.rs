//! Ports as the simulation reads them.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use model::{BridgeId, ChainId, DeviceId, PortDevice, PortEntry, PortGroupId, PortId, RouterId};
use packet::MacAddr;
use smallvec::SmallVec;

/// A port, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Identity.
    pub id: PortId,
    /// The device that it is part of, with what only that kind of port has.
    pub kind: PortKind,
    /// What it is plugged into.
    pub link: Link,
    /// A port that is down passes nothing.
    pub admin_state_up: bool,
    /// Chain applied to packets that enter the device here.
    pub inbound_filter: Option<ChainId>,
    /// Chain applied to packets that leave the device here.
    pub outbound_filter: Option<ChainId>,
    /// Groups that the port is a member of.
    pub groups: SmallVec<[PortGroupId; 2]>,
}

/// The device of a port, with what only that kind of port has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortKind {
    /// A bridge's port.
    Bridge {
        /// The bridge.
        bridge: BridgeId,
        /// On an interior port: the VLAN that it carries of a VLAN-aware bridge.
        vlan: Option<u16>,
    },
    /// A router's port.
    Router {
        /// The router.
        router: RouterId,
        /// Its Ethernet address.
        mac: MacAddr,
        /// Its addresses with their networks, the first being the primary.
        addresses: SmallVec<[IpNetwork; 1]>,
    },
}

/// What a port is plugged into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// An interface of a host; active while it has a [`super::PortLocation`].
    Exterior,
    /// A port of another device.
    Interior {
        /// The port at the other end.
        peer: PortId,
        /// The device at the other end, if the NSDB knows it.
        device: Option<DeviceId>,
    },
    /// Nothing.
    Unplugged,
}

impl Port {
    pub(super) fn compile(entry: &PortEntry) -> Self {
        let port = &entry.port;
        let kind = match &port.device {
            PortDevice::Bridge { bridge, vlan } => PortKind::Bridge { bridge: *bridge, vlan: *vlan },
            // Traffic with VTEPs is not simulated: such a port is one that nothing is plugged into.
            PortDevice::Vxlan { bridge, .. } => PortKind::Bridge { bridge: *bridge, vlan: None },
            PortDevice::Router { router, mac, addresses, .. } => PortKind::Router {
                router: *router,
                mac: *mac,
                addresses: addresses.iter().copied().collect(),
            },
        };
        let link = match (port.peer, &port.binding) {
            (Some(peer), _) => Link::Interior { peer, device: entry.peer_device },
            (None, Some(_)) => Link::Exterior,
            (None, None) => Link::Unplugged,
        };
        Self {
            id: port.id,
            kind,
            link,
            admin_state_up: port.admin_state_up,
            inbound_filter: port.inbound_filter,
            outbound_filter: port.outbound_filter,
            groups: port.port_groups.iter().copied().collect(),
        }
    }

    /// The device that the port is part of.
    pub fn device(&self) -> DeviceId {
        match self.kind {
            PortKind::Bridge { bridge, .. } => DeviceId::Bridge(bridge),
            PortKind::Router { router, .. } => DeviceId::Router(router),
        }
    }

    /// The port at the other end of the cable, if it is interior.
    pub fn peer(&self) -> Option<PortId> {
        match self.link {
            Link::Interior { peer, .. } => Some(peer),
            Link::Exterior | Link::Unplugged => None,
        }
    }

    /// Ethernet address of a router port.
    pub fn mac(&self) -> Option<MacAddr> {
        match self.kind {
            PortKind::Router { mac, .. } => Some(mac),
            PortKind::Bridge { .. } => None,
        }
    }

    /// Addresses of a router port, the primary first; none of a bridge port.
    pub fn addresses(&self) -> &[IpNetwork] {
        match &self.kind {
            PortKind::Router { addresses, .. } => addresses,
            PortKind::Bridge { .. } => &[],
        }
    }

    /// The address of a router port to speak to `other` from: the one on its network, else the primary one.
    pub fn address_towards(&self, other: IpAddr) -> Option<IpAddr> {
        let same_family = || self.addresses().iter().filter(|a| a.is_ipv4() == other.is_ipv4());
        same_family().find(|a| a.contains(other)).or_else(|| same_family().next()).map(IpNetwork::ip)
    }

    /// True if one of a router port's addresses is `ip`.
    pub fn has_address(&self, ip: IpAddr) -> bool {
        self.addresses().iter().any(|a| a.ip() == ip)
    }
}
