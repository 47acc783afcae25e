//! The flow table: names, limits, tags.

use model::{BridgeId, PortId};
use packet::{DpPort, MacAddr};
use uuid::Uuid;

use super::*;

fn key(n: u8) -> FlowKey {
    FlowKey { in_port: u32::from(n), eth_dst: MacAddr([2, 0, 0, 0, 0, n]), ..FlowKey::default() }
}

fn mask() -> FlowMask {
    let mut mask = FlowMask::any();
    mask.0.eth_dst = MacAddr::BROADCAST;
    mask
}

fn port_tag(n: u128) -> Tag {
    Tag::Port(PortId(Uuid::from_u128(n)))
}

fn put(table: &mut FlowTable, n: u8, tags: &[Tag]) -> (Ufid, TagChanges) {
    let mut changes = TagChanges::default();
    let new = NewFlow {
        key: key(n),
        origin: KeyOrigin::Packet,
        mask: mask(),
        actions: &[Action::Output(DpPort(1))],
        dropped: None,
        tags,
        life: Life::Idle,
    };
    (table.insert(&new, 0, &mut changes).unwrap(), changes)
}

#[test]
fn a_name_of_a_removed_flow_never_finds_its_successor() {
    let mut table = FlowTable::new(3, 10, 7);
    let (first, _) = put(&mut table, 1, &[]);
    assert_eq!(first.slot().map(|(index, generation)| (worker_of(index), generation)), Some((3, 7)));
    table.remove(first, &mut TagChanges::default()).unwrap();
    let (second, _) = put(&mut table, 2, &[]);
    assert_ne!(first, second);
    assert!(table.get(first).is_none());
    assert_eq!(table.get(second).unwrap().key, key(2));
    assert!(table.remove(first, &mut TagChanges::default()).is_none());
}

#[test]
fn a_flow_is_found_by_the_bits_under_its_mask() {
    let mut table = FlowTable::new(0, 10, 0);
    let (ufid, _) = put(&mut table, 1, &[]);
    assert_eq!(table.find(&FlowKey { tp_src: 99, ..key(1) }, &mask()), Some(ufid));
    assert_eq!(table.find(&key(2), &mask()), None);
    assert_eq!(table.find(&key(1), &FlowMask::exact()), None);
}

#[test]
fn the_table_is_full_at_its_limit() {
    let mut table = FlowTable::new(0, 2, 0);
    let (first, _) = put(&mut table, 1, &[]);
    put(&mut table, 2, &[]);
    let new = NewFlow {
        key: key(3),
        origin: KeyOrigin::Packet,
        mask: mask(),
        actions: &[],
        dropped: None,
        tags: &[],
        life: Life::Idle,
    };
    assert_eq!(table.insert(&new, 0, &mut TagChanges::default()), Err(TableFull));
    table.remove(first, &mut TagChanges::default());
    assert!(table.insert(&new, 0, &mut TagChanges::default()).is_ok());
}

#[test]
fn tags_name_their_first_and_last_flow() {
    let mut table = FlowTable::new(0, 10, 0);
    let bridge = Tag::Bridge(BridgeId::default());
    let (first, changes) = put(&mut table, 1, &[bridge, port_tag(1), bridge]);
    assert_eq!(changes.first, [bridge, port_tag(1)]);
    let (second, changes) = put(&mut table, 2, &[bridge]);
    assert_eq!(changes, TagChanges::default());
    assert_eq!(table.under(&bridge).collect::<Vec<_>>(), [first, second]);

    let mut changes = TagChanges::default();
    table.remove(first, &mut changes);
    assert_eq!(changes.last, [port_tag(1)]);
    assert_eq!(table.under(&bridge).collect::<Vec<_>>(), [second]);
    table.remove(second, &mut changes);
    assert_eq!(changes.last, [port_tag(1), bridge]);
}

#[test]
fn a_flow_that_is_extended_stands_under_its_old_and_its_new_tags() {
    let mut table = FlowTable::new(0, 10, 0);
    let (ufid, _) = put(&mut table, 1, &[port_tag(1)]);
    let mut changes = TagChanges::default();
    table.extend(ufid, &[port_tag(1), port_tag(2)], Life::Until(9), &mut changes);
    for n in [1, 2] {
        assert_eq!(table.under(&port_tag(n)).collect::<Vec<_>>(), [ufid]);
    }
    assert_eq!(changes, TagChanges { first: vec![port_tag(2)], last: vec![] });
    let flow = table.get(ufid).unwrap();
    assert_eq!(flow.life, Life::Until(9));
    assert!(table.has_actions(flow, &[Action::Output(DpPort(1))]));
}

#[test]
fn the_index_stays_true_through_many_changes() {
    let mut table = FlowTable::new(0, 1000, 0);
    let mut flows: Vec<(Ufid, Vec<Tag>)> = Vec::new();
    let mut seed = 12345u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for round in 0..5000u64 {
        let tags: Vec<Tag> = (0..random(6)).map(|_| port_tag(u128::from(random(12)))).collect();
        let mut changes = TagChanges::default();
        match random(3) {
            0 if !flows.is_empty() => {
                let (ufid, _) = flows.swap_remove(random(flows.len() as u64) as usize);
                table.remove(ufid, &mut changes).unwrap();
            }
            1 if !flows.is_empty() => {
                let at = random(flows.len() as u64) as usize;
                table.update(flows[at].0, &[], None, &tags, Life::Idle, &mut changes);
                flows[at].1 = tags;
            }
            _ if flows.len() < 200 => {
                let (ufid, _) = put(&mut table, (round % 251) as u8, &tags);
                flows.push((ufid, tags));
            }
            _ => {}
        }
    }
    for tag in (0..12).map(port_tag) {
        let mut found: Vec<_> = table.under(&tag).collect();
        let mut expected: Vec<_> =
            flows.iter().filter(|(_, tags)| tags.contains(&tag)).map(|(ufid, _)| *ufid).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
}

#[test]
fn an_adopted_flow_keeps_its_name_and_its_slot_is_not_given_out_again() {
    let mut table = FlowTable::new(0, 100, 500);
    let new = NewFlow {
        key: key(1),
        origin: KeyOrigin::Dump,
        mask: mask(),
        actions: &[],
        dropped: None,
        tags: &[],
        life: Life::Idle,
    };
    let old = Ufid::of_slot(5, 42);
    assert!(table.adopt(old, &new, 0, &mut TagChanges::default()));
    assert!(!table.adopt(Ufid::of_slot(5, 43), &new, 0, &mut TagChanges::default()));
    let others: Vec<_> = (10..30).map(|n| put(&mut table, n, &[]).0).collect();
    assert!(others.iter().all(|ufid| ufid.slot().unwrap().0 != 5));
    assert!(table.get(old).is_some());
    assert!(!table.adopt(Ufid::of_slot(1 << 24, 1), &new, 0, &mut TagChanges::default()), "another worker's");
}

#[test]
fn an_entry_is_lean() {
    // With ten tags, index and slot this comes to about 600 bytes a flow.
    assert!(size_of::<Flow>() <= 256, "{} bytes", size_of::<Flow>());
}
