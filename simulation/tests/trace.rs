//! The trace names what decided, in values and in text.

mod support;

use harness::topology::{Network, mac, network, router_mac};
use model::{Condition, Match, RuleAction};
use simulation::trace::{Record, RouteResult, RuleResult, Step, Transcript};
use simulation::{Action, DropReason};
use support::{Simulation, tcp, udp};

#[test]
fn every_rule_tried_is_named_with_the_field_that_failed_or_as_the_one_that_decided() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    net.station(bridge, mac(2), b);
    let chain = net.chain(Vec::new());
    let only = |proto| Condition { nw_proto: Some(Match::is(proto)), ..Condition::default() };
    let first = net.rule(chain, only(17), RuleAction::Accept);
    let second = net.rule(chain, only(6), RuleAction::Drop);
    net.edit_port(a, |port| port.inbound_filter = Some(chain));
    let frame = tcp(support::ipv4(mac(1), mac(2), "10.0.0.1", "10.0.0.2"), 1, 80);
    let sim = Simulation::of(&net).send(a, &frame);
    let step = |rule, action, result| Step::Rule { chain, rule, action, result };
    assert!(sim.steps.contains(&step(first, Action::Accept, RuleResult::Failed("nwProto"))));
    assert!(sim.steps.contains(&step(second, Action::Drop, RuleResult::Matched)));
    assert_eq!(sim.steps.last(), Some(&Step::Dropped(DropReason::Rule(second))));
    let record = Record::from(&step(first, Action::Accept, RuleResult::Failed("nwProto")));
    assert_eq!(record.step, "rule");
    let fields = [("action", "accept"), ("result", "failed"), ("field", "nwProto")];
    assert_eq!(record.fields[2..], fields.map(|(name, value)| (name, value.to_owned())));
    let text = Transcript(&sim.steps).to_string();
    let expected = format!(
        "enters bridge {bridge} by port {a}\n  \
         chain {chain}: inbound filter of port {a}\n    \
         rule {first} (accept): no match on nwProto\n    \
         rule {second} (drop): matched\n  \
         dropped: rule ({second})\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn every_route_considered_is_named_with_why_it_was_not_taken() {
    let mut net = Network::new();
    let router = net.router();
    let (one, two) = (net.router_port(router, "10.0.1.1/24"), net.router_port(router, "10.0.2.1/24"));
    net.plug(one);
    net.plug(two);
    net.neighbour(router, "10.0.2.6", mac(6));
    let other = "192.168.0.0/16";
    net.route_from(router, other, "10.0.2.6/32", model::NextHop::Blackhole, 100);
    let frame = udp(mac(1), router_mac(one), "10.0.1.5", "10.0.2.6");
    let sim = Simulation::of(&net).send(one, &frame);
    let routes: Vec<_> = (sim.steps.iter())
        .filter_map(|step| match step {
            Step::Route { prefix, result, .. } => Some((*prefix, *result)),
            _ => None,
        })
        .collect();
    let expected = [
        (network("10.0.2.6/32"), RouteResult::OtherSource),
        (network("10.0.2.0/24"), RouteResult::Candidate),
    ];
    assert_eq!(routes, expected);
    assert!(sim.steps.contains(&Step::Output { port: two }));
    assert!(Transcript(&sim.steps).to_string().contains("neighbour 10.0.2.6 is 02:00:00:00:00:06"));
}
