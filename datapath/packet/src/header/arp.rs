//! ARP for IPv4 over Ethernet (RFC 826).

use zerocopy::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{MacAddr, ethertype};

/// ARP operations (RFC 826).
pub mod op {
    /// Who has this address?
    pub const REQUEST: u16 = 1;
    /// I have.
    pub const REPLY: u16 = 2;
}

/// A whole ARP packet: hardware type Ethernet, protocol type IPv4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct ArpPacket {
    /// Hardware type, 1 for Ethernet.
    pub hardware: U16,
    /// Protocol type, an EtherType.
    pub protocol: U16,
    /// Hardware address length, 6.
    pub hardware_len: u8,
    /// Protocol address length, 4.
    pub protocol_len: u8,
    /// One of [`op`].
    pub operation: U16,
    /// Sender hardware address.
    pub sha: MacAddr,
    /// Sender protocol address.
    pub spa: [u8; 4],
    /// Target hardware address.
    pub tha: MacAddr,
    /// Target protocol address.
    pub tpa: [u8; 4],
}

impl ArpPacket {
    /// Length in bytes.
    pub const LEN: usize = size_of::<Self>();

    /// A packet of this operation from one party to the other.
    pub fn new(operation: u16, sender: (MacAddr, [u8; 4]), target: (MacAddr, [u8; 4])) -> Self {
        Self {
            hardware: 1.into(),
            protocol: ethertype::IPV4.into(),
            hardware_len: 6,
            protocol_len: 4,
            operation: operation.into(),
            sha: sender.0,
            spa: sender.1,
            tha: target.0,
            tpa: target.1,
        }
    }

    /// The packet, if it is whole and speaks of IPv4 over Ethernet.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Option<&Self> {
        let (arp, _) = Self::ref_from_prefix(bytes).ok()?;
        let known = arp.hardware.get() == 1
            && arp.protocol.get() == ethertype::IPV4
            && arp.hardware_len == 6
            && arp.protocol_len == 4;
        known.then_some(arp)
    }
}
