//! Rules and conditions.

use std::ops::RangeInclusive;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::Values;
use crate::{
    Condition, FlowAction, FragmentPolicy, L2Transform, MaskedMac, Match, Nat, NatSide, NatTarget, Rule,
    RuleAction,
};

pub(super) fn rule(values: Values) -> impl Strategy<Value = Rule> {
    (values.id(), values.id(), condition(values), action(values), values.text()).prop_map(
        move |(id, chain, mut condition, action, meter_name)| {
            if values == Values::Plausible && action.wants_unfragmented(&condition) {
                condition.fragment_policy = FragmentPolicy::Unfragmented;
            }
            Rule { id, chain, condition, action, meter_name }
        },
    )
}

fn action(values: Values) -> impl Strategy<Value = RuleAction> {
    prop_oneof![
        1 => Just(RuleAction::Accept),
        1 => Just(RuleAction::Drop),
        1 => Just(RuleAction::Reject),
        1 => Just(RuleAction::Continue),
        1 => Just(RuleAction::Return),
        2 => values.id().prop_map(RuleAction::Jump),
        2 => nat(values).prop_map(RuleAction::Nat),
        1 => (side(), flow_action(values)).prop_map(|(side, flow_action)| RuleAction::ReverseNat {
            side,
            flow_action
        }),
        1 => l2_transform(values).prop_map(RuleAction::L2Transform),
        1 => (values.id(), values.number(0..9)).prop_map(|(request, limit)| RuleAction::Trace {
            request,
            limit: limit.into()
        }),
    ]
}

fn side() -> impl Strategy<Value = NatSide> {
    prop_oneof![Just(NatSide::Source), Just(NatSide::Destination)]
}

/// What may follow NAT, and in the wild anything.
fn flow_action(values: Values) -> impl Strategy<Value = FlowAction> {
    let wild = if values == Values::Wild { 1 } else { 0 };
    prop_oneof![
        1 => Just(FlowAction::Accept),
        1 => Just(FlowAction::Continue),
        1 => Just(FlowAction::Return),
        wild => Just(FlowAction::Redirect),
    ]
}

fn nat(values: Values) -> impl Strategy<Value = Nat> {
    (side(), vec(nat_target(values), 1..3), flow_action(values))
        .prop_map(|(side, targets, flow_action)| Nat { side, targets, flow_action })
}

fn nat_target(values: Values) -> impl Strategy<Value = NatTarget> {
    let ports = option::of(any::<(u16, u16)>().prop_map(move |ends| tp_range(values, ends)));
    (values.address(), values.address(), ports).prop_map(move |(a, b, ports)| match values {
        Values::Wild => NatTarget { first: a, last: b, ports },
        Values::Plausible => NatTarget { first: a.min(b), last: a.max(b), ports },
    })
}

fn l2_transform(values: Values) -> impl Strategy<Value = L2Transform> {
    let follows = prop_oneof![Just(FlowAction::Accept), Just(FlowAction::Redirect)];
    (any::<[bool; 3]>(), any::<u16>(), values.optional_id(), follows).prop_map(
        |([pop_vlan, ingress, fail_open], push_vlan, target_port, flow_action)| L2Transform {
            pop_vlan,
            push_vlan,
            target_port,
            ingress,
            fail_open,
            flow_action,
        },
    )
}

/// Conditions with any number of fields set.
pub fn condition(values: Values) -> impl Strategy<Value = Condition> {
    (flags(), references(values), link_layer(values), network_layer(values), transport(values)).prop_map(
        |(flags, references, link, network, transport)| Condition {
            conjunction_inv: flags.conjunction_inv,
            match_forward_flow: flags.match_forward_flow,
            match_return_flow: flags.match_return_flow,
            match_nw_dst_rewritten: flags.match_nw_dst_rewritten,
            dl_type: link.dl_type,
            dl_src: link.dl_src,
            dl_dst: link.dl_dst,
            no_vlan: link.no_vlan,
            vlan: link.vlan,
            nw_tos: network.nw_tos,
            nw_src: network.nw_src,
            nw_dst: network.nw_dst,
            icmp_data_src: network.icmp_data_src,
            icmp_data_dst: network.icmp_data_dst,
            nw_proto: transport.nw_proto,
            tp_src: transport.tp_src,
            tp_dst: transport.tp_dst,
            fragment_policy: transport.fragment_policy,
            ..references
        },
    )
}

