//! Threads inside network namespaces.

use std::fs::File;
use std::thread::{self, JoinHandle};

use anyhow::Context;
use nix::sched::{CloneFlags, setns};

/// Runs `body` on a new thread that has entered the named namespace of `/run/netns`.
pub(crate) fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<JoinHandle<anyhow::Result<T>>> {
    let path = format!("/run/netns/{name}");
    let file = File::open(&path).with_context(|| format!("no network namespace {path}"))?;
    Ok(thread::spawn(move || {
        setns(file, CloneFlags::CLONE_NEWNET)
            .context("cannot enter the network namespace: root is needed")?;
        body()
    }))
}

/// The result of a thread; a panic there is an error here.
pub(crate) fn join<T>(handle: JoinHandle<anyhow::Result<T>>) -> anyhow::Result<T> {
    handle.join().map_err(|_| anyhow::anyhow!("a load thread panicked"))?
}
