//! What actions do to packets: order, copies, checksums.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use packet::apply::{Dropped, Sink, apply};
use packet::build::{IcmpError, Ipv4Packet, Ipv6Packet, TcpSegment, icmp_error};
use packet::header::Ipv4Header;
use packet::{Action, DpPort, FlowKey, MacAddr, PacketView, SetField, TunnelKey};

const A: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const B: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);
const C: MacAddr = MacAddr([2, 0, 0, 0, 0, 3]);

/// Everything that came of a packet, in order.
#[derive(Debug, Default, PartialEq)]
struct Record(Vec<Event>);

#[derive(Debug, PartialEq)]
enum Event {
    Output(u32, Option<u64>, Vec<u8>),
    Userspace(u64, u32),
    Dropped(Dropped),
}

impl Sink for Record {
    fn output(&mut self, port: DpPort, tunnel: Option<&TunnelKey>, frame: &[u8]) {
        self.0.push(Event::Output(port.0, tunnel.map(|key| key.id), frame.to_vec()));
    }
    fn userspace(&mut self, cookie: u64, packet: &PacketView<'_>) {
        self.0.push(Event::Userspace(cookie, packet.key().in_port));
    }
    fn dropped(&mut self, cause: Dropped) {
        self.0.push(Event::Dropped(cause));
    }
}

fn run(actions: &[Action], frame: &[u8]) -> Vec<Event> {
    let mut record = Record::default();
    let metadata = FlowKey { in_port: 9, ..FlowKey::default() };
    apply(actions, &mut frame.to_vec(), &metadata, &mut record);
    record.0
}

fn ipv4() -> Ipv4Packet {
    Ipv4Packet::new(A, B, [10, 0, 0, 1].into(), [10, 0, 0, 2].into())
}

fn ipv6() -> Ipv6Packet {
    let address = |last| std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last);
    Ipv6Packet::new(A, B, address(1), address(2))
}

fn output(frame: Vec<u8>) -> Vec<Event> {
    vec![Event::Output(1, None, frame)]
}

const OUT: Action = Action::Output(DpPort(1));

#[test]
fn every_output_carries_the_packet_as_it_stands() {
    let frame = ipv4().udp(1, 2, b"x");
    let readdressed = Ipv4Packet { eth_dst: C, ..ipv4() }.udp(1, 2, b"x");
    let set = Action::Set(SetField::Ethernet { src: None, dst: Some(C) });
    let events = run(&[OUT, set, Action::Output(DpPort(2))], &frame);
    assert_eq!(events, [Event::Output(1, None, frame), Event::Output(2, None, readdressed)]);
}

#[test]
fn rewriting_ipv4_gives_the_packet_that_would_have_been_composed() {
    let set = Action::Set(SetField::Ipv4 {
        src: Some([192, 0, 2, 7]),
        dst: Some([255, 255, 0, 1]),
        tos: Some(0xb8),
        ttl: Some(3),
    });
    let expected =
        Ipv4Packet { src: [192, 0, 2, 7].into(), dst: [255, 255, 0, 1].into(), tos: 0xb8, ttl: 3, ..ipv4() };
    let syn = TcpSegment { src: 1, dst: 2, flags: 2, ..TcpSegment::default() };
    assert_eq!(run(&[set.clone(), OUT], &ipv4().udp(1, 2, b"abc")), output(expected.udp(1, 2, b"abc")));
    assert_eq!(run(&[set.clone(), OUT], &ipv4().tcp(&syn, b"abc")), output(expected.tcp(&syn, b"abc")));
    let ping = ipv4().echo_request(1, 2, b"abc");
    assert_eq!(run(&[set, OUT], &ping), output(expected.echo_request(1, 2, b"abc")));
}

#[test]
fn rewriting_ipv6_gives_the_packet_that_would_have_been_composed() {
    let (src, dst) = ([0x20; 16], [0xfe; 16]);
    let set = SetField::Ipv6 { src: Some(src), dst: Some(dst), tclass: Some(0xb8), hop_limit: Some(3) };
    let expected =
        Ipv6Packet { src: src.into(), dst: dst.into(), traffic_class: 0xb8, hop_limit: 3, ..ipv6() };
    assert_eq!(run(&[Action::Set(set), OUT], &ipv6().udp(1, 2, b"ab")), output(expected.udp(1, 2, b"ab")));
}

#[test]
fn rewriting_ports_keeps_the_transport_checksum_right() {
    let udp = Action::Set(SetField::Udp { src: Some(0xffff), dst: Some(0) });
    assert_eq!(run(&[udp, OUT], &ipv4().udp(1, 2, b"abc")), output(ipv4().udp(0xffff, 0, b"abc")));
    let tcp = Action::Set(SetField::Tcp { src: None, dst: Some(443) });
    let segment = |dst| TcpSegment { src: 7, dst, flags: 0x10, ..TcpSegment::default() };
    assert_eq!(
        run(&[tcp, OUT], &ipv6().tcp(&segment(80), b"abc")),
        output(ipv6().tcp(&segment(443), b"abc"))
    );
}

