//! In steady state, simulating a packet allocates nothing.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken invariant must fail the test"
)]
#![allow(unsafe_code, reason = "a global allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use harness::networks::{self, Case};
use packet::{PacketView, TunnelKey};
use simulation::{MaskMode, Simulator, Verdict, VirtualAction};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `GlobalAlloc::dealloc`.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_per_packet(case: &Case, mode: MaskMode) -> u64 {
    let mut simulator = Simulator::new(mode);
    let packet = PacketView::parse(&case.frame, 1, TunnelKey::default()).unwrap();
    let mut simulate = || {
        let outcome = simulator.simulate(&case.network.topology, &packet, case.ingress);
        let Verdict::Forward(actions) = &outcome.verdict else { panic!("{outcome:?}") };
        assert_eq!(actions.last(), Some(&VirtualAction::Output(case.egress)));
        assert_eq!(outcome.effects.len(), 0);
    };
    simulate();
    let before = ALLOCATIONS.with(Cell::get);
    for _ in 0..100 {
        simulate();
    }
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn bridge() {
    assert_eq!(allocations_per_packet(&networks::bridge(), MaskMode::Megaflow), 0);
}

#[test]
fn router() {
    assert_eq!(allocations_per_packet(&networks::router(), MaskMode::Megaflow), 0);
}

#[test]
fn bridge_router_bridge_with_a_chain_of_100_rules() {
    let case = networks::bridge_router_bridge(100);
    assert_eq!(allocations_per_packet(&case, MaskMode::Megaflow), 0);
    assert_eq!(allocations_per_packet(&case, MaskMode::Exact), 0);
}
