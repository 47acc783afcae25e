//! Removals that are not believed yet: keys that have gone from a table and may come back in a moment.

use std::collections::BTreeMap;

use tokio::time::{Instant, sleep_until};

/// Keys with the time at which their removal is believed.
pub(crate) struct Removals<K> {
    held: BTreeMap<K, Instant>,
}

impl<K: Ord + Clone> Removals<K> {
    /// Nothing held.
    pub(crate) fn new() -> Self {
        Self { held: BTreeMap::new() }
    }

    /// The key has gone; believed at `until`.
    pub(crate) fn hold(&mut self, key: K, until: Instant) {
        self.held.insert(key, until);
    }

    /// The key is there again.
    pub(crate) fn cancel(&mut self, key: &K) {
        self.held.remove(key);
    }

    /// Waits until a removal is believed; for ever if none is held.
    pub(crate) async fn due(&self) {
        match self.held.values().min() {
            Some(at) => sleep_until(*at).await,
            None => std::future::pending().await,
        }
    }

    /// Takes the keys whose removal is believed now.
    pub(crate) fn take(&mut self, now: Instant) -> Vec<K> {
        let due: Vec<K> =
            self.held.iter().filter(|(_, at)| **at <= now).map(|(key, _)| key.clone()).collect();
        due.iter().for_each(|key| self.cancel(key));
        due
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(300);

    #[tokio::test(start_paused = true)]
    async fn a_removal_is_believed_when_its_time_has_come() {
        let (mut removals, start) = (Removals::new(), Instant::now());
        removals.hold("tap1", start + MOMENT);
        assert!(removals.take(Instant::now()).is_empty());
        removals.due().await;
        assert_eq!(removals.take(Instant::now()), ["tap1"]);
        assert_eq!(Instant::now() - start, MOMENT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_comes_back_was_never_gone() {
        let (mut removals, start) = (Removals::new(), Instant::now());
        removals.hold("tap1", start + MOMENT);
        removals.cancel(&"tap1");
        assert!(removals.take(start + 2 * MOMENT).is_empty());
    }
}
