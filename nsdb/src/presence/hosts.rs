//! The hosts as API servers see them: who is alive, and in what state, kept in memory by watches.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use imbl::OrdMap;
use model::HostId;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::HostState;
use crate::coordinator::{Coordinator, Error};

/// After a failed read, the next one starts this long after, unless a watch signals.
const RETRY: Duration = Duration::from_millis(500);

/// The hosts whose agents are alive, with the state that each published. Reads never wait and go on during an outage,
/// showing what was last known.
#[derive(Debug)]
pub struct Hosts {
    view: watch::Sender<View>,
    /// Whether the list of live hosts has been read at least once.
    loaded: watch::Receiver<bool>,
    task: AbortHandle,
}

/// Live hosts; the state is `None` until the agent has published it.
type View = OrdMap<HostId, Option<Arc<HostState>>>;

impl Hosts {
    /// Starts to follow all hosts, on the current tokio runtime.
    pub fn open(coordinator: Arc<dyn Coordinator>) -> Self {
        let view = watch::Sender::new(OrdMap::new());
        let (read, loaded) = watch::channel(false);
        let task = tokio::spawn(follow(coordinator, view.clone(), read)).abort_handle();
        Self { view, loaded, task }
    }

    /// Waits until the list of live hosts has been read at least once.
    pub async fn loaded(&self) {
        // The task that has the sender lives as long as `self`.
        self.loaded.clone().wait_for(|loaded| *loaded).await.map(drop).ok();
    }

    /// Whether a host's agent is alive.
    pub fn is_alive(&self, host: HostId) -> bool {
        self.view.borrow().contains_key(&host)
    }

    /// The state of a live host, once published.
    pub fn state(&self, host: HostId) -> Option<Arc<HostState>> {
        self.view.borrow().get(&host).cloned().flatten()
    }

    /// All live hosts with the state of those that have published it. Cheap: the map shares its structure.
    pub fn snapshot(&self) -> OrdMap<HostId, Option<Arc<HostState>>> {
        self.view.borrow().clone()
    }

    /// Signals whenever anything of this changed.
    pub fn changes(&self) -> watch::Receiver<OrdMap<HostId, Option<Arc<HostState>>>> {
        self.view.subscribe()
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Follows the list of live hosts, with one task for the state of each; runs until aborted.
async fn follow(coordinator: Arc<dyn Coordinator>, view: watch::Sender<View>, read: watch::Sender<bool>) {
    let mut tasks = JoinSet::new(); // ends its tasks when this one is aborted
    let mut following: HashMap<HostId, AbortHandle> = HashMap::new();
    let mut alive = loop {
        match coordinator.watch_children("alive").await {
            Ok(watch) => break watch,
            Err(_) => sleep(RETRY).await,
        }
    };
    loop {
        alive.take_changed();
        let Ok(names) = coordinator.list("alive").await else {
            timeout(RETRY, alive.changed()).await.ok();
            continue;
        };
        let hosts: Vec<HostId> = names.iter().filter_map(|name| name.parse().ok()).collect();
        view.send_if_modified(|view| {
            let gone: Vec<HostId> = view.keys().filter(|host| !hosts.contains(host)).copied().collect();
            let new: Vec<HostId> = hosts.iter().filter(|host| !view.contains_key(host)).copied().collect();
            gone.iter().for_each(|host| drop(view.remove(host)));
            new.iter().for_each(|host| drop(view.insert(*host, None)));
            !gone.is_empty() || !new.is_empty()
        });
        read.send_if_modified(|read| !std::mem::replace(read, true));
        following.retain(|host, task| {
            let keep = hosts.contains(host);
            if !keep {
                task.abort();
            }
            keep
        });
        for host in hosts {
            following
                .entry(host)
                .or_insert_with(|| tasks.spawn(follow_state(Arc::clone(&coordinator), host, view.clone())));
        }
        while tasks.try_join_next().is_some() {}
        alive.changed().await;
    }
}

/// Follows the state of one live host; runs until aborted.
async fn follow_state(coordinator: Arc<dyn Coordinator>, host: HostId, view: watch::Sender<View>) {
    let key = format!("state/{host}");
    let mut watch = loop {
        match coordinator.watch_value(&key).await {
            Ok(watch) => break watch,
            Err(_) => sleep(RETRY).await,
        }
    };
    loop {
        watch.take_changed();
        match read_state(&*coordinator, &key).await {
            Ok(None) => {}
            Ok(Some(state)) => {
                view.send_if_modified(|view| {
                    let changed = view.get(&host).is_some_and(|known| known.as_deref() != Some(&state));
                    if changed {
                        view.insert(host, Some(Arc::new(state)));
                    }
                    changed
                });
            }
            Err(_) => {
                timeout(RETRY, watch.changed()).await.ok();
                continue;
            }
        }
        watch.changed().await;
    }
}

async fn read_state(coordinator: &dyn Coordinator, key: &str) -> Result<Option<HostState>, Error> {
    let Some((value, _)) = coordinator.get(key).await? else { return Ok(None) };
    match serde_json::from_slice(&value) {
        Ok(state) => Ok(Some(state)),
        Err(error) => {
            tracing::warn!(key, %error, "the state of a host does not parse and is ignored: is its agent of another release?");
            Ok(None)
        }
    }
}
