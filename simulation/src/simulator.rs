//! The simulator: one packet, one topology, one verdict. One per worker thread; it keeps room from packet to packet.

use packet::{FlowMask, PacketView};

use crate::compose::compose;
use crate::trace::Tracer;
use crate::walk::{Halt, Leaf, Walk};
use crate::{Caching, DropReason, Effect, Ingress, Lifetime, Outcome, Topology, Verdict};

/// How wide the flows are that carry verdicts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MaskMode {
    /// As wide as the verdict is true for: only what was read is matched.
    #[default]
    Megaflow,
    /// One flow for each connection: every field that the packet has is matched, but for TCP flags.
    Exact,
}

/// Simulates packets. Steady state allocates nothing.
#[derive(Debug, Default)]
pub struct Simulator {
    mode: MaskMode,
    leaves: Vec<Leaf>,
}

impl Simulator {
    /// A simulator whose verdicts have masks of the given width.
    pub fn new(mode: MaskMode) -> Self {
        Self { mode, leaves: Vec::with_capacity(16) }
    }

    /// What becomes of a packet that enters at `ingress`.
    ///
    /// A packet that is known by its key alone ([`PacketView::from_key`]) has the same verdict as with its bytes, but
    /// its outcome holds no frames that need the bytes (ICMP).
    pub fn simulate(&mut self, topology: &Topology, packet: &PacketView<'_>, ingress: Ingress) -> Outcome {
        self.simulate_traced(topology, packet, ingress, &mut ())
    }

    /// The same, and tells the tracer every step.
    pub fn simulate_traced<T: Tracer>(
        &mut self,
        topology: &Topology,
        packet: &PacketView<'_>,
        ingress: Ingress,
        tracer: &mut T,
    ) -> Outcome {
        self.leaves.clear();
        let mut walk = Walk::new(topology, packet, &mut self.leaves, tracer);
        let end = walk.run(ingress);
        let Walk { mut seen, tags, mut effects, leaves, .. } = walk;
        let Walk { dropped, consumed, per_packet, .. } = walk;
        let verdict = match end {
            Err(Halt::Need(need)) => {
                // The packet comes again: what devices answer then is enough.
                effects.retain(|effect| !matches!(effect, Effect::Generate { .. }));
                Verdict::NeedState(need)
            }
            Err(Halt::TooManyDevices) => {
                effects.clear();
                Verdict::Drop(DropReason::TooManyDevices)
            }
            Ok(()) if !leaves.is_empty() => Verdict::Forward(compose(leaves, &mut seen)),
            Ok(()) if consumed => Verdict::Consumed,
            Ok(()) => Verdict::Drop(dropped.unwrap_or(DropReason::Malformed)),
        };
        if matches!(verdict, Verdict::Drop(_)) {
            seen.settle_ttl();
        }
        let caching = match &verdict {
            _ if per_packet => Caching::Packet,
            Verdict::Forward(_) => Caching::Flow(Lifetime::Idle),
            Verdict::Drop(reason) => Caching::Flow(reason.lifetime()),
            Verdict::Consumed | Verdict::NeedState(_) => Caching::Packet,
        };
        let mut mask = match self.mode {
            MaskMode::Megaflow => seen.mask,
            MaskMode::Exact => exact(),
        };
        mask.clip_to(packet.key());
        Outcome { verdict, mask, tags, effects, caching }
    }
}

fn exact() -> FlowMask {
    let mut mask = FlowMask::exact();
    mask.0.tcp_flags = 0;
    mask
}
