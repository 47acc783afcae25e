//! Bridges: a packet in, a verdict out.

mod support;

use harness::topology::{Network, ip, mac, router_mac};
use packet::{MacAddr, VLAN_PRESENT};
use simulation::{Caching, DropReason, Effect, Ingress, Lifetime, Tag, Update, Verdict, VirtualAction};
use support::{Simulation, arp_reply, arp_request, gratuitous_arp, tagged, udp};

#[test]
fn a_known_station_gets_the_frame_and_the_flow_is_as_wide_as_two_addresses() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    net.station(bridge, mac(1), a);
    net.station(bridge, mac(2), b);
    let sim = Simulation::of(&net).send(a, &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2"));
    assert_eq!(sim.actions(), [VirtualAction::Output(b)]);
    assert_eq!(sim.outcome.caching, Caching::Flow(Lifetime::Idle));
    assert_eq!(sim.fields(), ["in_port", "recirc_id", "eth_src", "eth_dst", "eth_type", "ip_frag"]);
    assert!(sim.outcome.tags.contains(&Tag::Mac { bridge, vlan: 0, mac: mac(2) }));
    assert!(sim.outcome.tags.contains(&Tag::MacSource { bridge, vlan: 0, mac: mac(1) }));
}

#[test]
fn an_unknown_source_is_learned() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, _) = (net.vm_port(bridge), net.vm_port(bridge));
    let sim = Simulation::of(&net).send(a, &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2"));
    assert_eq!(sim.effects(), [Effect::LearnMac { bridge, vlan: 0, mac: mac(1), port: a }]);
}

#[test]
fn a_station_that_moved_is_learned_again() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    net.station(bridge, mac(1), b);
    let sim = Simulation::of(&net).send(a, &udp(mac(1), MacAddr::BROADCAST, "10.0.0.1", "10.0.0.255"));
    assert_eq!(sim.effects(), [Effect::LearnMac { bridge, vlan: 0, mac: mac(1), port: a }]);
}

#[test]
fn unknown_unicast_goes_to_all_active_ports_but_the_one_it_came_by() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let ports: Vec<_> = (0..4).map(|_| net.vm_port(bridge)).collect();
    net.learn(Update::PortLost { port: ports[2] });
    let sim = Simulation::of(&net).send(ports[0], &udp(mac(1), mac(9), "10.0.0.1", "10.0.0.9"));
    assert_eq!(sim.outputs(), [ports[1], ports[3]]);
    assert!(sim.outcome.tags.contains(&Tag::Flood(bridge)));
    assert!(sim.outcome.tags.contains(&Tag::Mac { bridge, vlan: 0, mac: mac(9) }));
}

#[test]
fn a_frame_to_a_station_behind_its_own_port_is_dropped() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let a = net.vm_port(bridge);
    net.station(bridge, mac(2), a);
    let sim = Simulation::of(&net).send(a, &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2"));
    assert_eq!(sim.dropped(), DropReason::Hairpin(bridge));
}

#[test]
fn a_group_address_cannot_be_a_source() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let a = net.vm_port(bridge);
    let sim = Simulation::of(&net).send(a, &udp(MacAddr::BROADCAST, mac(2), "10.0.0.1", "10.0.0.2"));
    assert_eq!(sim.dropped(), DropReason::BadSourceMac(a));
    assert_eq!(sim.effects(), []);
}

#[test]
fn a_bridge_that_is_down_drops_everything_for_five_seconds_at_a_time() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let a = net.vm_port(bridge);
    net.edit_bridge(bridge, |b| b.admin_state_up = false);
    let sim = Simulation::of(&net).send(a, &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2"));
    assert_eq!(sim.dropped(), DropReason::BridgeDown(bridge));
    let five = std::time::Duration::from_secs(5);
    assert_eq!(sim.outcome.caching, Caching::Flow(Lifetime::Hard(five)));
}

#[test]
fn an_arp_request_for_a_router_goes_to_that_router_alone_and_is_answered() {
    let mut net = Network::new();
    let (bridge, router) = (net.bridge(), net.router());
    let (a, _) = (net.vm_port(bridge), net.vm_port(bridge));
    let port = net.attach(bridge, router, "10.0.0.254/24");
    let sim = Simulation::of(&net).send(a, &arp_request(mac(1), "10.0.0.1", "10.0.0.254"));
    assert_eq!(sim.outcome.verdict, Verdict::Consumed);
    assert_eq!(sim.outcome.caching, Caching::Packet);
    assert!(sim.effects().contains(&Effect::LearnArp { router, port, ip: ip("10.0.0.1"), mac: mac(1) }));
    let reply = arp_reply((router_mac(port), "10.0.0.254"), (mac(1), "10.0.0.1"));
    assert!(sim.effects().contains(&Effect::Generate { ingress: Ingress::Emit(port), frame: reply }));
}

#[test]
fn the_answer_of_a_router_reaches_the_station_that_asked() {
    let mut net = Network::new();
    let (bridge, router) = (net.bridge(), net.router());
    let (a, _) = (net.vm_port(bridge), net.vm_port(bridge));
    let port = net.attach(bridge, router, "10.0.0.254/24");
    net.station(bridge, mac(1), a);
    let reply = arp_reply((router_mac(port), "10.0.0.254"), (mac(1), "10.0.0.1"));
    let sim = Simulation::of(&net).enter(Ingress::Emit(port), &reply);
    assert_eq!(sim.outputs(), [a]);
    assert_eq!(sim.effects(), [], "a router's port is known by configuration");
    assert_eq!(sim.outcome.caching, Caching::Packet);
}

