//! Configuration of agents that is kept centrally (midonet.md §1.6, §3.3). No agent reads it yet.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::ConfDocumentId;

/// Whose configuration it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfName {
    /// Of the agent of this host.
    Node(Uuid),
    /// Of all agents whose node is assigned this template.
    Template(String),
}

/// Settings of an agent or template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfDocument {
    /// Identity: that of its name.
    pub id: ConfDocumentId,
    /// Whose it is.
    pub name: ConfName,
    /// The template that the node is assigned; it need not exist. Only of a node.
    pub template: Option<String>,
    /// Values by key, each as text.
    pub settings: BTreeMap<String, String>,
}

impl ConfName {
    /// The id of the document with this name (UUID version 5, RFC 9562 §5.5).
    pub fn id(&self) -> ConfDocumentId {
        ConfDocumentId(match self {
            Self::Node(host) => Uuid::new_v5(host, b"node"),
            Self::Template(name) => Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("template {name}").as_bytes()),
        })
    }
}

impl ConfDocument {
    /// A document that says nothing.
    pub fn empty(name: ConfName) -> Self {
        Self { id: name.id(), name, template: None, settings: BTreeMap::new() }
    }
}
