//! The topology that packets are simulated in: an immutable snapshot, compiled for lookup.
//!
//! A snapshot is shared as `Arc<Topology>`. The next one starts as a clone (cheap: persistent maps) and takes
//! [`Update`]s; each says which [`Tag`]s it touches. Nothing is compiled while packets are simulated.

mod apply;
mod bridge;
mod chain;
mod port;
mod router;
mod trie;
mod update;

use std::net::IpAddr;
use std::sync::Arc;

use imbl::shared_ptr::DefaultSharedPtr;
use model::{BridgeId, ChainId, IpAddrGroupId, PortId, RouterId, Version};
use packet::MacAddr;
use rustc_hash::FxBuildHasher;

pub(crate) use bridge::RouterPeer;
pub use bridge::{Bridge, BridgeConfig};
pub use chain::{Action, Chain};
pub(crate) use chain::{AddressSet, CompiledRule, Subject};
pub use port::{Link, Port, PortKind};
pub(crate) use router::{Destination, RouteEntry, any_of};
pub use router::{Origin, Router, RouterConfig};
pub use update::{PortLocation, Update};

/// A persistent map keyed by ids of ours.
type IdMap<K, V> = imbl::GenericHashMap<K, V, FxBuildHasher, DefaultSharedPtr>;
/// A persistent map keyed by what packets carry.
type LearnedMap<K, V> = imbl::GenericHashMap<K, V, foldhash::quality::RandomState, DefaultSharedPtr>;

/// Everything that a verdict can depend on but the packet.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    version: Version,
    bridges: IdMap<BridgeId, Arc<Bridge>>,
    routers: IdMap<RouterId, Arc<Router>>,
    ports: IdMap<PortId, Arc<Port>>,
    chains: IdMap<ChainId, Arc<Chain>>,
    address_groups: IdMap<IpAddrGroupId, Arc<AddressSet>>,
    locations: IdMap<PortId, PortLocation>,
    macs: LearnedMap<Station, PortId>,
    neighbours: LearnedMap<(RouterId, IpAddr), Neighbour>,
}

/// A station of a bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Station {
    bridge: BridgeId,
    vlan: u16,
    mac: MacAddr,
}

/// What is known of a router's neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Neighbour {
    /// Its Ethernet address.
    Resolved(MacAddr),
    /// It does not answer.
    Failed,
}

impl Topology {
    /// The empty topology, version 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Version of the documents.
    pub fn version(&self) -> Version {
        self.version
    }

    /// States the version of the documents.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// A bridge, if its document is loaded.
    #[inline]
    pub fn bridge(&self, id: BridgeId) -> Option<&Bridge> {
        self.bridges.get(&id).map(AsRef::as_ref)
    }

    /// A router, if its document is loaded.
    #[inline]
    pub fn router(&self, id: RouterId) -> Option<&Router> {
        self.routers.get(&id).map(AsRef::as_ref)
    }

    /// A port, if the document of its device is loaded.
    #[inline]
    pub fn port(&self, id: PortId) -> Option<&Port> {
        self.ports.get(&id).map(AsRef::as_ref)
    }

    /// A chain, if its document is loaded.
    #[inline]
    pub fn chain(&self, id: ChainId) -> Option<&Chain> {
        self.chains.get(&id).map(AsRef::as_ref)
    }

    #[inline]
    pub(crate) fn address_group(&self, id: IpAddrGroupId) -> Option<&AddressSet> {
        self.address_groups.get(&id).map(AsRef::as_ref)
    }

    /// Where an active exterior port is.
    #[inline]
    pub fn location(&self, port: PortId) -> Option<PortLocation> {
        self.locations.get(&port).copied()
    }

    /// The port of a bridge behind which a station is. `vlan` is a VID, 0 for untagged.
    #[inline]
    pub fn station(&self, bridge: BridgeId, vlan: u16, mac: MacAddr) -> Option<PortId> {
        self.macs.get(&Station { bridge, vlan, mac }).copied()
    }

    /// What is known of a router's neighbour.
    #[inline]
    pub fn neighbour(&self, router: RouterId, ip: IpAddr) -> Option<Neighbour> {
        self.neighbours.get(&(router, ip)).copied()
    }

    /// The port of a router that has an address on its networks; on several, that with the longest prefix.
    pub fn port_towards(&self, router: RouterId, ip: IpAddr) -> Option<PortId> {
        let ports = self.router(router)?.ports.iter().filter_map(|id| self.port(*id));
        let networks = ports.flat_map(|port| port.addresses().iter().map(move |network| (network, port.id)));
        let on = networks.filter(|(network, _)| network.contains(ip));
        on.max_by_key(|(network, _)| network.prefix()).map(|(_, port)| port)
    }

    /// The broadcast question "who has `target`?" as a router's port asks it, to be simulated from
    /// [`crate::Ingress::Emit`] of that port; `None` if the port is no router port with an address of that family.
    pub fn arp_request(&self, port: PortId, target: IpAddr) -> Option<Vec<u8>> {
        let port = self.port(port)?;
        match (port.mac()?, port.address_towards(target)?, target) {
            (mac, IpAddr::V4(own), IpAddr::V4(target)) => {
                Some(packet::build::arp_request((mac, own), target))
            }
            _ => None,
        }
    }
}
