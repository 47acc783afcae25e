//! Correction in place: a flow whose tags were named is simulated again from its key, and only what differs is written.

use std::time::Instant;

use datapath::{Ufid, WantStats};
use packet::{FlowKey, PacketView};
use simulation::{Caching, Ingress, Verdict};

use super::forward::Decision;
use super::{CORRECTIONS_PER_TURN, Core};
use crate::flow_table::{KeyOrigin, Life, TagChanges};
use crate::messages::Event;
use crate::writer::{FlowBody, FlowWrite};

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
        let Some(decision) = self.decide_again(&key, now) else { return self.remove(ufid) };
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

    /// What the packets of a flow should meet now; `None` if no flow may say.
    pub(super) fn decide_again(&mut self, key: &FlowKey, now: Instant) -> Option<Decision> {
        let ingress = Ingress::Port(self.snapshot.ports.by_dp_port(key.in_port)?.port);
        let packet = PacketView::from_key(*key);
        let outcome = self.simulate(&packet, ingress);
        for effect in &outcome.effects {
            self.learn(effect, now);
        }
        if let Verdict::NeedState(need) = outcome.verdict {
            let now = self.ms(now);
            self.events.say(Event::Needed(need), now, &self.counters);
        }
        match (&outcome.verdict, outcome.caching) {
            // The next packet must come here for its sender to be told.
            (Verdict::Drop(reason), _) if reason.is_told() => None,
            (Verdict::Forward(_) | Verdict::Drop(_), Caching::Flow(_)) => {
                Some(self.decide(outcome, key, now))
            }
            _ => None,
        }
    }
}
