//! Taking updates, and naming precisely what they touch.

use std::sync::Arc;

use model::{
    BridgeDocument, BridgeId, DeviceId, Document, DocumentKey, PortEntry, PortId, RouterDocument, RouterId,
};
use rustc_hash::FxHashSet;

use super::chain::AddressSet;
use super::{Bridge, Chain, Link, Neighbour, Port, Router, RouterPeer, Station, Topology, Update};
use crate::Tag;

/// Tags that a change touches, each once.
#[derive(Default)]
struct Touched {
    tags: Vec<Tag>,
    seen: FxHashSet<Tag>,
}

impl Touched {
    fn add(&mut self, tag: Tag) {
        if self.seen.insert(tag) {
            self.tags.push(tag);
        }
    }
}

impl Topology {
    /// Takes a change and returns the tags of everything that it touches: flows under other tags stand as they are.
    ///
    /// Host, tunnel zone and VTEP documents, port groups (whose members are known by the ports), and what has no effect
    /// yet (load balancers, mirrors, insertions, trace requests, QoS policies ...) leave the topology as it is; so do DHCP
    /// subnets and static table entries of bridges.
    pub fn update(&mut self, update: Update) -> Vec<Tag> {
        let mut touched = Touched::default();
        match update {
            Update::Put(document) => self.put(document, &mut touched),
            Update::Removed(key) => self.remove(key, &mut touched),
            Update::MacLearned { bridge, vlan, mac, port } => {
                if self.macs.insert(Station { bridge, vlan, mac }, port) != Some(port) {
                    touched.add(Tag::Mac { bridge, vlan, mac });
                }
            }
            Update::MacForgotten { bridge, vlan, mac } => {
                if self.macs.remove(&Station { bridge, vlan, mac }).is_some() {
                    touched.add(Tag::Mac { bridge, vlan, mac });
                    touched.add(Tag::MacSource { bridge, vlan, mac });
                }
            }
            Update::ArpLearned { router, ip, mac } => {
                let neighbour = Neighbour::Resolved(mac);
                if self.neighbours.insert((router, ip), neighbour) != Some(neighbour) {
                    touched.add(Tag::Arp { router, ip });
                }
            }
            Update::ArpFailed { router, ip } => {
                if self.neighbours.insert((router, ip), Neighbour::Failed) != Some(Neighbour::Failed) {
                    touched.add(Tag::Arp { router, ip });
                }
            }
            Update::ArpForgotten { router, ip } => {
                if self.neighbours.remove(&(router, ip)).is_some() {
                    touched.add(Tag::Arp { router, ip });
                }
            }
            Update::PortLocated { port, location } => {
                if self.locations.insert(port, location) != Some(location) {
                    self.touch_moved_port(port, &mut touched);
                }
            }
            Update::PortLost { port } => {
                if self.locations.remove(&port).is_some() {
                    self.touch_moved_port(port, &mut touched);
                }
            }
        }
        touched.tags
    }

    fn put(&mut self, document: Document, touched: &mut Touched) {
        match document {
            Document::Bridge(document) => self.put_bridge(&document, touched),
            Document::Router(document) => self.put_router(&document, touched),
            Document::Chain(document) => {
                let chain = Chain::compile(&document);
                if self.chain(chain.id) != Some(&chain) {
                    touched.add(Tag::Chain(chain.id));
                    self.chains.insert(chain.id, Arc::new(chain));
                }
            }
            Document::IpAddrGroup(group) => {
                if !self.address_group(group.id).is_some_and(|known| known.is_of(&group)) {
                    touched.add(Tag::IpAddrGroup(group.id));
                    self.address_groups.insert(group.id, Arc::new(AddressSet::compile(&group)));
                }
            }
            Document::PortGroup(_) | Document::Host(_) | Document::TunnelZone(_) | Document::Vtep(_) => {}
            Document::LoadBalancer(_) | Document::Pool(_) | Document::HealthMonitor(_) => {}
            Document::ServiceContainerGroup(_) | Document::ServiceContainer(_) => {}
            Document::Mirror(_) | Document::L2Insertion(_) | Document::TraceRequest(_) => {}
            Document::QosPolicy(_) | Document::ConfDocument(_) => {}
        }
    }

