//! Rules of chains: created at a position, read and deleted; a rule cannot be edited.

use model::{ChainId, Rule, RuleAction, RuleId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::{condition, new_id};
use crate::endpoint::{Call, Edit, Endpoint, Routes, create, delete, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;
use crate::openapi::choices;

const RULE: Media = Media::new("Rule", &[2]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/chains/{id}/rules", list(RULE, of_chain).merge(create::<View>(RULE, add)))
        .route("/chains/{id}/rules/{rule}", single())
        .route("/rules/{rule}", single())
}

fn single() -> Endpoint {
    one(RULE, get).merge(delete(|call| {
        let id = call.id::<RuleId>("rule")?;
        Ok(Edit::new(move |tx| tx.delete(id)))
    }))
}

/// A rule of a chain: what happens to packets that meet all of its conditions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    #[serde(rename = "type")]
    #[schema(schema_with = types)]
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
    jump: Option<Jump>,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

/// What only a jump rule has.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Jump {
    /// The chain that is asked next; what returns from it goes on behind this rule.
    jump_chain_id: Uuid,
    /// Its name.
    #[schema(read_only)]
    jump_chain_name: Option<String>,
}

fn view(call: &Call, rule: &Rule, position: usize) -> View {
    View {
        kind: match rule.action {
            RuleAction::Accept => "accept",
            RuleAction::Drop => "drop",
            RuleAction::Reject => "reject",
            RuleAction::Continue => "continue",
            RuleAction::Return => "return",
            RuleAction::Jump(_) => "jump",
        },
        condition: condition::view(&rule.condition),
        id: rule.id.0,
        chain_id: rule.chain.0,
        meter_name: rule.meter_name.clone(),
        position,
        jump: match rule.action {
            RuleAction::Jump(chain) => Some(Jump {
                jump_chain_id: chain.0,
                jump_chain_name: call.topology.chain(chain).and_then(|c| c.name.clone()),
            }),
            _ => None,
        },
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
    let rule = Rule {
        id: new_id(fields),
        chain: call.id("id")?,
        action: action(fields),
        condition: condition::read(fields),
        meter_name: fields.text("meterName"),
    };
    let position = fields.number("position", 0..=i64::from(i32::MAX)).unwrap_or(1);
    let location = call.links.to(format_args!("rules/{}", rule.id));
    Ok(Edit::new(move |tx| tx.insert_rule(rule.clone(), position)).at(location))
}

/// Types of rules, as `type` names them.
#[derive(Clone, Copy)]
enum Type {
    /// Decides by itself.
    Literal(RuleAction),
    /// Goes to another chain.
    Jump,
    /// Part of the contract, not of this release.
    Unsupported,
}

const TYPES: &[(&str, Type)] = &[
    ("accept", Type::Literal(RuleAction::Accept)),
    ("drop", Type::Literal(RuleAction::Drop)),
    ("reject", Type::Literal(RuleAction::Reject)),
    ("continue", Type::Literal(RuleAction::Continue)),
    ("return", Type::Literal(RuleAction::Return)),
    ("jump", Type::Jump),
    ("dnat", Type::Unsupported),
    ("snat", Type::Unsupported),
    ("rev_dnat", Type::Unsupported),
    ("rev_snat", Type::Unsupported),
    ("l2_transform", Type::Unsupported),
    ("trace", Type::Unsupported),
];

fn types() -> Schema {
    choices("What happens to packets that meet the conditions.", TYPES)
}

fn action(fields: &mut Fields) -> RuleAction {
    match fields.choice("type", TYPES) {
        Some(Type::Literal(action)) => action,
        Some(Type::Jump) => {
            let chain = fields.id::<ChainId>("jumpChainId");
            RuleAction::Jump(fields.required("jumpChainId", chain))
        }
        Some(Type::Unsupported) => {
            fields.violation("type", "rules of this type are not supported yet");
            RuleAction::Continue
        }
        None => {
            fields.missing("type");
            RuleAction::Continue
        }
    }
}
