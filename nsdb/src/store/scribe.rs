//! The scribe task: writes the documents that entries touch, records the progress, and compacts history.
//!
//! Who committed an entry writes its documents at once; every other server waits a little, then looks whether that was
//! done, and does it itself if not. Whoever comes second finds the stamps and writes nothing.
//!
//! Documents take as much of the coordinator as commits do. So that commits which follow each other closely do not wait for
//! them, the scribe rests after it has worked; what is committed meanwhile is written together.

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use model::{Version, document};
use tokio::time::{Instant, sleep, timeout};

use super::core::Core;
use super::dirty::Origin;
use crate::coordinator::Expect;
use crate::progress::Progress;
use crate::{Error, documents, log};

/// What another server has to write its documents before this one does.
const GRACE: Duration = Duration::from_millis(250);
/// After a failure, the next attempt starts this long after.
const RETRY: Duration = Duration::from_millis(500);
/// The scribe rests this many times as long as it has worked…
const REST: u32 = 4;
/// …but for so long at least…
const MIN_REST: Duration = Duration::from_millis(30);
/// …and not longer than this: so much later than without do agents see what is committed.
const MAX_REST: Duration = Duration::from_millis(200);
/// Documents written at once.
const CONCURRENT_WRITES: usize = 8;
/// Keys deleted at once.
const CONCURRENT_DELETES: usize = 16;

/// Runs until aborted.
pub(super) async fn run(core: Arc<Core>) {
    let mut swept = false;
    let mut told: Option<Error> = None;
    loop {
        let outcome = match core.waiting() {
            None if swept => {
                core.work.notified().await;
                continue;
            }
            None => sweep(&core).await.map(|()| swept = true),
            Some(Origin::Own) => apply(&core).await,
            Some(Origin::Other) => apply_of_others(&core).await,
        };
        let Err(error) = outcome else {
            told = None;
            continue;
        };
        if !error.is_outage() && told.as_ref() != Some(&error) {
            tracing::error!(%error, "documents cannot be written: agents do not see what is committed");
            told = Some(error);
        }
        timeout(RETRY, core.coordinator.status().changed()).await.ok();
    }
}

/// Finishes what a crashed server left half deleted.
async fn sweep(core: &Core) -> Result<(), Error> {
    let floor = Progress::read(&*core.coordinator).await?.floor;
    let names = core.coordinator.list("log").await?;
    let versions: Vec<Version> = names.iter().filter_map(|name| name.parse().ok()).collect();
    delete_entries(core, versions.into_iter().filter(|version| *version < floor)).await?;
    collect_tombstones(core, floor).await
}

async fn apply_of_others(core: &Core) -> Result<(), Error> {
    sleep(GRACE).await;
    let progress = Progress::read(&*core.coordinator).await?;
    core.note_applied(progress.applied);
    if core.waiting().is_some() { apply(core).await } else { Ok(()) }
}

/// Writes all documents that wait, at the version of the snapshot.
async fn apply(core: &Core) -> Result<(), Error> {
    let start = Instant::now();
    let state = core.snapshot();
    let version = state.version();
    let dirty = core.dirty.lock().documents(version);
    stream::iter(dirty)
        .map(|key| documents::write_document(&*core.coordinator, key, version, document(&state, key)))
        .buffer_unordered(CONCURRENT_WRITES)
        .try_collect::<()>()
        .await?;
    let options = core.options;
    let (before, after) = Progress::raise(&*core.coordinator, |found| {
        let applied = found.applied.max(version);
        let floor = applied.saturating_sub(options.retained_entries);
        let due = floor >= found.floor + options.compaction_batch;
        Progress { applied, floor: if due { floor } else { found.floor } }
    })
    .await?;
    core.note_applied(after.applied);
    if after.floor > before.floor {
        delete_entries(core, before.floor..after.floor).await?;
        collect_tombstones(core, after.floor).await?;
    }
    sleep((start.elapsed() * REST).clamp(MIN_REST, MAX_REST)).await;
    Ok(())
}

async fn delete_entries(core: &Core, versions: impl Iterator<Item = Version>) -> Result<(), Error> {
    stream::iter(versions)
        .map(|version| async move { core.coordinator.delete(&log::key(version), Expect::Any).await })
        .buffer_unordered(CONCURRENT_DELETES)
        .try_collect::<()>()
        .await
        .map_err(Error::from)
}

async fn collect_tombstones(core: &Core, floor: Version) -> Result<(), Error> {
    let graves = core.dirty.lock().exhume(floor);
    let collected: Vec<_> = stream::iter(graves)
        .map(|key| async move { (key, documents::collect_tombstone(&*core.coordinator, key, floor).await) })
        .buffer_unordered(CONCURRENT_DELETES)
        .collect()
        .await;
    let mut outcome = Ok(());
    for (key, collected) in collected {
        match collected {
            Ok(None) => {}
            Ok(Some(later)) => core.dirty.lock().bury([(later, key)]),
            Err(error) => {
                core.dirty.lock().bury([(floor, key)]);
                outcome = Err(error);
            }
        }
    }
    outcome
}

impl Core {
    fn waiting(&self) -> Option<Origin> {
        self.dirty.lock().waiting()
    }
}
