//! What a simulation says: the contract between the virtual devices and the shell that acts on them.

use std::net::IpAddr;
use std::time::Duration;

use model::{BridgeId, DocumentKey, PortId, RouterId};
use packet::{FlowMask, MacAddr, SetField};
use smallvec::SmallVec;

use crate::{DropReason, Tag};

/// Where a packet enters the virtual network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ingress {
    /// By an exterior port of this host.
    Port(PortId),
    /// Made by the device that the port is part of; it leaves that device by the port.
    Emit(PortId),
}

/// Everything that one simulated packet led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What becomes of the packet.
    pub verdict: Verdict,
    /// The bits of the packet that the verdict depended on.
    pub mask: FlowMask,
    /// The state that the verdict depended on.
    pub tags: SmallVec<[Tag; 24]>,
    /// What the packet taught or caused on its way.
    pub effects: SmallVec<[Effect; 2]>,
    /// Whether a flow may carry the verdict, and for how long.
    pub caching: Caching,
}

/// Whether a verdict may be installed as a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caching {
    /// Every packet that agrees with this one on the bits of the mask has the same verdict: a flow may carry it.
    Flow(Lifetime),
    /// For this packet only: the verdict made a device act (an ARP or ICMP answer), read more than the flow key, or
    /// awaits state. Installing it would be wrong.
    Packet,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It leaves by one or more exterior ports: what to do, in order.
    Forward(SmallVec<[VirtualAction; 6]>),
    /// It is dropped.
    Drop(DropReason),
    /// A device took it (answered ARP or echo, for instance). Nothing is forwarded and no flow may be installed.
    Consumed,
    /// Something must be known first. Ask for it, and simulate again from the start when it is there.
    NeedState(Need),
}

/// One step of forwarding, in virtual terms. Header changes accumulate over the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VirtualAction {
    /// Overwrite header fields.
    Set(SetField),
    /// Push a VLAN tag.
    PushVlan {
        /// Tag protocol id.
        tpid: u16,
        /// PCP, present bit and VID.
        tci: u16,
    },
    /// Pop the outermost VLAN tag.
    PopVlan,
    /// Decrement the TTL; on ≤ 1 the packet goes back to the agent instead.
    DecTtl,
    /// Out of this exterior port, wherever it is bound.
    Output(PortId),
}

/// How long a flow that carries a verdict may live without being used or, for drops, at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until idle, or corrected.
    Idle,
    /// Removed this long after it was made, used or not.
    Hard(Duration),
}

/// Knowledge that a simulation lacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// A document that is not loaded.
    Document(DocumentKey),
    /// The Ethernet address of a next hop: resolve it out of this port.
    Arp {
        /// Router that asks.
        router: RouterId,
        /// Port of the router on the next hop's network.
        port: PortId,
        /// The next hop.
        target: IpAddr,
    },
}

/// What a packet taught or caused on its way. Effects hold even if the packet itself is dropped further on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A bridge saw this station behind this port; not yet in the table, or elsewhere.
    LearnMac {
        /// The bridge.
        bridge: BridgeId,
        /// VID, 0 for untagged.
        vlan: u16,
        /// The station.
        mac: MacAddr,
        /// Port of that bridge.
        port: PortId,
    },
    /// A router heard a neighbour say its address: not yet in the table, changed, or confirmed by an ARP reply.
    LearnArp {
        /// The router.
        router: RouterId,
        /// Port of the router that heard it.
        port: PortId,
        /// Neighbour's protocol address.
        ip: IpAddr,
        /// Neighbour's hardware address.
        mac: MacAddr,
    },
    /// A device made a packet; simulate it next.
    Generate {
        /// Where it starts.
        ingress: Ingress,
        /// The frame.
        frame: Vec<u8>,
    },
}
