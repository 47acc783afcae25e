//! Routers: what comes in, what they forward, and what is for themselves.

use std::net::IpAddr;

use model::{DeviceId, NextHop, PortId, RouterId};
use packet::build::IcmpError;
use packet::header::icmp_type;
use packet::{MacAddr, ethertype, frag, ip_proto};

use super::chain::Passage;
use super::headers::Ethernet;
use super::{Frame, Halt, Passing, Walk, Walked, need_device};
use crate::topology::{Link, Neighbour, Port, PortKind, Router};
use crate::trace::{Answer, Hook, Step, Tracer};
use crate::{DropReason, Need, Tag};

/// A packet that is inside a router.
pub(super) struct Routed<'a> {
    pub(super) router: &'a Router,
    pub(super) input: &'a Port,
    pub(super) frame: Frame<'a>,
}

impl<'a, T: Tracer> Walk<'a, T> {
    /// A packet reaches a router's port.
    pub(super) fn router(&mut self, id: RouterId, input: &'a Port, mut frame: Frame<'a>) -> Walked {
        let Some(router) = self.topology.router(id) else { return Err(need_device(DeviceId::Router(id))) };
        self.tag(Tag::Router(id));
        match self.seen.vid(&frame.headers) {
            None => {}
            // A priority tag: no VLAN.
            Some(0) => frame.headers.vlan.pop(),
            Some(_) => return self.drop(DropReason::VlanMismatch(input.id)),
        }
        let is_arp = self.seen.eth_type() == ethertype::ARP;
        let dst = self.seen.eth_dst(&frame.headers);
        if Some(dst) != input.mac() && !(is_arp && dst.is_broadcast()) {
            return self.drop(DropReason::NotForRouter(input.id));
        }
        let packet = Routed { router, input, frame };
        if !input.admin_state_up {
            return self.refuse(&packet, DropReason::PortDown(input.id), IcmpError::Prohibited);
        }
        let passing = Passing { input: Some(input), output: None };
        let passage =
            self.apply(input.inbound_filter, Hook::PortInbound(input.id), passing, &packet.frame)?;
        if !self.accepted(passage, &packet)? {
            return Ok(());
        }
        if !router.config.admin_state_up {
            return self.refuse(&packet, DropReason::RouterDown(id), IcmpError::Prohibited);
        }
        match self.seen.eth_type() {
            ethertype::ARP => self.arp(&packet),
            ethertype::IPV4 => self.route(packet),
            _ => self.drop(DropReason::UnsupportedProtocol(id)),
        }
    }

    fn route(&mut self, packet: Routed<'a>) -> Walked {
        let id = packet.router.config.id;
        let passing = Passing { input: Some(packet.input), output: None };
        let hook = Hook::DeviceInbound(DeviceId::Router(id));
        let passage = self.apply(packet.router.config.inbound_filter, hook, passing, &packet.frame)?;
        if !self.accepted(passage, &packet)? {
            return Ok(());
        }
        let Some(destination) = self.seen.ip_dst() else {
            return self.drop(DropReason::Malformed);
        };
        let Some(route) = self.choose_route(packet.router, destination) else {
            return self.refuse(&packet, DropReason::NoRoute(id), IcmpError::NetUnreachable);
        };
        let culprit = route.origin.route();
        match (route.next_hop, culprit) {
            (NextHop::Local { .. }, _) => self.local(&packet),
            (NextHop::Port { port, gateway }, _) => self.forward(packet, port, gateway, destination),
            (NextHop::Blackhole, Some(route)) => self.drop(DropReason::RouteBlackhole(route)),
            (NextHop::Reject, Some(route)) => {
                self.refuse(&packet, DropReason::RouteReject(route), IcmpError::Prohibited)
            }
            (NextHop::Blackhole | NextHop::Reject, None) => self.drop(DropReason::NoRoute(id)),
        }
    }

    /// The packet is for the router itself: it answers pings and nothing else.
    fn local(&mut self, packet: &Routed<'a>) -> Walked {
        let id = packet.router.config.id;
        let passing = Passing { input: Some(packet.input), output: None };
        let chain = packet.router.config.local_redirect_chain;
        let passage = self.apply(chain, Hook::LocalRedirect(id), passing, &packet.frame)?;
        if !self.accepted(passage, packet)? {
            return Ok(());
        }
        let is_echo = self.seen.fragment() == frag::NONE
            && self.seen.proto() == ip_proto::ICMP
            && self.seen.tp_src() == Some(u16::from(icmp_type::ECHO_REQUEST))
            && self.seen.tp_dst() == Some(0);
        if !is_echo {
            return self.drop(DropReason::LocalUnserved(id));
        }
        let reply = packet::build::icmp_echo_reply(&self.current(&packet.frame));
        self.answer(packet.input, Answer::EchoReply, reply);
        self.consume()
    }

