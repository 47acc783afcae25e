//! Deleting what a rule's condition names has the effect of emptying it: held against a naive evaluation of
//! conditions, over every packet of a small world.

use std::collections::BTreeSet;

use model::strategy::{Values, condition};
use model::{Condition, IpAddrGroupId, Kind, Match, ObjectKey, PortGroupId, PortId, Transaction};
use proptest::prelude::*;
use uuid::Uuid;

use crate::fixture::*;

/// Ids of the ports, groups and devices of the small world: those that plausible conditions name.
const IDS: std::ops::RangeInclusive<u128> = 1..=6;

/// What a condition can ask about a packet here: one id for each role, or none. A group is represented by the one
/// group that the port or address is in.
#[derive(Clone, Copy, Debug)]
struct Facts {
    in_port: Option<Uuid>,
    out_port: Option<Uuid>,
    groups: [Option<Uuid>; 3],
    address_groups: [Option<Uuid>; 2],
    traversed: Option<Uuid>,
}

/// Whether the condition matches, when the objects in `gone` are as if empty: nothing is in them.
fn matches(condition: &Condition, facts: &Facts, gone: &BTreeSet<(Kind, Uuid)>) -> bool {
    let in_set = |kinds: &[Kind], fact: Option<Uuid>, set: &[Uuid]| {
        fact.is_some_and(|id| set.contains(&id) && !kinds.iter().any(|kind| gone.contains(&(*kind, id))))
    };
    let part = |kinds: &[Kind], fact, part: Option<(Vec<Uuid>, bool)>| {
        part.is_none_or(|(set, negated)| in_set(kinds, fact, &set) != negated)
    };
    let ports = |m: &Option<Match<Vec<PortId>>>| {
        m.as_ref().map(|m| (m.value.iter().map(|p| p.0).collect::<Vec<_>>(), m.negated))
    };
    let group = |m: Option<Match<PortGroupId>>| m.map(|m| (vec![m.value.0], m.negated));
    let addresses = |m: Option<Match<IpAddrGroupId>>| m.map(|m| (vec![m.value.0], m.negated));
    let device = condition.traversed_device.map(|m| (vec![m.value], m.negated));
    let all = part(&[Kind::Port], facts.in_port, ports(&condition.in_ports))
        && part(&[Kind::Port], facts.out_port, ports(&condition.out_ports))
        && part(&[Kind::PortGroup], facts.groups[0], group(condition.port_group))
        && part(&[Kind::PortGroup], facts.groups[1], group(condition.in_port_group))
        && part(&[Kind::PortGroup], facts.groups[2], group(condition.out_port_group))
        && part(&[Kind::IpAddrGroup], facts.address_groups[0], addresses(condition.ip_addr_group_src))
        && part(&[Kind::IpAddrGroup], facts.address_groups[1], addresses(condition.ip_addr_group_dst))
        && part(&[Kind::Bridge, Kind::Router], facts.traversed, device);
    all != condition.conjunction_inv
}

/// The parts of a condition that name objects.
fn names_only(condition: Condition) -> Condition {
    Condition {
        conjunction_inv: condition.conjunction_inv,
        in_ports: condition.in_ports,
        out_ports: condition.out_ports,
        port_group: condition.port_group,
        in_port_group: condition.in_port_group,
        out_port_group: condition.out_port_group,
        ip_addr_group_src: condition.ip_addr_group_src,
        ip_addr_group_dst: condition.ip_addr_group_dst,
        traversed_device: condition.traversed_device,
        ..Condition::default()
    }
}

fn facts() -> impl Strategy<Value = Facts> {
    let fact = || proptest::option::of(IDS.prop_map(Uuid::from_u128));
    (fact(), fact(), [fact(), fact(), fact()], [fact(), fact()], fact()).prop_map(
        |(in_port, out_port, groups, address_groups, traversed)| Facts {
            in_port,
            out_port,
            groups,
            address_groups,
            traversed,
        },
    )
}

/// A topology that has everything that a plausible condition can name, in chain 1000 a rule 1000 with the condition.
fn world(condition: Condition) -> Transaction {
    let mut tx = begin();
    tx.create(bridge(1001)).expect("a bridge");
    for n in IDS {
        tx.create(bridge(n)).expect("a bridge");
        tx.create(bridge_port(n, 1001)).expect("a port");
        tx.create(port_group(n)).expect("a group");
        tx.create(ip_addr_group(n)).expect("a group");
    }
    tx.create(chain(1000)).expect("a chain");
    tx.create(rule_if(1000, 1000, condition)).expect("all that it names exists");
    tx
}

fn named() -> impl Strategy<Value = (Kind, Uuid)> {
    let kinds = [Kind::Port, Kind::PortGroup, Kind::IpAddrGroup, Kind::Bridge];
    (proptest::sample::select(kinds.to_vec()), IDS.prop_map(Uuid::from_u128))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn deletion_acts_like_emptying(
        condition in condition(Values::Wild),
        replacements in any::<[u8; 8]>(),
        gone in proptest::collection::btree_set(named(), 1..12),
        facts in proptest::collection::vec(facts(), 64),
    ) {
        let condition = into_world(names_only(condition), replacements);
        let mut tx = world(condition.clone());
        for (kind, id) in &gone {
            tx.delete(ObjectKey { kind: *kind, id: *id }).expect("it is there");
        }
        let left = tx.state().rule(id(1000)).map(|rule| rule.condition.clone());
        for facts in facts {
            let expected = matches(&condition, &facts, &gone);
            let actual = left.as_ref().is_some_and(|left| matches(left, &facts, &gone));
            prop_assert_eq!(actual, expected, "{:?} became {:?} for {:?}", condition, left, facts);
        }
        if let Some(left) = left {
            let names = model::Object::from(rule_if(1000, 1000, left)).references();
            for reference in names {
                let key = (reference.target.kind, reference.target.id);
                prop_assert!(!gone.contains(&key), "still names {:?}", key);
            }
        }
    }
}

/// Maps the ids of a wild condition, which sets many parts, to those of the small world.
fn into_world(mut condition: Condition, to: [u8; 8]) -> Condition {
    let small = |n: u8| Uuid::from_u128(u128::from(n % 6) + 1);
    for (ports, n) in [(&mut condition.in_ports, to[0]), (&mut condition.out_ports, to[1])] {
        for (ports, offset) in ports.iter_mut().flat_map(|m| m.value.iter_mut()).zip(0..) {
            *ports = PortId(small(n.wrapping_add(offset)));
        }
    }
    for (group, n) in [
        (&mut condition.port_group, to[2]),
        (&mut condition.in_port_group, to[3]),
        (&mut condition.out_port_group, to[4]),
    ] {
        if let Some(m) = group {
            m.value = PortGroupId(small(n));
        }
    }
    for (group, n) in [(&mut condition.ip_addr_group_src, to[5]), (&mut condition.ip_addr_group_dst, to[6])] {
        if let Some(m) = group {
            m.value = IpAddrGroupId(small(n));
        }
    }
    if let Some(m) = &mut condition.traversed_device {
        m.value = small(to[7]);
    }
    condition
}
