//! IPv4 and IPv6 packets with UDP, TCP and ICMP in them.

use std::net::{Ipv4Addr, Ipv6Addr};

use zerocopy::IntoBytes;

use super::ethernet;
use crate::checksum::Sum;
use crate::header::{IcmpHeader, Icmpv6Header, Ipv4Header, Ipv6Header, TcpHeader, UdpHeader};
use crate::{MacAddr, ethertype, ip_proto};

/// What a TCP segment says besides its payload. The window is always 65535.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct TcpSegment {
    /// Source port.
    pub src: u16,
    /// Destination port.
    pub dst: u16,
    /// Bits of [`crate::header::tcp_flag`].
    pub flags: u16,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number.
    pub acknowledgement: u32,
}

/// An IPv4 packet in an untagged frame, waiting for its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv4Packet {
    /// Ethernet source.
    pub eth_src: MacAddr,
    /// Ethernet destination.
    pub eth_dst: MacAddr,
    /// Source address.
    pub src: Ipv4Addr,
    /// Destination address.
    pub dst: Ipv4Addr,
    /// DSCP and ECN.
    pub tos: u8,
    /// Time to live.
    pub ttl: u8,
    /// Identification.
    pub id: u16,
    /// Flags and fragment offset: [`Ipv4Header::DF`] and its like.
    pub flags_offset: u16,
}

impl Ipv4Packet {
    /// A packet with TTL 64 and DF.
    pub fn new(eth_src: MacAddr, eth_dst: MacAddr, src: Ipv4Addr, dst: Ipv4Addr) -> Self {
        Self { eth_src, eth_dst, src, dst, tos: 0, ttl: 64, id: 0, flags_offset: Ipv4Header::DF }
    }

    /// The frame with a UDP datagram.
    pub fn udp(&self, src: u16, dst: u16, payload: &[u8]) -> Vec<u8> {
        let header = udp_header(&self.src.octets(), &self.dst.octets(), (src, dst), payload);
        self.carry(ip_proto::UDP, &[header.as_bytes(), payload])
    }

    /// The frame with a TCP segment.
    pub fn tcp(&self, segment: &TcpSegment, payload: &[u8]) -> Vec<u8> {
        let header = tcp_header(&self.src.octets(), &self.dst.octets(), segment, payload);
        self.carry(ip_proto::TCP, &[header.as_bytes(), payload])
    }

    /// The frame with an ICMP message; the header's checksum is filled in.
    pub fn icmp(&self, mut header: IcmpHeader, payload: &[u8]) -> Vec<u8> {
        header.checksum = 0.into();
        header.checksum = Sum::new().with(header.as_bytes()).with(payload).finish().into();
        self.carry(ip_proto::ICMP, &[header.as_bytes(), payload])
    }

    /// The frame with an echo request.
    pub fn echo_request(&self, id: u16, sequence: u16, payload: &[u8]) -> Vec<u8> {
        let kind = crate::header::icmp_type::ECHO_REQUEST;
        let header =
            IcmpHeader { kind, code: 0, checksum: 0.into(), id: id.into(), sequence: sequence.into() };
        self.icmp(header, payload)
    }

    /// The frame with any payload of this protocol, cut to what the length field can say.
    pub fn carry(&self, protocol: u8, payload: &[&[u8]]) -> Vec<u8> {
        let len = payload.iter().map(|part| part.len()).sum::<usize>();
        let total_len = u16::try_from(Ipv4Header::LEN + len).unwrap_or(u16::MAX);
        let mut header = Ipv4Header {
            version_ihl: 0x45,
            tos: self.tos,
            total_len: total_len.into(),
            id: self.id.into(),
            flags_offset: self.flags_offset.into(),
            ttl: self.ttl,
            protocol,
            checksum: 0.into(),
            src: self.src.octets(),
            dst: self.dst.octets(),
        };
        header.seal(&[]);
        let parts: Vec<&[u8]> = [header.as_bytes()].into_iter().chain(payload.iter().copied()).collect();
        let mut frame = ethernet(self.eth_src, self.eth_dst, ethertype::IPV4, &parts);
        frame.truncate(crate::header::EthernetHeader::LEN + usize::from(total_len));
        frame
    }
}

