//! What hangs on routers and their ports: BGP, service containers, peering tables.

use model::{
    BgpNetwork, BgpPeer, ContainerPolicy, HostId, ModelError, ObjectKey, Password, PeeringEntry, Port,
    PortDevice, PortGroupId, PortId, RouterId, RouterVtep, ServiceContainer, ServiceContainerGroup,
    ServiceContainerGroupId, ServiceContainerId, Transaction,
};
use packet::MacAddr;

use crate::fixture::*;

fn network(n: u128, subnet: &str) -> BgpNetwork {
    BgpNetwork { id: id(n), router: id(3), subnet: subnet.parse().expect("a prefix") }
}

fn peer(n: u128) -> BgpPeer {
    BgpPeer {
        id: id(n),
        router: id(3),
        as_number: 65001,
        address: ip("10.0.0.9"),
        keep_alive: None,
        hold_time: None,
        connect_retry: None,
        password: None,
    }
}

fn group(n: u128) -> ServiceContainerGroup {
    ServiceContainerGroup { id: id(n), policy: ContainerPolicy::Weighted, port_group: None }
}

fn container(n: u128, group: u128, port: u128) -> ServiceContainer {
    ServiceContainer {
        id: id(n),
        group: Some(id(group)),
        port: Some(id(port)),
        configuration: Some(id(99)),
        service_type: "IPSEC".to_owned(),
        host: None,
    }
}

fn entry(port: u128, last: u8, address: &str) -> PeeringEntry {
    PeeringEntry::new(id(port), MacAddr([2, 0, 0, 0, 0, last]), ip(address))
}

/// Router 3 with port 10, bridge 1 with port 11, container group 20.
fn begin_with_ports() -> Transaction {
    let mut tx = begin_with_devices();
    tx.create(router_port(10, 3, &["10.0.0.1/24"])).expect("a port");
    tx.create(bridge_port(11, 1)).expect("a port");
    tx.create(group(20)).expect("a group");
    tx
}

#[test]
fn a_router_takes_what_it_says_over_bgp() {
    let mut tx = begin_with_ports();
    tx.create(network(30, "10.1.0.0/16")).expect("a network");
    tx.create(peer(31)).expect("a peer");
    assert_eq!(tx.state().bgp_networks_of(id(3)).count(), 1);
    assert_eq!(tx.state().bgp_peers_of(id(3)).count(), 1);
    tx.delete(RouterId(id(3))).expect("it is there");
    assert_eq!((tx.state().bgp_networks().count(), tx.state().bgp_peers().count()), (0, 0));
}

#[test]
fn bgp_stays_with_its_router() {
    let mut tx = begin_with_ports();
    tx.create(router(4)).expect("a router");
    tx.create(network(30, "10.1.0.0/16")).expect("a network");
    tx.create(peer(31)).expect("a peer");
    let secret = Some(Password("secret".to_owned()));
    tx.update(BgpPeer { router: id(4), password: secret.clone(), ..peer(31) }).expect("valid");
    assert_eq!(tx.state().bgp_peer(id(31)), Some(&BgpPeer { password: secret, ..peer(31) }));
    tx.update(BgpNetwork { router: id(4), ..network(30, "10.2.0.1/16") }).expect("valid");
    assert_eq!(tx.state().bgp_network(id(30)), Some(&network(30, "10.2.0.1/16")));
}

#[test]
fn bgp_needs_a_router() {
    let mut tx = begin_with_ports();
    let missing = ModelError::NotFound(RouterId(id(98)).into());
    assert_eq!(tx.create(BgpPeer { router: id(98), ..peer(31) }), Err(missing.clone()));
    assert_eq!(tx.create(BgpNetwork { router: id(98), ..network(30, "10.1.0.0/16") }), Err(missing));
}

#[test]
fn a_peer_is_there_once() {
    let mut tx = begin_with_ports();
    tx.create(peer(31)).expect("a peer");
    assert_eq!(conflict(tx.create(peer(32))).1, [ObjectKey::from(peer(31).id)]);
    tx.create(BgpPeer { as_number: 65002, ..peer(32) }).expect("another autonomous system");
    assert_eq!(conflict(tx.update(peer(32))).1, [ObjectKey::from(peer(31).id)]);
    tx.update(peer(31)).expect("it is itself");
}

#[test]
fn what_bgp_cannot_do_is_refused() {
    let mut tx = begin_with_ports();
    for (wrong, property) in [
        (BgpPeer { as_number: 0, ..peer(31) }, "asNumber"),
        (BgpPeer { address: ip("2001:db8::1"), ..peer(31) }, "address"),
        (BgpPeer { address: ip("0.0.0.0"), ..peer(31) }, "address"),
        (BgpPeer { keep_alive: Some(4), ..peer(31) }, "keepAlive"),
        (BgpPeer { keep_alive: Some(3601), ..peer(31) }, "keepAlive"),
        (BgpPeer { hold_time: Some(7201), ..peer(31) }, "holdTime"),
        (BgpPeer { connect_retry: Some(3601), ..peer(31) }, "connectRetry"),
        (BgpPeer { password: Some(Password("x".repeat(81))), ..peer(31) }, "password"),
    ] {
        assert_eq!(violated(tx.create(wrong)), property);
    }
    assert_eq!(violated(tx.create(network(30, "2001:db8::/32"))), "subnetAddress");
}

