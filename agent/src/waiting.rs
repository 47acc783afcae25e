//! The waiting room: packets whose way depends on something not known yet.
//!
//! Bounded per need and in total. Packets whose need is answered by a new snapshot try again in the order of arrival; those
//! whose patience ends try once more, and are dropped if they would have to wait again.

use std::time::Duration;

use simulation::Need;

use crate::worker::StoredPacket;

/// How long a packet waits, in milliseconds.
pub(crate) const PATIENCE_MS: u64 = Duration::from_secs(3).as_millis() as u64;
/// Packets in the room.
const ROOM: usize = 512;
/// Packets that wait for the same thing.
const ROOM_PER_NEED: usize = 32;

/// There is no room for another packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoomFull;

/// A packet and what it waits for.
#[derive(Debug)]
pub(crate) struct Parked {
    /// The packet.
    pub packet: StoredPacket,
    /// What it waits for.
    pub need: Need,
    /// When it is given up, in milliseconds since the worker started.
    pub deadline: u64,
}

/// Packets that wait, oldest first.
#[derive(Debug, Default)]
pub(crate) struct WaitingRoom {
    parked: Vec<Parked>,
}

impl WaitingRoom {
    /// Takes a packet in.
    pub(crate) fn park(&mut self, parked: Parked) -> Result<(), RoomFull> {
        let same = self.parked.iter().filter(|other| other.need == parked.need).count();
        if self.parked.len() >= ROOM || same >= ROOM_PER_NEED {
            return Err(RoomFull);
        }
        self.parked.push(parked);
        Ok(())
    }

    /// Those whose need is answered, oldest first.
    pub(crate) fn take_answered(&mut self, is_answered: impl Fn(&Need) -> bool) -> Vec<Parked> {
        self.parked.extract_if(.., |parked| is_answered(&parked.need)).collect()
    }

    /// Those whose time is up.
    pub(crate) fn take_expired(&mut self, now: u64) -> Vec<Parked> {
        self.parked.extract_if(.., |parked| parked.deadline <= now).collect()
    }

    /// Packets in the room.
    pub(crate) fn len(&self) -> usize {
        self.parked.len()
    }
}
