//! Objects of every kind.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;

use super::Values;
use super::balancer::balanced;
use super::router::{attached, router_vtep};
use super::rule::rule;
use super::service::{
    conf_document, l2_insertion, mirror, mirrors, policy, port_mirrors, qos_bandwidth_rule, qos_dscp_rule,
    qos_policy, trace_request,
};
use super::switching::{arp_entry, dhcp_subnet, dhcp_subnet6, mac_entry, vtep, vxlan_device};
use crate::{
    Binding, Bridge, Chain, Host, IpAddrGroup, NextHop, Object, Port, PortDevice, PortGroup, Route, Router,
    TunnelZone, TunnelZoneType,
};

/// Objects of every kind, ports, rules and what they stand on most often.
pub fn object(values: Values) -> impl Strategy<Value = Object> {
    prop_oneof![
        4 => bridge(values).prop_map(Object::from),
        4 => router(values).prop_map(Object::from),
        15 => port(values).prop_map(Object::from),
        2 => route(values).prop_map(Object::from),
        3 => chain(values).prop_map(Object::from),
        12 => rule(values).prop_map(Object::from),
        1 => port_group(values).prop_map(Object::from),
        1 => ip_addr_group(values).prop_map(Object::from),
        4 => host(values).prop_map(Object::from),
        4 => tunnel_zone(values).prop_map(Object::from),
        1 => dhcp_subnet(values).prop_map(Object::from),
        1 => dhcp_subnet6(values).prop_map(Object::from),
        3 => mac_entry(values).prop_map(Object::from),
        1 => arp_entry(values).prop_map(Object::from),
        6 => vtep(values).prop_map(Object::from),
        10 => prop_oneof![balanced(values), attached(values)],
        5 => mirror(values).prop_map(Object::from),
        1 => l2_insertion(values).prop_map(Object::from),
        1 => trace_request(values).prop_map(Object::from),
        1 => qos_policy(values).prop_map(Object::from),
        1 => qos_bandwidth_rule(values).prop_map(Object::from),
        1 => qos_dscp_rule(values).prop_map(Object::from),
        1 => conf_document(values).prop_map(Object::from),
    ]
}

pub(super) fn bridge(v: Values) -> impl Strategy<Value = Bridge> {
    let filters = (v.optional_id(), v.optional_id());
    (v.id(), v.tenant(), v.text(), any::<bool>(), filters, mirrors(v), policy(v)).prop_map(
        |(id, tenant_id, name, admin_state_up, filters, mirrors, qos_policy)| Bridge {
            id,
            tenant_id,
            name,
            admin_state_up,
            mirrors,
            qos_policy,
            inbound_filter: filters.0,
            outbound_filter: filters.1,
        },
    )
}

pub(super) fn router(v: Values) -> impl Strategy<Value = Router> {
    let chains = (v.optional_id(), v.optional_id(), v.optional_id(), v.optional_id());
    let balanced = (v.optional_id(), v.number(0..3));
    (v.id(), v.tenant(), v.text(), any::<bool>(), chains, balanced, mirrors(v)).prop_map(
        |(id, tenant_id, name, admin_state_up, chains, (load_balancer, as_number), mirrors)| Router {
            id,
            tenant_id,
            name,
            admin_state_up,
            mirrors,
            inbound_filter: chains.0,
            outbound_filter: chains.1,
            load_balancer,
            as_number,
            forward_chain: chains.2,
            local_redirect_chain: chains.3,
        },
    )
}

pub(super) fn port(v: Values) -> impl Strategy<Value = Port> {
    let rare = if v == Values::Wild { 0.5 } else { 0.1 };
    let interface = if v == Values::Wild { ".{0,40}" } else { "tap[1-3]" };
    let binding = (v.id(), interface).prop_map(|(host, interface)| Binding { host, interface });
    let plugged = (option::weighted(rare, v.id()), option::weighted(rare, binding));
    let groups = vec(v.id(), if v == Values::Wild { 0..5 } else { 0..2 });
    let kept = (option::of(any::<u128>()), v.number(0..1));
    let hooks = (v.optional_id(), v.optional_id(), port_mirrors(v), policy(v));
    (v.id(), device(v), any::<bool>(), hooks, plugged, groups, kept).prop_map(
        |(id, device, admin_state_up, hooks, (peer, binding), port_groups, (vif_id, tunnel_key))| Port {
            id,
            device,
            admin_state_up,
            mirrors: hooks.2,
            qos_policy: hooks.3,
            inbound_filter: hooks.0,
            outbound_filter: hooks.1,
            peer,
            binding,
            port_groups,
            vif_id: vif_id.map(uuid::Uuid::from_u128),
            tunnel_key,
        },
    )
}

