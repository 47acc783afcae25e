//! The networks that benchmarks and allocation tests simulate packets in, each with the packet.

use model::{Condition, Match, PortId, RuleAction};
use packet::build::Ipv4Packet;
use simulation::Ingress;

use crate::topology::{Network, mac, network, router_mac};

/// A network and a packet to simulate in it again and again.
pub struct Case {
    /// The network, with everything learned.
    pub network: Network,
    /// Where the packet enters.
    pub ingress: Ingress,
    /// The packet.
    pub frame: Vec<u8>,
    /// Where it must leave.
    pub egress: PortId,
}

fn frame(dst: packet::MacAddr, src_ip: [u8; 4], dst_ip: [u8; 4]) -> Vec<u8> {
    Ipv4Packet::new(mac(1), dst, src_ip.into(), dst_ip.into()).udp(5000, 80, b"payload")
}

/// Two VMs on one bridge.
pub fn bridge() -> Case {
    let mut net = Network::new();
    let bridge = net.bridge();
    let (a, b) = (net.vm_port(bridge), net.vm_port(bridge));
    net.station(bridge, mac(1), a);
    net.station(bridge, mac(2), b);
    Case {
        network: net,
        ingress: Ingress::Port(a),
        frame: frame(mac(2), [10, 0, 1, 5], [10, 0, 1, 6]),
        egress: b,
    }
}

/// A router with two exterior ports.
pub fn router() -> Case {
    let mut net = Network::new();
    let router = net.router();
    let (a, b) = (net.router_port(router, "10.0.1.1/24"), net.router_port(router, "10.0.2.1/24"));
    net.plug(a);
    net.plug(b);
    net.neighbour(router, "10.0.2.6", mac(2));
    Case {
        network: net,
        ingress: Ingress::Port(a),
        frame: frame(router_mac(a), [10, 0, 1, 5], [10, 0, 2, 6]),
        egress: b,
    }
}

/// VMs on two bridges with a router between, and a chain of this many rules, none of which matches, at the egress.
pub fn bridge_router_bridge(rules: u16) -> Case {
    let mut net = Network::new();
    let (left, right, router) = (net.bridge(), net.bridge(), net.router());
    let (a, b) = (net.vm_port(left), net.vm_port(right));
    let near = net.attach(left, router, "10.0.1.1/24");
    net.attach(right, router, "10.0.2.1/24");
    net.station(left, mac(1), a);
    net.station(right, mac(2), b);
    net.neighbour(router, "10.0.2.6", mac(2));
    let rule = |n: u16| {
        let condition = Condition {
            nw_proto: Some(Match::is(17)),
            nw_dst: Some(Match::is(network("10.0.2.0/24"))),
            tp_dst: Some(Match::is(1000 + n..=1000 + n)),
            ..Condition::default()
        };
        (condition, RuleAction::Drop)
    };
    if rules > 0 {
        let chain = net.chain((0..rules).map(rule).collect());
        net.edit_port(b, |port| port.outbound_filter = Some(chain));
    }
    Case {
        network: net,
        ingress: Ingress::Port(a),
        frame: frame(router_mac(near), [10, 0, 1, 5], [10, 0, 2, 6]),
        egress: b,
    }
}
