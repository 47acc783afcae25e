//! What is left to do for the scribe: documents to write, tombstones to collect.

use std::collections::{BTreeMap, VecDeque};

use model::{DocumentKey, Version};

/// Who committed an entry, and so is the first to write its documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Own,
    Other,
}

/// Work gathered from log entries, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    entries: VecDeque<(Version, Origin, BTreeMap<DocumentKey, Version>)>,
    /// Documents deleted, with the version that `floor` must pass before their tombstones go.
    graves: BTreeMap<DocumentKey, Version>,
    /// Documents that are too large to be written, with the version at which that was last found.
    withheld: BTreeMap<DocumentKey, Version>,
}

impl Dirty {
    /// Notes the documents that an entry touches, each with the version at which agents are to acknowledge it, or 0.
    pub(super) fn note(
        &mut self,
        version: Version,
        origin: Origin,
        documents: BTreeMap<DocumentKey, Version>,
    ) {
        self.entries.push_back((version, origin, documents));
    }

    /// Notes deleted documents.
    pub(super) fn bury(&mut self, graves: impl IntoIterator<Item = (Version, DocumentKey)>) {
        self.graves.extend(graves.into_iter().map(|(version, key)| (key, version)));
    }

    /// Forgets entries whose documents are all written.
    pub(super) fn trim(&mut self, applied: Version) {
        while self.entries.front().is_some_and(|(version, ..)| *version <= applied) {
            self.entries.pop_front();
        }
    }

    /// Notes that a document is too large to be written; whether that is news.
    pub(super) fn withhold(&mut self, key: DocumentKey, version: Version) -> bool {
        self.withheld.insert(key, version).is_none()
    }

    /// Notes that a document is written.
    pub(super) fn release(&mut self, key: DocumentKey) {
        self.withheld.remove(&key);
    }

    /// Notes that all documents are written up to a version, be it by another server.
    pub(super) fn release_until(&mut self, applied: Version) {
        self.withheld.retain(|_, version| *version > applied);
    }

    /// How many documents are too large to be written.
    pub(super) fn withheld(&self) -> usize {
        self.withheld.len()
    }

    /// The tombstones that may be collected.
    pub(super) fn exhume(&mut self, floor: Version) -> Vec<DocumentKey> {
        self.graves.extract_if(.., |_, version| *version <= floor).map(|(key, _)| key).collect()
    }

    /// Whether any document waits, and whether one of an own entry does.
    pub(super) fn waiting(&self) -> Option<Origin> {
        let own = self.entries.iter().any(|(_, origin, _)| *origin == Origin::Own);
        (!self.entries.is_empty()).then_some(if own { Origin::Own } else { Origin::Other })
    }

    /// All documents that entries up to a version touch, each with the newest version at which agents are to acknowledge
    /// it, or 0.
    pub(super) fn documents(&self, version: Version) -> BTreeMap<DocumentKey, Version> {
        let mut all = BTreeMap::new();
        for (_, _, documents) in self.entries.iter().take_while(|(entry, ..)| *entry <= version) {
            for (key, acknowledge) in documents {
                let newest: &mut Version = all.entry(*key).or_default();
                *newest = (*newest).max(*acknowledge);
            }
        }
        all
    }
}
