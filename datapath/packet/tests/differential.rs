//! Our parser against etherparse: wherever it understands a frame, we must have understood the same.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{damaged_frame, frame, key_of};
use etherparse::{LinkExtSlice, LinkSlice, NetSlice, PacketBuilder, SlicedPacket, TransportSlice};
use packet::{FlowKey, MacAddr, VLAN_PRESENT, ethertype, frag, v4_bytes};
use proptest::prelude::*;

/// Compares what both know of the frame; false if etherparse refuses it.
fn agree(frame: &[u8]) -> bool {
    let Ok(theirs) = SlicedPacket::from_ethernet(frame) else { return false };
    let ours = key_of(frame);
    let Some(LinkSlice::Ethernet2(link)) = &theirs.link else { panic!("no link layer") };
    assert_eq!((ours.eth_src, ours.eth_dst), (MacAddr(link.source()), MacAddr(link.destination())));
    if compare_tags(&ours, &theirs) && ours.eth_type != ethertype::LLC {
        compare_network(&ours, &theirs);
    }
    true
}

/// False if the tags are of kinds that we pass over: a third tag, 802.1ah, MACsec.
fn compare_tags(ours: &FlowKey, theirs: &SlicedPacket<'_>) -> bool {
    let tags = [(ours.vlan_tpid, ours.vlan_tci), (ours.inner_vlan_tpid, ours.inner_vlan_tci)];
    let ours_count = tags.iter().filter(|(_, tci)| tci & VLAN_PRESENT != 0).count();
    if ours_count != theirs.link_exts.len() || matches!(ours.eth_type, ethertype::VLAN | ethertype::QINQ) {
        let foreign = matches!(ours.eth_type, ethertype::VLAN | ethertype::QINQ | 0x9100 | 0x88e5);
        assert!(foreign || ours.eth_type < 0x600 || from_snap(theirs), "{ours}: {:?}", theirs.link_exts);
        return false;
    }
    for (ext, (_, tci)) in theirs.link_exts.iter().zip(tags) {
        let LinkExtSlice::Vlan(tag) = ext else { return false };
        let theirs = u16::from(tag.priority_code_point().value()) << 13 | tag.vlan_identifier().value();
        assert_eq!(tci & !VLAN_PRESENT, theirs);
    }
    true
}

/// True if the frame has a length where others have a type: etherparse looks no further, we look for SNAP.
fn from_snap(theirs: &SlicedPacket<'_>) -> bool {
    theirs.payload_ether_type().is_none_or(|ether_type| ether_type.0 < 0x600)
}

fn compare_network(ours: &FlowKey, theirs: &SlicedPacket<'_>) {
    match &theirs.net {
        Some(NetSlice::Ipv4(net)) => {
            let header = net.header();
            let (src, dst) = (v4_bytes(header.source_addr()), v4_bytes(header.destination_addr()));
            assert_eq!((ours.eth_type, ours.ip_src, ours.ip_dst), (ethertype::IPV4, src, dst));
            let tos = header.dcp().value() << 2 | header.ecn().value();
            assert_eq!((ours.ip_proto, ours.ip_tos, ours.ip_ttl), (header.protocol().0, tos, header.ttl()));
            let fragment = match (header.fragments_offset().value(), header.more_fragments()) {
                (0, false) => frag::NONE,
                (0, true) => frag::FIRST,
                _ => frag::LATER,
            };
            assert_eq!(ours.ip_frag, fragment);
            if net.payload_ip_number().0 == ours.ip_proto {
                compare_transport(ours, theirs);
            }
        }
        Some(NetSlice::Ipv6(net)) => {
            let header = net.header();
            assert_eq!((ours.ip_src, ours.ip_dst), (header.source(), header.destination()));
            assert_eq!((ours.ip_tos, ours.ip_ttl), (header.traffic_class(), header.hop_limit()));
            assert_eq!(ours.ipv6_label, header.flow_label().value());
            assert_eq!(ours.ip_frag != frag::NONE, fragment_header(net), "{ours}");
            // Mobility, HIP and shim6 headers are extensions to etherparse, protocols to the kernel.
            if !matches!(ours.ip_proto, 44 | 59 | 135 | 139 | 140 | 253 | 254) {
                assert_eq!(ours.ip_proto, net.payload().ip_number.0);
                compare_transport(ours, theirs);
            }
        }
        Some(NetSlice::Arp(arp)) => {
            let is_known = arp.hw_addr_type().0 == 1 && arp.proto_addr_type().0 == ethertype::IPV4;
            if is_known && arp.hw_addr_size() == 6 && arp.proto_addr_size() == 4 {
                assert_eq!(ours.ip_src[12..], *arp.sender_protocol_addr());
                assert_eq!(ours.ip_dst[12..], *arp.target_protocol_addr());
                assert_eq!(
                    (&ours.arp_sha.0[..], &ours.arp_tha.0[..]),
                    (arp.sender_hw_addr(), arp.target_hw_addr())
                );
                assert_eq!(ours.ip_proto, u8::try_from(arp.operation().0).unwrap_or(0));
            }
        }
        None => assert!(!ours.is_ipv4() && !ours.is_ipv6() && !ours.is_arp() || from_snap(theirs), "{ours}"),
    }
}

