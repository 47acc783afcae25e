//! One packet's walk through the virtual network: ports in and out, and what it leaves behind.
//!
//! A device forks the walk by walking on with a copy of the [`Frame`]. State of the walk as a whole (mask, tags,
//! effects, outputs) is shared by all copies.

mod arp;
mod bridge;
mod chain;
mod condition;
pub(crate) mod headers;
mod icmp;
pub(crate) mod observe;
mod route;
mod router;

use model::{DeviceId, DocumentKey, PortId};
use packet::PacketView;
use smallvec::SmallVec;

use crate::topology::{Link, Port, PortKind, Topology};
use crate::trace::{Answer, Hook, Step, Tracer};
use crate::{DropReason, Effect, Ingress, Need, Tag};
use chain::Passage;
use headers::Headers;
use observe::Observed;

/// Devices that one copy of a packet may enter.
pub(crate) const MAX_DEVICES: usize = 12;
/// Devices that all copies of a packet may enter together: a loop with branches ends before it explodes.
const MAX_VISITS: u16 = 256;

/// The walk goes on (or has ended well), or stops as a whole.
type Walked = Result<(), Halt>;

/// Why a walk stops as a whole, whatever became of other copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    Need(Need),
    TooManyDevices,
}

/// One copy of the packet on its way.
#[derive(Clone)]
struct Frame<'a> {
    headers: Headers,
    /// Exterior port by which the packet entered the virtual network.
    origin: Option<&'a Port>,
    /// Devices entered, the current one last.
    path: SmallVec<[DeviceId; MAX_DEVICES]>,
}

/// A copy that leaves the virtual network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    pub(crate) port: PortId,
    pub(crate) headers: Headers,
}

/// Ports that chains and conditions refer to.
#[derive(Clone, Copy)]
struct Passing<'a> {
    input: Option<&'a Port>,
    output: Option<&'a Port>,
}

/// State of a walk.
pub(crate) struct Walk<'a, T> {
    topology: &'a Topology,
    packet: &'a PacketView<'a>,
    tracer: &'a mut T,
    pub(crate) leaves: &'a mut Vec<Leaf>,
    visits: u16,
    pub(crate) seen: Observed<'a>,
    pub(crate) tags: SmallVec<[Tag; 24]>,
    pub(crate) effects: SmallVec<[Effect; 2]>,
    /// Why the first copy that was dropped was dropped.
    pub(crate) dropped: Option<DropReason>,
    /// A device took a copy for itself.
    pub(crate) consumed: bool,
    /// The outcome holds for this packet only.
    pub(crate) per_packet: bool,
}

impl<'a, T: Tracer> Walk<'a, T> {
    pub(crate) fn new(
        topology: &'a Topology,
        packet: &'a PacketView<'a>,
        leaves: &'a mut Vec<Leaf>,
        tracer: &'a mut T,
    ) -> Self {
        Self {
            topology,
            packet,
            tracer,
            leaves,
            visits: MAX_VISITS,
            seen: Observed::new(packet.key()),
            tags: SmallVec::new(),
            effects: SmallVec::new(),
            dropped: None,
            consumed: false,
            per_packet: false,
        }
    }

    /// Walks the packet from where it enters to every end.
    pub(crate) fn run(&mut self, ingress: Ingress) -> Walked {
        let mut frame = Frame { headers: Headers::default(), origin: None, path: SmallVec::new() };
        let walked = match ingress {
            Ingress::Port(id) => {
                frame.origin = self.topology.port(id);
                self.enter(id, None, frame)
            }
            Ingress::Emit(id) => {
                self.per_packet = true;
                match self.topology.port(id) {
                    Some(port) => {
                        frame.path.push(port.device());
                        self.tag(Tag::Port(id));
                        self.emit(port, frame)
                    }
                    None => self.drop(DropReason::PortUnknown(id)),
                }
            }
        };
        if let Err(Halt::Need(need)) = walked {
            self.trace(|| Step::Stopped(need));
        }
        walked
    }

