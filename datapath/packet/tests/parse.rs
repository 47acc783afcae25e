//! What the parser makes of hand-written frames, held against the kernel's rules (net/openvswitch/flow.c).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use packet::{MacAddr, PacketView, ParseError, TunnelKey, VLAN_PRESENT, ethertype, frag, ip_proto};

fn parse(frame: &[u8]) -> PacketView<'_> {
    PacketView::parse(frame, 3, TunnelKey::default()).unwrap()
}

/// Bytes from hexadecimal text; spaces are for the reader.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

const MACS: &str = "020000000002 020000000001";
const IPV4_UDP: &str = "4500 0020 0000 4000 4011 0000 0a000001 0a000002 0035 1389 000c 0000 deadbeef";

fn ipv4_at(l2: &str, l3: &str) -> Vec<u8> {
    hex(&format!("{MACS}{l2}{l3}"))
}

#[test]
fn a_udp_datagram_fills_every_layer() {
    let frame = ipv4_at("0800", IPV4_UDP);
    let view = parse(&frame);
    let key = view.key();
    assert_eq!(key.in_port, 3);
    assert_eq!(key.eth_dst, MacAddr([2, 0, 0, 0, 0, 2]));
    assert_eq!((key.eth_type, key.ip_proto, key.ip_ttl), (ethertype::IPV4, ip_proto::UDP, 64));
    assert_eq!((key.tp_src, key.tp_dst), (0x35, 0x1389));
    assert_eq!(key.src_ip().unwrap().to_string(), "10.0.0.1");
    assert_eq!(view.payload().unwrap(), hex("deadbeef"));
}

#[test]
fn the_padding_of_a_short_frame_is_not_payload() {
    let mut frame = ipv4_at("0800", IPV4_UDP);
    frame.resize(60, 0);
    assert_eq!(parse(&frame).payload().unwrap(), hex("deadbeef"));
    assert_eq!(parse(&frame).l3().len(), 32);
}

#[test]
fn a_frame_shorter_than_an_ethernet_header_is_refused() {
    for len in 0..14 {
        let error = PacketView::parse(&[0; 14][..len], 0, TunnelKey::default()).unwrap_err();
        assert_eq!(error, ParseError::Runt(len));
    }
}

#[test]
fn two_tags_are_read_and_a_third_is_payload() {
    let frame = ipv4_at("88a8 2064 8100 0065 0800", IPV4_UDP);
    let key = *parse(&frame).key();
    assert_eq!((key.vlan_tpid, key.vlan_tci), (ethertype::QINQ, 0x2064 | VLAN_PRESENT));
    assert_eq!((key.inner_vlan_tpid, key.inner_vlan_tci), (ethertype::VLAN, 0x65 | VLAN_PRESENT));
    assert_eq!((key.eth_type, key.tp_dst), (ethertype::IPV4, 0x1389));

    let frame = ipv4_at("88a8 0064 8100 0065 8100 0066 0800", IPV4_UDP);
    assert_eq!(parse(&frame).key().eth_type, ethertype::VLAN);
}

#[test]
fn a_tag_cut_short_is_no_tag() {
    let frame = ipv4_at("8100 0064 08", "");
    let key = *parse(&frame).key();
    assert_eq!((key.vlan_tci, key.eth_type), (0, ethertype::VLAN));
}

#[test]
fn a_length_field_means_llc_or_snap() {
    let stp = ipv4_at("0026 424203", "0000000000");
    assert_eq!(parse(&stp).key().eth_type, ethertype::LLC);
    let snap = ipv4_at("0028 aaaa03 000000 0800", IPV4_UDP);
    assert_eq!((parse(&snap).key().eth_type, parse(&snap).key().tp_src), (ethertype::IPV4, 0x35));
}

#[test]
fn a_malformed_ipv4_header_leaves_zeros() {
    let whole = ipv4_at("0800", IPV4_UDP);
    let mut short_ihl = whole.clone();
    short_ihl[14] = 0x44;
    let mut long_ihl = whole.clone();
    long_ihl[14] = 0x4f;
    for frame in [&whole[..33], &short_ihl, &long_ihl] {
        let view = parse(frame);
        let key = view.key();
        assert_eq!(key.eth_type, ethertype::IPV4);
        assert_eq!((key.ip_src, key.ip_proto, key.ip_ttl, key.tp_src), ([0; 16], 0, 0, 0));
        assert!(view.l4().is_none());
    }
}

#[test]
fn fragments_carry_ports_only_in_the_first() {
    let mut frame = ipv4_at("0800", IPV4_UDP);
    frame[20] = 0x20;
    assert_eq!((parse(&frame).key().ip_frag, parse(&frame).key().tp_src), (frag::FIRST, 0x35));
    frame[21] = 0x01;
    assert_eq!((parse(&frame).key().ip_frag, parse(&frame).key().tp_src), (frag::LATER, 0));
    assert_eq!(parse(&frame).key().ip_proto, ip_proto::UDP);
}

#[test]
fn a_transport_header_cut_short_leaves_its_fields_zero() {
    let frame = ipv4_at("0800", IPV4_UDP);
    let key = *parse(&frame[..14 + 20 + 7]).key();
    assert_eq!((key.ip_proto, key.tp_src, key.tp_dst), (ip_proto::UDP, 0, 0));
}

