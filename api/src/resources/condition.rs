//! The condition of a rule, mirror or trace request on the wire: a property for each field, with an `inv…` flag that negates it.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnetwork::IpNetwork;
use model::{Condition, FragmentPolicy, MaskedMac, Match};
use packet::MacAddr;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::address_text;
use crate::fields::Fields;
use crate::openapi::choices;

/// Fragment policies, as `fragmentPolicy` names them.
const FRAGMENT_POLICIES: &[(&str, FragmentPolicy)] = &[
    ("any", FragmentPolicy::Any),
    ("header", FragmentPolicy::Header),
    ("nonheader", FragmentPolicy::NonHeader),
    ("unfragmented", FragmentPolicy::Unfragmented),
];

fn policies() -> Schema {
    let about = "Which fragments are met: `header` those that hold the transport header, `nonheader` the others. Left out, \
                 it is `header` where ports are matched, else `any`; but `unfragmented`, which then is a must, for dnat \
                 and snat that match ports, or have several targets or ports.";
    choices(about, FRAGMENT_POLICIES)
}

/// Every part that is given must be met; the `inv…` flag beside it negates that part. What is left out or null meets anything.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct View {
    /// Destination address, with its length a prefix.
    nw_dst_address: Option<String>,
    /// Length of the prefix in bits; without it, the whole address.
    #[schema(default = 32, maximum = 128)]
    nw_dst_length: u8,
    /// Source address, with its length a prefix.
    nw_src_address: Option<String>,
    /// Length of the prefix in bits; without it, the whole address.
    #[schema(default = 32, maximum = 128)]
    nw_src_length: u8,
    /// Negates the condition as a whole.
    #[schema(default = false)]
    cond_invert: bool,
    /// The packet is of a connection in the direction that began it.
    #[schema(default = false)]
    match_forward_flow: bool,
    /// The packet is of a connection in the other direction.
    #[schema(default = false)]
    match_return_flow: bool,
    /// The packet entered the device by one of these.
    in_ports: Vec<Uuid>,
    #[schema(default = false)]
    inv_in_ports: bool,
    /// The packet leaves the device by one of these.
    out_ports: Vec<Uuid>,
    #[schema(default = false)]
    inv_out_ports: bool,
    /// The packet entered the network by a port of this group.
    port_group: Option<Uuid>,
    #[schema(default = false)]
    inv_port_group: bool,
    /// The packet entered the device by a port of this group.
    in_port_group: Option<Uuid>,
    #[schema(default = false)]
    inv_in_port_group: bool,
    /// The packet leaves the device by a port of this group.
    out_port_group: Option<Uuid>,
    #[schema(default = false)]
    inv_out_port_group: bool,
    /// The source address is in this group.
    ip_addr_group_src: Option<Uuid>,
    #[schema(default = false)]
    inv_ip_addr_group_src: bool,
    /// The destination address is in this group.
    ip_addr_group_dst: Option<Uuid>,
    #[schema(default = false)]
    inv_ip_addr_group_dst: bool,
    /// The packet came through this bridge or router.
    traversed_device: Option<Uuid>,
    #[schema(default = false)]
    inv_traversed_device: bool,
    /// The frame has no VLAN tag.
    #[schema(default = false)]
    no_vlan: bool,
    /// The frame has this VLAN tag.
    #[schema(maximum = 4095)]
    vlan: Option<u16>,
    /// EtherType.
    dl_type: Option<u16>,
    #[schema(default = false)]
    inv_dl_type: bool,
    /// Source Ethernet address.
    dl_src: Option<String>,
    /// Bits of it that count, as in `ffff.ff00.0000` or like an address; all without it.
    dl_src_mask: Option<String>,
    #[schema(default = false)]
    inv_dl_src: bool,
    /// Destination Ethernet address.
    dl_dst: Option<String>,
    /// Bits of it that count; all without it.
    dl_dst_mask: Option<String>,
    #[schema(default = false)]
    inv_dl_dst: bool,
    /// The whole TOS byte.
    nw_tos: Option<u8>,
    #[schema(default = false)]
    inv_nw_tos: bool,
    /// IP protocol number.
    nw_proto: Option<u8>,
    #[schema(default = false)]
    inv_nw_proto: bool,
    #[schema(default = false)]
    inv_nw_src: bool,
    #[schema(default = false)]
    inv_nw_dst: bool,
    /// The destination address was changed in this router.
    #[schema(default = false)]
    match_nw_dst_rewritten: bool,
    #[schema(schema_with = policies)]
    fragment_policy: &'static str,
    /// Source ports, or ICMP types.
    tp_src: Option<Range>,
    /// Destination ports, or ICMP codes.
    tp_dst: Option<Range>,
    #[schema(default = false)]
    inv_tp_src: bool,
    #[schema(default = false)]
    inv_tp_dst: bool,
    /// Source address of the packet that an ICMP error quotes.
    icmp_data_src_ip_address: Option<String>,
    /// Length of the prefix in bits.
    #[schema(default = 32, maximum = 128)]
    icmp_data_src_ip_length: u8,
    #[schema(default = false)]
    inv_icmp_data_src_ip: bool,
    /// Destination address of the packet that an ICMP error quotes.
    icmp_data_dst_ip_address: Option<String>,
    /// Length of the prefix in bits.
    #[schema(default = 32, maximum = 128)]
    icmp_data_dst_ip_length: u8,
    #[schema(default = false)]
    inv_icmp_data_dst_ip: bool,
}

