//! The store: the whole topology in memory, kept current by the log's tail, changed through the log. For API servers.
//!
//! ```text
//!            commit ─▶ [bounded queue] ─▶ writer ──create log/N+1──▶ coordinator
//!                                            │                          │
//!            snapshot ◀── state ◀── advance ◀┴──────── tail ◀──watch────┘
//!                                      │
//!                                      └─▶ dirty documents ─▶ scribe ──▶ doc/…, progress, compaction
//! ```
//! Three tasks on the tokio runtime share the `Core`: the *writer* turns queued changes into entries, the *tail* takes
//! over entries of others, the *scribe* writes documents. Any of them may find out first that history has moved on;
//! `Core::advance` takes each version exactly once.

mod commit;
mod core;
mod dirty;
mod load;
mod recent;
mod scribe;
mod tail;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use model::{State, Transaction, Version};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::Error;
use crate::coordinator::Coordinator;
use commit::Request;
use core::Core;

pub use commit::CommitError;
pub use recent::{Commit, Event};

/// Changes that may wait for the writer.
const QUEUED_CHANGES: usize = 1024;

/// How a store treats history and callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Entries of the log that are kept below what is applied, so that a process cut off for that long needs only them. No
    /// server of a store may keep fewer than another counts upon.
    pub retained_entries: u64,
    /// Compaction happens each time so many more have gathered.
    pub compaction_batch: u64,
    /// A change gets an answer within this time, be it that its outcome is not known.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { retained_entries: 1000, compaction_batch: 256, patience: Duration::from_secs(10) }
    }
}

/// The whole topology, for reading and changing. Ends when dropped; changes committed by then are durable.
pub struct Store {
    core: Arc<Core>,
    requests: mpsc::Sender<Box<dyn Request>>,
    tasks: Vec<AbortHandle>,
}

impl Store {
    /// Reads the topology and follows it from then on. `author` is recorded with each commit.
    ///
    /// # Errors
    /// When the coordinator cannot be reached, or holds what this release cannot read.
    pub async fn open(coordinator: Arc<dyn Coordinator>, author: &str) -> Result<Self, Error> {
        Self::open_with(coordinator, author, Options::default()).await
    }

    /// Opens with options of its own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_with(
        coordinator: Arc<dyn Coordinator>,
        author: &str,
        options: Options,
    ) -> Result<Self, Error> {
        let core = Arc::new(Core::open(coordinator, author, options).await?);
        let (requests, queue) = mpsc::channel(QUEUED_CHANGES);
        let tasks = vec![
            tokio::spawn(writer::run(Arc::clone(&core), queue)).abort_handle(),
            tokio::spawn(tail::run(Arc::clone(&core))).abort_handle(),
            tokio::spawn(scribe::run(Arc::clone(&core))).abort_handle(),
        ];
        Ok(Self { core, requests, tasks })
    }

    /// The topology as it stands here; a clone in O(1). Never waits, and works during an outage.
    pub fn snapshot(&self) -> State {
        self.core.snapshot()
    }

    /// The topology with all that other servers have committed by now.
    ///
    /// # Errors
    /// When the coordinator cannot be reached.
    pub async fn newest(&self) -> Result<State, Error> {
        self.core.refresh().await?;
        Ok(self.snapshot())
    }

    /// The version of [`snapshot`](Self::snapshot).
    pub fn version(&self) -> Version {
        *self.core.versions.borrow()
    }

    /// Signals whenever the snapshot moves to another version.
    pub fn versions(&self) -> watch::Receiver<Version> {
        self.core.versions.subscribe()
    }

    /// Waits until the snapshot stands at this version at least.
    pub async fn reached(&self, version: Version) {
        let mut versions = self.versions();
        // The sender lives as long as `self`.
        versions.wait_for(|reached| *reached >= version).await.map(drop).ok();
    }

    /// Waits until the documents, which agents read, stand at this version at least.
    pub async fn applied(&self, version: Version) {
        let mut applied = self.core.applied.subscribe();
        applied.wait_for(|applied| *applied >= version).await.map(drop).ok();
    }

    /// The commit that follows this version: `None` if there is none yet.
    ///
    /// The last commits come from memory, older ones from the log, as far back as it goes.
    ///
    /// # Errors
    /// [`Error::Compacted`] if the log does not go back as far, or when the coordinator cannot be reached.
    pub async fn commit_after(&self, version: Version) -> Result<Option<Arc<Commit>>, Error> {
        let next = version.saturating_add(1);
        if next > self.version() {
            return Ok(None);
        }
        if let Some(commit) = self.core.recent.lock().get(next) {
            return Ok(Some(commit));
        }
        let entry = crate::log::read(&*self.core.coordinator, next).await?;
        let commit = entry.and_then(|entry| Commit::of(next, &entry));
        commit.map(|commit| Some(Arc::new(commit))).ok_or(Error::Compacted { version: next })
    }

    /// Whether the coordinator is connected, so that a change can be expected to go through.
    pub fn is_available(&self) -> bool {
        self.core.coordinator.status().borrow().connected
    }

    /// Changes the topology: the version that has the change, and what the closure returned.
    ///
    /// The closure runs on the newest topology, again if another server commits first; only the last run counts. A closure
    /// that changes nothing commits nothing. Once this returns a version the change is durable and in the snapshot;
    /// dropping the future does not take the change back.
    ///
    /// # Errors
    /// See [`CommitError`]: what the closure returned, or why its change could not be made durable.
    pub async fn commit<T: Send + 'static, E: Send + 'static>(
        &self,
        change: impl FnMut(&mut Transaction) -> Result<T, E> + Send + 'static,
    ) -> Result<(Version, T), CommitError<E>> {
        if !self.is_available() {
            return Err(self.core.unavailable());
        }
        let (request, answer) = commit::request(change);
        self.requests.try_send(Box::new(request)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => CommitError::overloaded(),
            mpsc::error::TrySendError::Closed(_) => {
                CommitError::Failed(Error::from(crate::coordinator::Error::Closed))
            }
        })?;
        answer.within(self.core.options.patience).await
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}
