//! The task of one table: reads the names under its watch, writes what this process asserts, and publishes the winners.
//!
//! Every pass is the same reconciliation, whatever woke it (a write, a watch, a new epoch, a retry): list, compare with
//! what is asserted, correct, publish. So a lost signal or session costs a pass, never a wrong state.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::{sleep, timeout};

use super::entry::Entry;
use super::{Field, Key, Shared};
use crate::coordinator::{Coordinator, Error, Expect, Watch};

/// Passes start at most this often, so that a burst of changes is read once.
const PACE: Duration = Duration::from_millis(10);
/// After a pass that failed, the next one starts this long after, unless a watch signals (as at a new epoch).
const RETRY: Duration = Duration::from_millis(500);

/// Entries written at once.
const CONCURRENT_WRITES: usize = 16;

/// Runs until aborted, or until this process's entries are withdrawn.
pub(super) async fn run<K: Key, V: Field>(coordinator: Arc<dyn Coordinator>, shared: Arc<Shared<K, V>>) {
    let prefix = format!("tables/{}", shared.table);
    let mut watch = subscribe(&*coordinator, &prefix).await;
    let mut table =
        Table { coordinator, prefix, shared, asserted: HashMap::new(), listed: Vec::new(), is_read: false };
    loop {
        // Signals from before the pass are answered by it; those during it are kept.
        watch.take_changed();
        let withdrawing = table.is_withdrawing();
        let passed = table.pass().await;
        if withdrawing && passed.is_ok() {
            return;
        }
        let wake = async {
            tokio::select! {
                () = watch.changed() => {}
                () = table.shared.wake.notified() => {}
            }
        };
        match passed {
            Ok(()) => wake.await,
            Err(error) => {
                tracing::debug!(table = %table.shared.table, %error, "state table waits for the coordinator");
                timeout(RETRY, wake).await.ok();
            }
        }
        sleep(PACE).await;
    }
}

async fn subscribe(coordinator: &dyn Coordinator, prefix: &str) -> Watch {
    loop {
        match coordinator.watch_children(prefix).await {
            Ok(watch) => return watch,
            Err(error) => {
                tracing::debug!(prefix, %error, "cannot watch yet");
                sleep(RETRY).await;
            }
        }
    }
}

struct Table<K: Key, V: Field> {
    coordinator: Arc<dyn Coordinator>,
    prefix: String,
    shared: Arc<Shared<K, V>>,
    /// What this process holds to be true, until told otherwise or beaten.
    asserted: HashMap<K, Entry<K, V>>,
    /// The entries as last read.
    listed: Vec<Entry<K, V>>,
    /// Whether they have been read at least once.
    is_read: bool,
}

impl<K: Key, V: Field> Table<K, V> {
    fn is_withdrawing(&self) -> bool {
        self.shared.withdrawing.load(Ordering::Acquire)
    }

    /// One reconciliation. On error everything asserted stays asserted, for the next pass.
    ///
    /// What is written is seen here at once, but not before the first reading: until then nobody knows which stamp wins.
    async fn pass(&mut self) -> Result<(), Error> {
        let mut removed = HashSet::new();
        if self.is_read {
            self.take_queued(&mut removed);
            self.publish(&removed);
        }
        let corrected = match self.outage() {
            Some(outage) => Err(outage),
            None => self.reconcile(&mut removed).await,
        };
        if corrected.is_err() {
            self.requeue(removed);
        }
        corrected
    }

    /// The outage that is known of: I/O would wait for its deadline, and local writes for the I/O.
    fn outage(&self) -> Option<Error> {
        let status = self.coordinator.status();
        let status = status.borrow();
        let down = || Error::Unavailable {
            endpoint: status.endpoint.to_string(),
            reason: status.reason.to_string(),
        };
        (!status.connected).then(down)
    }

    async fn reconcile(&mut self, removed: &mut HashSet<K>) -> Result<(), Error> {
        self.read().await?;
        self.take_queued(removed);
        self.yield_to_newer();
        self.publish(removed);
        self.correct(removed).await
    }

    async fn read(&mut self) -> Result<(), Error> {
        let names = self.coordinator.list(&self.prefix).await?;
        self.listed = names.iter().filter_map(|name| Entry::parse(name)).collect();
        if !std::mem::replace(&mut self.is_read, true) {
            let owner = self.coordinator.owner();
            let own = winners(self.listed.iter()).into_values().filter(|entry| entry.owner == owner);
            let inherited = own.map(|entry| (entry.key.clone(), entry.value.clone())).collect();
            self.shared.view.send_modify(|view| view.inherited = inherited);
        }
        Ok(())
    }

