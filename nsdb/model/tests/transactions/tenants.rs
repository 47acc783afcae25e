//! What tenants see and may do. Tenant `t1` has bridge 1 with ports 10 and 11 and chain 4, tenant `t2` has bridge 2 with
//! port 12 and chain 5; router 3 with port 13, host 6 and zone 7 are the operator's.

use model::{
    Binding, Bridge, BridgeId, Chain, ChainId, Condition, Host, HostId, Match, ModelError, ObjectKey, Port,
    PortGroup, PortId, RouterId, RuleAction, State, Transaction, TunnelZoneId,
};

use crate::fixture::*;

fn of(tenant: &str) -> Option<String> {
    Some(tenant.to_owned())
}

fn begin_with_tenants() -> Transaction {
    let mut tx = begin_with_devices();
    for (n, tenant) in [(1, "t1"), (2, "t2")] {
        tx.update(Bridge { tenant_id: of(tenant), ..bridge(n) }).expect("a bridge");
    }
    for (n, tenant) in [(4, "t1"), (5, "t2")] {
        tx.update(Chain { tenant_id: of(tenant), ..chain(n) }).expect("a chain");
    }
    tx.create(bridge_port(10, 1)).expect("a port");
    tx.create(bridge_port(11, 1)).expect("a port");
    tx.create(bridge_port(12, 2)).expect("a port");
    tx.create(router_port(13, 3, &["10.0.0.1/24"])).expect("a port");
    tx
}

/// Does something as `t1`.
fn as_t1(
    tx: &mut Transaction,
    operation: impl FnMut(&mut Transaction) -> Result<(), ModelError>,
) -> Result<(), ModelError> {
    tx.on_behalf_of("t1", operation)
}

/// What `t1` is told when it tries something that it may not, and which must then have changed nothing.
#[track_caller]
fn refused(
    tx: &mut Transaction,
    operation: impl FnMut(&mut Transaction) -> Result<(), ModelError>,
) -> ModelError {
    let before = tx.state().clone();
    let error = as_t1(tx, operation).expect_err("t1 may not do that");
    assert_eq!(tx.state(), &before);
    error
}

#[track_caller]
fn assert_not_found(error: &ModelError, key: impl Into<ObjectKey>) {
    assert_eq!(error, &ModelError::NotFound(key.into()));
}

#[track_caller]
fn assert_forbidden(error: &ModelError, words: &str) {
    assert!(matches!(error, ModelError::Forbidden { message } if message.contains(words)), "{error:?}");
}

#[test]
fn what_a_tenant_creates_is_its_own() {
    let mut tx = begin_with_tenants();
    as_t1(&mut tx, |tx| {
        tx.create(bridge(20))?;
        tx.create(ip_addr_group(21))?;
        tx.create(bridge_port(22, 20))
    })
    .expect("t1 may");
    let seen = tx.state().seen_by("t1");
    assert_eq!(seen.bridge(id(20)).and_then(|b| b.tenant_id.clone()), of("t1"));
    assert!(seen.ip_addr_group(id(21)).is_some() && seen.port(id(22)).is_some());
    assert_eq!(tx.state().seen_by("t2").keys().filter(|key| key.id.as_u128() >= 20).count(), 0);
}

#[test]
fn what_the_operator_creates_without_a_tenant_is_the_operator_s() {
    let mut tx = begin_with_tenants();
    tx.create(bridge(20)).expect("a bridge");
    assert_eq!(tx.state().bridge(id(20)).and_then(|b| b.tenant_id.clone()), None);
    assert_eq!(tx.state().seen_by("t1").bridge(id(20)), None);
}

#[test]
fn a_tenant_creates_nothing_for_another() {
    let mut tx = begin_with_tenants();
    assert_forbidden(&refused(&mut tx, |tx| tx.create(Bridge { tenant_id: of("t2"), ..bridge(20) })), "t1");
}

#[test]
fn a_tenant_cannot_give_away_what_it_has() {
    let mut tx = begin_with_tenants();
    assert_forbidden(&refused(&mut tx, |tx| tx.update(Bridge { tenant_id: of("t2"), ..bridge(1) })), "t1");
    as_t1(&mut tx, |tx| tx.update(bridge(1))).expect("without a tenant it stays");
    assert_eq!(tx.state().bridge(id(1)).and_then(|b| b.tenant_id.clone()), of("t1"));
}

#[test]
fn an_address_group_keeps_its_tenant_when_it_is_replaced() {
    let mut tx = begin_with_tenants();
    as_t1(&mut tx, |tx| tx.create(ip_addr_group(20))).expect("t1 may");
    tx.update(ip_addr_group(20)).expect("the operator may");
    assert!(tx.state().seen_by("t1").ip_addr_group(id(20)).is_some());
}

