//! Routers: a packet in, a verdict out.

mod support;

use std::time::Duration;

use harness::topology::{Network, connected, ip, mac, network, router_mac, via};
use model::{NextHop, PortId, RouterId};
use packet::{MacAddr, PacketView, SetField, TunnelKey};
use simulation::{Caching, DropReason, Effect, Ingress, Lifetime, Need, Tag, Update, Verdict, VirtualAction};
use support::{Simulation, arp_request, ipv4, ping, tagged, tcp, udp};

/// A router with two exterior ports: 10.0.1.1/24 and 10.0.2.1/24. The host 10.0.2.6 is known.
struct Two {
    net: Network,
    router: RouterId,
    one: PortId,
    two: PortId,
}

fn two() -> Two {
    let mut net = Network::new();
    let router = net.router();
    let (one, two) = (net.router_port(router, "10.0.1.1/24"), net.router_port(router, "10.0.2.1/24"));
    net.plug(one);
    net.plug(two);
    net.neighbour(router, "10.0.2.6", mac(6));
    Two { net, router, one, two }
}

impl Two {
    fn send(&self, frame: &[u8]) -> support::Simulated {
        Simulation::of(&self.net).send(self.one, frame)
    }

    /// A datagram of 10.0.1.5 by way of the router.
    fn to(&self, dst: &str) -> Vec<u8> {
        udp(mac(1), router_mac(self.one), "10.0.1.5", dst)
    }
}

fn routed(port: PortId, dst: MacAddr) -> [VirtualAction; 3] {
    let set = SetField::Ethernet { src: Some(router_mac(port)), dst: Some(dst) };
    [VirtualAction::DecTtl, VirtualAction::Set(set), VirtualAction::Output(port)]
}

#[test]
fn a_connected_host_is_reached_without_a_route_being_configured() {
    let t = two();
    let sim = t.send(&t.to("10.0.2.6"));
    assert_eq!(sim.actions(), routed(t.two, mac(6)));
    assert_eq!(sim.outcome.caching, Caching::Flow(Lifetime::Idle));
    let prefix = network("10.0.2.0/24");
    assert!(sim.outcome.tags.contains(&Tag::Route { router: t.router, prefix }));
    assert!(sim.outcome.tags.contains(&Tag::Arp { router: t.router, ip: ip("10.0.2.6") }));
}

#[test]
fn the_ttl_is_decremented_by_action_and_not_matched() {
    let t = two();
    assert!(!t.send(&t.to("10.0.2.6")).fields().contains(&"ip_ttl"));
}

#[test]
fn a_gateway_is_resolved_instead_of_the_destination_and_the_mask_is_a_prefix() {
    let mut t = two();
    t.net.route(t.router, "0.0.0.0/0", via(t.two, "10.0.2.254"));
    t.net.neighbour(t.router, "10.0.2.254", mac(7));
    let sim = t.send(&t.to("8.8.8.8"));
    assert_eq!(sim.actions(), routed(t.two, mac(7)));
    assert_eq!(sim.ip_dst_bits(), 8, "8/8 and 10/8 part within the first eight bits");
    assert_eq!(sim.ip_src_bits(), 0);
}

#[test]
fn the_longest_prefix_wins() {
    let mut t = two();
    t.net.route(t.router, "20.0.0.0/8", NextHop::Blackhole);
    t.net.route(t.router, "20.1.0.0/16", via(t.two, "10.0.2.6"));
    assert_eq!(t.send(&t.to("20.1.0.1")).outputs(), [t.two]);
    assert!(matches!(t.send(&t.to("20.2.0.1")).dropped(), DropReason::RouteBlackhole(_)));
}

#[test]
fn a_route_for_other_sources_yields_to_a_shorter_one() {
    let mut t = two();
    t.net.route(t.router, "0.0.0.0/0", via(t.two, "10.0.2.6"));
    t.net.route_from(t.router, "10.9.0.0/16", "20.0.0.0/8", NextHop::Blackhole, 100);
    let sim = t.send(&t.to("20.0.0.1"));
    assert_eq!(sim.outputs(), [t.two]);
    assert_eq!(sim.ip_src_bits(), 16, "10.0 is told from 10.9 within sixteen bits");
}

