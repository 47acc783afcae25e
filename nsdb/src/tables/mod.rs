//! State tables: maps of ephemeral entries that many hosts write, read by one watch each.
//!
//! An entry is one ephemeral key whose name holds everything: `<key>,<value>,<stamp>,<owner>`. Per key the entry with the
//! highest stamp wins, the owner's name breaking ties; a writer takes the highest stamp it has seen plus one (a Lamport
//! clock per key), and removes its own entry when it sees a newer one. An entry vanishes with its writer's session.
//!
//! One task per open table does all I/O. Writers and readers, on any thread, only touch memory and never wait.

mod entry;
mod sync;
mod typed;

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use imbl::OrdMap;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use crate::coordinator::Coordinator;

pub use entry::Field;
pub use typed::{
    ActivePorts, ActiveTable, ArpTable, MacKey, MacTable, MacTables, PortOwner, Tables, active_table,
    arp_table, mac_table,
};

/// Most keys that may wait to be written while the coordinator is out of reach.
pub const MAX_QUEUED_KEYS: usize = 65_536;

/// What a key of a table must be.
pub trait Key: Field + Ord + Hash {}
impl<T: Field + Ord + Hash> Key for T {}

/// Too many writes wait for the coordinator; this one was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "table {table} has {MAX_QUEUED_KEYS} keys waiting to be written: the write is refused, try again later"
)]
pub struct TableFull {
    /// Name of the table.
    pub table: Arc<str>,
}

/// An open state table. Dropping the last clone leaves this process's entries to its session;
/// [`withdraw`](Self::withdraw) takes them back.
#[derive(Debug)]
pub struct StateTable<K: Key, V: Field> {
    shared: Arc<Shared<K, V>>,
    _task: Arc<AbortOnDrop>,
}

impl<K: Key, V: Field> Clone for StateTable<K, V> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), _task: Arc::clone(&self._task) }
    }
}

/// What the handle and the task share.
#[derive(Debug)]
struct Shared<K: Key, V: Field> {
    table: Arc<str>,
    /// Writes that wait for the task, the last one per key.
    queued: Mutex<std::collections::HashMap<K, Option<V>>>,
    wake: Notify,
    /// This process's entries are to go, and the task with them.
    withdrawing: Arc<AtomicBool>,
    view: watch::Sender<View<K, V>>,
}

/// What the table holds, as far as this process knows.
#[derive(Debug, Clone)]
struct View<K: Key, V: Field> {
    entries: OrdMap<K, V>,
    /// Entries of this owner that stood, and won, when the table was read first.
    inherited: Vec<(K, V)>,
    /// Whether the table has been read at least once.
    loaded: bool,
}

impl<K: Key, V: Field> StateTable<K, V> {
    /// Opens the table of this name, such as `mac/<bridge>`, on the current tokio runtime. Returns at once; see
    /// [`loaded`](Self::loaded).
    pub fn open(coordinator: Arc<dyn Coordinator>, table: &str) -> Self {
        let shared = Arc::new(Shared {
            table: table.into(),
            queued: Mutex::default(),
            wake: Notify::new(),
            withdrawing: Arc::default(),
            view: watch::Sender::new(View { entries: OrdMap::new(), inherited: Vec::new(), loaded: false }),
        });
        let task = tokio::spawn(sync::run(coordinator, Arc::clone(&shared))).abort_handle();
        let task = AbortOnDrop { task, unless: Arc::clone(&shared.withdrawing) };
        Self { shared, _task: Arc::new(task) }
    }

    /// The table's name.
    pub fn name(&self) -> &str {
        &self.shared.table
    }

    /// Asserts an entry of this process. Written as soon as the table has been read and the coordinator allows; the last
    /// value per key wins. Setting what stands there already under this process's name costs nothing.
    ///
    /// # Errors
    /// [`TableFull`] when [`MAX_QUEUED_KEYS`] other keys wait.
    pub fn set(&self, key: K, value: V) -> Result<(), TableFull> {
        self.queue(key, Some(value))
    }

