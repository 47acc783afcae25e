//! Quality of service (MidoNet `QosPolicy` and its rules; midonet.md §2.9). No effect in the datapath yet.

use crate::{QosBandwidthRuleId, QosDscpRuleId, QosPolicyId};

/// Limits and marks that ports and bridges refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QosPolicy {
    /// Identity.
    pub id: QosPolicyId,
    /// Owner, free text.
    pub tenant_id: Option<String>,
    /// Display name, at most 255 characters.
    pub name: Option<String>,
    /// For people, at most 255 characters.
    pub description: Option<String>,
    /// Other tenants may use it.
    pub shared: Option<bool>,
}

/// Limits the bandwidth that a port may send with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QosBandwidthRule {
    /// Identity.
    pub id: QosBandwidthRuleId,
    /// Policy that it is part of.
    pub policy: QosPolicyId,
    /// Kilobits per second.
    pub max_kbps: u32,
    /// Kilobits that may come at once.
    pub max_burst_kb: Option<u32>,
}

/// Marks the traffic that a port sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QosDscpRule {
    /// Identity.
    pub id: QosDscpRuleId,
    /// Policy that it is part of.
    pub policy: QosPolicyId,
    /// Differentiated services codepoint (RFC 2474), 0–63.
    pub mark: u8,
}
