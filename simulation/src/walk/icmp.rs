//! Dropping a packet and telling its sender why, by ICMP.

use std::net::IpAddr;

use packet::build::{IcmpError, icmp_error};
use packet::{Field, FlowKey, PacketView};

use super::router::{Routed, is_directed_broadcast};
use super::{Frame, Walk, Walked};
use crate::DropReason;
use crate::trace::{Answer, Tracer};

impl<'a, T: Tracer> Walk<'a, T> {
    /// Drops a packet with an ICMP error to its sender, out of the port that it came in by, where one may be sent
    /// (RFC 1812 §4.3.2.7; none about directed broadcasts either).
    pub(super) fn refuse(&mut self, packet: &Routed<'a>, reason: DropReason, error: IcmpError) -> Walked {
        if self.seen.key.is_ipv4() {
            // Each connection is told, not just the first one of those that share the verdict.
            self.seen.connection();
            let answer = self.icmp_error(packet, error);
            self.answer(packet.input, Answer::IcmpError(error), answer);
        }
        self.drop(reason)
    }

    fn icmp_error(&mut self, packet: &Routed<'a>, error: IcmpError) -> Option<Vec<u8>> {
        let (src, dst) = (self.seen.ip_src()?, self.seen.ip_dst()?);
        if is_directed_broadcast(packet.input, dst) || is_directed_broadcast(packet.input, src) {
            return None;
        }
        let (mac, IpAddr::V4(own)) = (packet.input.mac()?, packet.input.address_towards(src)?) else {
            return None;
        };
        self.seen.mask.add(Field::EthSrc);
        icmp_error(&self.current(&packet.frame), (mac, own), error)
    }

    /// The packet with the Ethernet addresses that it has now.
    pub(super) fn current(&self, frame: &Frame<'_>) -> PacketView<'a> {
        let mut key: FlowKey = *self.packet.key();
        if let Some(ethernet) = frame.headers.ethernet {
            (key.eth_src, key.eth_dst) = (ethernet.src, ethernet.dst);
        }
        self.packet.with_key(key)
    }
}
