//! Flows: lookup under masks, writes by UFID, dumps and counters.

use datapath::{DumpDetail, FlowOp, FlowOutcome, OpError, Ufid, WantStats, effective_mask};
use packet::{Action, DpPort, Field, FlowKey, FlowMask, MacAddr, SetField};

use super::bench::Bench;
use super::frames::{self, frame};

pub fn an_exact_flow_forwards(b: &mut Bench) {
    let [from, to] = b.ports();
    for text in frames::UNTAGGED {
        let sent = frame(text);
        b.put_exact(from, &sent, &[Action::Output(to)]);
        b.inject(from, &sent);
        assert_eq!(b.arrived(to, 1), [sent], "{text}");
        b.dp().flush_flows().unwrap();
    }
    b.upcalls(0);
}

pub fn wildcarded_bits_do_not_count(b: &mut Bench) {
    let [from, to] = b.ports();
    let mut mask = FlowMask::any();
    mask.add_all(&[Field::InPort, Field::EthDst]);
    b.put(&b.key(from, &frame(frames::UDP)), &mask, &[Action::Output(to)]);
    for text in [frames::TCP, frames::PING, frames::UDP6, frames::FRAGMENT] {
        b.inject(from, &frame(text));
    }
    b.arrived(to, 4);
    b.inject(from, &frame(frames::ARP));
    assert_eq!(b.upcall().packet, frame(frames::ARP), "another destination address is another flow");
}

pub fn masks_are_prefixes_too(b: &mut Bench) {
    let [from, to] = b.ports();
    let mut mask = FlowMask::any();
    mask.add(Field::InPort);
    mask.add_v4_prefix(Field::IpDst, 24);
    b.put(&b.key(from, &frame(frames::UDP)), &mask, &[Action::Output(to)]);
    for text in [frames::UDP, frames::UDP_NEIGHBOUR, frames::TCP] {
        b.inject(from, &frame(text));
    }
    b.arrived(to, 3);
    b.inject(from, &frame(frames::UDP_ELSEWHERE));
    assert_eq!(b.upcall().packet, frame(frames::UDP_ELSEWHERE), "outside of the prefix");
}

pub fn flows_of_several_masks_coexist(b: &mut Bench) {
    let [from, one, two, three] = b.ports();
    let mut by_proto = FlowMask::any();
    by_proto.add_all(&[Field::InPort, Field::IpProto]);
    let mut by_port = FlowMask::any();
    by_port.add_all(&[Field::InPort, Field::TpDst]);
    let mut by_type = FlowMask::any();
    by_type.add_all(&[Field::InPort, Field::EthType]);
    b.put(&b.key(from, &frame(frames::PING)), &by_proto, &[Action::Output(one)]);
    b.put(&b.key(from, &frame(frames::TCP)), &by_port, &[Action::Output(two)]);
    b.put(&b.key(from, &frame(frames::ARP)), &by_type, &[Action::Output(three)]);
    for (text, to) in [(frames::PING, one), (frames::TCP, two), (frames::ARP, three)] {
        b.inject(from, &frame(text));
        assert_eq!(b.arrived(to, 1), [frame(text)]);
    }
    assert_eq!(b.dp().stats().unwrap().masks, 3);
}

pub fn an_empty_action_list_drops(b: &mut Bench) {
    let [from] = b.ports();
    let sent = frame(frames::UDP);
    b.put_exact(from, &sent, &[]);
    b.inject(from, &sent);
    b.upcalls(0);
    assert_eq!(b.the_flow().stats.packets, 1);
}

pub fn put_of_a_known_ufid_fails(b: &mut Bench) {
    let [port] = b.ports();
    let ufid = b.put_exact(port, &frame(frames::UDP), &[]);
    b.writer.put(ufid, &b.key(port, &frame(frames::TCP)), &FlowMask::exact(), &[]);
    assert_eq!(b.flush(), [FlowOutcome::Failed { ufid, op: FlowOp::Put, error: OpError::Exists }]);
    assert_eq!(b.the_flow().key, Some(b.key(port, &frame(frames::UDP))), "the first stays");
}