/// A condition that stands by itself, not in a rule.
#[derive(Serialize, ToSchema)]
#[schema(as = Condition)]
pub(super) struct Alone {
    #[serde(flatten)]
    #[schema(inline)]
    condition: View,
    /// Always null: a condition has no address.
    #[schema(read_only)]
    uri: Option<String>,
}

pub(super) fn alone(condition: &Condition) -> Alone {
    Alone { condition: view(condition), uri: None }
}

/// Numbers from `start` to `end`, both included.
#[derive(Serialize, ToSchema)]
#[schema(as = PortRange)]
struct Range {
    /// At least 0.
    start: u16,
    /// At least `start`.
    end: u16,
}

pub(super) fn view(c: &Condition) -> View {
    View {
        nw_dst_address: value(&c.nw_dst).map(|n| address_text(n.ip())),
        nw_dst_length: value(&c.nw_dst).map_or(0, IpNetwork::prefix),
        nw_src_address: value(&c.nw_src).map(|n| address_text(n.ip())),
        nw_src_length: value(&c.nw_src).map_or(0, IpNetwork::prefix),
        cond_invert: c.conjunction_inv,
        match_forward_flow: c.match_forward_flow,
        match_return_flow: c.match_return_flow,
        in_ports: value(&c.in_ports).into_iter().flatten().map(|id| id.0).collect(),
        inv_in_ports: negated(&c.in_ports),
        out_ports: value(&c.out_ports).into_iter().flatten().map(|id| id.0).collect(),
        inv_out_ports: negated(&c.out_ports),
        port_group: value(&c.port_group).map(|id| id.0),
        inv_port_group: negated(&c.port_group),
        in_port_group: value(&c.in_port_group).map(|id| id.0),
        inv_in_port_group: negated(&c.in_port_group),
        out_port_group: value(&c.out_port_group).map(|id| id.0),
        inv_out_port_group: negated(&c.out_port_group),
        ip_addr_group_src: value(&c.ip_addr_group_src).map(|id| id.0),
        inv_ip_addr_group_src: negated(&c.ip_addr_group_src),
        ip_addr_group_dst: value(&c.ip_addr_group_dst).map(|id| id.0),
        inv_ip_addr_group_dst: negated(&c.ip_addr_group_dst),
        traversed_device: value(&c.traversed_device).copied(),
        inv_traversed_device: negated(&c.traversed_device),
        no_vlan: c.no_vlan,
        vlan: c.vlan,
        dl_type: value(&c.dl_type).copied(),
        inv_dl_type: negated(&c.dl_type),
        dl_src: value(&c.dl_src).map(|m| m.addr.to_string()),
        dl_src_mask: value(&c.dl_src).and_then(mask_text),
        inv_dl_src: negated(&c.dl_src),
        dl_dst: value(&c.dl_dst).map(|m| m.addr.to_string()),
        dl_dst_mask: value(&c.dl_dst).and_then(mask_text),
        inv_dl_dst: negated(&c.dl_dst),
        nw_tos: value(&c.nw_tos).copied(),
        inv_nw_tos: negated(&c.nw_tos),
        nw_proto: value(&c.nw_proto).copied(),
        inv_nw_proto: negated(&c.nw_proto),
        inv_nw_src: negated(&c.nw_src),
        inv_nw_dst: negated(&c.nw_dst),
        match_nw_dst_rewritten: c.match_nw_dst_rewritten,
        fragment_policy: FRAGMENT_POLICIES
            .iter()
            .find(|(_, policy)| *policy == c.fragment_policy)
            .map_or("any", |(name, _)| name),
        tp_src: value(&c.tp_src).map(range),
        tp_dst: value(&c.tp_dst).map(range),
        inv_tp_src: negated(&c.tp_src),
        inv_tp_dst: negated(&c.tp_dst),
        icmp_data_src_ip_address: value(&c.icmp_data_src).map(|n| address_text(n.ip())),
        icmp_data_src_ip_length: value(&c.icmp_data_src).map_or(0, IpNetwork::prefix),
        inv_icmp_data_src_ip: negated(&c.icmp_data_src),
        icmp_data_dst_ip_address: value(&c.icmp_data_dst).map(|n| address_text(n.ip())),
        icmp_data_dst_ip_length: value(&c.icmp_data_dst).map_or(0, IpNetwork::prefix),
        inv_icmp_data_dst_ip: negated(&c.icmp_data_dst),
    }
}

