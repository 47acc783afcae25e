//! Backends, topologies, and a coordinator that fails on demand.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use harness::zookeeper::Server;
use model::{Bridge, BridgeId, Change, Port, PortDevice, PortId, State, Transaction};
use nsdb::coordinator::{
    Coordinator, Embedded, Error, Expect, Memory, Operation, Stat, Status, Watch, ZooKeeper, ZooKeeperOptions,
};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) type Session = Arc<dyn Coordinator>;

/// An empty store that sessions can be opened on.
pub(crate) enum Backend {
    Memory(Memory),
    /// The directory goes when the test ends.
    Embedded {
        store: Embedded,
        _directory: TempDir,
    },
    ZooKeeper(String),
}

impl Backend {
    pub(crate) fn memory() -> Self {
        Self::Memory(Memory::new("first"))
    }

    pub(crate) fn embedded() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Embedded::open(directory.path(), "first").unwrap();
        Self::Embedded { store, _directory: directory }
    }

    /// A part of the shared server that no other test sees.
    pub(crate) fn zookeeper() -> Self {
        static PARTS: AtomicU32 = AtomicU32::new(0);
        let part = PARTS.fetch_add(1, Ordering::Relaxed);
        Self::ZooKeeper(format!("{}/store/{part}", Server::shared().address()))
    }

    pub(crate) async fn session(&self, owner: &str) -> Session {
        match self {
            Self::Memory(store) => Arc::new(store.session(owner)),
            Self::Embedded { store, .. } => Arc::new(store.session(owner)),
            Self::ZooKeeper(address) => connect(address, owner).await,
        }
    }
}

pub(crate) async fn connect(address: &str, owner: &str) -> Session {
    connect_with(address, owner, ZooKeeperOptions::default()).await
}

pub(crate) async fn connect_with(address: &str, owner: &str, options: ZooKeeperOptions) -> Session {
    let session = ZooKeeper::connect(address, owner, options).unwrap();
    let mut status = session.status();
    let connected = status.wait_for(|status| status.connected);
    tokio::time::timeout(Duration::from_secs(20), connected).await.expect("connected").unwrap();
    Arc::new(session)
}

/// Makes a module of tests per driver that run every case of the enclosing module.
macro_rules! on_all_drivers {
    ($($case:ident)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::support::bounded(super::$case(crate::support::Backend::memory())).await;
            })*
        }
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::support::bounded(super::$case(crate::support::Backend::embedded())).await;
            })*
        }
        mod zookeeper {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::support::bounded(super::$case(crate::support::Backend::zookeeper())).await;
            })*
        }
    };
}
pub(crate) use on_all_drivers;

/// Nothing hangs.
pub(crate) async fn bounded(test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(120), test).await.expect("the test ends");
}

/// Waits for a condition, for so long.
pub(crate) async fn within(limit: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + limit;
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

pub(crate) async fn eventually(what: &str, condition: impl AsyncFnMut() -> bool) {
    within(Duration::from_secs(20), what, condition).await;
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn bridge(number: u128) -> Bridge {
    Bridge {
        id: BridgeId(id(number)),
        tenant_id: None,
        name: Some(format!("bridge {number}")),
        admin_state_up: true,
        inbound_filter: None,
        outbound_filter: None,
    }
}

pub(crate) fn port(number: u128, bridge: u128) -> Port {
    Port {
        id: PortId(id(number)),
        device: PortDevice::Bridge { bridge: BridgeId(id(bridge)), vlan: None },
        admin_state_up: true,
        inbound_filter: None,
        outbound_filter: None,
        peer: None,
        binding: None,
        port_groups: Vec::new(),
        vif_id: None,
        tunnel_key: 0,
    }
}

/// The objects of a state as changes: all that two states of different versions can have in common.
pub(crate) fn objects(state: &State) -> Vec<Change> {
    state.keys().filter_map(|key| state.object(key)).map(Change::Put).collect()
}

/// A change that creates a bridge.
pub(crate) fn create_bridge(
    number: u128,
) -> impl FnMut(&mut Transaction) -> Result<(), model::ModelError> + Send + 'static {
    move |tx| tx.create(bridge(number))
}

/// What a [`Faulty`] session does to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is applied, but the answer is lost.
    LostAnswer,
    /// It is lost, and nobody knows.
    LostRequest,
    /// It never comes back: what a crash looks like to the store.
    Crash,
}

/// A session whose writes of chosen keys fail.
pub(crate) struct Faulty {
    inner: Session,
    faults: Mutex<VecDeque<(&'static str, Fault)>>,
    cut_off: AtomicBool,
}

impl Faulty {
    /// Applies the faults one after the other, each to the next write of a key with its prefix; a crash stays.
    pub(crate) fn new(inner: Session, faults: impl IntoIterator<Item = (&'static str, Fault)>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            faults: Mutex::new(faults.into_iter().collect()),
            cut_off: AtomicBool::new(false),
        })
    }

    /// Whether all faults have happened (a crash counts when it is the only one left).
    pub(crate) fn exhausted(&self) -> bool {
        self.faults.lock().unwrap().is_empty()
    }

    /// Whether reads of values fail: the session learns nothing new.
    pub(crate) fn cut_off(&self, cut_off: bool) {
        self.cut_off.store(cut_off, Ordering::Release);
    }