pub fn put_of_a_covered_key_fails(b: &mut Bench) {
    let [port] = b.ports();
    let key = b.key(port, &frame(frames::UDP));
    b.put(&key, &FlowMask::exact(), &[]);
    let second = b.flow_id();
    b.writer.put(second, &key, &FlowMask::exact(), &[Action::Output(port)]);
    assert_eq!(b.flush_error(), OpError::Exists);
}

pub fn modify_changes_actions(b: &mut Bench) {
    let [from, one, two] = b.ports();
    let sent = frame(frames::UDP);
    let ufid = b.put_exact(from, &sent, &[Action::Output(one)]);
    b.inject(from, &sent);
    b.arrived(one, 1);
    b.writer.modify(ufid, &b.key(from, &sent), &FlowMask::exact(), &[Action::Output(two)], WantStats::No);
    assert_eq!(b.flush(), []);
    b.inject(from, &sent);
    b.arrived(two, 1);
    b.arrived(one, 0);
    assert_eq!(b.the_flow().stats.packets, 2, "counters go on");
}

pub fn modify_returns_counters(b: &mut Bench) {
    let [from, one] = b.ports();
    let sent = frame(frames::UDP);
    let ufid = b.put_exact(from, &sent, &[Action::Output(one)]);
    b.inject(from, &sent);
    b.arrived(one, 1);
    b.writer.modify(ufid, &b.key(from, &sent), &FlowMask::exact(), &[], WantStats::Yes);
    match b.flush()[..] {
        [FlowOutcome::Modified { ufid: modified, stats }] => {
            assert_eq!((modified, stats.packets, stats.bytes), (ufid, 1, sent.len() as u64));
        }
        ref other => panic!("{other:?}"),
    }
    assert_eq!(b.the_flow().actions, Some(vec![]));
}

pub fn modify_and_delete_of_unknown_flows_fail(b: &mut Bench) {
    let [port] = b.ports();
    let ufid = b.flow_id();
    b.writer.modify(ufid, &b.key(port, &frame(frames::UDP)), &FlowMask::exact(), &[], WantStats::Yes);
    assert_eq!(b.flush(), [FlowOutcome::Failed { ufid, op: FlowOp::Modify, error: OpError::NotFound }]);
    b.writer.delete(ufid, WantStats::Yes);
    assert_eq!(b.flush(), [FlowOutcome::Failed { ufid, op: FlowOp::Delete, error: OpError::NotFound }]);
}

pub fn delete_returns_counters(b: &mut Bench) {
    let [from] = b.ports();
    let sent = frame(frames::TCP);
    let ufid = b.put_exact(from, &sent, &[]);
    b.inject(from, &sent);
    b.inject(from, &sent);
    wait_for_packets(b, 2);
    b.writer.delete(ufid, WantStats::Yes);
    match b.flush()[..] {
        [FlowOutcome::Deleted { ufid: deleted, stats }] => {
            assert_eq!((deleted, stats.packets, stats.bytes), (ufid, 2, 2 * sent.len() as u64));
            assert_eq!(stats.tcp_flags, 2, "SYN");
        }
        ref other => panic!("{other:?}"),
    }
    let ufid = b.put_exact(from, &sent, &[]);
    b.writer.delete(ufid, WantStats::No);
    assert_eq!(b.flush(), [], "silence is success");
    assert_eq!(b.dump(DumpDetail::Full), []);
}

