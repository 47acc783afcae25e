//! QoS policies. Stored, checked and served; no effect in the datapath yet.

use std::collections::BTreeSet;

use model::{ModelError, ObjectKey, QosBandwidthRule, QosDscpRule, QosPolicy, QosPolicyId, Transaction};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::{new_id, remove};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;
use crate::openapi::choices;

const POLICY: Media = Media::new("QOSPolicy", &[1]);

pub(super) fn routes() -> Routes {
    let listed = list(POLICY, all).query("tenant_id", "Only objects of this tenant.");
    Routes::new().route("/qos_policies", listed.merge(create::<View>(POLICY, add))).route(
        "/qos_policies/{id}",
        one(POLICY, get)
            .merge(update::<View>(POLICY, replace))
            .merge(delete(|call| remove::<QosPolicyId>(call, "id"))),
    )
}

/// Bandwidth limits and DSCP marks for the ports and bridges that name the policy. Deleted, it takes its rules along. No
/// effect in the datapath yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Any text, at most 255 characters.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// Any text, at most 255 characters.
    #[schema(max_length = 255)]
    description: Option<String>,
    /// Whether other tenants may use it.
    shared: Option<bool>,
    /// When it is written, all of its rules; left out or null, they stay. When it is read, always null: see `bwLimitRules`
    /// and `dscpRules`.
    rules: Option<Vec<RuleView>>,
    /// Its DSCP marks.
    #[schema(read_only)]
    dscp_rules: String,
    /// Its bandwidth limits.
    #[schema(read_only)]
    bw_limit_rules: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    /// Whose it is: any text, at most 255 characters.
    #[serde(rename = "tenant_id")]
    #[schema(max_length = 255)]
    tenant_id: Option<String>,
}

/// A rule within a policy that is written.
#[derive(Serialize, ToSchema)]
#[schema(as = QOSRule)]
struct RuleView {
    /// Chosen by the client, or else by the server; a rule of the policy that has it is changed.
    id: Option<Uuid>,
    #[serde(rename = "type")]
    #[schema(schema_with = rule_types)]
    kind: &'static str,
    /// Of a bandwidth limit: kilobits per second, 0 if left out.
    #[schema(maximum = 2147483647)]
    max_kbps: Option<u32>,
    /// Of a bandwidth limit: kilobits that may come at once.
    #[schema(maximum = 2147483647)]
    max_burst_kbps: Option<u32>,
    /// Of a DSCP mark: the codepoint, 0 if left out.
    #[schema(maximum = 63)]
    dscp_mark: Option<u8>,
}

const RULE_TYPES: &[(&str, RuleType)] =
    &[("bandwidth_limit", RuleType::Bandwidth), ("dscp_marking", RuleType::Dscp)];

#[derive(Clone, Copy)]
enum RuleType {
    Bandwidth,
    Dscp,
}

fn rule_types() -> Schema {
    choices("What it does.", RULE_TYPES)
}

fn view(call: &Call, policy: &QosPolicy) -> View {
    let uri = call.links.to(format_args!("qos_policies/{}", policy.id));
    View {
        id: policy.id.0,
        name: policy.name.clone(),
        description: policy.description.clone(),
        shared: policy.shared,
        rules: None,
        dscp_rules: format!("{uri}/qos_dscp_rules"),
        bw_limit_rules: format!("{uri}/qos_bw_limit_rules"),
        uri,
        tenant_id: policy.tenant_id.clone(),
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let wanted = call.topology.qos_policies().filter(|p| call.wants_tenant(p.tenant_id.as_deref()));
    Ok(wanted.map(|policy| view(call, policy)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<QosPolicyId>("id")?;
    let policy = call.topology.qos_policy(id).ok_or(ObjectKey::from(id))?;
    Ok(view(call, policy))
}

fn read(id: QosPolicyId, fields: &mut Fields) -> QosPolicy {
    QosPolicy {
        id,
        tenant_id: fields.text("tenant_id"),
        name: fields.text("name"),
        description: fields.text("description"),
        shared: fields.flag("shared"),
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let policy = read(new_id(fields), fields);
    let rules = Rules::read(policy.id, fields);
    let location = call.links.to(format_args!("qos_policies/{}", policy.id));
    Ok(Edit::new(move |tx| {
        tx.create(policy.clone())?;
        rules.set(tx)
    })
    .at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let policy = read(call.id("id")?, fields);
    let rules = Some(Rules::read(policy.id, fields)).filter(|_| fields.has_value("rules"));
    Ok(Edit::new(move |tx| {
        tx.update(policy.clone())?;
        rules.as_ref().map_or(Ok(()), |rules| rules.set(tx))
    }))
}

/// All rules that a policy is to have.
struct Rules {
    policy: QosPolicyId,
    bandwidth: Vec<QosBandwidthRule>,
    dscp: Vec<QosDscpRule>,
}

impl Rules {
    fn read(policy: QosPolicyId, fields: &mut Fields) -> Self {
        let mut rules = Self { policy, bandwidth: Vec::new(), dscp: Vec::new() };
        fields.objects("rules", |fields| match fields.choice("type", RULE_TYPES) {
            Some(RuleType::Bandwidth) => rules.bandwidth.push(QosBandwidthRule {
                id: new_id(fields),
                policy,
                max_kbps: fields.number("max_kbps", 0..=i32::MAX.into()).unwrap_or(0),
                max_burst_kb: fields.number("max_burst_kbps", 0..=i32::MAX.into()),
            }),
            Some(RuleType::Dscp) => rules.dscp.push(QosDscpRule {
                id: new_id(fields),
                policy,
                mark: fields.number("dscp_mark", 0..=63).unwrap_or(0),
            }),
            None => fields.missing("type"),
        });
        rules
    }

    /// Gives the policy these rules and no others.
    fn set(&self, tx: &mut Transaction) -> Result<(), ModelError> {
        let kept: BTreeSet<ObjectKey> = (self.bandwidth.iter().map(|rule| rule.id.into()))
            .chain(self.dscp.iter().map(|rule| rule.id.into()))
            .collect();
        let state = tx.state();
        let bandwidth = state.policy_bandwidth_rules(self.policy).map(|rule| ObjectKey::from(rule.id));
        let dscp = state.policy_dscp_rules(self.policy).map(|rule| ObjectKey::from(rule.id));
        let gone: Vec<_> = bandwidth.chain(dscp).filter(|key| !kept.contains(key)).collect();
        for key in gone {
            tx.delete(key)?;
        }
        for rule in &self.bandwidth {
            let known = tx.state().qos_bandwidth_rule(rule.id);
            let own = known.is_some_and(|known| known.policy == self.policy);
            if own { tx.update(rule.clone())? } else { tx.create(rule.clone())? }
        }
        for rule in &self.dscp {
            let known = tx.state().qos_dscp_rule(rule.id);
            let own = known.is_some_and(|known| known.policy == self.policy);
            if own { tx.update(rule.clone())? } else { tx.create(rule.clone())? }
        }
        Ok(())
    }
}
