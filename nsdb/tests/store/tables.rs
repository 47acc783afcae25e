//! State tables: many writers, one winner per key, nothing outlives its writer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{BridgeId, DeviceId, HostId, PortId, RouterId};
use nsdb::coordinator::{Memory, Resume};
use nsdb::tables::{
    ActivePorts, MacKey, MacTable, MacTables, PortOwner, StateTable, active_table, arp_table, mac_table,
};
use packet::MacAddr;

use crate::support::{Backend, bounded, eventually, id, on_all_drivers, within};

on_all_drivers! {
    an_entry_is_seen_by_all
    a_station_that_moves_is_where_it_was_seen_last
    a_loser_removes_its_own_entry
    entries_vanish_with_their_writer
    a_removed_entry_is_gone
    only_the_owner_of_an_entry_removes_it
    a_withdrawn_table_leaves_no_entry_of_its_writer
    a_restarted_writer_takes_its_entries_over
    a_restarted_writer_is_told_what_it_had_asserted
    a_write_before_the_first_reading_wins_over_what_stands
    changes_tell_what_happened
    many_entries_come_at_once
    typed_tables_hold_their_kinds
}

const BRIDGE: BridgeId = BridgeId(uuid::Uuid::from_u128(1));

fn station(number: u8) -> MacKey {
    MacKey { vlan: 0, mac: MacAddr([2, 0, 0, 0, 0, number]) }
}

fn port(number: u128) -> PortId {
    PortId(id(number))
}

async fn open(backend: &Backend, owner: &str) -> MacTable {
    let table = mac_table(backend.session(owner).await, BRIDGE);
    table.loaded().await;
    table
}

async fn sees(table: &MacTable, key: MacKey, value: Option<PortId>) {
    eventually(&format!("{key:?} is {value:?}"), async || table.get(&key) == value).await;
}

/// Names of the entries that stand in the coordinator.
async fn entries(backend: &Backend) -> Vec<String> {
    backend.session("reader").await.list(&format!("tables/mac/{BRIDGE}")).await.unwrap()
}

async fn an_entry_is_seen_by_all(backend: Backend) {
    let (one, two) = (open(&backend, "one").await, open(&backend, "two").await);
    one.set(station(1), port(1)).unwrap();
    two.set(station(2), port(2)).unwrap();
    for table in [&one, &two] {
        sees(table, station(1), Some(port(1))).await;
        sees(table, station(2), Some(port(2))).await;
    }
}

async fn a_station_that_moves_is_where_it_was_seen_last(backend: Backend) {
    let tables = [open(&backend, "one").await, open(&backend, "two").await];
    for round in 0..10 {
        tables[round % 2].set(station(1), port(round as u128)).unwrap();
        sees(&tables[0], station(1), Some(port(round as u128))).await;
        sees(&tables[1], station(1), Some(port(round as u128))).await;
    }
}

async fn a_loser_removes_its_own_entry(backend: Backend) {
    let (one, two) = (open(&backend, "one").await, open(&backend, "two").await);
    one.set(station(1), port(1)).unwrap();
    sees(&two, station(1), Some(port(1))).await;
    two.set(station(1), port(2)).unwrap();
    sees(&one, station(1), Some(port(2))).await;
    eventually("one entry is left", async || entries(&backend).await.len() == 1).await;
    two.remove(station(1)).unwrap();
    sees(&one, station(1), None).await;
    sees(&two, station(1), None).await;
}

async fn entries_vanish_with_their_writer(backend: Backend) {
    let session = backend.session("one").await;
    let one = mac_table(Arc::clone(&session), BRIDGE);
    let two = open(&backend, "two").await;
    one.set(station(1), port(1)).unwrap();
    sees(&two, station(1), Some(port(1))).await;
    session.close().await;
    sees(&two, station(1), None).await;
}

async fn a_removed_entry_is_gone(backend: Backend) {
    let (one, two) = (open(&backend, "one").await, open(&backend, "two").await);
    one.set(station(1), port(1)).unwrap();
    sees(&two, station(1), Some(port(1))).await;
    one.remove(station(1)).unwrap();
    sees(&two, station(1), None).await;
    assert!(entries(&backend).await.is_empty());
}

