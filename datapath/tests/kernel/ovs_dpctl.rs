//! Beside ovs-dpctl: it must see what we wrote, we must see what it wrote, and its every command rewrites the
//! datapath's features without our upcalls ending.

use datapath::DumpDetail;
use datapath::dpctl::{Detail, Inspector};
use packet::{Action, SetField};

use crate::suite::bench::Bench;
use crate::suite::flows::{masks, wait_for_packets};
use crate::suite::frames::{self, frame};
use crate::{Kernel, run};

/// Flow lines without what changes by itself, sorted.
fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(normal).collect();
    lines.sort();
    lines
}

/// Different writings of the same: zero, blanks, and headers of which nothing is matched.
fn normal(line: &str) -> String {
    let mut line = line.replace(' ', "");
    for (theirs, ours) in [
        ("in_port(0/0xffff0000),", ""),
        ("op=1/0xff", "op=1"),
        // ovs-dpctl 3.1 does not know IPv6 extension headers; nothing of them is matched.
        (",key32(0000/0000)", ""),
        ("eth(),", ""),
        ("0x0)", "0)"),
        ("0x0,", "0,"),
        ("0x0/", "0/"),
    ] {
        line = line.replace(theirs, ours);
    }
    line.trim_start_matches(',').to_owned()
}

fn ours(name: &str, detail: Detail) -> String {
    let mut text = String::new();
    let inspector = Inspector::open(name).unwrap();
    inspector.dump_flows(detail, &mut |line| text += &(line + "\n")).unwrap();
    text
}

#[test]
#[ignore = "needs the kernel datapath"]
fn flow_dumps_read_alike() {
    let mut b = Bench::new(Kernel::new());
    let [port] = b.ports();
    let name = b.dp().name().to_owned();
    let mut different = Vec::new();
    let texts = frames::UNTAGGED.into_iter().chain([frames::TAGGED]);
    for (text, mask) in texts.flat_map(|text| masks().into_iter().map(move |mask| (text, mask))) {
        b.put(&b.key(port, &frame(text)), &mask, &[Action::Output(port)]);
        let theirs = run(&format!("ovs-dpctl dump-flows {name}"));
        let ours = ours(&name, Detail::Less);
        if lines(&ours) != lines(&theirs) {
            different.push((ours, theirs));
        }
        b.dp().flush_flows().unwrap();
    }
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
#[ignore = "needs the kernel datapath"]
fn flow_dumps_name_flows_alike() {
    let mut b = Bench::new(Kernel::new());
    let [port] = b.ports();
    b.put_exact(port, &frame(frames::UDP), &[]);
    let name = b.dp().name().to_owned();
    let ufid = |text: &str| text.split_once(',').unwrap().0.to_owned();
    let theirs = run(&format!("ovs-dpctl dump-flows -m {name}"));
    assert_eq!(ufid(&ours(&name, Detail::More)), ufid(&theirs));
    let line = run(&format!("ovs-dpctl get-flow {name} {}", ufid(&theirs)));
    assert!(line.contains("udp"), "ovs-dpctl finds the flow by our identifier: {line}");
}

#[test]
#[ignore = "needs the kernel datapath"]
fn actions_read_alike() {
    let mut b = Bench::new(Kernel::new());
    let [port] = b.ports();
    let name = b.dp().name().to_owned();
    let ttl = Action::Set(SetField::Ipv4 { src: None, dst: None, tos: None, ttl: Some(63) });
    let address = Action::Set(SetField::Ipv4 { src: Some([192, 0, 2, 1]), dst: None, tos: None, ttl: None });
    let ports = Action::Set(SetField::Udp { src: Some(1), dst: Some(2) });
    for actions in [
        vec![],
        vec![Action::Output(port), Action::Output(port)],
        vec![ttl, address, ports, Action::Output(port)],
        vec![Action::PushVlan { tpid: 0x8100, tci: 0x7005 }, Action::Output(port), Action::PopVlan],
    ] {
        b.put_exact(port, &frame(frames::UDP), &actions);
        let theirs = run(&format!("ovs-dpctl dump-flows {name}"));
        assert_eq!(lines(&ours(&name, Detail::Less)), lines(&theirs));
        b.dp().flush_flows().unwrap();
    }
}

#[test]
#[ignore = "needs the kernel datapath"]
fn show_reads_alike() {
    let mut b = Bench::new(Kernel::new());
    let [from] = b.ports();
    b.put_exact(from, &frame(frames::UDP), &[]);
    b.inject(from, &frame(frames::UDP));
    wait_for_packets(&b, 1);
    let name = b.dp().name().to_owned();
    let ours = Inspector::open(&name).unwrap().show(Detail::Less).unwrap();
    assert_eq!(ours, run(&format!("ovs-dpctl show {name}")));
}

#[test]
#[ignore = "needs the kernel datapath"]
fn upcalls_survive_every_command() {
    let mut b = Bench::new(Kernel::new());
    let [from] = b.ports();
    let name = b.dp().name().to_owned();
    let flow = "in_port(9),eth(),eth_type(0x0800),ipv4()";
    for command in [
        "show".to_owned(),
        "dump-dps".to_owned(),
        format!("show -s {name}"),
        format!("add-flow {name} {flow} 1"),
        format!("dump-flows -m {name}"),
        format!("del-flow {name} {flow}"),
        format!("add-if {name} extra{},type=internal", name.len()),
        format!("del-if {name} extra{}", name.len()),
        format!("del-flows {name}"),
        format!("cache-get-size {name}"),
    ] {
        run(&format!("ovs-dpctl {command}"));
        b.inject(from, &frame(frames::UDP));
        assert_eq!(b.upcall().packet, frame(frames::UDP), "after ovs-dpctl {command}");
    }
    assert_eq!(b.dp().stats().unwrap().lost, 0);
}

#[test]
#[ignore = "needs the kernel datapath"]
fn flows_of_others_are_seen_and_removed() {
    let mut b = Bench::new(Kernel::new());
    let [from] = b.ports();
    let name = b.dp().name().to_owned();
    let kept = b.put_exact(from, &frame(frames::UDP), &[]);
    run(&format!("ovs-dpctl add-flow {name} in_port(9),eth(),eth_type(0x0806),arp() 1"));
    run(&format!(
        "ovs-dpctl add-flow {name} skb_mark(0x7),in_port(8),eth(),eth_type(0x0806),arp() recirc(5)"
    ));
    let flows = b.dump(DumpDetail::Full);
    assert_eq!(flows.len(), 3);
    let foreign = flows.iter().find(|flow| flow.key.is_some_and(|key| key.in_port == 8)).unwrap();
    assert_eq!((foreign.mask, &foreign.actions), (None, &None), "what we cannot express is not made up");
    let text = ours(&name, Detail::Less);
    assert!(text.contains("skb_mark(0x7") && text.contains("recirc(0x5)"), "{text}");
    let deleted = b.dp().retain_flows(&mut |flow| flow.ufid.and_then(datapath::Ufid::slot).is_some());
    assert_eq!(deleted.unwrap(), 2);
    assert_eq!(b.the_flow().ufid, Some(kept));
}
