//! The ZooKeeper driver: zookeeper-async behind a supervisor.
//!
//! ```text
//! operations ──▶ Link (one verified connection) ──▶ zookeeper-async client ──▶ server
//!                 ▲ published, withdrawn                ▲ made, proved, given up
//!                 └──────────── supervisor thread ──────┘
//! ```
//! Operations run on the caller's runtime and wait, up to their deadline, for a link. Reads are tried again when their link
//! breaks. A write whose link broke under it is [`Error::Uncertain`]; only `create_ephemeral` and `delete_tree`, which can
//! be repeated without harm, are tried again. Keys are znodes below `/midspan`.

mod budget;
mod config;
mod keys;
mod link;
mod shared;
mod supervisor;
mod value;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use self::config::Config;
pub use self::config::ZooKeeperOptions;
use self::keys::Fault;
use self::link::{Failure, Link};
use self::shared::Shared;
use super::error::{Error, Result};
use super::key::{check_key, check_prefix, check_value};
use super::watch::{Target, Watch};
use super::{Coordinator, Expect, Operation, Stat, Status};

/// A session with a ZooKeeper ensemble, renewed as often as it takes.
pub struct ZooKeeper {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    ended: watch::Receiver<()>,
}

/// Longest that `close` waits for the supervisor.
const CLOSE: Duration = Duration::from_secs(2);

impl ZooKeeper {
    /// Starts to connect to `HOST:PORT[,HOST:PORT…][/PATH]` and returns at once, reachable or not: see
    /// [`status`](Coordinator::status).
    pub fn connect(address: &str, owner: &str, options: ZooKeeperOptions) -> Result<Self> {
        let config = Config::new(address, owner, options)?;
        let shared = Arc::new(Shared::new(config));
        let (stop, stopped) = watch::channel(false);
        let (ending, ended) = watch::channel(());
        let supervised = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("nsdb-zookeeper".to_owned())
            .spawn(move || {
                supervisor::run(&supervised, &stopped);
                drop(ending);
            })
            .map_err(|error| shared.unavailable(&format!("no supervisor thread: {error}")))?;
        Ok(Self { shared, stop, ended })
    }

    /// Runs a read until it has an answer.
    async fn read<'a, T>(
        &self,
        key: &'a str,
        read: impl Fn(Arc<Link>) -> BoxFuture<'a, std::result::Result<T, Fault>>,
    ) -> Result<T> {
        let attempts = async {
            loop {
                let link = self.link().await?;
                match read(Arc::clone(&link)).await {
                    Ok(value) => return Ok(value),
                    Err(Fault::Final(error)) => return Err(error),
                    Err(Fault::Link(Failure::Server(error))) => return Err(self.shared.refused(key, error)),
                    Err(Fault::Link(Failure::Unsent | Failure::Lost)) => self.leave(&link).await,
                }
            }
        };
        timeout(self.shared.config.deadline, attempts).await.unwrap_or_else(|_| {
            Err(match self.shared.link() {
                Some(_) => self.shared.timeout(key),
                None => self.outage(),
            })
        })
    }

    /// Runs a write. If its link breaks, `repeat` says whether it may be tried again.
    async fn write<'a, T>(
        &self,
        key: &'a str,
        repeat: Repeat,
        write: impl Fn(Arc<Link>) -> BoxFuture<'a, std::result::Result<T, Fault>>,
    ) -> Result<T> {
        let deadline = Instant::now() + self.shared.config.deadline;
        loop {
            let link = match timeout_at(deadline, self.link()).await {
                Ok(link) => link?,
                Err(_) => return Err(self.outage()),
            };
            let lost = match (timeout_at(deadline, write(Arc::clone(&link))).await, repeat) {
                (Ok(Ok(value)), _) => return Ok(value),
                (Ok(Err(Fault::Final(error))), _) => return Err(error),
                (Ok(Err(Fault::Link(Failure::Server(error)))), _) => {
                    return Err(self.shared.refused(key, error));
                }
                (Ok(Err(Fault::Link(Failure::Unsent))), _) => None,
                (Ok(Err(Fault::Link(Failure::Lost))), Repeat::Harmless) => None,
                (Ok(Err(Fault::Link(Failure::Lost))), Repeat::Harmful) => Some("the connection broke"),
                (Err(_), _) => Some("its deadline passed"),
            };
            if let Some(reason) = lost {
                return Err(self.shared.uncertain(key, reason));
            }
            if timeout_at(deadline, self.leave(&link)).await.is_err() {
                return Err(self.outage());
            }
        }
    }

    /// Waits for a link.
    async fn link(&self) -> Result<Arc<Link>> {
        let mut links = self.shared.links.subscribe();
        loop {
            if *self.stop.borrow() {
                return Err(Error::Closed);
            }
            if let Some(link) = &*links.borrow_and_update() {
                return Ok(Arc::clone(link));
            }
            // The sender lives as long as `self`.
            links.changed().await.ok();
        }
    }

    /// Waits until a broken link is no longer the current one.
    async fn leave(&self, broken: &Arc<Link>) {
        let mut links = self.shared.links.subscribe();
        let gone = |link: &Option<Arc<Link>>| link.as_ref().is_none_or(|link| !Arc::ptr_eq(link, broken));
        links.wait_for(gone).await.ok();
    }

    async fn watch(&self, target: Target) -> Watch {
        let watch = self.shared.watches.subscribe(target.clone());
        // Without a link, or if it breaks, the next one sets all watches.
        if let Some(link) = self.shared.link() {
            let set = timeout(self.shared.config.deadline, link.set_watch(&target)).await;
            if !matches!(set, Ok(Ok(_))) {
                link.arm(target, &self.shared.watches);
            }
        }
        watch
    }

    fn outage(&self) -> Error {
        if *self.stop.borrow() {
            return Error::Closed;
        }
        self.shared.unavailable(&self.shared.status.borrow().reason)
    }
}