    /// Turns queued writes into assertions, and into keys to take back.
    fn take_queued(&mut self, removed: &mut HashSet<K>) {
        let queued = std::mem::take(&mut *self.shared.queued.lock());
        if self.is_withdrawing() {
            self.asserted.clear();
            return;
        }
        if queued.is_empty() {
            return;
        }
        let mut newest = winners(self.listed.iter().chain(self.asserted.values()));
        let mut asserted = Vec::new();
        for (key, value) in queued {
            let Some(value) = value else {
                removed.insert(key);
                continue;
            };
            removed.remove(&key);
            let newest = newest.remove(&key);
            let own = self.asserted.get(&key);
            if own.is_some() && own == newest && own.is_some_and(|own| own.value == value) {
                continue;
            }
            let stamp = newest.map_or(1, |newest| newest.stamp.saturating_add(1));
            asserted.push(Entry { key, value, stamp, owner: self.coordinator.owner().to_owned() });
        }
        for key in removed.iter() {
            self.asserted.remove(key);
        }
        self.asserted.extend(asserted.into_iter().map(|entry| (entry.key.clone(), entry)));
    }

    /// Forgets own entries that another process's newer ones beat.
    fn yield_to_newer(&mut self) {
        let owner = self.coordinator.owner();
        for entry in self.listed.iter().filter(|entry| entry.owner != owner) {
            if self.asserted.get(&entry.key).is_some_and(|own| entry.beats(own)) {
                self.asserted.remove(&entry.key);
            }
        }
    }

    /// Makes the coordinator hold what is asserted, and nothing else, of this process's keys.
    ///
    /// Entries of this owner that this process never touched are a former process's: they go with its session, or when
    /// the table is withdrawn.
    async fn correct(&self, removed: &HashSet<K>) -> Result<(), Error> {
        let owner = self.coordinator.owner();
        let standing: HashMap<String, &Entry<K, V>> = self
            .listed
            .iter()
            .filter(|entry| entry.owner == owner)
            .map(|entry| (entry.name(), entry))
            .collect();
        let missing = self.asserted.values().map(Entry::name).filter(|name| !standing.contains_key(name));
        self.in_parallel(missing, |key| async move {
            self.coordinator.create_ephemeral(&key, Bytes::new()).await.map(drop)
        })
        .await?;
        let winners = winners(self.listed.iter());
        let outdated = standing.iter().filter(|(_, entry)| match self.asserted.get(&entry.key) {
            Some(own) => own != **entry,
            None => {
                let lost = winners.get(&entry.key) != Some(*entry);
                lost || removed.contains(&entry.key) || self.is_withdrawing()
            }
        });
        self.in_parallel(outdated.map(|(name, _)| name.clone()), |key| async move {
            self.coordinator.delete(&key, Expect::Any).await
        })
        .await
    }

    /// Does something to the keys of these entries, several at a time.
    async fn in_parallel<'a, F>(
        &'a self,
        names: impl Iterator<Item = String>,
        what: impl Fn(String) -> F,
    ) -> Result<(), Error>
    where
        F: Future<Output = Result<(), Error>> + 'a,
    {
        let keys: Vec<String> = names.map(|name| format!("{}/{name}", self.prefix)).collect();
        stream::iter(keys).map(what).buffer_unordered(CONCURRENT_WRITES).try_collect().await
    }

    /// Publishes the winners among the entries read and those asserted.
    fn publish(&self, removed: &HashSet<K>) {
        let owner = self.coordinator.owner();
        let standing =
            self.listed.iter().filter(|entry| entry.owner != owner || !removed.contains(&entry.key));
        let winners = winners(standing.chain(self.asserted.values()));
        self.shared.view.send_if_modified(|view| {
            let mut entries = view.entries.clone();
            let gone: Vec<K> = entries.keys().filter(|key| !winners.contains_key(key)).cloned().collect();
            let mut modified = !gone.is_empty() || !view.loaded;
            for key in &gone {
                entries.remove(key);
            }
            for (key, winner) in winners {
                if entries.get(key) != Some(&winner.value) {
                    entries.insert(key.clone(), winner.value.clone());
                    modified = true;
                }
            }
            view.entries = entries;
            view.loaded = true;
            modified
        });
    }

    /// Puts removals back that could not be done, unless a newer write of the key is queued.
    fn requeue(&self, removed: HashSet<K>) {
        let mut queued = self.shared.queued.lock();
        for key in removed {
            queued.entry(key).or_insert(None);
        }
    }
}

/// The entry that wins, per key.
fn winners<'a, K: Key, V: Field>(
    entries: impl Iterator<Item = &'a Entry<K, V>>,
) -> HashMap<&'a K, &'a Entry<K, V>> {
    let mut winners = HashMap::new();
    for entry in entries {
        let best = winners.entry(&entry.key).or_insert(entry);
        if entry.beats(best) {
            *best = entry;
        }
    }
    winners
}
