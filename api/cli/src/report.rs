//! What a command has to say, before it is put into words: objects with what to call them.

use serde_json::Value;

use crate::objects::{Attribute, Kind};

/// What comes of a command.
#[derive(Debug)]
pub(crate) enum Report {
    /// Nothing is to be said.
    Nothing,
    /// A text as it is.
    Text(String),
    /// An object, shown.
    One(Item),
    /// Objects, listed. The kind is that of the collection.
    Many(&'static Kind, Vec<Item>),
    /// An object that has been made.
    Created(Item),
    /// The value of an attribute.
    Value(Option<String>, Value),
    /// Several of these.
    Several(Vec<Report>),
}

/// An object, with the words for its attributes.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) kind: &'static Kind,
    /// What to call it: where it stands, and anywhere. None if objects of its kind have no names.
    pub(crate) name: Option<Name>,
    /// Attributes that have a value.
    pub(crate) words: Vec<(&'static Attribute, String)>,
    /// As the API has it.
    pub(crate) object: Value,
}

/// What to call an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// Below its parent.
    pub(crate) short: String,
    /// Anywhere.
    pub(crate) full: String,
}
