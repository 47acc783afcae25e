//! The machine against a clock that only the tests move.

use std::net::Ipv4Addr;

use super::{NeighbourId, Resolver, ResolverEvent, ms};
use crate::resolver::ResolverEvent::{Ask, Failed, Forgotten};
use model::{PortId, RouterId};
use std::time::{Duration, Instant};

struct Clock {
    start: Instant,
    resolver: Resolver,
}

const NEIGHBOUR: NeighbourId = NeighbourId {
    router: RouterId(uuid::Uuid::from_u128(1)),
    ip: std::net::IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9)),
};
const PORT: PortId = PortId(uuid::Uuid::from_u128(2));
const ASK: ResolverEvent = Ask { port: PORT, neighbour: NEIGHBOUR };

impl Clock {
    fn new() -> Self {
        Self { start: Instant::now(), resolver: Resolver::default() }
    }

    fn at(&self, since_start: u64) -> Instant {
        self.start + ms(since_start)
    }

    /// Everything that happens up to a time, with when it happened in milliseconds.
    fn run(&mut self, until: u64) -> Vec<(u64, ResolverEvent)> {
        let mut events = Vec::new();
        while let Some(now) = self.resolver.next_deadline().filter(|next| *next <= self.at(until)) {
            while let Some(event) = self.resolver.poll(now) {
                events.push(((now - self.start).as_millis() as u64, event));
            }
        }
        events
    }
}

#[test]
fn asks_at_once_and_again_and_gives_up_before_the_packet_does() {
    let mut clock = Clock::new();
    clock.resolver.request(NEIGHBOUR, PORT, clock.at(0)).unwrap();
    let events = clock.run(10_000);
    let asked: Vec<u64> = events.iter().filter(|(_, e)| *e == ASK).map(|(at, _)| *at).collect();
    assert_eq!(asked, [0, 250, 750, 1500, 2250]);
    assert_eq!(events[5], (2900, Failed(NEIGHBOUR)));
    assert_eq!(events[6..], [(3900, Forgotten(NEIGHBOUR))]);
    assert_eq!(clock.resolver.next_deadline(), None);
}

#[test]
fn a_second_request_does_not_ask_twice() {
    let mut clock = Clock::new();
    clock.resolver.request(NEIGHBOUR, PORT, clock.at(0)).unwrap();
    assert_eq!(clock.run(10).len(), 1);
    clock.resolver.request(NEIGHBOUR, PORT, clock.at(20)).unwrap();
    assert_eq!(clock.run(200), []);
}

#[test]
fn an_answer_ends_the_asking() {
    let mut clock = Clock::new();
    clock.resolver.request(NEIGHBOUR, PORT, clock.at(0)).unwrap();
    clock.run(10);
    clock.resolver.handle_heard(NEIGHBOUR, PORT, clock.at(20));
    assert_eq!(clock.run(59_000), []);
}

#[test]
fn a_stale_neighbour_is_asked_until_it_answers() {
    let mut clock = Clock::new();
    clock.resolver.handle_heard(NEIGHBOUR, PORT, clock.at(0));
    assert_eq!(clock.run(66_000), [(60_000, ASK), (65_000, ASK)]);
    clock.resolver.handle_heard(NEIGHBOUR, PORT, clock.at(66_000));
    assert_eq!(clock.run(120_000), []);
}

#[test]
fn a_neighbour_that_stopped_answering_is_forgotten() {
    let mut clock = Clock::new();
    clock.resolver.handle_heard(NEIGHBOUR, PORT, clock.at(0));
    let events = clock.run(100_000);
    assert_eq!(events.iter().filter(|(_, e)| *e == ASK).count(), 6);
    assert_eq!(events.last(), Some(&(90_000, Forgotten(NEIGHBOUR))));
}

#[test]
fn the_table_is_bounded() {
    let mut clock = Clock::new();
    let now = clock.at(0);
    let neighbour = |n: u32| NeighbourId { ip: Ipv4Addr::from_bits(n).into(), ..NEIGHBOUR };
    for n in 0..super::CAPACITY as u32 {
        clock.resolver.request(neighbour(n), PORT, now).unwrap();
    }
    assert!(clock.resolver.request(neighbour(u32::MAX), PORT, now).is_err());
    clock.resolver.retain(|known| known != neighbour(7));
    assert!(clock.resolver.request(neighbour(u32::MAX), PORT, now).is_ok());
    assert!(clock.resolver.next_deadline().unwrap() - now < Duration::from_secs(1));
}
