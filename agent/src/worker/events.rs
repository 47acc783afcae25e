//! What a worker tells the control plane, each thing once in a while.

use rustc_hash::FxHashMap;
use simulation::Tag;
use tokio::sync::mpsc::Sender;

use crate::counters::WorkerCounters;
use crate::flow_table::TagChanges;
use crate::messages::{Event, Station};

/// Milliseconds in which the same thing is not said again.
const QUIET_MS: u64 = 300;
/// Things remembered as said.
const MAX_SAID: usize = 4096;

/// A worker's end of the event queue.
pub(crate) struct Events {
    sender: Sender<Event>,
    said: FxHashMap<Event, u64>,
}

impl Events {
    pub(crate) fn new(sender: Sender<Event>) -> Self {
        Self { sender, said: FxHashMap::default() }
    }

    /// Says something that many packets may have reason to say.
    pub(crate) fn say(&mut self, event: Event, now: u64, counters: &WorkerCounters) {
        if self.said.get(&event).is_some_and(|said| now < said + QUIET_MS) {
            return;
        }
        if self.said.len() >= MAX_SAID {
            self.said.retain(|_, said| now < *said + QUIET_MS);
        }
        if self.sender.try_send(event).is_err() {
            counters.events_lost.one_more();
        } else if self.said.len() < MAX_SAID {
            self.said.insert(event, now);
        }
    }

    /// Says which stations came into use by flows, and which went out of use.
    pub(crate) fn say_stations(&self, changes: &TagChanges, counters: &WorkerCounters) {
        let first = changes.first.iter().filter_map(station).map(Event::MacInUse);
        let last = changes.last.iter().filter_map(station).map(Event::MacUnused);
        for event in first.chain(last) {
            if self.sender.try_send(event).is_err() {
                counters.events_lost.one_more();
            }
        }
    }
}

fn station(tag: &Tag) -> Option<Station> {
    match *tag {
        Tag::MacSource { bridge, vlan, mac } => Some(Station { bridge, vlan, mac }),
        _ => None,
    }
}
