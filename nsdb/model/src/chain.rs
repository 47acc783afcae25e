//! Chains, rules and their conditions (MidoNet `Chain`, `Rule`, `Condition`; midonet.md §1.3).

use std::ops::RangeInclusive;

use ipnetwork::IpNetwork;
use packet::MacAddr;

use crate::{ChainId, IpAddrGroupId, PortGroupId, PortId, RuleAction, RuleId};

/// A named list of rules. End of the top chain accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Identity.
    pub id: ChainId,
    /// Owner, free text.
    pub tenant_id: Option<String>,
    /// Display name, at most 255 characters.
    pub name: Option<String>,
    /// Rules in order of evaluation.
    pub rules: Vec<RuleId>,
}

/// A rule of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Identity.
    pub id: RuleId,
    /// Chain it is part of.
    pub chain: ChainId,
    /// When it applies.
    pub condition: Condition,
    /// What it does.
    pub action: RuleAction,
    /// Name of a meter that counts matching packets, kept for clients.
    pub meter_name: Option<String>,
}

/// A value to compare with, possibly negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Match<T> {
    /// The value.
    pub value: T,
    /// True if the condition holds when the value does *not* match.
    pub negated: bool,
}

impl<T> Match<T> {
    /// Holds when the value matches.
    pub fn is(value: T) -> Self {
        Self { value, negated: false }
    }

    /// Holds when the value does not match.
    pub fn is_not(value: T) -> Self {
        Self { value, negated: true }
    }
}

/// An Ethernet address under a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaskedMac {
    /// Address.
    pub addr: MacAddr,
    /// Bits that must agree; all ones for the whole address.
    pub mask: MacAddr,
}

/// Which fragments a condition applies to. Tested before and outside the negation of the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FragmentPolicy {
    /// Every packet.
    #[default]
    Any,
    /// Later fragments only.
    NonHeader,
    /// First fragments and unfragmented packets.
    Header,
    /// Unfragmented packets only.
    Unfragmented,
}

/// All fields that are set must hold; an empty condition holds for every packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Negates the conjunction of all fields (not the fragment policy).
    pub conjunction_inv: bool,
    /// Packet belongs to the forward direction of a tracked connection.
    pub match_forward_flow: bool,
    /// Packet belongs to the return direction of a tracked connection.
    pub match_return_flow: bool,
    /// Port by which the packet entered the device.
    pub in_ports: Option<Match<Vec<PortId>>>,
    /// Port by which the packet is to leave the device.
    pub out_ports: Option<Match<Vec<PortId>>>,
    /// Group of the exterior port by which the packet entered the virtual network (MidoNet `portGroup`).
    pub port_group: Option<Match<PortGroupId>>,
    /// Group of the port by which the packet entered the device.
    pub in_port_group: Option<Match<PortGroupId>>,
    /// Group of the port by which the packet is to leave the device.
    pub out_port_group: Option<Match<PortGroupId>>,
    /// Source address in a group.
    pub ip_addr_group_src: Option<Match<IpAddrGroupId>>,
    /// Destination address in a group.
    pub ip_addr_group_dst: Option<Match<IpAddrGroupId>>,
    /// EtherType behind any VLAN tag.
    pub dl_type: Option<Match<u16>>,
    /// Ethernet source.
    pub dl_src: Option<Match<MaskedMac>>,
    /// Ethernet destination.
    pub dl_dst: Option<Match<MaskedMac>>,
    /// TOS / traffic class.
    pub nw_tos: Option<Match<u8>>,
    /// IP protocol.
    pub nw_proto: Option<Match<u8>>,
    /// Source prefix.
    pub nw_src: Option<Match<IpNetwork>>,
    /// Destination prefix.
    pub nw_dst: Option<Match<IpNetwork>>,
    /// Source port, or ICMP type; both ends included.
    pub tp_src: Option<Match<RangeInclusive<u16>>>,
    /// Destination port, or ICMP code; both ends included.
    pub tp_dst: Option<Match<RangeInclusive<u16>>>,
    /// A device (bridge or router) that the packet has passed before.
    pub traversed_device: Option<Match<uuid::Uuid>>,
    /// Which fragments.
    pub fragment_policy: FragmentPolicy,
    /// Packet must be untagged.
    pub no_vlan: bool,
    /// Packet must carry this VID.
    pub vlan: Option<u16>,
    /// Source of the packet quoted by an ICMP error.
    pub icmp_data_src: Option<Match<IpNetwork>>,
    /// Destination of the packet quoted by an ICMP error.
    pub icmp_data_dst: Option<Match<IpNetwork>>,
    /// The destination address was rewritten earlier in this router.
    pub match_nw_dst_rewritten: bool,
}

impl Condition {
    /// The fragment policy that holds when none is given: `Header` if the condition looks at L4 ports, which only
    /// first fragments carry, else `Any`.
    pub fn default_fragment_policy(&self) -> FragmentPolicy {
        if self.looks_at_ports() { FragmentPolicy::Header } else { FragmentPolicy::Any }
    }

    /// Whether it depends on L4 ports, or on type and code of ICMP.
    pub(crate) fn looks_at_ports(&self) -> bool {
        self.tp_src.is_some() || self.tp_dst.is_some()
    }
}
