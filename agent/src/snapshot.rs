//! What the control plane publishes to the workers: one immutable value, replaced as a whole.
//!
//! Workers load it once per batch, so every packet sees one version of everything.

use std::net::IpAddr;
use std::sync::Arc;

use model::{HostId, PortId};
use packet::DpPort;
use rustc_hash::FxHashMap;
use simulation::{Tag, Topology};
use tunnel::{Encapsulation, Peers, PortKey};

/// Everything that forwarding depends on.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// This host.
    pub host: HostId,
    /// The virtual topology as far as it is known here, with the location of every active port.
    pub topology: Arc<Topology>,
    /// The ports that are bound and plugged in on this host.
    pub ports: Arc<PortMap>,
    /// How to reach the other hosts.
    pub peers: Arc<Peers>,
    /// The datapath's tunnel ports.
    pub tunnels: Arc<TunnelPorts>,
}

impl Snapshot {
    /// Tags of what differs from an older snapshot outside the topology: datapath ports and ways to peers. What the
    /// topology's updates touched, they say themselves.
    pub fn shell_tags_since(&self, older: &Self) -> Vec<Tag> {
        let mut tags = Vec::new();
        if !Arc::ptr_eq(&self.ports, &older.ports) {
            tags.extend(self.ports.changed(&older.ports).into_iter().map(Tag::DpPort));
        }
        if self.tunnels != older.tunnels {
            tags.extend(self.tunnels.changed(&older.tunnels).map(Tag::DpPort));
            let peers = older.peers.iter().chain(self.peers.iter());
            tags.extend(peers.map(|(peer, _)| Tag::TunnelRoute(peer)));
        } else if !Arc::ptr_eq(&self.peers, &older.peers) {
            tags.extend(older.peers.changed(&self.peers).into_iter().map(Tag::TunnelRoute));
        }
        tags
    }
}

/// A port of this host with an interface in the datapath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalPort {
    /// The virtual port.
    pub port: PortId,
    /// Its number in the datapath.
    pub dp_port: DpPort,
    /// The key under which other hosts send to it.
    pub key: PortKey,
    /// Which share of the upcall budget it draws on.
    pub class: PortClass,
}

/// Kinds of datapath port, as upcall admission tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortClass {
    /// A tunnel device: every other host's traffic.
    Tunnel,
    /// A bridge's port: a guest.
    Guest,
    /// A router's exterior port: an uplink.
    Gateway,
}

/// The local ports, by each of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortMap {
    by_dp_port: FxHashMap<u32, LocalPort>,
    by_port: FxHashMap<PortId, DpPort>,
    by_key: FxHashMap<u32, DpPort>,
}

impl PortMap {
    /// A map of these ports.
    pub fn of(ports: impl IntoIterator<Item = LocalPort>) -> Self {
        let mut map = Self::default();
        for local in ports {
            map.by_port.insert(local.port, local.dp_port);
            map.by_key.insert(local.key.number(), local.dp_port);
            map.by_dp_port.insert(local.dp_port.0, local);
        }
        map
    }

    /// The local port with this number in the datapath.
    pub fn by_dp_port(&self, dp_port: u32) -> Option<&LocalPort> {
        self.by_dp_port.get(&dp_port)
    }

    /// The local port that is this virtual port.
    pub fn by_port(&self, port: PortId) -> Option<&LocalPort> {
        self.by_port.get(&port).and_then(|dp_port| self.by_dp_port.get(&dp_port.0))
    }

    /// The local port with this tunnel key.
    pub fn by_key(&self, key: PortKey) -> Option<&LocalPort> {
        self.by_key.get(&key.number()).and_then(|dp_port| self.by_dp_port.get(&dp_port.0))
    }

    /// Numbers of datapath ports that stand for other ports than in `other`, or for none there or here.
    fn changed(&self, other: &Self) -> Vec<u32> {
        let differs = |dp_port: &&u32| self.by_dp_port.get(dp_port) != other.by_dp_port.get(dp_port);
        let gone = other.by_dp_port.keys().filter(|dp_port| !self.by_dp_port.contains_key(dp_port));
        self.by_dp_port.keys().filter(differs).chain(gone).copied().collect()
    }

    /// Every local port, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &LocalPort> {
        self.by_dp_port.values()
    }
}

/// A tunnel device in the datapath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TunnelPort {
    /// How it encapsulates.
    pub encapsulation: Encapsulation,
    /// Its number in the datapath.
    pub dp_port: DpPort,
    /// This host's address in the zone that needs it; it decides the family.
    pub local: IpAddr,
}

/// The tunnel devices: one for each encapsulation and address family that a zone of this host uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunnelPorts(pub Vec<TunnelPort>);

impl TunnelPorts {
    /// The device to send by on a route.
    pub fn to_send(&self, route: &tunnel::Route) -> Option<DpPort> {
        let fits = |port: &&TunnelPort| {
            port.encapsulation == route.encapsulation && port.local.is_ipv4() == route.local.is_ipv4()
        };
        self.0.iter().find(fits).map(|port| port.dp_port)
    }

    /// Numbers of datapath ports that are tunnel devices here or there, and not in both.
    fn changed<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u32> + 'a {
        let numbers = |ports: &'a Self| ports.0.iter().map(|port| port.dp_port.0);
        let new = numbers(self).filter(|dp_port| !other.contains(*dp_port));
        new.chain(numbers(other).filter(|dp_port| !self.contains(*dp_port)))
    }

    /// True if this datapath port is a tunnel device.
    pub fn contains(&self, dp_port: u32) -> bool {
        self.0.iter().any(|port| port.dp_port.0 == dp_port)
    }
}