async fn a_withdrawn_table_leaves_no_entry_of_its_writer(backend: Backend) {
    let (session, two) = (backend.session("one").await, open(&backend, "two").await);
    let one = mac_table(session, BRIDGE);
    one.set(station(1), port(1)).unwrap();
    two.set(station(2), port(2)).unwrap();
    sees(&two, station(1), Some(port(1))).await;
    one.set(station(3), port(3)).unwrap();
    one.withdraw();
    sees(&two, station(1), None).await;
    eventually("the other writer's entry is left", async || entries(&backend).await.len() == 1).await;
    sees(&two, station(2), Some(port(2))).await;
    assert_eq!(two.get(&station(3)), None);
}

async fn only_the_owner_of_an_entry_removes_it(backend: Backend) {
    let (one, two) = (open(&backend, "one").await, open(&backend, "two").await);
    one.set(station(1), port(1)).unwrap();
    sees(&two, station(1), Some(port(1))).await;
    two.remove(station(1)).unwrap();
    two.set(station(2), port(2)).unwrap();
    sees(&one, station(2), Some(port(2))).await;
    assert_eq!(one.get(&station(1)), Some(port(1)));
    assert_eq!(entries(&backend).await.len(), 2);
}

/// The former process's session is still alive when the new one starts.
async fn a_restarted_writer_takes_its_entries_over(backend: Backend) {
    let former_session = backend.session("one").await;
    let former = mac_table(Arc::clone(&former_session), BRIDGE);
    let two = open(&backend, "two").await;
    former.set(station(1), port(1)).unwrap();
    former.set(station(2), port(2)).unwrap();
    sees(&two, station(2), Some(port(2))).await;
    drop(former);
    let restarted = open(&backend, "one").await;
    restarted.set(station(1), port(1)).unwrap();
    eventually("the new entry replaces the old one", async || {
        let names = entries(&backend).await;
        names.len() == 2 && names.iter().any(|name| name.contains(",2,one"))
    })
    .await;
    former_session.close().await;
    sees(&two, station(2), None).await;
    assert_eq!(two.get(&station(1)), Some(port(1)));
}

async fn a_restarted_writer_is_told_what_it_had_asserted(backend: Backend) {
    let former_session = backend.session("one").await;
    let former = mac_table(Arc::clone(&former_session), BRIDGE);
    let two = open(&backend, "two").await;
    former.set(station(1), port(1)).unwrap();
    former.set(station(2), port(2)).unwrap();
    sees(&two, station(2), Some(port(2))).await;
    two.set(station(2), port(3)).unwrap();
    two.set(station(4), port(4)).unwrap();
    sees(&former, station(2), Some(port(3))).await;
    sees(&former, station(4), Some(port(4))).await;
    drop(former);
    let restarted = mac_table(backend.session("one").await, BRIDGE);
    let mut changes = restarted.changes();
    assert_eq!(changes.loaded().await.unwrap().len(), 3);
    assert_eq!(changes.inherited(), [(station(1), port(1))], "not what others have, or have by now");
    former_session.close().await;
}

/// As when a port is bound anew whose former host is dead, while that host's session is not over.
async fn a_write_before_the_first_reading_wins_over_what_stands(backend: Backend) {
    let dead = open(&backend, "two").await;
    for number in [1, 2] {
        dead.set(station(1), port(number)).unwrap();
        let is_alone = |names: Vec<String>| names.len() == 1 && names[0].contains(&port(number).to_string());
        eventually("written", async || is_alone(entries(&backend).await)).await;
    }
    let one = mac_table(backend.session("one").await, BRIDGE);
    one.set(station(1), port(3)).unwrap();
    sees(&dead, station(1), Some(port(3))).await;
    sees(&one, station(1), Some(port(3))).await;
}