/// True if there is a fragment header that makes a fragment, or an atomic one (RFC 6946).
fn fragment_header(net: &etherparse::Ipv6Slice<'_>) -> bool {
    let extensions = net.extensions().clone().into_iter();
    extensions.into_iter().any(|ext| matches!(ext, etherparse::Ipv6ExtensionSlice::Fragment(_)))
}

fn compare_transport(ours: &FlowKey, theirs: &SlicedPacket<'_>) {
    let ports = (ours.tp_src, ours.tp_dst);
    match &theirs.transport {
        Some(TransportSlice::Udp(udp)) => assert_eq!(ports, (udp.source_port(), udp.destination_port())),
        Some(TransportSlice::Tcp(tcp)) => {
            assert_eq!(ports, (tcp.source_port(), tcp.destination_port()));
            let bits = [
                tcp.fin(),
                tcp.syn(),
                tcp.rst(),
                tcp.psh(),
                tcp.ack(),
                tcp.urg(),
                tcp.ece(),
                tcp.cwr(),
                tcp.ns(),
            ];
            let flags = bits.iter().enumerate().map(|(at, bit)| u16::from(*bit) << at).sum::<u16>();
            assert_eq!(ours.tcp_flags & 0x1ff, flags);
        }
        // The kernel keys ICMP in IPv4 and ICMPv6 in IPv6 alone.
        Some(TransportSlice::Icmpv4(icmp)) if ours.is_ipv4() => {
            assert_eq!(ports, (icmp.type_u8().into(), icmp.code_u8().into()));
        }
        Some(TransportSlice::Icmpv6(icmp)) if ours.is_ipv6() => {
            assert_eq!(ports, (icmp.type_u8().into(), icmp.code_u8().into()));
        }
        _ => assert!(ports == (0, 0) || matches!(ours.ip_proto, 1 | 6 | 17 | 58 | 132), "{ours}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn well_formed_frames_are_understood_alike(frame in frame()) {
        let understood = agree(&frame);
        // etherparse holds some ICMP messages to lengths that the flow key does not care for.
        let is_icmp = matches!(key_of(&frame).ip_proto, 1 | 58);
        prop_assert!(understood || is_icmp, "{}", key_of(&frame));
    }

    #[test]
    fn damaged_frames_are_understood_alike(frame in damaged_frame()) {
        agree(&frame);
    }

    #[test]
    fn frames_that_etherparse_composed_are_understood(
        src in any::<[u8; 4]>(), dst in any::<[u8; 4]>(), ports in any::<(u16, u16)>(), ttl in any::<u8>(),
        vid in 0..4096u16, payload in prop::collection::vec(any::<u8>(), 0..32),
    ) {
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6])
            .single_vlan(vid.try_into().unwrap())
            .ipv4(src, dst, ttl)
            .tcp(ports.0, ports.1, 7, 1000)
            .syn();
        let mut frame = Vec::new();
        builder.write(&mut frame, &payload).unwrap();
        let key = key_of(&frame);
        prop_assert_eq!((key.tp_src, key.tp_dst, key.ip_ttl, key.tcp_flags), (ports.0, ports.1, ttl, 2));
        prop_assert_eq!((key.vlan_id(), &key.ip_src[12..]), (Some(vid), &src[..]));
        prop_assert!(agree(&frame));
    }
}
