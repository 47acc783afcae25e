//! Chains: which rule decides, and what deciding cost in the mask.

mod support;

use harness::topology::{Network, ip, mac, network};
use model::{
    ChainId, Condition, FlowAction, FragmentPolicy, L2Transform, MaskedMac, Match, Nat, NatSide, NatTarget,
    PortId, RuleAction,
};
use packet::build::Ipv4Packet;
use packet::header::IcmpHeader;
use simulation::trace::Transcript;
use simulation::{Caching, DropReason, Need, Tag, Verdict};
use support::{Simulation, arp_request, ipv4, ping, tagged, tcp, udp};

/// A bridge with two VMs; the first one's inbound filter has one rule that drops.
struct Filtered {
    net: Network,
    a: PortId,
    b: PortId,
    chain: ChainId,
}

fn filtered(condition: Condition) -> Filtered {
    let mut f = unfiltered();
    f.net.rule(f.chain, condition, RuleAction::Drop);
    f
}

fn unfiltered() -> Filtered {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    net.station(bridge, mac(1), a);
    net.station(bridge, mac(2), b);
    let chain = net.chain(Vec::new());
    net.edit_port(a, |port| port.inbound_filter = Some(chain));
    Filtered { net, a, b, chain }
}

impl Filtered {
    fn send(&self, frame: &[u8]) -> support::Simulated {
        Simulation::of(&self.net).send(self.a, frame)
    }

    fn drops(&self, frame: &[u8]) -> bool {
        matches!(self.send(frame).outcome.verdict, Verdict::Drop(DropReason::Rule(_)))
    }
}

fn packet() -> Ipv4Packet {
    ipv4(mac(1), mac(2), "10.0.1.5", "10.0.2.6")
}

fn web() -> Vec<u8> {
    tcp(packet(), 1000, 80)
}

#[test]
fn an_empty_condition_holds_for_everything() {
    let f = filtered(Condition::default());
    assert!(f.drops(&web()) && f.drops(&arp_request(mac(1), "10.0.1.5", "10.0.2.6")));
    let rule = f.net.state.chain(f.chain).unwrap().rules[0];
    assert_eq!(f.send(&web()).dropped(), DropReason::Rule(rule));
    assert!(f.send(&web()).outcome.tags.contains(&Tag::Chain(f.chain)));
}

#[test]
fn the_end_of_the_top_chain_accepts() {
    let f = unfiltered();
    assert_eq!(f.send(&web()).outputs(), [f.b]);
}

/// Checks a field: it holds for the packet, its negation does not, and the other way round for another value.
fn check(set: impl Fn(&mut Condition, bool, bool), frame: &[u8], name: &str) {
    for (matching, negated) in [(true, false), (true, true), (false, false), (false, true)] {
        let mut condition = Condition::default();
        set(&mut condition, matching, negated);
        assert_eq!(filtered(condition).drops(frame), matching != negated, "{name} {matching} {negated}");
    }
}

fn pick<T>(matching: bool, negated: bool, yes: T, no: T) -> Option<Match<T>> {
    Some(Match { value: if matching { yes } else { no }, negated })
}

#[test]
fn every_header_field_can_be_matched_and_negated() {
    let frame = web();
    let addr = |n| MaskedMac { addr: mac(n), mask: packet::MacAddr::BROADCAST };
    check(|c, m, n| c.dl_type = pick(m, n, 0x0800, 0x0806), &frame, "dl_type");
    check(|c, m, n| c.dl_src = pick(m, n, addr(1), addr(3)), &frame, "dl_src");
    check(|c, m, n| c.dl_dst = pick(m, n, addr(2), addr(3)), &frame, "dl_dst");
    check(|c, m, n| c.nw_tos = pick(m, n, 0, 8), &frame, "nw_tos");
    check(|c, m, n| c.nw_proto = pick(m, n, 6, 17), &frame, "nw_proto");
    check(|c, m, n| c.nw_src = pick(m, n, network("10.0.1.0/24"), network("10.0.3.0/24")), &frame, "nw_src");
    check(|c, m, n| c.nw_dst = pick(m, n, network("10.0.0.0/8"), network("11.0.0.0/8")), &frame, "nw_dst");
    check(|c, m, n| c.tp_src = pick(m, n, 1000..=1000, 1001..=1001), &frame, "tp_src");
    check(|c, m, n| c.tp_dst = pick(m, n, 1..=1023, 81..=90), &frame, "tp_dst");
}

