//! Evaluating conditions (midonet.md §1.3) with as little reading as can be: the first field that does not hold ends
//! it.
//!
//! A field that a packet does not have matches no value, so its negation holds. Addresses are those of IP and of ARP;
//! protocol, TOS and ports are IP's alone.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use model::{DeviceId, DocumentKey, FragmentPolicy, IpAddrGroupId, MaskedMac, PortGroupId};
use packet::{MacAddr, frag, ip_proto};

use super::{Frame, Halt, Passing, Walk};
use crate::topology::{Chain, CompiledRule, Port, Subject};
use crate::trace::Tracer;
use crate::{Need, Tag};

/// Whether the fields of a condition hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applies {
    Yes,
    /// This field does not, named as in the API.
    No(&'static str),
    /// The fragment policy excludes the packet, whatever the fields say.
    WrongFragment,
}

impl<'a, T: Tracer> Walk<'a, T> {
    pub(super) fn applies(
        &mut self,
        chain: &'a Chain,
        rule: &'a CompiledRule,
        passing: Passing<'a>,
        frame: &Frame<'a>,
    ) -> Result<Applies, Halt> {
        let fragment = self.seen.fragment();
        let covered = match rule.fragments {
            FragmentPolicy::Any => true,
            FragmentPolicy::NonHeader => fragment == frag::LATER,
            FragmentPolicy::Header => fragment != frag::LATER,
            FragmentPolicy::Unfragmented => fragment == frag::NONE,
        };
        if !covered {
            return Ok(Applies::WrongFragment);
        }
        for test in chain.tests(rule) {
            if self.holds(&test.subject, passing, frame)? == test.negated {
                return Ok(Applies::No(field_name(&test.subject)));
            }
        }
        Ok(Applies::Yes)
    }

    fn holds(&mut self, subject: &Subject, passing: Passing<'a>, frame: &Frame<'a>) -> Result<bool, Halt> {
        let seen = &mut self.seen;
        Ok(match subject {
            Subject::InPort(ports) => passing.input.is_some_and(|port| ports.contains(&port.id)),
            Subject::OutPort(ports) => passing.output.is_some_and(|port| ports.contains(&port.id)),
            Subject::IngressGroup(group) => is_member(frame.origin, *group),
            Subject::InPortGroup(group) => is_member(passing.input, *group),
            Subject::OutPortGroup(group) => is_member(passing.output, *group),
            Subject::TraversedDevice(device) => {
                let before = frame.path.len().saturating_sub(1);
                frame.path[..before].iter().any(|entered| uuid_of(*entered) == *device)
            }
            // Nothing rewrites addresses yet, and without connection tracking every packet is of the forward flow.
            Subject::NwDstRewritten | Subject::ReturnFlow => false,
            Subject::ForwardFlow => true,
            Subject::DlType(value) => seen.eth_type() == *value,
            Subject::Untagged => seen.vid(&frame.headers).is_none_or(|vid| vid == 0),
            Subject::Vlan(vlan) => seen.vid(&frame.headers) == Some(*vlan),
            Subject::DlSrc(mac) => matches_mac(seen.eth_src(&frame.headers), mac),
            Subject::DlDst(mac) => matches_mac(seen.eth_dst(&frame.headers), mac),
            Subject::NwProto(value) => seen.is_ip() && seen.proto() == *value,
            Subject::NwTos(value) => seen.is_ip() && seen.tos() == *value,
            Subject::NwSrc(prefix) => {
                let (inside, decided) = in_prefix(seen.ip_src(), *prefix);
                seen.ip_src_prefix(decided);
                inside
            }
            Subject::NwDst(prefix) => {
                let (inside, decided) = in_prefix(seen.ip_dst(), *prefix);
                seen.ip_dst_prefix(decided);
                inside
            }
            Subject::SrcGroup(group) => {
                let (inside, decided) = self.in_group(self.seen.ip_src(), *group)?;
                self.seen.ip_src_prefix(decided);
                inside
            }
            Subject::DstGroup(group) => {
                let (inside, decided) = self.in_group(self.seen.ip_dst(), *group)?;
                self.seen.ip_dst_prefix(decided);
                inside
            }
            Subject::TpSrc(range) => seen.tp_src().is_some_and(|port| range.contains(&port)),
            Subject::TpDst(range) => seen.tp_dst().is_some_and(|port| range.contains(&port)),
            Subject::IcmpDataSrc(prefix) => self.quoted().is_some_and(|(src, _)| prefix.contains(src)),
            Subject::IcmpDataDst(prefix) => self.quoted().is_some_and(|(_, dst)| prefix.contains(dst)),
        })
    }

