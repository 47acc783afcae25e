//! Pool members and health monitors.

use super::Checked;
use crate::{HealthMonitor, PoolMember};

pub(super) fn pool_member(member: &PoolMember, checked: &mut Checked) {
    checked.ipv4("address", member.address);
    checked.number("weight", member.weight);
    checked.require(member.weight >= 1, "weight", "must be greater than or equal to 1");
}

pub(super) fn health_monitor(monitor: &HealthMonitor, checked: &mut Checked) {
    checked.text("tenantId", monitor.tenant_id.as_deref());
    checked.number("delay", monitor.delay);
    checked.number("timeout", monitor.timeout);
    checked.number("maxRetries", monitor.max_retries);
}