    fn fault(&self, key: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let fault = faults.front().filter(|(prefix, _)| key.starts_with(prefix)).map(|(_, fault)| *fault)?;
        if fault != Fault::Crash {
            faults.pop_front();
        }
        Some(fault)
    }

    fn write<'a, T: Send + 'a>(&'a self, key: &'a str, write: Operation<'a, T>) -> Operation<'a, T> {
        async move {
            match self.fault(key) {
                None => return write.await,
                Some(Fault::LostAnswer) => drop(write.await),
                Some(Fault::LostRequest) => {}
                Some(Fault::Crash) => std::future::pending().await,
            }
            Err(Error::Uncertain {
                endpoint: "test".to_owned(),
                key: key.to_owned(),
                reason: "injected".to_owned(),
            })
        }
        .boxed()
    }
}

impl Coordinator for Faulty {
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        self.write(key, async move { self.inner.create(key, value).await }.boxed())
    }

    fn get<'a>(&'a self, key: &'a str) -> Operation<'a, Option<(Bytes, Stat)>> {
        if self.cut_off.load(Ordering::Acquire) {
            let (endpoint, reason) = ("test".to_owned(), "cut off".to_owned());
            return futures::future::ready(Err(Error::Unavailable { endpoint, reason })).boxed();
        }
        self.inner.get(key)
    }

    fn put<'a>(&'a self, key: &'a str, value: Bytes, expect: Expect) -> Operation<'a, Stat> {
        self.write(key, async move { self.inner.put(key, value, expect).await }.boxed())
    }

    fn delete<'a>(&'a self, key: &'a str, expect: Expect) -> Operation<'a, ()> {
        self.write(key, async move { self.inner.delete(key, expect).await }.boxed())
    }

    fn delete_tree<'a>(&'a self, key: &'a str) -> Operation<'a, ()> {
        self.write(key, async move { self.inner.delete_tree(key).await }.boxed())
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Operation<'a, Vec<String>> {
        self.inner.list(prefix)
    }

    fn create_ephemeral<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        self.write(key, async move { self.inner.create_ephemeral(key, value).await }.boxed())
    }

    fn watch_value<'a>(&'a self, key: &'a str) -> Operation<'a, Watch> {
        self.inner.watch_value(key)
    }

    fn watch_children<'a>(&'a self, prefix: &'a str) -> Operation<'a, Watch> {
        self.inner.watch_children(prefix)
    }

    fn status(&self) -> tokio::sync::watch::Receiver<Status> {
        self.inner.status()
    }

    fn owner(&self) -> &str {
        self.inner.owner()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

/// A session whose writes of some keys can be held back for as long as the test likes, as when a process is stopped.
pub(crate) struct Gate {
    inner: Session,
    prefix: &'static str,
    open: tokio::sync::watch::Sender<bool>,
    waiting: AtomicU32,
}

impl Gate {
    pub(crate) fn new(inner: Session, prefix: &'static str) -> Arc<Self> {
        Arc::new(Self {
            inner,
            prefix,
            open: tokio::sync::watch::Sender::new(true),
            waiting: AtomicU32::new(0),
        })
    }

    pub(crate) fn close(&self) {
        self.open.send_replace(false);
    }

    pub(crate) fn open(&self) {
        self.open.send_replace(true);
    }

    /// Whether a write is held back.
    pub(crate) fn holds(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Waits until the writes that were held back have come to an end.
    pub(crate) async fn drained(&self) {
        eventually("held writes end", async || self.waiting.load(Ordering::Acquire) == 0).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    fn write<'a, T: Send + 'a>(&'a self, key: &'a str, write: Operation<'a, T>) -> Operation<'a, T> {
        if !key.starts_with(self.prefix) {
            return write;
        }
        async move {
            self.waiting.fetch_add(1, Ordering::AcqRel);
            self.open.subscribe().wait_for(|open| *open).await.unwrap();
            let outcome = write.await;
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            outcome
        }
        .boxed()
    }
}

impl Coordinator for Gate {
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        self.write(key, async move { self.inner.create(key, value).await }.boxed())
    }

    fn get<'a>(&'a self, key: &'a str) -> Operation<'a, Option<(Bytes, Stat)>> {
        self.inner.get(key)
    }

    fn put<'a>(&'a self, key: &'a str, value: Bytes, expect: Expect) -> Operation<'a, Stat> {
        self.write(key, async move { self.inner.put(key, value, expect).await }.boxed())
    }

    fn delete<'a>(&'a self, key: &'a str, expect: Expect) -> Operation<'a, ()> {
        self.write(key, async move { self.inner.delete(key, expect).await }.boxed())
    }

    fn delete_tree<'a>(&'a self, key: &'a str) -> Operation<'a, ()> {
        self.write(key, async move { self.inner.delete_tree(key).await }.boxed())
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Operation<'a, Vec<String>> {
        self.inner.list(prefix)
    }

    fn create_ephemeral<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        self.write(key, async move { self.inner.create_ephemeral(key, value).await }.boxed())
    }

    fn watch_value<'a>(&'a self, key: &'a str) -> Operation<'a, Watch> {
        self.inner.watch_value(key)
    }

    fn watch_children<'a>(&'a self, prefix: &'a str) -> Operation<'a, Watch> {
        self.inner.watch_children(prefix)
    }

    fn status(&self) -> tokio::sync::watch::Receiver<Status> {
        self.inner.status()
    }

    fn owner(&self) -> &str {
        self.inner.owner()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}