#[test]
fn the_lowest_weight_wins_and_a_configured_route_overrides_the_connected_one() {
    let mut t = two();
    t.net.route_from(t.router, "0.0.0.0/0", "10.0.2.0/24", NextHop::Blackhole, 200);
    assert!(matches!(t.send(&t.to("10.0.2.6")).dropped(), DropReason::RouteBlackhole(_)));
    t.net.route_from(t.router, "0.0.0.0/0", "10.0.2.0/24", connected(t.two), 100);
    assert_eq!(t.send(&t.to("10.0.2.6")).outputs(), [t.two]);
}

#[test]
fn equal_routes_share_by_connection_and_one_connection_stays_with_one() {
    let mut t = two();
    for gateway in ["10.0.2.6", "10.0.2.7"] {
        t.net.route(t.router, "0.0.0.0/0", via(t.two, gateway));
    }
    t.net.neighbour(t.router, "10.0.2.7", mac(7));
    let mut taken = [0, 0];
    for port in 0..200 {
        let packet = || ipv4(mac(1), router_mac(t.one), "10.0.1.5", "20.0.0.1");
        let sim = t.send(&tcp(packet(), 1000 + port, 80));
        taken[usize::from(sim.actions() == routed(t.two, mac(7)))] += 1;
        assert_eq!(t.send(&tcp(packet(), 1000 + port, 80)).actions(), sim.actions());
        for field in ["ip_src", "ip_proto", "tp_src", "tp_dst"] {
            assert!(sim.fields().contains(&field), "{field} decided it");
        }
    }
    assert!(taken.iter().all(|count| *count > 60), "{taken:?}");
}

#[test]
fn without_a_route_the_network_is_unreachable_and_the_flow_lives_a_second() {
    let t = two();
    let sim = t.send(&t.to("99.0.0.1"));
    assert_eq!(sim.dropped(), DropReason::NoRoute(t.router));
    assert_eq!(sim.icmp(), Some((3, 0)));
    assert_eq!(sim.outcome.caching, Caching::Flow(Lifetime::Hard(Duration::from_millis(750))));
    let prefix = network("0.0.0.0/0");
    assert!(sim.outcome.tags.contains(&Tag::Route { router: t.router, prefix }));
}

#[test]
fn a_reject_route_prohibits() {
    let mut t = two();
    let route = t.net.route(t.router, "20.0.0.0/8", NextHop::Reject);
    let sim = t.send(&t.to("20.0.0.1"));
    assert_eq!(sim.dropped(), DropReason::RouteReject(route));
    assert_eq!(sim.icmp(), Some((3, 13)));
}

#[test]
fn a_blackhole_route_is_silent() {
    let mut t = two();
    let route = t.net.route(t.router, "20.0.0.0/8", NextHop::Blackhole);
    let sim = t.send(&t.to("20.0.0.1"));
    assert_eq!(sim.dropped(), DropReason::RouteBlackhole(route));
    assert_eq!(sim.effects(), []);
}

#[test]
fn an_unknown_neighbour_is_asked_for() {
    let t = two();
    let sim = t.send(&t.to("10.0.2.9"));
    let need = Need::Arp { router: t.router, port: t.two, target: ip("10.0.2.9") };
    assert_eq!(sim.outcome.verdict, Verdict::NeedState(need));
    assert_eq!(sim.outcome.caching, Caching::Packet);
    let request = t.net.topology.arp_request(t.two, ip("10.0.2.9")).unwrap();
    assert_eq!(request, arp_request(router_mac(t.two), "10.0.2.1", "10.0.2.9"));
    assert_eq!(Simulation::of(&t.net).enter(Ingress::Emit(t.two), &request).outputs(), [t.two]);
}

#[test]
fn a_neighbour_that_does_not_answer_is_host_unreachable() {
    let mut t = two();
    t.net.learn(Update::ArpFailed { router: t.router, ip: ip("10.0.2.9") });
    let sim = t.send(&t.to("10.0.2.9"));
    assert_eq!(sim.dropped(), DropReason::NeighbourUnresolved(t.router));
    assert_eq!(sim.icmp(), Some((3, 1)));
}

#[test]
fn the_network_broadcast_address_is_nobody_s() {
    let t = two();
    let sim = t.send(&t.to("10.0.2.255"));
    assert_eq!(sim.dropped(), DropReason::NeighbourUnresolved(t.router));
}

#[test]
fn a_spent_ttl_is_answered_each_time() {
    let t = two();
    let mut packet = ipv4(mac(1), router_mac(t.one), "10.0.1.5", "10.0.2.6");
    packet.ttl = 1;
    let sim = t.send(&packet.udp(1, 2, b""));
    assert_eq!(sim.dropped(), DropReason::TtlExceeded(t.router));
    assert_eq!(sim.icmp(), Some((11, 0)));
    assert!(sim.fields().contains(&"ip_ttl"));
    assert_eq!(sim.outcome.caching, Caching::Packet, "traceroute sends three");
}

