//! Creating, updating and grouping ports.

use model::{BridgeId, ModelError, ObjectKey, PortDevice, PortId, Transaction, generated_mac};

use crate::fixture::*;

#[test]
fn a_port_needs_its_device() {
    let missing = BridgeId::from(uuid::Uuid::from_u128(9));
    assert_eq!(begin().create(bridge_port(10, 9)), Err(ModelError::NotFound(missing.into())));
}

#[test]
fn an_id_in_use_is_a_duplicate() {
    let mut tx = begin_with_devices();
    let key = ObjectKey::from(BridgeId(id(1)));
    assert_eq!(tx.create(bridge(1)), Err(ModelError::Duplicate(key)));
    assert_eq!(ModelError::Duplicate(key).to_string(), format!("bridge {} already exists", key.id));
}

#[test]
fn ports_are_given_distinct_tunnel_keys() {
    let mut tx = begin_with_devices();
    for n in 10..15 {
        tx.create(bridge_port(n, 1)).expect("a port");
    }
    let mut keys: Vec<_> = tx.state().ports().map(|port| port.tunnel_key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 5);
    assert!(keys.iter().all(|key| (1..1 << 20).contains(key)));
}

#[test]
fn tunnel_keys_wrap_into_the_gaps() {
    let mut tx = begin_with_devices();
    let mut last = bridge_port(10, 1);
    last.tunnel_key = (1 << 20) - 1;
    let mut first = bridge_port(11, 1);
    first.tunnel_key = 1;
    tx.create(last).expect("the largest key");
    tx.create(first).expect("the smallest key");
    tx.create(bridge_port(12, 1)).expect("a port");
    tx.create(bridge_port(13, 1)).expect("a port");
    assert_eq!(tx.state().port(id(12)).map(|port| port.tunnel_key), Some(2));
    assert_eq!(tx.state().port(id(13)).map(|port| port.tunnel_key), Some(3));
}

#[test]
fn a_tunnel_key_in_use_is_refused() {
    let mut tx = begin_with_devices();
    tx.create(bridge_port(10, 1)).expect("a port");
    let mut other = bridge_port(11, 1);
    other.tunnel_key = tx.state().port(id(10)).expect("created").tunnel_key;
    assert_eq!(conflict(tx.create(other)).1, [PortId(id(10)).into()]);
}

#[test]
fn an_update_keeps_what_other_operations_are_for() {
    let mut tx = begin_with_devices();
    tx.create(port_group(8)).expect("a group");
    tx.create(bridge_port(10, 1)).expect("a port");
    tx.create(bridge_port(11, 2)).expect("a port");
    tx.link(id(10), id(11)).expect("linkable");
    tx.add_group_port(id(8), id(10)).expect("both exist");
    let before = tx.state().port(id(10)).expect("created").clone();

    let mut update = bridge_port(10, 2);
    update.admin_state_up = false;
    update.vif_id = Some(id(77));
    tx.update(update).expect("valid");

    let after = tx.state().port(id(10)).expect("still there");
    let expected = model::Port { admin_state_up: false, vif_id: Some(id(77)), ..before };
    assert_eq!(after, &expected);
}

#[test]
fn a_port_cannot_become_one_of_another_kind() {
    let mut tx = begin_with_devices();
    tx.create(bridge_port(10, 1)).expect("a port");
    assert_eq!(violated(tx.update(router_port(10, 3, &["10.0.0.1/24"]))), "type");
}

#[test]
fn updating_what_is_not_there_is_not_found() {
    let mut tx = begin_with_devices();
    let key = PortId(id(10)).into();
    assert_eq!(tx.update(bridge_port(10, 1)), Err(ModelError::NotFound(key)));
}

#[test]
fn a_vlan_is_unique_on_its_bridge() {
    let mut tx = begin_with_devices();
    tx.create(vlan_port(10, 1, 7)).expect("a port");
    tx.create(vlan_port(11, 2, 7)).expect("another bridge");
    tx.create(vlan_port(12, 1, 8)).expect("another VLAN");
    assert_eq!(conflict(tx.create(vlan_port(13, 1, 7))).1, [PortId(id(10)).into()]);
    tx.update(vlan_port(10, 1, 9)).expect("to a free VLAN");
    tx.create(vlan_port(13, 1, 7)).expect("it is free now");
}

#[test]
fn an_address_is_unique_on_its_router() {
    let mut tx = begin_with_devices();
    tx.create(router(8)).expect("a router");
    tx.create(router_port(10, 3, &["10.0.0.1/24"])).expect("a port");
    tx.create(router_port(11, 8, &["10.0.0.1/24"])).expect("another router");
    assert_eq!(conflict(tx.create(router_port(12, 3, &["10.0.0.1/16"]))).1, [PortId(id(10)).into()]);
}

#[test]
fn group_members_are_counted_once() {
    let mut tx = begin_with_devices();
    tx.create(port_group(8)).expect("a group");
    tx.create(bridge_port(10, 1)).expect("a port");
    tx.add_group_port(id(8), id(10)).expect("both exist");
    tx.add_group_port(id(8), id(10)).expect("again");
    assert_eq!(tx.state().group_ports(id(8)).map(|port| port.id).collect::<Vec<_>>(), [id(10)]);
    tx.remove_group_port(id(8), id(10)).expect("a member");
    assert_eq!(tx.state().group_ports(id(8)).count(), 0);
}

#[test]
fn generated_macs_have_the_midonet_prefix() {
    assert_eq!(generated_mac([1, 2, 3]).to_string(), "ac:ca:ba:01:02:03");
}

#[test]
fn what_ends_as_it_began_is_no_change() {
    let mut tx = begin_with_devices();
    tx.create(bridge_port(10, 1)).expect("a port");
    let mut state = model::State::new();
    state.apply(1, &tx.finish());

    let mut tx = Transaction::new(&state);
    tx.create(bridge_port(11, 1)).expect("a port");
    tx.delete(PortId(id(11))).expect("it is there");
    tx.update(vlan_port(10, 1, 5)).expect("valid");
    tx.update(bridge_port(10, 1)).expect("valid");
    assert_eq!(tx.finish(), vec![]);
}

#[test]
fn a_port_can_be_created_in_its_place() {
    let mut tx = begin_with_devices();
    tx.create(bridge_port(10, 1)).expect("a port");
    let linked = model::Port { peer: Some(id(10)), ..router_port(11, 3, &["10.0.0.1/24"]) };
    tx.create(linked).expect("linkable");
    assert_eq!(tx.state().port(id(10)).and_then(|port| port.peer), Some(id(11)));

    let bound = model::Port { peer: Some(id(10)), ..bridge_port(12, 2) };
    conflict(tx.create(bound));
    assert!(tx.state().port(id(12)).is_none(), "refused as a whole");
}

#[test]
fn device_ports_are_listed_in_order() {
    let mut tx = begin_with_devices();
    for n in [12, 10, 11] {
        tx.create(bridge_port(n, 1)).expect("a port");
    }
    let ports: Vec<PortId> = tx.state().device_ports(model::DeviceId::Bridge(id(1))).map(|p| p.id).collect();
    assert_eq!(ports, [id(10), id(11), id(12)]);
    assert!(matches!(tx.state().port(id(10)).expect("created").device, PortDevice::Bridge { .. }));
}
