//! Where the network state database is, as `--zookeeper` and `--store` say, and opening it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::coordinator::{self, Coordinator, Embedded, ZooKeeper, ZooKeeperOptions};

/// Where the network state database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A ZooKeeper ensemble, `HOST:PORT[,HOST:PORT…]`.
    ZooKeeper(String),
    /// A store in a directory of this host, for one process.
    Directory(PathBuf),
}

/// An opened network state database, of which each part of the process has a session of its own.
pub enum Database {
    /// A ZooKeeper ensemble.
    ZooKeeper(String),
    /// A store in a file of this host, held open by this process.
    Embedded(Embedded),
}

impl Database {
    /// Opens it. A ZooKeeper ensemble need not be reachable: see [`connected`]. Blocks while a store's file is read.
    ///
    /// # Errors
    /// An address that is none; a store that is damaged, in use by another process, or cannot be read.
    pub fn open(endpoint: &Endpoint) -> Result<Self, coordinator::Error> {
        Ok(match endpoint {
            Endpoint::ZooKeeper(address) => Self::ZooKeeper(address.clone()),
            Endpoint::Directory(directory) => Self::Embedded(Embedded::open(directory, "store")?),
        })
    }

    /// Starts a session. `owner` names this process's part in it: an agent's host id, an API server's name.
    ///
    /// # Errors
    /// An address that is none.
    pub fn session(&self, owner: &str) -> Result<Arc<dyn Coordinator>, coordinator::Error> {
        Ok(match self {
            Self::ZooKeeper(address) => {
                Arc::new(ZooKeeper::connect(address, owner, ZooKeeperOptions::default())?)
            }
            Self::Embedded(store) => Arc::new(store.session(owner)),
        })
    }
}

/// Waits until a session is connected.
///
/// # Errors
/// [`coordinator::Error::Unavailable`] with the reason if it is not within this time; it goes on trying.
pub async fn connected(session: &dyn Coordinator, within: Duration) -> Result<(), coordinator::Error> {
    let mut status = session.status();
    if timeout(within, status.wait_for(|status| status.connected)).await.is_ok_and(|waited| waited.is_ok()) {
        return Ok(());
    }
    let status = status.borrow();
    Err(coordinator::Error::Unavailable {
        endpoint: status.endpoint.to_string(),
        reason: status.reason.to_string(),
    })
}
