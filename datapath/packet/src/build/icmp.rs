//! What a router says by ICMP: echo replies and errors (RFC 792, RFC 1191, RFC 1812).

use std::net::Ipv4Addr;

use super::Ipv4Packet;
use crate::header::{IcmpHeader, Ipv4Header, icmp_code, icmp_type};
use crate::{MacAddr, PacketView};

/// An ICMP error that a router sends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IcmpError {
    /// No route.
    NetUnreachable,
    /// The next hop does not answer.
    HostUnreachable,
    /// No such protocol at the router itself.
    ProtocolUnreachable,
    /// No such port at the router itself.
    PortUnreachable,
    /// The packet is too big for the next link and may not be fragmented.
    FragmentationNeeded {
        /// MTU of that link, in bytes.
        mtu: u16,
    },
    /// Communication with the network is prohibited (a reject route).
    NetProhibited,
    /// Communication with the host is prohibited.
    HostProhibited,
    /// Communication is prohibited (a reject rule).
    Prohibited,
    /// The TTL ran out here.
    TtlExceeded,
}

impl IcmpError {
    /// Type and code on the wire.
    pub fn type_and_code(self) -> (u8, u8) {
        let code = match self {
            Self::TtlExceeded => return (icmp_type::TIME_EXCEEDED, icmp_code::TTL_EXCEEDED),
            Self::NetUnreachable => icmp_code::NET_UNREACHABLE,
            Self::HostUnreachable => icmp_code::HOST_UNREACHABLE,
            Self::ProtocolUnreachable => icmp_code::PROTOCOL_UNREACHABLE,
            Self::PortUnreachable => icmp_code::PORT_UNREACHABLE,
            Self::FragmentationNeeded { .. } => icmp_code::FRAGMENTATION_NEEDED,
            Self::NetProhibited => icmp_code::NET_PROHIBITED,
            Self::HostProhibited => icmp_code::HOST_PROHIBITED,
            Self::Prohibited => icmp_code::PROHIBITED,
        };
        (icmp_type::UNREACHABLE, code)
    }
}

/// An ICMP error never grows beyond this, IP header included (RFC 1812 §4.3.2.3).
const MAX_ERROR_LEN: usize = 576;

/// The reply to an ICMPv4 echo request, addresses turned round and TTL fresh; `None` if `request` is not one, or its
/// bytes are not at hand.
pub fn icmp_echo_reply(request: &PacketView<'_>) -> Option<Vec<u8>> {
    let (asked, _) = request.ipv4()?;
    let header = request.icmp().filter(|icmp| icmp.kind == icmp_type::ECHO_REQUEST && icmp.code == 0)?;
    if request.is_fragment() {
        return None;
    }
    let key = request.key();
    let reply = Ipv4Packet {
        tos: asked.tos,
        id: asked.id.get(),
        flags_offset: 0,
        ..Ipv4Packet::new(key.eth_dst, key.eth_src, asked.dst.into(), asked.src.into())
    };
    Some(reply.icmp(IcmpHeader { kind: icmp_type::ECHO_REPLY, ..*header }, request.payload()?))
}

/// The error that a router with this port address sends about `packet`, back to where it came from; `None` where
/// RFC 1812 §4.3.2.7 forbids one, or the packet's bytes are not at hand.
///
/// Directed broadcasts are for the caller to know.
pub fn icmp_error(packet: &PacketView<'_>, router: (MacAddr, Ipv4Addr), error: IcmpError) -> Option<Vec<u8>> {
    let (header, _) = packet.ipv4()?;
    if !may_be_answered(packet, header) {
        return None;
    }
    let (kind, code) = error.type_and_code();
    let mtu = if let IcmpError::FragmentationNeeded { mtu } = error { mtu } else { 0 };
    let message = IcmpHeader { kind, code, checksum: 0.into(), id: 0.into(), sequence: mtu.into() };
    let room = MAX_ERROR_LEN - Ipv4Header::LEN - IcmpHeader::LEN;
    let quoted = packet.l3().get(..room).unwrap_or(packet.l3());
    // RFC 1812 §4.3.2.5: precedence 6 (internetwork control), or the packet's own if higher.
    let tos = (header.tos & 0xe0).max(0xc0);
    let carrier = Ipv4Packet {
        tos,
        flags_offset: 0,
        ..Ipv4Packet::new(router.0, packet.key().eth_src, router.1, header.src.into())
    };
    Some(carrier.icmp(message, quoted))
}

/// RFC 1812 §4.3.2.7: no error about an error, a later fragment, or a packet to or from more than one host.
fn may_be_answered(packet: &PacketView<'_>, header: &Ipv4Header) -> bool {
    let src = Ipv4Addr::from(header.src);
    let dst = Ipv4Addr::from(header.dst);
    let from_one =
        !(src.is_unspecified() || src.is_loopback() || src.is_multicast() || src.octets()[0] >= 240);
    let to_one = !(dst.is_multicast() || dst.is_broadcast() || packet.key().eth_dst.is_multicast());
    from_one && to_one && !packet.is_later_fragment() && !packet.is_icmp_error()
}
