//! Documents, changes and log entries of any content, valid or not.

use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::balancer::{health_monitor, load_balancer, pool, pool_member, vip};
use super::object::{bridge, chain, host, ip_addr_group, port, port_group, route, router, tunnel_zone};
use super::router::{bgp_network, bgp_peer, peering_entry, service_container, service_container_group};
use super::rule::rule;
use super::service::{
    conf_document, l2_insertion, mirror, qos_bandwidth_rule, qos_dscp_rule, qos_policy, trace_request,
};
use super::switching::{arp_entry, dhcp_subnet, dhcp_subnet6, mac_entry, vtep};
use super::{Values, object};
use crate::{
    BridgeDocument, ChainDocument, Change, DeviceId, Document, Effect, Fate, HostBinding, HostDocument,
    LoadBalancerDocument, LogEntry, PoolDocument, PortEntry, QosPolicyDocument, RouterDocument,
};

/// A put or delete of any object.
pub fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        object(Values::Wild).prop_map(Change::Put),
        object(Values::Wild).prop_map(|object| Change::Delete(object.key())),
    ]
}

/// A log entry with any changes.
pub fn log_entry() -> impl Strategy<Value = LogEntry> {
    let changes = vec((change(), effect()), 0..4);
    let acknowledge = btree_set(document().prop_map(|document| document.key()), 0..3);
    (any::<u64>(), changes, ".{0,20}", any::<u64>(), acknowledge).prop_map(
        |(version, changes, author, committed_at_ms, acknowledge)| {
            let (changes, effects) = changes.into_iter().unzip();
            LogEntry { version, changes, effects, author, committed_at_ms, acknowledge }
        },
    )
}

fn effect() -> impl Strategy<Value = Effect> {
    let fate = prop_oneof![Just(Fate::Created), Just(Fate::Updated), Just(Fate::Deleted)];
    let tenant = || option::of("[ab]{0,2}");
    (fate, tenant(), tenant()).prop_map(|(fate, before, after)| Effect { fate, before, after })
}

/// A document of any kind whose parts need not fit each other.
pub fn document() -> impl Strategy<Value = Document> {
    let v = Values::Wild;
    prop_oneof![
        bridge_document().prop_map(Document::Bridge),
        router_document(v).prop_map(Document::Router),
        (chain(v), vec(rule(v), 0..4))
            .prop_map(|(chain, rules)| Document::Chain(ChainDocument { chain, rules })),
        port_group(v).prop_map(Document::PortGroup),
        ip_addr_group(v).prop_map(Document::IpAddrGroup),
        (host(v), vec(host_binding(), 0..4), vec(v.id(), 0..4)).prop_map(|(host, bindings, tunnel_zones)| {
            Document::Host(HostDocument { host, bindings, tunnel_zones })
        }),
        tunnel_zone(v).prop_map(Document::TunnelZone),
        (load_balancer(v), vec(v.id(), 0..4)).prop_map(|(load_balancer, pools)| {
            Document::LoadBalancer(LoadBalancerDocument { load_balancer, pools })
        }),
        (pool(v), vec(pool_member(v), 0..4), vec(vip(v), 0..4))
            .prop_map(|(pool, members, vips)| Document::Pool(PoolDocument { pool, members, vips })),
        health_monitor(v).prop_map(Document::HealthMonitor),
        service_container_group(v).prop_map(Document::ServiceContainerGroup),
        service_container(v).prop_map(Document::ServiceContainer),
        vtep(v).prop_map(Document::Vtep),
        mirror(v).prop_map(Document::Mirror),
        l2_insertion(v).prop_map(Document::L2Insertion),
        trace_request(v).prop_map(Document::TraceRequest),
        (qos_policy(v), vec(qos_bandwidth_rule(v), 0..4), vec(qos_dscp_rule(v), 0..4)).prop_map(
            |(policy, bandwidth_rules, dscp_rules)| {
                Document::QosPolicy(QosPolicyDocument { policy, bandwidth_rules, dscp_rules })
            }
        ),
        conf_document(v).prop_map(Document::ConfDocument),
    ]
}

fn router_document(v: Values) -> impl Strategy<Value = RouterDocument> {
    let parts = (vec(port_entry(), 0..4), vec(route(v), 0..4), vec(peering_entry(v), 0..4));
    let bgp = (vec(bgp_network(v), 0..4), vec(bgp_peer(v), 0..4));
    (router(v), parts, bgp).prop_map(|(router, (ports, routes, peering), (bgp_networks, bgp_peers))| {
        RouterDocument { router, ports, routes, bgp_networks, bgp_peers, peering }
    })
}

fn bridge_document() -> impl Strategy<Value = BridgeDocument> {
    let v = Values::Wild;
    let subnets = (vec(dhcp_subnet(v), 0..2), vec(dhcp_subnet6(v), 0..2));
    let entries = (vec(mac_entry(v), 0..4), vec(arp_entry(v), 0..4));
    (bridge(v), vec(port_entry(), 0..4), subnets, entries).prop_map(
        |(bridge, ports, (dhcp_subnets, dhcp_subnets6), (mac_entries, arp_entries))| BridgeDocument {
            bridge,
            ports,
            dhcp_subnets,
            dhcp_subnets6,
            mac_entries,
            arp_entries,
        },
    )
}

fn device_id() -> impl Strategy<Value = DeviceId> {
    let v = Values::Wild;
    prop_oneof![v.id().prop_map(DeviceId::Bridge), v.id().prop_map(DeviceId::Router)]
}

fn port_entry() -> impl Strategy<Value = PortEntry> {
    (port(Values::Wild), option::of(device_id()))
        .prop_map(|(port, peer_device)| PortEntry { port, peer_device })
}

fn host_binding() -> impl Strategy<Value = HostBinding> {
    (Values::Wild.id(), device_id(), ".{0,15}").prop_map(|(port, device, interface)| HostBinding {
        port,
        device,
        interface,
    })
}
