//! Rewriting header fields in place, checksums kept right by what changed (RFC 1624).
//!
//! As in the kernel, a UDP checksum of zero stays zero ("none"), later fragments have no transport checksum to keep,
//! and an IPv6 destination that a routing header will replace is not part of the checksum.

use crate::header::{EthernetHeader, Ipv4Header, Ipv6Header, next_header};
use crate::view::Layers;
use crate::{FlowKey, MacAddr, SetField, checksum, ethertype, ip_proto, parse};

/// Overwrites fields; `None` if the packet has no such header, in which case nothing was changed.
pub(super) fn set(frame: &mut [u8], field: &SetField) -> Option<()> {
    if let SetField::Ethernet { src, dst } = field {
        return set_ethernet(frame, *src, *dst);
    }
    let mut packet = Packet::of(frame)?;
    match field {
        SetField::Ethernet { .. } => Some(()),
        SetField::Ipv4 { src, dst, tos, ttl } => {
            packet.has_ipv4()?;
            let l4 = packet.address_checksum();
            packet.set_bytes(12, src, l4)?;
            packet.set_bytes(16, dst, l4)?;
            packet.set_octet(1, *tos)?;
            packet.set_octet(8, *ttl)
        }
        SetField::Ipv6 { src, dst, tclass, hop_limit } => {
            packet.has_ipv6()?;
            let l4 = packet.address_checksum();
            packet.set_bytes(8, src, l4)?;
            packet.set_bytes(24, dst, l4.filter(|_| !packet.is_source_routed()))?;
            packet.set_octet(7, *hop_limit)?;
            packet.set_traffic_class(*tclass)
        }
        SetField::Tcp { src, dst } => packet.set_ports(ip_proto::TCP, *src, *dst),
        SetField::Udp { src, dst } => packet.set_ports(ip_proto::UDP, *src, *dst),
    }
}

/// Takes one off TTL or hop limit, which is above one; packets other than IP are left alone.
pub(super) fn decrement_ttl(frame: &mut [u8]) -> Option<()> {
    let mut packet = Packet::of(frame)?;
    match packet.key.eth_type {
        ethertype::IPV4 => {
            packet.has_ipv4()?;
            packet.set_octet(8, packet.key.ip_ttl.checked_sub(1))
        }
        ethertype::IPV6 => {
            packet.has_ipv6()?;
            packet.set_octet(7, packet.key.ip_ttl.checked_sub(1))
        }
        _ => Some(()),
    }
}

fn set_ethernet(frame: &mut [u8], src: Option<MacAddr>, dst: Option<MacAddr>) -> Option<()> {
    EthernetHeader::parse(frame)?;
    for (at, address) in [(0, dst), (6, src)] {
        if let Some(MacAddr(bytes)) = address {
            frame.get_mut(at..at + 6)?.copy_from_slice(&bytes);
        }
    }
    Some(())
}

/// A checksum that covers the bytes being changed, by its offset in the frame.
#[derive(Clone, Copy)]
enum Checksum {
    /// Always there.
    Mandatory(usize),
    /// UDP's: zero means that there is none, so a computed zero is sent as its complement (RFC 768).
    Udp(usize),
}

/// A frame under change; `key` and `layers` are of the packet as it came.
struct Packet<'a> {
    frame: &'a mut [u8],
    key: FlowKey,
    layers: Layers,
}

impl<'a> Packet<'a> {
    fn of(frame: &'a mut [u8]) -> Option<Self> {
        let mut key = FlowKey::default();
        let layers = parse::extract(frame, &mut key)?;
        Some(Self { frame, key, layers })
    }

    fn l3(&self) -> &[u8] {
        self.frame.get(self.layers.l3..).unwrap_or_default()
    }

    fn has_ipv4(&self) -> Option<()> {
        let header = if self.key.is_ipv4() { Ipv4Header::parse(self.l3()) } else { None };
        header.map(|_| ())
    }

    fn has_ipv6(&self) -> Option<()> {
        let header = if self.key.is_ipv6() { Ipv6Header::parse(self.l3()) } else { None };
        header.map(|_| ())
    }

