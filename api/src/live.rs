//! The network as this server sees it, from the moment it is loaded; and the loading.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use model::{BridgeId, DeviceId, PortId};
use nsdb::coordinator::{Coordinator, Status};
use nsdb::presence::Hosts;
use nsdb::store::Store;
use nsdb::tables::{ActivePorts, MacKey, MacTables, PortOwner};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::failure::{Failure, RETRY_AFTER};

/// Between two attempts to load.
const RETRY: Duration = Duration::from_millis(500);
/// How long a read waits for a table of active ports that was never read before.
const PATIENCE: Duration = Duration::from_secs(1);

/// Topology, hosts, active ports and learned stations, all in memory.
pub(crate) struct Live {
    pub(crate) store: Store,
    pub(crate) hosts: Hosts,
    active: ActivePorts,
    stations: MacTables,
}

/// Whether requests can be answered.
#[derive(Clone)]
pub(crate) enum Readiness {
    /// Not yet, for this reason.
    Loading(Arc<str>),
    /// From here on, even when the NSDB goes out of reach.
    Ready(Arc<Live>),
}

impl Live {
    /// The active ports of a device. While the NSDB is out of reach, those of a device never asked for before are not
    /// known, and none is said to be active.
    pub(crate) async fn active(&self, device: DeviceId) -> Vec<(PortId, PortOwner)> {
        match timeout(PATIENCE, self.active.of(device)).await {
            Ok(ports) => ports.into_iter().collect(),
            Err(_) => Vec::new(),
        }
    }

    /// The stations that a bridge has learned, and behind which of its ports. While the NSDB is out of reach, those of a
    /// bridge never asked for before are not known.
    pub(crate) async fn stations(&self, bridge: BridgeId) -> Vec<(MacKey, PortId)> {
        if !self.follow_bridges(bridge) {
            return Vec::new();
        }
        self.stations.of(bridge).await.into_iter().collect()
    }

    /// Where a bridge has learned one station.
    pub(crate) async fn station(&self, bridge: BridgeId, station: MacKey) -> Option<PortId> {
        if !self.follow_bridges(bridge) {
            return None;
        }
        self.stations.of(bridge).await.get(&station).copied()
    }

    /// Closes the tables of bridges that are gone; whether this one is there.
    fn follow_bridges(&self, bridge: BridgeId) -> bool {
        let topology = self.store.snapshot();
        self.stations.retain(|bridge| topology.bridge(bridge).is_some());
        topology.bridge(bridge).is_some()
    }
}

/// Loads the network, trying again while the NSDB is out of reach.
pub(crate) async fn load(
    coordinator: Arc<dyn Coordinator>,
    readiness: &watch::Sender<Readiness>,
) -> Result<(), nsdb::Error> {
    let author = format!("api@{}", coordinator.owner());
    let store = loop {
        match open(&coordinator, &author, readiness).await {
            Ok(store) => break store,
            Err(error) if error.is_outage() => {
                tracing::debug!(%error, "the network state database is out of reach; trying again");
                sleep(RETRY).await;
            }
            Err(error) => return Err(error),
        }
    };
    let live = Live {
        store,
        hosts: Hosts::open(Arc::clone(&coordinator)),
        active: ActivePorts::new(Arc::clone(&coordinator)),
        stations: MacTables::new(coordinator),
    };
    readiness.send_replace(Readiness::Ready(Arc::new(live)));
    Ok(())
}

/// One attempt, during which clients are told how the connection stands.
async fn open(
    coordinator: &Arc<dyn Coordinator>,
    author: &str,
    readiness: &watch::Sender<Readiness>,
) -> Result<Store, nsdb::Error> {
    let mut status = coordinator.status();
    let mut opening = pin!(Store::open(Arc::clone(coordinator), author));
    loop {
        let why = reason(&status.borrow_and_update());
        readiness.send_replace(Readiness::Loading(why.into()));
        tokio::select! {
            opened = &mut opening => return opened,
            Ok(()) = status.changed() => {}
        }
    }
}

fn reason(status: &Status) -> String {
    match status.connected {
        true => format!("it is being read from {}", status.endpoint),
        false if status.reason.is_empty() => format!("{} does not answer yet", status.endpoint),
        false => format!("{} is out of reach: {}", status.endpoint, status.reason),
    }
}

impl Readiness {
    pub(crate) fn live(&self) -> Result<Arc<Live>, Failure> {
        match self {
            Self::Ready(live) => Ok(Arc::clone(live)),
            Self::Loading(reason) => Err(Failure::unavailable(
                format!("The topology is not loaded yet: {reason}; retry in {} s.", RETRY_AFTER.as_secs()),
                RETRY_AFTER,
            )),
        }
    }
}
