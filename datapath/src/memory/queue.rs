//! The bounded upcall queue of one worker of a memory datapath.

use std::collections::VecDeque;
use std::time::Duration;

use packet::FlowKey;
use parking_lot::{Condvar, Mutex};

use crate::{PacketContext, UpcallKind};

/// An upcall that waits for its worker.
pub(super) struct Queued {
    pub(super) kind: UpcallKind,
    pub(super) key: FlowKey,
    pub(super) packet: Vec<u8>,
    pub(super) userdata: Option<u64>,
    pub(super) context: PacketContext,
}

/// At most `room` upcalls; more are refused.
pub(super) struct Queue {
    room: usize,
    waiting: Mutex<State>,
    filled: Condvar,
}

#[derive(Default)]
struct State {
    upcalls: VecDeque<Queued>,
    overruns: u64,
    taken: bool,
    woken: bool,
}

impl Queue {
    pub(super) fn new(room: usize) -> Self {
        Self { room, waiting: Mutex::default(), filled: Condvar::new() }
    }

    /// Claims the reading end; false if it is claimed already.
    pub(super) fn take(&self) -> bool {
        !std::mem::replace(&mut self.waiting.lock().taken, true)
    }

    /// Gives the reading end back.
    pub(super) fn release(&self) {
        self.waiting.lock().taken = false;
    }

    /// False, and counted, if there is no room.
    pub(super) fn push(&self, upcall: Queued) -> bool {
        let mut state = self.waiting.lock();
        if state.upcalls.len() == self.room {
            state.overruns += 1;
            return false;
        }
        state.upcalls.push_back(upcall);
        self.filled.notify_one();
        true
    }

    /// Moves up to `max` upcalls into `batch`, waiting for the first.
    pub(super) fn pop(&self, timeout: Duration, max: usize, batch: &mut Vec<Queued>) {
        let mut state = self.waiting.lock();
        if state.upcalls.is_empty() && !state.woken {
            self.filled.wait_for(&mut state, timeout);
        }
        state.woken = false;
        let n = state.upcalls.len().min(max);
        batch.extend(state.upcalls.drain(..n));
    }

    /// Ends the current wait, or else the next one.
    pub(super) fn wake(&self) {
        self.waiting.lock().woken = true;
        self.filled.notify_one();
    }

    pub(super) fn overruns(&self) -> u64 {
        self.waiting.lock().overruns
    }
}
