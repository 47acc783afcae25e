//! Configuration of agents.

use super::field::{FieldError, id, id_bytes};
use super::wire::topology as wire;
use super::wire::topology::conf_document::Name as WireName;
use crate::{ConfDocument, ConfName};

impl From<&ConfDocument> for wire::ConfDocument {
    fn from(document: &ConfDocument) -> Self {
        let setting =
            |(key, value): (&String, &String)| wire::Setting { key: key.clone(), value: value.clone() };
        Self {
            id: id_bytes(document.id),
            template: document.template.clone(),
            settings: document.settings.iter().map(setting).collect(),
            name: Some(match &document.name {
                ConfName::Node(host) => WireName::Node(id_bytes(*host)),
                ConfName::Template(name) => WireName::TemplateName(name.clone()),
            }),
        }
    }
}

impl TryFrom<wire::ConfDocument> for ConfDocument {
    type Error = FieldError;

    fn try_from(document: wire::ConfDocument) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &document.id)?,
            template: document.template,
            settings: document.settings.into_iter().map(|setting| (setting.key, setting.value)).collect(),
            name: match document.name.ok_or_else(|| FieldError::unknown("name"))? {
                WireName::Node(host) => ConfName::Node(id("node", &host)?),
                WireName::TemplateName(name) => ConfName::Template(name),
            },
        })
    }
}
