//! Marking fields, and fitting a mask to what the kernel takes for a key.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use packet::{Field, FlowKey, FlowMask, VLAN_PRESENT, v4_bytes};

fn key(text: &str) -> FlowKey {
    text.parse().unwrap()
}

fn marked(fields: &[Field]) -> FlowMask {
    let mut mask = FlowMask::any();
    mask.add_all(fields);
    mask
}

fn clipped(fields: &[Field], key: &FlowKey) -> FlowKey {
    let mut mask = marked(fields);
    mask.clip_to(key);
    mask.0
}

/// The mask of packets without tags, of which nothing else was looked at.
const UNTAGGED: (u16, u16) = (VLAN_PRESENT, VLAN_PRESENT);

#[test]
fn a_field_is_marked_and_no_other() {
    let mask = marked(&[Field::TpDst, Field::EthSrc]).0;
    let expected = FlowKey { tp_dst: 0xffff, eth_src: packet::MacAddr::BROADCAST, ..FlowKey::default() };
    assert_eq!(mask, expected);
}

#[test]
fn a_prefix_marks_its_bits_where_the_family_keeps_them() {
    let v4 = key("ipv4()");
    for (len, bits) in [(0, [0, 0, 0, 0]), (9, [255, 128, 0, 0]), (32, [255; 4]), (200, [255; 4])] {
        let mut mask = FlowMask::any();
        mask.add_prefix(Field::IpDst, len, &v4);
        assert_eq!((mask.0.ip_dst, mask.0.ip_src), (v4_bytes(bits.into()), [0; 16]));
    }
    for (len, first, last) in [(0, 0, 0), (4, 0xf0, 0), (128, 0xff, 0xff), (255, 0xff, 0xff)] {
        let mut mask = FlowMask::any();
        mask.add_prefix(Field::IpSrc, len, &key("ipv6()"));
        assert_eq!((mask.0.ip_src[0], mask.0.ip_src[15], mask.0.ip_dst), (first, last, [0; 16]));
    }
}

#[test]
fn nothing_consulted_matches_any_untagged_packet() {
    let mask = clipped(&[], &key("ipv4()"));
    assert_eq!((mask.vlan_tci, mask.inner_vlan_tci), UNTAGGED);
    assert_eq!(FlowKey { vlan_tci: 0, inner_vlan_tci: 0, ..mask }, FlowKey::default());
}

#[test]
fn ports_need_protocol_fragment_and_ether_type() {
    let mask = clipped(&[Field::TpDst], &key("udp(dst=53)"));
    assert_eq!((mask.tp_dst, mask.tp_src), (0xffff, 0));
    assert_eq!((mask.ip_proto, mask.ip_frag, mask.eth_type), (0xff, 0xff, 0xffff));
}

#[test]
fn a_field_that_is_not_there_gives_way_to_what_says_so() {
    let mask = clipped(&[Field::TpDst, Field::Ipv6Label], &key("arp()"));
    assert_eq!((mask.tp_dst, mask.ipv6_label, mask.eth_type), (0, 0, 0xffff));
    let mask = clipped(&[Field::TpDst], &key("ipv4(proto=17,frag=later)"));
    assert_eq!((mask.tp_dst, mask.ip_proto, mask.ip_frag), (0, 0xff, 0xff));
    let mask = clipped(&[Field::TcpFlags], &key("udp()"));
    assert_eq!((mask.tcp_flags, mask.ip_proto), (0, 0xff));
    let mask = clipped(&[Field::NdTarget], &key("icmpv6(type=1)"));
    assert_eq!((mask.nd_target, mask.tp_src), ([0; 16], 0xff));
}

#[test]
fn everything_becomes_what_the_kernel_takes_as_exact() {
    let mask = |text| {
        let mut mask = FlowMask::exact();
        mask.clip_to(&key(text));
        mask.0
    };
    let udp = mask("udp()");
    assert_eq!((udp.ip_src, udp.ipv6_label, udp.tcp_flags), (v4_bytes([255; 4].into()), 0, 0));
    assert_eq!((udp.tunnel.id, udp.in_port, udp.arp_sha), (0, u32::MAX, packet::MacAddr::ZERO));
    let tcp = mask("ipv6(),tcp()");
    assert_eq!((tcp.ip_src, tcp.ipv6_label, tcp.tcp_flags), ([255; 16], 0xf_ffff, 0xfff));
    let nd = mask("nd()");
    assert_eq!((nd.nd_target, nd.tp_src, nd.tp_dst), ([255; 16], 0xff, 0xff));
    let tagged = mask("vlan(vid=5),ipv4()");
    assert_eq!((tagged.vlan_tci, tagged.vlan_tpid, tagged.inner_vlan_tci), (0xffff, 0xffff, VLAN_PRESENT));
}
