//! Conditions: which packets a rule, a mirror or a trace is for. All that is given must hold; what is not given holds for
//! any packet.

use super::{Attribute, Codec, MAC, Shown, TRUE_FALSE, YES_NO, write};

const GROUP_REF: Codec = Codec::Reference("portGroups");
const ADDRESS_GROUP_REF: Codec = Codec::Reference("ipAddrGroups");
const PORT_REFS: Codec = Codec::References("ports");
const MASK: Codec = Codec::Text("HHHH.HHHH.HHHH");
const LENGTH: usize = 27;

/// As they stand in a rule, whose single line shows hardly any of them.
pub(super) const CONDITION: [Attribute; LENGTH] = [
    write("inverted", "condInvert", YES_NO, "yes: packets for which all of this does not hold").listed(),
    write("hw-src", "dlSrc", MAC, "source MAC address").negated_by("invDlSrc").listed(),
    write("hw-src-mask", "dlSrcMask", MASK, "the bits of it that count").listed(),
    write("hw-dst", "dlDst", MAC, "destination MAC address").negated_by("invDlDst").listed(),
    write("hw-dst-mask", "dlDstMask", MASK, "the bits of it that count").listed(),
    write("ethertype", "dlType", Codec::Number, "EtherType: 2048 IPv4, 2054 ARP, 0x86dd IPv6")
        .negated_by("invDlType")
        .listed(),
    write("src", "nwSrcAddress", Codec::Prefix("nwSrcLength"), "source addresses")
        .negated_by("invNwSrc")
        .listed(),
    write("dst", "nwDstAddress", Codec::Prefix("nwDstLength"), "destination addresses")
        .negated_by("invNwDst")
        .listed(),
    write("proto", "nwProto", Codec::Number, "IP protocol: 1 ICMP, 6 TCP, 17 UDP")
        .negated_by("invNwProto")
        .listed(),
    write("tos", "nwTos", Codec::Number, "IP type of service").negated_by("invNwTos").listed(),
    write("src-port", "tpSrc", Codec::Range, "source ports, or ICMP type").negated_by("invTpSrc").listed(),
    write("dst-port", "tpDst", Codec::Range, "destination ports, or ICMP code")
        .negated_by("invTpDst")
        .listed(),
    write("flow", "matchForwardFlow", Codec::Flow, "first packets of connections, or answers to them")
        .listed(),
    write("port-group", "portGroup", GROUP_REF, "ports by which packets came in, by group")
        .negated_by("invPortGroup")
        .listed(),
    write("in-port-group", "inPortGroup", GROUP_REF, "ports by which packets entered this device, by group")
        .negated_by("invInPortGroup")
        .listed(),
    write("out-port-group", "outPortGroup", GROUP_REF, "ports by which packets leave this device, by group")
        .negated_by("invOutPortGroup")
        .listed(),
    write("ip-address-group-src", "ipAddrGroupSrc", ADDRESS_GROUP_REF, "source addresses, by group")
        .negated_by("invIpAddrGroupSrc")
        .listed(),
    write("ip-address-group-dst", "ipAddrGroupDst", ADDRESS_GROUP_REF, "destination addresses, by group")
        .negated_by("invIpAddrGroupDst")
        .listed(),
    write("in-ports", "inPorts", PORT_REFS, "ports by which packets entered this device")
        .negated_by("invInPorts")
        .listed(),
    write("out-ports", "outPorts", PORT_REFS, "ports by which packets leave this device")
        .negated_by("invOutPorts")
        .listed(),
    write(
        "traversed-device",
        "traversedDevice",
        Codec::Text("ID"),
        "a device that packets have come through",
    )
    .negated_by("invTraversedDevice")
    .listed(),
    write("fragment-policy", "fragmentPolicy", FRAGMENTS, "which fragments of packets").listed(),
    write("no-vlan", "noVlan", TRUE_FALSE, "true: only frames without a VLAN tag"),
    write("vlan", "vlan", Codec::Number, "the VLAN of frames").listed(),
    write(
        "icmp-data-src",
        "icmpDataSrcIpAddress",
        Codec::Prefix("icmpDataSrcIpLength"),
        "sources of packets that ICMP errors quote",
    )
    .negated_by("invIcmpDataSrcIp")
    .listed(),
    write(
        "icmp-data-dst",
        "icmpDataDstIpAddress",
        Codec::Prefix("icmpDataDstIpLength"),
        "destinations of packets that ICMP errors quote",
    )
    .negated_by("invIcmpDataDstIp")
    .listed(),
    write(
        "match-nw-dst-rewritten",
        "matchNwDstRewritten",
        TRUE_FALSE,
        "true: only packets whose destination was translated",
    )
    .listed(),
];

const FRAGMENTS: Codec = Codec::Words(&[
    ("any", "any"),
    ("header", "header"),
    ("nonheader", "nonheader"),
    ("unfragmented", "unfragmented"),
]);

/// As they stand in a mirror.
pub(super) const MATCH: [Attribute; LENGTH] = shown(CONDITION, None);
/// As they stand in a trace: in an object of their own.
pub(super) const TRACED: [Attribute; LENGTH] = shown(CONDITION, Some("condition"));

/// The same, shown everywhere.
const fn shown(mut attributes: [Attribute; LENGTH], within: Option<&'static str>) -> [Attribute; LENGTH] {
    let mut at = 0;
    while at < LENGTH {
        attributes[at].shown = Shown::Always;
        attributes[at].within = within;
        at += 1;
    }
    attributes
}