#[test]
fn icmp_type_and_code_stand_in_the_ports() {
    let frame = ipv4_at("0800", "4500 001c 0000 0000 4001 0000 0a000001 0a000002 0301 0000 0000 0000");
    assert_eq!((parse(&frame).key().tp_src, parse(&frame).key().tp_dst), (3, 1));
}

#[test]
fn arp_operation_stands_in_the_protocol() {
    let frame = ipv4_at("0806", "0001 0800 06 04 0002 020000000001 0a000001 020000000002 0a000002");
    let view = parse(&frame);
    let key = view.key();
    assert_eq!((key.ip_proto, key.src_ip().unwrap().to_string()), (2, "10.0.0.1".to_owned()));
    assert_eq!(key.arp_tha, MacAddr([2, 0, 0, 0, 0, 2]));
    assert_eq!(view.arp().unwrap().operation.get(), 2);

    let big_op = ipv4_at("0806", "0001 0800 06 04 0102 020000000001 0a000001 020000000002 0a000002");
    assert_eq!((parse(&big_op).key().ip_proto, parse(&big_op).key().ip_src[15]), (0, 1));
    let token_ring = ipv4_at("0806", "0006 0800 06 04 0002 020000000001 0a000001 020000000002 0a000002");
    assert_eq!(parse(&token_ring).key().ip_src, [0; 16]);
}

const V6_ADDRESSES: &str = "20010db8000000000000000000000001 20010db8000000000000000000000002";

fn ipv6(next: u8, payload: &str) -> Vec<u8> {
    let len = hex(payload).len();
    hex(&format!("{MACS} 86dd 6a512345 {len:04x} {next:02x} 40 {V6_ADDRESSES} {payload}"))
}

#[test]
fn ipv6_extension_headers_are_walked_to_the_transport() {
    let frame =
        ipv6(0, "3c00 000000000000 0600 000000000000 0050 1f90 00000001 00000002 5012 ffff 0000 0000");
    let key = *parse(&frame).key();
    assert_eq!((key.ip_proto, key.tp_src, key.tp_dst, key.tcp_flags), (6, 80, 8080, 0x012));
    assert_eq!((key.ip_tos, key.ipv6_label, key.ip_ttl), (0xa5, 0x12345, 64));
}

#[test]
fn ipv6_fragments_are_keyed_as_the_kernel_does() {
    let first = ipv6(44, "1100 0001 00000001 0035 1389 0008 0000");
    assert_eq!((parse(&first).key().ip_frag, parse(&first).key().tp_src), (frag::FIRST, 0x35));
    let later = ipv6(44, "1100 0008 00000001 0035 1389 0008 0000");
    let key = *parse(&later).key();
    assert_eq!((key.ip_frag, key.ip_proto, key.tp_src), (frag::LATER, 44, 0));
    let later_with_extension = ipv6(44, "3c00 0008 00000001 0000 0000 0000 0000");
    let key = *parse(&later_with_extension).key();
    assert_eq!((key.ip_frag, key.ip_proto), (frag::FIRST, 59));
    let cut = ipv6(44, "1100");
    assert_eq!((parse(&cut).key().ip_frag, parse(&cut).key().ip_proto), (frag::FIRST, 59));
}

#[test]
fn neighbour_messages_give_target_and_link_layer_addresses() {
    let target = "20010db8000000000000000000000009";
    let frame = ipv6(58, &format!("8700 0000 00000000 {target} 0101 020000000001"));
    let key = *parse(&frame).key();
    assert_eq!((key.tp_src, key.nd_target[15], key.arp_sha), (135, 9, MacAddr([2, 0, 0, 0, 0, 1])));

    let twice = ipv6(58, &format!("8700 0000 00000000 {target} 0101 020000000001 0101 020000000002"));
    let key = *parse(&twice).key();
    assert_eq!((key.nd_target, key.arp_sha), ([0; 16], MacAddr::ZERO));
}

#[test]
fn an_icmp_error_gives_the_packet_that_it_quotes() {
    let frame = ipv4_at(
        "0800",
        &format!("4500 0038 0000 0000 4001 0000 0a0000fe 0a000001 0301 0000 0000 0000 {}", &IPV4_UDP[..70]),
    );
    let view = parse(&frame);
    assert!(view.is_icmp_error());
    let quoted = view.icmp_quoted().unwrap();
    assert_eq!((quoted.src[15], quoted.dst[15], quoted.proto), (1, 2, ip_proto::UDP));
    assert_eq!((quoted.tp_src, quoted.tp_dst), (0x35, 0x1389));
}

#[test]
fn a_packet_known_by_its_key_alone_has_no_bytes() {
    let frame = ipv4_at("0800", IPV4_UDP);
    let view = PacketView::from_key(*parse(&frame).key());
    assert!(!view.has_bytes() && view.payload().is_none() && view.icmp_quoted().is_none());
    assert_eq!(view.key(), parse(&frame).key());
}

#[test]
fn an_ethernet_address_is_read_from_text() {
    for text in ["02:00:00:00:00:0a", "02-00-00-00-00-0A", "2:0:0:0:0:a"] {
        assert_eq!(text.parse::<MacAddr>().unwrap().to_string(), "02:00:00:00:00:0a");
    }
    for text in
        ["", "02:00:00:00:00", "02:00:00:00:00:0a:00", "02:00:00:00:00:0g", "002:0:0:0:0:0", "+2:0:0:0:0:0"]
    {
        assert!(text.parse::<MacAddr>().is_err(), "{text}");
    }
}
