//! Random frames: every kind that the parser knows, decorated, and damaged.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use packet::build::frame_of;
use packet::header::Ipv4Header;
use packet::{FlowKey, MacAddr, PacketView, TunnelKey, VLAN_PRESENT, ethertype, ip_proto};
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) fn key_of(frame: &[u8]) -> FlowKey {
    *PacketView::parse(frame, 1, TunnelKey::default()).expect("a whole Ethernet header").key()
}

/// A key of one of the known kinds; not every field need make sense for its kind.
fn rough_key() -> impl Strategy<Value = FlowKey> {
    let link = (any::<[u8; 6]>(), any::<[u8; 6]>(), 0..3usize, any::<(u16, u16)>(), any::<bool>());
    let kinds = [
        ethertype::IPV4,
        ethertype::IPV4,
        ethertype::IPV6,
        ethertype::IPV6,
        ethertype::ARP,
        ethertype::LLC,
        0x9000,
    ];
    let protocols = [ip_proto::TCP, ip_proto::UDP, ip_proto::SCTP, ip_proto::ICMP, ip_proto::ICMPV6, 47];
    let network = (select(kinds.to_vec()), select(protocols.to_vec()), any::<[u8; 16]>(), any::<[u8; 16]>());
    let network = (network, any::<(u8, u8)>(), 0..3u8, 0..1u32 << 20);
    let icmp = prop_oneof![any::<(u16, u16)>(), select(vec![(135, 0), (136, 0), (8, 0), (3, 1)])];
    let transport = (icmp, 0..0x1000u16, any::<[u8; 16]>(), any::<[u8; 6]>(), any::<[u8; 6]>());
    (link, network, transport).prop_map(|(link, network, transport)| {
        let (src, dst, tags, (outer, inner), is_provider) = link;
        let ((eth_type, ip_proto, ip_src, ip_dst), (ip_tos, ip_ttl), ip_frag, ipv6_label) = network;
        let ((tp_src, tp_dst), tcp_flags, nd_target, sha, tha) = transport;
        let tag = |depth, tpid, tci| if tags > depth { (tpid, tci | VLAN_PRESENT) } else { (0, 0) };
        let (vlan_tpid, vlan_tci) = tag(0, if is_provider { 0x88a8 } else { 0x8100 }, outer);
        let (inner_vlan_tpid, inner_vlan_tci) = tag(1, 0x8100, inner);
        FlowKey {
            eth_src: MacAddr(src),
            eth_dst: MacAddr(dst),
            eth_type,
            ip_proto,
            ip_src,
            ip_dst,
            ip_tos,
            ip_ttl,
            ip_frag,
            ipv6_label,
            tp_src,
            tp_dst,
            tcp_flags,
            nd_target,
            arp_sha: MacAddr(sha),
            arp_tha: MacAddr(tha),
            vlan_tpid,
            vlan_tci,
            inner_vlan_tpid,
            inner_vlan_tci,
            ..FlowKey::default()
        }
    })
}

/// A well-formed frame.
pub(crate) fn frame() -> impl Strategy<Value = Vec<u8>> {
    let options = prop::collection::vec(any::<[u8; 4]>(), 0..=10);
    let payload = prop::collection::vec(any::<u8>(), 0..64);
    (rough_key(), payload, options, 0..3usize, 0..2usize).prop_map(
        |(key, payload, options, extensions, padding)| {
            let mut frame = frame_of(&key, &payload);
            match key.eth_type {
                ethertype::IPV4 => add_options(&mut frame, &options.concat()),
                ethertype::IPV6 => (0..extensions).for_each(|_| add_destination_options(&mut frame)),
                _ => {}
            }
            frame.resize(frame.len() + padding * 6, 0);
            frame
        },
    )
}

/// A well-formed frame with some bytes overwritten and the end cut off; never shorter than an Ethernet header.
pub(crate) fn damaged_frame() -> impl Strategy<Value = Vec<u8>> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    (frame(), edits, prop_oneof![Just(None), any::<prop::sample::Index>().prop_map(Some)]).prop_map(
        |(mut frame, edits, cut)| {
            for (at, byte) in edits {
                let at = at.index(frame.len());
                frame[at] = byte;
            }
            let len = cut.map_or(frame.len(), |cut| 14 + cut.index(frame.len() - 13));
            frame.truncate(len);
            frame
        },
    )
}

fn l3_offset(frame: &[u8]) -> usize {
    let key = key_of(frame);
    14 + 4 * [key.vlan_tci, key.inner_vlan_tci].iter().filter(|tci| **tci != 0).count()
}

fn add_options(frame: &mut Vec<u8>, options: &[u8]) {
    let l3 = l3_offset(frame);
    let (header, _) = Ipv4Header::parse(&frame[l3..]).expect("a composed header");
    let total_len = header.total_len.get() + options.len() as u16;
    let version_ihl = 0x45 + (options.len() / 4) as u8;
    let mut header = Ipv4Header { total_len: total_len.into(), version_ihl, ..*header };
    header.seal(options);
    let bytes = [zerocopy::IntoBytes::as_bytes(&header), options].concat();
    frame.splice(l3..l3 + Ipv4Header::LEN, bytes);
}

/// Puts an empty destination options header behind the fixed one.
fn add_destination_options(frame: &mut Vec<u8>) {
    let l3 = l3_offset(frame);
    let next = std::mem::replace(&mut frame[l3 + 6], 60);
    let len = u16::from_be_bytes([frame[l3 + 4], frame[l3 + 5]]) + 8;
    frame[l3 + 4..l3 + 6].copy_from_slice(&len.to_be_bytes());
    frame.splice(l3 + 40..l3 + 40, [next, 0, 1, 4, 0, 0, 0, 0]);
}