fn value<T>(part: &Option<Match<T>>) -> Option<&T> {
    part.as_ref().map(|m| &m.value)
}

fn negated<T>(part: &Option<Match<T>>) -> bool {
    part.as_ref().is_some_and(|m| m.negated)
}

fn range(range: &RangeInclusive<u16>) -> Range {
    Range { start: *range.start(), end: *range.end() }
}

/// A mask in three groups of four digits; none where the whole address counts.
fn mask_text(mac: &MaskedMac) -> Option<String> {
    let [a, b, c, d, e, f] = mac.mask.0;
    (mac.mask != MacAddr::BROADCAST).then(|| format!("{a:02x}{b:02x}.{c:02x}{d:02x}.{e:02x}{f:02x}"))
}

pub(super) fn read(fields: &mut Fields) -> Condition {
    let mut condition = Condition {
        conjunction_inv: fields.flag("condInvert").unwrap_or(false),
        match_forward_flow: fields.flag("matchForwardFlow").unwrap_or(false),
        match_return_flow: fields.flag("matchReturnFlow").unwrap_or(false),
        in_ports: list(fields, "inPorts", "invInPorts"),
        out_ports: list(fields, "outPorts", "invOutPorts"),
        port_group: id(fields, "portGroup", "invPortGroup"),
        in_port_group: id(fields, "inPortGroup", "invInPortGroup"),
        out_port_group: id(fields, "outPortGroup", "invOutPortGroup"),
        ip_addr_group_src: id(fields, "ipAddrGroupSrc", "invIpAddrGroupSrc"),
        ip_addr_group_dst: id(fields, "ipAddrGroupDst", "invIpAddrGroupDst"),
        dl_type: number(fields, "dlType", "invDlType", 0..=0xffff),
        dl_src: mac(fields, "dlSrc", "dlSrcMask", "invDlSrc"),
        dl_dst: mac(fields, "dlDst", "dlDstMask", "invDlDst"),
        nw_tos: number(fields, "nwTos", "invNwTos", 0..=255),
        nw_proto: number(fields, "nwProto", "invNwProto", 0..=255),
        nw_src: prefix(fields, "nwSrcAddress", "nwSrcLength", "invNwSrc"),
        nw_dst: prefix(fields, "nwDstAddress", "nwDstLength", "invNwDst"),
        tp_src: ports(fields, "tpSrc", "invTpSrc"),
        tp_dst: ports(fields, "tpDst", "invTpDst"),
        traversed_device: id(fields, "traversedDevice", "invTraversedDevice"),
        fragment_policy: FragmentPolicy::Any,
        no_vlan: fields.flag("noVlan").unwrap_or(false),
        vlan: fields.number("vlan", 0..=4095),
        icmp_data_src: prefix(fields, "icmpDataSrcIpAddress", "icmpDataSrcIpLength", "invIcmpDataSrcIp"),
        icmp_data_dst: prefix(fields, "icmpDataDstIpAddress", "icmpDataDstIpLength", "invIcmpDataDstIp"),
        match_nw_dst_rewritten: fields.flag("matchNwDstRewritten").unwrap_or(false),
    };
    condition.fragment_policy = fields
        .choice("fragmentPolicy", FRAGMENT_POLICIES)
        .unwrap_or_else(|| condition.default_fragment_policy());
    condition
}

