//! Packets in, verdicts out: what the tests of devices share.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a broken invariant must fail the test"
)]
#![allow(dead_code, reason = "every test file uses its part")]

use harness::topology::Network;
use model::PortId;
use packet::build::{Ipv4Packet, TcpSegment};
use packet::{Field, MacAddr, PacketView, TunnelKey};
use simulation::trace::Step;
use simulation::{DropReason, Effect, Ingress, MaskMode, Outcome, Simulator, Verdict, VirtualAction};
use std::net::Ipv4Addr;
use zerocopy::IntoBytes;

/// A simulator in a network.
pub(crate) struct Simulation<'a> {
    net: &'a Network,
    mode: MaskMode,
}

/// One simulated packet.
pub(crate) struct Simulated {
    pub(crate) outcome: Outcome,
    pub(crate) steps: Vec<Step>,
}

impl<'a> Simulation<'a> {
    pub(crate) fn of(net: &'a Network) -> Self {
        Self { net, mode: MaskMode::Megaflow }
    }

    pub(crate) fn exact(net: &'a Network) -> Self {
        Self { net, mode: MaskMode::Exact }
    }

    /// A VM sends a frame.
    pub(crate) fn send(&self, port: PortId, frame: &[u8]) -> Simulated {
        self.enter(Ingress::Port(port), frame)
    }

    /// A frame enters; with a trace and without, by bytes and by key alone, the verdict is the same.
    pub(crate) fn enter(&self, ingress: Ingress, frame: &[u8]) -> Simulated {
        let mut simulator = Simulator::new(self.mode);
        let packet = PacketView::parse(frame, 1, TunnelKey::default()).unwrap();
        let outcome = simulator.simulate(&self.net.topology, &packet, ingress);
        let mut steps = Vec::new();
        let traced = simulator.simulate_traced(&self.net.topology, &packet, ingress, &mut steps);
        assert_eq!(traced, outcome);
        if matches!(outcome.caching, simulation::Caching::Flow(_)) {
            let by_key = PacketView::from_key(*packet.key());
            let again = simulator.simulate(&self.net.topology, &by_key, ingress);
            assert_eq!((again.verdict, again.mask), (outcome.verdict.clone(), outcome.mask));
        }
        Simulated { outcome, steps }
    }
}

impl Simulated {
    pub(crate) fn actions(&self) -> Vec<VirtualAction> {
        match &self.outcome.verdict {
            Verdict::Forward(actions) => actions.to_vec(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn outputs(&self) -> Vec<PortId> {
        let output = |action| if let VirtualAction::Output(port) = action { Some(port) } else { None };
        self.actions().into_iter().filter_map(output).collect()
    }

    pub(crate) fn dropped(&self) -> DropReason {
        match self.outcome.verdict {
            Verdict::Drop(reason) => reason,
            ref other => panic!("not dropped but {other:?}"),
        }
    }

    pub(crate) fn effects(&self) -> Vec<Effect> {
        self.outcome.effects.to_vec()
    }

    /// The frames that devices sent, with where from.
    pub(crate) fn generated(&self) -> Vec<(Ingress, Vec<u8>)> {
        let generated = |effect| match effect {
            Effect::Generate { ingress, frame } => Some((ingress, frame)),
            _ => None,
        };
        self.effects().into_iter().filter_map(generated).collect()
    }

    /// Type and code of the ICMP message that a device sent.
    pub(crate) fn icmp(&self) -> Option<(u8, u8)> {
        let (_, frame) = self.generated().pop()?;
        let packet = PacketView::parse(&frame, 0, TunnelKey::default()).unwrap();
        packet.icmp().map(|icmp| (icmp.kind, icmp.code))
    }

    /// Names of the fields that the mask has bits of.
    pub(crate) fn fields(&self) -> Vec<&'static str> {
        const FIELDS: [(Field, &str); 16] = [
            (Field::InPort, "in_port"),
            (Field::RecircId, "recirc_id"),
            (Field::IpSrc, "ip_src"),
            (Field::IpDst, "ip_dst"),
            (Field::EthSrc, "eth_src"),
            (Field::EthDst, "eth_dst"),
            (Field::ArpSha, "arp_sha"),
            (Field::EthType, "eth_type"),
            (Field::VlanTpid, "vlan_tpid"),
            (Field::TpSrc, "tp_src"),
            (Field::TpDst, "tp_dst"),
            (Field::TcpFlags, "tcp_flags"),
            (Field::IpProto, "ip_proto"),
            (Field::IpTos, "ip_tos"),
            (Field::IpTtl, "ip_ttl"),
            (Field::IpFrag, "ip_frag"),
        ];
        let bytes = self.outcome.mask.0.as_bytes();
        let has = |field: Field| bytes[field.range()].iter().any(|byte| *byte != 0);
        FIELDS.iter().filter(|(field, _)| has(*field)).map(|(_, name)| *name).collect()
    }

    /// Leading bits of the IPv4 destination in the mask.
    pub(crate) fn ip_dst_bits(&self) -> u32 {
        packet::v4_addr(&self.outcome.mask.0.ip_dst).to_bits().leading_ones()
    }

    /// Leading bits of the IPv4 source in the mask.
    pub(crate) fn ip_src_bits(&self) -> u32 {
        packet::v4_addr(&self.outcome.mask.0.ip_src).to_bits().leading_ones()
    }
}

fn v4(text: &str) -> Ipv4Addr {
    text.parse().unwrap()
}

pub(crate) fn ipv4(src: MacAddr, dst: MacAddr, src_ip: &str, dst_ip: &str) -> Ipv4Packet {
    Ipv4Packet::new(src, dst, v4(src_ip), v4(dst_ip))
}

pub(crate) fn udp(src: MacAddr, dst: MacAddr, src_ip: &str, dst_ip: &str) -> Vec<u8> {
    ipv4(src, dst, src_ip, dst_ip).udp(5000, 53, b"payload")
}

pub(crate) fn tcp(packet: Ipv4Packet, src: u16, dst: u16) -> Vec<u8> {
    packet.tcp(&TcpSegment { src, dst, ..TcpSegment::default() }, b"")
}

pub(crate) fn ping(src: MacAddr, dst: MacAddr, src_ip: &str, dst_ip: &str) -> Vec<u8> {
    ipv4(src, dst, src_ip, dst_ip).echo_request(1, 1, b"payload")
}

pub(crate) fn arp_request(sender: MacAddr, sender_ip: &str, target: &str) -> Vec<u8> {
    packet::build::arp_request((sender, v4(sender_ip)), v4(target))
}

pub(crate) fn arp_reply(sender: (MacAddr, &str), target: (MacAddr, &str)) -> Vec<u8> {
    packet::build::arp_reply((sender.0, v4(sender.1)), (target.0, v4(target.1)))
}

pub(crate) fn gratuitous_arp(owner: MacAddr, ip: &str) -> Vec<u8> {
    packet::build::gratuitous_arp((owner, v4(ip)))
}

/// The frame with a VLAN tag.
pub(crate) fn tagged(vid: u16, frame: &[u8]) -> Vec<u8> {
    let mut tagged = frame.to_vec();
    let [high, low] = vid.to_be_bytes();
    tagged.splice(12..12, [0x81, 0, high, low]);
    tagged
}
