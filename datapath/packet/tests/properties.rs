//! What holds of every packet: codecs give back what they were given, checksums follow changes, masks stay honest.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

#[path = "../../../tests/fuzz/src/packet.rs"]
#[allow(unreachable_pub, reason = "the fuzz targets call it from outside")]
mod fuzz;

use common::{damaged_frame, frame, key_of};
use packet::apply::{Dropped, Sink, apply};
use packet::build::frame_of;
use packet::checksum::{Sum, update};
use packet::header::*;
use packet::{Action, DpPort, Field, FlowKey, FlowMask, PacketView, SetField, TunnelKey, ip_proto};
use proptest::prelude::*;
use zerocopy::{FromBytes, IntoBytes};

/// Any bytes of a header's length are a header, which emits those bytes, and is read back from them and what follows.
macro_rules! codec {
    ($($name:ident: $header:ty, $parse:expr;)*) => {
        proptest! {$(
            #[test]
            fn $name(bytes in any::<[u8; size_of::<$header>()]>(), rest in prop::collection::vec(any::<u8>(), 0..80)) {
                let header = <$header>::read_from_bytes(&bytes).unwrap();
                prop_assert_eq!(header.as_bytes(), &bytes);
                let whole = [header.as_bytes(), &rest].concat();
                let parse: fn(&[u8]) -> Option<(&$header, &[u8])> = $parse;
                if let Some((read, _)) = parse(&whole) {
                    prop_assert_eq!(*read, header);
                }
                for len in 0..bytes.len() {
                    prop_assert!(parse(&whole[..len]).is_none(), "{} bytes are no header", len);
                }
            }
        )*}
    };
}

codec! {
    ethernet: EthernetHeader, EthernetHeader::parse;
    vlan: VlanTag, VlanTag::parse;
    arp: ArpPacket, |bytes| ArpPacket::parse(bytes).map(|arp| (arp, &[][..]));
    ipv4: Ipv4Header, Ipv4Header::parse;
    ipv6: Ipv6Header, Ipv6Header::parse;
    icmp: IcmpHeader, IcmpHeader::parse;
    icmpv6: Icmpv6Header, Icmpv6Header::parse;
    tcp: TcpHeader, TcpHeader::parse;
    udp: UdpHeader, UdpHeader::parse;
    sctp: SctpHeader, SctpHeader::parse;
}

/// The checksum of the transport header: zero if it is right, `None` if there is none to check.
fn transport_sum(frame: &[u8]) -> Option<u16> {
    let view = PacketView::parse(frame, 0, TunnelKey::default()).unwrap();
    let l4 = view.l4().filter(|_| !view.is_fragment())?;
    let (src, dst) = match (view.ipv4(), view.ipv6()) {
        (Some((header, _)), _) => (&header.src[..], &header.dst[..]),
        (_, Some(header)) => (&header.src[..], &header.dst[..]),
        _ => return None,
    };
    match view.key().ip_proto {
        ip_proto::ICMP => Some(Sum::new().with(l4).finish()),
        protocol @ (ip_proto::TCP | ip_proto::UDP | ip_proto::ICMPV6) => {
            Some(Sum::new().with_pseudo_header(src, dst, protocol, l4.len()).with(l4).finish())
        }
        _ => None,
    }
}

fn header_sum(frame: &[u8]) -> Option<u16> {
    let view = PacketView::parse(frame, 0, TunnelKey::default()).unwrap();
    let (header, options) = view.ipv4()?;
    Some(Sum::new().with(header.as_bytes()).with(options).finish())
}

/// The packet that leaves, if one does.
#[derive(Default)]
struct Last(Option<Vec<u8>>);