pub fn invalid_actions_are_refused(b: &mut Bench) {
    let [port] = b.ports();
    let key = b.key(port, &frame(frames::UDP));
    let set_tcp = Action::Set(SetField::Tcp { src: Some(1), dst: None });
    let set_ipv6 = Action::Set(SetField::Ipv6 { src: None, dst: None, tclass: None, hop_limit: Some(3) });
    for action in [
        Action::Output(DpPort(65_535)),
        Action::PushVlan { tpid: 0x8100, tci: 5 },
        Action::PushVlan { tpid: 0x0800, tci: 0x1005 },
        set_tcp,
        set_ipv6,
    ] {
        let ufid = b.flow_id();
        b.writer.put(ufid, &key, &FlowMask::exact(), std::slice::from_ref(&action));
        assert_eq!(b.flush_error(), OpError::Invalid, "{action:?}");
    }
    assert_eq!(b.dump(DumpDetail::Full), []);
}

pub fn a_failure_does_not_stop_the_batch(b: &mut Bench) {
    let [port] = b.ports();
    let first = b.put_exact(port, &frame(frames::UDP), &[]);
    let (second, third) = (b.flow_id(), b.flow_id());
    b.writer.put(second, &b.key(port, &frame(frames::TCP)), &FlowMask::exact(), &[]);
    b.writer.put(first, &b.key(port, &frame(frames::PING)), &FlowMask::exact(), &[]);
    b.writer.put(third, &b.key(port, &frame(frames::ARP)), &FlowMask::exact(), &[]);
    assert_eq!(b.flush(), [FlowOutcome::Failed { ufid: first, op: FlowOp::Put, error: OpError::Exists }]);
    let ufids: Vec<_> = b.dump(DumpDetail::StatsOnly).iter().map(|flow| flow.ufid).collect();
    assert_eq!(ufids, [Some(first), Some(second), Some(third)]);
}

pub fn thousands_of_flows_in_one_flush(b: &mut Bench) {
    const FLOWS: u32 = 5000;
    let [port] = b.ports();
    let base = b.key(port, &frame(frames::UDP));
    for i in 0..FLOWS {
        let [.., hi, lo] = i.to_be_bytes();
        let mut key = base;
        key.ip_dst[13..].copy_from_slice(&[1, hi, lo]);
        b.writer.put(Ufid::of_slot(i, 1), &key, &FlowMask::exact(), &[Action::Output(port)]);
    }
    assert_eq!(b.flush(), []);
    let flows = b.dump(DumpDetail::StatsOnly);
    assert_eq!(flows.len(), FLOWS as usize);
    assert!(flows.iter().zip(0..).all(|(flow, i)| flow.ufid == Some(Ufid::of_slot(i, 1))));
    for i in 0..FLOWS {
        b.writer.delete(Ufid::of_slot(i, 1), WantStats::Yes);
    }
    let outcomes = b.flush();
    assert_eq!(outcomes.len(), FLOWS as usize);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, FlowOutcome::Deleted { .. })));
    assert_eq!(b.dp().stats().unwrap().flows, 0);
}

/// Masks of many shapes over frames of every kind.
pub fn masks() -> Vec<FlowMask> {
    let with = |fields: &[Field]| {
        let mut mask = FlowMask::any();
        mask.add_all(fields);
        mask
    };
    let mut prefixes = with(&[Field::InPort]);
    prefixes.add_v6_prefix(Field::IpSrc, 110);
    prefixes.add_v6_prefix(Field::IpDst, 121);
    let mut bits = with(&[Field::EthDst]);
    bits.0.eth_src = MacAddr([1, 0, 0, 0, 0, 0]);
    bits.0.tp_dst = 0xff00;
    bits.0.tcp_flags = 2;
    bits.0.ip_ttl = 0x80;
    bits.0.vlan_tci = 7;
    vec![
        FlowMask::any(),
        FlowMask::exact(),
        with(&[Field::InPort]),
        with(&[Field::EthSrc, Field::EthType]),
        with(&[Field::IpProto, Field::IpFrag]),
        with(&[Field::TpSrc, Field::TpDst, Field::TcpFlags]),
        with(&[Field::ArpSha, Field::NdTarget]),
        with(&[Field::TunnelId, Field::TunnelDst, Field::RecircId]),
        prefixes,
        bits,
    ]
}

