//! Values that mean nothing are refused, by the name of the property.

use ipnetwork::IpNetwork;
use model::{Bridge, Condition, FragmentPolicy, Match, ModelError, NextHop, PortDevice, Transaction};
use packet::MacAddr;

use crate::fixture::*;

fn prefix(text: &str) -> Option<Match<IpNetwork>> {
    Some(Match::is(text.parse().expect("a prefix")))
}

fn try_condition(condition: Condition) -> Result<(), ModelError> {
    begin_with_devices().create(rule_if(20, 4, condition))
}

fn tcp(condition: Condition) -> Condition {
    let fragment_policy = condition.default_fragment_policy();
    Condition { nw_proto: Some(Match::is(6)), fragment_policy, ..condition }
}

#[test]
fn names_have_255_characters_at_most() {
    let named = |length| Bridge { name: Some("ä".repeat(length)), ..bridge(1) };
    begin().create(named(255)).expect("just fits");
    let error = begin().create(named(256)).expect_err("too long").to_string();
    assert!(error.ends_with("name: size must be between 0 and 255"), "{error}");
}

#[test]
fn all_violations_are_told_at_once() {
    let long = Some("x".repeat(256));
    let error = begin().create(Bridge { name: long.clone(), tenant_id: long, ..bridge(1) });
    let Err(ModelError::Invalid { violations, .. }) = error else { panic!("{error:?}") };
    assert_eq!(violations.iter().map(|v| v.property).collect::<Vec<_>>(), ["name", "tenantId"]);
}

#[test]
fn a_router_port_needs_an_address() {
    assert_eq!(violated(begin_with_devices().create(router_port(10, 3, &[]))), "portAddress");
}

#[test]
fn a_port_address_is_one_that_a_machine_can_have() {
    let mut tx = begin_with_devices();
    for address in [
        "10.0.0.0/24",
        "10.0.0.255/24",
        "224.0.0.1/24",
        "0.0.0.0/32",
        "127.0.0.1/8",
        "2001:db8::/64",
        "ff02::1/64",
    ] {
        let property = violated(tx.create(router_port(10, 3, &[address])));
        assert_eq!(property, "portAddress", "{address}");
    }
    for (n, address) in (10..).zip(["10.1.0.0/31", "10.1.0.1/31", "10.2.0.0/32", "2001:db8::/127"]) {
        tx.create(router_port(n, 3, &[address])).expect(address);
    }
}

#[test]
fn a_port_has_each_address_once() {
    let twice = router_port(10, 3, &["10.0.0.1/24", "10.0.0.1/16"]);
    assert_eq!(violated(begin_with_devices().create(twice)), "portSubnet");
}

#[test]
fn a_port_mac_is_of_one_station() {
    for mac in [MacAddr::ZERO, MacAddr::BROADCAST, MacAddr([1, 0, 0x5e, 0, 0, 1])] {
        let mut port = router_port(10, 3, &["10.0.0.1/24"]);
        if let PortDevice::Router { mac: own, .. } = &mut port.device {
            *own = mac;
        }
        assert_eq!(violated(begin_with_devices().create(port)), "portMac");
    }
}

#[test]
fn a_port_vlan_is_between_1_and_4094() {
    for vid in [0, 4095, 5000] {
        assert_eq!(violated(begin_with_devices().create(vlan_port(10, 1, vid))), "vlanId");
    }
}

#[test]
fn ports_need_a_protocol_that_has_them() {
    let range = || Some(Match::is(80..=80));
    let header = FragmentPolicy::Header;
    let tp_dst = Condition { tp_dst: range(), fragment_policy: header, ..Condition::default() };
    assert_eq!(violated(try_condition(tp_dst.clone())), "tpDst");
    let gre = Condition { nw_proto: Some(Match::is(47)), ..tp_dst.clone() };
    assert_eq!(violated(try_condition(gre)), "tpDst");
    let not_tcp = Condition { nw_proto: Some(Match::is_not(6)), ..tp_dst.clone() };
    assert_eq!(violated(try_condition(not_tcp)), "tpDst");
    try_condition(tcp(tp_dst)).expect("TCP has ports");
}

