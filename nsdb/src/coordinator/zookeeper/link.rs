//! A link: one verified connection of one client, and the requests on it.
//!
//! Each request runs as a task of the client's own runtime and holds its share of the budget until it is answered, whether
//! or not the caller still waits. A reply that arrives after the connection broke is not trusted: zookeeper-async matches
//! replies by order alone and may hand out one of the old connection.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use zookeeper_async::{Acl, CreateMode, Stat, ZkError, ZkResult, ZooKeeper};

use super::budget::{Budget, Reply};
use super::config::Root;
use crate::coordinator::watch::{Target, Watches};

/// Requests after which a client is given up, before its 32-bit request ids run into the reserved ones.
const MAX_REQUESTS: u32 = 1 << 30;

/// Names listed per second to keep a children watch armed, in bytes: bounds what a large, busy directory costs.
const RELIST_BYTES_PER_SECOND: u32 = 10_000_000;

pub(super) struct Link {
    client: Arc<ZooKeeper>,
    /// Cleared by the client, before anything else, when it leaves this connection.
    alive: Arc<AtomicBool>,
    session: i64,
    budget: Budget,
    requests: Arc<AtomicU32>,
    runtime: Handle,
    root: Root,
    /// Targets being armed; true when one fired again meanwhile.
    arming: Mutex<HashMap<Target, bool>>,
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The connection was gone before the request was sent.
    Unsent,
    /// The connection broke while the request was under way: the server may have served it.
    Lost,
    /// The server's answer is an error.
    Server(ZkError),
}

impl From<ZkError> for Failure {
    fn from(error: ZkError) -> Self {
        match error {
            ZkError::ConnectionLoss | ZkError::SessionExpired | ZkError::SessionMoved => Self::Lost,
            ZkError::MarshallingError => Self::Lost, // a reply that cannot be parsed
            error => Self::Server(error),
        }
    }
}

pub(super) type Answer<T> = Result<T, Failure>;

/// Estimated size of a reply without its variable part: header and znode statistics.
const REPLY_BYTES: usize = 100;

impl Link {
    pub(super) fn new(
        client: Arc<ZooKeeper>,
        alive: Arc<AtomicBool>,
        session: i64,
        budget: Budget,
        requests: Arc<AtomicU32>,
        root: Root,
    ) -> Self {
        let arming = Mutex::default();
        Self { client, alive, session, budget, requests, runtime: Handle::current(), root, arming }
    }

    /// The id of the session, as `Stat::ephemeral_owner` shows it.
    pub(super) fn session(&self) -> i64 {
        self.session
    }

    /// Whether the client has served so many requests that it must be replaced.
    pub(super) fn is_worn(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > MAX_REQUESTS
    }

    pub(super) async fn create(self: &Arc<Self>, key: &str, data: Vec<u8>, mode: CreateMode) -> Answer<Stat> {
        let path = self.root.path(key);
        let request = move |client: Arc<ZooKeeper>| async move {
            client.create2(&path, data, Acl::open_unsafe().clone(), mode).await.map(|(_, stat)| (stat, 0))
        };
        self.request(Reply::Small, request).await
    }

    pub(super) async fn get(self: &Arc<Self>, key: &str) -> Answer<Option<(Vec<u8>, Stat)>> {
        let path = self.root.path(key);
        let request = move |client: Arc<ZooKeeper>| async move {
            match client.get_data(&path, false).await {
                Ok((data, stat)) => {
                    let bytes = data.len();
                    Ok((Some((data, stat)), bytes))
                }
                Err(ZkError::NoNode) => Ok((None, 0)),
                Err(error) => Err(error),
            }
        };
        self.request(Reply::value(key), request).await
    }

    pub(super) async fn set(
        self: &Arc<Self>,
        key: &str,
        data: Vec<u8>,
        version: Option<i32>,
    ) -> Answer<Stat> {
        let path = self.root.path(key);
        let request = move |client: Arc<ZooKeeper>| async move {
            client.set_data(&path, data, version).await.map(|stat| (stat, 0))
        };
        self.request(Reply::Small, request).await
    }

    pub(super) async fn delete(self: &Arc<Self>, key: &str, version: Option<i32>) -> Answer<()> {
        let path = self.root.path(key);
        let request = move |client: Arc<ZooKeeper>| async move {
            client.delete(&path, version).await.map(|()| ((), 0))
        };
        self.request(Reply::Small, request).await
    }