    fn remove(&mut self, key: DocumentKey, touched: &mut Touched) {
        match key {
            DocumentKey::Bridge(id) => {
                let Some(bridge) = self.bridges.remove(&id) else { return };
                touched.add(Tag::Bridge(id));
                self.put_ports(&bridge.ports, Vec::new(), touched);
                touch_peers(Some(&bridge), None, touched);
                self.forget_locations(&bridge.ports);
                self.macs.retain(|station, _| station.bridge != id);
            }
            DocumentKey::Router(id) => {
                let Some(router) = self.routers.remove(&id) else { return };
                touched.add(Tag::Router(id));
                touch_routes(Some(&router), None, touched);
                let neighbours = self.put_ports(&router.ports, Vec::new(), touched);
                self.reindex_bridges(&neighbours, touched);
                self.forget_locations(&router.ports);
                self.neighbours.retain(|(router, _), _| *router != id);
            }
            DocumentKey::Chain(id) => {
                if self.chains.remove(&id).is_some() {
                    touched.add(Tag::Chain(id));
                }
            }
            DocumentKey::IpAddrGroup(id) => {
                if self.address_groups.remove(&id).is_some() {
                    touched.add(Tag::IpAddrGroup(id));
                }
            }
            DocumentKey::PortGroup(_) | DocumentKey::Host(_) | DocumentKey::TunnelZone(_) => {}
            DocumentKey::Vtep(_) => {}
            DocumentKey::LoadBalancer(_) | DocumentKey::Pool(_) | DocumentKey::HealthMonitor(_) => {}
            DocumentKey::ServiceContainerGroup(_) | DocumentKey::ServiceContainer(_) => {}
            DocumentKey::Mirror(_) | DocumentKey::L2Insertion(_) | DocumentKey::TraceRequest(_) => {}
            DocumentKey::QosPolicy(_) | DocumentKey::ConfDocument(_) => {}
        }
    }

    fn forget_locations(&mut self, ports: &[PortId]) {
        for port in ports {
            self.locations.remove(port);
        }
    }

    fn put_bridge(&mut self, document: &BridgeDocument, touched: &mut Touched) {
        let id = document.bridge.id;
        let old = self.bridges.get(&id).cloned();
        let known = old.as_ref().map_or(&[][..], |bridge| &bridge.ports);
        let before = touched.tags.len();
        self.put_ports(known, compile_ports(&document.ports), touched);
        if touched.tags.len() > before {
            touched.add(Tag::Flood(id));
        }
        let new = Bridge::compile(document, &self.ports);
        if old.as_ref().map(|bridge| &bridge.config) != Some(&new.config) {
            touched.add(Tag::Bridge(id));
        }
        touch_peers(old.as_deref(), Some(&new), touched);
        self.bridges.insert(id, Arc::new(new));
    }

    fn put_router(&mut self, document: &RouterDocument, touched: &mut Touched) {
        let id = document.router.id;
        let old = self.routers.get(&id).cloned();
        let ports = compile_ports(&document.ports);
        let new = Router::compile(document, &ports);
        if old.as_ref().map(|router| &router.config) != Some(&new.config) {
            touched.add(Tag::Router(id));
        }
        touch_routes(old.as_deref(), Some(&new), touched);
        for port in &ports {
            if self.port(port.id).is_some_and(|known| known.link != port.link) {
                touch_routes_by(&new, port.id, touched);
            }
        }
        let known = old.as_ref().map_or(&[][..], |router| &router.ports);
        let bridges = self.put_ports(known, ports, touched);
        self.routers.insert(id, Arc::new(new));
        self.reindex_bridges(&bridges, touched);
    }

