//! Files that are read again when they change: certificates, keys, tokens.
//!
//! They are read every two seconds and compared, which tells a change on every file system and however the file came to
//! be another one (written, renamed over, a link that points elsewhere).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

/// How soon a change is seen.
const INTERVAL: Duration = Duration::from_secs(2);

/// Asks for files to be looked at now.
pub type Reload = Arc<Notify>;

/// Gives the contents of files to `changed`, whenever they are not what they were at last.
pub(crate) async fn watch(files: Vec<PathBuf>, reload: Reload, mut changed: impl FnMut()) {
    let mut last = read(&files).await;
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = reload.notified() => {}
        }
        let now = read(&files).await;
        if now != last {
            last = now;
            changed();
        }
    }
}

/// What is in the files; nothing of one that cannot be read.
async fn read(files: &[PathBuf]) -> Vec<Option<Vec<u8>>> {
    let mut contents = Vec::with_capacity(files.len());
    for file in files {
        contents.push(tokio::fs::read(file).await.ok());
    }
    contents
}
