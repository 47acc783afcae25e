//! The trace of a simulation: every step that led to the verdict, as values.
//!
//! The same code simulates with and without a trace; a tracer that is off costs nothing.

mod record;
mod text;

pub use record::Record;
pub use text::Transcript;

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use model::{BridgeId, ChainId, DeviceId, NextHop, PortId, RouterId, RuleId};
use packet::MacAddr;

use crate::{Action, DropReason, Need, Neighbour, Origin};

/// Receives the steps of a simulation.
pub trait Tracer {
    /// False if steps need not even be made.
    const ENABLED: bool;

    /// Takes the next step.
    fn step(&mut self, step: Step);
}

/// No trace.
impl Tracer for () {
    const ENABLED: bool = false;

    fn step(&mut self, _: Step) {}
}

/// Keeps every step.
impl Tracer for Vec<Step> {
    const ENABLED: bool = true;

    fn step(&mut self, step: Step) {
        self.push(step);
    }
}

/// One step of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The packet enters a device.
    Entered {
        /// The device.
        device: DeviceId,
        /// Its port.
        port: PortId,
    },
    /// The packet leaves a device for the cable or interface of a port.
    Left {
        /// The port.
        port: PortId,
    },
    /// A chain is applied.
    Chain {
        /// The chain.
        chain: ChainId,
        /// Why.
        hook: Hook,
    },
    /// A rule was tried.
    Rule {
        /// Its chain.
        chain: ChainId,
        /// The rule.
        rule: RuleId,
        /// What it would do.
        action: Action,
        /// Whether it matched.
        result: RuleResult,
    },
    /// A chain was left without a decision of its rules.
    ChainEnd {
        /// The chain.
        chain: ChainId,
    },
    /// A bridge looked up where a station is.
    Station {
        /// The bridge.
        bridge: BridgeId,
        /// VID, 0 for untagged.
        vlan: u16,
        /// The station.
        mac: MacAddr,
        /// Its port, if known.
        port: Option<PortId>,
    },
    /// A bridge learned where a station is.
    Learned {
        /// The bridge.
        bridge: BridgeId,
        /// VID, 0 for untagged.
        vlan: u16,
        /// The station.
        mac: MacAddr,
        /// Its port.
        port: PortId,
    },
    /// A bridge sends copies out of several ports.
    Flood {
        /// The bridge.
        bridge: BridgeId,
    },
    /// A router considered a route.
    Route {
        /// The router.
        router: RouterId,
        /// Destination prefix.
        prefix: IpNetwork,
        /// Source prefix.
        source: IpNetwork,
        /// Where the route comes from.
        origin: Origin,
        /// Its weight.
        weight: u32,
        /// Where it leads.
        next_hop: NextHop,
        /// Whether it may be taken.
        result: RouteResult,
    },
    /// A router took a route.
    RouteChosen {
        /// The router.
        router: RouterId,
        /// Where the route comes from.
        origin: Origin,
        /// Where it leads.
        next_hop: NextHop,
    },
    /// A router looked up a neighbour.
    Neighbour {
        /// The router.
        router: RouterId,
        /// The neighbour.
        ip: IpAddr,
        /// What is known of it.
        known: Option<Neighbour>,
    },
    /// A router decremented the TTL and set the Ethernet addresses.
    Routed {
        /// New source.
        src: MacAddr,
        /// New destination.
        dst: MacAddr,
    },
    /// A VLAN tag was pushed.
    VlanPushed {
        /// Its VID.
        vid: u16,
    },
    /// The outermost VLAN tag was popped.
    VlanPopped,
    /// A device sends a packet of its own.
    Answered {
        /// Port by which it leaves.
        port: PortId,
        /// What it says.
        answer: Answer,
    },
    /// This copy of the packet leaves the virtual network.
    Output {
        /// By this exterior port.
        port: PortId,
    },
    /// This copy of the packet was taken by a device.
    Consumed,
    /// This copy of the packet was dropped.
    Dropped(DropReason),
    /// The simulation stopped for want of something.
    Stopped(Need),
}

/// Where a chain is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hook {
    /// Entering a device by a port.
    PortInbound(PortId),
    /// Leaving a device by a port.
    PortOutbound(PortId),
    /// After entering a device; on a router before routing.
    DeviceInbound(DeviceId),
    /// Before leaving a device; on a router after routing.
    DeviceOutbound(DeviceId),
    /// Between routing and post-routing.
    Forward(RouterId),
    /// For a router's own addresses.
    LocalRedirect(RouterId),
}

/// Whether a rule matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleResult {
    /// Every field of the condition holds.
    Matched,
    /// This field of the condition, named as in the API, does not hold.
    Failed(&'static str),
    /// Every field holds, but the condition as a whole is negated.
    Inverted,
    /// The chain that it jumps to was evaluated before, without a decision.
    VisitedBefore,
    /// It translates packets of translated connections back, and the packet is of none.
    NoConnection,
}

/// Whether a route may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RouteResult {
    /// It may.
    Candidate,
    /// The packet's source is not in the route's source prefix.
    OtherSource,
    /// The port of the route is not there, not plugged in or not active.
    PortUnusable,
    /// Another route of the same prefix has precedence.
    Outweighed,
}

/// What a device says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// An ARP reply.
    ArpReply,
    /// An ICMP echo reply.
    EchoReply,
    /// An ICMP error.
    IcmpError(packet::build::IcmpError),
}
