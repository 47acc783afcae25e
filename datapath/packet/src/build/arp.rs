//! ARP messages (RFC 826, RFC 5227 for announcements).

use std::net::Ipv4Addr;

use zerocopy::IntoBytes;

use super::ethernet;
use crate::header::{ArpPacket, arp_op};
use crate::{MacAddr, ethertype};

/// The broadcast question "who has `target`?", asked by `sender`.
pub fn arp_request(sender: (MacAddr, Ipv4Addr), target: Ipv4Addr) -> Vec<u8> {
    frame(arp_op::REQUEST, sender, (MacAddr::ZERO, target), MacAddr::BROADCAST)
}

/// The answer "I have it" of `sender`, to `target` alone.
pub fn arp_reply(sender: (MacAddr, Ipv4Addr), target: (MacAddr, Ipv4Addr)) -> Vec<u8> {
    frame(arp_op::REPLY, sender, target, target.0)
}

/// The broadcast announcement of an address by its owner (RFC 5227 §2.3).
pub fn gratuitous_arp(owner: (MacAddr, Ipv4Addr)) -> Vec<u8> {
    frame(arp_op::REQUEST, owner, (MacAddr::ZERO, owner.1), MacAddr::BROADCAST)
}

fn frame(operation: u16, sender: (MacAddr, Ipv4Addr), target: (MacAddr, Ipv4Addr), dst: MacAddr) -> Vec<u8> {
    let arp = ArpPacket::new(operation, (sender.0, sender.1.octets()), (target.0, target.1.octets()));
    ethernet(sender.0, dst, ethertype::ARP, &[arp.as_bytes()])
}
