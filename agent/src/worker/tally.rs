//! Packets that flows dropped in the datapath, told by the flows' counters: they never come up to be counted.
//!
//! Dumps bring a flow's counters every few seconds, and what they grew by goes to the flow's reason to drop. Counters go
//! on when a flow's actions change, so a write that changes the reason, or ends a flow that has one, asks for the
//! counters of that moment. Until they come, dumps say nothing: nobody knows which side of the change they saw.

use datapath::{Ufid, WantStats};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Core;
use crate::counters::Drop;

/// Dumps after which counters that were asked for are given up.
const PATIENCE: u32 = 8;

/// The counters that are asked for.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    awaited: FxHashMap<Ufid, Awaited>,
    /// Dumps so far.
    round: u32,
}

/// Answers to come for one flow.
#[derive(Debug)]
struct Awaited {
    /// Packets that have been attributed.
    counted: u64,
    /// Why packets were dropped until each of the writes, in their order.
    reasons: SmallVec<[Option<Drop>; 2]>,
    /// When it was asked last.
    round: u32,
}

impl Tallies {
    fn ask(&mut self, ufid: Ufid, counted: u64, reason: Option<Drop>) {
        let new = Awaited { counted, reasons: SmallVec::new(), round: self.round };
        let awaited = self.awaited.entry(ufid).or_insert(new);
        awaited.reasons.push(reason);
        awaited.round = self.round;
    }

    /// A write that may have asked had no effect: nothing will come, or what comes does not matter.
    pub(super) fn cancel(&mut self, ufid: Ufid) {
        self.awaited.remove(&ufid);
    }

    /// A dump has ended: answers that are overdue are given up.
    pub(super) fn next_round(&mut self) {
        self.round = self.round.wrapping_add(1);
        let round = self.round;
        self.awaited.retain(|_, awaited| round.wrapping_sub(awaited.round) <= PATIENCE);
    }

    fn is_overdue(&self, ufid: Ufid) -> Option<bool> {
        self.awaited.get(&ufid).map(|awaited| self.round.wrapping_sub(awaited.round) >= PATIENCE)
    }
}

impl Core {
    /// To be called before a flow's reason to drop becomes `after`: says whether the write must ask for counters.
    pub(super) fn ask_counters_at_change(&mut self, ufid: Ufid, after: Option<Drop>) -> WantStats {
        match self.table.get(ufid) {
            Some(flow) if flow.dropped != after => {
                self.tallies.ask(ufid, flow.packets, flow.dropped);
                WantStats::Yes
            }
            _ => WantStats::No,
        }
    }

    /// To be called when an adopted flow is to be given other actions: whatever they did before, the former life's
    /// packets are not counted.
    pub(super) fn ask_counters_at_adoption(&mut self, ufid: Ufid) -> WantStats {
        match self.table.get(ufid) {
            Some(flow) if flow.dropped.is_some() => {
                self.tallies.ask(ufid, flow.packets, None);
                WantStats::Yes
            }
            _ => WantStats::No,
        }
    }

    /// To be called before a flow is deleted: says whether the deletion must ask for counters.
    pub(super) fn ask_last_counters(&mut self, ufid: Ufid) -> WantStats {
        match self.table.get(ufid) {
            Some(flow) if flow.dropped.is_some() || self.tallies.awaited.contains_key(&ufid) => {
                self.tallies.ask(ufid, flow.packets, flow.dropped);
                WantStats::Yes
            }
            _ => WantStats::No,
        }
    }

    /// Takes the counters that a write asked for.
    pub(super) fn counted(&mut self, ufid: Ufid, packets: u64) {
        let Some(awaited) = self.tallies.awaited.get_mut(&ufid) else { return };
        let reason = if awaited.reasons.is_empty() { None } else { awaited.reasons.remove(0) };
        if let Some(reason) = reason {
            self.counters.dropped_many(reason, packets.saturating_sub(awaited.counted));
        }
        awaited.counted = packets;
        if awaited.reasons.is_empty() {
            self.tallies.awaited.remove(&ufid);
            if let Some(flow) = self.table.get_mut(ufid) {
                flow.packets = packets;
            }
        }
    }

    /// Takes the counters that a dump found.
    pub(super) fn count(&mut self, ufid: Ufid, packets: u64) {
        let overdue = self.tallies.is_overdue(ufid);
        let Some(flow) = self.table.get_mut(ufid) else { return };
        match (overdue, flow.dropped) {
            (Some(false), _) => return,
            (Some(true), _) => self.tallies.cancel(ufid),
            (None, Some(reason)) => {
                self.counters.dropped_many(reason, packets.saturating_sub(flow.packets));
            }
            (None, None) => {}
        }
        // A dump may have been on its way when a write brought newer counters.
        flow.packets = flow.packets.max(packets);
    }
}