#[test]
fn foreign_things_are_not_there_to_be_changed() {
    let mut tx = begin_with_tenants();
    let (bridge_2, port_12, chain_5) = (BridgeId(id(2)), PortId(id(12)), ChainId(id(5)));
    assert_not_found(&refused(&mut tx, |tx| tx.update(bridge(2))), bridge_2);
    assert_not_found(&refused(&mut tx, |tx| tx.delete(bridge_2)), bridge_2);
    assert_not_found(&refused(&mut tx, |tx| tx.create(bridge_port(20, 2))), bridge_2);
    assert_not_found(&refused(&mut tx, |tx| tx.delete(port_12)), port_12);
    assert_not_found(&refused(&mut tx, |tx| tx.insert_rule(rule(20, 5, RuleAction::Drop), 9)), chain_5);
    assert_not_found(&refused(&mut tx, |tx| tx.delete(HostId(id(6)))), HostId(id(6)));
    let zone_7 = TunnelZoneId(id(7));
    assert_not_found(&refused(&mut tx, |tx| tx.add_zone_host(zone_7, id(6), ip("192.0.2.7"))), zone_7);
}

#[test]
fn foreign_things_are_not_there_to_be_referred_to() {
    let mut tx = begin_with_tenants();
    let with_filter = Bridge { inbound_filter: Some(id(5)), ..bridge(1) };
    assert_not_found(&refused(&mut tx, |tx| tx.update(with_filter.clone())), ChainId(id(5)));
    assert_not_found(&refused(&mut tx, |tx| tx.create(rule(20, 4, RuleAction::Jump(id(5))))), ChainId(id(5)));
    tx.create(PortGroup { tenant_id: of("t2"), ..port_group(21) }).expect("a group");
    tx.add_group_port(id(21), id(12)).expect("a member");
    let (error, group) =
        (refused(&mut tx, |tx| tx.add_group_port(id(21), id(10))), model::PortGroupId(id(21)));
    assert_not_found(&error, group);
    let ports = Condition { in_ports: Some(Match::is(vec![id(12)])), ..Condition::default() };
    assert_eq!(violated(as_t1(&mut tx, |tx| tx.create(rule_if(20, 4, ports.clone())))), "inPorts");
    let device = Condition { traversed_device: Some(Match::is(id(3))), ..Condition::default() };
    assert_eq!(violated(as_t1(&mut tx, |tx| tx.create(rule_if(20, 4, device.clone())))), "traversedDevice");
}

#[test]
fn a_foreign_port_cannot_be_linked_be_it_free_or_not() {
    let mut tx = begin_with_tenants();
    assert_not_found(&refused(&mut tx, |tx| tx.link(id(10), id(12))), PortId(id(12)));
    tx.link(id(12), id(13)).expect("the operator may");
    assert_not_found(&refused(&mut tx, |tx| tx.link(id(10), id(12))), PortId(id(12)));
    assert_not_found(&refused(&mut tx, |tx| tx.unlink(id(12))), PortId(id(12)));
}

#[test]
fn a_cable_to_the_operator_s_router_is_the_operator_s() {
    let mut tx = begin_with_tenants();
    tx.link(id(10), id(13)).expect("the operator may");
    assert_forbidden(&refused(&mut tx, |tx| tx.unlink(id(10))), "peerId");
    assert_forbidden(&refused(&mut tx, |tx| tx.delete(PortId(id(10)))), "not belong");
    assert_forbidden(&refused(&mut tx, |tx| tx.delete(BridgeId(id(1)))), "not belong");
    as_t1(&mut tx, |tx| tx.delete(PortId(id(11)))).expect("the other port is free");
}

#[test]
fn a_filter_of_the_operator_s_stays_until_the_operator_takes_it_off() {
    let mut tx = begin_with_tenants();
    tx.create(chain(20)).expect("the operator's");
    let filtered = Bridge { tenant_id: of("t1"), inbound_filter: Some(id(20)), ..bridge(1) };
    tx.update(filtered.clone()).expect("the operator may");
    as_t1(&mut tx, |tx| tx.update(Bridge { name: of("b"), ..filtered.clone() }))
        .expect("it is left as it is");
    assert_forbidden(&refused(&mut tx, |tx| tx.update(bridge(1))), "inboundFilterId");
    let nameless = Bridge { name: Some("x".repeat(300)), ..filtered.clone() };
    assert_eq!(violated(as_t1(&mut tx, |tx| tx.update(nameless.clone()))), "name");
    as_t1(&mut tx, |tx| tx.delete(BridgeId(id(1)))).expect("but the whole may go");
}

