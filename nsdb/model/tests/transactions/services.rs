//! Mirrors, L2 insertions, trace requests, QoS policies and the configuration of agents.

use model::{
    BridgeId, ChainId, Condition, ConfDocument, ConfName, IpAddrGroup, L2Insertion, L2InsertionId, Match,
    Mirror, MirrorId, Mirrors, ModelError, PortGroupId, PortId, PortMirrors, QosPolicyId, RouterId,
    TraceDevice, TraceRequest, Transaction,
};
use packet::MacAddr;

use crate::fixture::*;

/// As `begin_with_devices`, with ports 10 to 12 on bridge 1 and a group 8.
fn begin_with_ports() -> Transaction {
    let mut tx = begin_with_devices();
    for n in 10..=12 {
        tx.create(bridge_port(n, 1)).expect("a port");
    }
    tx.create(port_group(8)).expect("a group");
    tx
}

fn tcp_dst_of_nothing() -> Condition {
    let tp_dst = Some(Match::is(80..=80));
    let condition = Condition { tp_dst, ..Condition::default() };
    Condition { fragment_policy: condition.default_fragment_policy(), ..condition }
}

#[test]
fn a_mirror_goes_with_the_port_that_it_copies_to() {
    let mut tx = begin_with_ports();
    let missing = tx.create(mirror(30, 99));
    assert_eq!(missing, Err(ModelError::NotFound(PortId(id(99)).into())));
    tx.create(mirror(30, 10)).expect("a mirror");
    tx.delete(BridgeId(id(1))).expect("it is there");
    assert!(tx.state().mirror(id(30)).is_none());
}

#[test]
fn a_deleted_mirror_is_unhooked_everywhere() {
    let mut tx = begin_with_ports();
    let (bridge, router, port) = (bridge(2), router(3), tx.state().port(id(11)).expect("created").clone());
    tx.create(mirror(30, 10)).expect("a mirror");
    tx.create(mirror(31, 10)).expect("a mirror");
    let both = || vec![id(30), id(31), id(30)];
    let mirrors = || Mirrors { inbound: both(), outbound: both() };
    tx.update(model::Bridge { mirrors: mirrors(), ..bridge }).expect("valid");
    tx.update(model::Router { mirrors: mirrors(), ..router }).expect("valid");
    let hooks = PortMirrors {
        inbound: both(),
        outbound: both(),
        post_in_filter: both(),
        pre_out_filter: vec![id(30)],
    };
    tx.update(model::Port { mirrors: hooks, ..port }).expect("valid");
    assert_eq!(tx.state().bridge(id(2)).expect("there").mirrors.inbound, [id(30), id(31)], "each once");

    tx.delete(MirrorId(id(30))).expect("it is there");

    let left = Mirrors { inbound: vec![id(31)], outbound: vec![id(31)] };
    assert_eq!(tx.state().bridge(id(2)).expect("it stays").mirrors, left);
    assert_eq!(tx.state().router(id(3)).expect("it stays").mirrors, left);
    let port = &tx.state().port(id(11)).expect("it stays").mirrors;
    assert_eq!((&port.post_in_filter[..], &port.pre_out_filter[..]), (&[id(31)][..], &[][..]));
}

#[test]
fn hooks_name_mirrors_and_policies_that_exist() {
    let mut tx = begin_with_ports();
    let mirrors = Mirrors { inbound: vec![id(99)], outbound: vec![] };
    let unknown = tx.update(model::Bridge { mirrors, ..bridge(2) });
    assert_eq!(unknown, Err(ModelError::NotFound(MirrorId(id(99)).into())));
    let unknown = tx.update(model::Bridge { qos_policy: Some(id(99)), ..bridge(2) });
    assert_eq!(unknown, Err(ModelError::NotFound(QosPolicyId(id(99)).into())));
}

#[test]
fn a_mirror_loses_conditions_that_can_never_hold_again() {
    let mut tx = begin_with_ports();
    let in_group = Condition { port_group: Some(Match::is(id(8))), ..Condition::default() };
    let not_in_group = Condition { port_group: Some(Match::is_not(id(8))), ..Condition::default() };
    tx.create(Mirror { conditions: vec![in_group, not_in_group], ..mirror(30, 10) }).expect("a mirror");
    tx.delete(PortGroupId(id(8))).expect("it is there");
    assert_eq!(tx.state().mirror(id(30)), Some(&mirror(30, 10)));
}

