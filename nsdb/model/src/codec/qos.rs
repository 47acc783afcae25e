//! QoS policies and their rules.

use super::field::{FieldError, id, id_bytes, number};
use super::wire::topology as wire;
use crate::{QosBandwidthRule, QosDscpRule, QosPolicy};

impl From<&QosPolicy> for wire::QosPolicy {
    fn from(policy: &QosPolicy) -> Self {
        Self {
            id: id_bytes(policy.id),
            tenant_id: policy.tenant_id.clone(),
            name: policy.name.clone(),
            description: policy.description.clone(),
            shared: policy.shared,
        }
    }
}

impl TryFrom<wire::QosPolicy> for QosPolicy {
    type Error = FieldError;

    fn try_from(policy: wire::QosPolicy) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &policy.id)?,
            tenant_id: policy.tenant_id,
            name: policy.name,
            description: policy.description,
            shared: policy.shared,
        })
    }
}

impl From<&QosBandwidthRule> for wire::QosBandwidthRule {
    fn from(rule: &QosBandwidthRule) -> Self {
        Self {
            id: id_bytes(rule.id),
            policy: id_bytes(rule.policy),
            max_kbps: rule.max_kbps,
            max_burst_kb: rule.max_burst_kb,
        }
    }
}

impl TryFrom<wire::QosBandwidthRule> for QosBandwidthRule {
    type Error = FieldError;

    fn try_from(rule: wire::QosBandwidthRule) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &rule.id)?,
            policy: id("policy", &rule.policy)?,
            max_kbps: rule.max_kbps,
            max_burst_kb: rule.max_burst_kb,
        })
    }
}

impl From<&QosDscpRule> for wire::QosDscpRule {
    fn from(rule: &QosDscpRule) -> Self {
        Self { id: id_bytes(rule.id), policy: id_bytes(rule.policy), mark: rule.mark.into() }
    }
}

impl TryFrom<wire::QosDscpRule> for QosDscpRule {
    type Error = FieldError;

    fn try_from(rule: wire::QosDscpRule) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &rule.id)?,
            policy: id("policy", &rule.policy)?,
            mark: number("mark", rule.mark)?,
        })
    }
}
