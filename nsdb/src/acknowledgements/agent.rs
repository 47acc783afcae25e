//! An agent's side: writes acknowledgements, and takes them back when nobody can be waiting for them any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use model::{DocumentKey, HostId, Version};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

use super::{name, prefix};
use crate::coordinator::{self, Coordinator, Expect};

/// How long an acknowledgement stands: longer than anybody waits for one.
const STANDS: Duration = Duration::from_secs(60);
/// After a failure, the next attempt starts this long after.
const RETRY: Duration = Duration::from_millis(500);
/// Keys written or deleted at once.
const CONCURRENT_WRITES: usize = 16;

/// What one agent acknowledges. Ends when dropped, and leaves its keys to the session.
#[derive(Debug)]
pub struct Acknowledgements {
    shared: Arc<Shared>,
    task: AbortHandle,
}

#[derive(Debug, Default)]
struct Shared {
    /// Acknowledgements that wait for the task.
    queued: Mutex<BTreeMap<DocumentKey, Version>>,
    wake: Notify,
}

impl Acknowledgements {
    /// Has acknowledged nothing yet. To be called within a tokio runtime.
    pub fn new(coordinator: Arc<dyn Coordinator>, host: HostId) -> Self {
        let shared = Arc::new(Shared::default());
        let ledger = Ledger { coordinator, host, wanted: BTreeMap::new(), standing: BTreeSet::new() };
        let task = tokio::spawn(ledger.keep(Arc::clone(&shared))).abort_handle();
        Self { shared, task }
    }

    /// Says that this host has applied these documents at these versions. Never waits: written as soon as the coordinator
    /// allows, unless that takes a minute.
    pub fn acknowledge(&self, documents: impl IntoIterator<Item = (DocumentKey, Version)>) {
        self.shared.queued.lock().extend(documents);
        self.shared.wake.notify_one();
    }
}

impl Drop for Acknowledgements {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What shall stand, and what does.
struct Ledger {
    coordinator: Arc<dyn Coordinator>,
    host: HostId,
    /// The newest version of each document, until the time when it need not stand any more.
    wanted: BTreeMap<DocumentKey, (Version, Instant)>,
    standing: BTreeSet<(DocumentKey, Version)>,
}

impl Ledger {
    /// Runs until aborted.
    async fn keep(mut self, shared: Arc<Shared>) {
        let mut status = self.coordinator.status();
        let mut epoch = status.borrow().epoch;
        let mut retry = None;
        loop {
            let expiry = self.wanted.values().map(|(_, until)| *until).min();
            let due = expiry.into_iter().chain(retry).min();
            tokio::select! {
                () = shared.wake.notified() => {}
                Ok(()) = status.changed() => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
            let now = Instant::now();
            let queued = std::mem::take(&mut *shared.queued.lock());
            self.wanted.extend(queued.into_iter().map(|(key, version)| (key, (version, now + STANDS))));
            self.wanted.retain(|_, (_, until)| *until > now);
            let current = status.borrow_and_update().epoch;
            if current != epoch {
                // The session may be another one, without the keys of the last.
                epoch = current;
                self.standing.clear();
            }
            retry = self.correct().await.err().map(|error| {
                tracing::debug!(%error, "acknowledgements wait for the coordinator");
                Instant::now() + RETRY
            });
        }
    }

    /// Makes what is wanted stand, and nothing else; tries everything, and says the last error.
    async fn correct(&mut self) -> coordinator::Result<()> {
        let wanted: BTreeSet<_> = self.wanted.iter().map(|(key, (version, _))| (*key, *version)).collect();
        let missing: Vec<_> = wanted.difference(&self.standing).copied().collect();
        let outdated: Vec<_> = self.standing.difference(&wanted).copied().collect();
        let mut outcome = Ok(());
        for (entry, written) in self.each(missing, Self::write).await {
            match written {
                Ok(()) => drop(self.standing.insert(entry)),
                Err(error) => outcome = Err(error),
            }
        }
        for (entry, withdrawn) in self.each(outdated, Self::withdraw).await {
            match withdrawn {
                Ok(()) => drop(self.standing.remove(&entry)),
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    async fn each<'a, F>(
        &'a self,
        entries: Vec<Entry>,
        what: impl Fn(&'a Self, Entry) -> F,
    ) -> Vec<(Entry, coordinator::Result<()>)>
    where
        F: Future<Output = coordinator::Result<()>> + 'a,
    {
        let done = entries.into_iter().map(|entry| {
            let done = what(self, entry);
            async move { (entry, done.await) }
        });
        stream::iter(done).buffer_unordered(CONCURRENT_WRITES).collect().await
    }

    async fn write(&self, (document, version): Entry) -> coordinator::Result<()> {
        let key = format!("{}/{}", prefix(document), name(self.host, version));
        self.coordinator.create_ephemeral(&key, Bytes::new()).await.map(drop)
    }

    async fn withdraw(&self, (document, version): Entry) -> coordinator::Result<()> {
        let prefix = prefix(document);
        self.coordinator.delete(&format!("{prefix}/{}", name(self.host, version)), Expect::Any).await?;
        if self.wanted.contains_key(&document) {
            return Ok(());
        }
        // What lies above the last acknowledgement of a document would stay listed.
        self.coordinator.delete(&prefix, Expect::Any).await
    }
}

/// A document at a version.
type Entry = (DocumentKey, Version);