#[test]
fn what_is_wrong_with_a_condition_is_told_of_the_property_that_holds_it() {
    let mut tx = begin_with_ports();
    let unknown = Condition { port_group: Some(Match::is(id(99))), ..Condition::default() };
    for condition in [tcp_dst_of_nothing(), unknown] {
        let with = Mirror { conditions: vec![condition.clone()], ..mirror(30, 10) };
        assert_eq!(violated(tx.create(with)), "conditions");
        let request =
            TraceRequest { condition: condition.into(), ..trace_request(31, TraceDevice::Port(id(10))) };
        assert_eq!(violated(tx.create(request)), "condition");
    }
    let many = Mirror { conditions: vec![Condition::default(); 65], ..mirror(30, 10) };
    assert_eq!(violated(tx.create(many)), "conditions");
}

#[test]
fn an_insertion_goes_with_either_port() {
    for gone in [10, 11] {
        let mut tx = begin_with_ports();
        tx.create(insertion(30, 10, 11)).expect("an insertion");
        assert_eq!(tx.state().port_insertions(id(10)).count(), 1);
        tx.delete(PortId(id(gone))).expect("it is there");
        assert!(tx.state().l2_insertion(id(30)).is_none());
    }
}

#[test]
fn a_port_is_inspected_or_serves_and_each_service_is_inserted_once() {
    let mut tx = begin_with_ports();
    tx.create(insertion(30, 10, 11)).expect("an insertion");
    let in_the_way = [L2InsertionId(id(30)).into()];
    assert_eq!(conflict(tx.create(insertion(31, 10, 11))).1, in_the_way);
    assert_eq!(conflict(tx.create(insertion(31, 11, 12))).1, in_the_way);
    assert_eq!(conflict(tx.create(insertion(31, 12, 10))).1, in_the_way);
    tx.create(insertion(31, 10, 12)).expect("a second service");
    tx.create(insertion(32, 13, 11)).expect_err("no port 13");
    tx.update(L2Insertion { fail_open: true, ..insertion(30, 10, 11) }).expect("it is not in its own way");
}

#[test]
fn values_of_an_insertion_have_bounds() {
    let mut tx = begin_with_ports();
    assert_eq!(violated(tx.create(L2Insertion { vlan: 4095, ..insertion(30, 10, 11) })), "vlan");
    let group = MacAddr([1, 0, 0, 0, 0, 1]);
    assert_eq!(violated(tx.create(L2Insertion { mac: group, ..insertion(30, 10, 11) })), "mac");
    assert_eq!(violated(tx.create(insertion(30, 10, 10))), "srvPortId");
}

#[test]
fn a_trace_request_goes_with_its_device() {
    for (device, gone) in [
        (TraceDevice::Bridge(id(1)), BridgeId(id(1)).into()),
        (TraceDevice::Router(id(3)), RouterId(id(3)).into()),
        (TraceDevice::Port(id(10)), model::ObjectKey::from(PortId(id(10)))),
    ] {
        let mut tx = begin_with_ports();
        tx.create(trace_request(30, device)).expect("a request");
        tx.delete(gone).expect("it is there");
        assert!(tx.state().trace_request(id(30)).is_none());
    }
    let nowhere = begin_with_ports().create(trace_request(30, TraceDevice::Router(id(1))));
    assert_eq!(nowhere, Err(ModelError::NotFound(RouterId(id(1)).into())));
}

#[test]
fn a_trace_request_that_can_never_be_met_again_goes() {
    let mut tx = begin_with_ports();
    let in_group = Condition { port_group: Some(Match::is(id(8))), ..Condition::default() };
    let request = trace_request(30, TraceDevice::Port(id(10)));
    tx.create(TraceRequest { condition: in_group.into(), ..request }).expect("a request");
    tx.delete(PortGroupId(id(8))).expect("it is there");
    assert!(tx.state().trace_request(id(30)).is_none());
}

#[test]
fn limits_of_a_trace_request_fit_what_clients_read() {
    let request = trace_request(30, TraceDevice::Bridge(id(1)));
    let huge = TraceRequest { limit: u64::MAX, ..request.clone() };
    assert_eq!(violated(begin_with_ports().create(huge)), "limit");
    let nameless = TraceRequest { name: "x".repeat(256), ..request };
    assert_eq!(violated(begin_with_ports().create(nameless)), "name");
}

