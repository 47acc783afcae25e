//! Conditions of rules (midonet.md §1.3): fields that cannot match anything on the wire are refused, rather than kept
//! as rules that never apply.

use std::ops::RangeInclusive;

use ipnetwork::IpNetwork;
use packet::ip_proto;

use super::{Checked, remove_duplicates};
use crate::{Condition, FragmentPolicy, Match, PortId};

/// Most ports that one condition lists; larger sets are what port groups are for.
const MAX_PORTS: usize = 1024;

pub(super) fn condition(condition: &Condition, checked: &mut Checked) {
    port_list("inPorts", condition.in_ports.as_ref(), checked);
    port_list("outPorts", condition.out_ports.as_ref(), checked);
    ethernet(condition, checked);
    prefixes(condition, checked);
    let protocol = Protocol::of(condition);
    l4_range("tpSrc", condition.tp_src.as_ref(), protocol, checked);
    l4_range("tpDst", condition.tp_dst.as_ref(), protocol, checked);
}

pub(super) fn normalize(condition: &mut Condition) {
    for ports in [&mut condition.in_ports, &mut condition.out_ports].into_iter().flatten() {
        remove_duplicates(&mut ports.value);
    }
}

fn port_list(property: &'static str, ports: Option<&Match<Vec<PortId>>>, checked: &mut Checked) {
    let Some(ports) = ports else { return };
    checked.require(
        (1..=MAX_PORTS).contains(&ports.value.len()),
        property,
        format!("must list between 1 and {MAX_PORTS} ports"),
    );
}

fn ethernet(condition: &Condition, checked: &mut Checked) {
    if let Some(dl_type) = condition.dl_type {
        checked.require(dl_type.value >= 0x600, "dlType", "must be between 1536 (0x600) and 65535");
    }
    if let Some(vid) = condition.vlan {
        checked.require(vid <= 4095, "vlan", "must be between 0 and 4095");
        checked.require(!condition.no_vlan, "noVlan", "cannot be combined with vlan");
    }
}

fn prefixes(condition: &Condition, checked: &mut Checked) {
    let mut same_version = |property, a: Option<Match<IpNetwork>>, b: Option<Match<IpNetwork>>| {
        if let (Some(a), Some(b)) = (a, b) {
            checked.require(
                a.value.is_ipv4() == b.value.is_ipv4(),
                property,
                "source and destination must be of the same IP version",
            );
        }
    };
    same_version("nwDstAddress", condition.nw_src, condition.nw_dst);
    same_version("icmpDataDstIpAddress", condition.icmp_data_src, condition.icmp_data_dst);
}

/// What the condition's protocol makes of the L4 fields.
#[derive(Clone, Copy)]
enum Protocol {
    /// 16-bit ports.
    Ports,
    /// ICMP type and code, 8 bits each.
    Icmp,
    /// No such fields, or the protocol is not said.
    Neither,
}

impl Protocol {
    fn of(condition: &Condition) -> Self {
        match condition.nw_proto {
            Some(Match { value: ip_proto::TCP | ip_proto::UDP | ip_proto::SCTP, negated: false }) => {
                Self::Ports
            }
            Some(Match { value: ip_proto::ICMP | ip_proto::ICMPV6, negated: false }) => Self::Icmp,
            _ => Self::Neither,
        }
    }
}

fn l4_range(
    property: &'static str,
    range: Option<&Match<RangeInclusive<u16>>>,
    protocol: Protocol,
    checked: &mut Checked,
) {
    let Some(range) = range.map(|m| &m.value) else { return };
    let (start, end) = (*range.start(), *range.end());
    checked.require(start <= end, property, format!("starts at {start}, behind its end {end}"));
    match protocol {
        Protocol::Ports => checked.require(start >= 1, property, "must be between 1 and 65535"),
        Protocol::Icmp => checked.require(end <= 255, property, "must be between 0 and 255 for ICMP"),
        Protocol::Neither => checked.violation(
            property,
            "needs nwProto to be a protocol that has it: 6 (TCP), 17 (UDP), 132 (SCTP), 1 (ICMP) or 58 (ICMPv6)",
        ),
    }
}

/// The fragment policy of a condition by itself; NAT asks for more.
pub(super) fn fragments(condition: &Condition, checked: &mut Checked) {
    let sees_l4 = matches!(condition.fragment_policy, FragmentPolicy::Header | FragmentPolicy::Unfragmented);
    checked.require(
        sees_l4 || !condition.looks_at_ports(),
        "fragmentPolicy",
        "must be header or unfragmented where tpSrc or tpDst is set: later fragments carry no ports",
    );
}
