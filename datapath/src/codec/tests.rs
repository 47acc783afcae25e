//! Properties of the codec: what is written is read back, and no bytes make it panic. neli's parser is the second
//! opinion on structure; the lab's ovs-dpctl on meaning.

use neli::attr::Attribute as _;
use neli::genl::{AttrTypeBuilder, NlattrBuilder};
use neli::types::{Buffer, GenlBuffer};
use neli::{FromBytesWithInput as _, ToBytes as _};
use packet::{
    Action, DpPort, FlowKey, FlowMask, MacAddr, SetField, TunnelKey, VLAN_PRESENT, ethertype, frag, ip_proto,
    tunnel_flags,
};
use proptest::prelude::*;
use zerocopy::{FromBytes as _, IntoBytes as _};

use super::*;
use crate::effective_mask;

fn write(fill: impl FnOnce(&mut MsgWriter)) -> Vec<u8> {
    let mut w = MsgWriter::with_capacity(0);
    fill(&mut w);
    w.as_bytes().to_vec()
}

fn any_bits() -> impl Strategy<Value = FlowKey> {
    prop::collection::vec(any::<u8>(), size_of::<FlowKey>())
        .prop_map(|bytes| FlowKey::read_from_bytes(&bytes).unwrap())
}

/// Keys that packets have: the fields of each header they carry, and nothing else.
fn keys() -> impl Strategy<Value = FlowKey> {
    let eth_types = prop::sample::select(vec![
        ethertype::IPV4,
        ethertype::IPV6,
        ethertype::ARP,
        ethertype::RARP,
        ethertype::LLC,
        0x88b5,
    ]);
    let protocols = prop::sample::select(vec![
        ip_proto::TCP,
        ip_proto::UDP,
        ip_proto::SCTP,
        ip_proto::ICMP,
        ip_proto::ICMPV6,
        47,
    ]);
    let kinds = prop::sample::select(vec![8u16, 128, 135, 136]);
    (any_bits(), eth_types, protocols, 0..=2u8, kinds, 0..=2usize, any::<bool>(), any::<bool>()).prop_map(
        |(bits, eth_type, ip_proto, ip_frag, kind, tags, tunnelled, ipv6)| {
            let mut key = FlowKey { eth_type, ip_proto, ip_frag, tp_src: kind, ..bits };
            key.in_port &= 0xffff;
            key.tunnel = tunnel(&bits.tunnel, tunnelled, ipv6);
            if !matches!(ip_proto, ip_proto::ICMP | ip_proto::ICMPV6) {
                key.tp_src = bits.tp_src;
            } else {
                key.tp_dst &= 0xff;
            }
            (key.vlan_tpid, key.inner_vlan_tpid) = (0x88a8, 0x8100);
            key.vlan_tci |= VLAN_PRESENT;
            key.inner_vlan_tci |= VLAN_PRESENT;
            if tags < 2 {
                (key.inner_vlan_tpid, key.inner_vlan_tci) = (0, 0);
            }
            if tags < 1 {
                (key.vlan_tpid, key.vlan_tci) = (0, 0);
            }
            only_what_packets_have(&key)
        },
    )
}

fn tunnel(bits: &TunnelKey, tunnelled: bool, ipv6: bool) -> TunnelKey {
    if !tunnelled {
        return TunnelKey::default();
    }
    let mut t = *bits;
    t.flags = (t.flags & (tunnel_flags::DF | tunnel_flags::CSUM)) | tunnel_flags::KEY;
    t.src[15] |= 1;
    t.dst[15] |= 1;
    if ipv6 {
        t.flags |= tunnel_flags::IPV6;
    } else {
        t.src[..12].fill(0);
        t.dst[..12].fill(0);
    }
    t
}