#[test]
fn a_qos_policy_takes_its_rules_and_is_unhooked() {
    let mut tx = begin_with_ports();
    tx.create(qos_policy(30)).expect("a policy");
    tx.create(bandwidth_rule(31, 30)).expect("a limit");
    tx.create(dscp_rule(32, 30, 46)).expect("a mark");
    tx.update(model::Bridge { qos_policy: Some(id(30)), ..bridge(2) }).expect("valid");
    let port = tx.state().port(id(10)).expect("created").clone();
    tx.update(model::Port { qos_policy: Some(id(30)), ..port.clone() }).expect("valid");
    assert_eq!(tx.state().policy_bandwidth_rules(id(30)).count(), 1);
    assert_eq!(tx.state().policy_dscp_rules(id(30)).count(), 1);

    tx.delete(QosPolicyId(id(30))).expect("it is there");

    assert_eq!((tx.state().qos_bandwidth_rules().count(), tx.state().qos_dscp_rules().count()), (0, 0));
    assert_eq!(tx.state().bridge(id(2)), Some(&bridge(2)));
    assert_eq!(tx.state().port(id(10)), Some(&port));
}

#[test]
fn qos_rules_have_bounds_and_keep_their_policy() {
    let mut tx = begin_with_ports();
    tx.create(dscp_rule(32, 30, 1)).expect_err("no policy 30");
    tx.create(qos_policy(30)).expect("a policy");
    tx.create(qos_policy(33)).expect("a policy");
    assert_eq!(violated(tx.create(dscp_rule(32, 30, 64))), "dscpMark");
    let fast = model::QosBandwidthRule { max_kbps: 1 << 31, ..bandwidth_rule(31, 30) };
    assert_eq!(violated(tx.create(fast)), "maxKbps");
    let bursts = model::QosBandwidthRule { max_burst_kb: Some(1 << 31), ..bandwidth_rule(31, 30) };
    assert_eq!(violated(tx.create(bursts)), "maxBurstKb");
    tx.create(dscp_rule(32, 30, 63)).expect("valid");
    tx.update(dscp_rule(32, 33, 7)).expect("valid");
    assert_eq!(tx.state().qos_dscp_rule(id(32)), Some(&dscp_rule(32, 30, 7)));
}

#[test]
fn an_address_group_loses_its_chains() {
    let mut tx = begin_with_ports();
    let group = ip_addr_group(30);
    let chains = IpAddrGroup { inbound_chain: Some(id(4)), outbound_chain: Some(id(5)), ..group.clone() };
    tx.create(chains).expect("a group");
    tx.delete(ChainId(id(4))).expect("it is there");
    tx.delete(ChainId(id(5))).expect("it is there");
    assert_eq!(tx.state().ip_addr_group(id(30)), Some(&group));
}

#[test]
fn configuration_is_found_by_its_name() {
    let mut tx = begin();
    let node = ConfName::Node(id(6));
    let settings = [("datapath".to_owned(), "dp1".to_owned())].into();
    let document = ConfDocument { settings, ..ConfDocument::empty(node.clone()) };
    tx.create_or_update(document.clone()).expect("valid");
    assert_eq!(tx.state().conf_document(node.id()), Some(&document));
    let misnamed = ConfDocument { name: ConfName::Template("t".to_owned()), ..document };
    assert_eq!(violated(tx.update(misnamed)), "id");
    assert_eq!(violated(tx.create(ConfDocument::empty(ConfName::Template(String::new())))), "name");
}

#[test]
fn at_most_64_mirrors_are_hooked_in_one_place() {
    let mut tx = begin_with_ports();
    let ids: Vec<MirrorId> = (100..165).map(id).collect();
    (100..165).for_each(|n| tx.create(mirror(n, 10)).expect("a mirror"));
    let enough = Mirrors { inbound: ids[..64].to_vec(), outbound: ids[1..].to_vec() };
    tx.update(model::Bridge { mirrors: enough, ..bridge(1) }).expect("64 are fine");
    let inbound = || Mirrors { inbound: ids.clone(), outbound: vec![] };
    assert_eq!(violated(tx.update(model::Bridge { mirrors: inbound(), ..bridge(1) })), "inboundMirrorIds");
    let outbound = || Mirrors { inbound: vec![], outbound: ids.clone() };
    assert_eq!(violated(tx.update(model::Router { mirrors: outbound(), ..router(3) })), "outboundMirrorIds");
    for (mirrors, property) in [
        (PortMirrors { inbound: ids.clone(), ..Default::default() }, "inboundMirrorIds"),
        (PortMirrors { post_in_filter: ids.clone(), ..Default::default() }, "postInFilterMirrorIds"),
        (PortMirrors { pre_out_filter: ids.clone(), ..Default::default() }, "preOutFilterMirrorIds"),
        (PortMirrors { outbound: ids.clone(), ..Default::default() }, "outboundMirrorIds"),
    ] {
        assert_eq!(violated(tx.update(model::Port { mirrors, ..bridge_port(11, 1) })), property);
    }
}
