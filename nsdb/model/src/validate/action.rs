//! Rules: what they do, and the fragments that they can do it to.

use super::condition::{condition, fragments};
use super::{Checked, is_unicast};
use crate::{FlowAction, FragmentPolicy, L2Transform, Nat, NatTarget, Rule, RuleAction};

/// Most targets of one NAT rule: each is a range.
const MAX_TARGETS: usize = 64;

pub(super) fn rule(rule: &Rule, checked: &mut Checked) {
    checked.text("meterName", rule.meter_name.as_deref());
    condition(&rule.condition, checked);
    if rule.action.wants_unfragmented(&rule.condition) {
        checked.require(
            rule.condition.fragment_policy == FragmentPolicy::Unfragmented,
            "fragmentPolicy",
            "must be unfragmented for NAT with ports or to several addresses: fragments carry no ports",
        );
    } else {
        fragments(&rule.condition, checked);
    }
    match &rule.action {
        RuleAction::Nat(rule) => nat(rule, checked),
        RuleAction::ReverseNat { flow_action, .. } => follows_nat(*flow_action, checked),
        RuleAction::L2Transform(transform) => follows_transform(transform, checked),
        _ => {}
    }
}

fn nat(nat: &Nat, checked: &mut Checked) {
    follows_nat(nat.flow_action, checked);
    checked.require(
        (1..=MAX_TARGETS).contains(&nat.targets.len()),
        "natTargets",
        format!("must list between 1 and {MAX_TARGETS} targets"),
    );
    for target in &nat.targets {
        nat_target(target, checked);
    }
    let version = nat.targets.first().map(|target| target.first.is_ipv4());
    checked.require(
        nat.targets.iter().all(|target| Some(target.first.is_ipv4()) == version),
        "natTargets",
        "must be of one IP version",
    );
}

fn nat_target(target: &NatTarget, checked: &mut Checked) {
    let NatTarget { first, last, ports } = target;
    for address in [first, last] {
        checked.require(
            is_unicast(*address),
            "natTargets",
            format!("{address} is not an address that a packet can be sent to"),
        );
    }
    checked.require(
        first.is_ipv4() == last.is_ipv4() && first <= last,
        "natTargets",
        format!("addressFrom {first} must be of the same IP version as addressTo {last} and not behind it"),
    );
    if let Some(ports) = ports {
        let (from, to) = (ports.start(), ports.end());
        checked.require(
            1 <= *from && from <= to,
            "natTargets",
            format!(
                "portFrom {from} and portTo {to} must be between 1 and 65535 in this order, or 0 both to leave the port as it is"
            ),
        );
    }
}

fn follows_nat(flow_action: FlowAction, checked: &mut Checked) {
    checked.require(
        flow_action != FlowAction::Redirect,
        "flowAction",
        "must be accept, continue or return for a NAT rule",
    );
}

fn follows_transform(transform: &L2Transform, checked: &mut Checked) {
    checked.require(
        matches!(transform.flow_action, FlowAction::Accept | FlowAction::Redirect),
        "flowAction",
        "must be accept or redirect for an l2_transform rule",
    );
}
