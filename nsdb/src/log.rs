//! The commit log: one key per version. Creating the next one *is* the commit.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use model::{Change, Effect, LogEntry, Version};
use tokio::time::sleep;
use uuid::Uuid;

use crate::Error;
use crate::coordinator::{self, Coordinator, Expect, Retry};
use crate::progress::Progress;

/// While the outcome of a commit is unknown, it is asked for at this interval.
const RESOLVE: Duration = Duration::from_millis(100);

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Unique to the attempt to commit it.
    pub(crate) id: Uuid,
    /// Who commits it.
    pub(crate) author: Arc<str>,
    /// What it changes, in order.
    pub(crate) changes: Vec<Change>,
    /// What each of them does; empty in an entry of an older release.
    pub(crate) effects: Vec<Effect>,
    /// When it was committed, by the clock of [`Stat`](coordinator::Stat).
    pub(crate) created: Option<u64>,
}

/// The key of a version's entry.
pub(crate) fn key(version: Version) -> String {
    format!("log/{version:020}")
}

/// The entry of a version; `None` if it is not committed yet, or compacted.
pub(crate) async fn read(coordinator: &dyn Coordinator, version: Version) -> Result<Option<Entry>, Error> {
    let key = key(version);
    let Some((value, stat)) = coordinator.get(&key).await? else { return Ok(None) };
    let entry = decode(version, &value).map_err(|reason| Error::malformed(key, reason))?;
    Ok(Some(Entry { created: stat.created, ..entry }))
}

/// What became of an attempt to commit.
#[derive(Debug)]
pub(crate) enum Append {
    /// The entry is durable under its version. When it was created, if that is known.
    Committed(Option<u64>),
    /// Another writer's entry stands there, and this one nowhere.
    Taken(Entry),
    /// The log is compacted beyond the version, and the entry stands nowhere.
    Compacted,
    /// It cannot be found out any more whether the entry became part of history.
    Unknown,
}

/// Commits an entry as this version, or not at all. Its id must be unique.
///
/// An attempt without an answer is resolved by reading the key back, for as long as it takes: the same entry is created
/// again only under the same key, so it cannot come to stand twice.
///
/// Up to the time `in_time`, if that is known, the log cannot have been compacted beyond the version.
///
/// # Errors
/// Only when the entry certainly stands nowhere.
pub(crate) async fn append(
    coordinator: &dyn Coordinator,
    version: Version,
    entry: &Entry,
    in_time: Option<u64>,
) -> Result<Append, Error> {
    let (key, value) = (key(version), encode(version, entry));
    let mut uncertain = false;
    loop {
        match coordinator.create(&key, value.clone()).await {
            Ok(stat) if stat.created.zip(in_time).is_some_and(|(created, in_time)| created <= in_time) => {
                return Ok(Append::Committed(stat.created));
            }
            Ok(stat) => return confirm(coordinator, version, stat.created).await,
            Err(coordinator::Error::Exists { .. }) => match read(coordinator, version).await {
                Ok(Some(found)) if found.id == entry.id => {
                    return confirm(coordinator, version, found.created).await;
                }
                Ok(Some(found)) => return Ok(Append::Taken(found)),
                // It was there a moment ago.
                Ok(None) if uncertain => return Ok(Append::Unknown),
                Ok(None) => return Ok(Append::Compacted),
                Err(error) if error.is_outage() => {}
                Err(_) if uncertain => return Ok(Append::Unknown),
                Err(error) => return Err(error),
            },
            Err(coordinator::Error::Uncertain { .. }) => uncertain = true,
            Err(error) if !uncertain => return Err(error.into()),
            Err(error) if error.retry() == Retry::Never => return Ok(Append::Unknown),
            Err(_) => {}
        }
        sleep(RESOLVE).await;
    }
}

/// Makes sure that an entry just found under its key is part of history: a writer that was cut off for long could have
/// created it where the log is compacted already.
async fn confirm(
    coordinator: &dyn Coordinator,
    version: Version,
    created: Option<u64>,
) -> Result<Append, Error> {
    loop {
        match Progress::read(coordinator).await {
            Ok(progress) if progress.floor <= version => return Ok(Append::Committed(created)),
            Ok(_) => {
                coordinator.delete(&key(version), Expect::Any).await.ok();
                return Ok(Append::Unknown);
            }
            Err(error) if error.is_outage() => sleep(RESOLVE).await,
            Err(_) => return Ok(Append::Unknown),
        }
    }
}

/// Bytes that changes with their effects take in an entry.
pub(crate) fn changes_len(changes: Vec<Change>, effects: Vec<Effect>) -> (usize, Vec<Change>, Vec<Effect>) {
    let entry = LogEntry { version: 0, changes, effects, author: String::new(), committed_at_ms: 0 };
    (entry.encode().len(), entry.changes, entry.effects)
}

/// An entry as it stands in the coordinator: its id on a line of its own, then the model's encoding.
fn encode(version: Version, entry: &Entry) -> Bytes {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let encoded = LogEntry {
        version,
        changes: entry.changes.clone(),
        effects: entry.effects.clone(),
        author: entry.author.to_string(),
        committed_at_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
    };
    let mut value = format!("{}\n", entry.id).into_bytes();
    value.extend(encoded.encode());
    value.into()
}

fn decode(version: Version, value: &[u8]) -> Result<Entry, String> {
    let end = value.iter().position(|byte| *byte == b'\n').ok_or("it has no id")?;
    let id = Uuid::try_parse_ascii(&value[..end]).map_err(|error| error.to_string())?;
    let entry = LogEntry::decode(&value[end + 1..]).map_err(|error| error.to_string())?;
    if entry.version != version {
        return Err(format!("it is the entry of version {}", entry.version));
    }
    Ok(Entry {
        id,
        author: entry.author.into(),
        changes: entry.changes,
        effects: entry.effects,
        created: None,
    })
}
