//! From the state to documents: what a document says, and which documents a change touches.

use std::collections::BTreeSet;

use crate::{
    BridgeDocument, ChainDocument, Change, DeviceId, Document, DocumentKey, HostBinding, HostDocument,
    HostId, Kind, LoadBalancerDocument, Object, ObjectKey, PeeringEntry, PoolDocument, PoolId, Port,
    PortEntry, PortId, QosPolicyDocument, Role, RouterDocument, RouterId, State, TunnelZoneId,
};

/// The document with this key as of `state`, unless its object does not exist.
pub fn document(state: &State, key: DocumentKey) -> Option<Document> {
    Some(match key {
        DocumentKey::Bridge(id) => Document::Bridge(BridgeDocument {
            bridge: state.bridge(id)?.clone(),
            ports: port_entries(state, DeviceId::Bridge(id)),
            dhcp_subnets: state.bridge_dhcp_subnets(id).cloned().collect(),
            dhcp_subnets6: state.bridge_dhcp_subnets6(id).cloned().collect(),
            mac_entries: state.bridge_mac_entries(id).copied().collect(),
            arp_entries: state.bridge_arp_entries(id).copied().collect(),
        }),
        DocumentKey::Router(id) => Document::Router(RouterDocument {
            router: state.router(id)?.clone(),
            ports: port_entries(state, DeviceId::Router(id)),
            routes: state.router_routes(id).cloned().collect(),
            bgp_networks: state.bgp_networks_of(id).cloned().collect(),
            bgp_peers: state.bgp_peers_of(id).cloned().collect(),
            peering: peering(state, id),
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
        DocumentKey::LoadBalancer(id) => Document::LoadBalancer(LoadBalancerDocument {
            load_balancer: state.load_balancer(id)?.clone(),
            pools: state.pools_of(id).map(|pool| pool.id).collect(),
        }),
        DocumentKey::Pool(id) => Document::Pool(PoolDocument {
            pool: state.pool(id)?.clone(),
            members: state.members_of(id).cloned().collect(),
            vips: state.vips_of(id).cloned().collect(),
        }),
        DocumentKey::HealthMonitor(id) => Document::HealthMonitor(state.health_monitor(id)?.clone()),
        DocumentKey::ServiceContainerGroup(id) => {
            Document::ServiceContainerGroup(state.service_container_group(id)?.clone())
        }
        DocumentKey::ServiceContainer(id) => Document::ServiceContainer(state.service_container(id)?.clone()),
        DocumentKey::Vtep(id) => Document::Vtep(state.vtep(id)?.clone()),
        DocumentKey::Mirror(id) => Document::Mirror(state.mirror(id)?.clone()),
        DocumentKey::L2Insertion(id) => Document::L2Insertion(state.l2_insertion(id)?.clone()),
        DocumentKey::TraceRequest(id) => Document::TraceRequest(state.trace_request(id)?.clone()),
        DocumentKey::QosPolicy(id) => Document::QosPolicy(QosPolicyDocument {
            policy: state.qos_policy(id)?.clone(),
            bandwidth_rules: state.policy_bandwidth_rules(id).cloned().collect(),
            dscp_rules: state.policy_dscp_rules(id).cloned().collect(),
        }),
        DocumentKey::ConfDocument(id) => Document::ConfDocument(state.conf_document(id)?.clone()),
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
        .chain(state.tunnel_zones().map(|o| DocumentKey::TunnelZone(o.id)))
        .chain(state.load_balancers().map(|o| DocumentKey::LoadBalancer(o.id)))
        .chain(state.pools().map(|o| DocumentKey::Pool(o.id)))
        .chain(state.health_monitors().map(|o| DocumentKey::HealthMonitor(o.id)))
        .chain(state.service_container_groups().map(|o| DocumentKey::ServiceContainerGroup(o.id)))
        .chain(state.service_containers().map(|o| DocumentKey::ServiceContainer(o.id)))
        .chain(state.vteps().map(|o| DocumentKey::Vtep(o.id)))
        .chain(state.mirrors().map(|o| DocumentKey::Mirror(o.id)))
        .chain(state.l2_insertions().map(|o| DocumentKey::L2Insertion(o.id)))
        .chain(state.trace_requests().map(|o| DocumentKey::TraceRequest(o.id)))
        .chain(state.qos_policies().map(|o| DocumentKey::QosPolicy(o.id)))
        .chain(state.conf_documents().map(|o| DocumentKey::ConfDocument(o.id)));
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
            Kind::Pool => {
                affected.extend(listing(before, PoolId(key.id)));
                affected.extend(listing(after, PoolId(key.id)));
            }
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
        Object::LoadBalancer(balancer) => DocumentKey::LoadBalancer(balancer.id),
        Object::Pool(pool) => DocumentKey::Pool(pool.id),
        Object::PoolMember(member) => DocumentKey::Pool(member.pool),
        Object::Vip(vip) => DocumentKey::Pool(vip.pool),
        Object::HealthMonitor(monitor) => DocumentKey::HealthMonitor(monitor.id),
        Object::BgpNetwork(network) => DocumentKey::Router(network.router),
        Object::BgpPeer(peer) => DocumentKey::Router(peer.router),
        Object::ServiceContainerGroup(group) => DocumentKey::ServiceContainerGroup(group.id),
        Object::ServiceContainer(container) => DocumentKey::ServiceContainer(container.id),
        Object::PeeringEntry(entry) => state.port(entry.port)?.owner().into(),
        Object::DhcpSubnet(subnet) => DocumentKey::Bridge(subnet.bridge),
        Object::DhcpSubnet6(subnet) => DocumentKey::Bridge(subnet.bridge),
        Object::MacEntry(entry) => DocumentKey::Bridge(entry.bridge),
        Object::ArpEntry(entry) => DocumentKey::Bridge(entry.bridge),
        Object::Vtep(vtep) => DocumentKey::Vtep(vtep.id),
        Object::Mirror(mirror) => DocumentKey::Mirror(mirror.id),
        Object::L2Insertion(insertion) => DocumentKey::L2Insertion(insertion.id),
        Object::TraceRequest(request) => DocumentKey::TraceRequest(request.id),
        Object::QosPolicy(policy) => DocumentKey::QosPolicy(policy.id),
        Object::QosBandwidthRule(rule) => DocumentKey::QosPolicy(rule.policy),
        Object::QosDscpRule(rule) => DocumentKey::QosPolicy(rule.policy),
        Object::ConfDocument(document) => DocumentKey::ConfDocument(document.id),
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

/// The document that says which load balancer has a pool.
fn listing(state: &State, id: PoolId) -> Option<DocumentKey> {
    state.pool(id)?.load_balancer.map(DocumentKey::LoadBalancer)
}

fn peering(state: &State, router: RouterId) -> Vec<PeeringEntry> {
    let mut lines: Vec<_> = state
        .device_ports(DeviceId::Router(router))
        .flat_map(|port| state.peering_of(port.id))
        .cloned()
        .collect();
    lines.sort_unstable_by_key(|line| line.id);
    lines
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