pub fn dumps_return_what_was_put(b: &mut Bench) {
    let [port] = b.ports();
    let texts = frames::UNTAGGED.into_iter().chain([frames::TAGGED]);
    for (text, mask) in texts.flat_map(|text| masks().into_iter().map(move |mask| (text, mask))) {
        let key = b.key(port, &frame(text));
        let actions = [Action::Output(port), Action::Userspace { cookie: 9 }];
        let ufid = b.put(&key, &mask, &actions);
        let held = effective_mask(&key, &mask, &actions);
        let flow = b.the_flow();
        assert_eq!(flow.ufid, Some(ufid));
        assert_eq!(flow.mask, Some(held), "mask of {text}");
        assert_eq!(flow.key, Some(held.apply(&key)), "key of {text}");
        assert_eq!(flow.actions.as_deref(), Some(&actions[..]));
        assert_eq!(flow.stats.used_ms_ago, None);
        b.dp().flush_flows().unwrap();
    }
}

pub fn dumps_count_packets_and_age(b: &mut Bench) {
    let [from] = b.ports();
    let sent = frame(frames::TCP);
    b.put_exact(from, &sent, &[]);
    for _ in 0..3 {
        b.inject(from, &sent);
    }
    wait_for_packets(b, 3);
    std::thread::sleep(std::time::Duration::from_millis(60));
    let stats = b.the_flow().stats;
    assert_eq!((stats.packets, stats.bytes), (3, 3 * sent.len() as u64));
    let age = stats.used_ms_ago.unwrap();
    assert!((40..10_000).contains(&age), "{age} ms");
}

pub fn statistics_dumps_omit_the_rest(b: &mut Bench) {
    let [port] = b.ports();
    let ufid = b.put_exact(port, &frame(frames::UDP), &[Action::Output(port)]);
    let flows = b.dump(DumpDetail::StatsOnly);
    assert_eq!(flows.len(), 1);
    assert_eq!((flows[0].ufid, flows[0].key, flows[0].mask), (Some(ufid), None, None));
    assert_eq!(flows[0].actions, None);
}

pub fn retain_deletes_what_is_refused(b: &mut Bench) {
    let [port] = b.ports();
    let kept = b.put_exact(port, &frame(frames::UDP), &[]);
    b.put_exact(port, &frame(frames::TCP), &[]);
    b.put_exact(port, &frame(frames::ARP), &[]);
    let mut seen: Vec<FlowKey> = Vec::new();
    let deleted = b.dp().retain_flows(&mut |flow| {
        seen.extend(flow.key);
        flow.ufid == Some(kept)
    });
    assert_eq!((deleted.unwrap(), seen.len()), (2, 3));
    assert_eq!(b.the_flow().ufid, Some(kept));
}

pub fn flush_deletes_all(b: &mut Bench) {
    let [port] = b.ports();
    b.put_exact(port, &frame(frames::UDP), &[]);
    b.dp().flush_flows().unwrap();
    assert_eq!(b.dump(DumpDetail::Full), []);
    b.inject(port, &frame(frames::UDP));
    b.upcall();
}

pub fn counters_of_the_datapath(b: &mut Bench) {
    let [from] = b.ports();
    let before = b.dp().stats().unwrap();
    b.inject(from, &frame(frames::UDP));
    b.upcall();
    b.put_exact(from, &frame(frames::UDP), &[]);
    b.inject(from, &frame(frames::UDP));
    wait_for_packets(b, 1);
    let stats = b.dp().stats().unwrap();
    assert_eq!((stats.missed - before.missed, stats.hit - before.hit, stats.lost), (1, 1, 0));
    assert_eq!((stats.flows, stats.masks), (1, 1));
}

/// Waits until the only flow has counted `packets`.
pub fn wait_for_packets(b: &Bench, packets: u64) {
    let deadline = std::time::Instant::now() + super::bench::PATIENCE;
    while b.the_flow().stats.packets < packets {
        assert!(std::time::Instant::now() < deadline, "{:?}", b.the_flow());
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