    /// Replaces the ports of a device, and returns the bridges that changed ones are or were cabled to.
    fn put_ports(&mut self, known: &[PortId], ports: Vec<Arc<Port>>, touched: &mut Touched) -> Vec<BridgeId> {
        let mut bridges = Vec::new();
        let mut note = |port: &Port| {
            touched.add(Tag::Port(port.id));
            if let Link::Interior { device: Some(DeviceId::Bridge(bridge)), .. } = port.link
                && !bridges.contains(&bridge)
            {
                bridges.push(bridge);
            }
        };
        for id in known {
            if !ports.iter().any(|port| port.id == *id)
                && let Some(gone) = self.ports.remove(id)
            {
                note(&gone);
            }
        }
        for port in ports {
            let old = self.ports.insert(port.id, port.clone());
            if old.as_ref() != Some(&port) {
                note(&port);
                old.iter().for_each(|old| note(old));
            }
        }
        bridges
    }

    fn reindex_bridges(&mut self, bridges: &[BridgeId], touched: &mut Touched) {
        for id in bridges {
            let Some(old) = self.bridges.get(id).cloned() else { continue };
            let new = old.reindex(&self.ports);
            touch_peers(Some(&old), Some(&new), touched);
            self.bridges.insert(*id, Arc::new(new));
        }
    }

    /// An exterior port became active or inactive, or has moved.
    fn touch_moved_port(&self, id: PortId, touched: &mut Touched) {
        touched.add(Tag::Port(id));
        let Some(port) = self.port(id) else { return };
        match port.device() {
            DeviceId::Bridge(bridge) => touched.add(Tag::Flood(bridge)),
            DeviceId::Router(router) => {
                if let Some(router) = self.router(router) {
                    touch_routes_by(router, id, touched);
                }
            }
        }
    }
}

fn compile_ports(entries: &[PortEntry]) -> Vec<Arc<Port>> {
    entries.iter().map(|entry| Arc::new(Port::compile(entry))).collect()
}

/// Routes that came, went or changed. A flow depends on every prefix that its lookup looked at, so a prefix that is
/// new touches the flows of the one that covered it until now.
fn touch_routes(old: Option<&Router>, new: Option<&Router>, touched: &mut Touched) {
    let Some(id) = old.or(new).map(|router| router.config.id) else { return };
    let mut touch = |prefix| touched.add(Tag::Route { router: id, prefix });
    for destination in old.iter().flat_map(|old| old.destinations()) {
        if new.and_then(|new| new.destination(destination.prefix)) != Some(destination) {
            touch(destination.prefix);
        }
    }
    for destination in new.iter().flat_map(|new| new.destinations()) {
        if old.and_then(|old| old.destination(destination.prefix)).is_none() {
            touch(destination.prefix);
            let covering = old.and_then(|old| old.covering(destination.prefix));
            touch(covering.map_or_else(|| super::router::any_of(destination.prefix.ip()), |c| c.prefix));
        }
    }
}

/// Routes by a port that became usable or unusable.
fn touch_routes_by(router: &Router, port: PortId, touched: &mut Touched) {
    for destination in router.destinations() {
        if destination.routes.iter().any(|route| route.next_hop.port() == Some(port)) {
            touched.add(Tag::Route { router: router.config.id, prefix: destination.prefix });
        }
    }
}

/// Router ports that were cabled to a bridge, uncabled, or changed their addresses.
fn touch_peers(old: Option<&Bridge>, new: Option<&Bridge>, touched: &mut Touched) {
    let peers = |bridge: Option<&Bridge>| bridge.map_or(Vec::new(), |bridge| bridge.routers.clone());
    let (old_peers, new_peers) = (peers(old), peers(new));
    let Some(bridge) = old.or(new).map(|bridge| bridge.config.id) else { return };
    if old_peers == new_peers && old.and_then(|b| b.missing) == new.and_then(|b| b.missing) {
        return;
    }
    touched.add(Tag::Flood(bridge));
    let routers: Vec<RouterId> = old_peers.iter().chain(&new_peers).map(|peer| peer.router).collect();
    let differs = |peer: &&RouterPeer| !(old_peers.contains(peer) && new_peers.contains(peer));
    for peer in old_peers.iter().chain(&new_peers).filter(differs) {
        touched.add(Tag::Mac { bridge, vlan: 0, mac: peer.mac });
        for ip in &peer.addresses {
            for router in &routers {
                touched.add(Tag::Arp { router: *router, ip: *ip });
            }
        }
    }
}