    fn forward(
        &mut self,
        mut packet: Routed<'a>,
        output: PortId,
        gateway: Option<IpAddr>,
        destination: IpAddr,
    ) -> Walked {
        let id = packet.router.config.id;
        let Some(output) = self.topology.port(output) else {
            return self.drop(DropReason::PortUnknown(output));
        };
        self.tag(Tag::Port(output.id));
        if self.seen.ttl_is_spent(&packet.frame.headers) {
            self.per_packet = true;
            return self.refuse(&packet, DropReason::TtlExceeded(id), IcmpError::TtlExceeded);
        }
        let passing = Passing { input: Some(packet.input), output: Some(output) };
        let hooks = [
            (packet.router.config.forward_chain, Hook::Forward(id)),
            (packet.router.config.outbound_filter, Hook::DeviceOutbound(DeviceId::Router(id))),
        ];
        for (chain, hook) in hooks {
            let passage = self.apply(chain, hook, passing, &packet.frame)?;
            if !self.accepted(passage, &packet)? {
                return Ok(());
            }
        }
        let PortKind::Router { mac: src, .. } = output.kind else {
            return self.drop(DropReason::PortUnknown(output.id));
        };
        let Some(dst) = self.next_hop_mac(&packet, output, gateway, destination)? else { return Ok(()) };
        self.trace(|| Step::Routed { src, dst });
        let arrived = packet.frame.headers;
        packet.frame.headers.ethernet = Some(Ethernet { src, dst });
        packet.frame.headers.ttl_decrements += 1;
        match self.pass_out(output, Some(packet.input), &packet.frame)? {
            Passage::Accepted => self.emit(output, packet.frame),
            refused => {
                packet.frame.headers = arrived;
                self.accepted(refused, &packet).map(|_| ())
            }
        }
    }

    /// Ethernet address of the next hop; `None` if there is none and the packet was dropped for it.
    fn next_hop_mac(
        &mut self,
        packet: &Routed<'a>,
        output: &'a Port,
        gateway: Option<IpAddr>,
        destination: IpAddr,
    ) -> Result<Option<MacAddr>, Halt> {
        let router = packet.router.config.id;
        let target = gateway.unwrap_or(destination);
        if let Link::Interior { peer, device } = output.link {
            let known = match self.topology.port(peer) {
                Some(peer) => peer,
                None => match device.filter(|device| !self.is_loaded(*device)) {
                    Some(device) => return Err(need_device(device)),
                    None => {
                        return self.drop(DropReason::PortUnknown(peer)).map(|()| None);
                    }
                },
            };
            if let Some(mac) = known.mac() {
                self.tag(Tag::Port(peer));
                return Ok(Some(mac));
            }
            if let DeviceId::Bridge(bridge) = known.device()
                && let Some(bridge) = self.topology.bridge(bridge)
            {
                if let Some(peer) = bridge.router_by_ip(target).filter(|peer| peer.port != known.id) {
                    self.mark_next_hop(gateway);
                    self.tag(Tag::Arp { router, ip: target });
                    return Ok(Some(peer.mac));
                }
                if let Some(key) = bridge.missing {
                    return Err(Halt::Need(Need::Document(key)));
                }
            }
        }
        self.mark_next_hop(gateway);
        if gateway.is_none() && is_directed_broadcast(output, destination) {
            return self.drop(DropReason::NeighbourUnresolved(router)).map(|()| None);
        }
        self.tag(Tag::Arp { router, ip: target });
        let known = self.topology.neighbour(router, target);
        self.trace(|| Step::Neighbour { router, ip: target, known });
        match known {
            Some(Neighbour::Resolved(mac)) => Ok(Some(mac)),
            Some(Neighbour::Failed) => {
                let reason = DropReason::NeighbourUnresolved(router);
                self.refuse(packet, reason, IcmpError::HostUnreachable).map(|()| None)
            }
            None => Err(Halt::Need(Need::Arp { router, port: output.id, target })),
        }
    }

    /// Without a gateway the whole destination address decides the next hop.
    fn mark_next_hop(&mut self, gateway: Option<IpAddr>) {
        if gateway.is_none() {
            self.seen.ip_dst_prefix(if self.seen.key.is_ipv6() { 128 } else { 32 });
        }
    }

    /// Drops a packet that a chain refuses, and tells the sender where the refusal says so.
    fn accepted(&mut self, passage: Passage, packet: &Routed<'a>) -> Result<bool, Halt> {
        match passage {
            Passage::Accepted => return Ok(true),
            Passage::Refused { reason, answer: true } => {
                self.refuse(packet, reason, IcmpError::Prohibited)?;
            }
            Passage::Refused { reason, answer: false } => self.drop(reason)?,
        }
        Ok(false)
    }
}

/// True for the broadcast address of a network that the port is on.
pub(super) fn is_directed_broadcast(port: &Port, addr: IpAddr) -> bool {
    let IpAddr::V4(addr) = addr else { return false };
    port.addresses().iter().any(|network| match network {
        ipnetwork::IpNetwork::V4(network) => network.prefix() < 31 && network.broadcast() == addr,
        ipnetwork::IpNetwork::V6(_) => false,
    })
}
