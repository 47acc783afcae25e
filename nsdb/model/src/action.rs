//! What rules do (MidoNet `Rule.Action` and its NAT, transform and trace data; midonet.md §1.2, §2.7).
//!
//! NAT and L2 transformation are kept, checked and served; the simulation does not carry them out yet and drops what
//! they would apply to (`simulation::DropReason::NeedsTranslation`).

use std::net::IpAddr;
use std::ops::RangeInclusive;

use crate::{ChainId, Condition, FragmentPolicy, PortId, TraceRequestId};

/// What a matching rule does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RuleAction {
    /// Let the packet pass, ending the whole evaluation.
    Accept,
    /// Drop silently.
    Drop,
    /// Drop; a router answers ICMP "administratively prohibited", a bridge drops silently.
    Reject,
    /// Go on with the next rule.
    Continue,
    /// Back to the calling chain; at the top the same as accept.
    Return,
    /// Evaluate another chain, then go on here.
    Jump(ChainId),
    /// Translate addresses and ports (MidoNet `dnat`, `snat`).
    Nat(Nat),
    /// Translate packets of connections that a [`Nat`] rule translated back (MidoNet `rev_dnat`, `rev_snat`). To any
    /// other packet the rule does not apply.
    ReverseNat {
        /// The side that the forward rule translates.
        side: NatSide,
        /// What follows the translation.
        flow_action: FlowAction,
    },
    /// Change the VLAN tag, and perhaps send the packet to another port (MidoNet `l2_transform`).
    L2Transform(L2Transform),
    /// Have the rest of the packet's way told for a trace request, and go on with the next rule (MidoNet `trace`).
    Trace {
        /// The request.
        request: TraceRequestId,
        /// Packets to trace at most.
        limit: u64,
    },
}

/// The address that a NAT rule translates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NatSide {
    /// The source (SNAT).
    Source,
    /// The destination (DNAT).
    Destination,
}

/// What follows when a rule has changed a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowAction {
    /// The packet passes, ending the whole evaluation.
    Accept,
    /// The next rule. Not of an L2 transformation.
    Continue,
    /// Back to the calling chain. Not of an L2 transformation.
    Return,
    /// The packet goes to the target port. Of an L2 transformation only.
    Redirect,
}

/// Translation of the source or destination of new connections to one of several targets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nat {
    /// What is translated.
    pub side: NatSide,
    /// What it may become, at least one.
    pub targets: Vec<NatTarget>,
    /// What follows: not `Redirect`.
    pub flow_action: FlowAction,
}

/// A range of addresses, and of ports behind each of them; ends included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NatTarget {
    /// First address.
    pub first: IpAddr,
    /// Last address, of the same IP version.
    pub last: IpAddr,
    /// Ports, from 1; `None` leaves the port as it is (0 to 0 in the REST API).
    pub ports: Option<RangeInclusive<u16>>,
}

/// A change of the VLAN tag, and the way on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct L2Transform {
    /// Take the outermost tag off.
    pub pop_vlan: bool,
    /// Then put a tag with this control information on (IEEE 802.1Q TCI without the present bit); 0 for none.
    pub push_vlan: u16,
    /// Where a redirected packet goes. A redirection whose port is gone drops, or passes if it fails open.
    pub target_port: Option<PortId>,
    /// The packet enters by the target port, rather than leaving by it.
    pub ingress: bool,
    /// The packet passes where the target port is down.
    pub fail_open: bool,
    /// What follows: `Accept` or `Redirect`.
    pub flow_action: FlowAction,
}

impl Nat {
    /// One address stands for another and ports stay: no connection need be remembered, and fragments are translated
    /// like any packet (the floating IP).
    pub fn is_static(&self) -> bool {
        matches!(&self.targets[..], [only] if only.first == only.last && only.ports.is_none())
    }
}

impl RuleAction {
    /// The fragment policy of a rule with this action that gives none: `Unfragmented` where it must be, else that of
    /// the condition.
    pub fn default_fragment_policy(&self, condition: &Condition) -> FragmentPolicy {
        if self.wants_unfragmented(condition) {
            FragmentPolicy::Unfragmented
        } else {
            condition.default_fragment_policy()
        }
    }

    /// Whether the rule needs the ports of every packet that it applies to, which fragments do not carry: all forward
    /// NAT but the static one.
    pub(crate) fn wants_unfragmented(&self, condition: &Condition) -> bool {
        match self {
            Self::Nat(nat) => !nat.is_static() || condition.looks_at_ports(),
            _ => false,
        }
    }
}
