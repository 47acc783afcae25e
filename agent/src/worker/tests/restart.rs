//! What running flows go through while the agent is started again, or loses what it knew of a neighbour.

use datapath::{Executed, Executor, PacketContext};
use simulation::{Ingress, Need};

use super::*;
use crate::messages::Injection;

pub(super) const FAR: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 1, 9));

pub(super) fn far(station: u8) -> Update {
    Update::ArpLearned { router: ROUTER, ip: FAR, mac: mac(station) }
}

fn asks_for_far(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Needed(Need::Arp { target: FAR, .. })))
}

/// A router with a running flow to its neighbour 10.0.1.9.
pub(super) fn routing() -> Hypervisor {
    let mut hv = routed();
    hv.change(far(9));
    hv.send(1, &routed_frame(64));
    assert_eq!((hv.received(2).len(), hv.flows().len()), (1, 1));
    hv
}

#[test]
fn a_running_flow_goes_on_while_its_neighbour_is_asked_for_again() {
    let mut hv = routing();
    let before = hv.flows();
    hv.events();
    hv.change(Update::ArpForgotten { router: ROUTER, ip: FAR });
    assert!(asks_for_far(&hv.events()));
    hv.send(1, &routed_frame(64));
    assert_eq!((hv.received(2).len(), hv.counters.upcalls.get()), (1, 1));
    hv.change(far(9));
    hv.pass(Duration::from_secs(10));
    let [before, after] = [before, hv.flows()].map(|mut flows| flows.remove(0));
    assert_eq!((before.ufid, before.actions), (after.ufid, after.actions));
    assert_eq!(hv.counters.flows_modified.get(), 0);
}

#[test]
fn a_neighbour_that_answers_from_elsewhere_corrects_the_flow_that_went_on() {
    let mut hv = routing();
    hv.change(Update::ArpForgotten { router: ROUTER, ip: FAR });
    hv.change(far(8));
    hv.send(1, &routed_frame(64));
    let out = hv.received(2);
    let view = PacketView::parse(&out[0], 0, TunnelKey::default()).unwrap();
    assert_eq!((view.key().eth_dst, hv.counters.upcalls.get()), (mac(8), 1));
}

#[test]
fn a_flow_goes_when_its_neighbour_stays_silent_for_as_long_as_a_packet_would_wait() {
    let mut hv = routing();
    hv.change(Update::ArpForgotten { router: ROUTER, ip: FAR });
    hv.pass(Duration::from_millis(2000));
    // Another reason to look at the flow again does not give it more time.
    hv.change(Update::PortLost { port: port(1) });
    hv.pass(Duration::from_millis(900));
    assert_eq!(hv.flows().len(), 1);
    hv.pass(Duration::from_millis(101));
    assert!(hv.flows().is_empty());
}

#[test]
fn a_sender_is_told_when_the_neighbour_of_its_flow_does_not_answer() {
    let mut hv = routing();
    hv.change(Update::ArpForgotten { router: ROUTER, ip: FAR });
    hv.change(Update::ArpFailed { router: ROUTER, ip: FAR });
    hv.send(1, &routed_frame(64));
    let answers = hv.received(1);
    let view = PacketView::parse(&answers[0], 0, TunnelKey::default()).unwrap();
    assert_eq!((view.key().ip_proto, view.key().tp_src, view.key().tp_dst), (1, 3, 1));
}

#[test]
fn a_restarted_agent_keeps_a_routed_flow_while_it_asks_for_the_neighbour() {
    let hv = routing();
    let before = hv.flows();
    let mut hv = restarted(hv);
    hv.set_up_router();
    hv.events();
    hv.sweeper.inherit().unwrap();
    hv.turn();
    assert_eq!(hv.flows(), before);
    assert!(asks_for_far(&hv.events()));
    hv.change(far(9));
    hv.pass(Duration::from_secs(10));
    assert_eq!(hv.flows(), before);
    assert_eq!((hv.counters.flows_adopted.get(), hv.counters.flows_modified.get()), (1, 0));
}

#[test]
fn a_routed_flow_whose_slot_is_taken_forwards_under_another_name_while_the_neighbour_is_asked_for() {
    let hv = routing();
    let mut hv = restarted(hv);
    hv.set_up_router();
    let stray = Ipv4Packet::new(mac(1), mac(99), addr(1), addr(99)).udp(1, 2, b"midspan");
    hv.send(1, &stray);
    assert!(has_first_slot(&hv), "the upcall took the slot");
    hv.sweeper.inherit().unwrap();
    hv.turn();
    let upcalls = hv.counters.upcalls.get();
    hv.send(1, &routed_frame(64));
    assert_eq!((hv.received(2).len(), hv.counters.upcalls.get()), (1, upcalls));
}

/// A flow of this life has the slot that the former life used first.
fn has_first_slot(hv: &Hypervisor) -> bool {
    hv.worker.core.table.iter().any(|(ufid, _)| ufid.slot().is_some_and(|(slot, _)| slot == 0))
}

/// The second of two hypervisors started again: its flow for arriving packets is refused, as it is there already.
fn second_restarted(two: Hypervisor) -> Hypervisor {
    let dp = two.dp.clone();
    drop(two);
    let mut two = Hypervisor::with(2, Settings { dp, generation: 1000, ..Settings::default() });
    two.set_up_as_one_of_two(2);
    two
}

