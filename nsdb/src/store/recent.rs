//! The last commits in memory, so that following the topology costs the coordinator nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use model::{Change, Effect, ObjectKey, Version};

use crate::log::Entry;

/// Commits kept at most…
const COMMITS: usize = 1024;
/// …and events in them, except that the newest commit is kept whatever its size.
const EVENTS: usize = 16 * 1024;

/// What one commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The version that it made.
    pub version: Version,
    /// What it did to each object, in order.
    pub events: Vec<Event>,
}

/// What a commit did to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The object.
    pub key: ObjectKey,
    /// What became of it, and whose it is.
    pub effect: Effect,
}

impl Commit {
    /// What an entry did, if it says so: those of older releases do not.
    pub(super) fn of(version: Version, entry: &Entry) -> Option<Self> {
        if entry.effects.len() != entry.changes.len() {
            return None;
        }
        let events = entry.changes.iter().map(Change::key).zip(&entry.effects);
        let events = events.map(|(key, effect)| Event { key, effect: effect.clone() }).collect();
        Some(Self { version, events })
    }
}

/// Consecutive commits, the newest last.
#[derive(Debug, Default)]
pub(super) struct Recent {
    commits: VecDeque<Arc<Commit>>,
    events: usize,
}

impl Recent {
    /// Adds the next commit. What came before a gap is forgotten.
    pub(super) fn push(&mut self, version: Version, entry: &Entry) {
        let follows = self.commits.back().is_none_or(|last| last.version + 1 == version);
        let commit = Commit::of(version, entry);
        if !follows || commit.is_none() {
            *self = Self::default();
        }
        let Some(commit) = commit else { return };
        self.events += commit.events.len();
        self.commits.push_back(Arc::new(commit));
        while self.commits.len() > 1 && (self.commits.len() > COMMITS || self.events > EVENTS) {
            self.events -= self.commits.pop_front().map_or(0, |oldest| oldest.events.len());
        }
    }

    /// The commit that made a version, if it is kept.
    pub(super) fn get(&self, version: Version) -> Option<Arc<Commit>> {
        let first = self.commits.front()?.version;
        let index = usize::try_from(version.checked_sub(first)?).ok()?;
        self.commits.get(index).cloned()
    }
}