#[test]
fn a_ping_to_any_address_of_the_router_is_answered() {
    let t = two();
    for own in ["10.0.1.1", "10.0.2.1"] {
        let sim = t.send(&ping(mac(1), router_mac(t.one), "10.0.1.5", own));
        assert_eq!(sim.outcome.verdict, Verdict::Consumed);
        assert_eq!(sim.icmp(), Some((0, 0)));
        let (ingress, frame) = sim.generated().remove(0);
        assert_eq!(ingress, Ingress::Emit(t.one));
        let reply = PacketView::parse(&frame, 0, TunnelKey::default()).unwrap();
        assert_eq!((reply.key().eth_src, reply.key().eth_dst), (router_mac(t.one), mac(1)));
        assert_eq!(reply.key().src_ip(), Some(ip(own)));
    }
}

#[test]
fn a_ping_with_a_ttl_of_one_reaches_the_router_itself() {
    let t = two();
    let mut packet = ipv4(mac(1), router_mac(t.one), "10.0.1.5", "10.0.1.1");
    packet.ttl = 1;
    assert_eq!(t.send(&packet.echo_request(1, 1, b"")).outcome.verdict, Verdict::Consumed);
}

#[test]
fn the_router_serves_nothing_but_pings() {
    let t = two();
    assert_eq!(t.send(&t.to("10.0.1.1")).dropped(), DropReason::LocalUnserved(t.router));
}

#[test]
fn a_local_route_makes_another_address_the_router_s_own() {
    let mut t = two();
    t.net.route(t.router, "7.7.7.7/32", NextHop::Local { port: None });
    let sim = t.send(&ping(mac(1), router_mac(t.one), "10.0.1.5", "7.7.7.7"));
    assert_eq!(sim.outcome.verdict, Verdict::Consumed);
    let asked = t.send(&arp_request(mac(1), "10.0.1.5", "7.7.7.7"));
    assert_eq!(asked.generated().len(), 1);
}

#[test]
fn frames_for_another_address_are_not_routed() {
    let t = two();
    let sim = t.send(&udp(mac(1), mac(9), "10.0.1.5", "10.0.2.6"));
    assert_eq!(sim.dropped(), DropReason::NotForRouter(t.one));
}

#[test]
fn tagged_frames_are_not_routed_but_priority_tags_come_off() {
    let t = two();
    let sim = t.send(&tagged(5, &t.to("10.0.2.6")));
    assert_eq!(sim.dropped(), DropReason::VlanMismatch(t.one));
    let sim = t.send(&tagged(0, &t.to("10.0.2.6")));
    assert_eq!(sim.actions()[0], VirtualAction::PopVlan);
    assert_eq!(sim.actions()[1..], routed(t.two, mac(6)));
}

#[test]
fn ipv6_is_not_routed_yet() {
    let t = two();
    let frame = packet::build::Ipv6Packet::new(
        mac(1),
        router_mac(t.one),
        "fd00::1".parse().unwrap(),
        "fd00::2".parse().unwrap(),
    );
    let sim = t.send(&frame.udp(1, 2, b""));
    assert_eq!(sim.dropped(), DropReason::UnsupportedProtocol(t.router));
}

#[test]
fn a_router_that_is_down_prohibits() {
    let mut t = two();
    t.net.edit_router(t.router, |r| r.admin_state_up = false);
    let sim = t.send(&t.to("10.0.2.6"));
    assert_eq!(sim.dropped(), DropReason::RouterDown(t.router));
    assert_eq!(sim.icmp(), Some((3, 13)));
}

#[test]
fn a_port_that_is_down_prohibits_on_either_side() {
    for side in [1, 2] {
        let mut t = two();
        let port = if side == 1 { t.one } else { t.two };
        t.net.edit_port(port, |p| p.admin_state_up = false);
        let sim = t.send(&t.to("10.0.2.6"));
        assert_eq!(sim.dropped(), DropReason::PortDown(port));
        assert_eq!(sim.icmp(), Some((3, 13)));
    }
}

#[test]
fn routes_by_an_inactive_port_are_not_used() {
    let mut t = two();
    t.net.learn(Update::PortLost { port: t.two });
    assert_eq!(t.send(&t.to("10.0.2.6")).dropped(), DropReason::NoRoute(t.router));
}