#[test]
fn a_masked_ethernet_address_matches_by_its_bits() {
    let multicast = packet::MacAddr([1, 0, 0, 0, 0, 0]);
    let value = MaskedMac { addr: multicast, mask: multicast };
    let f = filtered(Condition { dl_dst: Some(Match::is(value)), ..Condition::default() });
    assert!(!f.drops(&web()));
    assert!(f.drops(&arp_request(mac(1), "10.0.1.5", "10.0.2.6")));
}

#[test]
fn ports_and_their_groups_can_be_matched() {
    let mut f = unfiltered();
    let (inside, outside) = (f.net.port_group(&[f.a]), f.net.port_group(&[f.b]));
    let conditions = [
        (Condition { in_ports: Some(Match::is(vec![f.a])), ..Condition::default() }, true),
        (Condition { in_ports: Some(Match::is(vec![f.b])), ..Condition::default() }, false),
        (Condition { in_ports: Some(Match::is_not(vec![f.b])), ..Condition::default() }, true),
        (Condition { out_ports: Some(Match::is(vec![f.b])), ..Condition::default() }, true),
        (Condition { out_ports: Some(Match::is(vec![f.a])), ..Condition::default() }, false),
        (Condition { port_group: Some(Match::is(inside)), ..Condition::default() }, true),
        (Condition { port_group: Some(Match::is(outside)), ..Condition::default() }, false),
        (Condition { in_port_group: Some(Match::is(inside)), ..Condition::default() }, true),
        (Condition { out_port_group: Some(Match::is(outside)), ..Condition::default() }, true),
        (Condition { out_port_group: Some(Match::is_not(outside)), ..Condition::default() }, false),
    ];
    let (a, b) = (f.a, f.b);
    f.net.edit_port(a, |port| port.inbound_filter = None);
    for (condition, drops) in conditions {
        let chain = f.net.chain(vec![(condition.clone(), RuleAction::Drop)]);
        f.net.edit_port(b, |port| port.outbound_filter = Some(chain));
        assert_eq!(f.drops(&web()), drops, "{condition:?}");
    }
}

#[test]
fn address_groups_can_be_matched_and_only_the_deciding_bits_count() {
    let mut f = unfiltered();
    let group = f.net.address_group(&["10.0.1.5", "10.0.1.9"]);
    f.net.rule(
        f.chain,
        Condition { ip_addr_group_src: Some(Match::is(group)), ..Condition::default() },
        RuleAction::Drop,
    );
    assert!(f.drops(&web()));
    let other = f.send(&tcp(ipv4(mac(1), mac(2), "192.0.2.1", "10.0.2.6"), 1, 2));
    assert_eq!(other.outputs(), [f.b]);
    assert_eq!(other.ip_src_bits(), 8);
    assert!(other.outcome.tags.contains(&Tag::IpAddrGroup(group)));
}

#[test]
fn a_device_counts_as_traversed_once_the_packet_has_left_it() {
    let case = harness::networks::bridge_router_bridge(0);
    let left = case.network.state.bridges().next().unwrap().id.0;
    let right = case.network.state.bridges().last().unwrap().id.0;
    for (device, dropped) in [(left, true), (right, false)] {
        let mut net = case.network.clone();
        let traversed_device = Some(Match::is(device));
        let rules = vec![(Condition { traversed_device, ..Condition::default() }, RuleAction::Drop)];
        let chain = net.chain(rules);
        net.edit_port(case.egress, |port| port.outbound_filter = Some(chain));
        let sim = Simulation::of(&net).enter(case.ingress, &case.frame);
        assert_eq!(matches!(sim.outcome.verdict, Verdict::Drop(_)), dropped);
    }
}

#[test]
fn the_negation_of_the_whole_covers_all_fields() {
    let both = Condition {
        conjunction_inv: true,
        nw_proto: Some(Match::is(6)),
        tp_dst: Some(Match::is(80..=80)),
        ..Condition::default()
    };
    let f = filtered(both);
    assert!(!f.drops(&web()));
    assert!(f.drops(&tcp(packet(), 1000, 81)));
    assert!(f.drops(&udp(mac(1), mac(2), "10.0.1.5", "10.0.2.6")));
}