impl Sink for Last {
    fn output(&mut self, _: DpPort, _: Option<&TunnelKey>, frame: &[u8]) {
        self.0 = Some(frame.to_vec());
    }
    fn userspace(&mut self, _: u64, _: &PacketView<'_>) {}
    fn dropped(&mut self, _: Dropped) {}
}

fn set(frame: &[u8], field: SetField) -> Option<Vec<u8>> {
    let mut last = Last::default();
    let actions = [Action::Set(field), Action::Output(DpPort(1))];
    apply(&actions, &mut frame.to_vec(), &FlowKey::default(), &mut last);
    last.0
}

fn set_field() -> impl Strategy<Value = SetField> {
    let ports = any::<(Option<u16>, Option<u16>)>();
    prop_oneof![
        any::<(Option<[u8; 4]>, Option<[u8; 4]>, Option<u8>, Option<u8>)>()
            .prop_map(|(src, dst, tos, ttl)| SetField::Ipv4 { src, dst, tos, ttl }),
        any::<(Option<[u8; 16]>, Option<[u8; 16]>, Option<u8>, Option<u8>)>()
            .prop_map(|(src, dst, tclass, hop_limit)| SetField::Ipv6 { src, dst, tclass, hop_limit }),
        ports.prop_map(|(src, dst)| SetField::Tcp { src, dst }),
        any::<(Option<u16>, Option<u16>)>().prop_map(|(src, dst)| SetField::Udp { src, dst }),
    ]
}

/// The key that a packet with `key` must have once `field` is set.
fn set_in_key(mut key: FlowKey, field: &SetField) -> FlowKey {
    let put = |slot: &mut [u8], new: Option<&[u8]>| {
        if let Some(new) = new {
            slot[16 - new.len()..].copy_from_slice(new);
        }
    };
    match field {
        SetField::Ethernet { .. } => {}
        SetField::Ipv4 { src, dst, tos, ttl } => {
            put(&mut key.ip_src, src.as_ref().map(|src| &src[..]));
            put(&mut key.ip_dst, dst.as_ref().map(|dst| &dst[..]));
            (key.ip_tos, key.ip_ttl) = (tos.unwrap_or(key.ip_tos), ttl.unwrap_or(key.ip_ttl));
        }
        SetField::Ipv6 { src, dst, tclass, hop_limit } => {
            put(&mut key.ip_src, src.as_ref().map(|src| &src[..]));
            put(&mut key.ip_dst, dst.as_ref().map(|dst| &dst[..]));
            (key.ip_tos, key.ip_ttl) = (tclass.unwrap_or(key.ip_tos), hop_limit.unwrap_or(key.ip_ttl));
        }
        SetField::Tcp { src, dst } | SetField::Udp { src, dst } => {
            (key.tp_src, key.tp_dst) = (src.unwrap_or(key.tp_src), dst.unwrap_or(key.tp_dst));
        }
    }
    key
}

fn fields() -> impl Strategy<Value = FlowMask> {
    use Field::*;
    let all = vec![
        InPort,
        Ipv6Label,
        IpSrc,
        IpDst,
        NdTarget,
        EthSrc,
        EthDst,
        ArpSha,
        ArpTha,
        EthType,
        VlanTpid,
        VlanTci,
        InnerVlanTpid,
        InnerVlanTci,
        TpSrc,
        TpDst,
        TcpFlags,
        IpProto,
        IpTos,
        IpTtl,
        IpFrag,
    ];
    prop::sample::subsequence(all, 0..6).prop_map(|fields| {
        let mut mask = FlowMask::any();
        mask.add_all(&fields);
        mask
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_checksum_of_a_composed_frame_is_right(frame in frame()) {
        prop_assert!(matches!(header_sum(&frame), None | Some(0)));
        prop_assert!(matches!(transport_sum(&frame), None | Some(0)));
    }

    #[test]
    fn setting_a_field_sets_it_alone_and_keeps_checksums_right(frame in frame(), field in set_field()) {
        if let Some(after) = set(&frame, field) {
            prop_assert_eq!(key_of(&after), set_in_key(key_of(&frame), &field));
            prop_assert!(matches!(header_sum(&after), None | Some(0)));
            prop_assert!(matches!(transport_sum(&after), None | Some(0)));
        }
    }

    #[test]
    fn an_updated_checksum_equals_a_new_one(
        mut bytes in prop::collection::vec(any::<u8>(), 2..256),
        at in any::<prop::sample::Index>(),
        new in any::<[u8; 4]>(),
    ) {
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        bytes[0] |= 1;
        let at = (at.index(bytes.len()) / 2 * 2).max(2);
        bytes.resize(bytes.len().max(at + 4), 0);
        let before = Sum::new().with(&bytes).finish();
        let old: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        bytes[at..at + 4].copy_from_slice(&new);
        prop_assert_eq!(update(before, &old, &new), Sum::new().with(&bytes).finish());
    }

    #[test]
    fn a_key_gives_a_frame_that_gives_the_key(frame in frame(), payload in prop::collection::vec(any::<u8>(), 0..32)) {
        let key = key_of(&frame);
        let remade = key_of(&frame_of(&key, &payload));
        prop_assert_eq!(remade, FlowKey { in_port: 1, ..key }, "{}", key);
    }

    #[test]
    fn a_clipped_mask_is_no_wider(
        (first, second) in (damaged_frame(), damaged_frame()), mask in fields(), swap in any::<bool>()
    ) {
        let (first, second) = (key_of(&first), key_of(&second));
        fuzz::clip(&mask, &first, &second);
        // The second packet made to look like the first wherever the megaflow looks.
        let blended = fuzz::blend(&mask, &first, &second);
        let alike = key_of(&frame_of(&if swap { blended } else { first }, b"payload"));
        fuzz::clip(&mask, &first, &alike);
    }

    #[test]
    fn damaged_frames_pass_every_fuzz_body(frame in damaged_frame(), prefix in any::<[u8; 33]>()) {
        fuzz::parse(&frame);
        fuzz::actions(&[&prefix[..], &frame].concat());
    }

    #[test]
    fn random_bytes_pass_every_fuzz_body(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        fuzz::parse(&bytes);
        fuzz::actions(&bytes);
        fuzz::mask(&bytes);
        fuzz::text(&bytes);
    }

    #[test]
    fn random_text_is_a_packet_or_an_error(text in "(eth|ipv4|tcp|vlan|encap|nd|,|\\(|\\)|src|dst|=|1|0x|::|:|/|\\.){0,24}") {
        fuzz::text(text.as_bytes());
    }
}

#[test]
fn the_fuzz_corpus_still_passes() {
    type Body = fn(&[u8]);
    let bodies: [(&str, Body); 4] = [
        ("packet_parse", fuzz::parse),
        ("packet_text", fuzz::text),
        ("packet_mask", fuzz::mask),
        ("packet_actions", fuzz::actions),
    ];
    for (target, body) in bodies {
        let directory = format!("{}/../../tests/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
        let inputs =
            std::fs::read_dir(&directory).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
        let count = inputs.inspect(|input| body(input)).count();
        assert!(count > 0, "{directory} is empty");
    }
}
