//! One packet's way through a worker: admit, find its ingress, simulate, translate, act, install.

use std::time::Instant;

use datapath::Upcall;
use model::DocumentKey;
use packet::apply::{Dropped, Sink};
use packet::{Action, DpPort, FlowKey, FlowMask, PacketView, SetField, TunnelKey};
use simulation::{Caching, Effect, Ingress, Lifetime, Need, Outcome, Tag, Topology, Verdict};
use smallvec::SmallVec;

use super::{
    Core, EXECUTE_BATCH, MAX_GENERATED, MAX_GENERATIONS, MAX_UNSENT_WRITES, Memo, Origin, StoredPacket,
};
use crate::admission::Admission;
use crate::counters::{Drop, ShellDrop};
use crate::flow_table::{KeyOrigin, Life, NewFlow, TagChanges};
use crate::messages::{Event, Station};
use crate::snapshot::PortClass;
use crate::translate::{complete_mask, decrements_of, translate};
use crate::waiting::{PATIENCE_MS, Parked};
use crate::writer::{FlowBody, FlowWrite};

/// Life of flows that drop what could not be sent, in milliseconds.
const SHORT_LIFE_MS: u64 = 1000;
/// An upcall of a flow that was written longer ago than this, in milliseconds, means that the datapath lost it.
const WRITE_GRACE_MS: u64 = 2000;

/// What becomes of a packet, in the datapath's terms.
pub(super) struct Decision {
    pub(super) actions: Vec<Action>,
    pub(super) mask: FlowMask,
    /// Why the packet, or one of its copies, is dropped.
    pub(super) dropped: Option<Drop>,
    pub(super) tags: SmallVec<[Tag; 24]>,
    pub(super) life: Life,
}

impl Core {
    /// Serves one upcall.
    pub(super) fn upcall(&mut self, upcall: &Upcall<'_>, now: Instant) {
        self.counters.upcalls.one_more();
        let in_port = upcall.key.in_port;
        let is_tunnel = self.snapshot.tunnels.contains(in_port);
        let local = self.snapshot.ports.by_dp_port(in_port).copied();
        let class =
            if is_tunnel { PortClass::Tunnel } else { local.map_or(PortClass::Guest, |local| local.class) };
        match self.admitter.admit(in_port, class, now) {
            Admission::Admit => {}
            Admission::Refuse => return self.counters.dropped(ShellDrop::Admission(class)),
            Admission::ShutPort(time) => {
                let reason = ShellDrop::Admission(class);
                self.counters.dropped(reason);
                let until = self.ms(now + time);
                return self.install_port_drop(&upcall.key, reason, until, now);
            }
        }
        if is_tunnel {
            return self.arrive(upcall, now);
        }
        let Some(local) = local else {
            let reason = ShellDrop::UnboundPort(in_port);
            self.counters.dropped(reason);
            let until = self.ms(now) + SHORT_LIFE_MS;
            return self.install_port_drop(&upcall.key, reason, until, now);
        };
        if self.repeat_last(upcall) {
            return;
        }
        let origin = Origin::of(upcall, Ingress::Port(local.port));
        match upcall.userdata.and_then(decrements_of).filter(|count| *count > 0) {
            None => self.forward(upcall.packet, &origin, now),
            Some(count) => {
                let mut frame = std::mem::take(&mut self.scratch);
                frame.clear();
                frame.extend_from_slice(upcall.packet);
                restore_ttl(&mut frame, &upcall.key, count);
                self.forward(&frame, &origin, now);
                self.scratch = frame;
            }
        }
    }

    /// Simulates a packet and acts on the verdict.
    pub(super) fn forward(&mut self, frame: &[u8], origin: &Origin, now: Instant) {
        let Ok(packet) = PacketView::parse(frame, origin.in_port, origin.tunnel) else {
            return self.counters.dropped(ShellDrop::Malformed);
        };
        self.counters.simulated.one_more();
        let mut outcome = self.simulate(&packet, origin.ingress);
        self.take_effects(&mut outcome, origin.generation, now);
        match outcome.verdict {
            Verdict::Consumed => {}
            Verdict::NeedState(need) => self.park(frame, origin, need, now),
            Verdict::Forward(_) | Verdict::Drop(_) => {
                let caching = outcome.caching;
                let decision = self.decide(outcome, packet.key(), now);
                if let Some(reason) = decision.dropped {
                    self.counters.dropped(reason);
                }
                self.execute(frame, packet.key(), &decision.actions, origin);
                if matches!(caching, Caching::Flow(_)) && matches!(origin.ingress, Ingress::Port(_)) {
                    self.install(packet.key(), KeyOrigin::Packet, decision, now);
                }
            }
        }
    }

