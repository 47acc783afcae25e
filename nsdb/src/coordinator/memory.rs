//! The memory driver: a store inside the process, with any number of sessions, for tests.
//!
//! Outages and lost sessions can be played ([`Memory::interrupt`], [`Memory::resume`]), deterministically.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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

const ENDPOINT: &str = "memory store";

/// A session of a store in memory.
#[derive(Debug)]
pub struct Memory {
    store: Arc<Store>,
    owner: Arc<str>,
    session: Mutex<Session>,
    status: watch::Sender<Status>,
    watches: Arc<Watches>,
}

/// What becomes of the session's ephemeral keys when an interruption ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// The session survived: they are still there.
    SameSession,
    /// The session expired: they are gone.
    NewSession,
}

#[derive(Debug, Default)]
struct Store {
    tree: RwLock<Tree>,
    sessions: AtomicU64,
    /// The watches of all sessions: each hears every change.
    watches: Mutex<Vec<std::sync::Weak<Watches>>>,
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

impl Memory {
    /// A new, empty store, and a first session of it under this owner's name.
    pub fn new(owner: &str) -> Self {
        Self::on(Arc::default(), owner)
    }

    /// Another session of the same store, as another process would have.
    pub fn session(&self, owner: &str) -> Self {
        Self::on(Arc::clone(&self.store), owner)
    }

    /// Plays an outage: until [`resume`](Memory::resume), every operation fails with [`Error::Unavailable`] and no watch
    /// of this session signals.
    pub fn interrupt(&self) {
        let mut session = self.session.lock();
        if session.state == State::Open {
            session.state = State::Interrupted;
            self.status.send_modify(|status| {
                status.connected = false;
                status.since = Instant::now();
                status.reason = "interrupted by the test".into();
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
            self.store.end(session.id);
            session.id = self.store.next_session();
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

    fn on(store: Arc<Store>, owner: &str) -> Self {
        let watches = Arc::new(Watches::default());
        store.watches.lock().push(Arc::downgrade(&watches));
        let status = Status {
            epoch: 1,
            connected: true,
            since: Instant::now(),
            endpoint: ENDPOINT.into(),
            reason: "".into(),
        };
        let session = Mutex::new(Session { id: store.next_session(), state: State::Open });
        Self { owner: owner.into(), session, status: watch::Sender::new(status), watches, store }
    }

    fn usable(&self) -> Result<SessionId> {
        let session = *self.session.lock();
        match session.state {
            State::Open => Ok(session.id),
            State::Interrupted => Err(Error::Unavailable {
                endpoint: ENDPOINT.to_owned(),
                reason: "interrupted by the test".to_owned(),
            }),
            State::Closed => Err(Error::Closed),
        }
    }

    fn write<T: Send + 'static>(
        &self,
        key: &str,
        write: impl FnOnce(SessionId) -> Write,
        answer: impl FnOnce(Stat) -> T,
    ) -> Operation<'_, T> {
        let result = check_key(key)
            .and_then(|()| self.usable())
            .and_then(|session| self.store.apply(&write(session)))
            .map(answer);
        ready(result).boxed()
    }

    fn watch(&self, target: Target) -> Operation<'_, Watch> {
        let result = match &target {
            Target::Value(key) => check_key(key),
            Target::Children(prefix) => check_prefix(prefix),
        };
        ready(result.map(|()| self.watches.subscribe(target))).boxed()
    }

    fn end(&self) {
        let mut session = self.session.lock();
        if session.state != State::Closed {
            session.state = State::Closed;
            self.store.end(session.id);
        }
    }
}

impl Coordinator for Memory {
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        if let Err(error) = check_value(key, &value) {
            return ready(Err(error)).boxed();
        }
        self.write(key, |_| Write::Create { key: key.to_owned(), value }, |stat| stat)
    }

    fn get<'a>(&'a self, key: &'a str) -> Operation<'a, Option<(Bytes, Stat)>> {
        let read = |_| self.store.tree.read().get(key).map(|node| (node.value.clone(), node.stat()));
        ready(check_key(key).and_then(|()| self.usable()).map(read)).boxed()
    }

    fn put<'a>(&'a self, key: &'a str, value: Bytes, expect: Expect) -> Operation<'a, Stat> {
        if let Err(error) = check_value(key, &value) {
            return ready(Err(error)).boxed();
        }
        self.write(key, |_| Write::Put { key: key.to_owned(), value, expect }, |stat| stat)
    }

    fn delete<'a>(&'a self, key: &'a str, expect: Expect) -> Operation<'a, ()> {
        self.write(key, |_| Write::Delete { key: key.to_owned(), expect }, |_| ())
    }

    fn delete_tree<'a>(&'a self, key: &'a str) -> Operation<'a, ()> {
        self.write(key, |_| Write::DeleteTree { key: key.to_owned() }, |_| ())
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Operation<'a, Vec<String>> {
        let read = |_| self.store.tree.read().list(prefix);
        ready(check_prefix(prefix).and_then(|()| self.usable()).map(read)).boxed()
    }

    fn create_ephemeral<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        if let Err(error) = check_value(key, &value) {
            return ready(Err(error)).boxed();
        }
        let owner = Arc::clone(&self.owner);
        let write = |session| Write::CreateEphemeral { key: key.to_owned(), value, session, owner };
        self.write(key, write, |stat| stat)
    }

    fn watch_value<'a>(&'a self, key: &'a str) -> Operation<'a, Watch> {
        self.watch(Target::Value(key.to_owned()))
    }

    fn watch_children<'a>(&'a self, prefix: &'a str) -> Operation<'a, Watch> {
        self.watch(Target::Children(prefix.to_owned()))
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

impl Drop for Memory {
    fn drop(&mut self) {
        self.end();
    }
}

impl Store {
    fn next_session(&self) -> SessionId {
        SessionId(self.sessions.fetch_add(1, Ordering::Relaxed))
    }

    fn apply(&self, write: &Write) -> Result<Stat> {
        let mut effects = Effects::default();
        let stat = self.tree.write().apply(write, &mut effects)?;
        self.watches.lock().retain(|watches| {
            let Some(watches) = watches.upgrade() else { return false };
            effects.signals.iter().for_each(|target| watches.signal(target));
            true
        });
        Ok(stat)
    }

    fn end(&self, session: SessionId) {
        // Ending a session has no precondition that could fail.
        self.apply(&Write::EndSession { session }).ok();
    }
}
