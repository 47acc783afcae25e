//! The tail task: takes over what other servers commit.
//!
//! It watches the next entry's key, and asks for the entry. What this server commits itself is no news, and would cost as much;
//! so after that the tail rests. Should another server commit meanwhile, the writer learns of it by losing the race.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::core::Core;
use crate::{Error, log};

/// After a read that failed, the next one starts this long after, unless the watch signals.
const RETRY: Duration = Duration::from_millis(500);

/// How long it rests after a commit of this server's own, and waits for one that is under way.
const REST: Duration = Duration::from_millis(50);

/// Runs until aborted.
pub(super) async fn run(core: Arc<Core>) {
    let mut versions = core.versions.subscribe();
    let mut told: Option<Error> = None;
    loop {
        let next = *versions.borrow_and_update() + 1;
        let Ok(mut watch) = core.coordinator.watch_value(&log::key(next)).await else {
            sleep(RETRY).await;
            continue;
        };
        let moved = core.refresh().await;
        let overtaken = async { versions.wait_for(|version| *version >= next).await.map(drop).ok() };
        let news = async {
            tokio::select! {
                // It may be the writer's own commit, which the writer is about to take over.
                () = watch.changed() => drop(timeout(REST, core.appending.lock()).await),
                _ = overtaken => {}
            }
            if *core.versions.borrow() >= next {
                sleep(REST).await;
            }
        };
        match moved {
            Ok(true) => told = None,
            Ok(false) => news.await,
            Err(error) => {
                if !error.is_outage() && told.as_ref() != Some(&error) {
                    tracing::error!(%error, version = next, "cannot follow the topology");
                    told = Some(error);
                }
                timeout(RETRY, news).await.ok();
            }
        }
    }
}
