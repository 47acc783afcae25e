//! Entries of the commit log.

use std::collections::BTreeSet;

use prost::Message;

use super::field::{DecodeError, FieldError};
use super::wire::store as wire;
use super::{FORMAT, check_format};
use crate::{Change, DocumentKey, ObjectKey, Version};

/// One committed change of the topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Version that the topology has after it.
    pub version: Version,
    /// What it changes, in order.
    pub changes: Vec<Change>,
    /// Who made it, for people: the name of an API server or agent.
    pub author: String,
    /// When it was made by its author's clock: milliseconds since 1970-01-01 UTC.
    pub committed_at_ms: u64,
    /// Documents that the agents which need them shall acknowledge, once they have applied this version.
    pub acknowledge: BTreeSet<DocumentKey>,
}

impl LogEntry {
    /// The entry as it is stored.
    pub fn encode(&self) -> Vec<u8> {
        let message = wire::LogEntry {
            format: FORMAT,
            version: self.version,
            changes: self.changes.iter().map(Into::into).collect(),
            author: self.author.clone(),
            committed_at_ms: self.committed_at_ms,
            acknowledge: self.acknowledge.iter().map(|key| ObjectKey::from(*key).into()).collect(),
        };
        message.encode_to_vec()
    }

    /// Reads a stored entry.
    ///
    /// # Errors
    /// Bytes that are no entry, or one of a newer format.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let entry =
            wire::LogEntry::decode(bytes).map_err(|error| DecodeError::malformed("log entry", &error))?;
        check_format("log entry", entry.format)?;
        Ok(Self {
            version: entry.version,
            changes: entry.changes.into_iter().map(Change::try_from).collect::<Result<_, _>>()?,
            author: entry.author,
            committed_at_ms: entry.committed_at_ms,
            acknowledge: entry
                .acknowledge
                .into_iter()
                .map(|key| document_key(key).map_err(DecodeError::in_message("log entry")))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn document_key(key: wire::ObjectKey) -> Result<DocumentKey, FieldError> {
    let key = ObjectKey::try_from(key)?;
    DocumentKey::headed_by(key)
        .ok_or_else(|| FieldError::new("acknowledge", format!("{key} is at the head of no document")))
}