/// Clears the fields of headers that are not there.
fn only_what_packets_have(key: &FlowKey) -> FlowKey {
    let mut mask = FlowMask::exact();
    mask.clip_to(key);
    let mut only = mask.apply(key);
    only.tunnel = key.tunnel;
    (only.vlan_tpid, only.vlan_tci) = (key.vlan_tpid, key.vlan_tci);
    (only.inner_vlan_tpid, only.inner_vlan_tci) = (key.inner_vlan_tpid, key.inner_vlan_tci);
    if key.eth_type == ethertype::IPV6 {
        only.ipv6_label = key.ipv6_label & 0xf_ffff;
    }
    only
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let leaf = prop_oneof![
        any::<u32>().prop_map(|port| Action::Output(DpPort(port))),
        any::<u64>().prop_map(|cookie| Action::Userspace { cookie }),
        (any::<Option<[u8; 6]>>(), any::<[u8; 6]>()).prop_map(|(src, dst)| {
            Action::Set(SetField::Ethernet { src: src.map(MacAddr), dst: Some(MacAddr(dst)) })
        }),
        (any::<Option<[u8; 4]>>(), any::<Option<[u8; 4]>>(), any::<Option<u8>>(), any::<u8>())
            .prop_map(|(src, dst, tos, ttl)| Action::Set(SetField::Ipv4 { src, dst, tos, ttl: Some(ttl) })),
        (any::<Option<[u8; 16]>>(), any::<Option<u8>>(), any::<u8>()).prop_map(|(src, tclass, hops)| {
            Action::Set(SetField::Ipv6 { src, dst: None, tclass, hop_limit: Some(hops) })
        }),
        (any::<u16>(), any::<Option<u16>>())
            .prop_map(|(src, dst)| Action::Set(SetField::Tcp { src: Some(src), dst })),
        (any::<Option<u16>>(), any::<u16>())
            .prop_map(|(src, dst)| Action::Set(SetField::Udp { src, dst: Some(dst) })),
        (any_bits(), any::<bool>()).prop_map(|(bits, v6)| Action::SetTunnel(tunnel(&bits.tunnel, true, v6))),
        (any::<u16>(), any::<u16>()).prop_map(|(tpid, tci)| Action::PushVlan { tpid, tci }),
        Just(Action::PopVlan),
        any::<u32>().prop_map(|reason| Action::Drop { reason }),
    ];
    let list = prop::collection::vec(leaf, 0..6);
    (list.clone(), list).prop_map(|(mut list, exception)| {
        list.push(Action::DecTtl { exception });
        list
    })
}

/// Attributes as neli reads them.
fn by_neli(bytes: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut cursor = std::io::Cursor::new(bytes);
    let attrs = GenlBuffer::<u16, Buffer>::from_bytes_with_input(&mut cursor, bytes.len()).unwrap();
    let read = |attr: &neli::genl::Nlattr<u16, Buffer>| {
        (*attr.nla_type().nla_type(), attr.payload().as_ref().to_vec())
    };
    attrs.iter().map(read).collect()
}