    /// Lets those waiting packets try again whose need the snapshot answers.
    pub(super) fn resume_answered(&mut self, now: Instant) {
        let topology = &self.snapshot.topology;
        for parked in self.waiting.take_answered(|need| is_answered(topology, need)) {
            self.resume(&parked, now);
        }
    }

    /// Tries a waiting packet again.
    pub(super) fn resume(&mut self, parked: &Parked, now: Instant) {
        let origin = Origin { deadline: Some(parked.deadline), ..parked.packet.origin };
        self.forward(&parked.packet.frame, &origin, now);
    }

    /// Simulates what devices made, and what they make in answer, up to a bound.
    pub(super) fn simulate_generated(&mut self, now: Instant) {
        while let Some(packet) = self.generated.pop_front() {
            self.forward(&packet.frame, &packet.origin, now);
        }
    }

    pub(super) fn simulate(&mut self, packet: &PacketView<'_>, ingress: Ingress) -> Outcome {
        self.simulator.simulate(&self.snapshot.topology, packet, ingress)
    }

    /// Translates a verdict.
    pub(super) fn decide(&self, outcome: Outcome, key: &FlowKey, now: Instant) -> Decision {
        let mut mask = outcome.mask;
        let mut tags = outcome.tags;
        tags.push(Tag::DpPort(key.in_port));
        let now = self.ms(now);
        let mut life = match outcome.caching {
            Caching::Flow(Lifetime::Idle) | Caching::Packet => Life::Idle,
            Caching::Flow(Lifetime::Hard(time)) => {
                Life::Until(now + u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
            }
        };
        let (actions, dropped) = match &outcome.verdict {
            Verdict::Forward(actions) => {
                let done = translate(actions, key, &mut mask, &self.snapshot, &self.config.features);
                tags.extend(done.tags);
                (done.actions, done.missed.map(Drop::from))
            }
            Verdict::Drop(reason) => (Vec::new(), Some(Drop::from(*reason))),
            Verdict::Consumed | Verdict::NeedState(_) => (Vec::new(), None),
        };
        if actions.is_empty() && life == Life::Idle {
            life = Life::Until(now + SHORT_LIFE_MS);
        }
        let actions = if actions.is_empty() { self.drop_actions() } else { actions };
        complete_mask(&mut mask);
        mask.clip_to(key);
        Decision { actions, mask, dropped, tags, life }
    }

    fn take_effects(&mut self, outcome: &mut Outcome, generation: u8, now: Instant) {
        for effect in std::mem::take(&mut outcome.effects) {
            if let Effect::Generate { ingress, frame } = effect {
                self.generate(ingress, frame, generation);
            } else {
                self.learn(&effect, now);
            }
        }
    }

    /// Passes on what a packet taught.
    pub(super) fn learn(&mut self, effect: &Effect, now: Instant) {
        let event = match *effect {
            Effect::LearnMac { bridge, vlan, mac, port } => {
                Event::MacSeen { station: Station { bridge, vlan, mac }, port }
            }
            Effect::LearnArp { router, ip, mac, port } => Event::ArpSeen { router, ip, mac, port },
            Effect::Generate { .. } => return,
        };
        let now = self.ms(now);
        self.events.say(event, now, &self.counters);
    }

    fn generate(&mut self, ingress: Ingress, frame: Vec<u8>, generation: u8) {
        if generation >= MAX_GENERATIONS || self.generated.len() >= MAX_GENERATED {
            return self.counters.dropped(ShellDrop::TooManyGenerated);
        }
        self.counters.generated.one_more();
        self.generated.push_back(StoredPacket { frame, origin: Origin::made(ingress, generation + 1) });
    }

    fn park(&mut self, frame: &[u8], origin: &Origin, need: Need, now: Instant) {
        let now = self.ms(now);
        let deadline = origin.deadline.unwrap_or(now + PATIENCE_MS);
        if deadline <= now {
            return self.counters.dropped(ShellDrop::WaitedTooLong);
        }
        let packet = StoredPacket { frame: frame.to_vec(), origin: *origin };
        if self.waiting.park(Parked { packet, need, deadline }).is_err() {
            return self.counters.dropped(ShellDrop::WaitingRoomFull);
        }
        self.counters.parked.one_more();
        self.events.say(Event::Needed(need), now, &self.counters);
    }

    pub(super) fn execute(&mut self, frame: &[u8], key: &FlowKey, actions: &[Action], origin: &Origin) {
        if !actions.iter().any(|action| matches!(action, Action::Output(_))) {
            return;
        }
        if let Err(error) = self.executor.queue(frame, key, actions, origin.context) {
            self.counters.dropped(ShellDrop::ExecuteFailed);
            tracing::trace!(%error, "a packet could not be handed to the datapath");
            return;
        }
        self.executing += 1;
        if self.executing >= EXECUTE_BATCH {
            self.flush_executor();
        }
    }

    /// Remembers and queues a flow, unless it is there already.
    pub(super) fn install(&mut self, key: &FlowKey, origin: KeyOrigin, decision: Decision, now: Instant) {
        if let Some(existing) = self.table.find(key, &decision.mask) {
            let now = self.ms(now);
            if self.table.get(existing).is_some_and(|flow| now < flow.written + WRITE_GRACE_MS) {
                return;
            }
            self.remove(existing);
        }
        if self.unsent.len() >= MAX_UNSENT_WRITES {
            return self.counters.flows_not_queued.one_more();
        }
        let flow = NewFlow {
            key: *key,
            origin,
            mask: decision.mask,
            actions: &decision.actions,
            dropped: decision.dropped,
            tags: &decision.tags,
            life: decision.life,
        };
        let Some(ufid) = self.insert(&flow, now) else { return };
        self.counters.flows_installed.one_more();
        let Decision { actions, mask, .. } = decision;
        self.memo = Some(Memo { key: *key, mask, actions: actions.clone() });
        self.unsent.push(FlowWrite::Put(Box::new(FlowBody { ufid, key: *key, mask, actions })));
    }

    /// Forgets a flow and deletes it from the datapath.
    pub(super) fn remove(&mut self, ufid: datapath::Ufid) {
        let want = self.ask_last_counters(ufid);
        self.forget(ufid);
        self.unsent.push(FlowWrite::Delete(ufid, want));
    }

    /// Forgets a flow that is not in the datapath any more.
    pub(super) fn forget(&mut self, ufid: datapath::Ufid) {
        let mut changes = TagChanges::default();
        if self.table.remove(ufid, &mut changes).is_some() {
            self.counters.flows_removed.one_more();
            self.memo = None;
        }
        self.events.say_stations(&changes);
    }

    /// Drops a port's packets in the datapath for a short time.
    fn install_port_drop(&mut self, key: &FlowKey, reason: ShellDrop, until: u64, now: Instant) {
        let mut mask = FlowMask::any();
        mask.0.in_port = u32::MAX;
        mask.0.recirc_id = u32::MAX;
        let tags = match reason {
            ShellDrop::UnboundPort(port) => [Tag::DpPort(port)].as_slice().into(),
            _ => SmallVec::new(),
        };
        let dropped = Some(reason.into());
        let decision =
            Decision { actions: self.drop_actions(), mask, dropped, tags, life: Life::Until(until) };
        self.install(key, KeyOrigin::Packet, decision, now);
    }

    pub(super) fn drop_actions(&self) -> Vec<Action> {
        if self.config.features.drop_reason { vec![Action::Drop { reason: 0 }] } else { Vec::new() }
    }

    /// Executes a packet like the one before it, if both belong to one flow.
    fn repeat_last(&mut self, upcall: &Upcall<'_>) -> bool {
        let Some(memo) = self.memo.take() else { return false };
        let same = upcall.userdata.is_none()
            && memo.mask.matches(&memo.key, &upcall.key)
            && memo.actions.iter().any(|action| matches!(action, Action::Output(_)));
        if same {
            let origin = Origin::of(upcall, Ingress::Port(model::PortId::default()));
            self.execute(upcall.packet, &upcall.key, &memo.actions, &origin);
        }
        self.memo = Some(memo);
        same
    }
}

/// True if the topology has, or may have, what was needed.
fn is_answered(topology: &Topology, need: &Need) -> bool {
    match *need {
        Need::Arp { router, target, .. } => topology.neighbour(router, target).is_some(),
        Need::Document(DocumentKey::Bridge(id)) => topology.bridge(id).is_some(),
        Need::Document(DocumentKey::Router(id)) => topology.router(id).is_some(),
        Need::Document(DocumentKey::Chain(id)) => topology.chain(id).is_some(),
        Need::Document(_) => true,
    }
}

/// Undoes what our actions did to a packet before its TTL ran out.
fn restore_ttl(frame: &mut Vec<u8>, key: &FlowKey, decrements: u8) {
    let ttl = key.ip_ttl.saturating_add(decrements);
    let field = if key.is_ipv6() {
        SetField::Ipv6 { src: None, dst: None, tclass: None, hop_limit: Some(ttl) }
    } else {
        SetField::Ipv4 { src: None, dst: None, tos: None, ttl: Some(ttl) }
    };
    packet::apply::apply(&[Action::Set(field)], frame, key, &mut Nowhere);
}

/// Headers are rewritten; nothing leaves.
struct Nowhere;

impl Sink for Nowhere {
    fn output(&mut self, _: DpPort, _: Option<&TunnelKey>, _: &[u8]) {}
    fn userspace(&mut self, _: u64, _: &PacketView<'_>) {}
    fn dropped(&mut self, _: Dropped) {}
}
