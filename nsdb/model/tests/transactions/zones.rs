//! Tunnel zones and IP address groups: sets with members.

use model::{HostId, IpAddrGroup, TunnelZone, TunnelZoneId};

use crate::fixture::*;

#[test]
fn a_zone_name_is_unique() {
    let mut tx = begin_with_devices();
    assert_eq!(conflict(tx.create(zone(8, "z"))).1, [TunnelZoneId(id(7)).into()]);
    tx.create(zone(8, "y")).expect("another name");
    conflict(tx.update(zone(8, "z")));
    tx.update(zone(8, "y")).expect("its own name");
    assert_eq!(tx.state().tunnel_zone_named("y").map(|zone| zone.id), Some(id(8)));
}

#[test]
fn a_renamed_zone_leaves_its_name() {
    let mut tx = begin_with_devices();
    tx.update(zone(7, "new")).expect("valid");
    assert_eq!(tx.state().tunnel_zone_named("z"), None);
    tx.create(zone(8, "z")).expect("the name is free");
}

#[test]
fn an_update_keeps_the_members() {
    let mut tx = begin_with_devices();
    tx.update(zone(7, "renamed")).expect("valid");
    assert_eq!(tx.state().host_zones(id(6)).map(|zone| zone.name.as_str()).collect::<Vec<_>>(), ["renamed"]);
}

#[test]
fn a_host_joins_a_zone_once_and_alone_on_its_address() {
    let mut tx = begin_with_devices();
    tx.create(host(8)).expect("a host");
    assert_eq!(conflict(tx.add_zone_host(id(7), id(6), ip("192.0.2.7"))).1, [HostId(id(6)).into()]);
    conflict(tx.add_zone_host(id(7), id(8), ip("192.0.2.6")));
    assert_eq!(violated(tx.add_zone_host(id(7), id(8), ip("0.0.0.0"))), "ipAddress");
    tx.add_zone_host(id(7), id(8), ip("192.0.2.8")).expect("a free address");
}

#[test]
fn a_zone_needs_a_name() {
    assert_eq!(violated(begin().create(zone(1, ""))), "name");
    assert_eq!(violated(begin().create(zone(1, &"x".repeat(256)))), "name");
}

#[test]
fn members_leave_quietly() {
    let mut tx = begin_with_devices();
    tx.remove_zone_host(id(7), id(6)).expect("a member");
    tx.remove_zone_host(id(7), id(6)).expect("no longer a member");
    assert_eq!(tx.state().host_zones(id(6)).count(), 0);
}

#[test]
fn addresses_come_and_go_by_themselves() {
    let mut tx = begin();
    tx.create(ip_addr_group(1)).expect("a group");
    tx.add_address(id(1), ip("10.0.0.1")).expect("a member");
    tx.add_address(id(1), ip("10.0.0.1")).expect("again");
    tx.add_address(id(1), ip("2001:db8::1")).expect("a member");
    tx.update(IpAddrGroup { name: Some("g".to_owned()), ..ip_addr_group(1) }).expect("valid");
    tx.remove_address(id(1), ip("10.0.0.1")).expect("a member");
    let group = tx.state().ip_addr_group(id(1)).expect("it is there");
    assert_eq!(group.addresses, [ip("2001:db8::1")].into());
    assert_eq!(group.name.as_deref(), Some("g"));
}

#[test]
fn a_zone_is_created_with_its_members() {
    let mut tx = begin_with_devices();
    let members = [(id(6), ip("198.51.100.6"))].into();
    tx.create(TunnelZone { members, ..zone(8, "y") }).expect("valid");
    assert_eq!(tx.state().host_zones(id(6)).count(), 2);
}
