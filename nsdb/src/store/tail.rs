//! The tail task: takes over what other servers commit.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::core::Core;
use crate::{Error, log};

/// After a read that failed, the next one starts this long after, unless the watch signals.
const RETRY: Duration = Duration::from_millis(500);

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
        let news = async {
            tokio::select! {
                () = watch.changed() => {}
                _ = versions.wait_for(|version| *version >= next) => {}
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
