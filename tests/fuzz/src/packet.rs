//! Fuzz bodies for the `packet` crate: whatever the bytes, nothing panics and these properties hold.
//!
//! The libFuzzer targets call them, and the crate's own tests replay the committed corpus through them.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a broken property is reported by panicking")]

use packet::apply::{Dropped, Sink, apply};
use packet::text::{ActionsText, FlowText};
use packet::{Action, DpPort, FlowKey, FlowMask, MacAddr, PacketView, SetField, TunnelKey, build};

fn packet_of(frame: &[u8]) -> Option<PacketView<'_>> {
    PacketView::parse(frame, 1, TunnelKey::default()).ok()
}

/// Any frame: parsing it, looking at every layer, and writing its key down and reading it back.
pub fn parse(frame: &[u8]) {
    let Some(view) = packet_of(frame) else {
        assert!(frame.len() < 14, "only a frame shorter than an Ethernet header is refused");
        return;
    };
    let key = *view.key();
    let _ = (view.arp(), view.ipv4(), view.ipv6(), view.icmp(), view.icmpv6(), view.icmp_id());
    let _ = (view.icmp_quoted(), view.is_icmp_error(), view.l3(), view.payload());
    assert!(view.l4().is_none_or(|l4| l4.len() <= frame.len()));
    let text = key.to_string();
    assert_eq!(text.parse(), Ok(key), "{text}");

    // The frame that a key describes has that key, unless the key is that of a frame that makes no sense.
    let remade = build::frame_of(&key, &[]);
    let again = *packet_of(&remade).expect("a composed frame has an Ethernet header").key();
    assert_eq!((again.eth_src, again.eth_dst), (key.eth_src, key.eth_dst));

    let router = (key.eth_dst, [10, 0, 0, 254].into());
    let replies =
        [build::icmp_echo_reply(&view), build::icmp_error(&view, router, build::IcmpError::TtlExceeded)];
    for reply in replies.into_iter().flatten() {
        assert!(reply.len() >= 42);
        assert!(packet_of(&reply).is_some_and(|reply| reply.icmp().is_some()));
    }
}

/// Any text: a description of a packet or an error, and what was understood survives being written down.
pub fn text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = text.parse::<FlowKey>() {
        let written = key.to_string();
        assert_eq!(written.parse(), Ok(key), "{text} became {written}");
    }
}

/// Any two frames and any mask: a clipped mask stays clipped, and tells apart whatever the mask told apart.
pub fn mask(data: &[u8]) {
    let Some((bits, rest)) = data.split_at_checked(size_of::<FlowKey>()) else { return };
    let Some(bits) = FlowMask::from_bytes(bits) else { return };
    let (first, second) = rest.split_at(rest.len() / 2);
    let (Some(first), Some(second)) = (packet_of(first), packet_of(second)) else { return };
    clip(&bits, first.key(), second.key());
    clip(
        &bits,
        first.key(),
        packet_of(&build::frame_of(&blend(&bits, first.key(), second.key()), &[])).expect("composed").key(),
    );
}

/// `key` where the mask clipped to it looks, `other` elsewhere: what a megaflow could confuse with `key`.
pub fn blend(bits: &FlowMask, key: &FlowKey, other: &FlowKey) -> FlowKey {
    let mut clipped = *bits;
    clipped.clip_to(key);
    let mut rest = FlowMask::exact();
    for (bit, taken) in rest.bytes_mut().iter_mut().zip(clipped.bytes()) {
        *bit &= !taken;
    }
    let (mut mine, theirs) = (FlowMask(clipped.apply(key)), FlowMask(rest.apply(other)));
    mine.unite(&theirs);
    mine.0
}

/// Checks the promises of [`FlowMask::clip_to`] for two keys of real frames.
pub fn clip(bits: &FlowMask, key: &FlowKey, other: &FlowKey) {
    let mut clipped = *bits;
    clipped.clip_to(key);
    let mut twice = clipped;
    twice.clip_to(key);
    assert_eq!(twice, clipped, "fitting twice changes nothing");
    let _ = FlowText { key, mask: &clipped }.to_string();
    if clipped.matches(key, other) {
        assert!(bits.matches(key, other), "{bits:?} clipped to {clipped:?} takes {other} for {key}");
    }
}

/// Any actions on any frame: no panic, and a frame only grows or shrinks by tags.
pub fn actions(data: &[u8]) {
    let Some((&[count, ..], rest)) = data.split_first_chunk::<1>() else { return };
    let mut rest = rest;
    let mut actions = Vec::new();
    for _ in 0..count % 8 {
        let Some((chunk, after)) = rest.split_first_chunk::<8>() else { break };
        actions.push(action(*chunk));
        rest = after;
    }
    let _ = ActionsText(&actions).to_string();
    let mut lengths = Lengths { original: rest.len(), tags: actions.len() };
    apply(&actions, &mut rest.to_vec(), &FlowKey::default(), &mut lengths);
}

struct Lengths {
    original: usize,
    tags: usize,
}

impl Sink for Lengths {
    fn output(&mut self, _: DpPort, _: Option<&TunnelKey>, frame: &[u8]) {
        assert!(frame.len().abs_diff(self.original) <= 4 * self.tags);
    }
    fn userspace(&mut self, _: u64, packet: &PacketView<'_>) {
        assert!(packet.has_bytes());
    }
    fn dropped(&mut self, _: Dropped) {}
}

fn action([kind, given, a, b, c, d, e, f]: [u8; 8]) -> Action {
    let optional = |bit: u8| given & bit != 0;
    let (x, y) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    let wide = u128::from_be_bytes([a, b, c, d, e, f, a, b, c, d, e, f, a, b, c, d]).to_be_bytes();
    match kind % 10 {
        0 => Action::Output(DpPort(x.into())),
        1 => Action::Userspace { cookie: x.into() },
        2 => Action::PushVlan {
            tpid: if optional(1) { 0x8100 } else { 0x88a8 },
            tci: x | packet::VLAN_PRESENT,
        },
        3 => Action::PopVlan,
        4 => Action::DecTtl { exception: vec![Action::Userspace { cookie: 0 }] },
        5 => Action::Set(SetField::Ethernet {
            src: optional(1).then_some(MacAddr([a, b, c, d, e, f])),
            dst: optional(2).then_some(MacAddr([f, e, d, c, b, a])),
        }),
        6 => Action::Set(SetField::Ipv4 {
            src: optional(1).then_some([a, b, c, d]),
            dst: optional(2).then_some([d, c, b, a]),
            tos: optional(4).then_some(e),
            ttl: optional(8).then_some(f),
        }),
        7 => Action::Set(SetField::Ipv6 {
            src: optional(1).then_some(wide),
            dst: optional(2).then_some(wide),
            tclass: optional(4).then_some(e),
            hop_limit: optional(8).then_some(f),
        }),
        8 => Action::Set(SetField::Tcp { src: optional(1).then_some(x), dst: optional(2).then_some(y) }),
        _ => Action::Set(SetField::Udp { src: optional(1).then_some(x), dst: optional(2).then_some(y) }),
    }
}
