//! Routes, and those that ports make.

use model::{NextHop, PortId, Route, RouteId, Transaction};

use crate::fixture::*;

fn destinations(tx: &Transaction) -> Vec<String> {
    let mut found: Vec<_> = tx.state().router_routes(id(3)).map(|r| r.destination.to_string()).collect();
    found.sort();
    found
}

#[test]
fn a_router_port_makes_one_local_route() {
    let mut tx = begin_with_devices();
    tx.create(router_port(10, 3, &["10.0.0.1/24"])).expect("a port");
    let routes: Vec<Route> = tx.state().router_routes(id(3)).cloned().collect();
    let expected = Route { weight: 0, ..route(0, 3, "10.0.0.1/32", NextHop::Local { port: Some(id(10)) }) };
    assert_eq!(routes, [Route { id: routes[0].id, ..expected }]);
}

#[test]
fn each_address_has_its_route_and_takes_it_along() {
    let mut tx = begin_with_devices();
    tx.create(router_port(10, 3, &["10.0.0.1/24", "2001:db8::1/64"])).expect("a port");
    assert_eq!(destinations(&tx), ["10.0.0.1/32", "2001:db8::1/128"]);
    tx.update(router_port(10, 3, &["10.0.9.1/24", "2001:db8::1/64"])).expect("valid");
    assert_eq!(destinations(&tx), ["10.0.9.1/32", "2001:db8::1/128"]);
    tx.delete(PortId(id(10))).expect("it is there");
    assert!(destinations(&tx).is_empty());
}

#[test]
fn a_local_route_deleted_by_hand_stays_away() {
    let mut tx = begin_with_devices();
    tx.create(router_port(10, 3, &["10.0.0.1/24"])).expect("a port");
    let local: RouteId = tx.state().router_routes(id(3)).next().expect("the Local route").id;
    tx.delete(local).expect("it is there");
    let down = model::Port { admin_state_up: false, ..router_port(10, 3, &["10.0.0.1/24"]) };
    tx.update(down).expect("valid");
    assert!(destinations(&tx).is_empty());
}

#[test]
fn a_route_loses_its_host_bits() {
    let mut tx = begin_with_devices();
    tx.create(route(20, 3, "10.5.6.7/16", NextHop::Blackhole)).expect("a route");
    assert_eq!(destinations(&tx), ["10.5.0.0/16"]);
}

#[test]
fn the_next_hop_is_a_port_of_the_same_router() {
    let mut tx = begin_with_devices();
    tx.create(router(8)).expect("a router");
    tx.create(router_port(10, 8, &["10.0.0.1/24"])).expect("a port");
    let via = |port| NextHop::Port { port: id(port), gateway: None };
    assert_eq!(violated(tx.create(route(20, 3, "0.0.0.0/0", via(10)))), "nextHopPort");
    assert_eq!(violated(tx.create(route(20, 3, "0.0.0.0/0", via(99)))), "nextHopPort");
    tx.create(route(20, 8, "0.0.0.0/0", via(10))).expect("its own port");
}

#[test]
fn the_gateway_is_another_machine_of_the_same_ip_version() {
    let mut tx = begin_with_devices();
    tx.create(router_port(10, 3, &["10.0.0.1/24"])).expect("a port");
    let via = |gateway| NextHop::Port { port: id(10), gateway: Some(ip(gateway)) };
    for gateway in ["10.0.0.1", "224.0.0.1", "0.0.0.0", "2001:db8::1"] {
        assert_eq!(
            violated(tx.create(route(20, 3, "0.0.0.0/0", via(gateway)))),
            "nextHopGateway",
            "{gateway}"
        );
    }
    tx.create(route(20, 3, "0.0.0.0/0", via("10.0.0.254"))).expect("a gateway");
}

#[test]
fn source_and_destination_are_of_one_ip_version() {
    let mut tx = begin_with_devices();
    let mixed = Route {
        source: "2001:db8::/32".parse().expect("a prefix"),
        ..route(20, 3, "10.0.0.0/8", NextHop::Reject)
    };
    assert_eq!(violated(tx.create(mixed)), "srcNetworkAddr");
}
