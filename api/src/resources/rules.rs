//! Rules of chains: created at a position, read and deleted; a rule cannot be edited. Below its chain a rule can only be
//! deleted; its own address is `rules/{id}`.

use model::{ChainId, Rule, RuleId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rule_action::{self, Own};
use super::{condition, new_id, remove};
use crate::endpoint::{Call, Edit, Endpoint, Routes, create, delete, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const RULE: Media = Media::new("Rule", &[2]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/chains/{id}/rules", list(RULE, of_chain).merge(create::<View>(RULE, add)))
        .route("/chains/{id}/rules/{rule}", gone())
        .route("/rules/{rule}", one(RULE, get).merge(gone()))
}

fn gone() -> Endpoint {
    delete(|call| remove::<RuleId>(call, "rule"))
}

/// A rule of a chain: what happens to packets that meet all of its conditions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    #[serde(rename = "type")]
    #[schema(schema_with = rule_action::types)]
    kind: &'static str,
    #[serde(flatten)]
    #[schema(inline)]
    condition: condition::View,
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Its chain.
    #[schema(read_only)]
    chain_id: Uuid,
    /// Any text.
    meter_name: Option<String>,
    /// Its place in the chain, counted from 1; those from there on move back. 0 means 1 too.
    #[schema(default = 1, maximum = 2147483647)]
    position: usize,
    #[serde(flatten)]
    #[schema(inline)]
    own: Own,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, rule: &Rule, position: usize) -> View {
    View {
        kind: rule_action::kind(&rule.action),
        condition: condition::view(&rule.condition),
        id: rule.id.0,
        chain_id: rule.chain.0,
        meter_name: rule.meter_name.clone(),
        position,
        own: rule_action::own(call, &rule.action),
        uri: call.links.to(format_args!("rules/{}", rule.id)),
    }
}

fn of_chain(call: &Call) -> Result<Vec<View>, Failure> {
    let id = call.id::<ChainId>("id")?;
    call.topology.chain(id).ok_or(model::ObjectKey::from(id))?;
    Ok(call.topology.chain_rules(id).zip(1..).map(|(rule, position)| view(call, rule, position)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<RuleId>("rule")?;
    let rule = call.topology.rule(id).ok_or(model::ObjectKey::from(id))?;
    let chain = call.topology.chain(rule.chain);
    let before = chain.and_then(|chain| chain.rules.iter().position(|r| *r == id)).unwrap_or(0);
    Ok(view(call, rule, before + 1))
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let action = rule_action::read(fields);
    let mut condition = condition::read(fields);
    if !fields.has_value("fragmentPolicy") {
        condition.fragment_policy = action.default_fragment_policy(&condition);
    }
    let meter_name = fields.text("meterName");
    let rule = Rule { id: new_id(fields), chain: call.id("id")?, action, condition, meter_name };
    let position = fields.number("position", 0..=i64::from(i32::MAX)).unwrap_or(1);
    let location = call.links.to(format_args!("rules/{}", rule.id));
    Ok(Edit::new(move |tx| tx.insert_rule(rule.clone(), position)).at(location))
}
