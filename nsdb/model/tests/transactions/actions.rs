//! What rules may do: NAT, L2 transformation and tracing.

use std::ops::RangeInclusive;

use model::{
    Condition, FlowAction, FragmentPolicy, L2Transform, Match, Nat, NatSide, NatTarget, PortId, Rule,
    RuleAction, TraceDevice, TraceRequestId,
};

use crate::fixture::*;

fn target(first: &str, last: &str, ports: Option<RangeInclusive<u16>>) -> NatTarget {
    NatTarget { first: ip(first), last: ip(last), ports }
}

fn nat_to(targets: Vec<NatTarget>) -> RuleAction {
    RuleAction::Nat(Nat { side: NatSide::Destination, targets, flow_action: FlowAction::Accept })
}

fn transform(flow_action: FlowAction, target_port: Option<u128>) -> RuleAction {
    RuleAction::L2Transform(L2Transform {
        pop_vlan: false,
        push_vlan: 10,
        target_port: target_port.map(id),
        ingress: false,
        fail_open: false,
        flow_action,
    })
}

/// A rule 20 of chain 4 with the fragment policy that holds when none is given.
fn with_defaults(action: RuleAction, condition: Condition) -> Rule {
    let fragment_policy = action.default_fragment_policy(&condition);
    Rule { condition: Condition { fragment_policy, ..condition }, ..rule(20, 4, action) }
}

fn tcp_port() -> Condition {
    Condition { nw_proto: Some(Match::is(6)), tp_dst: Some(Match::is(80..=80)), ..Condition::default() }
}

#[test]
fn only_static_nat_translates_fragments() {
    let floating = nat_to(vec![target("10.0.0.5", "10.0.0.5", None)]);
    let several = nat_to(vec![target("10.0.0.5", "10.0.0.9", None)]);
    let ports = nat_to(vec![target("10.0.0.5", "10.0.0.5", Some(80..=80))]);
    let cases = [
        (&floating, Condition::default(), FragmentPolicy::Any),
        (&floating, tcp_port(), FragmentPolicy::Unfragmented),
        (&several, Condition::default(), FragmentPolicy::Unfragmented),
        (&ports, Condition::default(), FragmentPolicy::Unfragmented),
        (&RuleAction::Accept, tcp_port(), FragmentPolicy::Header),
    ];
    for (action, condition, policy) in cases {
        assert_eq!(action.default_fragment_policy(&condition), policy, "{action:?} {condition:?}");
    }
    for policy in [FragmentPolicy::Any, FragmentPolicy::Header, FragmentPolicy::NonHeader] {
        let condition = Condition { fragment_policy: policy, ..Condition::default() };
        let with_policy =
            |action: &RuleAction| Rule { condition: condition.clone(), ..rule(20, 4, action.clone()) };
        assert_eq!(violated(begin_with_devices().create(with_policy(&several))), "fragmentPolicy");
        assert_eq!(violated(begin_with_devices().create(with_policy(&ports))), "fragmentPolicy");
        begin_with_devices().create(with_policy(&floating)).expect("it needs no ports");
    }
}

#[test]
fn nat_has_targets_that_packets_can_be_sent_to() {
    let many = vec![target("10.0.0.5", "10.0.0.5", None); 65];
    for targets in [
        vec![],
        many,
        vec![target("10.0.0.9", "10.0.0.5", None)],
        vec![target("10.0.0.5", "fd00::5", None)],
        vec![target("224.0.0.1", "224.0.0.1", None)],
        vec![target("10.0.0.5", "10.0.0.5", Some(0..=80))],
        vec![target("10.0.0.5", "10.0.0.5", Some(RangeInclusive::new(81, 80)))],
        vec![target("10.0.0.5", "10.0.0.5", None), target("fd00::5", "fd00::5", None)],
    ] {
        let rule = with_defaults(nat_to(targets.clone()), Condition::default());
        assert_eq!(violated(begin_with_devices().create(rule)), "natTargets", "{targets:?}");
    }
    let fine = vec![target("10.0.0.5", "10.0.0.9", Some(1..=65535)), target("10.1.0.0", "10.1.0.0", None)];
    begin_with_devices().create(with_defaults(nat_to(fine), Condition::default())).expect("valid");
}

#[test]
fn nat_does_not_redirect_and_transformation_does_not_return() {
    let reverse = |flow_action| rule(20, 4, RuleAction::ReverseNat { side: NatSide::Source, flow_action });
    assert_eq!(violated(begin_with_devices().create(reverse(FlowAction::Redirect))), "flowAction");
    begin_with_devices().create(reverse(FlowAction::Return)).expect("valid");
    for flow_action in [FlowAction::Continue, FlowAction::Return] {
        let rule = rule(20, 4, transform(flow_action, None));
        assert_eq!(violated(begin_with_devices().create(rule)), "flowAction");
    }
    begin_with_devices().create(rule(20, 4, transform(FlowAction::Accept, None))).expect("valid");
}

#[test]
fn a_redirection_leads_to_a_port_and_loses_it_with_the_port() {
    let mut tx = begin_with_devices();
    let redirect = |port| rule(20, 4, transform(FlowAction::Redirect, port));
    assert_eq!(violated(tx.create(redirect(Some(99)))), "targetPortId");
    tx.create(bridge_port(10, 1)).expect("a port");
    tx.create(redirect(Some(10))).expect("valid");
    tx.delete(PortId(id(10))).expect("it is there");
    assert_eq!(tx.state().rule(id(20)), Some(&redirect(None)));
}

#[test]
fn a_trace_rule_goes_with_its_request() {
    let mut tx = begin_with_devices();
    let trace = RuleAction::Trace { request: id(30), limit: 5 };
    assert_eq!(violated(tx.create(rule(20, 4, trace.clone()))), "requestId");
    tx.create(trace_request(30, TraceDevice::Bridge(id(1)))).expect("a request");
    tx.create(rule(20, 4, trace)).expect("valid");
    tx.delete(TraceRequestId(id(30))).expect("it is there");
    assert_eq!(tx.state().chain(id(4)).expect("it stays").rules, []);
}
