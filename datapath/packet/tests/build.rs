//! Frames that virtual devices originate, read back by the parser and checked sum by sum.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::Ipv4Addr;

use packet::build::{
    IcmpError, Ipv4Packet, arp_reply, arp_request, frame_of, gratuitous_arp, icmp_echo_reply, icmp_error,
};
use packet::checksum::Sum;
use packet::header::{Ipv4Header, tcp_flag};
use packet::{FlowKey, MacAddr, PacketView, TunnelKey, ethertype, frag, ip_proto};

const A: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const B: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
const IP_A: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const IP_B: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

fn parse(frame: &[u8]) -> PacketView<'_> {
    PacketView::parse(frame, 0, TunnelKey::default()).unwrap()
}

fn a_to_b() -> Ipv4Packet {
    Ipv4Packet::new(A, B, IP_A, IP_B)
}

/// Zero if every checksum of an unfragmented IPv4 packet is right.
fn check(view: &PacketView<'_>) -> (u16, u16) {
    let (header, _) = view.ipv4().unwrap();
    let l4 = view.l4().unwrap();
    let header_sum = Sum::new().with(&view.l3()[..header.header_len()]).finish();
    let sum = match header.protocol {
        ip_proto::ICMP => Sum::new(),
        protocol => Sum::new().with_pseudo_header(&header.src, &header.dst, protocol, l4.len()),
    };
    (header_sum, sum.with(l4).finish())
}

#[test]
fn a_request_is_broadcast_and_a_reply_is_not() {
    let frame = arp_request((A, IP_A), IP_B);
    let key = *parse(&frame).key();
    assert_eq!((key.eth_dst, key.ip_proto, key.arp_tha), (MacAddr::BROADCAST, 1, MacAddr::ZERO));
    let frame = arp_reply((B, IP_B), (A, IP_A));
    let key = *parse(&frame).key();
    assert_eq!((key.eth_dst, key.ip_proto, key.arp_sha, key.arp_tha), (A, 2, B, A));
    let frame = gratuitous_arp((A, IP_A));
    let key = *parse(&frame).key();
    assert_eq!((key.src_ip(), key.dst_ip()), (Some(IP_A.into()), Some(IP_A.into())));
}

#[test]
fn checksums_of_composed_packets_are_right() {
    let segment = packet::build::TcpSegment { src: 1, dst: 2, flags: tcp_flag::SYN, ..Default::default() };
    for payload in [&b""[..], b"x", b"some payload"] {
        for frame in [
            a_to_b().udp(1, 2, payload),
            a_to_b().tcp(&segment, payload),
            a_to_b().echo_request(7, 8, payload),
        ] {
            assert_eq!(check(&parse(&frame)), (0, 0));
            assert_eq!(parse(&frame).payload().unwrap(), payload);
        }
    }
}

#[test]
fn an_echo_reply_returns_identifier_sequence_and_payload() {
    let mut request = a_to_b().echo_request(7, 8, b"ping");
    request.resize(64, 0xee);
    let reply = icmp_echo_reply(&parse(&request)).unwrap();
    let view = parse(&reply);
    let icmp = view.icmp().unwrap();
    assert_eq!((icmp.kind, icmp.id.get(), icmp.sequence.get()), (0, 7, 8));
    assert_eq!((view.key().eth_dst, view.key().dst_ip()), (A, Some(IP_A.into())));
    assert_eq!((view.payload().unwrap(), check(&view)), (&b"ping"[..], (0, 0)));
    assert!(icmp_echo_reply(&view).is_none(), "a reply is not answered");
}

#[test]
fn an_error_quotes_the_packet_up_to_576_bytes() {
    let router = (B, Ipv4Addr::new(10, 0, 0, 254));
    for (len, quoted) in [(4, 32), (2000, 576 - 28)] {
        let frame = a_to_b().udp(53, 5001, &vec![1; len]);
        let error = icmp_error(&parse(&frame), router, IcmpError::FragmentationNeeded { mtu: 1400 }).unwrap();
        let view = parse(&error);
        assert_eq!((view.key().tp_src, view.key().tp_dst), (3, 4));
        assert_eq!((view.icmp().unwrap().sequence.get(), view.payload().unwrap().len()), (1400, quoted));
        assert_eq!((view.key().eth_dst, view.key().dst_ip()), (A, Some(IP_A.into())));
        assert_eq!(check(&view), (0, 0));
        let about = view.icmp_quoted().unwrap();
        assert_eq!((about.proto, about.tp_src, about.tp_dst), (ip_proto::UDP, 53, 5001));
    }
}

#[test]
fn no_error_is_sent_where_rfc_1812_forbids_it() {
    let router = (B, Ipv4Addr::new(10, 0, 0, 254));
    let refused = |frame: &[u8]| icmp_error(&parse(frame), router, IcmpError::TtlExceeded).is_none();
    let udp = |packet: Ipv4Packet| packet.udp(1, 2, b"");
    assert!(!refused(&udp(a_to_b())));
    let error = icmp_error(&parse(&udp(a_to_b())), router, IcmpError::HostUnreachable).unwrap();
    assert!(refused(&error));
    assert!(refused(&udp(Ipv4Packet { eth_dst: MacAddr::BROADCAST, ..a_to_b() })));
    assert!(refused(&udp(Ipv4Packet { dst: Ipv4Addr::new(224, 0, 0, 1), ..a_to_b() })));
    assert!(refused(&udp(Ipv4Packet { src: Ipv4Addr::UNSPECIFIED, ..a_to_b() })));
    assert!(refused(&udp(Ipv4Packet { src: Ipv4Addr::LOCALHOST, ..a_to_b() })));
    assert!(refused(&udp(Ipv4Packet { flags_offset: 5, ..a_to_b() })));
    assert!(!refused(&udp(Ipv4Packet { flags_offset: Ipv4Header::MF, ..a_to_b() })));
}

#[test]
fn a_frame_made_from_a_key_parses_to_that_key() {
    let frame = Ipv4Packet { tos: 0x28, ..a_to_b() }.udp(4, 5, b"");
    let udp = *parse(&frame).key();
    let v6 = FlowKey { eth_type: ethertype::IPV6, ipv6_label: 7, ip_src: [9; 16], ..udp };
    let keys = [
        udp,
        v6,
        FlowKey { ip_frag: frag::FIRST, ..udp },
        FlowKey { ip_frag: frag::FIRST, ..v6 },
        FlowKey { ip_frag: frag::LATER, tp_src: 0, tp_dst: 0, ..udp },
        FlowKey { ip_proto: ip_proto::TCP, tcp_flags: 0x12, ..udp },
        FlowKey { ip_proto: ip_proto::ICMPV6, tp_src: 135, tp_dst: 0, nd_target: [3; 16], arp_sha: B, ..v6 },
        FlowKey {
            vlan_tpid: 0x88a8,
            vlan_tci: 0x1005,
            inner_vlan_tpid: 0x8100,
            inner_vlan_tci: 0x3006,
            ..udp
        },
        FlowKey { eth_src: A, eth_dst: B, eth_type: ethertype::LLC, ..FlowKey::default() },
    ];
    for key in keys {
        assert_eq!(*parse(&frame_of(&key, b"payload")).key(), key);
    }
}
