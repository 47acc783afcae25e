//! Sessions of a store inside this process: the common body of the memory and embedded drivers.
//!
//! The tree holds all keys in memory, so reads never wait for a disk; what a write does before it shows is the
//! [`Journal`]'s business. Ephemeral keys and watches live in memory only.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::time::Instant;

use super::error::{Error, Result};
use super::key::{check_key, check_prefix, check_value};
use super::tree::{Effects, SessionId, Tree, Write};
use super::watch::{Target, Watch, Watches};
use super::{Coordinator, Expect, Operation, Stat, Status};

/// Makes writes durable and applies them to the shared tree.
pub trait Journal: Send + Sync + 'static {
    /// Name of the store for status and errors.
    fn endpoint(&self) -> String;

    /// Applies one write, in one order for all sessions.
    fn commit(&self, shared: &Shared, write: Write) -> BoxFuture<'static, Result<Stat>>;

    /// Lets a session's ephemeral keys vanish. Does not wait.
    fn end_session(&self, shared: &Shared, session: SessionId);
}

/// A session of a local store.
pub struct Local<J: Journal> {
    store: Arc<Store<J>>,
    owner: Arc<str>,
    session: Mutex<Session>,
    status: watch::Sender<Status>,
    watches: Arc<Watches>,
}

/// What becomes of a session's ephemeral keys when an interruption ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// The session survived: they are still there.
    SameSession,
    /// The session expired: they are gone.
    NewSession,
}

struct Store<J> {
    journal: J,
    shared: Arc<Shared>,
}

/// What the sessions of one store, and its journal, share.
#[derive(Debug, Default)]
pub struct Shared {
    tree: RwLock<Tree>,
    sessions: AtomicU64,
    /// The watches of all sessions: each hears every change.
    watches: Mutex<Vec<Weak<Watches>>>,
}

#[derive(Debug, Clone, Copy)]
struct Session {
    id: SessionId,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Interrupted,
    Closed,
}

impl<J: Journal> Local<J> {
    /// A store over these keys, and its first session.
    pub(super) fn open_store(journal: J, shared: Arc<Shared>, owner: &str) -> Self {
        Self::on(Arc::new(Store { journal, shared }), owner)
    }

    /// Another session of the same store, as another process would have.
    pub fn session(&self, owner: &str) -> Self {
        Self::on(Arc::clone(&self.store), owner)
    }

    /// Plays an outage for tests: until [`resume`](Self::resume), every operation of this session fails with
    /// [`Error::Unavailable`].
    pub fn interrupt(&self) {
        let mut session = self.session.lock();
        if session.state == State::Open {
            session.state = State::Interrupted;
            self.status.send_modify(|status| {
                status.connected = false;
                status.since = Instant::now();
                status.reason = INTERRUPTED.into();
            });
        }
    }

    /// Ends an outage and starts a new epoch.
    pub fn resume(&self, resume: Resume) {
        let mut session = self.session.lock();
        if session.state != State::Interrupted {
            return;
        }
        session.state = State::Open;
        if resume == Resume::NewSession {
            self.store.journal.end_session(&self.store.shared, session.id);
            session.id = self.store.shared.next_session();
        }
        drop(session);
        self.status.send_modify(|status| {
            status.epoch += 1;
            status.connected = true;
            status.since = Instant::now();
            status.reason = "".into();
        });
        self.watches.signal_all();
    }

    fn on(store: Arc<Store<J>>, owner: &str) -> Self {
        let watches = Arc::new(Watches::default());
        store.shared.watches.lock().push(Arc::downgrade(&watches));
        let status = Status {
            epoch: 1,
            connected: true,
            since: Instant::now(),
            endpoint: store.journal.endpoint().into(),
            reason: "".into(),
        };
        let session = Mutex::new(Session { id: store.shared.next_session(), state: State::Open });
        Self { owner: owner.into(), session, status: watch::Sender::new(status), watches, store }
    }

    fn usable(&self) -> Result<SessionId> {
        let session = *self.session.lock();
        match session.state {
            State::Open => Ok(session.id),
            State::Interrupted => Err(Error::Unavailable {
                endpoint: self.store.journal.endpoint(),
                reason: INTERRUPTED.to_owned(),
            }),
            State::Closed => Err(Error::Closed),
        }
    }

