//! A server's side: who has not acknowledged a change yet, and the waiting for them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use model::{DocumentKey, HostId, Version, hosts_reaching};
use tokio::time::{Instant, interval_at, sleep, timeout};

use super::{parse, prefix};
use crate::coordinator::{Coordinator, Watch};
use crate::presence::Hosts;
use crate::store::{Committed, Store};

/// Whether a host needs a document still is looked at this often, and what could not be read is read again.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Waits until every live host that needs a document which the change touched has acknowledged it, or for so long: the
/// hosts that had not by then.
pub(crate) async fn missing<T>(
    coordinator: &Arc<dyn Coordinator>,
    store: &Store,
    hosts: &Hosts,
    change: &Committed<T>,
    patience: Duration,
) -> BTreeSet<HostId> {
    let topology = store.snapshot();
    let await_of = |document: &DocumentKey| Awaited {
        document: *document,
        version: change.version,
        hosts: hosts_reaching(&topology, *document),
    };
    let mut awaited: Vec<Awaited> =
        change.touched.iter().map(await_of).filter(|awaited| !awaited.hosts.is_empty()).collect();
    let all = join_all(awaited.iter_mut().map(|awaited| awaited.settle(&**coordinator, store, hosts)));
    timeout(patience, all).await.ok();
    awaited.into_iter().flat_map(|awaited| awaited.hosts).collect()
}

/// A document and those who have not acknowledged it.
struct Awaited {
    document: DocumentKey,
    version: Version,
    hosts: BTreeSet<HostId>,
}

impl Awaited {
    /// Waits until nobody is missing.
    async fn settle(&mut self, coordinator: &dyn Coordinator, store: &Store, hosts: &Hosts) {
        hosts.loaded().await;
        let mut alive = hosts.changes();
        self.hosts.retain(|host| hosts.is_alive(*host));
        if self.hosts.is_empty() {
            return;
        }
        let prefix = prefix(self.document);
        let mut watch = subscribe(coordinator, &prefix).await;
        let mut look_again = interval_at(Instant::now() + LOOK_AGAIN, LOOK_AGAIN);
        let mut version = store.version();
        loop {
            watch.take_changed();
            if let Ok(names) = coordinator.list(&prefix).await {
                self.acknowledged(&names);
            }
            if self.hosts.is_empty() {
                return;
            }
            tokio::select! {
                () = watch.changed() => {}
                Ok(()) = alive.changed() => self.hosts.retain(|host| hosts.is_alive(*host)),
                _ = look_again.tick() => {
                    if std::mem::replace(&mut version, store.version()) != version {
                        let needed = hosts_reaching(&store.snapshot(), self.document);
                        self.hosts.retain(|host| needed.contains(host));
                    }
                }
            }
        }
    }

    /// Takes out the hosts of acknowledgements that are new enough.
    fn acknowledged(&mut self, names: &[String]) {
        for (host, version) in names.iter().filter_map(|name| parse(name)) {
            if version >= self.version {
                self.hosts.remove(&host);
            }
        }
    }
}

async fn subscribe(coordinator: &dyn Coordinator, prefix: &str) -> Watch {
    loop {
        match coordinator.watch_children(prefix).await {
            Ok(watch) => return watch,
            Err(_) => sleep(LOOK_AGAIN).await,
        }
    }
}
