//! Opens the NSDB that the configuration names.

use std::sync::Arc;

use nsdb::coordinator::{Coordinator, Embedded, ZooKeeper, ZooKeeperOptions};

use crate::config::Nsdb;

/// Connects to ZooKeeper (which may be out of reach for now) or opens the embedded store. `owner` marks the ephemeral
/// keys of this process.
pub(crate) fn open(nsdb: &Nsdb, owner: &str) -> anyhow::Result<Arc<dyn Coordinator>> {
    Ok(match nsdb {
        Nsdb::ZooKeeper(servers) => {
            Arc::new(ZooKeeper::connect(servers, owner, ZooKeeperOptions::default())?)
        }
        Nsdb::Embedded(directory) => Arc::new(Embedded::open(directory, owner)?),
    })
}