/// A field's value with its flag. The flag means nothing without a value.
fn matching<T>(fields: &mut Fields, value: Option<T>, flag: &str) -> Option<Match<T>> {
    let negated = fields.flag(flag).unwrap_or(false);
    value.map(|value| Match { value, negated })
}

fn id<T: From<Uuid>>(fields: &mut Fields, property: &str, flag: &str) -> Option<Match<T>> {
    let value = fields.id(property);
    matching(fields, value, flag)
}

fn list<T: FromStr>(fields: &mut Fields, property: &str, flag: &str) -> Option<Match<Vec<T>>> {
    let values = fields.list(property, "a UUID");
    matching(fields, Some(values).filter(|values| !values.is_empty()), flag)
}

fn number<T: TryFrom<i64>>(
    fields: &mut Fields,
    property: &str,
    flag: &str,
    range: RangeInclusive<i64>,
) -> Option<Match<T>> {
    let value = fields.number(property, range);
    matching(fields, value, flag)
}

fn ports(fields: &mut Fields, property: &str, flag: &str) -> Option<Match<RangeInclusive<u16>>> {
    let value = fields.range(property, 0..=0xffff);
    matching(fields, value, flag)
}

fn mac(fields: &mut Fields, address: &str, mask: &str, flag: &str) -> Option<Match<MaskedMac>> {
    let addr = fields.parsed::<MacAddr>(address, "an Ethernet address");
    let bits = fields.parsed::<Mask>(mask, "a mask, as in ffff.ff00.0000 or ff:ff:ff:00:00:00");
    let mask = bits.map_or(MacAddr::BROADCAST, |Mask(bits)| bits);
    matching(fields, addr.map(|addr| MaskedMac { addr, mask }), flag)
}

/// A prefix given as address and length; without a length it is the address alone.
fn prefix(fields: &mut Fields, address: &str, length: &str, flag: &str) -> Option<Match<IpNetwork>> {
    let ip = fields.parsed::<IpAddr>(address, "an IP address");
    let bits = fields.number::<u8>(length, 0..=128);
    let network = ip.map(|ip| {
        let whole = IpNetwork::from(ip);
        IpNetwork::new(ip, bits.unwrap_or(whole.prefix())).unwrap_or_else(|_| {
            fields.violation(length, format!("must be between 0 and {}", whole.prefix()));
            whole
        })
    });
    matching(fields, network, flag)
}

/// A mask of an Ethernet address, in groups of four digits or like an address.
struct Mask(MacAddr);

impl FromStr for Mask {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(mac) = text.parse() {
            return Ok(Self(mac));
        }
        let mut octets = [0; 6];
        let mut groups = text.split('.');
        for pair in octets.chunks_mut(2) {
            let group = groups.next().filter(|g| matches!(g.len(), 1..=4)).ok_or(())?;
            pair.copy_from_slice(&u16::from_str_radix(group, 16).map_err(drop)?.to_be_bytes());
        }
        if groups.next().is_some() { Err(()) } else { Ok(Self(MacAddr(octets))) }
    }
}
