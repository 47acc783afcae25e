//! Whatever operations are tried on a topology, it stays valid and whole.

#![allow(clippy::expect_used, reason = "tests")]

use std::collections::BTreeSet;

use model::strategy::{Operation, operation, topology};
use model::{Change, Kind, Object, ObjectKey, PortDevice, Role, Router, State, Transaction};
use proptest::collection::vec;
use proptest::prelude::*;

/// All that must hold of a topology, told without the code that keeps it.
fn assert_whole(state: &State) {
    let objects: Vec<Object> = state.keys().filter_map(|key| state.object(key)).collect();
    for object in &objects {
        for reference in object.references() {
            let found = match reference.role {
                Role::Traversed => [Kind::Bridge, Kind::Router]
                    .iter()
                    .any(|kind| state.contains(ObjectKey { kind: *kind, id: reference.target.id })),
                _ => state.contains(reference.target),
            };
            assert!(found, "{} refers to missing {:?}", object.key(), reference);
        }
    }
    for port in state.ports() {
        if let Some(peer) = port.peer {
            let peer = state.port(peer).expect("checked above");
            assert_eq!(peer.peer, Some(port.id), "links are symmetric");
            assert_ne!(peer.owner(), port.owner(), "links join different devices");
            assert!(port.binding.is_none(), "no port is linked and bound");
        }
    }
    assert_rules_are_listed_once(state);
    assert_unique(state);
    assert_attached_once(state);
}

/// No load balancer works at two routers, no port has two containers.
fn assert_attached_once(state: &State) {
    let mut balancers = BTreeSet::new();
    assert!(state.routers().filter_map(|router| router.load_balancer).all(|id| balancers.insert(id)));
    let mut ports = BTreeSet::new();
    assert!(state.service_containers().filter_map(|container| container.port).all(|id| ports.insert(id)));
    assert_bridges_reach_their_vteps(state);
}

fn assert_rules_are_listed_once(state: &State) {
    let mut listed = BTreeSet::new();
    for chain in state.chains() {
        for rule in &chain.rules {
            assert!(listed.insert(*rule), "{rule:?} is listed twice");
            assert_eq!(state.rule(*rule).map(|r| r.chain), Some(chain.id));
        }
    }
    assert_eq!(listed, state.rules().map(|rule| rule.id).collect());
}

fn assert_unique(state: &State) {
    let mut tunnel_keys = BTreeSet::new();
    let mut interfaces = BTreeSet::new();
    let mut vlans = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for port in state.ports() {
        assert!(port.tunnel_key > 0 && tunnel_keys.insert(port.tunnel_key));
        if let Some(binding) = &port.binding {
            assert!(interfaces.insert((binding.host, &binding.interface)));
        }
        match &port.device {
            PortDevice::Bridge { bridge, vlan: Some(vid) } => assert!(vlans.insert((bridge, vid))),
            PortDevice::Bridge { .. } | PortDevice::Vxlan { .. } => {}
            PortDevice::Router { router, addresses: own, .. } => {
                assert!(!own.is_empty());
                assert!(own.iter().all(|address| addresses.insert((router, address.ip()))));
            }
        }
    }
    let mut insertions = BTreeSet::new();
    for insertion in state.l2_insertions() {
        assert!(insertions.insert((insertion.port, insertion.service_port)));
        assert_eq!(state.service_insertions(insertion.port).count(), 0, "an inspected port does not serve");
    }
    let mut names = BTreeSet::new();
    assert!(state.tunnel_zones().all(|zone| names.insert(&zone.name)));
    let mut subnets = BTreeSet::new();
    assert!(state.dhcp_subnets().all(|subnet| subnets.insert((subnet.bridge, subnet.prefix))));
    let mut subnets = BTreeSet::new();
    assert!(state.dhcp_subnets6().all(|subnet| subnets.insert((subnet.bridge, subnet.prefix))));
    let mut stations = BTreeSet::new();
    assert!(state.mac_entries().all(|entry| stations.insert((entry.bridge, entry.vlan, entry.mac))));
    let mut addresses = BTreeSet::new();
    assert!(state.arp_entries().all(|entry| addresses.insert((entry.bridge, entry.address))));
    let mut managed = BTreeSet::new();
    assert!(state.vteps().all(|vtep| managed.insert(vtep.management_ip)));
}

