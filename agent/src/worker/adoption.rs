//! Adoption: flows that a former life of the agent left in the datapath are simulated again and taken over.
//!
//! They keep forwarding until their turn comes. The control plane asks for it once it is in sync: every document
//! reachable from this host's bindings, the port locations and the learned tables are in the published snapshot.

use std::time::Instant;

use datapath::{FlowDump, Ufid, WantStats};
use packet::{Action, FlowKey, FlowMask};

use super::arrival::is_tagged;
use super::correction::Review;
use super::forward::Decision;
use super::{CORRECTIONS_PER_TURN, Core};
use crate::flow_table::{KeyOrigin, Life, NewFlow, TagChanges};
use crate::waiting::PATIENCE_MS;
use crate::writer::{FlowBody, FlowWrite};

impl Core {
    /// Takes over the next few flows.
    pub(super) fn adopt_some(&mut self, now: Instant) {
        for _ in 0..CORRECTIONS_PER_TURN {
            let Some(flow) = self.inherited.pop_front() else { return };
            self.adopt(flow, now);
        }
    }

    fn adopt(&mut self, flow: FlowDump, now: Instant) {
        let Some(ufid) = flow.ufid.filter(|ufid| self.table.get(*ufid).is_none()) else { return };
        let (Some(key), Some(mask), Some(actions)) = (flow.key, flow.mask, flow.actions) else {
            return self.unsent.push(FlowWrite::Delete(ufid, WantStats::No));
        };
        let key = representative(key, &mask);
        let is_arrival = self.snapshot.tunnels.contains(key.in_port);
        if is_arrival && !is_tagged(&key) {
            return self.adopt_arrival(ufid, &key, &mask, &actions, now);
        }
        let decision = if is_arrival {
            self.decide_tagged_arrival(&key)
        } else {
            self.decide_inherited(&key, &mask, &actions, now)
        };
        let Some(decision) = decision.filter(|decision| decision.mask.is_wider_or_equal(&mask)) else {
            self.counters.flows_removed.one_more();
            return self.unsent.push(FlowWrite::Delete(ufid, WantStats::No));
        };
        self.take_over(ufid, key, mask, &actions, decision, now);
        // What it counted until now was the former life's to tell.
        if let Some(known) = self.table.get_mut(ufid) {
            known.packets = flow.stats.packets;
        }
    }

    /// What an inherited flow should do; what it does, for a while, if its neighbour has to be asked for.
    fn decide_inherited(
        &mut self,
        key: &FlowKey,
        mask: &FlowMask,
        actions: &[Action],
        now: Instant,
    ) -> Option<Decision> {
        match self.review(key, now) {
            Review::Decided(decision) => Some(decision),
            Review::Asking(tags) if actions.iter().any(|action| matches!(action, Action::Output(_))) => {
                let life = Life::Asking(self.ms(now) + PATIENCE_MS);
                Some(Decision { actions: actions.to_vec(), mask: *mask, dropped: None, tags, life })
            }
            Review::Asking(_) | Review::Unfit => None,
        }
    }

    /// Remembers a flow under the name that it has; corrects its actions if they are not what they should be.
    fn take_over(
        &mut self,
        ufid: Ufid,
        key: FlowKey,
        mask: FlowMask,
        actions: &[Action],
        decision: Decision,
        now: Instant,
    ) {
        let new = NewFlow {
            key,
            origin: KeyOrigin::Dump,
            mask,
            actions: &decision.actions,
            dropped: decision.dropped,
            tags: &decision.tags,
            life: decision.life,
        };
        let mut changes = TagChanges::default();
        let now_ms = self.ms(now);
        if !self.table.adopt(ufid, &new, now_ms, &mut changes) {
            self.unsent.push(FlowWrite::Delete(ufid, WantStats::No));
            return self.install(&key, KeyOrigin::Dump, decision, now);
        }
        self.events.say_stations(&changes);
        self.watch_deadline(ufid, decision.life);
        self.counters.flows_adopted.one_more();
        if actions != decision.actions {
            self.counters.flows_modified.one_more();
            let want = self.ask_counters_at_adoption(ufid);
            let body = FlowBody { ufid, key, mask, actions: decision.actions };
            self.unsent.push(FlowWrite::Modify(Box::new(body), want));
        }
    }

    /// A flow for a local port that other hosts send to: kept if it still leads where it should.
    fn adopt_arrival(
        &mut self,
        ufid: Ufid,
        key: &FlowKey,
        mask: &FlowMask,
        actions: &[Action],
        now: Instant,
    ) {
        let wanted = self.arrivals.wanted(key).filter(|arrival| actions == [Action::Output(arrival.output)]);
        let Some(arrival) = wanted else {
            return self.unsent.push(FlowWrite::Delete(ufid, WantStats::No));
        };
        // Ours was refused because this one has the same match: this one takes its place.
        if let Some(ours) = arrival.ufid {
            self.forget(ours);
        }
        let new = NewFlow {
            key: *key,
            origin: KeyOrigin::Dump,
            mask: *mask,
            actions,
            dropped: None,
            tags: &[],
            life: Life::Kept,
        };
        let now_ms = self.ms(now);
        if self.table.adopt(ufid, &new, now_ms, &mut TagChanges::default()) {
            self.counters.flows_adopted.one_more();
            self.arrivals.installed(key, Some(ufid));
        } else {
            self.unsent.push(FlowWrite::Delete(ufid, WantStats::No));
            self.install_arrival(arrival, now);
        }
    }
}

/// TTL of a packet that stands for all packets of a flow, whatever theirs is.
const USUAL_TTL: u8 = 64;

/// A packet of the flow that a router would forward: the datapath tells the TTL of flows that leave it open as zero.
fn representative(key: FlowKey, mask: &FlowMask) -> FlowKey {
    if mask.0.ip_ttl == 0 && (key.is_ipv4() || key.is_ipv6()) {
        FlowKey { ip_ttl: USUAL_TTL, ..key }
    } else {
        key
    }
}
