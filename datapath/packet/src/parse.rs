//! The one pass from a frame to its flow key, field for field what the kernel's `key_extract` makes of it
//! (net/openvswitch/flow.c, Linux 6.12): malformed layers leave zeros, and lengths are those of the frame, not those
//! that IP headers claim.

use crate::header::{
    ArpPacket, Extensions, IcmpHeader, Icmpv6Header, Ipv4Header, Ipv6Header, Link, NeighbourMessage,
    SctpHeader, TcpHeader, UdpHeader, VlanTag,
};
use crate::view::Layers;
use crate::{FlowKey, VLAN_PRESENT, ethertype, frag, ip_proto};

/// Fills `key` from the frame; `None` if it is shorter than an Ethernet header.
#[inline]
pub(crate) fn extract(frame: &[u8], key: &mut FlowKey) -> Option<Layers> {
    let link = Link::parse(frame)?;
    key.eth_src = link.header.src;
    key.eth_dst = link.header.dst;
    (key.vlan_tpid, key.vlan_tci) = tag_fields(link.tags[0]);
    (key.inner_vlan_tpid, key.inner_vlan_tci) = tag_fields(link.tags[1]);
    key.eth_type = link.ether_type;

    let mut layers = Layers { l3: link.l3, end: frame.len(), l4: None, payload: None };
    let l3 = frame.get(link.l3..)?;
    match link.ether_type {
        ethertype::IPV4 => extract_ipv4(l3, key, &mut layers),
        ethertype::IPV6 => extract_ipv6(l3, key, &mut layers),
        ethertype::ARP | ethertype::RARP => extract_arp(l3, key),
        _ => {}
    }
    Some(layers)
}

fn tag_fields(tag: Option<&VlanTag>) -> (u16, u16) {
    tag.map_or((0, 0), |tag| (tag.tpid.get(), tag.tci.get() | VLAN_PRESENT))
}

fn extract_arp(l3: &[u8], key: &mut FlowKey) {
    let Some(arp) = ArpPacket::parse(l3) else { return };
    key.ip_proto = u8::try_from(arp.operation.get()).unwrap_or(0);
    key.ip_src[12..].copy_from_slice(&arp.spa);
    key.ip_dst[12..].copy_from_slice(&arp.tpa);
    key.arp_sha = arp.sha;
    key.arp_tha = arp.tha;
}

fn extract_ipv4(l3: &[u8], key: &mut FlowKey, layers: &mut Layers) {
    let Some((header, _)) = Ipv4Header::parse(l3) else { return };
    key.ip_src[12..].copy_from_slice(&header.src);
    key.ip_dst[12..].copy_from_slice(&header.dst);
    key.ip_proto = header.protocol;
    key.ip_tos = header.tos;
    key.ip_ttl = header.ttl;
    key.ip_frag = header.fragment();
    let total_len = usize::from(header.total_len.get()).max(header.header_len());
    layers.end = layers.end.min(layers.l3 + total_len);
    if key.ip_frag != frag::LATER {
        let l4 = l3.get(header.header_len()..).unwrap_or_default();
        extract_l4(l4, layers.l3 + header.header_len(), key, layers);
    }
}

fn extract_ipv6(l3: &[u8], key: &mut FlowKey, layers: &mut Layers) {
    let Some((header, rest)) = Ipv6Header::parse(l3) else { return };
    key.ip_src = header.src;
    key.ip_dst = header.dst;
    key.ip_tos = header.traffic_class();
    key.ip_ttl = header.hop_limit;
    key.ipv6_label = header.flow_label();
    layers.end = layers.end.min(layers.l3 + Ipv6Header::LEN + usize::from(header.payload_len.get()));
    let extensions = Extensions::walk(header.next_header, rest);
    key.ip_proto = extensions.protocol;
    key.ip_frag = extensions.fragment;
    if let Some(len) = extensions.len {
        let l4 = rest.get(len..).unwrap_or_default();
        extract_l4(l4, layers.l3 + Ipv6Header::LEN + len, key, layers);
    }
}

/// The transport header in `l4`, which begins at offset `at` of the frame.
#[inline]
fn extract_l4(l4: &[u8], at: usize, key: &mut FlowKey, layers: &mut Layers) {
    let header_len = match (key.ip_proto, key.eth_type) {
        (ip_proto::TCP, _) => TcpHeader::parse(l4).map(|(tcp, _)| {
            (key.tp_src, key.tp_dst) = (tcp.src.get(), tcp.dst.get());
            key.tcp_flags = tcp.flags();
            tcp.header_len()
        }),
        (ip_proto::UDP, _) => UdpHeader::parse(l4).map(|(udp, _)| {
            (key.tp_src, key.tp_dst) = (udp.src.get(), udp.dst.get());
            UdpHeader::LEN
        }),
        (ip_proto::SCTP, _) => SctpHeader::parse(l4).map(|(sctp, _)| {
            (key.tp_src, key.tp_dst) = (sctp.src.get(), sctp.dst.get());
            SctpHeader::LEN
        }),
        (ip_proto::ICMP, ethertype::IPV4) => IcmpHeader::parse(l4).map(|(icmp, _)| {
            (key.tp_src, key.tp_dst) = (icmp.kind.into(), icmp.code.into());
            IcmpHeader::LEN
        }),
        (ip_proto::ICMPV6, ethertype::IPV6) => Icmpv6Header::parse(l4).map(|(icmpv6, body)| {
            (key.tp_src, key.tp_dst) = (icmpv6.kind.into(), icmpv6.code.into());
            if icmpv6.is_neighbour() {
                extract_neighbour(body, key);
            }
            Icmpv6Header::LEN
        }),
        _ => None,
    };
    layers.l4 = Some(at);
    layers.payload = header_len.map(|len| at + len);
}

fn extract_neighbour(body: &[u8], key: &mut FlowKey) {
    let message = NeighbourMessage::parse(body);
    key.nd_target = message.target;
    key.arp_sha = message.source_mac;
    key.arp_tha = message.target_mac;
}
