//! Actions: what leaves the datapath, byte for byte, in flows and when executed.

use datapath::{OpError, PacketContext, UpcallKind};
use packet::apply::{Dropped, Sink, apply};
use packet::{Action, DpPort, FlowKey, MacAddr, PacketView, SetField, TunnelKey};

use super::bench::Bench;
use super::frames::{self, frame};

const NEW_SRC: MacAddr = MacAddr([2, 0, 0, 0, 9, 1]);
const NEW_DST: MacAddr = MacAddr([2, 0, 0, 0, 9, 2]);

/// Frames that left by each output, by the rules of the packet crate.
struct Outputs(Vec<Vec<u8>>);

impl Sink for Outputs {
    fn output(&mut self, _: DpPort, _: Option<&TunnelKey>, frame: &[u8]) {
        self.0.push(frame.to_vec());
    }
    fn userspace(&mut self, _: u64, _: &PacketView<'_>) {}
    fn dropped(&mut self, _: Dropped) {}
}

/// Sends `sent` through a flow with `actions` and compares what leaves by `to` with what the packet crate makes of it.
fn forwards(b: &mut Bench, from: DpPort, to: DpPort, sent: &[u8], actions: &[Action]) {
    let mut expected = Outputs(Vec::new());
    apply(actions, &mut sent.to_vec(), &FlowKey::default(), &mut expected);
    b.put_exact(from, sent, actions);
    b.inject(from, sent);
    assert_eq!(b.arrived(to, expected.0.len()), expected.0, "{actions:?}");
    b.dp().flush_flows().unwrap();
}

pub fn outputs_are_copies_in_order(b: &mut Bench) {
    let [from, one, two] = b.ports();
    let sent = frame(frames::UDP);
    let rewrite = Action::Set(SetField::Ethernet { src: Some(NEW_SRC), dst: None });
    b.put_exact(from, &sent, &[Action::Output(one), rewrite, Action::Output(two)]);
    b.inject(from, &sent);
    assert_eq!(b.arrived(one, 1), std::slice::from_ref(&sent), "as it was");
    let arrived = b.arrived(two, 1).remove(0);
    assert_eq!(arrived[6..12], NEW_SRC.0);
    assert_eq!(arrived[12..], sent[12..]);
}

pub fn sets_rewrite_headers(b: &mut Bench) {
    let [from, to] = b.ports();
    let ethernet = SetField::Ethernet { src: Some(NEW_SRC), dst: Some(NEW_DST) };
    let addresses =
        SetField::Ipv4 { src: Some([192, 0, 2, 1]), dst: Some([198, 51, 100, 7]), tos: None, ttl: None };
    let rest = SetField::Ipv4 { src: None, dst: None, tos: Some(0x28), ttl: Some(63) };
    let tcp = SetField::Tcp { src: Some(1024), dst: Some(8080) };
    let udp = SetField::Udp { src: None, dst: Some(5353) };
    for (text, fields) in [
        (frames::TCP, &[ethernet, addresses, rest, tcp][..]),
        (frames::UDP, &[addresses, udp]),
        (frames::UDP, &[rest]),
        (frames::PING, &[ethernet, addresses]),
        (frames::FRAGMENT, &[addresses]),
    ] {
        let actions: Vec<_> = fields.iter().copied().map(Action::Set).chain([Action::Output(to)]).collect();
        forwards(b, from, to, &frame(text), &actions);
    }
}

pub fn sets_rewrite_ipv6_headers(b: &mut Bench) {
    let [from, to] = b.ports();
    let mut src = [0; 16];
    (src[0], src[15]) = (0xfd, 9);
    let both = SetField::Ipv6 { src: Some(src), dst: Some(src), tclass: None, hop_limit: None };
    let rest = SetField::Ipv6 { src: None, dst: None, tclass: Some(0x28), hop_limit: Some(63) };
    let ports = SetField::Udp { src: Some(7), dst: Some(9) };
    for (text, fields) in
        [(frames::UDP6, &[both, rest, ports][..]), (frames::TCP6, &[both]), (frames::TCP6, &[rest])]
    {
        let actions: Vec<_> = fields.iter().copied().map(Action::Set).chain([Action::Output(to)]).collect();
        forwards(b, from, to, &frame(text), &actions);
    }
}

pub fn vlan_tags_are_pushed_and_popped(b: &mut Bench) {
    let [from, to] = b.ports();
    let push = Action::PushVlan { tpid: 0x8100, tci: 0x7005 };
    forwards(b, from, to, &frame(frames::UDP), &[push.clone(), Action::Output(to)]);
    forwards(b, from, to, &frame(frames::TAGGED), &[Action::PopVlan, Action::Output(to)]);
    forwards(b, from, to, &frame(frames::TAGGED), &[Action::Output(to)]);
    forwards(b, from, to, &frame(frames::TAGGED), &[Action::PopVlan, push, Action::Output(to)]);
}

pub fn ttl_is_decremented(b: &mut Bench) {
    if !b.dp().features().dec_ttl {
        return;
    }
    let [from, to] = b.ports();
    for text in [frames::UDP, frames::TCP, frames::UDP6] {
        let actions = [Action::DecTtl { exception: vec![] }, Action::Output(to)];
        forwards(b, from, to, &frame(text), &actions);
    }
}

pub fn a_spent_ttl_runs_the_exception(b: &mut Bench) {
    if !b.dp().features().dec_ttl {
        return;
    }
    let [from, to] = b.ports();
    let sent = frame(frames::UDP_SPENT);
    let exception = vec![Action::Userspace { cookie: 11 }];
    b.put_exact(from, &sent, &[Action::DecTtl { exception }, Action::Output(to)]);
    b.inject(from, &sent);
    let upcall = b.upcall();
    assert_eq!((upcall.userdata, upcall.packet), (Some(11), sent));
    b.arrived(to, 0);
}

pub fn drops_are_silent(b: &mut Bench) {
    if !b.dp().features().drop_reason {
        return;
    }
    let [from, to] = b.ports();
    let sent = frame(frames::UDP);
    b.put_exact(from, &sent, &[Action::Drop { reason: 3 }]);
    b.inject(from, &sent);
    b.upcalls(0);
    b.arrived(to, 0);
}

pub fn execute_runs_actions(b: &mut Bench) {
    let [from, one, two] = b.ports();
    let sent = frame(frames::UDP);
    let key = b.key(from, &sent);
    let ttl = Action::Set(SetField::Ipv4 { src: None, dst: None, tos: None, ttl: Some(9) });
    let actions = [Action::Output(one), ttl, Action::Output(two)];
    let executed = b.executor.execute(&sent, &key, &actions, PacketContext::default()).unwrap();
    assert_eq!((executed.done, executed.refused), (1, 0));
    assert_eq!(b.arrived(one, 1), [sent]);
    assert_eq!(b.arrived(two, 1)[0][22], 9);
    b.upcalls(0);
}

pub fn execute_keeps_the_ingress_port_and_hash(b: &mut Bench) {
    let [from] = b.ports();
    let sent = frame(frames::UDP);
    b.inject(from, &sent);
    let miss = b.upcall();
    let actions = [Action::Userspace { cookie: 5 }];
    b.executor.execute(&miss.packet, &miss.key, &actions, miss.context).unwrap();
    let again = b.upcall();
    assert_eq!((again.kind, again.key), (UpcallKind::Action, miss.key));
    assert_eq!(again.context.hash, miss.context.hash);
}

pub fn execute_takes_batches(b: &mut Bench) {
    let [from, to] = b.ports();
    let mut sent = frame(frames::UDP);
    let key = b.key(from, &sent);
    for i in 0..100 {
        sent[50] = i;
        b.executor.queue(&sent, &key, &[Action::Output(to)], PacketContext::default()).unwrap();
    }
    let executed = b.executor.flush().unwrap();
    assert_eq!((executed.done, executed.refused), (100, 0));
    let order: Vec<u8> = b.arrived(to, 100).iter().map(|frame| frame[50]).collect();
    assert_eq!(order, (0..100).collect::<Vec<u8>>());
}

pub fn execute_refuses_invalid_actions(b: &mut Bench) {
    let [from, to] = b.ports();
    let sent = frame(frames::UDP);
    let key = b.key(from, &sent);
    let wrong = Action::Set(SetField::Tcp { src: Some(1), dst: None });
    for actions in [vec![wrong], vec![Action::Output(to)]] {
        b.executor.queue(&sent, &key, &actions, PacketContext::default()).unwrap();
    }
    let executed = b.executor.flush().unwrap();
    assert_eq!((executed.done, executed.refused), (1, 1));
    assert_eq!(executed.first_error, Some(OpError::Invalid));
    b.arrived(to, 1);
}