#[test]
fn the_fragment_policy_stands_outside_the_negation() {
    let mut later = packet();
    later.flags_offset = 100;
    let mut first = packet();
    first.flags_offset = 0x2000;
    let frames = [web(), first.udp(1, 80, b"12345678"), later.udp(1, 80, b"12345678")];
    let expected = [
        (FragmentPolicy::Any, [true, true, true]),
        (FragmentPolicy::NonHeader, [false, false, true]),
        (FragmentPolicy::Header, [true, true, false]),
        (FragmentPolicy::Unfragmented, [true, false, false]),
    ];
    for (fragment_policy, drops) in expected {
        // The inverted condition holds whenever the policy lets it: no packet has this protocol.
        let nw_proto = Some(Match::is(200));
        let condition =
            Condition { conjunction_inv: true, nw_proto, fragment_policy, ..Condition::default() };
        let f = filtered(condition);
        let dropped: Vec<bool> = frames.iter().map(|frame| f.drops(frame)).collect();
        assert_eq!(dropped, drops, "{fragment_policy:?}");
    }
}

#[test]
fn ip_fields_do_not_match_arp_but_addresses_do() {
    let arp = arp_request(mac(1), "10.0.1.5", "10.0.2.6");
    // The operation of a request is 1, as is the protocol number of ICMP.
    assert!(!filtered(Condition { nw_proto: Some(Match::is(1)), ..Condition::default() }).drops(&arp));
    let nw_src = Some(Match::is(network("10.0.1.5/32")));
    assert!(filtered(Condition { nw_src, ..Condition::default() }).drops(&arp));
}

#[test]
fn chains_are_for_untagged_frames_and_a_priority_tag_is_no_way_round_them() {
    let f = filtered(Condition::default());
    assert!(!f.drops(&tagged(5, &web())));
    assert!(f.drops(&tagged(0, &web())));
    let f = filtered(Condition { vlan: Some(0), ..Condition::default() });
    assert!(f.drops(&tagged(0, &web())) && !f.drops(&web()));
    let f = filtered(Condition { no_vlan: true, ..Condition::default() });
    assert!(f.drops(&web()));
}

#[test]
fn the_packet_quoted_by_an_icmp_error_decides_for_that_packet_only() {
    let icmp_data_dst = Some(Match::is(network("8.8.8.8/32")));
    let f = filtered(Condition { icmp_data_dst, ..Condition::default() });
    let quoting = |dst: &str| {
        let quoted = ipv4(mac(2), mac(1), "10.0.2.6", dst).udp(1, 2, b"").split_off(14);
        let header = IcmpHeader { kind: 3, code: 1, checksum: 0.into(), id: 0.into(), sequence: 0.into() };
        packet().icmp(header, &quoted)
    };
    assert!(f.drops(&quoting("8.8.8.8")));
    assert!(!f.drops(&quoting("9.9.9.9")));
    assert_eq!(f.send(&quoting("8.8.8.8")).outcome.caching, Caching::Packet);
    assert!(matches!(
        f.send(&ping(mac(1), mac(2), "10.0.1.5", "10.0.2.6")).outcome.caching,
        Caching::Flow(_)
    ));
}

#[test]
fn without_connection_tracking_every_packet_is_of_the_forward_flow() {
    assert!(filtered(Condition { match_forward_flow: true, ..Condition::default() }).drops(&web()));
    assert!(!filtered(Condition { match_return_flow: true, ..Condition::default() }).drops(&web()));
}

/// A chain of rules that all match, in a VM's inbound filter; the second value are further chains to jump to.
fn actions(net: &mut Network, chain: ChainId, actions: &[RuleAction]) {
    for action in actions {
        net.rule(chain, Condition::default(), action.clone());
    }
}

#[test]
fn accept_in_a_jumped_to_chain_ends_the_whole_evaluation() {
    let mut f = unfiltered();
    let inner = f.net.chain(vec![(Condition::default(), RuleAction::Accept)]);
    actions(&mut f.net, f.chain, &[RuleAction::Jump(inner), RuleAction::Drop]);
    assert_eq!(f.send(&web()).outputs(), [f.b]);
}

#[test]
fn return_goes_back_to_the_caller() {
    let mut f = unfiltered();
    let rules = vec![(Condition::default(), RuleAction::Return), (Condition::default(), RuleAction::Accept)];
    let inner = f.net.chain(rules);
    actions(&mut f.net, f.chain, &[RuleAction::Jump(inner), RuleAction::Drop]);
    assert!(f.drops(&web()));
}