    /// The packet comes in by a port. `device` is the port's, as far as the other end of the cable knows.
    fn enter(&mut self, id: PortId, device: Option<DeviceId>, mut frame: Frame<'a>) -> Walked {
        let Some(port) = self.topology.port(id) else {
            return match device {
                Some(device) if !self.is_loaded(device) => Err(need_device(device)),
                _ => self.drop(DropReason::PortUnknown(id)),
            };
        };
        self.tag(Tag::Port(id));
        let device = port.device();
        self.visits -= 1;
        if frame.path.len() == MAX_DEVICES || self.visits == 0 {
            self.trace(|| Step::Dropped(DropReason::TooManyDevices));
            return Err(Halt::TooManyDevices);
        }
        frame.path.push(device);
        self.trace(|| Step::Entered { device, port: id });
        match port.kind {
            PortKind::Bridge { bridge, .. } => {
                if !port.admin_state_up {
                    return self.drop(DropReason::PortDown(id));
                }
                if !self.is_tagged(&frame) {
                    let passing = Passing { input: Some(port), output: None };
                    let hook = Hook::PortInbound(id);
                    if let Passage::Refused { reason, .. } =
                        self.apply(port.inbound_filter, hook, passing, &frame)?
                    {
                        return self.drop(reason);
                    }
                }
                self.bridge(bridge, port, frame)
            }
            PortKind::Router { router, .. } => self.router(router, port, frame),
        }
    }

    /// The packet goes out by a port, past its state and filter.
    fn emit(&mut self, port: &'a Port, frame: Frame<'a>) -> Walked {
        self.trace(|| Step::Left { port: port.id });
        match port.link {
            Link::Interior { peer, device } => self.enter(peer, device, frame),
            Link::Exterior if self.topology.location(port.id).is_some() => {
                self.trace(|| Step::Output { port: port.id });
                self.leaves.push(Leaf { port: port.id, headers: frame.headers });
                Ok(())
            }
            Link::Exterior | Link::Unplugged => self.drop(DropReason::PortInactive(port.id)),
        }
    }

    /// What the state and the outbound filter of a port say of a packet that is to leave by it.
    fn pass_out(
        &mut self,
        port: &'a Port,
        input: Option<&'a Port>,
        frame: &Frame<'a>,
    ) -> Result<Passage, Halt> {
        if !port.admin_state_up {
            return Ok(Passage::Refused { reason: DropReason::PortDown(port.id), answer: true });
        }
        if self.is_tagged(frame) {
            return Ok(Passage::Accepted);
        }
        let passing = Passing { input, output: Some(port) };
        self.apply(port.outbound_filter, Hook::PortOutbound(port.id), passing, frame)
    }

    /// Carries a VLAN tag. VID 0 is no VLAN but a priority (802.1Q §6.9.1), so filters do not let it by.
    fn is_tagged(&mut self, frame: &Frame<'_>) -> bool {
        self.seen.vid(&frame.headers).is_some_and(|vid| vid != 0)
    }

    fn is_loaded(&self, device: DeviceId) -> bool {
        match device {
            DeviceId::Bridge(id) => self.topology.bridge(id).is_some(),
            DeviceId::Router(id) => self.topology.router(id).is_some(),
        }
    }

    /// Ends this copy.
    fn drop(&mut self, reason: DropReason) -> Walked {
        self.trace(|| Step::Dropped(reason));
        self.dropped.get_or_insert(reason);
        Ok(())
    }

    /// Ends this copy: a device has taken it.
    fn consume(&mut self) -> Walked {
        self.trace(|| Step::Consumed);
        self.consumed = true;
        self.per_packet = true;
        Ok(())
    }

    /// A device sends a frame of its own out of one of its ports.
    fn answer(&mut self, port: &Port, answer: Answer, frame: Option<Vec<u8>>) {
        if let Some(frame) = frame {
            self.trace(|| Step::Answered { port: port.id, answer });
            self.effects.push(Effect::Generate { ingress: Ingress::Emit(port.id), frame });
        }
    }

    #[inline]
    fn tag(&mut self, tag: Tag) {
        if !self.tags.contains(&tag) {
            self.tags.push(tag);
        }
    }

    #[inline]
    fn trace(&mut self, step: impl FnOnce() -> Step) {
        if T::ENABLED {
            self.tracer.step(step());
        }
    }
}

fn need_device(device: DeviceId) -> Halt {
    Halt::Need(Need::Document(match device {
        DeviceId::Bridge(id) => DocumentKey::Bridge(id),
        DeviceId::Router(id) => DocumentKey::Router(id),
    }))
}
