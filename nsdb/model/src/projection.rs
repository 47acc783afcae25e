//! From the state to documents: what a document says, and which documents a change touches.

use std::collections::BTreeSet;

use crate::{
    BridgeDocument, ChainDocument, Change, DeviceId, Document, DocumentKey, HostBinding, HostDocument,
    HostId, Kind, Object, ObjectKey, Port, PortEntry, PortId, Role, RouterDocument, State, TunnelZoneId,
};

/// The document with this key as of `state`, unless its object does not exist.
pub fn document(state: &State, key: DocumentKey) -> Option<Document> {
    Some(match key {
        DocumentKey::Bridge(id) => Document::Bridge(BridgeDocument {
            bridge: state.bridge(id)?.clone(),
            ports: port_entries(state, DeviceId::Bridge(id)),
        }),
        DocumentKey::Router(id) => Document::Router(RouterDocument {
            router: state.router(id)?.clone(),
            ports: port_entries(state, DeviceId::Router(id)),
            routes: state.router_routes(id).cloned().collect(),
        }),
        DocumentKey::Chain(id) => Document::Chain(ChainDocument {
            chain: state.chain(id)?.clone(),
            rules: state.chain_rules(id).cloned().collect(),
        }),
        DocumentKey::PortGroup(id) => Document::PortGroup(state.port_group(id)?.clone()),
        DocumentKey::IpAddrGroup(id) => Document::IpAddrGroup(state.ip_addr_group(id)?.clone()),
        DocumentKey::Host(id) => Document::Host(HostDocument {
            host: state.host(id)?.clone(),
            bindings: bindings(state, id),
            tunnel_zones: state.host_zones(id).map(|zone| zone.id).collect(),
        }),
        DocumentKey::TunnelZone(id) => Document::TunnelZone(state.tunnel_zone(id)?.clone()),
    })
}

/// All documents of `state`, ordered by key.
pub fn all_documents(state: &State) -> impl Iterator<Item = Document> + '_ {
    let keys = std::iter::empty()
        .chain(state.bridges().map(|o| DocumentKey::Bridge(o.id)))
        .chain(state.routers().map(|o| DocumentKey::Router(o.id)))
        .chain(state.chains().map(|o| DocumentKey::Chain(o.id)))
        .chain(state.port_groups().map(|o| DocumentKey::PortGroup(o.id)))
        .chain(state.ip_addr_groups().map(|o| DocumentKey::IpAddrGroup(o.id)))
        .chain(state.hosts().map(|o| DocumentKey::Host(o.id)))
        .chain(state.tunnel_zones().map(|o| DocumentKey::TunnelZone(o.id)));
    keys.filter_map(|key| document(state, key))
}

/// Documents that `changes`, which lead from `before` to `after`, can have changed, made or removed. All others are
/// the same in both states.
pub fn affected_documents(before: &State, after: &State, changes: &[Change]) -> BTreeSet<DocumentKey> {
    let mut affected = BTreeSet::new();
    for change in changes {
        let key = match change {
            Change::Put(object) => object.key(),
            Change::Delete(key) => *key,
        };
        affected.extend(home(before, key));
        affected.extend(home(after, key));
        match key.kind {
            Kind::Port => {
                affected.extend(seen_from(before, PortId(key.id)));
                affected.extend(seen_from(after, PortId(key.id)));
            }
            Kind::TunnelZone => affected.extend(joined_or_left(before, after, TunnelZoneId(key.id))),
            _ => {}
        }
    }
    affected
}

/// The document that has the object as a part.
pub(crate) fn home(state: &State, key: ObjectKey) -> Option<DocumentKey> {
    Some(match state.object(key)? {
        Object::Bridge(bridge) => DocumentKey::Bridge(bridge.id),
        Object::Router(router) => DocumentKey::Router(router.id),
        Object::Port(port) => port.owner().into(),
        Object::Route(route) => DocumentKey::Router(route.router),
        Object::Chain(chain) => DocumentKey::Chain(chain.id),
        Object::Rule(rule) => DocumentKey::Chain(rule.chain),
        Object::PortGroup(group) => DocumentKey::PortGroup(group.id),
        Object::IpAddrGroup(group) => DocumentKey::IpAddrGroup(group.id),
        Object::Host(host) => DocumentKey::Host(host.id),
        Object::TunnelZone(zone) => DocumentKey::TunnelZone(zone.id),
    })
}

/// Documents that say where a port is without being its home: of the host that it is bound on, and of the devices
/// whose ports have it as a peer.
fn seen_from(state: &State, id: PortId) -> impl Iterator<Item = DocumentKey> + '_ {
    let host = state.port(id).and_then(|port| port.binding.as_ref()).map(|b| DocumentKey::Host(b.host));
    let peers = state
        .referrers(id)
        .filter(|(role, _)| *role == Role::Peer)
        .filter_map(|(_, peer)| Some(state.port(PortId(peer.id))?.owner().into()));
    host.into_iter().chain(peers)
}

/// Documents of the hosts that are members of a zone in one of the states only.
fn joined_or_left(before: &State, after: &State, id: TunnelZoneId) -> Vec<DocumentKey> {
    let members = |state: &State| -> BTreeSet<HostId> {
        state.tunnel_zone(id).map(|zone| zone.members.keys().copied().collect()).unwrap_or_default()
    };
    members(before).symmetric_difference(&members(after)).map(|host| DocumentKey::Host(*host)).collect()
}

fn port_entries(state: &State, device: DeviceId) -> Vec<PortEntry> {
    state
        .device_ports(device)
        .map(|port| PortEntry { port: port.clone(), peer_device: state.peer_device(port) })
        .collect()
}

fn bindings(state: &State, host: HostId) -> Vec<HostBinding> {
    let binding = |port: &Port| {
        let interface = port.binding.as_ref()?.interface.clone();
        Some(HostBinding { port: port.id, device: port.owner(), interface })
    };
    state.host_ports(host).filter_map(binding).collect()
}
