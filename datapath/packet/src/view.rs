//! A packet as the simulation sees it: its bytes, its flow key, and where its layers begin.

use std::ops::Range;

use crate::header::{ArpPacket, IcmpHeader, Icmpv6Header, Ipv4Header, Ipv6Header};
use crate::quoted::Quoted;
use crate::{FlowKey, TunnelKey, frag, ip_proto, parse};

/// The frame cannot be a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Shorter than an Ethernet header.
    #[error("a frame of {0} bytes is shorter than an Ethernet header (14)")]
    Runt(usize),
}

/// Offsets in the frame at which its layers begin. A layer that is absent, cut short or not understood is `None`.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Layers {
    /// What the EtherType announces.
    pub(crate) l3: usize,
    /// End of the IP datagram: the frame may be padded behind it.
    pub(crate) end: usize,
    /// Where the transport header stands, whole or not.
    pub(crate) l4: Option<usize>,
    /// What the transport header carries, if it is a whole header of a protocol that we know.
    pub(crate) payload: Option<usize>,
}

/// One packet: bytes (unless it is known by its key alone), flow key and layers. Parsing is one pass and allocates
/// nothing.
#[derive(Clone, Copy, Debug)]
pub struct PacketView<'a> {
    frame: &'a [u8],
    layers: Layers,
    key: FlowKey,
}

impl<'a> PacketView<'a> {
    /// Reads a frame that came in by `in_port` (and, if that is a tunnel device, under `tunnel`).
    ///
    /// The key is the one that the kernel makes of the same frame: a layer that is malformed leaves zeros in the key
    /// rather than making an error.
    #[inline]
    pub fn parse(frame: &'a [u8], in_port: u32, tunnel: TunnelKey) -> Result<Self, ParseError> {
        let mut key = FlowKey { tunnel, in_port, ..FlowKey::default() };
        let layers = parse::extract(frame, &mut key).ok_or(ParseError::Runt(frame.len()))?;
        Ok(Self { frame, layers, key })
    }

    /// A packet of which only the key is known: a flow that is simulated again.
    pub fn from_key(key: FlowKey) -> PacketView<'static> {
        PacketView { frame: &[], layers: Layers::default(), key }
    }

    /// The same packet under another key: for a device that hands on a packet whose headers it rewrote.
    #[must_use]
    pub fn with_key(self, key: FlowKey) -> Self {
        Self { key, ..self }
    }

    /// The flow key.
    #[inline]
    pub fn key(&self) -> &FlowKey {
        &self.key
    }

    /// The whole frame; empty if only the key is known.
    pub fn frame(&self) -> &'a [u8] {
        self.frame
    }

    /// False if only the key is known.
    pub fn has_bytes(&self) -> bool {
        !self.frame.is_empty()
    }

    /// True for fragments, first ones included.
    pub fn is_fragment(&self) -> bool {
        self.key.ip_frag != frag::NONE
    }

    /// True for fragments without a transport header.
    pub fn is_later_fragment(&self) -> bool {
        self.key.ip_frag == frag::LATER
    }

    /// What the EtherType announces, header included; an IP datagram without the padding of the frame. Empty if only
    /// the key is known.
    pub fn l3(&self) -> &'a [u8] {
        self.bytes(self.layers.l3..self.layers.end)
    }

    /// The transport header and what follows, without padding, if the header is whole.
    pub fn l4(&self) -> Option<&'a [u8]> {
        let l4 = self.layers.l4.filter(|_| self.layers.payload.is_some())?;
        Some(self.bytes(l4..self.layers.end.max(l4)))
    }

    /// What the transport header carries, without padding.
    pub fn payload(&self) -> Option<&'a [u8]> {
        self.layers.payload.map(|payload| self.bytes(payload..self.layers.end.max(payload)))
    }

    /// The ARP packet, if it is one for IPv4 over Ethernet.
    pub fn arp(&self) -> Option<&'a ArpPacket> {
        if self.key.is_arp() { ArpPacket::parse(self.l3()) } else { None }
    }

    /// The IPv4 header and its options.
    pub fn ipv4(&self) -> Option<(&'a Ipv4Header, &'a [u8])> {
        if self.key.is_ipv4() { Ipv4Header::parse(self.l3()) } else { None }
    }

    /// The IPv6 header.
    pub fn ipv6(&self) -> Option<&'a Ipv6Header> {
        if self.key.is_ipv6() { Ipv6Header::parse(self.l3()).map(|(header, _)| header) } else { None }
    }

    /// The ICMP header (IPv4).
    pub fn icmp(&self) -> Option<&'a IcmpHeader> {
        let is_icmp = self.key.is_ipv4() && self.key.ip_proto == ip_proto::ICMP;
        let l4 = self.l4().filter(|_| is_icmp)?;
        IcmpHeader::parse(l4).map(|(header, _)| header)
    }

    /// The ICMPv6 header.
    pub fn icmpv6(&self) -> Option<&'a Icmpv6Header> {
        let is_icmpv6 = self.key.is_ipv6() && self.key.ip_proto == ip_proto::ICMPV6;
        let l4 = self.l4().filter(|_| is_icmpv6)?;
        Icmpv6Header::parse(l4).map(|(header, _)| header)
    }

    /// Identifier of an ICMP or ICMPv6 echo.
    pub fn icmp_id(&self) -> Option<u16> {
        if let Some(icmp) = self.icmp() {
            return icmp.is_echo().then_some(icmp.id.get());
        }
        let icmpv6 = self.icmpv6().filter(|icmpv6| icmpv6.is_echo())?;
        Some(u16::from_be_bytes([icmpv6.body[0], icmpv6.body[1]]))
    }

    /// True for ICMP errors of either family; those must never be answered with another (RFC 1812 §4.3.2.7).
    pub fn is_icmp_error(&self) -> bool {
        self.icmp().is_some_and(IcmpHeader::is_error) || self.icmpv6().is_some_and(Icmpv6Header::is_error)
    }

    /// The packet that an ICMP or ICMPv6 error quotes.
    pub fn icmp_quoted(&self) -> Option<Quoted> {
        let payload = self.payload()?;
        if self.icmp().is_some_and(IcmpHeader::is_error) {
            Quoted::parse_ipv4(payload)
        } else if self.icmpv6().is_some_and(Icmpv6Header::is_error) {
            Quoted::parse_ipv6(payload)
        } else {
            None
        }
    }

    fn bytes(&self, range: Range<usize>) -> &'a [u8] {
        self.frame.get(range).unwrap_or_default()
    }
}
