//! What a worker tells the control plane, each thing once in a while.
//!
//! Asking and neighbours are said again by the next packet. Stations are not, once their flows are in the datapath: what
//! found no room in the queue is owed, and said as soon as there is room.

use model::PortId;
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
/// Stations owed whose port was seen; with forged addresses there may be any number.
const MAX_OWED: usize = 4096;

/// A worker's end of the event queue.
pub(crate) struct Events {
    sender: Sender<Event>,
    said: FxHashMap<Event, u64>,
    owed: FxHashMap<Station, Owed>,
}

/// What the control plane has not been told of a station.
#[derive(Clone, Copy, Debug, Default)]
struct Owed {
    /// It was seen behind this port.
    seen: Option<PortId>,
    /// It came into use, or went out of use: in use now?
    in_use: Option<bool>,
}

impl Events {
    pub(crate) fn new(sender: Sender<Event>) -> Self {
        Self { sender, said: FxHashMap::default(), owed: FxHashMap::default() }
    }

    /// Says something that many packets may have reason to say.
    pub(crate) fn say(&mut self, event: Event, now: u64, counters: &WorkerCounters) {
        if self.said.get(&event).is_some_and(|said| now < said + QUIET_MS) {
            return;
        }
        if self.said.len() >= MAX_SAID {
            self.said.retain(|_, said| now < *said + QUIET_MS);
        }
        if !self.send_or_owe(event) {
            counters.events_lost.one_more();
        } else if self.said.len() < MAX_SAID {
            self.said.insert(event, now);
        }
    }

    /// Says which stations came into use by flows, and which went out of use.
    pub(crate) fn say_stations(&mut self, changes: &TagChanges) {
        for station in changes.first.iter().filter_map(station) {
            self.say_use(station, true);
        }
        for station in changes.last.iter().filter_map(station) {
            self.say_use(station, false);
        }
    }

    /// Says what is owed, as far as there is room.
    pub(crate) fn settle(&mut self) {
        let sender = &self.sender;
        self.owed.retain(|station, owed| {
            if let Some(port) = owed.seen {
                if sender.try_send(Event::MacSeen { station: *station, port }).is_err() {
                    return true;
                }
                owed.seen = None;
            }
            owed.in_use.is_some_and(|in_use| sender.try_send(use_event(*station, in_use)).is_err())
        });
    }

    /// Says that flows are corrected; false if there is no room.
    pub(crate) fn confirm(&self, worker: usize, round: u64) -> bool {
        self.sender.try_send(Event::Corrected { worker, round }).is_ok()
    }

    /// True while something is owed.
    pub(crate) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    fn send_or_owe(&mut self, event: Event) -> bool {
        let Event::MacSeen { station, port } = event else { return self.sender.try_send(event).is_ok() };
        if let Some(owed) = self.owed.get_mut(&station) {
            owed.seen = Some(port);
            return true;
        }
        if self.sender.try_send(event).is_ok() {
            return true;
        }
        if self.owed.len() >= MAX_OWED {
            return false;
        }
        self.owed.insert(station, Owed { seen: Some(port), in_use: None });
        true
    }

    /// A station comes into use and goes out of use in turn, so two owed changes are none. Never refused: no more can be
    /// owed than there are stations with flows, or that had flows when something was last said.
    fn say_use(&mut self, station: Station, in_use: bool) {
        if let Some(owed) = self.owed.get_mut(&station) {
            owed.in_use = if owed.in_use.is_some() { None } else { Some(in_use) };
            if owed.seen.is_none() && owed.in_use.is_none() {
                self.owed.remove(&station);
            }
        } else if self.sender.try_send(use_event(station, in_use)).is_err() {
            self.owed.insert(station, Owed { seen: None, in_use: Some(in_use) });
        }
    }
}

fn use_event(station: Station, in_use: bool) -> Event {
    if in_use { Event::MacInUse(station) } else { Event::MacUnused(station) }
}

fn station(tag: &Tag) -> Option<Station> {
    match *tag {
        Tag::MacSource { bridge, vlan, mac } => Some(Station { bridge, vlan, mac }),
        _ => None,
    }
}
