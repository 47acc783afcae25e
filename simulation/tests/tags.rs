//! A change names the flows that it touches, and no others: checked against verdicts that carry those tags.

mod support;

use harness::topology::{Network, connected, ip, mac, network, router_mac, via};
use model::{Condition, DocumentKey, NextHop, ObjectKey, RuleAction};
use simulation::{Effect, Ingress, PortLocation, Tag, Update};
use support::{Simulation, arp_request, udp};

/// A packet whose flow must be touched by a change, and one whose flow must not.
fn touches(net: &Network, tags: &[Tag], ingress: Ingress, frame: &[u8]) -> bool {
    let sim = Simulation::of(net).enter(ingress, frame);
    sim.outcome.tags.iter().any(|tag| tags.contains(tag))
}

#[test]
fn the_same_document_again_touches_nothing() {
    let mut net = Network::new();
    let (bridge, router) = (net.bridge(), net.router());
    let port = net.vm_port(bridge);
    net.attach(bridge, router, "10.0.0.1/24");
    let chain = net.chain(vec![(Condition::default(), RuleAction::Accept)]);
    let group = net.address_group(&["10.0.0.1"]);
    let objects: [model::Object; 5] = [
        net.state.bridge(bridge).unwrap().clone().into(),
        net.state.router(router).unwrap().clone().into(),
        net.state.port(port).unwrap().clone().into(),
        net.state.chain(chain).unwrap().clone().into(),
        net.state.ip_addr_group(group).unwrap().clone().into(),
    ];
    for object in objects {
        assert_eq!(net.put(object), []);
    }
}

#[test]
fn a_rule_touches_its_chain() {
    let mut net = Network::new();
    let chain = net.chain(Vec::new());
    let before = net.clone();
    net.rule(chain, Condition::default(), RuleAction::Drop);
    assert_ne!(before.topology.chain(chain), net.topology.chain(chain));
    let mut rule = net.state.chain_rules(chain).next().unwrap().clone();
    rule.action = RuleAction::Accept;
    assert_eq!(net.put(rule), [Tag::Chain(chain)]);
}

#[test]
fn a_station_learned_moved_or_forgotten_touches_frames_to_it() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b, c) = (net.vm_port(bridge), net.vm_port(bridge), net.vm_port(bridge));
    let to_two = udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2");
    let to_three = udp(mac(1), mac(3), "10.0.0.1", "10.0.0.3");
    let ingress = Ingress::Port(a);
    let before = net.clone();
    for tags in [net.station(bridge, mac(2), b), net.station(bridge, mac(2), c)] {
        assert_eq!(tags, [Tag::Mac { bridge, vlan: 0, mac: mac(2) }]);
        assert!(touches(&before, &tags, ingress, &to_two));
        assert!(!touches(&before, &tags, ingress, &to_three));
    }
    assert_eq!(net.station(bridge, mac(2), c), []);
    let forgotten = net.learn(Update::MacForgotten { bridge, vlan: 0, mac: mac(2) });
    assert!(touches(&before, &forgotten, ingress, &to_two));
    assert!(!touches(&before, &forgotten, ingress, &to_three));
}

#[test]
fn a_station_forgotten_touches_the_flows_from_it_which_teach_it_anew() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    net.station(bridge, mac(1), a);
    net.station(bridge, mac(2), b);
    let before = net.clone();
    let from_one = udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2");
    let forgotten = net.learn(Update::MacForgotten { bridge, vlan: 0, mac: mac(1) });
    assert!(touches(&before, &forgotten, Ingress::Port(a), &from_one));
    let again = Simulation::of(&net).enter(Ingress::Port(a), &from_one);
    let learned = Effect::LearnMac { bridge, vlan: 0, mac: mac(1), port: a };
    assert_eq!(again.outcome.effects.as_slice(), [learned]);
}

#[test]
fn what_was_learned_of_a_device_goes_with_it() {
    let (mut net, router, one, _) = routed();
    let bridge = net.bridge();
    let port = net.vm_port(bridge);
    net.station(bridge, mac(2), port);
    net.learn(Update::Removed(DocumentKey::Bridge(bridge)));
    net.learn(Update::Removed(DocumentKey::Router(router)));
    assert_eq!(net.topology.station(bridge, 0, mac(2)), None);
    assert_eq!(net.topology.neighbour(router, ip("10.0.2.6")), None);
    assert_eq!((net.topology.location(port), net.topology.location(one)), (None, None));
}