#[test]
fn an_arrival_flow_whose_slot_is_taken_is_put_back_at_once_under_another_name() {
    let (mut one, two) = two_hypervisors();
    let mut two = second_restarted(two);
    assert!(two.counters.writes_existing.get() > 0);
    two.send(2, &frame(2, 1));
    assert!(has_first_slot(&two), "the upcall took the slot");
    two.sweeper.inherit().unwrap();
    two.turn();
    let upcalls = two.counters.upcalls.get();
    one.send(1, &frame(1, 2));
    assert_eq!(carry(&one, &mut two), 1);
    assert_eq!(two.received(2), [frame(1, 2)]);
    assert_eq!(two.counters.upcalls.get(), upcalls, "the packet met a flow, without a sweep in between");
    two.sweep();
    assert_eq!(two.flows().len(), 2);
}

/// The frame with a VLAN tag of VID 5.
fn tagged(frame: &[u8]) -> Vec<u8> {
    [&frame[..12], &[0x81, 0x00, 0x00, 0x05], &frame[12..]].concat()
}

#[test]
fn tagged_arrivals_have_a_flow_for_each_ethertype() {
    let (mut one, mut two) = two_hypervisors();
    let question = packet::build::arp_request((mac(1), addr(1)), addr(2));
    for _ in 0..2 {
        for frame in [frame(1, 2), question.clone()].map(|frame| tagged(&frame)) {
            one.send(1, &frame);
            carry(&one, &mut two);
            assert_eq!(two.received(2), [frame]);
        }
    }
    assert_eq!(two.counters.upcalls.get(), 2, "the first of each kind");
}

#[test]
fn flows_for_tagged_and_untagged_arrivals_are_adopted_side_by_side() {
    let (mut one, mut two) = two_hypervisors();
    one.send(1, &tagged(&frame(1, 2)));
    assert_eq!(carry(&one, &mut two), 1);
    let before = two.flows();
    assert_eq!((two.received(2).len(), before.len()), (1, 2));
    let mut two = second_restarted(two);
    two.sweeper.inherit().unwrap();
    two.turn();
    two.sweep();
    assert_eq!(two.flows(), before);
    for frame in [frame(1, 2), tagged(&frame(1, 2))] {
        one.send(1, &frame);
        carry(&one, &mut two);
        assert_eq!(two.received(2), [frame]);
    }
    assert_eq!(two.counters.upcalls.get(), 0);
    two.ports.clear();
    two.publish(&[]);
    assert!(two.flows().is_empty(), "both go with the port");
}

#[test]
fn a_frame_that_beats_the_news_of_its_tunnel_device_does_not_shut_the_device() {
    let (mut one, mut two) = two_hypervisors();
    let tunnels = std::mem::take(&mut two.tunnels);
    two.publish(&[]);
    assert!(two.flows().is_empty());
    two.tunnels = tunnels.clone();
    one.send(1, &frame(1, 2));
    carry(&one, &mut two);
    assert_eq!((two.drops()["unbound_port"], two.flows().len()), (1, 1));
    two.publish(&[]);
    one.send(1, &frame(1, 2));
    carry(&one, &mut two);
    assert_eq!(two.received(2), [frame(1, 2)]);
}

/// An executor during whose first flush something else happens.
struct Meanwhile<F> {
    executor: Box<dyn Executor>,
    what: Option<F>,
}

impl<F: FnOnce() + Send> Executor for Meanwhile<F> {
    fn queue(
        &mut self,
        packet: &[u8],
        key: &FlowKey,
        actions: &[Action],
        context: PacketContext,
    ) -> datapath::Result<()> {
        self.executor.queue(packet, key, actions, context)
    }

    fn flush(&mut self) -> datapath::Result<Executed> {
        if let Some(what) = self.what.take() {
            what();
        }
        self.executor.flush()
    }
}

#[test]
fn packets_that_waited_are_not_judged_by_a_snapshot_from_before_the_agent_was_in_sync() {
    let mut hv = Hypervisor::with_two_guests();
    hv.in_sync.store(false, Ordering::Release);
    let early = hv.dp.add_port(&PortSpec::netdev("tap3")).unwrap();
    hv.dp.inject(early, &frame(3, 2));
    hv.update(bridge(&[1, 2, 3], None));
    let key = PortKey::new(3).unwrap();
    hv.ports.push(LocalPort { port: port(3), dp_port: early, key, class: PortClass::Guest });
    let (snapshots, snapshot, in_sync) =
        (Arc::clone(&hv.snapshots), hv.next_snapshot(), Arc::clone(&hv.in_sync));
    let what = move || {
        snapshots.store(snapshot);
        in_sync.store(true, Ordering::Release);
    };
    let core = &mut hv.worker.core;
    let executor = std::mem::replace(&mut core.executor, hv.dp.executor().unwrap());
    core.executor = Box::new(Meanwhile { executor, what: Some(what) });
    let request = Injection { ingress: Ingress::Emit(port(1)), frame: frame(9, 1) };
    hv.mailbox.inject(request).unwrap();
    hv.turn();
    assert_eq!(hv.received(1), [frame(9, 1)]);
    assert_eq!((hv.received(2), hv.drops()), (vec![frame(3, 2)], BTreeMap::new()));
}