/// An IPv6 packet in an untagged frame, waiting for its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ipv6Packet {
    /// Ethernet source.
    pub eth_src: MacAddr,
    /// Ethernet destination.
    pub eth_dst: MacAddr,
    /// Source address.
    pub src: Ipv6Addr,
    /// Destination address.
    pub dst: Ipv6Addr,
    /// Traffic class.
    pub traffic_class: u8,
    /// Flow label, 20 bits.
    pub flow_label: u32,
    /// Hop limit.
    pub hop_limit: u8,
}

impl Ipv6Packet {
    /// A packet with hop limit 64.
    pub fn new(eth_src: MacAddr, eth_dst: MacAddr, src: Ipv6Addr, dst: Ipv6Addr) -> Self {
        Self { eth_src, eth_dst, src, dst, traffic_class: 0, flow_label: 0, hop_limit: 64 }
    }

    /// The frame with a UDP datagram.
    pub fn udp(&self, src: u16, dst: u16, payload: &[u8]) -> Vec<u8> {
        let header = udp_header(&self.src.octets(), &self.dst.octets(), (src, dst), payload);
        self.carry(ip_proto::UDP, &[header.as_bytes(), payload])
    }

    /// The frame with a TCP segment.
    pub fn tcp(&self, segment: &TcpSegment, payload: &[u8]) -> Vec<u8> {
        let header = tcp_header(&self.src.octets(), &self.dst.octets(), segment, payload);
        self.carry(ip_proto::TCP, &[header.as_bytes(), payload])
    }

    /// The frame with an ICMPv6 message; the header's checksum is filled in.
    pub fn icmpv6(&self, mut header: Icmpv6Header, payload: &[u8]) -> Vec<u8> {
        header.checksum = 0.into();
        let len = Icmpv6Header::LEN + payload.len();
        let sum =
            Sum::new().with_pseudo_header(&self.src.octets(), &self.dst.octets(), ip_proto::ICMPV6, len);
        header.checksum = sum.with(header.as_bytes()).with(payload).finish().into();
        self.carry(ip_proto::ICMPV6, &[header.as_bytes(), payload])
    }

    /// The frame with any payload that begins with this protocol or extension header, cut to what the length field
    /// can say.
    pub fn carry(&self, next_header: u8, payload: &[&[u8]]) -> Vec<u8> {
        let len = payload.iter().map(|part| part.len()).sum::<usize>();
        let payload_len = u16::try_from(len).unwrap_or(u16::MAX);
        let header = Ipv6Header {
            version_class_label: Ipv6Header::first_word(self.traffic_class, self.flow_label),
            payload_len: payload_len.into(),
            next_header,
            hop_limit: self.hop_limit,
            src: self.src.octets(),
            dst: self.dst.octets(),
        };
        let parts: Vec<&[u8]> = [header.as_bytes()].into_iter().chain(payload.iter().copied()).collect();
        let mut frame = ethernet(self.eth_src, self.eth_dst, ethertype::IPV6, &parts);
        frame.truncate(crate::header::EthernetHeader::LEN + Ipv6Header::LEN + usize::from(payload_len));
        frame
    }
}

fn udp_header(src: &[u8], dst: &[u8], ports: (u16, u16), payload: &[u8]) -> UdpHeader {
    let len = UdpHeader::LEN + payload.len();
    let claimed = u16::try_from(len).unwrap_or(u16::MAX);
    let mut header =
        UdpHeader { src: ports.0.into(), dst: ports.1.into(), len: claimed.into(), checksum: 0.into() };
    let sum = Sum::new().with_pseudo_header(src, dst, ip_proto::UDP, len);
    let checksum = sum.with(header.as_bytes()).with(payload).finish();
    header.checksum = if checksum == 0 { 0xffff } else { checksum }.into();
    header
}

fn tcp_header(src: &[u8], dst: &[u8], segment: &TcpSegment, payload: &[u8]) -> TcpHeader {
    let words = (TcpHeader::LEN / 4) as u16;
    let mut header = TcpHeader {
        src: segment.src.into(),
        dst: segment.dst.into(),
        sequence: segment.sequence.into(),
        acknowledgement: segment.acknowledgement.into(),
        offset_flags: (words << 12 | segment.flags & 0x0fff).into(),
        window: 0xffff.into(),
        checksum: 0.into(),
        urgent: 0.into(),
    };
    let len = TcpHeader::LEN + payload.len();
    let sum = Sum::new().with_pseudo_header(src, dst, ip_proto::TCP, len);
    header.checksum = sum.with(header.as_bytes()).with(payload).finish().into();
    header
}
