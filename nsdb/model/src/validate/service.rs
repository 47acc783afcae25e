//! Mirrors, L2 insertions, trace requests, QoS policies and the configuration of agents.

use super::condition::{condition, fragments};
use super::{Checked, MAX_NAME};
use crate::{
    ConfDocument, ConfName, L2Insertion, Mirror, ModelError, QosBandwidthRule, QosDscpRule, QosPolicy, State,
    TraceRequest,
};

/// Most conditions of one mirror.
const MAX_CONDITIONS: usize = 64;
/// Most settings of one configuration document.
const MAX_SETTINGS: usize = 64;
/// Largest numbers that clients of the REST API can read: Java's `int` and `long`.
const MAX_INT: u32 = i32::MAX.unsigned_abs();
const MAX_LONG: u64 = i64::MAX.unsigned_abs();

pub(super) fn mirror(mirror: &Mirror, checked: &mut Checked) {
    checked.require(
        mirror.conditions.len() <= MAX_CONDITIONS,
        "conditions",
        format!("must list at most {MAX_CONDITIONS} conditions"),
    );
    for one in &mirror.conditions {
        checked.part("conditions", |checked| {
            condition(one, checked);
            fragments(one, checked);
        });
    }
}

pub(super) fn insertion(insertion: &L2Insertion, checked: &mut Checked) {
    checked.require(insertion.vlan <= 4094, "vlan", "must be between 1 and 4094, or 0 for none");
    checked.require(
        insertion.mac.is_station(),
        "mac",
        format!("{} is not the address of a single station", insertion.mac),
    );
    checked.require(
        insertion.service_port != insertion.port,
        "srvPortId",
        "must be another port than the one whose traffic is inspected",
    );
}

/// No two insertions lead a port through the same service, and a port is either inspected or serves.
pub(super) fn insertion_unique(state: &State, insertion: &L2Insertion) -> Result<(), ModelError> {
    let (port, service) = (insertion.port, insertion.service_port);
    let others = |other: &&L2Insertion| other.id != insertion.id;
    if let Some(other) =
        state.port_insertions(port).filter(others).find(|other| other.service_port == service)
    {
        let message = format!(
            "Traffic of port {port} is led through port {service} by insertion {} already.",
            other.id
        );
        return Err(ModelError::conflict(message, [other.id]));
    }
    if let Some(other) = state.service_insertions(port).find(others) {
        let message = format!("Port {port} serves insertion {}: it cannot be inspected itself.", other.id);
        return Err(ModelError::conflict(message, [other.id]));
    }
    if let Some(other) = state.port_insertions(service).find(others) {
        let message = format!("Port {service} is inspected by insertion {}: it cannot serve.", other.id);
        return Err(ModelError::conflict(message, [other.id]));
    }
    Ok(())
}

pub(super) fn trace_request(request: &TraceRequest, checked: &mut Checked) {
    checked.text("name", Some(request.name.as_str()));
    checked.part("condition", |checked| {
        condition(&request.condition, checked);
        fragments(&request.condition, checked);
    });
    let range = format!("must be between 0 and {MAX_LONG}");
    checked.require(request.limit <= MAX_LONG, "limit", range.clone());
    checked.require(request.created_at_ms <= MAX_LONG, "creationTimestampMs", range);
}

pub(super) fn qos_policy(policy: &QosPolicy, checked: &mut Checked) {
    checked.text("name", policy.name.as_deref());
    checked.text("description", policy.description.as_deref());
    checked.text("tenant_id", policy.tenant_id.as_deref());
}

pub(super) fn qos_bandwidth_rule(rule: &QosBandwidthRule, checked: &mut Checked) {
    let range = format!("must be between 0 and {MAX_INT}");
    checked.require(rule.max_kbps <= MAX_INT, "maxKbps", range.clone());
    checked.require(rule.max_burst_kb.is_none_or(|burst| burst <= MAX_INT), "maxBurstKb", range);
}

pub(super) fn qos_dscp_rule(rule: &QosDscpRule, checked: &mut Checked) {
    checked.require(rule.mark <= 63, "dscpMark", "must be between 0 and 63");
}

pub(super) fn conf_document(document: &ConfDocument, checked: &mut Checked) {
    checked.require(document.id == document.name.id(), "id", "is not that of the document's name");
    if let ConfName::Template(name) = &document.name {
        let size = (1..=MAX_NAME).contains(&name.chars().count());
        checked.require(size, "name", format!("size must be between 1 and {MAX_NAME}"));
        checked.require(document.template.is_none(), "template", "a template has no template");
    }
    checked.text("template", document.template.as_deref());
    checked.require(
        document.settings.len() <= MAX_SETTINGS,
        "settings",
        format!("must be at most {MAX_SETTINGS}"),
    );
    for (key, value) in &document.settings {
        checked.text("settings", Some(key.as_str()));
        checked.text("settings", Some(value.as_str()));
    }
}
