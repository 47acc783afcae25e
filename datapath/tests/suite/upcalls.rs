//! Upcalls: what they carry, in which order they come, and what happens when nobody reads them.

use std::time::{Duration, Instant};

use datapath::{Error, UpcallKind};
use packet::Action;

use super::bench::Bench;
use super::frames::{self, frame};

pub fn miss_upcall_carries_key_and_packet(b: &mut Bench) {
    let [port] = b.ports();
    for text in frames::UNTAGGED {
        let sent = frame(text);
        b.inject(port, &sent);
        let upcall = b.upcall();
        assert_eq!(upcall.kind, UpcallKind::Miss);
        assert_eq!(upcall.packet, sent, "{text}");
        assert_eq!(upcall.key, b.key(port, &sent), "{text}");
        assert_eq!(upcall.userdata, None);
    }
}

pub fn miss_upcall_of_tagged_packets(b: &mut Bench) {
    let [port] = b.ports();
    let sent = frame(frames::TAGGED);
    b.inject(port, &sent);
    let upcall = b.upcall();
    assert_eq!(upcall.packet, sent);
    assert_eq!(upcall.key, b.key(port, &sent));
    assert_eq!(upcall.key.vlan_id(), Some(7));
}

pub fn userspace_action_carries_its_cookie(b: &mut Bench) {
    let [port] = b.ports();
    let sent = frame(frames::UDP);
    b.put_exact(port, &sent, &[Action::Userspace { cookie: 0x0123_4567_89ab_cdef }]);
    b.inject(port, &sent);
    let upcall = b.upcall();
    assert_eq!(upcall.kind, UpcallKind::Action);
    assert_eq!(upcall.userdata, Some(0x0123_4567_89ab_cdef));
    assert_eq!(upcall.packet, sent);
    assert_eq!(upcall.key, b.key(port, &sent));
}

pub fn upcalls_come_in_batches_and_in_order(b: &mut Bench) {
    let [port] = b.ports();
    let mut sent = frame(frames::UDP);
    for i in 0..200u8 {
        sent[50] = i;
        b.inject(port, &sent);
    }
    let order: Vec<u8> = b.upcalls(200).iter().map(|upcall| upcall.packet[50]).collect();
    assert_eq!(order, (0..200).collect::<Vec<u8>>());
}

pub fn an_overrun_is_counted_and_survived(b: &mut Bench) {
    let [port] = b.ports();
    let sent = frame(frames::UDP);
    let sent_count = b.fixture.too_many_upcalls();
    for _ in 0..sent_count {
        b.inject(port, &sent);
    }
    let taken = b.drain();
    let overruns: u64 = b.sources.iter().map(|source| source.stats().overruns).sum();
    assert!(taken > 0 && taken < sent_count, "{taken} of {sent_count} came through");
    assert_eq!(taken as u64 + overruns, sent_count as u64);
    assert_eq!(b.dp().stats().unwrap().lost, overruns);
    b.inject(port, &sent);
    assert_eq!(b.upcall().packet, sent, "the queue works again");
}

pub fn a_source_is_given_out_once(b: &mut Bench) {
    let again = b.dp().upcall_source(0).err();
    assert!(matches!(again, Some(Error::WorkerTaken(0))), "{again:?}");
    let workers = b.dp().workers();
    assert!(matches!(b.dp().upcall_source(workers).err(), Some(Error::WorkerTaken(_))));
    b.sources.clear();
    assert!(b.dp().upcall_source(0).is_ok(), "a source that was given back");
}

pub fn waiting_for_upcalls_times_out(b: &mut Bench) {
    let before = Instant::now();
    assert_eq!(b.sources[0].recv(Duration::from_millis(50), &mut |_| ()).unwrap(), 0);
    let waited = before.elapsed();
    assert!(waited >= Duration::from_millis(40), "came back after {waited:?}");
    assert_eq!(b.sources[0].recv(Duration::ZERO, &mut |_| ()).unwrap(), 0);
}

pub fn a_waker_ends_a_wait_from_another_thread(b: &mut Bench) {
    let waker = b.sources[0].waker().unwrap();
    let waking = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        waker.wake();
        waker
    });
    assert_eq!(b.sources[0].recv(Duration::from_secs(20), &mut |_| ()).unwrap(), 0);
    let waker = waking.join().unwrap();
    // A wake that comes before the wait counts too.
    waker.wake();
    let start = Instant::now();
    assert_eq!(b.sources[0].recv(Duration::from_secs(20), &mut |_| ()).unwrap(), 0);
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(b.sources[0].stats().malformed, 0);
}
