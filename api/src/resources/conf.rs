//! Configuration of agents, kept centrally as text: of each node, and of templates that nodes are assigned. Stored, checked
//! and served; no agent reads it yet: an agent is configured by its file, variables and flags.
//!
//! Texts are JSON objects from key to value when they are read; they may be TOML as well when they are written, like an
//! agent's configuration file. What is written is laid over what is there.

use std::collections::BTreeMap;

use model::{ConfDocument, ConfName, ModelError, Transaction};
use serde_json::{Map, Value, json};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::agent_settings::AGENT_SETTINGS;
use crate::endpoint::{Call, Edit, Routes, delete_text, text, write_text};
use crate::failure::{Failure, Violation};
use crate::media::Media;

const CONF: Media = Media::text("Configuration");
/// The template of nodes that are assigned none.
const DEFAULT_TEMPLATE: &str = "default";

/// Values by key.
type Settings = BTreeMap<String, String>;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/conf/schemas", text::<Text>(CONF, schemas).note("Every setting of agents."))
        .route(
            "/conf/nodes/{node}",
            text::<Text>(CONF, |call| Ok(own_settings(call, &node(call)?)))
                .note("Settings of one node.")
                .merge(write_text::<Text>(CONF, |call, text| lay_over(node(call)?, text)))
                .merge(delete_text(|call| Ok(clear_settings(node(call)?)))),
        )
        .route(
            "/conf/runtime/{node}",
            text::<Text>(CONF, runtime)
                .note("What holds for a node: its settings, over those of its template, over the defaults."),
        )
        .route("/conf/templates", text::<Text>(CONF, templates).note("Names of templates."))
        .route(
            "/conf/templates/{name}",
            text::<Text>(CONF, |call| Ok(own_settings(call, &template(call))))
                .note("Settings of a template.")
                .merge(write_text::<Text>(CONF, |call, text| lay_over(template(call), text)))
                .merge(delete_text(|call| Ok(clear_settings(template(call))))),
        )
        .route("/conf/template-mappings", text::<Text>(CONF, mappings).note("Templates by node."))
        .route(
            "/conf/template-mappings/{node}",
            write_text::<Text>(CONF, assign)
                .note("Assigns a node a template: `{\"NODE\": \"TEMPLATE\"}`.")
                .merge(delete_text(|call| {
                    let name = node(call)?;
                    Ok(change(name, |document| document.template = None))
                })),
        )
}

/// Configuration as text: a JSON object; TOML is taken as well. No agent reads it yet.
struct Text;

impl ToSchema for Text {}

impl PartialSchema for Text {
    fn schema() -> RefOr<Schema> {
        let about =
            "A JSON object from keys to values, all text; TOML is taken as well. No agent reads it yet.";
        RefOr::T(ObjectBuilder::new().schema_type(Type::String).description(Some(about)).into())
    }
}

fn node(call: &Call) -> Result<ConfName, Failure> {
    call.id::<Uuid>("node").map(ConfName::Node)
}

fn template(call: &Call) -> ConfName {
    ConfName::Template(call.segment("name").to_owned())
}

/// A JSON object as the contract renders it.
fn render(object: &impl serde::Serialize) -> String {
    // Maps of strings always have a JSON form.
    serde_json::to_string_pretty(object).unwrap_or_default()
}

fn schemas(_: &Call) -> Result<String, Failure> {
    let describe = |setting: &crate::agent_settings::AgentSetting| {
        let entry = json!({
            "type": setting.kind.description(), "default": setting.default, "description": setting.meaning,
        });
        (setting.key.to_owned(), entry)
    };
    Ok(render(&AGENT_SETTINGS.iter().map(describe).collect::<Map<String, Value>>()))
}

fn settings_of(call: &Call, name: &ConfName) -> Settings {
    call.topology.conf_document(name.id()).map(|document| document.settings.clone()).unwrap_or_default()
}

fn own_settings(call: &Call, name: &ConfName) -> String {
    render(&settings_of(call, name))
}

