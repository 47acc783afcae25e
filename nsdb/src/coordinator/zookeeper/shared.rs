//! What the operations and the supervisor share: the configuration, the current link and the state of the session.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;
use zookeeper_async::ZkError;

use super::budget::Sizes;
use super::config::Config;
use super::link::Link;
use crate::coordinator::Status;
use crate::coordinator::error::Error;
use crate::coordinator::watch::Watches;

/// The reason for not being connected before the first try failed.
const CONNECTING: &str = "connecting";

/// The state of one coordinator.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) status: watch::Sender<Status>,
    pub(super) links: watch::Sender<Option<Arc<Link>>>,
    /// Whether replies on the current connection can be trusted.
    alive: Mutex<Option<Arc<AtomicBool>>>,
    pub(super) watches: Arc<Watches>,
    pub(super) sizes: Arc<Sizes>,
}

impl Shared {
    pub(super) fn new(config: Config) -> Self {
        let status = Status {
            epoch: 0,
            connected: false,
            since: Instant::now(),
            endpoint: config.endpoint.as_str().into(),
            reason: CONNECTING.into(),
        };
        Self {
            config,
            status: watch::Sender::new(status),
            links: watch::Sender::new(None),
            alive: Mutex::default(),
            watches: Arc::default(),
            sizes: Arc::default(),
        }
    }

    pub(super) fn link(&self) -> Option<Arc<Link>> {
        self.links.borrow().clone()
    }

    pub(super) fn epoch(&self) -> u64 {
        self.status.borrow().epoch
    }

    /// Trusts replies from now on, until [`distrust`](Self::distrust).
    pub(super) fn trust(&self, alive: &Arc<AtomicBool>) {
        *self.alive.lock() = Some(Arc::clone(alive));
    }

    /// Distrusts replies. Called by the client before it touches its next connection.
    pub(super) fn distrust(&self) {
        if let Some(alive) = self.alive.lock().take() {
            alive.store(false, Ordering::Release);
        }
    }

    /// Starts an epoch: publishes a link and sets all watches on it.
    pub(super) fn connected(&self, link: &Arc<Link>) {
        self.links.send_replace(Some(Arc::clone(link)));
        self.status.send_modify(|status| {
            status.epoch += 1;
            status.connected = true;
            status.since = Instant::now();
            status.reason = "".into();
        });
        tracing::info!(endpoint = %self.config.endpoint, epoch = self.epoch(), "connected to ZooKeeper");
        for target in self.watches.targets() {
            link.arm(target, &self.watches);
        }
    }

    /// Withdraws the link.
    pub(super) fn unlink(&self) {
        self.distrust();
        self.links.send_replace(None);
    }

    pub(super) fn disconnected(&self, reason: &str) {
        let mut is_news = false;
        self.status.send_if_modified(|status| {
            is_news = status.connected || *status.reason == *CONNECTING;
            if status.connected {
                status.connected = false;
                status.since = Instant::now();
            }
            let changed = is_news || *status.reason != *reason;
            status.reason = reason.into();
            changed
        });
        if is_news {
            tracing::warn!(endpoint = %self.config.endpoint, reason, "no connection to ZooKeeper; trying on");
        } else {
            tracing::debug!(endpoint = %self.config.endpoint, reason, "no connection to ZooKeeper yet");
        }
    }

    pub(super) fn unavailable(&self, reason: &str) -> Error {
        Error::Unavailable { endpoint: self.config.endpoint.clone(), reason: reason.to_owned() }
    }

    pub(super) fn uncertain(&self, key: &str, reason: &str) -> Error {
        Error::Uncertain {
            endpoint: self.config.endpoint.clone(),
            key: key.to_owned(),
            reason: reason.to_owned(),
        }
    }

    pub(super) fn timeout(&self, key: &str) -> Error {
        let millis = u64::try_from(self.config.deadline.as_millis()).unwrap_or(u64::MAX);
        Error::Timeout { endpoint: self.config.endpoint.clone(), key: key.to_owned(), millis }
    }

    pub(super) fn refused(&self, key: &str, error: ZkError) -> Error {
        let reason = match error {
            ZkError::DataInconsistency => "the value was not written by Midspan".to_owned(),
            error => error.to_string(),
        };
        Error::Refused { endpoint: self.config.endpoint.clone(), key: key.to_owned(), reason }
    }
}
