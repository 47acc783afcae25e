//! The ARP protocol machine: when to ask for a neighbour, when to ask again, when to give up, when to forget.
//!
//! Pure: events in with the time, things to do out. The shell sends what [`Resolver::poll`] says, and calls it again
//! at [`Resolver::next_deadline`]. Only neighbours that this host has asked for or heard of stand here; those that
//! others have written to the shared table are theirs to refresh. So a neighbour that answers is asked again for as long
//! as it answers: flows to it may be on any host, and this host is the only one that keeps it from being forgotten.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use foldhash::HashMap;
use model::{PortId, RouterId};

/// When to ask, counted from the first time: soon enough for the packet that waits (3 s).
const ATTEMPTS: [Duration; 5] = [ms(0), ms(250), ms(750), ms(1500), ms(2250)];
/// When to give up, counted from the first time.
const GIVE_UP: Duration = ms(2900);
/// How long a neighbour counts as failed: until then, packets to it are host unreachable.
const FAILED: Duration = ms(1000);
/// When to ask again for a neighbour, counted from when it was heard last.
const STALE: Duration = ms(60_000);
/// Time between two questions for a stale neighbour.
const REFRESH: Duration = ms(5_000);
/// When to forget a neighbour, counted from when it was heard last.
const EXPIRY: Duration = ms(90_000);
/// Neighbours kept at most.
const CAPACITY: usize = 1 << 16;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A neighbour of a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NeighbourId {
    /// The router.
    pub router: RouterId,
    /// The neighbour's address.
    pub ip: IpAddr,
}

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolverEvent {
    /// Broadcast an ARP request ([`crate::Topology::arp_request`]) out of this port.
    Ask {
        /// Port of the router on the neighbour's network.
        port: PortId,
        /// The neighbour.
        neighbour: NeighbourId,
    },
    /// The neighbour does not answer: [`crate::Update::ArpFailed`], unless another host has heard it.
    Failed(NeighbourId),
    /// This host knows nothing of the neighbour any more: [`crate::Update::ArpForgotten`], unless another one does.
    Forgotten(NeighbourId),
}

/// There is no room for another neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{CAPACITY} neighbours are being resolved or known already")]
pub struct ResolverFull;

/// The neighbours that this host has asked for or heard of.
#[derive(Debug, Default)]
pub struct Resolver {
    entries: HashMap<NeighbourId, Entry>,
    deadlines: BTreeSet<(Instant, NeighbourId)>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    port: PortId,
    state: State,
    deadline: Instant,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Asking { since: Instant, asked: usize },
    Failed,
    Known { heard: Instant },
}

impl Resolver {
    /// A packet waits for a neighbour. Asked again for one that is being resolved, nothing changes.
    pub fn request(
        &mut self,
        neighbour: NeighbourId,
        port: PortId,
        now: Instant,
    ) -> Result<(), ResolverFull> {
        match self.entries.get(&neighbour).map(|entry| entry.state) {
            Some(State::Asking { .. } | State::Failed) => Ok(()),
            None if self.entries.len() >= CAPACITY => Err(ResolverFull),
            None | Some(State::Known { .. }) => {
                self.set(
                    neighbour,
                    Entry { port, state: State::Asking { since: now, asked: 0 }, deadline: now },
                );
                Ok(())
            }
        }
    }

    /// The neighbour has said who it is, by this port of the router.
    pub fn handle_heard(&mut self, neighbour: NeighbourId, port: PortId, now: Instant) {
        if self.entries.contains_key(&neighbour) || self.entries.len() < CAPACITY {
            let state = State::Known { heard: now };
            self.set(neighbour, Entry { port, state, deadline: now + STALE });
        }
    }

    /// Somebody else knows the neighbour: this host need not ask. What it has heard itself it goes on refreshing.
    pub fn handle_known_elsewhere(&mut self, neighbour: NeighbourId) {
        let state = self.entries.get(&neighbour).map(|entry| entry.state);
        if matches!(state, Some(State::Asking { .. } | State::Failed)) {
            self.forget(neighbour);
        }
    }

    /// Forgets the neighbours that nobody is interested in any more.
    pub fn retain(&mut self, mut is_wanted: impl FnMut(NeighbourId) -> bool) {
        self.entries.retain(|neighbour, _| is_wanted(*neighbour));
        self.deadlines.retain(|(_, neighbour)| self.entries.contains_key(neighbour));
    }

    fn forget(&mut self, neighbour: NeighbourId) {
        if let Some(entry) = self.entries.remove(&neighbour) {
            self.deadlines.remove(&(entry.deadline, neighbour));
        }
    }

    /// The next thing to do, if anything is due; call until there is nothing.
    pub fn poll(&mut self, now: Instant) -> Option<ResolverEvent> {
        let (_, neighbour) = *self.deadlines.first().filter(|(deadline, _)| *deadline <= now)?;
        let Entry { port, state, .. } = *self.entries.get(&neighbour)?;
        let ask = ResolverEvent::Ask { port, neighbour };
        match state {
            State::Asking { since, asked } if asked < ATTEMPTS.len() => {
                let next = ATTEMPTS.get(asked + 1).copied().unwrap_or(GIVE_UP);
                let state = State::Asking { since, asked: asked + 1 };
                self.set(neighbour, Entry { port, state, deadline: since + next });
                Some(ask)
            }
            State::Asking { .. } => {
                self.set(neighbour, Entry { port, state: State::Failed, deadline: now + FAILED });
                Some(ResolverEvent::Failed(neighbour))
            }
            State::Known { heard } if now < heard + EXPIRY => {
                self.set(neighbour, Entry { port, state, deadline: (now + REFRESH).min(heard + EXPIRY) });
                Some(ask)
            }
            State::Failed | State::Known { .. } => {
                self.forget(neighbour);
                Some(ResolverEvent::Forgotten(neighbour))
            }
        }
    }

    /// The neighbours that this host has heard, and whose last word is not too old.
    pub fn known(&self) -> impl Iterator<Item = NeighbourId> {
        let known = |entry: &Entry| matches!(entry.state, State::Known { .. });
        self.entries.iter().filter(move |(_, entry)| known(entry)).map(|(neighbour, _)| *neighbour)
    }

    /// When [`Self::poll`] has something to do next.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    fn set(&mut self, neighbour: NeighbourId, entry: Entry) {
        if let Some(old) = self.entries.insert(neighbour, entry) {
            self.deadlines.remove(&(old.deadline, neighbour));
        }
        self.deadlines.insert((entry.deadline, neighbour));
    }
}

#[cfg(test)]
mod tests;