#[test]
fn a_container_goes_with_its_port_and_with_its_group() {
    let mut tx = begin_with_ports();
    tx.create(container(21, 20, 10)).expect("a container");
    assert_eq!(tx.state().container_at(id(10)), Some(id(21)));
    assert_eq!(tx.state().containers_of(id(20)).count(), 1);
    tx.delete(PortId(id(10))).expect("it is there");
    assert_eq!(tx.state().service_containers().count(), 0);
    tx.create(container(22, 20, 11)).expect("a container");
    tx.delete(ServiceContainerGroupId(id(20))).expect("it is there");
    assert_eq!(tx.state().service_containers().count(), 0);
    assert!(tx.state().port(id(11)).is_some());
}

#[test]
fn a_port_has_one_container() {
    let mut tx = begin_with_ports();
    tx.create(container(21, 20, 10)).expect("a container");
    let (_, keys) = conflict(tx.create(container(22, 20, 10)));
    assert_eq!(keys, [ObjectKey::from(ServiceContainerId(id(21)))]);
}

#[test]
fn of_a_container_only_the_host_changes() {
    let mut tx = begin_with_ports();
    tx.create(container(21, 20, 10)).expect("a container");
    let host = Some(id(6));
    let other = ServiceContainer { host, service_type: "HAPROXY".to_owned(), ..container(21, 98, 11) };
    tx.update(other).expect("valid");
    assert_eq!(
        tx.state().service_container(id(21)),
        Some(&ServiceContainer { host, ..container(21, 20, 10) })
    );
    tx.delete(HostId(id(6))).expect("nothing is bound there");
    assert_eq!(tx.state().service_container(id(21)), Some(&container(21, 20, 10)));
}

#[test]
fn a_container_without_a_port_is_pinned_nowhere() {
    let mut tx = begin_with_ports();
    let loose = ServiceContainer { port: None, group: None, ..container(21, 20, 10) };
    assert_eq!(violated(tx.create(ServiceContainer { host: Some(id(6)), ..loose.clone() })), "hostId");
    assert_eq!(
        violated(tx.create(ServiceContainer { service_type: String::new(), ..loose.clone() })),
        "serviceType"
    );
    tx.create(loose).expect("it waits for a port");
    let nowhere = ServiceContainer { host: Some(id(98)), ..container(22, 20, 10) };
    assert_eq!(tx.create(nowhere), Err(ModelError::NotFound(HostId(id(98)).into())));
}

#[test]
fn a_container_group_stays_without_its_port_group() {
    let mut tx = begin_with_ports();
    tx.create(port_group(40)).expect("a group");
    tx.update(ServiceContainerGroup { port_group: Some(id(40)), ..group(20) }).expect("valid");
    tx.delete(PortGroupId(id(40))).expect("it is there");
    assert_eq!(tx.state().service_container_group(id(20)), Some(&group(20)));
}

#[test]
fn a_peering_table_has_one_line_for_a_station() {
    let mut tx = begin_with_ports();
    tx.create_or_update(entry(10, 1, "192.0.2.1")).expect("a line");
    tx.create_or_update(entry(10, 1, "192.0.2.2")).expect("the same line");
    tx.create_or_update(entry(10, 2, "192.0.2.2")).expect("another line");
    assert_eq!(tx.state().peering_of(id(10)).count(), 2);
    let line = entry(10, 1, "192.0.2.2");
    assert_eq!(tx.state().peering_entry(line.id), Some(&line));
    tx.delete(PortId(id(10))).expect("it is there");
    assert_eq!(tx.state().peering_entries().count(), 0);
}

#[test]
fn a_peering_table_is_a_router_port_s() {
    let mut tx = begin_with_ports();
    assert_eq!(violated(tx.create(entry(11, 1, "192.0.2.1"))), "portId");
    assert_eq!(violated(tx.create(entry(10, 1, "2001:db8::1"))), "ip");
    let group_address = PeeringEntry::new(id(10), MacAddr([1, 0, 0, 0, 0, 1]), ip("192.0.2.1"));
    assert_eq!(violated(tx.create(group_address)), "mac");
    assert_eq!(violated(tx.create(PeeringEntry { id: id(9), ..entry(10, 1, "192.0.2.1") })), "id");
}

#[test]
fn a_router_port_s_vni_has_24_bits() {
    let mut tx = begin_with_ports();
    let with = |vni| {
        let mut port = router_port(12, 3, &["10.0.1.1/24"]);
        if let PortDevice::Router { vtep, .. } = &mut port.device {
            *vtep = RouterVtep { vni: Some(vni), off_ramp: Some(true) };
        }
        port
    };
    assert_eq!(violated(tx.create(with(1 << 24))), "rtrPortVni");
    tx.create(with((1 << 24) - 1)).expect("valid");
    tx.update(with(7)).expect("valid");
    let kept = tx.state().port(id(12)).expect("it is there");
    assert!(matches!(
        kept,
        Port { device: PortDevice::Router { vtep: RouterVtep { vni: Some(7), .. }, .. }, .. }
    ));
}
