//! Translation: where copies go, in which order, and what becomes of the TTL.

use std::sync::Arc;

use model::{PortId, TunnelZone, TunnelZoneId, TunnelZoneType};
use packet::{MacAddr, ethertype, v4_addr};
use simulation::{PortLocation, Topology, Update};
use tunnel::{Encapsulation, Peers, PortKey};
use uuid::Uuid;

use super::*;
use crate::snapshot::{LocalPort, PortClass, PortMap, TunnelPort, TunnelPorts};

const HERE: HostId = HostId(Uuid::from_u128(1));
const THERE: HostId = HostId(Uuid::from_u128(2));
const STRANGER: HostId = HostId(Uuid::from_u128(3));
const TUNNEL: DpPort = DpPort(9);

fn port(n: u128) -> PortId {
    PortId(Uuid::from_u128(n))
}

fn output(n: u128) -> VirtualAction {
    VirtualAction::Output(port(n))
}

/// Ports 1 and 2 are here, 11 and 12 on a peer, 21 on a host that no zone leads to, 31 nowhere.
fn snapshot() -> Snapshot {
    let zone = TunnelZone {
        id: TunnelZoneId(Uuid::from_u128(7)),
        name: "underlay".to_owned(),
        kind: TunnelZoneType::Vxlan,
        members: [(HERE, "192.168.0.1".parse().unwrap()), (THERE, "192.168.0.2".parse().unwrap())].into(),
    };
    let mut topology = Topology::new();
    for (n, host) in [(1, HERE), (2, HERE), (11, THERE), (12, THERE), (21, STRANGER)] {
        let tunnel_key = PortKey::new(n as u32).unwrap().wire().encode();
        topology.update(Update::PortLocated { port: port(n), location: PortLocation { host, tunnel_key } });
    }
    let local = |n: u32| LocalPort {
        port: port(n.into()),
        dp_port: DpPort(n),
        key: PortKey::new(n).unwrap(),
        class: PortClass::Guest,
    };
    let tunnels = vec![TunnelPort {
        encapsulation: Encapsulation::Vxlan,
        dp_port: TUNNEL,
        local: "192.168.0.1".parse().unwrap(),
    }];
    Snapshot {
        host: HERE,
        topology: Arc::new(topology),
        ports: Arc::new(PortMap::of([local(1), local(2)])),
        peers: Arc::new(Peers::of(HERE, [&zone])),
        tunnels: Arc::new(TunnelPorts(tunnels)),
    }
}

fn key() -> FlowKey {
    FlowKey { in_port: 5, eth_type: ethertype::IPV4, ip_ttl: 64, ..FlowKey::default() }
}

fn run(actions: &[VirtualAction], dec_ttl: bool) -> (Translation, FlowMask) {
    let mut mask = FlowMask::any();
    let features = Features { dec_ttl, ..Features::default() };
    (translate(actions, &key(), &mut mask, &snapshot(), &features), mask)
}

fn tunnel_to_peer(n: u32) -> Action {
    let header = outer_header("192.168.0.1".parse().unwrap(), "192.168.0.2".parse().unwrap(), 0x10_0000 | n);
    Action::SetTunnel(header)
}

#[test]
fn a_flood_goes_to_each_port_once_local_ones_first_in_one_order() {
    let (flood, _) = run(&[output(12), output(2), output(11), output(1), output(2)], true);
    let expected = [
        Action::Output(DpPort(1)),
        Action::Output(DpPort(2)),
        tunnel_to_peer(11),
        Action::Output(TUNNEL),
        tunnel_to_peer(12),
        Action::Output(TUNNEL),
    ];
    assert_eq!(flood.actions, expected);
    let (other_order, _) = run(&[output(1), output(11), output(12), output(2)], true);
    assert_eq!(flood.actions, other_order.actions);
}

#[test]
fn a_tunnelled_copy_names_its_peer_and_port_as_what_it_depends_on() {
    let (one, _) = run(&[output(11)], true);
    assert_eq!(one.tags[..], [Tag::Port(port(11)), Tag::TunnelRoute(THERE)]);
    let Action::SetTunnel(header) = &one.actions[0] else { panic!("{one:?}") };
    assert_eq!(v4_addr(&header.src).octets(), [192, 168, 0, 1]);
    assert_eq!((header.ttl, header.flags), (64, tunnel_flags::KEY | tunnel_flags::DF));
}

#[test]
fn copies_that_cannot_be_sent_are_missed_and_the_others_go() {
    let (flood, _) = run(&[output(1), output(21), output(31)], true);
    assert_eq!(flood.actions, [Action::Output(DpPort(1))]);
    assert_eq!(flood.missed, Some(ShellDrop::NoTunnelRoute(STRANGER)));
    let (nowhere, _) = run(&[output(31)], true);
    assert_eq!((nowhere.actions.len(), nowhere.missed), (0, Some(ShellDrop::PortNowhere(port(31)))));
    assert!(nowhere.tags.contains(&Tag::Port(port(31))), "its coming corrects the flow");
}

#[test]
fn header_changes_without_an_output_after_them_go() {
    let set = VirtualAction::Set(SetField::Ethernet { src: None, dst: Some(MacAddr::BROADCAST) });
    let (one, _) = run(&[output(1), set, output(31)], true);
    assert_eq!(one.actions, [Action::Output(DpPort(1))]);
}

#[test]
fn the_datapath_decrements_the_ttl_before_any_other_change() {
    let set = VirtualAction::Set(SetField::Ethernet { src: None, dst: Some(MacAddr::BROADCAST) });
    let (routed_twice, mask) = run(&[VirtualAction::DecTtl, set, VirtualAction::DecTtl, output(1)], true);
    let cookies: Vec<_> = routed_twice
        .actions
        .iter()
        .map_while(|action| match action {
            Action::DecTtl { exception } => match exception[..] {
                [Action::Userspace { cookie }] => decrements_of(cookie),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert_eq!(cookies, [0, 1], "each says how often the TTL was decremented before");
    assert_eq!(mask.0.ip_ttl, 0);
}

#[test]
fn without_dec_ttl_the_ttl_is_matched_and_set() {
    let (one, mask) = run(&[VirtualAction::DecTtl, output(1)], false);
    let set = Action::Set(SetField::Ipv4 { src: None, dst: None, tos: None, ttl: Some(63) });
    assert_eq!(one.actions, [set, Action::Output(DpPort(1))]);
    assert_eq!(mask.0.ip_ttl, 0xff);
}

#[test]
fn a_copy_that_leaves_before_the_decrement_keeps_its_ttl() {
    let (both, mask) = run(&[output(1), VirtualAction::DecTtl, output(2)], true);
    let set = Action::Set(SetField::Ipv4 { src: None, dst: None, tos: None, ttl: Some(63) });
    assert_eq!(both.actions, [Action::Output(DpPort(1)), set, Action::Output(DpPort(2))]);
    assert_eq!(mask.0.ip_ttl, 0xff, "the value that is set depends on the one that came");
}

#[test]
fn other_cookies_are_not_ours() {
    assert_eq!(decrements_of(0), None);
    assert_eq!(decrements_of(u64::MAX), None);
}

#[test]
fn an_ipv6_underlay_has_a_checksum_and_is_never_fragmented() {
    let header = outer_header("fd00::1".parse().unwrap(), "fd00::2".parse().unwrap(), 1);
    assert_eq!(header.flags, tunnel_flags::KEY | tunnel_flags::IPV6 | tunnel_flags::CSUM);
}