fn device(v: Values) -> impl Strategy<Value = PortDevice> {
    let vlan = option::weighted(0.3, v.number(1..4).prop_map(|vid| vid as u16));
    let addresses = vec(v.prefix(), if v == Values::Wild { 0..4 } else { 1..3 });
    let vxlan = u32::from(v == Values::Wild);
    prop_oneof![
        2 => (v.id(), vlan).prop_map(|(bridge, vlan)| PortDevice::Bridge { bridge, vlan }),
        2 => (v.id(), v.mac(), addresses, router_vtep(v)).prop_map(|(router, mac, addresses, vtep)| PortDevice::Router {
            router,
            mac,
            addresses,
            vtep
        }),
        vxlan => vxlan_device(v),
    ]
}

pub(super) fn route(v: Values) -> impl Strategy<Value = Route> {
    let gateway = option::of(v.address());
    let next_hop = prop_oneof![
        (v.id(), gateway).prop_map(|(port, gateway)| NextHop::Port { port, gateway }),
        v.optional_id().prop_map(|port| NextHop::Local { port }),
        Just(NextHop::Blackhole),
        Just(NextHop::Reject),
    ];
    (v.id(), v.id(), v.prefix(), v.prefix(), next_hop, v.number(0..200), v.text()).prop_map(
        |(id, router, source, destination, next_hop, weight, attributes)| Route {
            id,
            router,
            source,
            destination,
            next_hop,
            weight,
            attributes,
        },
    )
}

pub(super) fn chain(v: Values) -> impl Strategy<Value = Chain> {
    let rules = vec(v.id(), if v == Values::Wild { 0..5 } else { 0..1 });
    (v.id(), v.tenant(), v.text(), rules).prop_map(|(id, tenant_id, name, rules)| Chain {
        id,
        tenant_id,
        name,
        rules,
    })
}

pub(super) fn port_group(v: Values) -> impl Strategy<Value = PortGroup> {
    (v.id(), v.tenant(), v.text(), any::<bool>()).prop_map(|(id, tenant_id, name, stateful)| PortGroup {
        id,
        tenant_id,
        name,
        stateful,
    })
}

pub(super) fn ip_addr_group(v: Values) -> impl Strategy<Value = IpAddrGroup> {
    let chains = (v.optional_id(), v.optional_id());
    (v.id(), v.tenant(), v.text(), chains, btree_set(v.address(), 0..4)).prop_map(
        |(id, tenant_id, name, chains, addresses)| IpAddrGroup {
            id,
            tenant_id,
            name,
            inbound_chain: chains.0,
            outbound_chain: chains.1,
            addresses,
        },
    )
}

pub(super) fn host(v: Values) -> impl Strategy<Value = Host> {
    let limit = if v == Values::Wild { any::<i32>().boxed() } else { (-1..5).boxed() };
    (v.id(), v.text(), v.number(0..3), v.number(0..3), limit, any::<bool>()).prop_map(
        |(id, name, flooding_proxy_weight, container_weight, container_limit, enforce)| Host {
            id,
            name,
            flooding_proxy_weight,
            container_weight,
            container_limit,
            enforce_container_limit: enforce,
        },
    )
}

pub(super) fn tunnel_zone(v: Values) -> impl Strategy<Value = TunnelZone> {
    let kinds = prop_oneof![1 => Just(TunnelZoneType::Gre), 1 => Just(TunnelZoneType::Vxlan), 2 => Just(TunnelZoneType::Vtep)];
    let name = if v == Values::Wild { ".{0,300}" } else { "zone[1-6]" };
    (v.id(), name, kinds, btree_map(v.id(), v.address(), 0..3))
        .prop_map(|(id, name, kind, members)| TunnelZone { id, name, kind, members })
}
