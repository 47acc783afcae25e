//! Time and allocations of one simulated packet.
#![allow(clippy::expect_used, clippy::panic, reason = "a broken invariant must fail the test")]

use divan::{AllocProfiler, Bencher, black_box};
use harness::networks::{self, Case};
use packet::{PacketView, TunnelKey};
use simulation::{MaskMode, Simulator};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn simulate(bencher: Bencher<'_, '_>, case: &Case) {
    let mut simulator = Simulator::new(MaskMode::Megaflow);
    let packet = PacketView::parse(&case.frame, 1, TunnelKey::default()).expect("a frame");
    bencher.bench_local(|| {
        simulator.simulate(black_box(&case.network.topology), black_box(&packet), case.ingress)
    });
}

#[divan::bench]
fn bridge(bencher: Bencher<'_, '_>) {
    simulate(bencher, &networks::bridge());
}

#[divan::bench]
fn router(bencher: Bencher<'_, '_>) {
    simulate(bencher, &networks::router());
}

#[divan::bench]
fn bridge_router_bridge(bencher: Bencher<'_, '_>) {
    simulate(bencher, &networks::bridge_router_bridge(0));
}

#[divan::bench]
fn bridge_router_bridge_100_rules(bencher: Bencher<'_, '_>) {
    simulate(bencher, &networks::bridge_router_bridge(100));
}

#[divan::bench]
fn parse_and_simulate_bridge(bencher: Bencher<'_, '_>) {
    let case = networks::bridge();
    let mut simulator = Simulator::new(MaskMode::Megaflow);
    bencher.bench_local(|| {
        let packet = PacketView::parse(black_box(&case.frame), 1, TunnelKey::default()).expect("a frame");
        simulator.simulate(black_box(&case.network.topology), &packet, case.ingress)
    });
}
