//! Mirrors, L2 insertions, trace requests, QoS policies and the configuration of agents.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::Values;
use super::rule::condition;
use crate::{
    ConfDocument, ConfName, L2Insertion, Mirror, MirrorId, Mirrors, PortMirrors, QosBandwidthRule,
    QosDscpRule, QosPolicy, QosPolicyId, TraceDevice, TraceRequest,
};

/// A list of mirrors, mostly empty where they must exist: a device is there before what is hooked into it.
fn hook(v: Values) -> BoxedStrategy<Vec<MirrorId>> {
    option::weighted(rarity(v), vec(v.id(), 1..3)).prop_map(Option::unwrap_or_default).boxed()
}

/// The policy of a bridge or port.
pub(super) fn policy(v: Values) -> impl Strategy<Value = Option<QosPolicyId>> {
    option::weighted(rarity(v), v.id())
}

fn rarity(v: Values) -> f64 {
    if v == Values::Wild { 0.5 } else { 0.05 }
}

pub(super) fn mirrors(v: Values) -> impl Strategy<Value = Mirrors> {
    (hook(v), hook(v)).prop_map(|(inbound, outbound)| Mirrors { inbound, outbound })
}

pub(super) fn port_mirrors(v: Values) -> impl Strategy<Value = PortMirrors> {
    (hook(v), hook(v), hook(v), hook(v)).prop_map(|(inbound, post_in_filter, pre_out_filter, outbound)| {
        PortMirrors { inbound, post_in_filter, pre_out_filter, outbound }
    })
}

pub(super) fn mirror(v: Values) -> impl Strategy<Value = Mirror> {
    (v.id(), v.id(), vec(condition(v), 0..3)).prop_map(|(id, to_port, conditions)| Mirror {
        id,
        to_port,
        conditions,
    })
}

pub(super) fn l2_insertion(v: Values) -> impl Strategy<Value = L2Insertion> {
    let vlan = v.number(0..5).prop_map(|vid| vid as u16);
    (v.id(), v.id(), v.id(), vlan, any::<i32>(), any::<bool>(), v.mac()).prop_map(
        |(id, port, service_port, vlan, position, fail_open, mac)| L2Insertion {
            id,
            port,
            service_port,
            vlan,
            position,
            fail_open,
            mac,
        },
    )
}

pub(super) fn trace_request(v: Values) -> impl Strategy<Value = TraceRequest> {
    let devices = prop_oneof![
        v.id().prop_map(TraceDevice::Bridge),
        v.id().prop_map(TraceDevice::Router),
        v.id().prop_map(TraceDevice::Port),
    ];
    let number = || if v == Values::Wild { any::<u64>().boxed() } else { (0..9u64).boxed() };
    (v.id(), v.text(), devices, condition(v), number(), number(), any::<bool>()).prop_map(
        |(id, name, device, condition, created_at_ms, limit, enabled)| TraceRequest {
            id,
            name: name.unwrap_or_default(),
            device,
            condition: Box::new(condition),
            created_at_ms,
            limit,
            enabled,
        },
    )
}

pub(super) fn qos_policy(v: Values) -> impl Strategy<Value = QosPolicy> {
    (v.id(), v.text(), v.text(), v.text(), option::of(any::<bool>())).prop_map(
        |(id, tenant_id, name, description, shared)| QosPolicy { id, tenant_id, name, description, shared },
    )
}

pub(super) fn qos_bandwidth_rule(v: Values) -> impl Strategy<Value = QosBandwidthRule> {
    (v.id(), v.id(), v.number(0..9), option::of(v.number(0..9))).prop_map(
        |(id, policy, max_kbps, max_burst_kb)| QosBandwidthRule { id, policy, max_kbps, max_burst_kb },
    )
}

pub(super) fn qos_dscp_rule(v: Values) -> impl Strategy<Value = QosDscpRule> {
    let mark = v.number(0..64).prop_map(|mark| mark as u8);
    (v.id(), v.id(), mark).prop_map(|(id, policy, mark)| QosDscpRule { id, policy, mark })
}

pub(super) fn conf_document(v: Values) -> impl Strategy<Value = ConfDocument> {
    let names = prop_oneof![v.id().prop_map(ConfName::Node), "[a-z]{1,2}".prop_map(ConfName::Template)];
    let text = if v == Values::Wild { ".{0,300}" } else { "[a-z]{1,3}" };
    (names, v.text(), btree_map(text, text, 0..3)).prop_map(|(name, template, settings)| {
        let template = template.filter(|_| matches!(name, ConfName::Node(_)));
        ConfDocument { template, settings, ..ConfDocument::empty(name) }
    })
}