#[test]
fn binding_is_the_operator_s() {
    let mut tx = begin_with_tenants();
    assert_not_found(&refused(&mut tx, |tx| tx.bind(id(10), id(6), "tap1")), HostId(id(6)));
    let bound = Binding { host: id(6), interface: "eth0".to_owned() };
    let port = Port { binding: Some(bound), ..bridge_port(20, 1) };
    assert_not_found(&refused(&mut tx, |tx| tx.create(port.clone())), HostId(id(6)));
    tx.bind(id(10), id(6), "tap1").expect("the operator may");
    assert_forbidden(&refused(&mut tx, |tx| tx.unbind(id(10))), "binds");
    as_t1(&mut tx, |tx| tx.delete(PortId(id(10)))).expect("but the port may go");
}

#[test]
fn another_interface_of_the_same_host_is_another_binding() {
    let mut tx = begin_with_tenants();
    tx.bind(id(10), id(6), "tap1").expect("the operator may");
    let error = refused(&mut tx, |tx| {
        tx.unbind(id(10))?;
        tx.bind(id(10), id(6), "eth0")
    });
    assert!(matches!(error, ModelError::NotFound(_) | ModelError::Forbidden { .. }), "{error:?}");
}

#[test]
fn what_others_have_in_the_way_is_not_named() {
    let mut tx = begin_with_tenants();
    tx.create(Port { tunnel_key: 999, ..router_port(20, 3, &["10.0.0.2/24"]) }).expect("the operator's");
    let own = || Port { tunnel_key: 999, ..bridge_port(21, 1) };
    for error in [refused(&mut tx, |tx| tx.create(own())), refused(&mut tx, |tx| tx.create(bridge(2)))] {
        let (message, keys) = conflict(Err::<(), _>(error));
        assert_eq!((message.as_str(), keys), ("What belongs to others is in the way.", vec![]));
    }
}

#[test]
fn the_tenant_of_a_part_is_that_of_the_whole() {
    let mut tx = begin_with_tenants();
    tx.create(rule(14, 4, RuleAction::Drop)).expect("t1's");
    let tenant = |key: ObjectKey| tx.state().tenant(key);
    assert_eq!(tenant(BridgeId(id(1)).into()), Some("t1"));
    assert_eq!(tenant(PortId(id(12)).into()), Some("t2"));
    assert_eq!(tenant(model::RuleId(id(14)).into()), Some("t1"));
    assert_eq!(tenant(PortId(id(13)).into()), None, "the operator's");
    assert_eq!(tenant(HostId(id(6)).into()), None);
    assert_eq!(tenant(BridgeId(id(99)).into()), None, "nobody's");
}

/// Everything that a state shows, by every way there is to ask.
fn shown(state: &State) -> Vec<u128> {
    let mut shown: Vec<_> = state.keys().map(|key| key.id.as_u128()).collect();
    let all = [1, 2, 3].into_iter().filter_map(|n| state.device(id(n)));
    shown.extend(all.flat_map(|device| state.device_ports(device)).map(|port| port.id.0.as_u128()));
    shown.extend(state.bridges().map(|b| b.id.0.as_u128()).chain(state.hosts().map(|h| h.id.0.as_u128())));
    shown.extend(state.tunnel_zone_named("z").map(|zone| zone.id.0.as_u128()));
    shown.extend(state.bound_port(id(6), "tap2").map(|port| port.id.0.as_u128()));
    shown.extend(state.filter_users(id(5)).map(|user| user.id.as_u128()));
    shown.extend(state.host_zones(id(6)).map(|zone| zone.id.0.as_u128()));
    shown.extend(state.chain_rules(id(5)).map(|rule| rule.id.0.as_u128()));
    shown.sort_unstable();
    shown.dedup();
    shown
}

#[test]
fn a_tenant_sees_its_own_by_whatever_way_it_asks() {
    let mut tx = begin_with_tenants();
    tx.update(Bridge { tenant_id: of("t2"), inbound_filter: Some(id(5)), ..bridge(2) }).expect("t2's");
    tx.create(rule(14, 5, RuleAction::Drop)).expect("t2's");
    tx.bind(id(12), id(6), "tap2").expect("t2's");
    assert_eq!(shown(&tx.state().seen_by("t1")), [1, 4, 10, 11]);
    assert_eq!(shown(&tx.state().seen_by("t2")), [2, 5, 12, 14]);
    assert_eq!(shown(&tx.state().seen_by("t3")), []);
    let seen = tx.state().seen_by("t1");
    assert!(seen.host(id(6)).is_none() && seen.router(RouterId(id(3))).is_none());
    assert!(tx.state().object(Host { ..host(6) }.id.into()).is_some(), "the operator sees all");
}