async fn changes_tell_what_happened(backend: Backend) {
    let (one, two) = (open(&backend, "one").await, open(&backend, "two").await);
    one.set(station(1), port(1)).unwrap();
    sees(&two, station(1), Some(port(1))).await;
    let mut changes = two.changes();
    assert_eq!(changes.next().await.unwrap(), [(station(1), Some(port(1)))]);
    one.set(station(1), port(2)).unwrap();
    assert_eq!(changes.next().await.unwrap(), [(station(1), Some(port(2)))]);
    one.remove(station(1)).unwrap();
    assert_eq!(changes.next().await.unwrap(), [(station(1), None)]);
    assert_eq!(changes.take(), []);
}

async fn many_entries_come_at_once(backend: Backend) {
    let (one, two) = (open(&backend, "one").await, open(&backend, "two").await);
    let station = |number: u32| {
        let [_, a, b, c] = number.to_be_bytes();
        MacKey { vlan: 7, mac: MacAddr([2, 0, 0, a, b, c]) }
    };
    for number in 0..2000 {
        one.set(station(number), port(number.into())).unwrap();
    }
    eventually("all are there", async || two.snapshot().len() == 2000).await;
    assert_eq!(two.get(&station(1234)), Some(port(1234)));
}

async fn typed_tables_hold_their_kinds(backend: Backend) {
    let session = backend.session("one").await;
    let arp = arp_table(Arc::clone(&session), RouterId(id(5)));
    let (v4, v6): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "fe80::1".parse().unwrap());
    arp.set(v4, MacAddr::BROADCAST).unwrap();
    arp.set(v6, MacAddr::ZERO).unwrap();
    let device = DeviceId::Router(RouterId(id(5)));
    let active = active_table(Arc::clone(&session), device);
    let owner = PortOwner { host: HostId(id(9)), tunnel_key: 0xf_ffff };
    active.set(port(3), owner).unwrap();
    let reader = backend.session("two").await;
    let seen = arp_table(Arc::clone(&reader), RouterId(id(5)));
    eventually("addresses", async || seen.get(&v4).is_some() && seen.get(&v6).is_some()).await;
    let ports = ActivePorts::new(Arc::clone(&reader));
    eventually("ports", async || ports.of(device).await.get(&port(3)) == Some(&owner)).await;
    let bridge = BridgeId(id(6));
    let station = MacKey { vlan: 7, mac: MacAddr::ZERO };
    let learned = mac_table(Arc::clone(&session), bridge);
    learned.set(station, port(3)).unwrap();
    let stations = MacTables::new(reader);
    eventually("stations", async || stations.of(bridge).await.get(&station) == Some(&port(3))).await;
}

/// Writes go on during an outage, are visible at once here, and reach the others on return.
#[tokio::test]
async fn writes_of_an_outage_are_reconciled() {
    bounded(async {
        for resume in [Resume::SameSession, Resume::NewSession] {
            let memory = Memory::new("first");
            let session = Arc::new(memory.session("one"));
            let one: StateTable<String, String> = StateTable::open(session.clone(), "t");
            let two: StateTable<String, String> = StateTable::open(Arc::new(memory.session("two")), "t");
            let text = |text: &str| text.to_owned();
            for key in ["kept", "taken", "removed", "changed"] {
                one.set(text(key), text("before")).unwrap();
            }
            eventually("written", async || two.snapshot().len() == 4).await;
            session.interrupt();
            one.remove(text("removed")).unwrap();
            one.set(text("changed"), text("first")).unwrap();
            one.set(text("changed"), text("last")).unwrap();
            one.set(text("new"), text("value")).unwrap();
            two.set(text("taken"), text("by two")).unwrap();
            eventually("seen here", async || one.get(&text("changed")) == Some(text("last"))).await;
            session.resume(resume);
            let expected = [("changed", "last"), ("kept", "before"), ("new", "value"), ("taken", "by two")];
            for table in [&one, &two] {
                within(Duration::from_secs(2), "all agree", async || {
                    let view = table.snapshot();
                    view.iter().map(|(key, value)| (key.as_str(), value.as_str())).eq(expected)
                })
                .await;
            }
        }
    })
    .await;
}