#[test]
fn an_arp_request_for_anybody_else_is_flooded_past_the_router() {
    let mut net = Network::new();
    let (bridge, router) = (net.bridge(), net.router());
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    net.attach(bridge, router, "10.0.0.254/24");
    let sim = Simulation::of(&net).send(a, &arp_request(mac(1), "10.0.0.1", "10.0.0.2"));
    assert_eq!(sim.outputs(), [b]);
    assert!(matches!(sim.outcome.caching, Caching::Flow(_)));
    assert!(sim.fields().contains(&"ip_dst"), "whom it asks for decided it");
}

#[test]
fn an_announcement_updates_a_router_that_knows_the_address() {
    let mut net = Network::new();
    let (bridge, router) = (net.bridge(), net.router());
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    let port = net.attach(bridge, router, "10.0.0.254/24");
    let announcement = gratuitous_arp(mac(1), "10.0.0.7");
    let quiet = Simulation::of(&net).send(a, &announcement);
    assert!(!quiet.effects().iter().any(|e| matches!(e, Effect::LearnArp { .. })));
    net.neighbour(router, "10.0.0.7", mac(9));
    let sim = Simulation::of(&net).send(a, &announcement);
    assert_eq!(sim.outputs(), [b]);
    assert!(sim.effects().contains(&Effect::LearnArp { router, port, ip: ip("10.0.0.7"), mac: mac(1) }));
    assert_eq!(sim.outcome.caching, Caching::Packet, "the next one must be heard too");
}

#[test]
fn an_access_port_of_a_vlan_aware_bridge_tags_what_comes_in() {
    let (mut net, trunk_port, vm) = vlan_aware();
    let bridge = net.state.port(vm).unwrap().bridge().unwrap();
    net.station(bridge, mac(1), vm);
    let sim = Simulation::of(&net).send(vm, &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2"));
    let push = VirtualAction::PushVlan { tpid: 0x8100, tci: 10 | VLAN_PRESENT };
    assert_eq!(sim.actions(), [push, VirtualAction::Output(trunk_port)]);
}

#[test]
fn an_access_port_of_a_vlan_aware_bridge_untags_what_goes_out() {
    let (net, trunk_port, vm) = vlan_aware();
    let frame = tagged(10, &udp(mac(2), MacAddr::BROADCAST, "10.0.0.2", "10.0.0.255"));
    let sim = Simulation::of(&net).send(trunk_port, &frame);
    assert_eq!(sim.actions(), [VirtualAction::PopVlan, VirtualAction::Output(vm)]);
}

#[test]
fn a_frame_of_another_vlan_does_not_reach_an_access_port() {
    let (net, trunk_port, _) = vlan_aware();
    let frame = tagged(20, &udp(mac(2), MacAddr::BROADCAST, "10.0.0.2", "10.0.0.255"));
    let sim = Simulation::of(&net).send(trunk_port, &frame);
    assert!(matches!(sim.dropped(), DropReason::NoFloodTarget(_)));
}

/// A VM on a bridge, behind the access port (VLAN 10) of a VLAN-aware bridge with one trunk.
fn vlan_aware() -> (Network, model::PortId, model::PortId) {
    let mut net = Network::new();
    let (aware, unaware) = (net.bridge(), net.bridge());
    let trunk = net.vm_port(aware);
    let vm = net.vm_port(unaware);
    let (access, uplink) = (net.vlan_port(aware, 10), net.bridge_port(unaware));
    net.link(access, uplink);
    (net, trunk, vm)
}

#[test]
fn stations_are_learned_per_vlan() {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    net.learn(Update::MacLearned { bridge, vlan: 0, mac: mac(2), port: a });
    net.learn(Update::MacLearned { bridge, vlan: 7, mac: mac(2), port: b });
    let sim = Simulation::of(&net).send(a, &tagged(7, &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2")));
    assert_eq!(sim.outputs(), [b]);
    assert_eq!(sim.effects(), [Effect::LearnMac { bridge, vlan: 7, mac: mac(1), port: a }]);
}

#[test]
fn a_loop_of_bridges_ends_in_a_counted_drop_that_teaches_nothing() {
    let mut net = Network::new();
    let (one, two) = (net.bridge(), net.bridge());
    for _ in 0..3 {
        let (a, b) = (net.bridge_port(one), net.bridge_port(two));
        net.link(a, b);
    }
    let a = net.vm_port(one);
    let sim = Simulation::of(&net).send(a, &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2"));
    assert_eq!(sim.dropped(), DropReason::TooManyDevices);
    assert_eq!(sim.effects(), []);
}

#[test]
fn a_chain_of_twelve_bridges_passes_and_of_thirteen_does_not() {
    for (count, passes) in [(12, true), (13, false)] {
        let mut net = Network::new();
        let bridges: Vec<_> = (0..count).map(|_| net.bridge()).collect();
        for pair in bridges.windows(2) {
            let (a, b) = (net.bridge_port(pair[0]), net.bridge_port(pair[1]));
            net.link(a, b);
        }
        let (first, last) = (net.vm_port(bridges[0]), net.vm_port(bridges[count - 1]));
        let sim = Simulation::of(&net).send(first, &udp(mac(1), mac(2), "10.0.0.1", "10.0.0.2"));
        let expected = if passes { vec![last] } else { Vec::new() };
        assert_eq!(sim.outputs(), expected, "{count} bridges");
    }
}