    /// The transport checksum that covers the IP addresses, if the packet has one.
    fn address_checksum(&self) -> Option<Checksum> {
        let l4 = self.layers.l4?;
        let (header_len, checksum) = match self.key.ip_proto {
            ip_proto::TCP => (20, Checksum::Mandatory(l4 + 16)),
            ip_proto::UDP => (8, Checksum::Udp(l4 + 6)),
            ip_proto::ICMPV6 if self.key.is_ipv6() => (8, Checksum::Mandatory(l4 + 2)),
            _ => return None,
        };
        (self.frame.len() >= l4 + header_len).then_some(checksum)
    }

    /// True if a routing header has segments left, so that the final destination stands elsewhere.
    fn is_source_routed(&self) -> bool {
        let Some((header, rest)) = Ipv6Header::parse(self.l3()) else { return false };
        let (mut next, mut at) = (header.next_header, 0);
        while let Some(&[following, len, _, segments_left, ..]) = rest.get(at..) {
            match next {
                next_header::ROUTING if segments_left > 0 => return true,
                next_header::HOP_BY_HOP | next_header::DESTINATION | next_header::ROUTING => {
                    at += (usize::from(len) + 1) * 8;
                }
                next_header::AUTHENTICATION => at += (usize::from(len) + 2) * 4,
                next_header::FRAGMENT => at += 8,
                _ => return false,
            }
            next = following;
        }
        false
    }

    /// Writes an address at an offset in the IP header.
    fn set_bytes<const N: usize>(
        &mut self,
        at: usize,
        new: &Option<[u8; N]>,
        l4: Option<Checksum>,
    ) -> Option<()> {
        let Some(new) = new else { return Some(()) };
        self.rewrite(self.layers.l3 + at, new, [self.header_checksum(), l4])
    }

    /// Writes one octet at an offset in the IP header, as part of its 16-bit word.
    fn set_octet(&mut self, at: usize, new: Option<u8>) -> Option<()> {
        let Some(new) = new else { return Some(()) };
        let word_at = self.layers.l3 + at / 2 * 2;
        let mut word = *self.frame.get(word_at..)?.first_chunk::<2>()?;
        word[at % 2] = new;
        self.rewrite(word_at, &word, [self.header_checksum(), None])
    }

    fn set_traffic_class(&mut self, new: Option<u8>) -> Option<()> {
        let Some(new) = new else { return Some(()) };
        let word = self.frame.get_mut(self.layers.l3..)?.first_chunk_mut::<2>()?;
        *word = [word[0] & 0xf0 | new >> 4, word[1] & 0x0f | new << 4];
        Some(())
    }

    fn set_ports(&mut self, protocol: u8, src: Option<u16>, dst: Option<u16>) -> Option<()> {
        let l4 = self.layers.l4.filter(|_| self.key.ip_proto == protocol)?;
        let checksum = self.address_checksum()?;
        for (at, port) in [(l4, src), (l4 + 2, dst)] {
            if let Some(port) = port {
                self.rewrite(at, &port.to_be_bytes(), [Some(checksum), None])?;
            }
        }
        Some(())
    }

    fn header_checksum(&self) -> Option<Checksum> {
        self.key.is_ipv4().then_some(Checksum::Mandatory(self.layers.l3 + 10))
    }

    /// Writes bytes (an even number, at an even offset of what is summed) and corrects the checksums over them.
    fn rewrite(&mut self, at: usize, new: &[u8], checksums: [Option<Checksum>; 2]) -> Option<()> {
        let mut old = [0; 16];
        let old = old.get_mut(..new.len())?;
        let field = self.frame.get_mut(at..at + new.len())?;
        old.copy_from_slice(field);
        field.copy_from_slice(new);
        for checksum in checksums.into_iter().flatten() {
            let (Checksum::Mandatory(at) | Checksum::Udp(at)) = checksum;
            let stored = self.frame.get_mut(at..)?.first_chunk_mut::<2>()?;
            let value = match (checksum, u16::from_be_bytes(*stored)) {
                (Checksum::Udp(_), 0) => 0,
                (Checksum::Udp(_), before) => match checksum::update(before, old, new) {
                    0 => 0xffff,
                    after => after,
                },
                (Checksum::Mandatory(_), before) => checksum::update(before, old, new),
            };
            *stored = value.to_be_bytes();
        }
        Some(())
    }
}