fn runtime(call: &Call) -> Result<String, Failure> {
    let name = node(call)?;
    let assigned = call.topology.conf_document(name.id()).and_then(|document| document.template.clone());
    let template = ConfName::Template(assigned.unwrap_or_else(|| DEFAULT_TEMPLATE.to_owned()));
    let defaults = AGENT_SETTINGS.iter().filter_map(|s| Some((s.key.to_owned(), s.default?.to_owned())));
    let mut settings: Settings = defaults.collect();
    settings.extend(settings_of(call, &template));
    settings.extend(settings_of(call, &name));
    Ok(render(&settings))
}

fn templates(call: &Call) -> Result<String, Failure> {
    let name = |document: &ConfDocument| match &document.name {
        ConfName::Template(name) => Some(name.clone()),
        ConfName::Node(_) => None,
    };
    let mut names: Vec<String> = call.topology.conf_documents().filter_map(name).collect();
    names.sort();
    Ok(render(&json!({ "templates": names })))
}

fn mappings(call: &Call) -> Result<String, Failure> {
    let mapping = |document: &ConfDocument| match document.name {
        ConfName::Node(host) => Some((host.to_string(), document.template.clone()?)),
        ConfName::Template(_) => None,
    };
    Ok(render(&call.topology.conf_documents().filter_map(mapping).collect::<Settings>()))
}

/// Reads a JSON object, or TOML, whose values are all text.
fn parse(text: &str) -> Result<Settings, Failure> {
    let told = |error: String| Failure::bad_request(format!("The body is no object of texts: {error}."));
    let object: Map<String, Value> = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| told(error.to_string()))?
    } else {
        toml::from_str(text).map_err(|error| told(error.message().to_owned()))?
    };
    let (mut settings, mut violations) = (Settings::new(), Vec::new());
    for (key, value) in object {
        match value {
            Value::String(text) => {
                settings.insert(key, text);
            }
            _ => violations
                .push(Violation { property: key, message: "is not text: put it in quotes".to_owned() }),
        }
    }
    if violations.is_empty() { Ok(settings) } else { Err(Failure::invalid(violations)) }
}

/// Checks settings against what agents know.
fn check(settings: &Settings) -> Result<(), Failure> {
    let violation = |(key, value): (&String, &String)| {
        let message = match AGENT_SETTINGS.iter().find(|setting| setting.key == key) {
            None => {
                let known: Vec<_> = AGENT_SETTINGS.iter().map(|setting| setting.key).collect();
                format!("is no setting of agents: those are {}", known.join(", "))
            }
            Some(setting) if !setting.kind.takes(value) => {
                format!("`{value}` is not {}", setting.kind.description())
            }
            Some(_) => return None,
        };
        Some(Violation { property: key.clone(), message })
    };
    let violations: Vec<_> = settings.iter().filter_map(violation).collect();
    if violations.is_empty() { Ok(()) } else { Err(Failure::invalid(violations)) }
}

fn lay_over(name: ConfName, text: &str) -> Result<Edit, Failure> {
    let settings = parse(text)?;
    check(&settings)?;
    Ok(change(name, move |document| document.settings.extend(settings.clone())))
}

fn clear_settings(name: ConfName) -> Edit {
    change(name, |document| document.settings.clear())
}

fn assign(call: &Call, text: &str) -> Result<Edit, Failure> {
    let name = node(call)?;
    let node = call.segment("node");
    let Some(template) = parse(text)?.remove(node) else {
        let message = "may not be null: the body assigns the node of the path";
        return Err(Failure::invalid(vec![Violation { property: node.to_owned(), message: message.into() }]));
    };
    Ok(change(name, move |document| document.template = Some(template.clone())))
}

/// Changes a document as it stands when the change is committed; one that says nothing is not kept.
fn change(name: ConfName, mut edit: impl FnMut(&mut ConfDocument) + Send + 'static) -> Edit {
    Edit::new(move |tx: &mut Transaction| -> Result<(), ModelError> {
        let known = tx.state().conf_document(name.id()).cloned();
        let was_there = known.is_some();
        let mut document = known.unwrap_or_else(|| ConfDocument::empty(name.clone()));
        edit(&mut document);
        match document == ConfDocument::empty(name.clone()) {
            false => tx.create_or_update(document),
            true if was_there => tx.delete(document.id),
            true => Ok(()),
        }
    })
}
