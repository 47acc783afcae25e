//! A frame for a key: the packet that someone describes field by field.

use std::net::Ipv6Addr;

use zerocopy::IntoBytes;

use super::{Ipv4Packet, Ipv6Packet, TcpSegment, ethernet};
use crate::header::{
    ArpPacket, IcmpHeader, Icmpv6Header, Ipv4Header, Ipv6Fragment, SctpHeader, VlanTag, icmpv6_type,
    nd_option, next_header,
};
use crate::{FlowKey, MacAddr, VLAN_PRESENT, ethertype, frag, ip_proto, v4_addr};

/// A frame that parses to `key`, with `payload` behind the last header that the key knows.
///
/// Fields that the key does not have get plain values. A key that no frame has (a port in an ARP packet, say) gives
/// the frame that comes nearest.
pub fn frame_of(key: &FlowKey, payload: &[u8]) -> Vec<u8> {
    let mut frame = match key.eth_type {
        ethertype::IPV4 => ipv4_frame(key, payload),
        ethertype::IPV6 => ipv6_frame(key, payload),
        ethertype::ARP | ethertype::RARP => arp_frame(key),
        ethertype::LLC => {
            let len = u16::try_from(payload.len() + 3).unwrap_or(0).min(0x5ff);
            ethernet(key.eth_src, key.eth_dst, len, &[&[0x42, 0x42, 3], payload])
        }
        other => ethernet(key.eth_src, key.eth_dst, other, &[payload]),
    };
    for (tpid, tci) in [(key.inner_vlan_tpid, key.inner_vlan_tci), (key.vlan_tpid, key.vlan_tci)] {
        if tci & VLAN_PRESENT != 0 {
            let tag = VlanTag { tpid: tpid.into(), tci: (tci & !VLAN_PRESENT).into() };
            frame.splice(12..12, tag.as_bytes().iter().copied());
        }
    }
    frame
}

fn arp_frame(key: &FlowKey) -> Vec<u8> {
    let sender = (key.arp_sha, v4_addr(&key.ip_src).octets());
    let target = (key.arp_tha, v4_addr(&key.ip_dst).octets());
    let arp = ArpPacket::new(key.ip_proto.into(), sender, target);
    ethernet(key.eth_src, key.eth_dst, key.eth_type, &[arp.as_bytes()])
}

fn segment(key: &FlowKey) -> TcpSegment {
    TcpSegment { src: key.tp_src, dst: key.tp_dst, flags: key.tcp_flags, ..TcpSegment::default() }
}

fn sctp_header(key: &FlowKey) -> SctpHeader {
    SctpHeader { src: key.tp_src.into(), dst: key.tp_dst.into(), verification: 0.into(), checksum: 0.into() }
}

fn ipv4_frame(key: &FlowKey, payload: &[u8]) -> Vec<u8> {
    let flags_offset = match key.ip_frag {
        frag::FIRST => Ipv4Header::MF,
        frag::LATER => 1,
        _ => 0,
    };
    let packet = Ipv4Packet {
        tos: key.ip_tos,
        ttl: key.ip_ttl,
        flags_offset,
        ..Ipv4Packet::new(key.eth_src, key.eth_dst, v4_addr(&key.ip_src), v4_addr(&key.ip_dst))
    };
    match key.ip_proto {
        proto if key.ip_frag == frag::LATER => packet.carry(proto, &[payload]),
        ip_proto::UDP => packet.udp(key.tp_src, key.tp_dst, payload),
        ip_proto::TCP => packet.tcp(&segment(key), payload),
        ip_proto::SCTP => packet.carry(ip_proto::SCTP, &[sctp_header(key).as_bytes(), payload]),
        ip_proto::ICMP => {
            let (kind, code) = (key.tp_src as u8, key.tp_dst as u8);
            let header = IcmpHeader { kind, code, checksum: 0.into(), id: 1.into(), sequence: 1.into() };
            packet.icmp(header, payload)
        }
        proto => packet.carry(proto, &[payload]),
    }
}

fn ipv6_frame(key: &FlowKey, payload: &[u8]) -> Vec<u8> {
    let packet = Ipv6Packet {
        traffic_class: key.ip_tos,
        flow_label: key.ipv6_label,
        hop_limit: key.ip_ttl,
        ..Ipv6Packet::new(key.eth_src, key.eth_dst, Ipv6Addr::from(key.ip_src), Ipv6Addr::from(key.ip_dst))
    };
    if key.ip_frag == frag::LATER {
        // The key of a later fragment does not say what it is a fragment of.
        let extension = fragment_header(next_header::NONE, 8);
        return packet.carry(next_header::FRAGMENT, &[extension.as_bytes(), payload]);
    }
    let frame = match key.ip_proto {
        ip_proto::UDP => packet.udp(key.tp_src, key.tp_dst, payload),
        ip_proto::TCP => packet.tcp(&segment(key), payload),
        ip_proto::SCTP => packet.carry(ip_proto::SCTP, &[sctp_header(key).as_bytes(), payload]),
        ip_proto::ICMPV6 => icmpv6_frame(&packet, key, payload),
        proto => packet.carry(proto, &[payload]),
    };
    if key.ip_frag != frag::FIRST {
        return frame;
    }
    let extension = fragment_header(key.ip_proto, 1);
    let transport = frame.get(14 + 40..).unwrap_or_default();
    packet.carry(next_header::FRAGMENT, &[extension.as_bytes(), transport])
}

fn fragment_header(next_header: u8, offset_more: u16) -> Ipv6Fragment {
    Ipv6Fragment { next_header, reserved: 0, offset_more: offset_more.into(), id: 1.into() }
}

fn icmpv6_frame(packet: &Ipv6Packet, key: &FlowKey, payload: &[u8]) -> Vec<u8> {
    let (kind, code) = (key.tp_src as u8, key.tp_dst as u8);
    let header = Icmpv6Header { kind, code, checksum: 0.into(), body: [0, 1, 0, 1] };
    let neighbour = [icmpv6_type::NEIGHBOUR_SOLICITATION, icmpv6_type::NEIGHBOUR_ADVERTISEMENT];
    if code != 0 || !neighbour.contains(&kind) {
        return packet.icmpv6(header, payload);
    }
    let mut body = key.nd_target.to_vec();
    for (option, address) in [(nd_option::SOURCE, key.arp_sha), (nd_option::TARGET, key.arp_tha)] {
        if address != MacAddr::ZERO {
            body.extend_from_slice(&[option, 1]);
            body.extend_from_slice(address.as_bytes());
        }
    }
    packet.icmpv6(Icmpv6Header { body: [0; 4], ..header }, &body)
}