    /// Takes back this process's entry for a key, if it has one. Others' entries stay.
    ///
    /// # Errors
    /// [`TableFull`] when [`MAX_QUEUED_KEYS`] other keys wait.
    pub fn remove(&self, key: K) -> Result<(), TableFull> {
        self.queue(key, None)
    }

    /// Takes back every entry of this process, of this run and of former ones, and closes the table; what is queued is
    /// not written any more. Returns at once: the entries go as soon as the coordinator allows.
    pub fn withdraw(self) {
        self.shared.withdrawing.store(true, Ordering::Release);
        self.shared.wake.notify_one();
    }

    /// The winning value of every key. Cheap: the map shares its structure.
    pub fn snapshot(&self) -> OrdMap<K, V> {
        self.shared.view.borrow().entries.clone()
    }

    /// The winning value of one key.
    pub fn get(&self, key: &K) -> Option<V> {
        self.shared.view.borrow().entries.get(key).cloned()
    }

    /// Whether the table has been read from the coordinator at least once.
    pub fn is_loaded(&self) -> bool {
        self.shared.view.borrow().loaded
    }

    /// Waits until the table has been read from the coordinator at least once.
    pub async fn loaded(&self) {
        let mut view = self.shared.view.subscribe();
        // The sender lives as long as `self`.
        view.wait_for(|view| view.loaded).await.map(drop).ok();
    }

    /// The changes from now on, after everything that is there already.
    pub fn changes(&self) -> Changes<K, V> {
        let mut view = self.shared.view.subscribe();
        view.mark_changed();
        Changes { view, seen: OrdMap::new() }
    }

    fn queue(&self, key: K, value: Option<V>) -> Result<(), TableFull> {
        let mut queued = self.shared.queued.lock();
        if queued.len() >= MAX_QUEUED_KEYS && !queued.contains_key(&key) {
            return Err(TableFull { table: Arc::clone(&self.shared.table) });
        }
        queued.insert(key, value);
        drop(queued);
        self.shared.wake.notify_one();
        Ok(())
    }
}

/// A consumer's place in a table's history. Changes of one key that it has not fetched yet collapse into the last.
#[derive(Debug)]
pub struct Changes<K: Key, V: Field> {
    view: watch::Receiver<View<K, V>>,
    seen: OrdMap<K, V>,
}

impl<K: Key, V: Field> Changes<K, V> {
    /// Waits until the table has been read from the coordinator at least once, and takes everything that is there; may
    /// be empty. `None` once the table is closed. Cancel-safe.
    pub async fn loaded(&mut self) -> Option<Vec<(K, Option<V>)>> {
        self.view.wait_for(|view| view.loaded).await.ok()?;
        Some(self.take())
    }

    /// What a former process of this owner had asserted, and nobody had superseded when the table was read first. It goes
    /// with that process's session unless it is [set](StateTable::set) again. Empty before [`loaded`](Self::loaded).
    pub fn inherited(&self) -> Vec<(K, V)> {
        self.view.borrow().inherited.clone()
    }

    /// Waits for changes: each key with its new winning value, or `None` where it has none any more; never empty.
    /// `None` once the table is closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<Vec<(K, Option<V>)>> {
        loop {
            self.view.changed().await.ok()?;
            let changes = self.take();
            if !changes.is_empty() {
                return Some(changes);
            }
        }
    }

    /// The changes since the last call, without waiting; may be empty.
    pub fn take(&mut self) -> Vec<(K, Option<V>)> {
        use imbl::ordmap::DiffItem;
        let now = self.view.borrow_and_update().entries.clone();
        let changes = self
            .seen
            .diff(&now)
            .map(|item| match item {
                DiffItem::Add(key, value) => (key.clone(), Some(value.clone())),
                DiffItem::Update { new: (key, value), .. } => (key.clone(), Some(value.clone())),
                DiffItem::Remove(key, _) => (key.clone(), None),
            })
            .collect();
        self.seen = now;
        changes
    }
}

#[derive(Debug)]
struct AbortOnDrop {
    task: AbortHandle,
    unless: Arc<AtomicBool>,
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if !self.unless.load(Ordering::Acquire) {
            self.task.abort();
        }
    }
}
