//! Threads that watch the host: its interfaces, and the datapath's ports.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use datapath::PortEvents;
use datapath::links::{self, Interface};
use tokio::sync::{Notify, watch};

use crate::control::InterfaceMap;

/// Events of one change tend to come in a row; the list is read once for all that come within this time.
const SETTLE: Duration = Duration::from_millis(10);
/// How long a watcher sleeps without events before it looks whether anybody still listens.
const TURN: Duration = Duration::from_millis(500);

/// Every interface of this network namespace, now and after each change. The thread ends when nobody listens.
pub(crate) fn interfaces() -> io::Result<watch::Receiver<InterfaceMap>> {
    let mut monitor = links::Monitor::open().map_err(io::Error::other)?;
    let (sender, receiver) = watch::channel(list().map_err(io::Error::other)?);
    let watch = move || {
        while !sender.is_closed() {
            match monitor.wait(TURN) {
                Ok(false) => continue,
                Ok(true) => thread::sleep(SETTLE),
                Err(error) => {
                    tracing::warn!(%error, "interface events were lost; the list is read again");
                    thread::sleep(TURN);
                }
            }
            match list() {
                Ok(interfaces) => {
                    sender.send_if_modified(|current| {
                        let changed = **current != *interfaces;
                        *current = interfaces;
                        changed
                    });
                }
                Err(error) => tracing::warn!(%error, "interfaces cannot be listed"),
            }
        }
    };
    thread::Builder::new().name("interfaces".into()).spawn(watch)?;
    Ok(receiver)
}

/// Notifies whenever ports of the datapath come or go. The thread ends when nobody listens.
pub(crate) fn vports(mut events: Box<dyn PortEvents>, changed: Arc<Notify>) -> io::Result<()> {
    let watch = move || {
        while Arc::strong_count(&changed) > 1 {
            match events.recv(TURN, &mut |_| changed.notify_one()) {
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "port events were lost");
                    changed.notify_one();
                    thread::sleep(TURN);
                }
            }
        }
    };
    thread::Builder::new().name("vports".into()).spawn(watch)?;
    Ok(())
}

fn list() -> datapath::Result<InterfaceMap> {
    let interfaces: BTreeMap<String, Interface> =
        links::list()?.into_iter().map(|interface| (interface.name.clone(), interface)).collect();
    Ok(Arc::new(interfaces))
}
