//! How much may be in flight on one connection.
//!
//! zookeeper-async 5.0.0 hangs for good if a connection breaks while more than 256 KiB of replies wait to be read
//! (its reader task waits for room in a channel of 64 chunks of 4 KiB that only the task waiting for it drains). So replies
//! in flight are kept below that, by what the replies of the same kind were like before: 32 small ones, or 4 of 60 kB.
//! A reply that is larger than the budget travels alone.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of replies in flight.
const BUDGET: u32 = 240 << 10;
/// Share of a request whose reply is small: 32 fit.
const SMALL: u32 = BUDGET / 32;
/// What a reply of a kind never seen is taken for: 4 fit.
const UNKNOWN: u32 = BUDGET / 4;
/// Kinds told apart; beyond these all count as unknown.
const MAX_KINDS: usize = 64;

/// What kind of reply a request gets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Reply {
    /// A status; the value is in the request.
    Small,
    /// A value below this top-level name.
    Value(String),
    /// A list of names below this top-level name.
    Names(String),
}

impl Reply {
    /// The reply to a read of a key's value.
    pub(super) fn value(key: &str) -> Self {
        Self::Value(top(key))
    }

    /// The reply to a list.
    pub(super) fn names(prefix: &str) -> Self {
        Self::Names(top(prefix))
    }
}

fn top(key: &str) -> String {
    key.split('/').next().unwrap_or_default().to_owned()
}

/// The budget of one connection.
#[derive(Debug)]
pub(super) struct Budget {
    room: Arc<Semaphore>,
    sizes: Arc<Sizes>,
}

/// How large the replies of each kind were lately: a maximum that decays. Outlives connections.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    by_kind: Mutex<HashMap<Reply, u32>>,
}

impl Budget {
    pub(super) fn new(sizes: Arc<Sizes>) -> Self {
        Self { room: Arc::new(Semaphore::new(BUDGET as usize)), sizes }
    }

    /// Waits for room for one more reply. The room is held until the permit is dropped.
    pub(super) async fn acquire(&self, reply: &Reply) -> Option<OwnedSemaphorePermit> {
        let bytes = self.sizes.estimate(reply).clamp(SMALL, BUDGET);
        Arc::clone(&self.room).acquire_many_owned(bytes).await.ok()
    }

    /// Learns from a reply.
    pub(super) fn observe(&self, reply: &Reply, bytes: usize) {
        self.sizes.observe(reply, bytes);
    }
}

impl Sizes {
    fn estimate(&self, reply: &Reply) -> u32 {
        match reply {
            Reply::Small => SMALL,
            _ => self.by_kind.lock().get(reply).copied().unwrap_or(UNKNOWN),
        }
    }

    fn observe(&self, reply: &Reply, bytes: usize) {
        if *reply == Reply::Small {
            return;
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let mut by_kind = self.by_kind.lock();
        if let Some(size) = by_kind.get_mut(reply) {
            *size = bytes.max(*size - *size / 8);
        } else if by_kind.len() < MAX_KINDS {
            by_kind.insert(reply.clone(), bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn thirty_two_small_replies_fit() {
        let budget = Budget::new(Arc::default());
        let mut held = Vec::new();
        for _ in 0..32 {
            held.push(budget.acquire(&Reply::Small).await);
        }
        assert!((budget.room.available_permits() as u32) < SMALL);
    }

    #[test]
    fn estimates_rise_at_once_and_fall_slowly() {
        let sizes = Sizes::default();
        let kind = Reply::value("doc/router/1");
        assert_eq!(sizes.estimate(&kind), UNKNOWN);
        sizes.observe(&kind, 200);
        assert_eq!(sizes.estimate(&kind), 200);
        sizes.observe(&kind, 60_000);
        assert_eq!(sizes.estimate(&kind), 60_000);
        sizes.observe(&kind, 200);
        assert_eq!(sizes.estimate(&kind), 52_500);
    }

    #[tokio::test]
    async fn a_reply_beyond_the_budget_travels_alone() {
        let budget = Budget::new(Arc::default());
        let kind = Reply::names("tables");
        budget.observe(&kind, 2_000_000);
        let _alone = budget.acquire(&kind).await;
        assert_eq!(budget.room.available_permits(), 0);
    }
}