#[test]
fn no_error_is_sent_about_an_error_or_a_later_fragment_or_to_nobody() {
    let t = two();
    let gateway = router_mac(t.one);
    let packet = |src: &str| ipv4(mac(1), gateway, src, "99.0.0.1");
    let unreachable =
        packet::header::IcmpHeader { kind: 3, code: 1, checksum: 0.into(), id: 0.into(), sequence: 0.into() };
    let mut later = packet("10.0.1.5");
    later.flags_offset = 100;
    let silent = [
        packet("10.0.1.5").icmp(unreachable, b"quoted"),
        later.udp(1, 2, b""),
        packet("0.0.0.0").udp(1, 2, b""),
        packet("10.0.1.255").udp(1, 2, b""),
    ];
    for frame in silent {
        let sim = t.send(&frame);
        assert_eq!(sim.dropped(), DropReason::NoRoute(t.router));
        assert_eq!(sim.icmp(), None);
    }
}

#[test]
fn an_arp_request_teaches_the_router_who_asked() {
    let t = two();
    let sim = t.send(&arp_request(mac(1), "10.0.1.5", "10.0.1.1"));
    let learned = Effect::LearnArp { router: t.router, port: t.one, ip: ip("10.0.1.5"), mac: mac(1) };
    assert!(sim.effects().contains(&learned));
}

#[test]
fn an_arp_request_from_another_network_teaches_nothing() {
    let t = two();
    let sim = t.send(&arp_request(mac(1), "192.168.0.5", "10.0.1.1"));
    assert!(!sim.effects().iter().any(|e| matches!(e, Effect::LearnArp { .. })));
}

#[test]
fn routers_cabled_to_each_other_know_each_other_without_arp() {
    let mut t = two();
    let far = t.net.router();
    let (near_port, far_port) =
        (t.net.router_port(t.router, "10.9.0.1/30"), t.net.router_port(far, "10.9.0.2/30"));
    t.net.link(near_port, far_port);
    t.net.route(t.router, "20.0.0.0/8", via(near_port, "10.9.0.2"));
    let exit = t.net.router_port(far, "20.0.0.1/8");
    t.net.plug(exit);
    t.net.neighbour(far, "20.0.0.9", mac(9));
    let sim = t.send(&t.to("20.0.0.9"));
    let set = SetField::Ethernet { src: Some(router_mac(exit)), dst: Some(mac(9)) };
    let expected =
        [VirtualAction::DecTtl, VirtualAction::DecTtl, VirtualAction::Set(set), VirtualAction::Output(exit)];
    assert_eq!(sim.actions(), expected);
}

#[test]
fn routers_on_one_bridge_know_each_other_without_arp() {
    let mut t = two();
    let (bridge, far) = (t.net.bridge(), t.net.router());
    let near_port = t.net.attach(bridge, t.router, "10.9.0.1/24");
    t.net.attach(bridge, far, "10.9.0.2/24");
    t.net.route(t.router, "20.0.0.0/8", via(near_port, "10.9.0.2"));
    let sim = t.send(&t.to("20.0.0.9"));
    assert_eq!(sim.dropped(), DropReason::NoRoute(far));
}

#[test]
fn from_bridge_to_bridge_by_the_router_between() {
    let case = harness::networks::bridge_router_bridge(3);
    let sim = Simulation::of(&case.network).enter(case.ingress, &case.frame);
    assert_eq!(sim.outputs(), [case.egress]);
    assert_eq!(sim.effects(), []);
    let masked =
        ["in_port", "recirc_id", "ip_dst", "eth_src", "eth_dst", "eth_type", "tp_dst", "ip_proto", "ip_frag"];
    assert_eq!(sim.fields(), masked, "what the routers wrote is not read from the packet");
}

#[test]
fn in_exact_mode_everything_that_the_packet_has_is_matched_but_tcp_flags() {
    let t = two();
    let frame = tcp(ipv4(mac(1), router_mac(t.one), "10.0.1.5", "10.0.2.6"), 1000, 80);
    let sim = Simulation::exact(&t.net).send(t.one, &frame);
    assert_eq!((sim.ip_src_bits(), sim.ip_dst_bits()), (32, 32));
    for field in ["tp_src", "tp_dst", "ip_ttl", "ip_tos", "eth_src"] {
        assert!(sim.fields().contains(&field));
    }
    assert!(!sim.fields().contains(&"tcp_flags") && !sim.fields().contains(&"arp_sha"));
}