#[test]
fn return_in_the_top_chain_accepts_and_continue_goes_on() {
    let mut f = unfiltered();
    actions(&mut f.net, f.chain, &[RuleAction::Continue, RuleAction::Return, RuleAction::Drop]);
    assert_eq!(f.send(&web()).outputs(), [f.b]);
}

#[test]
fn chains_that_jump_to_each_other_end() {
    let mut f = unfiltered();
    let inner = f.net.chain(Vec::new());
    actions(&mut f.net, f.chain, &[RuleAction::Jump(inner), RuleAction::Drop]);
    actions(&mut f.net, inner, &[RuleAction::Jump(f.chain), RuleAction::Jump(inner)]);
    assert!(f.drops(&web()));
}

fn nat(side: NatSide) -> RuleAction {
    let (first, last) = (ip("10.0.9.1"), ip("10.0.9.1"));
    let targets = vec![NatTarget { first, last, ports: None }];
    RuleAction::Nat(Nat { side, targets, flow_action: FlowAction::Accept })
}

fn l2_transform(flow_action: FlowAction) -> RuleAction {
    RuleAction::L2Transform(L2Transform {
        pop_vlan: false,
        push_vlan: 10,
        target_port: None,
        ingress: false,
        fail_open: true,
        flow_action,
    })
}

#[test]
fn what_a_rule_would_change_is_dropped_by_its_name() {
    for action in [
        nat(NatSide::Destination),
        nat(NatSide::Source),
        l2_transform(FlowAction::Accept),
        l2_transform(FlowAction::Redirect),
    ] {
        let mut f = unfiltered();
        let only_tcp = Condition { nw_proto: Some(Match::is(6)), ..Condition::default() };
        let rule = f.net.rule(f.chain, only_tcp, action);
        let sim = f.send(&web());
        assert_eq!(sim.dropped(), DropReason::NeedsTranslation(rule));
        assert_eq!(sim.generated(), [], "in silence");
        let dropped = Transcript(&sim.steps).to_string();
        assert!(dropped.ends_with(&format!("dropped: needs_translation ({rule})\n")), "{dropped}");
        let other = udp(mac(1), mac(2), "10.0.1.5", "10.0.2.6");
        assert_eq!(f.send(&other).outputs(), [f.b], "what it does not match passes");
    }
}

#[test]
fn translation_back_finds_no_connection_and_a_trace_goes_on() {
    let mut f = unfiltered();
    let back = |side| RuleAction::ReverseNat { side, flow_action: FlowAction::Accept };
    let (dnat, snat) = (back(NatSide::Destination), back(NatSide::Source));
    let trace = RuleAction::Trace { request: Default::default(), limit: 1 };
    actions(&mut f.net, f.chain, &[dnat, snat, trace, RuleAction::Drop]);
    let last = f.net.state.chain(f.chain).unwrap().rules[3];
    let sim = f.send(&web());
    assert_eq!(sim.dropped(), DropReason::Rule(last));
    let text = Transcript(&sim.steps).to_string();
    assert!(text.contains("(rev_dnat): no match: the packet is of no translated connection"), "{text}");
    assert!(text.contains("(trace): matched"), "{text}");
}

#[test]
fn a_bridge_rejects_in_silence() {
    let mut f = unfiltered();
    actions(&mut f.net, f.chain, &[RuleAction::Reject]);
    let sim = f.send(&web());
    assert!(matches!(sim.dropped(), DropReason::RuleReject(_)));
    assert_eq!(sim.generated(), []);
}

#[test]
fn a_chain_that_is_not_loaded_is_asked_for() {
    let mut f = unfiltered();
    f.net.delete(model::ObjectKey { kind: model::Kind::Chain, id: f.chain.0 });
    let need = Need::Document(model::DocumentKey::Chain(f.chain));
    assert_eq!(f.send(&web()).outcome.verdict, Verdict::NeedState(need));
}

#[test]
fn a_rule_left_early_costs_only_what_was_read() {
    let f = filtered(Condition {
        nw_proto: Some(Match::is(17)),
        nw_dst: Some(Match::is(network("10.0.2.6/32"))),
        tp_dst: Some(Match::is(53..=53)),
        ..Condition::default()
    });
    let fields = f.send(&web()).fields();
    assert!(fields.contains(&"ip_proto"));
    assert!(!fields.contains(&"ip_dst") && !fields.contains(&"tp_dst"));
}
