//! What goes with a deleted object, and what stays without it (midonet.md §1.5).

use model::{
    BridgeId, ChainId, HostId, ModelError, NextHop, ObjectKey, PortGroupId, PortId, Router, RouterId,
    RuleAction, RuleId, TunnelZoneId,
};

use crate::fixture::*;

#[test]
fn what_is_not_there_cannot_be_deleted() {
    let key = ObjectKey::from(BridgeId(id(9)));
    assert_eq!(begin().delete(key), Err(ModelError::NotFound(key)));
}

#[test]
fn a_bridge_takes_its_ports_and_unlinks_their_peers() {
    let mut tx = begin_with_devices();
    tx.create(bridge_port(10, 1)).expect("a port");
    tx.create(router_port(11, 3, &["10.0.0.1/24"])).expect("a port");
    tx.link(id(10), id(11)).expect("linkable");
    tx.delete(BridgeId(id(1))).expect("it is there");
    assert!(tx.state().port(id(10)).is_none());
    assert_eq!(tx.state().port(id(11)).expect("it stays").peer, None);
}

#[test]
fn a_bound_port_goes_with_its_binding() {
    let mut tx = begin_with_devices();
    tx.create(bridge_port(10, 1)).expect("a port");
    tx.bind(id(10), id(6), "tap1").expect("bindable");
    tx.delete(PortId(id(10))).expect("it is there");
    assert_eq!(tx.state().host_ports(id(6)).count(), 0);
    tx.create(bridge_port(11, 1)).expect("a port");
    tx.bind(id(11), id(6), "tap1").expect("the interface is free");
}

#[test]
fn a_router_takes_its_ports_and_routes() {
    let mut tx = begin_with_devices();
    tx.create(router_port(10, 3, &["10.0.0.1/24"])).expect("a port");
    tx.create(route(20, 3, "0.0.0.0/0", NextHop::Reject)).expect("a route");
    tx.delete(RouterId(id(3))).expect("it is there");
    assert_eq!((tx.state().ports().count(), tx.state().routes().count()), (0, 0));
}

#[test]
fn a_port_takes_the_routes_out_of_it() {
    let mut tx = begin_with_devices();
    tx.create(router_port(10, 3, &["10.0.0.1/24"])).expect("a port");
    let via = NextHop::Port { port: id(10), gateway: Some(ip("10.0.0.254")) };
    tx.create(route(20, 3, "0.0.0.0/0", via)).expect("a route");
    tx.create(route(21, 3, "10.9.0.0/16", NextHop::Blackhole)).expect("a route");
    tx.delete(PortId(id(10))).expect("it is there");
    assert_eq!(tx.state().router_routes(id(3)).map(|route| route.id).collect::<Vec<_>>(), [id(21)]);
}

#[test]
fn a_chain_in_use_is_unhooked_everywhere() {
    let mut tx = begin_with_devices();
    let hook = Some(id(4));
    tx.update(model::Bridge { inbound_filter: hook, outbound_filter: Some(id(5)), ..bridge(1) })
        .expect("valid");
    tx.update(Router { forward_chain: hook, local_redirect_chain: hook, ..router(3) }).expect("valid");
    tx.create(model::Port { outbound_filter: hook, ..bridge_port(10, 1) }).expect("a port");
    assert_eq!(tx.state().filter_users(id(4)).count(), 3);

    tx.delete(ChainId(id(4))).expect("it is there");

    let bridge = tx.state().bridge(id(1)).expect("it stays");
    assert_eq!((bridge.inbound_filter, bridge.outbound_filter), (None, Some(id(5))));
    assert_eq!(tx.state().router(id(3)), Some(&router(3)));
    assert_eq!(tx.state().port(id(10)).expect("it stays").outbound_filter, None);
}

#[test]
fn a_chain_takes_its_rules_and_the_jumps_to_it() {
    let mut tx = begin_with_devices();
    tx.create(rule(20, 4, RuleAction::Jump(id(4)))).expect("a rule");
    tx.create(rule(21, 4, RuleAction::Drop)).expect("a rule");
    tx.create(rule(22, 5, RuleAction::Jump(id(4)))).expect("a rule");
    tx.create(rule(23, 5, RuleAction::Accept)).expect("a rule");
    tx.delete(ChainId(id(4))).expect("it is there");
    assert_eq!(tx.state().rules().map(|rule| rule.id).collect::<Vec<_>>(), [id(23)]);
    assert_eq!(tx.state().chain(id(5)).expect("it stays").rules, [id(23)]);
}

#[test]
fn a_rule_leaves_its_chain() {
    let mut tx = begin_with_devices();
    tx.create(rule(20, 4, RuleAction::Drop)).expect("a rule");
    tx.delete(RuleId(id(20))).expect("it is there");
    assert!(tx.state().chain(id(4)).expect("it stays").rules.is_empty());
}

#[test]
fn a_host_with_bound_ports_stays() {
    let mut tx = begin_with_devices();
    tx.create(bridge_port(10, 1)).expect("a port");
    tx.bind(id(10), id(6), "tap1").expect("bindable");
    assert_eq!(conflict(tx.delete(HostId(id(6)))).1, [PortId(id(10)).into()]);
    tx.unbind(id(10)).expect("bound");
    tx.delete(HostId(id(6))).expect("nothing is bound");
}

#[test]
fn a_host_leaves_its_zones() {
    let mut tx = begin_with_devices();
    tx.delete(HostId(id(6))).expect("nothing is bound");
    assert!(tx.state().tunnel_zone(id(7)).expect("it stays").members.is_empty());
}

#[test]
fn a_zone_goes_without_its_hosts() {
    let mut tx = begin_with_devices();
    tx.delete(TunnelZoneId(id(7))).expect("it is there");
    assert!(tx.state().host(id(6)).is_some());
    assert_eq!(tx.state().host_zones(id(6)).count(), 0);
}

#[test]
fn a_port_group_lets_its_members_go() {
    let mut tx = begin_with_devices();
    tx.create(port_group(8)).expect("a group");
    tx.create(model::Port { port_groups: vec![id(8)], ..bridge_port(10, 1) }).expect("a port");
    tx.delete(PortGroupId(id(8))).expect("it is there");
    assert!(tx.state().port(id(10)).expect("it stays").port_groups.is_empty());
}