fn flags() -> impl Strategy<Value = Condition> {
    any::<[bool; 4]>().prop_map(|[inv, forward, back, rewritten]| Condition {
        conjunction_inv: inv,
        match_forward_flow: forward,
        match_return_flow: back,
        match_nw_dst_rewritten: rewritten,
        ..Condition::default()
    })
}

/// Conditions that name ports, groups and devices only.
fn references(values: Values) -> impl Strategy<Value = Condition> {
    let ports = || rarely(values, vec(values.id(), 1..3));
    (
        (ports(), ports()),
        (rarely(values, values.id()), rarely(values, values.id()), rarely(values, values.id())),
        (rarely(values, values.id()), rarely(values, values.id()), rarely(values, values.id())),
    )
        .prop_map(|((in_ports, out_ports), groups, others)| Condition {
            in_ports,
            out_ports,
            port_group: groups.0,
            in_port_group: groups.1,
            out_port_group: groups.2,
            ip_addr_group_src: others.0,
            ip_addr_group_dst: others.1,
            traversed_device: others.2,
            ..Condition::default()
        })
}

fn link_layer(values: Values) -> impl Strategy<Value = Condition> {
    let mac = || {
        let masked = (values.mac(), any::<[u8; 6]>());
        rarely(values, masked.prop_map(|(addr, mask)| MaskedMac { addr, mask: packet::MacAddr(mask) }))
    };
    let dl_type = values.number(0x600..0x1_0000).prop_map(|n| n as u16);
    let vlan = option::weighted(0.1, values.number(0..4096).prop_map(|n| n as u16));
    (rarely(values, dl_type), mac(), mac(), any::<bool>(), vlan).prop_map(
        move |(dl_type, dl_src, dl_dst, no_vlan, vlan)| Condition {
            dl_type,
            dl_src,
            dl_dst,
            no_vlan: no_vlan && (vlan.is_none() || values == Values::Wild),
            vlan,
            ..Condition::default()
        },
    )
}

fn network_layer(values: Values) -> impl Strategy<Value = Condition> {
    let prefix = || rarely(values, values.prefix());
    (rarely(values, any::<u8>()), prefix(), prefix(), prefix(), prefix()).prop_map(
        |(nw_tos, nw_src, nw_dst, icmp_data_src, icmp_data_dst)| Condition {
            nw_tos,
            nw_src,
            nw_dst,
            icmp_data_src,
            icmp_data_dst,
            ..Condition::default()
        },
    )
}

fn transport(values: Values) -> impl Strategy<Value = Condition> {
    let policies = prop_oneof![
        Just(FragmentPolicy::Any),
        Just(FragmentPolicy::NonHeader),
        Just(FragmentPolicy::Header),
        Just(FragmentPolicy::Unfragmented),
    ];
    let range = || rarely(values, any::<(u16, u16)>().prop_map(move |ends| tp_range(values, ends)));
    (rarely(values, any::<u8>()), range(), range(), policies).prop_map(
        move |(nw_proto, tp_src, tp_dst, fragment_policy)| {
            let mut condition =
                Condition { nw_proto, tp_src, tp_dst, fragment_policy, ..Condition::default() };
            let looks_at_l4 = condition.tp_src.is_some() || condition.tp_dst.is_some();
            if values == Values::Plausible && looks_at_l4 {
                condition.nw_proto = Some(Match::is(6));
                condition.fragment_policy = condition.default_fragment_policy();
            }
            condition
        },
    )
}

fn tp_range(values: Values, (a, b): (u16, u16)) -> RangeInclusive<u16> {
    match values {
        Values::Wild => a..=b,
        Values::Plausible => a.min(b).max(1)..=a.max(b).max(1),
    }
}

/// A part of a condition: absent mostly, and negated half of the times.
fn rarely<T: std::fmt::Debug + Clone + 'static>(
    values: Values,
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<Match<T>>> {
    let present = if values == Values::Wild { 0.5 } else { 0.15 };
    let part = (value, any::<bool>()).prop_map(|(value, negated)| Match { value, negated });
    option::weighted(present, part).boxed()
}
