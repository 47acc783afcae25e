//! Reach: what an agent needs follows from its host's document, and who needs a document follows from that.

#![allow(clippy::expect_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use model::strategy::topology;
use model::{
    Bridge, BridgeId, Chain, Condition, Document, DocumentKey, Host, HostId, IpAddrGroup, Match, Port,
    PortDevice, PortGroup, Router, RouterId, Rule, RuleAction, State, Transaction, TunnelZone,
    TunnelZoneType, all_documents, hosts_reaching, reach,
};
use packet::MacAddr;
use proptest::prelude::*;
use uuid::Uuid;

fn id<T: From<Uuid>>(n: u128) -> T {
    Uuid::from_u128(n).into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_hosts_that_reach_a_document_are_those_in_whose_reach_it_is(state in topology(60)) {
        let documents: BTreeMap<DocumentKey, Document> =
            all_documents(&state).map(|document| (document.key(), document)).collect();
        let reaches: BTreeMap<HostId, BTreeSet<DocumentKey>> = state
            .hosts()
            .map(|host| (host.id, reach(DocumentKey::Host(host.id), |key| documents.get(&key))))
            .collect();
        for key in documents.keys() {
            let expected: BTreeSet<HostId> =
                reaches.iter().filter(|(_, reach)| reach.contains(key)).map(|(host, _)| *host).collect();
            prop_assert_eq!(hosts_reaching(&state, *key), expected, "{:?}", key);
        }
    }
}

/// Host 1 has a port of bridge 10 bound, host 2 one of bridge 20, host 3 none; the bridges are apart. All are in zone 30.
/// Bridge 10 has chain 11, which jumps to chain 12, which names address group 13 and port group 14.
fn network() -> Transaction {
    let mut tx = Transaction::new(&State::new());
    for host in [1, 2, 3] {
        tx.create(new_host(host)).expect("a host");
    }
    let zone = TunnelZone { id: id(30), name: "z".into(), kind: TunnelZoneType::Vxlan, members: [].into() };
    tx.create(zone).expect("a zone");
    for host in [1, 2, 3] {
        tx.add_zone_host(id(30), id(u128::from(host)), [192, 0, 2, host].into()).expect("a member");
    }
    tx.create(IpAddrGroup {
        id: id(13),
        tenant_id: None,
        name: None,
        addresses: [].into(),
        inbound_chain: None,
        outbound_chain: None,
    })
    .expect("an address group");
    tx.create(PortGroup { id: id(14), tenant_id: None, name: None, stateful: false }).expect("a port group");
    for chain in [11, 12] {
        tx.create(Chain { id: id(chain), tenant_id: None, name: None, rules: vec![] }).expect("a chain");
    }
    tx.create(rule(15, 11, RuleAction::Jump(id(12)), Condition::default())).expect("a jump");
    let groups = Condition {
        ip_addr_group_src: Some(Match::is(id(13))),
        port_group: Some(Match::is(id(14))),
        ..Condition::default()
    };
    tx.create(rule(16, 12, RuleAction::Drop, groups)).expect("a rule");
    tx.create(bridge(10, Some(11))).expect("a bridge");
    tx.create(bridge(20, None)).expect("a bridge");
    for (port, bridge, host) in [(101, 10, 1), (201, 20, 2)] {
        tx.create(new_port(port, PortDevice::Bridge { bridge: id(bridge), vlan: None })).expect("a port");
        tx.bind(id(port), id(host), "tap1").expect("a binding");
    }
    tx
}

fn new_host(n: u128) -> Host {
    Host {
        id: id(n),
        name: None,
        flooding_proxy_weight: 1,
        container_weight: 1,
        container_limit: -1,
        enforce_container_limit: false,
    }
}

fn bridge(n: u128, inbound_filter: Option<u128>) -> Bridge {
    Bridge {
        id: id(n),
        tenant_id: None,
        name: None,
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: inbound_filter.map(id),
        outbound_filter: None,
    }
}

fn rule(n: u128, chain: u128, action: RuleAction, condition: Condition) -> Rule {
    Rule { id: id(n), chain: id(chain), condition, action, meter_name: None }
}

fn new_port(n: u128, device: PortDevice) -> Port {
    Port {
        id: id(n),
        device,
        admin_state_up: true,
        inbound_filter: None,
        outbound_filter: None,
        peer: None,
        binding: None,
        port_groups: vec![],
        vif_id: None,
        tunnel_key: 0,
        mirrors: Default::default(),
        qos_policy: None,
    }
}

/// Numbers of the hosts that need a document.
fn needed_by(tx: &Transaction, key: DocumentKey) -> Vec<u128> {
    hosts_reaching(tx.state(), key).into_iter().map(|host| host.0.as_u128()).collect()
}

#[test]
fn a_device_is_needed_where_a_port_of_it_is_bound() {
    let tx = network();
    assert_eq!(needed_by(&tx, DocumentKey::Bridge(id(10))), [1]);
    assert_eq!(needed_by(&tx, DocumentKey::Bridge(id(20))), [2]);
}

#[test]
fn a_chain_is_needed_with_what_hooks_it_in_or_jumps_to_it() {
    let tx = network();
    assert_eq!(needed_by(&tx, DocumentKey::Chain(id(11))), [1]);
    assert_eq!(needed_by(&tx, DocumentKey::Chain(id(12))), [1]);
}

#[test]
fn an_address_group_is_needed_with_the_rules_on_it_and_a_port_group_by_nobody() {
    let tx = network();
    assert_eq!(needed_by(&tx, DocumentKey::IpAddrGroup(id(13))), [1]);
    assert_eq!(needed_by(&tx, DocumentKey::PortGroup(id(14))), [0u128; 0]);
}

#[test]
fn a_zone_is_needed_by_its_members_and_a_host_by_itself() {
    let tx = network();
    assert_eq!(needed_by(&tx, DocumentKey::TunnelZone(id(30))), [1, 2, 3]);
    assert_eq!(needed_by(&tx, DocumentKey::Host(id(3))), [3]);
    assert_eq!(needed_by(&tx, DocumentKey::Host(id(4))), [0u128; 0], "there is none");
}

#[test]
fn a_router_between_bridges_has_everybody_need_everything_beyond() {
    let mut tx = network();
    let router = Router {
        id: RouterId(Uuid::from_u128(40)),
        tenant_id: None,
        name: None,
        admin_state_up: true,
        inbound_filter: None,
        outbound_filter: None,
        load_balancer: None,
        as_number: 0,
        mirrors: Default::default(),
        forward_chain: None,
        local_redirect_chain: None,
    };
    tx.create(router).expect("a router");
    for (gate, port, bridge) in [(41, 102, 10u128), (42, 202, 20)] {
        let addresses = vec![format!("10.0.{gate}.1/24").parse().expect("an address")];
        let mac = MacAddr([2, 0, 0, 0, 0, gate]);
        let device = PortDevice::Router { router: id(40), mac, addresses, vtep: Default::default() };
        tx.create(new_port(u128::from(gate), device)).expect("a router port");
        let device = PortDevice::Bridge { bridge: BridgeId(Uuid::from_u128(bridge)), vlan: None };
        tx.create(new_port(port, device)).expect("a bridge port");
        tx.link(id(u128::from(gate)), id(port)).expect("a link");
    }
    assert_eq!(needed_by(&tx, DocumentKey::Router(id(40))), [1, 2]);
    assert_eq!(needed_by(&tx, DocumentKey::Chain(id(12))), [1, 2]);
    tx.unlink(id(41)).expect("no link");
    assert_eq!(needed_by(&tx, DocumentKey::Chain(id(12))), [1]);
}