/// Whether a write that may have been applied can be applied again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    Harmless,
    Harmful,
}

impl Coordinator for ZooKeeper {
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        async move {
            check_entry(key, &value)?;
            let create = |link: Arc<Link>| {
                let value = value.clone();
                async move { link.create_key(key, &value).await }.boxed()
            };
            self.write(key, Repeat::Harmful, create).await
        }
        .boxed()
    }

    fn get<'a>(&'a self, key: &'a str) -> Operation<'a, Option<(Bytes, Stat)>> {
        async move {
            check_key(key)?;
            self.read(key, |link| async move { link.read_key(key).await }.boxed()).await
        }
        .boxed()
    }

    fn put<'a>(&'a self, key: &'a str, value: Bytes, expect: Expect) -> Operation<'a, Stat> {
        async move {
            check_entry(key, &value)?;
            let put = |link: Arc<Link>| {
                let value = value.clone();
                async move { link.put_key(key, &value, expect).await }.boxed()
            };
            self.write(key, Repeat::Harmful, put).await
        }
        .boxed()
    }

    fn delete<'a>(&'a self, key: &'a str, expect: Expect) -> Operation<'a, ()> {
        async move {
            check_key(key)?;
            let delete = |link: Arc<Link>| async move { link.delete_key(key, expect).await }.boxed();
            self.write(key, Repeat::Harmful, delete).await
        }
        .boxed()
    }

    fn delete_tree<'a>(&'a self, key: &'a str) -> Operation<'a, ()> {
        async move {
            check_key(key)?;
            self.write(key, Repeat::Harmless, |link| link.delete_below(key.to_owned())).await
        }
        .boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> Operation<'a, Vec<String>> {
        async move {
            check_prefix(prefix)?;
            self.read(prefix, |link| async move { link.list_names(prefix).await }.boxed()).await
        }
        .boxed()
    }

    fn create_ephemeral<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat> {
        async move {
            check_entry(key, &value)?;
            let create = |link: Arc<Link>| {
                let (value, owner) = (value.clone(), Arc::clone(&self.shared.config.owner));
                async move { link.create_ephemeral_key(key, &value, &owner).await }.boxed()
            };
            self.write(key, Repeat::Harmless, create).await
        }
        .boxed()
    }

    fn watch_value<'a>(&'a self, key: &'a str) -> Operation<'a, Watch> {
        async move {
            check_key(key)?;
            Ok(self.watch(Target::Value(key.to_owned())).await)
        }
        .boxed()
    }

    fn watch_children<'a>(&'a self, prefix: &'a str) -> Operation<'a, Watch> {
        async move {
            check_prefix(prefix)?;
            Ok(self.watch(Target::Children(prefix.to_owned())).await)
        }
        .boxed()
    }

    fn status(&self) -> watch::Receiver<Status> {
        self.shared.status.subscribe()
    }

    fn owner(&self) -> &str {
        &self.shared.config.owner
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.stop.send_replace(true);
        let mut ended = self.ended.clone();
        async move {
            // The supervisor says that it ended by dropping the sender.
            timeout(CLOSE, ended.changed()).await.ok();
        }
        .boxed()
    }
}

impl Drop for ZooKeeper {
    /// Has the supervisor close the session, and does not wait for it.
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn check_entry(key: &str, value: &Bytes) -> Result<()> {
    check_key(key).and_then(|()| check_value(key, value))
}
