//! Correction in place: a flow whose tags were named is simulated again from its key, and only what differs is written.

use std::time::Instant;

use datapath::{Ufid, WantStats};
use packet::{FlowKey, PacketView};
use simulation::{Caching, Ingress, Need, Tag, Verdict};
use smallvec::SmallVec;

use super::forward::Decision;
use super::{CORRECTIONS_PER_TURN, Core};
use crate::flow_table::{KeyOrigin, Life, TagChanges};
use crate::messages::Event;
use crate::waiting::PATIENCE_MS;
use crate::writer::{FlowBody, FlowWrite};

/// What the packets of a flow should meet now.
#[expect(clippy::large_enum_variant, reason = "taken apart by the caller at once, never kept")]
pub(super) enum Review {
    /// This.
    Decided(Decision),
    /// That depends on a neighbour, which is being asked for; what the answer, and the verdict until then, depend on.
    Asking(SmallVec<[Tag; 24]>),
    /// No flow: they have to come up.
    Unfit,
}

impl Core {
    /// Corrects the next few flows.
    pub(super) fn correct_some(&mut self, now: Instant) {
        for _ in 0..CORRECTIONS_PER_TURN {
            let Some(ufid) = self.to_correct.pop_front() else { return };
            self.correct(ufid, now);
            self.one_corrected();
        }
    }

    fn correct(&mut self, ufid: Ufid, now: Instant) {
        let Some(flow) = self.table.get(ufid).filter(|flow| flow.life != Life::Kept) else { return };
        let (key, origin, mask) = (flow.key, flow.origin, self.table.mask(flow));
        self.counters.flows_corrected.one_more();
        let decision = match self.review(&key, now) {
            Review::Decided(decision) => decision,
            Review::Asking(tags) => return self.keep_while_asking(ufid, &tags, now),
            Review::Unfit => return self.remove(ufid),
        };
        if !decision.mask.is_wider_or_equal(&mask) {
            self.remove(ufid);
            if origin == KeyOrigin::Packet {
                self.counters.flows_modified.one_more();
                self.install(&key, origin, decision, now);
            }
            return;
        }
        let same = self.table.get(ufid).is_some_and(|flow| self.table.has_actions(flow, &decision.actions));
        let want = self.ask_counters_at_change(ufid, decision.dropped);
        self.replace(ufid, &decision);
        if !same {
            self.counters.flows_modified.one_more();
        }
        // A drop for another reason is written too, to learn how many packets were the former's.
        if !same || want == WantStats::Yes {
            let body = FlowBody { ufid, key, mask, actions: decision.actions };
            self.unsent.push(FlowWrite::Modify(Box::new(body), want));
        }
    }

    fn replace(&mut self, ufid: Ufid, decision: &Decision) {
        let mut changes = TagChanges::default();
        self.table.update(
            ufid,
            &decision.actions,
            decision.dropped,
            &decision.tags,
            decision.life,
            &mut changes,
        );
        self.events.say_stations(&changes);
        self.watch_deadline(ufid, decision.life);
    }

    /// A flow goes on as it did while its neighbour is asked for: the answer names it for correction. It goes when no
    /// answer has come for as long as a packet would have waited; at once if it drops what could wait.
    fn keep_while_asking(&mut self, ufid: Ufid, tags: &[Tag], now: Instant) {
        let Some(flow) = self.table.get(ufid) else { return };
        if self.table.has_actions(flow, &self.drop_actions()) {
            return self.remove(ufid);
        }
        let deadline = self.ms(now) + PATIENCE_MS;
        let life = Life::Asking(flow.life.deadline().map_or(deadline, |sooner| sooner.min(deadline)));
        let mut changes = TagChanges::default();
        self.table.extend(ufid, tags, life, &mut changes);
        self.events.say_stations(&changes);
        self.watch_deadline(ufid, life);
    }

    /// What the packets of a flow should meet now, judged by its key.
    pub(super) fn review(&mut self, key: &FlowKey, now: Instant) -> Review {
        let Some(local) = self.snapshot.ports.by_dp_port(key.in_port) else { return Review::Unfit };
        let ingress = Ingress::Port(local.port);
        let packet = PacketView::from_key(*key);
        let mut outcome = self.simulate(&packet, ingress);
        for effect in &outcome.effects {
            self.learn(effect, now);
        }
        if let Verdict::NeedState(need) = outcome.verdict {
            let now = self.ms(now);
            self.events.say(Event::Needed(need), now, &self.counters);
        }
        match (&outcome.verdict, outcome.caching) {
            // The next packet must come here for its sender to be told.
            (Verdict::Drop(reason), _) if reason.is_told() => Review::Unfit,
            (Verdict::Forward(_) | Verdict::Drop(_), Caching::Flow(_)) => {
                Review::Decided(self.decide(outcome, key, now))
            }
            (Verdict::NeedState(Need::Arp { .. }), _) => {
                outcome.tags.push(Tag::DpPort(key.in_port));
                Review::Asking(outcome.tags)
            }
            _ => Review::Unfit,
        }
    }
}
