//! Ports: adding, removing, vanishing, events and counters.

use std::time::{Duration, Instant};

use datapath::{Error, PortEvent, PortEvents, PortKind, PortSpec};
use packet::{Action, DpPort};

use super::bench::{Bench, MOMENT, PATIENCE};
use super::frames::{self, frame};

pub fn the_local_port_is_there(b: &mut Bench) {
    let ports = b.dp().ports().unwrap();
    assert_eq!(ports.len(), 1);
    assert_eq!((ports[0].no, ports[0].kind), (DpPort(0), PortKind::Internal));
    assert_eq!(ports[0].name, b.dp().name());
}

pub fn ports_come_and_go(b: &mut Bench) {
    let name = b.fixture.spare_interface();
    let no = b.dp().add_port(&PortSpec::netdev(&name)).unwrap();
    let ports = b.dp().ports().unwrap();
    let port = ports.iter().find(|port| port.no == no).unwrap();
    assert_eq!((&port.name, port.kind), (&name, PortKind::Netdev));
    b.dp().remove_port(no).unwrap();
    assert_eq!(b.dp().ports().unwrap().len(), 1);
    assert!(matches!(b.dp().remove_port(no), Err(Error::NoSuchPort(gone)) if gone == no));
    assert_eq!(b.dp().add_port(&PortSpec::netdev(name)).unwrap(), no, "the lowest free number");
}

pub fn a_wished_number_is_honoured(b: &mut Bench) {
    let (one, two) = (b.fixture.spare_interface(), b.fixture.spare_interface());
    let wish = |name: &str| PortSpec { desired_no: Some(DpPort(77)), ..PortSpec::netdev(name) };
    assert_eq!(b.dp().add_port(&wish(&one)).unwrap(), DpPort(77));
    let taken = b.dp().add_port(&wish(&two));
    assert!(matches!(taken, Err(Error::PortExists(_))), "{taken:?}");
}

pub fn a_name_is_taken_once(b: &mut Bench) {
    let name = b.fixture.spare_interface();
    b.dp().add_port(&PortSpec::netdev(&name)).unwrap();
    let again = b.dp().add_port(&PortSpec::netdev(&name));
    assert!(matches!(again, Err(Error::PortExists(ref n)) if *n == name), "{again:?}");
}

pub fn bad_names_are_refused(b: &mut Bench) {
    for name in ["", "sixteen-bytes-16", "a/b", "a b", "."] {
        let refused = b.dp().add_port(&PortSpec::internal(name));
        assert!(matches!(refused, Err(Error::BadName(ref n)) if n == name), "{name:?}: {refused:?}");
    }
}

pub fn missing_interfaces_are_named(b: &mut Bench) {
    let missing = b.dp().add_port(&PortSpec::netdev("no-such-if"));
    assert!(matches!(missing, Err(Error::NoSuchDevice(ref n)) if n == "no-such-if"), "{missing:?}");
}

pub fn the_local_port_stays(b: &mut Bench) {
    assert!(matches!(b.dp().remove_port(DpPort(0)), Err(Error::LocalPort)));
}

fn next(events: &mut dyn PortEvents) -> Vec<PortEvent> {
    let mut got = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while got.is_empty() && Instant::now() < deadline {
        events.recv(Duration::from_millis(50), &mut |event| got.push(event)).unwrap();
    }
    got
}

pub fn events_tell_of_ports(b: &mut Bench) {
    let mut events = b.dp().port_events().unwrap();
    assert_eq!(events.recv(MOMENT, &mut |_| ()).unwrap(), 0);
    let no = b.add_port();
    match &next(&mut *events)[..] {
        [PortEvent::Added(port)] => assert_eq!(port.no, no),
        other => panic!("{other:?}"),
    }
    b.dp().remove_port(no).unwrap();
    match &next(&mut *events)[..] {
        [PortEvent::Removed { no: gone, .. }] => assert_eq!(*gone, no),
        other => panic!("{other:?}"),
    }
}

pub fn a_vanished_interface_leaves_and_is_survived(b: &mut Bench) {
    let [from, to, other] = b.ports();
    let sent = frame(frames::UDP);
    b.put_exact(from, &sent, &[Action::Output(to), Action::Output(other)]);
    let mut events = b.dp().port_events().unwrap();
    b.fixture.vanish(to);
    match &next(&mut *events)[..] {
        [PortEvent::Removed { no, .. }] => assert_eq!(*no, to),
        other => panic!("{other:?}"),
    }
    assert!(b.dp().ports().unwrap().iter().all(|port| port.no != to));
    b.inject(from, &sent);
    assert_eq!(b.arrived(other, 1), [sent], "the rest of the flow goes on");
    assert!(matches!(b.dp().remove_port(to), Err(Error::NoSuchPort(_))));
}

pub fn ports_count_packets(b: &mut Bench) {
    let [from, to] = b.ports();
    let sent = frame(frames::UDP);
    let counters = |b: &Bench, no| b.dp().ports().unwrap().iter().find(|port| port.no == no).unwrap().stats;
    let (rx, tx) = (counters(b, from), counters(b, to));
    b.put_exact(from, &sent, &[Action::Output(to)]);
    b.inject(from, &sent);
    b.arrived(to, 1);
    assert_eq!(counters(b, from).rx_packets - rx.rx_packets, 1);
    assert_eq!(counters(b, from).rx_bytes - rx.rx_bytes, sent.len() as u64);
    assert_eq!(counters(b, to).tx_packets - tx.tx_packets, 1);
}