    fn in_group(&mut self, addr: Option<IpAddr>, group: IpAddrGroupId) -> Result<(bool, u8), Halt> {
        self.tag(Tag::IpAddrGroup(group));
        let Some(set) = self.topology.address_group(group) else {
            return Err(Halt::Need(Need::Document(DocumentKey::IpAddrGroup(group))));
        };
        Ok(addr.map_or((false, 0), |addr| set.contains(addr)))
    }

    /// Addresses of the packet that an ICMP error quotes. They are not in the flow key: the verdict holds for this
    /// packet only.
    fn quoted(&mut self) -> Option<(IpAddr, IpAddr)> {
        let is_icmp = self.seen.is_ip() && matches!(self.seen.proto(), ip_proto::ICMP | ip_proto::ICMPV6);
        let v6 = self.seen.key.is_ipv6();
        let kind = self.seen.tp_src().filter(|_| is_icmp)?;
        let is_error = if v6 { kind < 128 } else { matches!(kind, 3 | 4 | 5 | 11 | 12) };
        if !is_error {
            return None;
        }
        self.per_packet = true;
        let quoted = self.packet.icmp_quoted()?;
        let addr = |bytes: [u8; 16]| {
            if v6 { IpAddr::V6(bytes.into()) } else { IpAddr::V4(packet::v4_addr(&bytes)) }
        };
        Some((addr(quoted.src), addr(quoted.dst)))
    }
}

fn is_member(port: Option<&Port>, group: PortGroupId) -> bool {
    port.is_some_and(|port| port.groups.contains(&group))
}

fn uuid_of(device: DeviceId) -> uuid::Uuid {
    match device {
        DeviceId::Bridge(id) => id.0,
        DeviceId::Router(id) => id.0,
    }
}

fn matches_mac(mac: MacAddr, wanted: &MaskedMac) -> bool {
    let bits = mac.0.iter().zip(wanted.addr.0).zip(wanted.mask.0);
    bits.into_iter().all(|((have, want), mask)| (have ^ want) & mask == 0)
}

/// Whether an address is in a prefix, and how many of its leading bits decided that.
#[inline]
pub(super) fn in_prefix(addr: Option<IpAddr>, prefix: IpNetwork) -> (bool, u8) {
    let (common, len) = match (addr, prefix) {
        (Some(IpAddr::V4(addr)), IpNetwork::V4(prefix)) => {
            ((addr.to_bits() ^ prefix.ip().to_bits()).leading_zeros() as u8, prefix.prefix())
        }
        (Some(IpAddr::V6(addr)), IpNetwork::V6(prefix)) => {
            ((addr.to_bits() ^ prefix.ip().to_bits()).leading_zeros() as u8, prefix.prefix())
        }
        // The EtherType, which every flow matches, decided it.
        _ => return (false, 0),
    };
    if common >= len { (true, len) } else { (false, common + 1) }
}

/// Name of the field in the API.
fn field_name(subject: &Subject) -> &'static str {
    match subject {
        Subject::InPort(_) => "inPorts",
        Subject::OutPort(_) => "outPorts",
        Subject::IngressGroup(_) => "portGroup",
        Subject::InPortGroup(_) => "inPortGroup",
        Subject::OutPortGroup(_) => "outPortGroup",
        Subject::TraversedDevice(_) => "traversedDevice",
        Subject::NwDstRewritten => "matchNwDstRewritten",
        Subject::ForwardFlow => "matchForwardFlow",
        Subject::ReturnFlow => "matchReturnFlow",
        Subject::DlType(_) => "dlType",
        Subject::Untagged => "noVlan",
        Subject::Vlan(_) => "vlan",
        Subject::NwProto(_) => "nwProto",
        Subject::NwDst(_) => "nwDstAddress",
        Subject::NwSrc(_) => "nwSrcAddress",
        Subject::DstGroup(_) => "ipAddrGroupDst",
        Subject::SrcGroup(_) => "ipAddrGroupSrc",
        Subject::TpDst(_) => "tpDst",
        Subject::TpSrc(_) => "tpSrc",
        Subject::NwTos(_) => "nwTos",
        Subject::DlSrc(_) => "dlSrc",
        Subject::DlDst(_) => "dlDst",
        Subject::IcmpDataSrc(_) => "icmpDataSrcIp",
        Subject::IcmpDataDst(_) => "icmpDataDstIp",
    }
}