#[test]
fn a_new_port_touches_floods_and_no_unicast() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    net.station(bridge, mac(2), b);
    let before = net.clone();
    let port = net.bridge_port(bridge);
    let plugged = PortLocation { host: Default::default(), tunnel_key: 1 };
    let tags = [
        net.edit_port(port, |p| {
            p.binding = Some(model::Binding { host: Default::default(), interface: "eth0".into() });
        }),
        net.learn(Update::PortLocated { port, location: plugged }),
    ];
    for tags in tags {
        assert_eq!(tags.len(), 2);
        assert!(tags.contains(&Tag::Flood(bridge)) && tags.contains(&Tag::Port(port)));
        assert!(touches(&before, &tags, Ingress::Port(a), &udp(mac(1), mac(9), "10.0.0.1", "10.0.0.9")));
        assert!(!touches(&before, &tags, Ingress::Port(a), &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2")));
    }
}

/// A router with exterior ports 10.0.1.1/24 and 10.0.2.1/24 and a default route by the second.
fn routed() -> (Network, model::RouterId, model::PortId, model::PortId) {
    let mut net = Network::new();
    let router = net.router();
    let (one, two) = (net.router_port(router, "10.0.1.1/24"), net.router_port(router, "10.0.2.1/24"));
    net.plug(one);
    net.plug(two);
    net.route(router, "0.0.0.0/0", via(two, "10.0.2.254"));
    net.neighbour(router, "10.0.2.254", mac(7));
    net.neighbour(router, "10.0.2.6", mac(6));
    (net, router, one, two)
}

#[test]
fn a_new_route_touches_the_prefix_that_covered_it_until_now() {
    let (mut net, router, one, two) = routed();
    let to = |dst: &str| udp(mac(1), router_mac(one), "10.0.1.5", dst);
    net.route(router, "20.0.0.0/8", via(two, "10.0.2.6"));
    let before = net.clone();
    net.route(router, "20.1.0.0/16", NextHop::Blackhole);
    let route = net.state.router_routes(router).last().unwrap().clone();
    let mut again = before.clone();
    let tags = again.put(route);
    let expected = ["20.0.0.0/8", "20.1.0.0/16"].map(|p| Tag::Route { router, prefix: network(p) });
    assert_eq!(tags.len(), 2);
    assert!(expected.iter().all(|tag| tags.contains(tag)), "{tags:?}");
    assert!(touches(&before, &tags, Ingress::Port(one), &to("20.1.0.1")));
    assert!(!touches(&before, &tags, Ingress::Port(one), &to("8.8.8.8")));
    assert!(!touches(&before, &tags, Ingress::Port(one), &to("10.0.2.6")));
}

#[test]
fn a_first_route_touches_packets_that_had_none() {
    let (net, router, one, two) = routed();
    let mut net = net;
    let default = net.state.router_routes(router).next().unwrap().id;
    net.delete(ObjectKey { kind: model::Kind::Route, id: default.0 });
    let before = net.clone();
    net.route(router, "20.0.0.0/8", connected(two));
    let route = net.state.router_routes(router).next().unwrap().clone();
    let tags = before.clone().put(route);
    let frame = udp(mac(1), router_mac(one), "10.0.1.5", "20.0.0.1");
    assert!(touches(&before, &tags, Ingress::Port(one), &frame));
}

#[test]
fn a_deleted_route_touches_its_prefix_alone() {
    let (mut net, router, _, two) = routed();
    let route = net.route(router, "20.0.0.0/8", connected(two));
    let tags = net.delete(ObjectKey { kind: model::Kind::Route, id: route.0 });
    assert_eq!(tags, [Tag::Route { router, prefix: network("20.0.0.0/8") }]);
}

#[test]
fn a_router_port_that_goes_away_touches_the_routes_by_it() {
    let (mut net, router, one, two) = routed();
    let before = net.clone();
    let tags = net.learn(Update::PortLost { port: two });
    for prefix in ["0.0.0.0/0", "10.0.2.0/24", "10.0.2.1/32"] {
        assert!(tags.contains(&Tag::Route { router, prefix: network(prefix) }), "{prefix}");
    }
    let frame = |dst: &str| udp(mac(1), router_mac(one), "10.0.1.5", dst);
    assert!(touches(&before, &tags, Ingress::Port(one), &frame("8.8.8.8")));
    assert!(touches(&before, &tags, Ingress::Port(one), &frame("10.0.2.6")));
    assert!(!touches(&before, &tags, Ingress::Port(one), &frame("10.0.1.9")));
}

#[test]
fn a_neighbour_touches_packets_to_it() {
    let (mut net, router, one, _) = routed();
    let before = net.clone();
    let tags = net.neighbour(router, "10.0.2.6", mac(9));
    assert_eq!(tags, [Tag::Arp { router, ip: ip("10.0.2.6") }]);
    let frame = |dst: &str| udp(mac(1), router_mac(one), "10.0.1.5", dst);
    assert!(touches(&before, &tags, Ingress::Port(one), &frame("10.0.2.6")));
    assert!(!touches(&before, &tags, Ingress::Port(one), &frame("8.8.8.8")));
}

#[test]
fn a_router_cabled_to_a_bridge_touches_arp_for_its_address_and_frames_to_it() {
    let mut net = Network::new();
    let (bridge, router, other) = (net.bridge(), net.router(), net.router());
    let (a, _) = (net.vm_port(bridge), net.vm_port(bridge));
    net.attach(bridge, other, "10.0.0.2/24");
    let (port, peer) = (net.router_port(router, "10.0.0.1/24"), net.bridge_port(bridge));
    let before = net.clone();
    let tags = net.link(port, peer);
    assert!(touches(&before, &tags, Ingress::Port(a), &arp_request(mac(1), "10.0.0.9", "10.0.0.1")));
    assert!(touches(&before, &tags, Ingress::Port(a), &udp(mac(1), router_mac(port), "10.0.0.9", "8.8.8.8")));
    assert!(tags.contains(&Tag::Arp { router: other, ip: ip("10.0.0.1") }), "the other router need not ask");
}

#[test]
fn a_change_of_a_port_touches_what_passes_it() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b, c) = (net.vm_port(bridge), net.vm_port(bridge), net.vm_port(bridge));
    net.station(bridge, mac(2), b);
    net.station(bridge, mac(3), c);
    let before = net.clone();
    let tags = net.edit_port(b, |port| port.admin_state_up = false);
    assert!(touches(&before, &tags, Ingress::Port(a), &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2")));
    assert!(!touches(&before, &tags, Ingress::Port(a), &udp(mac(1), mac(3), "10.0.0.1", "10.0.0.3")));
}

#[test]
fn a_deleted_bridge_touches_everything_in_it() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, _) = (net.vm_port(bridge), net.vm_port(bridge));
    let before = net.clone();
    let tags = net.delete(ObjectKey { kind: model::Kind::Bridge, id: bridge.0 });
    assert!(touches(&before, &tags, Ingress::Port(a), &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2")));
    assert!(net.topology.port(a).is_none());
}
