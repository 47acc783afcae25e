//! What the store's tasks share: the state, and the one way to move it on.

use std::sync::Arc;

use model::{DocumentKey, State, Version, affected_documents};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, watch};

use super::dirty::{Dirty, Origin};
use super::recent::Recent;
use super::{CommitError, Options, load};
use crate::Error;
use crate::coordinator::Coordinator;
use crate::log::{self, Entry};
use crate::progress::Progress;

pub(super) struct Core {
    pub(super) coordinator: Arc<dyn Coordinator>,
    pub(super) author: Arc<str>,
    pub(super) options: Options,
    /// The version of `state`.
    pub(super) versions: watch::Sender<Version>,
    /// The version that the documents stand at, as far as known.
    pub(super) applied: watch::Sender<Version>,
    /// Held by the writer from the creation of an entry until the state has it.
    pub(super) appending: tokio::sync::Mutex<()>,
    /// What the scribe has to do.
    pub(super) dirty: Mutex<Dirty>,
    /// Wakes the scribe.
    pub(super) work: Notify,
    /// The last commits, for those who follow.
    pub(super) recent: Mutex<Recent>,
    state: RwLock<State>,
    /// The newest entry in `state`, with when it was committed.
    head: Mutex<(Version, Option<u64>)>,
}

impl Core {
    /// Reads everything.
    pub(super) async fn open(
        coordinator: Arc<dyn Coordinator>,
        author: &str,
        options: Options,
    ) -> Result<Self, Error> {
        let core = Self {
            coordinator,
            author: author.into(),
            options,
            versions: watch::Sender::new(0),
            applied: watch::Sender::new(0),
            appending: tokio::sync::Mutex::default(),
            dirty: Mutex::default(),
            work: Notify::new(),
            recent: Mutex::default(),
            state: RwLock::default(),
            head: Mutex::default(),
        };
        core.reload().await?;
        Ok(core)
    }

    pub(super) fn snapshot(&self) -> State {
        self.state.read().clone()
    }

    /// Until when the entry of a version can be created and be part of history: it did not stand when the one before it was
    /// created; and before it can have come and gone with compaction, many others must have been committed.
    pub(super) fn in_time(&self, version: Version) -> Option<u64> {
        let (head, created) = *self.head.lock();
        created.filter(|_| head + 1 == version)?.checked_add(self.options.retained_entries)
    }

    /// Takes over the entry of a version, if that is the next one.
    pub(super) fn advance(&self, version: Version, entry: &Entry, origin: Origin) {
        let mut state = self.state.write();
        if version != state.version() + 1 {
            return;
        }
        let mut next = state.clone();
        next.apply(version, &entry.changes);
        let documents = affected_documents(&state, &next, &entry.changes);
        let mut dirty = self.dirty.lock();
        dirty.bury(documents.iter().filter(|key| !exists(&next, **key)).map(|key| (version, *key)));
        dirty.note(version, origin, documents);
        drop(dirty);
        *state = next;
        *self.head.lock() = (version, entry.created);
        self.recent.lock().push(version, entry);
        self.versions.send_replace(version);
        drop(state);
        self.work.notify_one();
    }

    /// Takes over the entries of others, up to the newest; whether there were any.
    ///
    /// # Errors
    /// [`Error::Compacted`] if this process was cut off for so long that entries are missing.
    pub(super) async fn catch_up(&self) -> Result<bool, Error> {
        let mut advanced = false;
        loop {
            let next = *self.versions.borrow() + 1;
            match log::read(&*self.coordinator, next).await? {
                Some(entry) => self.advance(next, &entry, Origin::Other),
                None if *self.versions.borrow() >= next => {}
                None if Progress::read(&*self.coordinator).await?.floor > next => {
                    return Err(Error::Compacted { version: next });
                }
                None => return Ok(advanced),
            }
            advanced = true;
        }
    }

    /// Reads the topology anew, unless what is here turns out to be newer.
    async fn reload(&self) -> Result<(), Error> {
        let loaded = load::load(&self.coordinator).await?;
        let version = loaded.state.version();
        self.note_applied(loaded.applied);
        let mut state = self.state.write();
        let mut dirty = self.dirty.lock();
        dirty.bury(loaded.tombstones);
        if version > state.version() {
            dirty.note(version, Origin::Other, loaded.outdated);
            *state = loaded.state;
            self.versions.send_replace(version);
            self.work.notify_one();
        }
        Ok(())
    }

    /// Notes that the documents are current for this version at least.
    pub(super) fn note_applied(&self, applied: Version) {
        self.dirty.lock().trim(applied);
        self.applied.send_if_modified(|known| {
            let higher = applied > *known;
            *known = applied.max(*known);
            higher
        });
    }

    /// Makes the topology current, reading it anew where the log does not reach back far enough; whether it moved.
    pub(super) async fn refresh(&self) -> Result<bool, Error> {
        match self.catch_up().await {
            Err(Error::Compacted { version }) => {
                tracing::info!(version, "cut off for long: reading the whole topology");
                self.reload().await.map(|()| true)
            }
            outcome => outcome,
        }
    }

    pub(super) fn unavailable<E>(&self) -> CommitError<E> {
        let status = self.coordinator.status();
        let status = status.borrow();
        CommitError::unavailable(format!("{} is out of reach: {}", status.endpoint, status.reason))
    }
}

/// Whether there is anything to make a document of.
fn exists(state: &State, key: DocumentKey) -> bool {
    match key {
        DocumentKey::Bridge(id) => state.bridge(id).is_some(),
        DocumentKey::Router(id) => state.router(id).is_some(),
        DocumentKey::Chain(id) => state.chain(id).is_some(),
        DocumentKey::PortGroup(id) => state.port_group(id).is_some(),
        DocumentKey::IpAddrGroup(id) => state.ip_addr_group(id).is_some(),
        DocumentKey::Host(id) => state.host(id).is_some(),
        DocumentKey::TunnelZone(id) => state.tunnel_zone(id).is_some(),
    }
}