proptest! {
    #[test]
    fn keys_are_read_back(key in keys()) {
        let bytes = write(|w| encode_key(w, &key));
        prop_assert_eq!(decode_key(Attrs::new(&bytes)).unwrap(), key);
    }

    #[test]
    fn masks_are_read_back(key in keys(), wish in any_bits()) {
        let mask = effective_mask(&key, &FlowMask(wish), &[]);
        let bytes = write(|w| encode_mask(w, &key, &mask));
        let mut read = decode_mask(Attrs::new(&bytes), &key).unwrap();
        // The kernel reads any bits of the port as all of them.
        read.0.0.in_port = mask.0.in_port;
        prop_assert_eq!(read, (mask, Completeness::Whole));
    }

    #[test]
    fn an_effective_mask_never_grows_wider(key in keys(), wish in any_bits(), other in keys()) {
        let mask = effective_mask(&key, &FlowMask(wish), &[]);
        prop_assert_eq!(effective_mask(&key, &mask, &[]), mask, "and is stable");
        if mask.matches(&key, &other) {
            prop_assert!(FlowMask(wish).matches(&only_what_packets_have(&key), &only_what_packets_have(&other))
                || same_but_tunnel(&key, &other, &wish));
        }
    }

    #[test]
    fn actions_are_read_back(list in actions()) {
        let bytes = write(|w| encode_actions(w, &list, u32::MAX));
        prop_assert_eq!(decode_actions(Attrs::new(&bytes)).unwrap(), Some(list));
    }

    #[test]
    fn neli_reads_the_same_attributes(key in keys()) {
        let bytes = write(|w| encode_key(w, &key));
        let ours: Vec<_> = Attrs::new(&bytes).map(|attr| attr.map(|(k, p)| (k, p.to_vec())).unwrap()).collect();
        prop_assert_eq!(by_neli(&bytes), ours);
    }

    #[test]
    fn neli_writes_the_same_attributes(kind in 0..100u16, payload in prop::collection::vec(any::<u8>(), 0..50)) {
        let kind_of = AttrTypeBuilder::default().nla_type(kind).build().unwrap();
        let theirs = NlattrBuilder::default().nla_type(kind_of).nla_payload(payload.clone()).build().unwrap();
        let mut cursor = std::io::Cursor::new(Vec::new());
        theirs.to_bytes(&mut cursor).unwrap();
        prop_assert_eq!(write(|w| w.attr(kind, &payload)), cursor.into_inner());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode_upcall(&bytes, 0);
        let _ = decode_key(Attrs::new(&bytes));
        let _ = decode_actions(Attrs::new(&bytes));
        if let Ok(message) = OvsMessage::parse(&bytes) {
            let _ = decode_port(OvsMessage { command: 0, dp_ifindex: 0, attrs: message.attrs.clone() });
            let _ = RawFlow::parse(message.attrs).map(|raw| raw.read(0, &mut crate::FlowDump::default()));
        }
        for message in crate::netlink::Messages::new(&bytes) {
            let _ = message.and_then(|m| crate::netlink::error_code(&m));
        }
    }

    #[test]
    fn no_damage_panics(key in keys(), list in actions(), at in 0..2000usize, bit in 0..8u8) {
        let mut bytes = write(|w| {
            w.raw(&[1, 1, 0, 0, 0, 0, 0, 0]);
            let nest = w.nest(abi::packet::KEY);
            encode_key(w, &key);
            w.close(nest);
            w.attr(abi::packet::PACKET, &[0; 60]);
        });
        let len = bytes.len();
        bytes[at % len] ^= 1 << bit;
        let _ = decode_upcall(&bytes, 0);
        let mut bytes = write(|w| encode_actions(w, &list, 1));
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << bit;
        }
        let _ = decode_actions(Attrs::new(&bytes));
    }
}

/// Whether packets came by tunnels is told apart by their ports; the wish may have asked only that.
fn same_but_tunnel(key: &FlowKey, other: &FlowKey, wish: &FlowKey) -> bool {
    let without = |key: &FlowKey| FlowKey { tunnel: TunnelKey::default(), ..only_what_packets_have(key) };
    FlowMask(*wish).matches(&without(key), &without(other))
}

#[test]
fn ufids_are_read_back() {
    let ufid = crate::Ufid::of_slot(0x0102_0304, 0x0506_0708);
    assert_eq!(decode_ufid(&encode_ufid(ufid)), Some(ufid));
    assert_eq!(decode_ufid(&[0; 15]), None);
    assert_eq!(ufid.to_string().parse(), Ok(ufid));
    assert_eq!(ufid.slot(), Some((0x0102_0304, 0x0506_0708)));
    assert_eq!(crate::Ufid(1).slot(), None);
}

#[test]
fn a_key_too_long_for_its_attribute_takes_the_message_back() {
    let mut w = MsgWriter::with_capacity(0);
    w.begin(1, 0, 0);
    w.attr(1, &[0; 10]);
    assert!(w.end());
    let len = w.len();
    w.begin(1, 0, 0);
    w.attr(1, &vec![0; 70_000]);
    assert!(!w.end());
    assert_eq!(w.len(), len);
}

#[test]
fn fragments_carry_no_ports() {
    let later =
        FlowKey { eth_type: ethertype::IPV4, ip_proto: 17, ip_frag: frag::LATER, ..FlowKey::default() };
    let bytes = write(|w| encode_key(w, &later));
    assert_eq!(Attrs::new(&bytes).find(abi::key::UDP), None);
    assert_eq!(later.as_bytes().len(), size_of::<FlowKey>());
}
