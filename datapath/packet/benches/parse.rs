//! Cost of parsing and of marking a mask, with allocations counted (there must be none).

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use packet::build::{Ipv4Packet, Ipv6Packet, TcpSegment, arp_request};
use packet::{Field, FlowKey, FlowMask, MacAddr, PacketView, TunnelKey};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const A: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const B: MacAddr = MacAddr([2, 0, 0, 0, 0, 2]);

fn main() {
    divan::main();
}

fn frame(kind: &str) -> Vec<u8> {
    let v4 = Ipv4Packet::new(A, B, [10, 0, 0, 1].into(), [10, 0, 0, 2].into());
    let v6 = Ipv6Packet::new(A, B, [0x20; 16].into(), [0x21; 16].into());
    let segment = TcpSegment { src: 40000, dst: 443, flags: 0x10, ..TcpSegment::default() };
    match kind {
        "arp" => arp_request((A, [10, 0, 0, 1].into()), [10, 0, 0, 2].into()),
        "ipv4 udp 64" => v4.udp(1, 2, &[0; 22]),
        "ipv6 tcp 1400" => v6.tcp(&segment, &[0; 1400]),
        _ => v4.tcp(&segment, &[0; 1400]),
    }
}

#[divan::bench(args = ["arp", "ipv4 udp 64", "ipv4 tcp 1400", "ipv6 tcp 1400"])]
fn parse(bencher: Bencher<'_, '_>, kind: &str) {
    let frame = frame(kind);
    bencher
        .counter(BytesCount::of_slice(&frame))
        .bench(|| PacketView::parse(black_box(&frame), 1, TunnelKey::default()).map(|view| *view.key()));
}

#[divan::bench]
fn mark_and_clip(bencher: Bencher<'_, '_>) {
    let frame = frame("ipv4 tcp 1400");
    let key = PacketView::parse(&frame, 1, TunnelKey::default()).map(|view| *view.key()).unwrap_or_default();
    bencher.bench(|| {
        let key: &FlowKey = black_box(&key);
        let mut mask = FlowMask::any();
        mask.add_all(&[Field::InPort, Field::EthSrc, Field::EthDst, Field::EthType, Field::IpProto]);
        mask.add_prefix(Field::IpDst, 24, key);
        mask.clip_to(key);
        mask
    });
}
