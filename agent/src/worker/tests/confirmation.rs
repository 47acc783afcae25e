//! When the control plane is told that the flows are true to what it has published.

use super::*;

/// Answers to the control plane's questions.
fn confirmed(events: &[Event]) -> Vec<u64> {
    let round = |event: &Event| match event {
        Event::Corrected { worker: 0, round } => Some(*round),
        _ => None,
    };
    events.iter().filter_map(round).collect()
}

#[test]
fn a_worker_confirms_after_the_last_correction_and_only_once() {
    let mut hv =
        Hypervisor::with(1, Settings { mask_mode: MaskMode::Exact, flow_limit: 1000, ..Settings::default() });
    hv.set_up_two_guests();
    hv.update(chain(Vec::new()));
    hv.change(bridge(&[1, 2], Some(CHAIN)));
    hv.sweeper.inherit().unwrap();
    let flows = crate::worker::CORRECTIONS_PER_TURN + 50;
    for source_port in 0..flows {
        let template = Ipv4Packet::new(mac(1), mac(2), addr(1), addr(2));
        hv.send(1, &template.udp(1000 + source_port as u16, 2000, b"midspan"));
    }
    assert_eq!(hv.flows().len(), flows);
    hv.events();

    let tags = hv.update(chain(vec![drop_udp_to(2000)]));
    hv.publish_only(&tags);
    hv.mailbox.confirm(7);
    let now = hv.now;
    hv.worker.step(&|| now, Duration::ZERO).unwrap();
    assert_eq!(confirmed(&hv.events()), [0u64; 0], "some flows are still to be corrected");
    hv.worker.step(&|| now, Duration::ZERO).unwrap();
    assert_eq!(confirmed(&hv.events()), [7]);
    hv.writer.catch_up();
    let drops = |flow: &FlowDump| matches!(flow.actions.as_deref(), Some([] | [Action::Drop { .. }]));
    assert!(hv.flows().iter().all(drops));
    hv.turn();
    assert_eq!(confirmed(&hv.events()), [0u64; 0]);
}

#[test]
fn a_worker_without_flows_confirms_at_once() {
    let mut hv = Hypervisor::with_two_guests();
    hv.sweeper.inherit().unwrap();
    hv.turn();
    hv.mailbox.confirm(1);
    let now = hv.now;
    hv.worker.step(&|| now, Duration::ZERO).unwrap();
    assert_eq!(confirmed(&hv.events()), [1]);
}

#[test]
fn a_worker_confirms_after_it_has_taken_over_the_flows_of_a_former_life() {
    let mut hv = Hypervisor::with_two_guests();
    hv.mailbox.confirm(1);
    hv.turn();
    assert_eq!(confirmed(&hv.events()), [0u64; 0], "they may be wrong");
    hv.sweeper.inherit().unwrap();
    hv.turn();
    assert_eq!(confirmed(&hv.events()), [1]);
}

#[test]
fn a_flow_that_goes_its_old_way_for_want_of_a_neighbour_is_not_true_yet() {
    let mut hv = restart::routing();
    hv.sweeper.inherit().unwrap();
    hv.turn();
    hv.change(Update::ArpForgotten { router: ROUTER, ip: restart::FAR });
    hv.mailbox.confirm(1);
    hv.pass(Duration::from_millis(2900));
    assert_eq!(confirmed(&hv.events()), [0u64; 0]);
    hv.change(restart::far(8));
    assert_eq!(confirmed(&hv.events()), [1]);
}

#[test]
fn a_flow_whose_neighbour_stays_silent_is_not_waited_for_once_it_has_gone() {
    let mut hv = restart::routing();
    hv.sweeper.inherit().unwrap();
    hv.turn();
    hv.change(Update::ArpForgotten { router: ROUTER, ip: restart::FAR });
    hv.mailbox.confirm(1);
    hv.pass(Duration::from_millis(3001));
    hv.turn();
    assert!(hv.flows().is_empty());
    assert_eq!(confirmed(&hv.events()), [1]);
}

#[test]
fn a_deletion_that_the_datapath_refuses_is_tried_again_before_the_worker_confirms() {
    let mut hv = Hypervisor::with_two_guests();
    hv.sweeper.inherit().unwrap();
    hv.send(1, &frame(1, 2));
    hv.refuses_deletions.store(true, Ordering::Relaxed);
    hv.now += Duration::from_secs(61);
    hv.sweep();
    hv.mailbox.confirm(1);
    hv.turn();
    assert_eq!((hv.flows().len(), confirmed(&hv.events())), (1, vec![]), "it is idle and still there");
    hv.refuses_deletions.store(false, Ordering::Relaxed);
    hv.pass(Duration::from_millis(100));
    assert_eq!((hv.flows().len(), confirmed(&hv.events())), (0, vec![1]));
}
