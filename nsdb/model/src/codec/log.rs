//! Entries of the commit log.

use std::collections::BTreeSet;

use prost::Message;

use super::field::{DecodeError, FieldError};
use super::wire::store as wire;
use super::{FORMAT, check_format};
use crate::{Change, DocumentKey, Effect, Fate, ObjectKey, Version};

/// One committed change of the topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Version that the topology has after it.
    pub version: Version,
    /// What it changes, in order.
    pub changes: Vec<Change>,
    /// What each of the changes did; empty in an entry of an older release.
    pub effects: Vec<Effect>,
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
        let mut owners = Owners::default();
        let (before, after) =
            self.effects.iter().map(|e| (owners.number(&e.before), owners.number(&e.after))).unzip();
        let message = wire::LogEntry {
            format: FORMAT,
            version: self.version,
            changes: self.changes.iter().map(Into::into).collect(),
            author: self.author.clone(),
            committed_at_ms: self.committed_at_ms,
            fates: self.effects.iter().map(|effect| wire::Fate::from(effect.fate).into()).collect(),
            owners_before: before,
            owners_after: after,
            tenants: owners.0,
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
        let effects = effects(&entry).map_err(DecodeError::in_message("log entry"))?;
        Ok(Self {
            version: entry.version,
            effects,
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

/// Tenants by number, each written once: 1 is the first, 0 stands for none.
#[derive(Default)]
struct Owners(Vec<String>);

impl Owners {
    fn number(&mut self, tenant: &Option<String>) -> u32 {
        let Some(tenant) = tenant else { return 0 };
        let known = self.0.iter().position(|known| known == tenant);
        let index = known.unwrap_or_else(|| {
            self.0.push(tenant.clone());
            self.0.len() - 1
        });
        // An entry holds far fewer.
        u32::try_from(index + 1).unwrap_or(0)
    }
}

fn effects(entry: &wire::LogEntry) -> Result<Vec<Effect>, FieldError> {
    let count = entry.fates.len();
    if count != 0 && count != entry.changes.len() {
        return Err(FieldError::new(
            "fates",
            format!("has {count} items for {} changes", entry.changes.len()),
        ));
    }
    if entry.owners_before.len() != count || entry.owners_after.len() != count {
        return Err(FieldError::new("owners_before", "and owners_after must have an item for each fate"));
    }
    let owner = |field: &'static str, number: u32| match number.checked_sub(1) {
        None => Ok(None),
        Some(index) => match entry.tenants.get(index as usize) {
            Some(tenant) => Ok(Some(tenant.clone())),
            None => Err(FieldError::new(field, format!("{number} stands for no tenant"))),
        },
    };
    let owners = entry.owners_before.iter().zip(&entry.owners_after);
    let effect = |(fate, (before, after)): (wire::Fate, (&u32, &u32))| {
        Ok(Effect {
            fate: fate.try_into()?,
            before: owner("owners_before", *before)?,
            after: owner("owners_after", *after)?,
        })
    };
    entry.fates().zip(owners).map(effect).collect()
}

impl From<Fate> for wire::Fate {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Created => Self::Created,
            Fate::Updated => Self::Updated,
            Fate::Deleted => Self::Deleted,
        }
    }
}

impl TryFrom<wire::Fate> for Fate {
    type Error = FieldError;

    fn try_from(fate: wire::Fate) -> Result<Self, FieldError> {
        match fate {
            wire::Fate::Created => Ok(Self::Created),
            wire::Fate::Updated => Ok(Self::Updated),
            wire::Fate::Deleted => Ok(Self::Deleted),
            wire::Fate::Unspecified => Err(FieldError::unknown("fates")),
        }
    }
}

fn document_key(key: wire::ObjectKey) -> Result<DocumentKey, FieldError> {
    let key = ObjectKey::try_from(key)?;
    DocumentKey::headed_by(key)
        .ok_or_else(|| FieldError::new("acknowledge", format!("{key} is at the head of no document")))
}
