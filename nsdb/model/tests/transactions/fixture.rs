//! Objects with nothing special about them, by number.

use std::net::IpAddr;

use model::{
    Bridge, Chain, Condition, DhcpSubnet, DhcpSubnet6, Host, IpAddrGroup, L2Insertion, Mirror, ModelError,
    NextHop, ObjectKey, Port, PortDevice, PortGroup, QosBandwidthRule, QosDscpRule, QosPolicy, Route, Router,
    RouterVtep, Rule, RuleAction, State, TraceDevice, TraceRequest, Transaction, TunnelZone, TunnelZoneType,
    Vtep,
};
use packet::MacAddr;
use uuid::Uuid;

pub(crate) fn id<T: From<Uuid>>(n: u128) -> T {
    Uuid::from_u128(n).into()
}

pub(crate) fn bridge(n: u128) -> Bridge {
    Bridge {
        id: id(n),
        tenant_id: None,
        name: None,
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
    }
}

pub(crate) fn router(n: u128) -> Router {
    Router {
        id: id(n),
        tenant_id: None,
        name: None,
        admin_state_up: true,
        mirrors: Default::default(),
        inbound_filter: None,
        outbound_filter: None,
        load_balancer: None,
        as_number: 0,
        forward_chain: None,
        local_redirect_chain: None,
    }
}

pub(crate) fn bridge_port(n: u128, bridge: u128) -> Port {
    Port {
        id: id(n),
        device: PortDevice::Bridge { bridge: id(bridge), vlan: None },
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
        peer: None,
        binding: None,
        port_groups: vec![],
        vif_id: None,
        tunnel_key: 0,
    }
}

pub(crate) fn vlan_port(n: u128, bridge: u128, vid: u16) -> Port {
    Port { device: PortDevice::Bridge { bridge: id(bridge), vlan: Some(vid) }, ..bridge_port(n, bridge) }
}

pub(crate) fn router_port(n: u128, router: u128, addresses: &[&str]) -> Port {
    let addresses = addresses.iter().map(|a| a.parse().expect("an address")).collect();
    let mac = MacAddr([0xac, 0xca, 0xba, 0, 0, 1]);
    let device = PortDevice::Router { router: id(router), mac, addresses, vtep: RouterVtep::default() };
    Port { device, ..bridge_port(n, 0) }
}

pub(crate) fn route(n: u128, router: u128, destination: &str, next_hop: NextHop) -> Route {
    let destination: ipnetwork::IpNetwork = destination.parse().expect("a prefix");
    let source = if destination.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
    Route {
        id: id(n),
        router: id(router),
        source: source.parse().expect("a prefix"),
        destination,
        next_hop,
        weight: 100,
        attributes: None,
    }
}

pub(crate) fn chain(n: u128) -> Chain {
    Chain { id: id(n), tenant_id: None, name: None, rules: vec![] }
}

pub(crate) fn rule(n: u128, chain: u128, action: RuleAction) -> Rule {
    Rule { id: id(n), chain: id(chain), condition: Condition::default(), action, meter_name: None }
}

pub(crate) fn rule_if(n: u128, chain: u128, condition: Condition) -> Rule {
    Rule { condition, ..rule(n, chain, RuleAction::Drop) }
}

pub(crate) fn port_group(n: u128) -> PortGroup {
    PortGroup { id: id(n), tenant_id: None, name: None, stateful: false }
}

pub(crate) fn ip_addr_group(n: u128) -> IpAddrGroup {
    IpAddrGroup {
        id: id(n),
        tenant_id: None,
        name: None,
        inbound_chain: None,
        outbound_chain: None,
        addresses: [].into(),
    }
}

pub(crate) fn host(n: u128) -> Host {
    Host {
        id: id(n),
        name: None,
        flooding_proxy_weight: 1,
        container_weight: 1,
        container_limit: -1,
        enforce_container_limit: false,
    }
}

pub(crate) fn zone(n: u128, name: &str) -> TunnelZone {
    TunnelZone { id: id(n), name: name.to_owned(), kind: TunnelZoneType::Vxlan, members: [].into() }
}

