//! Linking and binding.

use model::{HostId, ModelError, PortId, Transaction};

use crate::fixture::*;

/// Ports 10 and 11 of bridge 1, 12 of bridge 2, 13 of router 3.
fn begin_with_ports() -> Transaction {
    let mut tx = begin_with_devices();
    tx.create(bridge_port(10, 1)).expect("a port");
    tx.create(bridge_port(11, 1)).expect("a port");
    tx.create(bridge_port(12, 2)).expect("a port");
    tx.create(router_port(13, 3, &["10.0.0.1/24"])).expect("a port");
    tx
}

fn peer(tx: &Transaction, port: u128) -> Option<PortId> {
    tx.state().port(id(port)).expect("a port").peer
}

#[test]
fn a_link_has_two_ends() {
    let mut tx = begin_with_ports();
    tx.link(id(10), id(13)).expect("linkable");
    assert_eq!((peer(&tx, 10), peer(&tx, 13)), (Some(id(13)), Some(id(10))));
    tx.unlink(id(13)).expect("linked");
    assert_eq!((peer(&tx, 10), peer(&tx, 13)), (None, None));
}

#[test]
fn ports_of_one_device_are_not_linkable() {
    let (message, keys) = conflict(begin_with_ports().link(id(10), id(11)));
    assert_eq!(message, "Ports are not linkable.");
    assert_eq!(keys, [PortId(id(10)).into(), PortId(id(11)).into()]);
}

#[test]
fn a_port_is_not_linkable_to_itself() {
    assert_eq!(conflict(begin_with_ports().link(id(10), id(10))).0, "Ports are not linkable.");
}

#[test]
fn a_linked_port_is_not_linkable() {
    let mut tx = begin_with_ports();
    tx.link(id(10), id(12)).expect("linkable");
    let (message, keys) = conflict(tx.link(id(13), id(12)));
    assert_eq!((message.as_str(), keys), ("Ports are not linkable.", vec![PortId(id(12)).into()]));
}

#[test]
fn a_bound_port_is_not_linkable() {
    let mut tx = begin_with_ports();
    tx.bind(id(10), id(6), "tap1").expect("bindable");
    assert_eq!(conflict(tx.link(id(10), id(12))).0, "Ports are not linkable.");
}

#[test]
fn a_linked_port_cannot_be_bound() {
    let mut tx = begin_with_ports();
    tx.link(id(10), id(12)).expect("linkable");
    assert_eq!(conflict(tx.bind(id(10), id(6), "tap1")).1, [PortId(id(12)).into()]);
}

#[test]
fn linking_to_nothing_is_not_found() {
    let error = begin_with_ports().link(id(10), id(99)).expect_err("there is no port 99");
    assert_eq!(error, ModelError::NotFound(PortId(id(99)).into()));
}

#[test]
fn a_bound_port_is_found_by_its_interface() {
    let mut tx = begin_with_ports();
    tx.bind(id(10), id(6), "tap1").expect("bindable");
    tx.bind(id(10), id(6), "tap1").expect("again");
    assert_eq!(tx.state().bound_port(id(6), "tap1").map(|port| port.id), Some(id(10)));
    assert_eq!(tx.state().host_ports(id(6)).count(), 1);
    tx.unbind(id(10)).expect("bound");
    assert_eq!(tx.state().bound_port(id(6), "tap1"), None);
}

#[test]
fn an_interface_carries_one_port() {
    let mut tx = begin_with_ports();
    tx.bind(id(10), id(6), "tap1").expect("bindable");
    assert_eq!(conflict(tx.bind(id(11), id(6), "tap1")).1, [PortId(id(10)).into()]);
}

#[test]
fn a_port_is_bound_once() {
    let mut tx = begin_with_ports();
    tx.bind(id(10), id(6), "tap1").expect("bindable");
    conflict(tx.bind(id(10), id(6), "tap2"));
}

#[test]
fn a_host_outside_all_zones_takes_no_ports() {
    let mut tx = begin_with_ports();
    tx.create(host(8)).expect("a host");
    let (message, keys) = conflict(tx.bind(id(10), id(8), "tap1"));
    assert!(message.contains("is in no tunnel zone"), "{message}");
    assert_eq!(keys, [HostId(id(8)).into()]);
}

#[test]
fn an_unknown_host_is_not_found() {
    let error = begin_with_ports().bind(id(10), id(99), "tap1").expect_err("there is no host 99");
    assert_eq!(error, ModelError::NotFound(HostId(id(99)).into()));
}

#[test]
fn an_interface_name_is_one_that_linux_takes() {
    let mut tx = begin_with_ports();
    for name in ["", "sixteen-letters-", "a/b", "a b", "..", "a:b"] {
        assert_eq!(violated(tx.bind(id(10), id(6), name)), "interfaceName", "{name:?}");
    }
    tx.bind(id(10), id(6), "fifteen-letters").expect("a valid name");
}
