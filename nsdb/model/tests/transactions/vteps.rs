//! VTEPs, their bindings, and the ports that these make.

use model::{
    BridgeId, ModelError, Port, PortDevice, PortId, Transaction, TunnelZone, TunnelZoneId, TunnelZoneType,
    Vtep, VtepId,
};

use crate::fixture::*;

/// VTEP 20 in zone 8.
fn begin_with_vtep() -> Transaction {
    let mut tx = begin_with_devices();
    tx.create(TunnelZone { kind: TunnelZoneType::Vtep, ..zone(8, "v") }).expect("a zone");
    tx.create(vtep(20, 8, "10.0.0.1")).expect("a VTEP");
    tx
}

fn vxlan_port() -> PortId {
    Vtep::port_of(id(20), id(1))
}

#[test]
fn a_vtep_is_managed_at_an_address_of_its_own() {
    let mut tx = begin_with_vtep();
    assert_eq!(conflict(tx.create(vtep(21, 8, "10.0.0.1"))).1, [VtepId(id(20)).into()]);
    tx.create(vtep(21, 8, "10.0.0.2")).expect("another address");
    assert_eq!(violated(tx.create(vtep(22, 8, "224.0.0.1"))), "managementIp");
    assert_eq!(violated(tx.create(Vtep { management_port: 0, ..vtep(22, 8, "10.0.0.3") })), "managementPort");
}

#[test]
fn a_vtep_is_in_a_zone_for_vteps() {
    let mut tx = begin_with_vtep();
    assert_eq!(violated(tx.create(vtep(21, 7, "10.0.0.2"))), "tunnelZoneId");
    assert_eq!(violated(tx.create(vtep(21, 99, "10.0.0.2"))), "tunnelZoneId");
    assert_eq!(violated(tx.update(zone(8, "v"))), "type");
    assert_eq!(conflict(tx.delete(TunnelZoneId(id(8)))).1, [VtepId(id(20)).into()]);
    tx.delete(VtepId(id(20))).expect("nothing is bound to it");
    tx.delete(TunnelZoneId(id(8))).expect("no VTEP is in it");
}

#[test]
fn the_first_binding_makes_a_port_and_the_last_one_takes_it_along() {
    let mut tx = begin_with_vtep();
    tx.bind_vtep(id(20), "eth0", 0, id(1)).expect("free");
    tx.bind_vtep(id(20), "eth0", 7, id(1)).expect("another VLAN");
    tx.bind_vtep(id(20), "eth0", 8, id(2)).expect("another bridge");
    let port = tx.state().port(vxlan_port()).expect("made");
    assert_eq!(port.device, PortDevice::Vxlan { bridge: id(1), vtep: id(20) });
    assert!(port.tunnel_key > 0 && port.admin_state_up);
    assert_eq!(tx.state().ports().count(), 2);
    tx.unbind_vtep(id(20), "eth0", 0).expect("bound");
    assert!(tx.state().port(vxlan_port()).is_some());
    for _ in 0..2 {
        tx.unbind_vtep(id(20), "eth0", 7).expect("the VTEP is there");
    }
    assert_eq!(tx.state().port(vxlan_port()), None);
    assert_eq!(tx.state().vtep(id(20)).expect("it stays").bindings.len(), 1);
}

#[test]
fn a_port_and_vlan_are_bound_once() {
    let mut tx = begin_with_vtep();
    tx.bind_vtep(id(20), "eth0", 3, id(1)).expect("free");
    for bridge in [1, 2] {
        let again = tx.bind_vtep(id(20), "eth0", 3, id(bridge));
        assert_eq!(conflict(again).1, [BridgeId(id(1)).into()]);
    }
    assert_eq!(tx.state().ports().count(), 1, "the other bridge keeps no port");
}

#[test]
fn a_binding_names_what_exists() {
    let mut tx = begin_with_vtep();
    assert_eq!(violated(tx.bind_vtep(id(20), "", 0, id(1))), "portName");
    assert_eq!(violated(tx.bind_vtep(id(20), "eth0", 4095, id(1))), "vlanId");
    assert_eq!(violated(tx.bind_vtep(id(20), "eth0", 0, id(99))), "networkId");
    let nowhere = tx.bind_vtep(id(99), "eth0", 0, id(1));
    assert_eq!(nowhere, Err(ModelError::NotFound(VtepId(id(99)).into())));
    assert_eq!(tx.state().ports().count(), 0);
    let bound = Vtep { bindings: [(("eth0".to_owned(), 0), id(1))].into(), ..vtep(21, 8, "10.0.0.2") };
    assert_eq!(violated(tx.create(bound)), "bindings");
}

#[test]
fn an_update_keeps_the_bindings() {
    let mut tx = begin_with_vtep();
    tx.bind_vtep(id(20), "eth0", 0, id(1)).expect("free");
    tx.update(Vtep { management_port: 6640, ..vtep(20, 8, "10.0.0.1") }).expect("valid");
    assert_eq!(tx.state().vtep(id(20)).expect("it is there").bindings.len(), 1);
}

#[test]
fn what_is_bound_stays() {
    let mut tx = begin_with_vtep();
    tx.bind_vtep(id(20), "eth0", 0, id(1)).expect("free");
    assert_eq!(conflict(tx.delete(VtepId(id(20)))).1, [vxlan_port().into()]);
    assert_eq!(conflict(tx.delete(BridgeId(id(1)))).1, [VtepId(id(20)).into()]);
    assert_eq!(conflict(tx.delete(vxlan_port())).1, [VtepId(id(20)).into()]);
    tx.unbind_vtep(id(20), "eth0", 0).expect("bound");
    tx.delete(BridgeId(id(1))).expect("nothing is bound to it");
    tx.delete(VtepId(id(20))).expect("nothing is bound to it");
}

#[test]
fn a_port_to_a_vtep_is_made_by_bindings_and_takes_no_other_cable() {
    let mut tx = begin_with_vtep();
    let by_hand = Port { device: PortDevice::Vxlan { bridge: id(1), vtep: id(20) }, ..bridge_port(10, 1) };
    assert_eq!(violated(tx.create(by_hand)), "type");
    tx.bind_vtep(id(20), "eth0", 0, id(1)).expect("free");
    tx.create(bridge_port(11, 2)).expect("a port");
    assert_eq!(conflict(tx.link(vxlan_port(), id(11))).1, [vxlan_port().into()]);
    assert_eq!(conflict(tx.bind(vxlan_port(), id(6), "tap1")).1, [VtepId(id(20)).into()]);
    let mut down = tx.state().port(vxlan_port()).expect("made").clone();
    down.admin_state_up = false;
    tx.update(down.clone()).expect("valid");
    assert_eq!(tx.state().port(vxlan_port()), Some(&down));
}
