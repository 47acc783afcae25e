//! Reports of the writer and the sweeper, expiry, and room in a full table.

use std::cmp::Reverse;
use std::time::Instant;

use datapath::{FlowOp, FlowStats, OpError, Ufid, WantStats};

use super::correction::Review;
use super::{Core, REPORTS_PER_TURN};
use crate::expiry::{FailedWrite, Report};
use crate::flow_table::Life;
use crate::writer::FlowWrite;

/// A flow written less than this before a dump began, in milliseconds, may be absent from it.
const DUMP_GRACE_MS: u64 = 2000;
/// Deletions that the datapath refused are tried again this often at most, in milliseconds.
const DELETE_AGAIN_MS: u64 = 100;
/// Inherited flows in hand; more wait in the sweeper's queue.
const MAX_INHERITED: usize = 2048;

impl Core {
    pub(super) fn read_reports(&mut self, now: Instant) {
        for _ in 0..REPORTS_PER_TURN {
            if self.inherited.len() >= MAX_INHERITED {
                return;
            }
            let Ok(report) = self.reports.try_recv() else { return self.all_heard() };
            match report {
                Report::WritesFailed(writes) => {
                    writes.into_iter().for_each(|write| self.write_failed(&write, now));
                }
                Report::Counted(flows) => {
                    flows.into_iter().for_each(|(ufid, packets)| self.counted(ufid, packets));
                }
                Report::Found { dump, flows } => {
                    for (ufid, stats) in flows {
                        self.found(dump, ufid, &stats, now);
                    }
                }
                Report::DumpEnded { dump, began } => self.dump_ended(dump, began, now),
                Report::Inherited(flows) => self.inherited.extend(flows),
                Report::InheritanceEnded => self.adopting = true,
            }
        }
    }

    /// Removes flows whose time has come, and those that the datapath would not delete before, and gives packets that
    /// waited too long their last try.
    pub(super) fn expire(&mut self, now: Instant) {
        let now_ms = self.ms(now);
        if !self.undeleted.is_empty() && now_ms >= self.delete_again_at {
            self.delete_again_at = now_ms + DELETE_AGAIN_MS;
            let again = std::mem::take(&mut self.undeleted).into_iter();
            self.unsent.extend(again.map(|ufid| FlowWrite::Delete(ufid, WantStats::No)));
        }
        while let Some(Reverse((deadline, ufid))) = self.deadlines.peek().copied()
            && deadline <= now_ms
        {
            self.deadlines.pop();
            if self.table.get(ufid).is_some_and(|flow| flow.life.deadline() == Some(deadline)) {
                self.remove(ufid);
            }
        }
        for parked in self.waiting.take_expired(now_ms) {
            self.resume(&parked, now);
        }
    }

    pub(super) fn watch_deadline(&mut self, ufid: Ufid, life: Life) {
        if let Some(deadline) = life.deadline() {
            self.deadlines.push(Reverse((deadline, ufid)));
        }
    }

    /// Makes room for one flow, if one is known that has not been used since the last dump.
    pub(super) fn evict(&mut self, now: Instant) {
        while let Some((ufid, used)) = self.victims.pop() {
            if self.table.get(ufid).is_some_and(|flow| flow.used == used && flow.used < self.ms(now)) {
                self.counters.flows_evicted.one_more();
                return self.remove(ufid);
            }
        }
    }

    fn write_failed(&mut self, write: &FailedWrite, now: Instant) {
        let FailedWrite { ufid, op, error } = *write;
        match error {
            OpError::Exists => self.counters.writes_existing.one_more(),
            OpError::NotFound => self.counters.writes_missing.one_more(),
            _ => {
                self.counters.writes_failed.one_more();
                tracing::debug!(%ufid, ?op, %error, "the datapath refused a flow");
            }
        }
        if op != FlowOp::Put {
            self.tallies.cancel(ufid);
        }
        if op == FlowOp::Delete && write.is_refusal() {
            self.undeleted.insert(ufid);
        }
        let Some(flow) = self.table.get(ufid) else { return };
        let (key, origin, kept) = (flow.key, flow.origin, flow.life == Life::Kept);
        match (op, error) {
            (FlowOp::Delete, _) => {}
            // Another flow matches the same: it forwards for this one, or the next dump finds it to be stale.
            (FlowOp::Put, _) => self.forget(ufid),
            (FlowOp::Modify, OpError::NotFound) => {
                self.forget(ufid);
                if let Review::Decided(decision) = self.review(&key, now) {
                    self.install(&key, origin, decision, now);
                }
            }
            (FlowOp::Modify, _) => {
                self.forget(ufid);
                self.unsent.push(FlowWrite::Delete(ufid, WantStats::No));
            }
        }
        if kept {
            // Tried again after the next dump.
            self.arrivals.installed(&key, None);
        }
    }

    fn found(&mut self, dump: u32, ufid: Ufid, stats: &FlowStats, now: Instant) {
        let now = self.ms(now);
        if self.table.get(ufid).is_some() {
            self.count(ufid, stats.packets);
        }
        if let Some(flow) = self.table.get_mut(ufid) {
            flow.dump = dump;
            flow.bytes = stats.bytes;
            if let Some(ago) = stats.used_ms_ago {
                flow.used = flow.used.max(now.saturating_sub(ago));
            }
        } else if self.adopting && self.inherited.is_empty() {
            self.unsent.push(FlowWrite::Delete(ufid, WantStats::No));
        }
    }

    fn dump_ended(&mut self, dump: u32, began: Instant, now: Instant) {
        let began = self.ms(began);
        let now_ms = self.ms(now);
        let idle = u64::try_from(self.config.idle_timeout.as_millis()).unwrap_or(u64::MAX);
        let mut gone = Vec::new();
        let mut expired = Vec::new();
        for (ufid, flow) in self.table.iter() {
            if flow.dump != dump && flow.written.saturating_add(DUMP_GRACE_MS) < began {
                gone.push((ufid, flow.key, flow.life == Life::Kept));
            } else if flow.life == Life::Idle && now_ms.saturating_sub(flow.used) >= idle {
                expired.push(ufid);
            }
        }
        self.tallies.next_round();
        for (ufid, key, kept) in gone {
            self.forget(ufid);
            if kept {
                self.arrivals.installed(&key, None);
            }
        }
        for ufid in expired {
            self.remove(ufid);
        }
        if self.number == 0 {
            self.install_arrivals(now);
        }
        self.choose_victims();
    }

    /// When the table is nearly full: the tenth of its flows that was not used for longest, the oldest last.
    fn choose_victims(&mut self) {
        self.victims.clear();
        let limit = self.table.limit();
        if self.table.len() < limit - limit / 10 {
            return;
        }
        let idle = self.table.iter().filter(|(_, flow)| flow.life == Life::Idle);
        let mut flows: Vec<_> = idle.map(|(ufid, flow)| (ufid, flow.used)).collect();
        let share = (limit / 10).max(1);
        if flows.len() > share {
            flows.select_nth_unstable_by_key(share - 1, |(_, used)| *used);
            flows.truncate(share);
        }
        flows.sort_unstable_by_key(|(_, used)| Reverse(*used));
        self.victims = flows;
    }
}
