//! The rules of QoS policies: bandwidth limits and DSCP marks. Stored, checked and served; no effect in the datapath yet.
//! Below its policy a rule can only be deleted; its own address is `qos_…_rules/{id}`.

use model::{ObjectKey, QosBandwidthRule, QosBandwidthRuleId, QosDscpRule, QosDscpRuleId, QosPolicyId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{new_id, remove};
use crate::endpoint::{Call, Edit, Endpoint, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const LIMIT: Media = Media::new("QOSRuleBWLimit", &[1]);
const MARK: Media = Media::new("QOSRuleDSCP", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(
            "/qos_policies/{id}/qos_bw_limit_rules",
            list(LIMIT, limits).merge(create::<LimitView>(LIMIT, add_limit)),
        )
        .route("/qos_policies/{id}/qos_bw_limit_rules/{rule}", no_limit())
        .route(
            "/qos_bw_limit_rules/{rule}",
            one(LIMIT, limit).merge(update::<LimitView>(LIMIT, replace_limit)).merge(no_limit()),
        )
        .route(
            "/qos_policies/{id}/qos_dscp_rules",
            list(MARK, marks).merge(create::<MarkView>(MARK, add_mark)),
        )
        .route("/qos_policies/{id}/qos_dscp_rules/{rule}", no_mark())
        .route(
            "/qos_dscp_rules/{rule}",
            one(MARK, mark).merge(update::<MarkView>(MARK, replace_mark)).merge(no_mark()),
        )
}

fn no_limit() -> Endpoint {
    delete(|call| remove::<QosBandwidthRuleId>(call, "rule"))
}

fn no_mark() -> Endpoint {
    delete(|call| remove::<QosDscpRuleId>(call, "rule"))
}

/// Limits the bandwidth that ports with the policy send with. No effect in the datapath yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LimitView {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Kilobits per second.
    #[schema(default = 0, maximum = 2147483647)]
    max_kbps: u32,
    /// Kilobits that may come at once.
    #[schema(maximum = 2147483647)]
    max_burst_kb: Option<u32>,
    /// Its policy.
    #[schema(read_only)]
    policy_id: Uuid,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

/// Marks the traffic of ports with the policy. No effect in the datapath yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MarkView {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Differentiated services codepoint.
    #[schema(default = 0, maximum = 63)]
    dscp_mark: u8,
    /// Its policy.
    #[schema(read_only)]
    policy_id: Uuid,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn limit_view(call: &Call, rule: &QosBandwidthRule) -> LimitView {
    LimitView {
        id: rule.id.0,
        max_kbps: rule.max_kbps,
        max_burst_kb: rule.max_burst_kb,
        policy_id: rule.policy.0,
        uri: call.links.to(format_args!("qos_bw_limit_rules/{}", rule.id)),
    }
}

fn mark_view(call: &Call, rule: &QosDscpRule) -> MarkView {
    MarkView {
        id: rule.id.0,
        dscp_mark: rule.mark,
        policy_id: rule.policy.0,
        uri: call.links.to(format_args!("qos_dscp_rules/{}", rule.id)),
    }
}

/// The policy of the path.
fn policy(call: &Call) -> Result<QosPolicyId, Failure> {
    let id = call.id::<QosPolicyId>("id")?;
    Ok(call.topology.qos_policy(id).ok_or(ObjectKey::from(id))?.id)
}

fn limits(call: &Call) -> Result<Vec<LimitView>, Failure> {
    Ok(call.topology.policy_bandwidth_rules(policy(call)?).map(|rule| limit_view(call, rule)).collect())
}

fn marks(call: &Call) -> Result<Vec<MarkView>, Failure> {
    Ok(call.topology.policy_dscp_rules(policy(call)?).map(|rule| mark_view(call, rule)).collect())
}

fn limit(call: &Call) -> Result<LimitView, Failure> {
    let id = call.id::<QosBandwidthRuleId>("rule")?;
    let rule = call.topology.qos_bandwidth_rule(id).ok_or(ObjectKey::from(id))?;
    Ok(limit_view(call, rule))
}

fn mark(call: &Call) -> Result<MarkView, Failure> {
    let id = call.id::<QosDscpRuleId>("rule")?;
    let rule = call.topology.qos_dscp_rule(id).ok_or(ObjectKey::from(id))?;
    Ok(mark_view(call, rule))
}

fn read_limit(id: QosBandwidthRuleId, policy: QosPolicyId, fields: &mut Fields) -> QosBandwidthRule {
    QosBandwidthRule {
        id,
        policy,
        max_kbps: fields.number("maxKbps", 0..=i32::MAX.into()).unwrap_or(0),
        max_burst_kb: fields.number("maxBurstKb", 0..=i32::MAX.into()),
    }
}

fn read_mark(id: QosDscpRuleId, policy: QosPolicyId, fields: &mut Fields) -> QosDscpRule {
    QosDscpRule { id, policy, mark: fields.number("dscpMark", 0..=63).unwrap_or(0) }
}

fn add_limit(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let rule = read_limit(new_id(fields), call.id("id")?, fields);
    let location = call.links.to(format_args!("qos_bw_limit_rules/{}", rule.id));
    Ok(Edit::new(move |tx| tx.create(rule.clone())).at(location))
}

fn add_mark(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let rule = read_mark(new_id(fields), call.id("id")?, fields);
    let location = call.links.to(format_args!("qos_dscp_rules/{}", rule.id));
    Ok(Edit::new(move |tx| tx.create(rule.clone())).at(location))
}

/// A rule stays with its policy.
fn replace_limit(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let id = call.id::<QosBandwidthRuleId>("rule")?;
    let policy = call.topology.qos_bandwidth_rule(id).ok_or(ObjectKey::from(id))?.policy;
    let rule = read_limit(id, policy, fields);
    Ok(Edit::new(move |tx| tx.update(rule.clone())))
}

fn replace_mark(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let id = call.id::<QosDscpRuleId>("rule")?;
    let policy = call.topology.qos_dscp_rule(id).ok_or(ObjectKey::from(id))?.policy;
    let rule = read_mark(id, policy, fields);
    Ok(Edit::new(move |tx| tx.update(rule.clone())))
}