/// There is a port to a VTEP for each bridge that is bound to it, and no other.
fn assert_bridges_reach_their_vteps(state: &State) {
    let bound: BTreeSet<_> =
        state.vteps().flat_map(|vtep| vtep.bridges().into_iter().map(|bridge| (bridge, vtep.id))).collect();
    let mut reached = BTreeSet::new();
    for port in state.ports() {
        if let PortDevice::Vxlan { bridge, vtep } = port.device {
            assert!(reached.insert((bridge, vtep)), "one port is enough");
            assert!(port.peer.is_none() && port.binding.is_none(), "nothing else is plugged in");
        }
    }
    assert_eq!(reached, bound);
    for entry in state.mac_entries() {
        let port = state.port(entry.port).expect("checked above");
        assert_eq!(port.bridge(), Some(entry.bridge));
        let carried = match port.device {
            PortDevice::Bridge { vlan, .. } => vlan,
            _ => None,
        };
        assert!(carried.is_none_or(|vlan| vlan == entry.vlan), "the port carries the station's VLAN");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn random_operations_leave_the_topology_whole(
        state in topology(60),
        operations in vec(operation(), 0..60),
    ) {
        let mut transaction = Transaction::new(&state);
        for operation in operations {
            let _ = operation.run(&mut transaction);
            assert_whole(transaction.state());
        }
    }

    #[test]
    fn a_refused_operation_changes_nothing(state in topology(60), operation in operation()) {
        let mut transaction = Transaction::new(&state);
        if operation.run(&mut transaction).is_err() {
            prop_assert_eq!(transaction.state(), &state);
            prop_assert_eq!(transaction.finish(), vec![]);
        }
    }

    #[test]
    fn what_a_tenant_does_touches_nobody_else(
        state in topology(60),
        operations in vec(operation(), 0..30),
    ) {
        let mut transaction = Transaction::new(&state);
        for operation in operations {
            let before = transaction.state().clone();
            let done = transaction.on_behalf_of("t1", |tx| operation.run(tx));
            let after = transaction.state();
            if done.is_err() {
                prop_assert_eq!(after, &before);
                continue;
            }
            assert_whole(after);
            let (mine_before, mine_after) = (before.seen_by("t1"), after.seen_by("t1"));
            for key in before.keys().chain(after.keys()) {
                let mine = mine_before.contains(key) || mine_after.contains(key);
                prop_assert!(mine || before.object(key) == after.object(key), "{} changed by {:?}", key, operation);
            }
            for key in before.keys().filter(|key| mine_before.contains(*key)) {
                prop_assert!(!after.contains(key) || mine_after.contains(key), "{} was given away", key);
            }
        }
    }

    #[test]
    fn a_tenant_sees_only_whole_things(state in topology(60)) {
        let seen = state.seen_by("t1");
        for key in seen.keys() {
            let object = seen.object(key).expect("it is seen");
            let owners = object.references().into_iter().filter(|r| r.role == Role::Owner);
            prop_assert!(owners.into_iter().all(|owner| seen.contains(owner.target)), "{} is seen without its owner", key);
            let shared = matches!(&object, Object::QosPolicy(policy) if policy.shared == Some(true));
            prop_assert!(shared || object.tenant().is_none_or(|tenant| tenant == "t1"));
            prop_assert!(seen.referrers(key).all(|(_, referrer)| seen.contains(referrer)));
        }
    }

    #[test]
    fn applying_the_changes_gives_what_the_transaction_showed(
        state in topology(60),
        operations in vec(operation(), 0..20),
    ) {
        let (shown, changes) = run(&state, &operations);
        let mut applied = state.clone();
        applied.apply(state.version(), &changes);
        prop_assert_eq!(&applied, &shown);
        applied.apply(state.version(), &changes);
        prop_assert_eq!(&applied, &shown, "a second time");
    }

    #[test]
    fn the_order_of_changes_within_an_entry_does_not_matter(
        state in topology(60),
        operations in vec(operation(), 0..20),
    ) {
        let (shown, mut changes) = run(&state, &operations);
        changes.reverse();
        let mut applied = state.clone();
        applied.apply(state.version(), &changes);
        prop_assert_eq!(applied, shown);
    }

    #[test]
    fn deleting_everything_leaves_nothing(state in topology(60)) {
        let mut transaction = Transaction::new(&state);
        for port in state.ports() {
            transaction.unbind(port.id).expect("it exists");
        }
        for router in state.routers() {
            transaction.update(Router { load_balancer: None, ..router.clone() }).expect("it exists");
        }
        for vtep in state.vteps() {
            for (port_name, vlan) in vtep.bindings.keys() {
                transaction.unbind_vtep(vtep.id, port_name, *vlan).expect("it exists");
            }
            transaction.delete(vtep.id).expect("nothing is bound to it");
        }
        for key in state.keys() {
            if transaction.state().contains(key) {
                transaction.delete(key).expect("nothing is in the way");
                assert_whole(transaction.state());
            }
        }
        let mut emptied = state.clone();
        emptied.apply(0, &transaction.finish());
        prop_assert_eq!(emptied, State::new());
    }
}

fn run(state: &State, operations: &[Operation]) -> (State, Vec<Change>) {
    let mut transaction = Transaction::new(state);
    for operation in operations {
        let _ = operation.run(&mut transaction);
    }
    (transaction.state().clone(), transaction.finish())
}

#[test]
fn random_topologies_are_worth_testing_with() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    let mut linked = 0;
    let mut bound = 0;
    let mut conditions = 0;
    let mut bindings = 0;
    let mut hooked = 0;
    for _ in 0..200 {
        let state = topology(60).new_tree(&mut runner).expect("a topology").current();
        seen.extend(state.keys().map(|key| key.kind));
        linked += state.ports().filter(|port| port.is_interior()).count();
        bound += state.ports().filter(|port| port.is_exterior()).count();
        let on_ports = state.ports().map(|port| state.rules_on(port.id).count()).sum::<usize>();
        conditions += on_ports;
        bindings += state.vteps().map(|vtep| vtep.bindings.len()).sum::<usize>();
        hooked += state.mirrors().flat_map(|mirror| state.referrers(mirror.id)).count();
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), Kind::ALL, "every kind occurs");
    assert!(
        linked > 10 && bound > 10 && conditions > 10 && hooked > 3,
        "{linked} {bound} {conditions} {hooked}"
    );
    assert!(bindings > 10, "{bindings}");
}
