//! ARP at a router: answering for its own addresses, learning from what is said to it (RFC 826).

use std::net::{IpAddr, Ipv4Addr};

use model::NextHop;
use packet::build::arp_reply;
use packet::header::arp_op;
use packet::{Field, MacAddr};

use super::router::Routed;
use super::{Walk, Walked};
use crate::topology::Neighbour;
use crate::trace::{Answer, Tracer};
use crate::{DropReason, Effect};

impl<'a, T: Tracer> Walk<'a, T> {
    /// An ARP packet at a router's port, addressed to it or to everybody.
    pub(super) fn arp(&mut self, packet: &Routed<'a>) -> Walked {
        let (router, input) = (packet.router.config.id, packet.input);
        let operation = u16::from(self.seen.proto());
        self.seen.mask.add_all(&[Field::IpSrc, Field::IpDst, Field::ArpSha]);
        let key = self.seen.key;
        let (sender, target) = (packet::v4_addr(&key.ip_src), packet::v4_addr(&key.ip_dst));
        if !matches!(operation, arp_op::REQUEST | arp_op::REPLY) || !key.arp_sha.is_station() {
            return self.drop(DropReason::Malformed);
        }
        let ip = IpAddr::V4(sender);
        if sender == target {
            // An announcement concerns those who know the address already.
            if self.topology.neighbour(router, ip).is_some() && !input.has_address(ip) {
                self.hear(packet, sender, key.arp_sha);
            }
            return self.consume();
        }
        if !self.owns(packet, target) {
            return self.drop(DropReason::NotForRouter(input.id));
        }
        let on_network = input.addresses().iter().any(|network| network.contains(ip));
        if !sender.is_unspecified() && !input.has_address(ip) && (on_network || operation == arp_op::REPLY) {
            self.hear(packet, sender, key.arp_sha);
        }
        if operation == arp_op::REQUEST {
            let own = input.mac().map(|mac| (mac, target));
            let reply = own.map(|own| arp_reply(own, (key.arp_sha, sender)));
            self.answer(input, Answer::ArpReply, reply);
        }
        self.consume()
    }

    /// An address of the port, or one that a route makes local.
    fn owns(&mut self, packet: &Routed<'a>, target: Ipv4Addr) -> bool {
        let target = IpAddr::V4(target);
        packet.input.has_address(target)
            || self
                .choose_route(packet.router, target)
                .is_some_and(|route| matches!(route.next_hop, NextHop::Local { .. }))
    }

    fn hear(&mut self, packet: &Routed<'a>, sender: Ipv4Addr, mac: MacAddr) {
        let (router, ip) = (packet.router.config.id, IpAddr::V4(sender));
        let known = self.topology.neighbour(router, ip) == Some(Neighbour::Resolved(mac));
        let operation = self.seen.key.ip_proto;
        // A reply is heard even if it says nothing new: somebody asked whether the entry still holds.
        if !known || u16::from(operation) == arp_op::REPLY {
            self.effects.push(Effect::LearnArp { router, port: packet.input.id, ip, mac });
        }
    }
}