pub(crate) fn dhcp_subnet(n: u128, bridge: u128, prefix: &str) -> DhcpSubnet {
    DhcpSubnet {
        id: id(n),
        bridge: id(bridge),
        prefix: prefix.parse().expect("a prefix"),
        default_gateway: None,
        server: None,
        dns_servers: vec![],
        interface_mtu: None,
        routes: vec![],
        hosts: [].into(),
        enabled: true,
    }
}

pub(crate) fn dhcp_subnet6(n: u128, bridge: u128, prefix: &str) -> DhcpSubnet6 {
    let prefix = prefix.parse().expect("a prefix");
    DhcpSubnet6 { id: id(n), bridge: id(bridge), prefix, hosts: [].into() }
}

pub(crate) fn mac(n: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, n])
}

pub(crate) fn vtep(n: u128, zone: u128, management_ip: &str) -> Vtep {
    Vtep {
        id: id(n),
        management_ip: management_ip.parse().expect("an address"),
        management_port: 6632,
        tunnel_zone: id(zone),
        bindings: [].into(),
    }
}

pub(crate) fn mirror(n: u128, to_port: u128) -> Mirror {
    Mirror { id: id(n), to_port: id(to_port), conditions: vec![Condition::default()] }
}

pub(crate) fn insertion(n: u128, port: u128, service_port: u128) -> L2Insertion {
    L2Insertion {
        id: id(n),
        port: id(port),
        service_port: id(service_port),
        vlan: 10,
        position: 1,
        fail_open: false,
        mac: MacAddr([2, 0, 0, 0, 0, 0x55]),
    }
}

pub(crate) fn trace_request(n: u128, device: TraceDevice) -> TraceRequest {
    TraceRequest {
        id: id(n),
        name: "tr".to_owned(),
        device,
        condition: Default::default(),
        created_at_ms: 0,
        limit: 1,
        enabled: false,
    }
}

pub(crate) fn qos_policy(n: u128) -> QosPolicy {
    QosPolicy { id: id(n), tenant_id: None, name: None, description: None, shared: None }
}

pub(crate) fn bandwidth_rule(n: u128, policy: u128) -> QosBandwidthRule {
    QosBandwidthRule { id: id(n), policy: id(policy), max_kbps: 3000, max_burst_kb: None }
}

pub(crate) fn dscp_rule(n: u128, policy: u128, mark: u8) -> QosDscpRule {
    QosDscpRule { id: id(n), policy: id(policy), mark }
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A transaction on the empty topology.
pub(crate) fn begin() -> Transaction {
    Transaction::new(&State::new())
}

/// A transaction with a bridge 1, a bridge 2, a router 3, chains 4 and 5, and a host 6 in a tunnel zone 7.
pub(crate) fn begin_with_devices() -> Transaction {
    let mut tx = begin();
    tx.create(bridge(1)).expect("a bridge");
    tx.create(bridge(2)).expect("a bridge");
    tx.create(router(3)).expect("a router");
    tx.create(chain(4)).expect("a chain");
    tx.create(chain(5)).expect("a chain");
    tx.create(host(6)).expect("a host");
    tx.create(zone(7, "z")).expect("a zone");
    tx.add_zone_host(id(7), id(6), ip("192.0.2.6")).expect("a member");
    tx
}

/// The property of the only violation.
pub(crate) fn violated<T: std::fmt::Debug>(result: Result<T, ModelError>) -> &'static str {
    match result {
        Err(ModelError::Invalid { violations, .. }) if violations.len() == 1 => violations[0].property,
        other => panic!("expected one violation, got {other:?}"),
    }
}

/// The message and the objects in the way.
pub(crate) fn conflict<T: std::fmt::Debug>(result: Result<T, ModelError>) -> (String, Vec<ObjectKey>) {
    match result {
        Err(ModelError::Conflict { message, keys }) => (message, keys),
        other => panic!("expected a conflict, got {other:?}"),
    }
}
