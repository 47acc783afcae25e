//! The packet that an ICMP error quotes: enough of it to find the flow that the error is about (RFC 792, RFC 4443).

use crate::header::{Extensions, IcmpHeader, Icmpv6Header, Ipv4Header, Ipv6Header};
use crate::{frag, ip_proto};

/// Addresses and ports of a quoted packet, in the representation of [`crate::FlowKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quoted {
    /// Source address of the quoted packet.
    pub src: [u8; 16],
    /// Destination address of the quoted packet.
    pub dst: [u8; 16],
    /// Protocol of the quoted packet.
    pub proto: u8,
    /// TCP, UDP or SCTP source port; identifier of an echo; zero otherwise.
    pub tp_src: u16,
    /// TCP, UDP or SCTP destination port; identifier of an echo; zero otherwise.
    pub tp_dst: u16,
}

impl Quoted {
    /// Reads what follows the header of an ICMP error: an IPv4 header and at least eight bytes.
    pub fn parse_ipv4(bytes: &[u8]) -> Option<Self> {
        let (header, _) = Ipv4Header::parse(bytes)?;
        let (mut src, mut dst) = ([0; 16], [0; 16]);
        src[12..].copy_from_slice(&header.src);
        dst[12..].copy_from_slice(&header.dst);
        let later = header.fragment() == frag::LATER;
        let l4 = bytes.get(header.header_len()..).filter(|_| !later).unwrap_or_default();
        let (tp_src, tp_dst) = ports(header.protocol, l4).unwrap_or_default();
        Some(Self { src, dst, proto: header.protocol, tp_src, tp_dst })
    }

    /// Reads what follows the header of an ICMPv6 error: an IPv6 packet, as much of it as fitted.
    pub fn parse_ipv6(bytes: &[u8]) -> Option<Self> {
        let (header, rest) = Ipv6Header::parse(bytes)?;
        let extensions = Extensions::walk(header.next_header, rest);
        let l4 = extensions.len.and_then(|len| rest.get(len..)).unwrap_or_default();
        let (tp_src, tp_dst) = ports(extensions.protocol, l4).unwrap_or_default();
        Some(Self { src: header.src, dst: header.dst, proto: extensions.protocol, tp_src, tp_dst })
    }
}

/// The two numbers that tell flows between the same hosts apart: a quote need hold only eight bytes of transport
/// header.
fn ports(protocol: u8, l4: &[u8]) -> Option<(u16, u16)> {
    match protocol {
        ip_proto::TCP | ip_proto::UDP | ip_proto::SCTP => {
            let &[a, b, c, d, ..] = l4 else { return None };
            Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
        }
        ip_proto::ICMP => {
            let (icmp, _) = IcmpHeader::parse(l4).filter(|(icmp, _)| icmp.is_echo())?;
            Some((icmp.id.get(), icmp.id.get()))
        }
        ip_proto::ICMPV6 => {
            let (icmpv6, _) = Icmpv6Header::parse(l4).filter(|(icmpv6, _)| icmpv6.is_echo())?;
            let id = u16::from_be_bytes([icmpv6.body[0], icmpv6.body[1]]);
            Some((id, id))
        }
        _ => None,
    }
}