#[test]
fn port_ranges_have_bounds() {
    let src = |range| Condition { tp_src: Some(Match::is(range)), ..Condition::default() };
    assert_eq!(violated(try_condition(tcp(src(0..=80)))), "tpSrc");
    assert_eq!(violated(try_condition(tcp(src(std::ops::RangeInclusive::new(81, 80))))), "tpSrc");
    let icmp = |range| Condition { nw_proto: Some(Match::is(1)), ..tcp(src(range)) };
    try_condition(icmp(0..=0)).expect("echo reply has type 0");
    assert_eq!(violated(try_condition(icmp(8..=256))), "tpSrc");
}

#[test]
fn ports_are_not_in_later_fragments() {
    let on_ports = tcp(Condition { tp_src: Some(Match::is(1..=9)), ..Condition::default() });
    for policy in [FragmentPolicy::Any, FragmentPolicy::NonHeader] {
        let condition = Condition { fragment_policy: policy, ..on_ports.clone() };
        assert_eq!(violated(try_condition(condition)), "fragmentPolicy");
    }
    for policy in [FragmentPolicy::Header, FragmentPolicy::Unfragmented] {
        try_condition(Condition { fragment_policy: policy, ..on_ports.clone() }).expect("carries ports");
    }
    assert_eq!(on_ports.default_fragment_policy(), FragmentPolicy::Header);
    assert_eq!(Condition::default().default_fragment_policy(), FragmentPolicy::Any);
}

#[test]
fn link_layer_values_have_bounds() {
    let ethertype = Condition { dl_type: Some(Match::is(0x5ff)), ..Condition::default() };
    assert_eq!(violated(try_condition(ethertype)), "dlType");
    assert_eq!(violated(try_condition(Condition { vlan: Some(4096), ..Condition::default() })), "vlan");
    let both = Condition { vlan: Some(1), no_vlan: true, ..Condition::default() };
    assert_eq!(violated(try_condition(both)), "noVlan");
}

#[test]
fn both_prefixes_are_of_one_ip_version() {
    let mixed =
        Condition { nw_src: prefix("10.0.0.0/8"), nw_dst: prefix("2001:db8::/32"), ..Condition::default() };
    assert_eq!(violated(try_condition(mixed)), "nwDstAddress");
}

#[test]
fn a_condition_names_what_exists() {
    let unknown = Some(Match::is(id(99)));
    let try_it = |condition: Condition| violated(try_condition(condition));
    let any = Condition::default;
    assert_eq!(try_it(Condition { in_ports: Some(Match::is(vec![id(99)])), ..any() }), "inPorts");
    assert_eq!(try_it(Condition { out_ports: Some(Match::is(vec![id(99)])), ..any() }), "outPorts");
    assert_eq!(try_it(Condition { in_ports: Some(Match::is(vec![])), ..any() }), "inPorts");
    assert_eq!(try_it(Condition { port_group: Some(Match::is(id(99))), ..any() }), "portGroup");
    assert_eq!(try_it(Condition { ip_addr_group_dst: Some(Match::is(id(99))), ..any() }), "ipAddrGroupDst");
    assert_eq!(try_it(Condition { traversed_device: unknown, ..any() }), "traversedDevice");
    for device in [1, 3] {
        let known = Some(Match::is(id(device)));
        try_condition(Condition { traversed_device: known, ..any() }).expect("a bridge and a router");
    }
}

#[test]
fn prefixes_of_conditions_stay_as_given_and_those_of_routes_lose_their_host_bits() {
    let mut tx: Transaction = begin_with_devices();
    let condition = Condition { nw_src: prefix("10.1.2.3/8"), ..Condition::default() };
    tx.create(rule_if(20, 4, condition)).expect("valid");
    assert_eq!(tx.state().rule(id(20)).expect("created").condition.nw_src, prefix("10.1.2.3/8"));
    tx.create(route(21, 3, "10.1.2.3/8", NextHop::Reject)).expect("valid");
    let kept = tx.state().route(id(21)).expect("created").destination;
    assert_eq!(Some(Match::is(kept)), prefix("10.0.0.0/8"));
}