    fn write(&self, checked: Result<()>, write: impl FnOnce(SessionId) -> Write) -> Operation<'_, Stat> {
        match checked.and_then(|()| self.usable()) {
            Ok(session) => self.store.journal.commit(&self.store.shared, write(session)),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn read<T: Send + 'static>(
        &self,
        checked: Result<()>,
        read: impl FnOnce(&Tree) -> T,
    ) -> Operation<'_, T> {
        ready(checked.and_then(|()| self.usable()).map(|_| read(&self.store.shared.tree.read()))).boxed()
    }

    fn watch(&self, checked: Result<()>, target: Target) -> Operation<'_, Watch> {
        ready(checked.map(|()| self.watches.subscribe(target))).boxed()
    }

    fn end(&self) {
        let mut session = self.session.lock();
        if session.state != State::Closed {
            session.state = State::Closed;
            self.store.journal.end_session(&self.store.shared, session.id);
        }
    }
}

const INTERRUPTED: &str = "interrupted by a test";

impl<J: Journal> Coordinator for Local<J> {
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        self.write(check_entry(key, &value), |_| Write::Create { key: key.to_owned(), value })
    }

    fn get<'a>(&'a self, key: &'a str) -> Operation<'a, Option<(Bytes, Stat)>> {
        self.read(check_key(key), |tree| tree.get(key).map(|node| (node.value.clone(), node.stat())))
    }

    fn put<'a>(&'a self, key: &'a str, value: Bytes, expect: Expect) -> Operation<'a, Stat> {
        self.write(check_entry(key, &value), |_| Write::Put { key: key.to_owned(), value, expect })
    }

    fn delete<'a>(&'a self, key: &'a str, expect: Expect) -> Operation<'a, ()> {
        let write = self.write(check_key(key), |_| Write::Delete { key: key.to_owned(), expect });
        write.map(|result| result.map(drop)).boxed()
    }

    fn delete_tree<'a>(&'a self, key: &'a str) -> Operation<'a, ()> {
        let write = self.write(check_key(key), |_| Write::DeleteTree { key: key.to_owned() });
        write.map(|result| result.map(drop)).boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Operation<'a, Vec<String>> {
        self.read(check_prefix(prefix), |tree| tree.list(prefix))
    }

    fn create_ephemeral<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        let owner = Arc::clone(&self.owner);
        self.write(check_entry(key, &value), |session| Write::CreateEphemeral {
            key: key.to_owned(),
            value,
            session,
            owner,
        })
    }

    fn watch_value<'a>(&'a self, key: &'a str) -> Operation<'a, Watch> {
        self.watch(check_key(key), Target::Value(key.to_owned()))
    }

    fn watch_children<'a>(&'a self, prefix: &'a str) -> Operation<'a, Watch> {
        self.watch(check_prefix(prefix), Target::Children(prefix.to_owned()))
    }

    fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    fn owner(&self) -> &str {
        &self.owner
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.end();
        ready(()).boxed()
    }
}

impl<J: Journal> Drop for Local<J> {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    /// The keys as read back from disk.
    pub(super) fn with(tree: Tree) -> Self {
        Self { tree: RwLock::new(tree), ..Self::default() }
    }

    /// A copy of the keys to apply writes to, for [`publish`](Self::publish).
    pub(super) fn snapshot(&self) -> Tree {
        self.tree.read().clone()
    }

    /// Replaces the keys and tells the watchers. The caller is the only one to write.
    pub(super) fn publish(&self, tree: Tree, effects: &Effects) {
        *self.tree.write() = tree;
        self.signal(effects);
    }

    /// Applies one write in place.
    pub(super) fn apply(&self, write: &Write) -> Result<Stat> {
        let mut effects = Effects::default();
        let stat = self.tree.write().apply(write, &mut effects)?;
        self.signal(&effects);
        Ok(stat)
    }

    fn signal(&self, effects: &Effects) {
        self.watches.lock().retain(|watches| {
            let Some(watches) = watches.upgrade() else { return false };
            effects.signals.iter().for_each(|target| watches.signal(target));
            true
        });
    }

    fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Ordering::Relaxed))
    }
}

fn check_entry(key: &str, value: &Bytes) -> Result<()> {
    check_key(key).and_then(|()| check_value(key, value))
}
