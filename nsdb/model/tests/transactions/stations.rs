//! Static entries of bridges' MAC and ARP tables.

use model::{ArpEntry, BridgeId, MacEntry, ModelError, PortId, Transaction};
use packet::MacAddr;

use crate::fixture::*;

/// Ports 10 and 11 of bridge 1, the latter in VLAN 7, and port 12 of bridge 2.
fn begin_with_ports() -> Transaction {
    let mut tx = begin_with_devices();
    tx.create(bridge_port(10, 1)).expect("a port");
    tx.create(vlan_port(11, 1, 7)).expect("a port");
    tx.create(bridge_port(12, 2)).expect("a port");
    tx
}

fn entry(vlan: u16, n: u8, port: u128) -> MacEntry {
    MacEntry::new(id(1), vlan, mac(n), id(port))
}

fn address(text: &str, n: u8) -> ArpEntry {
    ArpEntry::new(id(1), text.parse().expect("an address"), mac(n))
}

#[test]
fn a_station_is_in_a_table_once_per_vlan_and_the_last_entry_counts() {
    let mut tx = begin_with_ports();
    tx.set_mac_entry(entry(7, 1, 10)).expect("an entry");
    tx.set_mac_entry(entry(0, 1, 10)).expect("another VLAN");
    tx.set_mac_entry(entry(7, 1, 11)).expect("it moved");
    assert_eq!(tx.state().bridge_mac_entries(id(1)).count(), 2);
    assert_eq!(tx.state().mac_entry(entry(7, 1, 10).id), Some(&entry(7, 1, 11)));
    assert_eq!(conflict(tx.set_mac_entry(entry(7, 1, 11))).1, [entry(7, 1, 11).id.into()]);
}

#[test]
fn an_address_is_in_a_table_once_and_the_last_entry_counts() {
    let mut tx = begin_with_devices();
    tx.set_arp_entry(address("10.0.0.5", 5)).expect("an entry");
    tx.set_arp_entry(address("10.0.0.5", 6)).expect("another station has it");
    assert_eq!(tx.state().bridge_arp_entries(id(1)).collect::<Vec<_>>(), [&address("10.0.0.5", 6)]);
    assert_eq!(conflict(tx.set_arp_entry(address("10.0.0.5", 6))).1, [address("10.0.0.5", 6).id.into()]);
}

#[test]
fn an_entry_needs_its_bridge_and_its_port() {
    let missing = |result: Result<(), ModelError>| match result {
        Err(ModelError::NotFound(key)) => key,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(begin().set_mac_entry(entry(0, 1, 10))), BridgeId(id(1)).into());
    assert_eq!(missing(begin().set_arp_entry(address("10.0.0.5", 5))), BridgeId(id(1)).into());
    assert_eq!(missing(begin_with_ports().set_mac_entry(entry(0, 1, 99))), PortId(id(99)).into());
}

#[test]
fn the_port_is_of_the_bridge_and_carries_the_vlan() {
    let mut tx = begin_with_ports();
    assert_eq!(violated(tx.set_mac_entry(entry(0, 1, 12))), "portId");
    assert_eq!(violated(tx.set_mac_entry(entry(8, 1, 11))), "vlanId");
    assert_eq!(violated(tx.set_mac_entry(entry(4095, 1, 10))), "vlanId");
    tx.set_mac_entry(entry(4094, 1, 10)).expect("a port that carries all VLANs");
}

#[test]
fn an_entry_is_of_one_station() {
    let mut tx = begin_with_ports();
    for station in [MacAddr::ZERO, MacAddr::BROADCAST, MacAddr([1, 0, 0x5e, 0, 0, 1])] {
        assert_eq!(violated(tx.set_mac_entry(MacEntry::new(id(1), 0, station, id(10)))), "macAddr");
        let of_group = ArpEntry::new(id(1), [10, 0, 0, 5].into(), station);
        assert_eq!(violated(tx.set_arp_entry(of_group)), "mac");
    }
    assert_eq!(violated(tx.set_arp_entry(address("224.0.0.1", 5))), "ip");
}

#[test]
fn an_entry_is_named_after_what_it_is_unique_by() {
    let mut tx = begin_with_ports();
    assert_eq!(violated(tx.create(MacEntry { id: id(9), ..entry(0, 1, 10) })), "id");
    assert_eq!(violated(tx.create(ArpEntry { id: id(9), ..address("10.0.0.5", 5) })), "id");
}

#[test]
fn entries_go_with_their_port_and_their_bridge() {
    let mut tx = begin_with_ports();
    tx.set_mac_entry(entry(0, 1, 10)).expect("an entry");
    tx.set_mac_entry(entry(7, 2, 11)).expect("an entry");
    tx.set_arp_entry(address("10.0.0.5", 5)).expect("an entry");
    tx.delete(PortId(id(10))).expect("it is there");
    assert_eq!(tx.state().bridge_mac_entries(id(1)).collect::<Vec<_>>(), [&entry(7, 2, 11)]);
    tx.delete(BridgeId(id(1))).expect("it is there");
    assert_eq!((tx.state().mac_entries().count(), tx.state().arp_entries().count()), (0, 0));
}

/// A port could be given a VLAN that the entries of its stations are not in.
#[test]
fn a_port_with_stations_does_not_change_to_another_vlan() {
    let mut tx = begin_with_ports();
    tx.set_mac_entry(entry(0, 1, 10)).expect("an entry");
    tx.set_mac_entry(entry(8, 2, 10)).expect("an entry");
    assert_eq!(conflict(tx.update(vlan_port(10, 1, 8))).1, [entry(0, 1, 10).id.into()]);
}

#[test]
fn a_port_takes_on_the_vlan_that_all_its_stations_are_in() {
    let mut tx = begin_with_ports();
    tx.set_mac_entry(entry(8, 2, 10)).expect("an entry");
    tx.update(vlan_port(10, 1, 8)).expect("the VLAN of its station");
}
