//! Watches: level-triggered, coalescing signals that something under a key changed.
//!
//! The registry is shared by all drivers. It holds one channel per watched target, however many consumers there are, and
//! forgets the target when its last [`Watch`] is dropped.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Target {
    /// The value of a key: it is created, put or deleted.
    Value(String),
    /// The names directly under a prefix.
    Children(String),
}

/// A consumer's end of a watch. Dropping it disarms the watch.
///
/// Read after taking the watch; then read again whenever [`changed`](Watch::changed) returns. Every change after a read
/// makes `changed` return at least once; so does every new epoch. Several changes may be told as one.
#[derive(Debug)]
pub struct Watch {
    target: Target,
    registry: Arc<Watches>,
    signals: Option<watch::Receiver<u64>>,
}

impl Watch {
    /// Waits until there may be something new to read. Cancel-safe. Never returns once the coordinator is closed.
    pub async fn changed(&mut self) {
        let signalled = match &mut self.signals {
            Some(signals) => signals.changed().await.is_ok(),
            None => false,
        };
        if !signalled {
            std::future::pending::<()>().await;
        }
    }

    /// Whether there may be something new to read, without waiting; forgets the signal.
    pub fn take_changed(&mut self) -> bool {
        self.signals.as_mut().is_some_and(|signals| {
            let changed = signals.has_changed().unwrap_or(false);
            signals.mark_unchanged();
            changed
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut channels = self.registry.channels.lock();
        self.signals = None;
        if channels.get(&self.target).is_some_and(|channel| channel.receiver_count() == 0) {
            channels.remove(&self.target);
        }
    }
}

/// All watched targets of one store or session.
#[derive(Debug, Default)]
pub(super) struct Watches {
    channels: Mutex<HashMap<Target, watch::Sender<u64>>>,
}

impl Watches {
    /// Adds a consumer.
    pub(super) fn subscribe(self: &Arc<Self>, target: Target) -> Watch {
        let mut channels = self.channels.lock();
        let channel = channels.entry(target.clone()).or_insert_with(|| watch::Sender::new(0));
        Watch { target, registry: Arc::clone(self), signals: Some(channel.subscribe()) }
    }

    /// Tells the consumers of one target that it may have changed.
    pub(super) fn signal(&self, target: &Target) {
        if let Some(channel) = self.channels.lock().get(target) {
            channel.send_modify(|count| *count += 1);
        }
    }

    /// Whether a target has consumers.
    pub(super) fn is_watched(&self, target: &Target) -> bool {
        self.channels.lock().contains_key(target)
    }

    /// All targets that have consumers.
    pub(super) fn targets(&self) -> Vec<Target> {
        self.channels.lock().keys().cloned().collect()
    }

    /// Tells every consumer that its target may have changed.
    pub(super) fn signal_all(&self) {
        for channel in self.channels.lock().values() {
            channel.send_modify(|count| *count += 1);
        }
    }
}