#[test]
fn a_udp_checksum_that_the_sender_did_not_make_stays_out() {
    let mut frame = ipv4().udp(1, 2, b"abc");
    frame[40..42].fill(0);
    let set = Action::Set(SetField::Ipv4 { src: Some([1, 2, 3, 4]), dst: None, tos: None, ttl: None });
    let mut expected = Ipv4Packet { src: [1, 2, 3, 4].into(), ..ipv4() }.udp(1, 2, b"abc");
    expected[40..42].fill(0);
    assert_eq!(run(&[set, OUT], &frame), output(expected));
}

#[test]
fn a_later_fragment_has_no_transport_header_to_touch() {
    let later =
        |src: [u8; 4]| Ipv4Packet { src: src.into(), flags_offset: 3, ..ipv4() }.carry(17, &[&[0xaa; 32]]);
    let set = Action::Set(SetField::Ipv4 { src: Some([9, 9, 9, 9]), dst: None, tos: None, ttl: None });
    assert_eq!(run(&[set, OUT], &later([10, 0, 0, 1])), output(later([9, 9, 9, 9])));
    let ports = Action::Set(SetField::Udp { src: Some(1), dst: None });
    assert_eq!(run(&[ports, OUT], &later([10, 0, 0, 1])), [Event::Dropped(Dropped::Malformed)]);
}

#[test]
fn ttl_counts_down_and_its_end_runs_the_exception_alone() {
    let actions = [Action::DecTtl { exception: vec![Action::Userspace { cookie: 5 }] }, OUT];
    let with_ttl = |ttl| Ipv4Packet { ttl, ..ipv4() }.udp(1, 2, b"");
    assert_eq!(run(&actions, &with_ttl(64)), output(with_ttl(63)));
    for spent in [1, 0] {
        assert_eq!(run(&actions, &with_ttl(spent)), [Event::Userspace(5, 9)]);
    }
    let with_limit = |hop_limit| Ipv6Packet { hop_limit, ..ipv6() }.udp(1, 2, b"");
    assert_eq!(run(&actions, &with_limit(2)), output(with_limit(1)));
}

#[test]
fn tags_go_on_and_come_off_the_outside() {
    let frame = ipv4().udp(1, 2, b"");
    let push = |tpid, vid: u16| Action::PushVlan { tpid, tci: 0x1000 | vid };
    let tagged = run(&[push(0x8100, 5), push(0x88a8, 6), OUT], &frame);
    let [Event::Output(_, _, tagged)] = &tagged[..] else { panic!("{tagged:?}") };
    let key = *PacketView::parse(tagged, 0, TunnelKey::default()).unwrap().key();
    assert_eq!((key.vlan_tpid, key.vlan_id(), key.inner_vlan_tci), (0x88a8, Some(6), 0x1005));
    let set = Action::Set(SetField::Udp { src: None, dst: Some(9) });
    let expected = output(ipv4().udp(1, 9, b""));
    assert_eq!(run(&[set, Action::PopVlan, Action::PopVlan, Action::PopVlan, OUT], tagged), expected);
}

#[test]
fn a_tunnel_header_holds_for_every_output_after_it() {
    let to = |id| Action::SetTunnel(TunnelKey { id, ..TunnelKey::default() });
    let frame = ipv4().udp(1, 2, b"");
    let events = run(&[OUT, to(5), OUT, to(6), OUT], &frame);
    let keys = events.iter().map(|event| if let Event::Output(_, key, _) = event { *key } else { Some(0) });
    assert_eq!(keys.collect::<Vec<_>>(), [None, Some(5), Some(6)]);
}

#[test]
fn drops_say_why() {
    let frame = ipv4().udp(1, 2, b"");
    assert_eq!(run(&[], &frame), [Event::Dropped(Dropped::NoAction)]);
    assert_eq!(run(&[Action::Drop { reason: 3 }, OUT], &frame), [Event::Dropped(Dropped::Explicit(3))]);
    let tcp = Action::Set(SetField::Tcp { src: Some(1), dst: None });
    assert_eq!(run(&[tcp, OUT], &frame), [Event::Dropped(Dropped::Malformed)]);
}

#[test]
fn an_icmp_error_is_not_mistaken_for_what_it_quotes() {
    let original = ipv4().udp(1, 2, b"abcdefgh");
    let view = PacketView::parse(&original, 0, TunnelKey::default()).unwrap();
    let error = icmp_error(&view, (B, [10, 0, 0, 254].into()), IcmpError::PortUnreachable).unwrap();
    let set = Action::Set(SetField::Ipv4 { src: None, dst: Some([10, 9, 9, 9]), tos: None, ttl: None });
    let mut expected = error.clone();
    expected[30..34].copy_from_slice(&[10, 9, 9, 9]);
    let (mut header, _) = Ipv4Header::parse(&expected[14..]).map(|(header, rest)| (*header, rest)).unwrap();
    header.seal(&[]);
    expected[24..26].copy_from_slice(&header.checksum.get().to_be_bytes());
    assert_eq!(run(&[set, OUT], &error), output(expected));
}