    pub(super) async fn exists(self: &Arc<Self>, key: &str, watch: bool) -> Answer<Option<Stat>> {
        let path = self.root.path(key);
        let request = move |client: Arc<ZooKeeper>| async move {
            client.exists(&path, watch).await.map(|stat| (stat, 0))
        };
        self.request(Reply::Small, request).await
    }

    /// The names below a prefix; `None` if it does not exist, in which case nothing is watched.
    pub(super) async fn children(self: &Arc<Self>, prefix: &str, watch: bool) -> Answer<Option<Vec<String>>> {
        let path = self.root.path(prefix);
        let request = move |client: Arc<ZooKeeper>| async move {
            match client.get_children(&path, watch).await {
                Ok(names) => {
                    let bytes = names_bytes(&names);
                    Ok((Some(names), bytes))
                }
                Err(ZkError::NoNode) => Ok((None, 0)),
                Err(error) => Err(error),
            }
        };
        self.request(Reply::names(prefix), request).await
    }

    /// Sets the server's one-shot watch on a target; returns the bytes of the reply.
    pub(super) async fn set_watch(self: &Arc<Self>, target: &Target) -> Answer<usize> {
        match target {
            Target::Value(key) => self.exists(key, true).await.map(|_| REPLY_BYTES),
            Target::Children(prefix) => loop {
                if let Some(names) = self.children(prefix, true).await? {
                    return Ok(names_bytes(&names));
                }
                if self.exists(prefix, true).await?.is_none() {
                    return Ok(REPLY_BYTES);
                }
            },
        }
    }

    /// Sets the watch on a target again and signals its consumers, in the background. If the connection breaks, the next
    /// one does it.
    pub(super) fn arm(self: &Arc<Self>, target: Target, watches: &Arc<Watches>) {
        match self.arming.lock().entry(target.clone()) {
            Entry::Occupied(mut again) => {
                again.insert(true);
                return;
            }
            Entry::Vacant(entry) => entry.insert(false),
        };
        let (link, watches) = (Arc::clone(self), Arc::clone(watches));
        self.runtime.spawn(async move {
            loop {
                let pause = match link.set_watch(&target).await {
                    Ok(bytes) => relist_pause(bytes),
                    Err(Failure::Unsent | Failure::Lost) => return,
                    Err(Failure::Server(error)) => {
                        tracing::warn!(?target, %error, "ZooKeeper refused a watch; trying again");
                        link.arming.lock().insert(target.clone(), true);
                        Duration::from_secs(1)
                    }
                };
                watches.signal(&target);
                tokio::time::sleep(pause).await;
                let mut arming = link.arming.lock();
                match arming.get_mut(&target) {
                    Some(again) if *again => *again = false,
                    _ => {
                        arming.remove(&target);
                        return;
                    }
                }
            }
        });
    }

    async fn request<T, F>(
        self: &Arc<Self>,
        reply: Reply,
        request: impl FnOnce(Arc<ZooKeeper>) -> F + Send + 'static,
    ) -> Answer<T>
    where
        T: Send + 'static,
        F: Future<Output = ZkResult<(T, usize)>> + Send + 'static,
    {
        let Some(permit) = self.budget.acquire(&reply).await else { return Err(Failure::Unsent) };
        if !self.alive.load(Ordering::Acquire) {
            return Err(Failure::Unsent);
        }
        let link = Arc::clone(self);
        let task = self.runtime.spawn(async move {
            link.requests.fetch_add(1, Ordering::Relaxed);
            let result = request(Arc::clone(&link.client)).await;
            drop(permit);
            if !link.alive.load(Ordering::Acquire) {
                return Err(Failure::Lost);
            }
            let (value, bytes) = result?;
            link.budget.observe(&reply, REPLY_BYTES + bytes);
            Ok(value)
        });
        // The task ends early only with the client's runtime.
        task.await.unwrap_or(Err(Failure::Lost))
    }
}

fn names_bytes(names: &[String]) -> usize {
    names.iter().map(|name| name.len() + 4).sum()
}

/// How long to leave a directory alone after listing this many bytes of it.
fn relist_pause(bytes: usize) -> Duration {
    const FREE_BYTES: usize = 20_000;
    if bytes < FREE_BYTES {
        return Duration::ZERO;
    }
    Duration::from_secs_f64(bytes as f64 / f64::from(RELIST_BYTES_PER_SECOND))
}
