//! Ethernet II and 802.3 framing with up to two VLAN tags (802.1Q, 802.1ad).

use zerocopy::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::SnapHeader;
use crate::{MacAddr, ethertype};

/// The 14-byte header of every frame; the type field holds a TPID where a tag follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct EthernetHeader {
    /// Destination address.
    pub dst: MacAddr,
    /// Source address.
    pub src: MacAddr,
    /// EtherType, TPID, or (below 0x600) the length of an 802.3 frame.
    pub ether_type: U16,
}

impl EthernetHeader {
    /// Length in bytes.
    pub const LEN: usize = size_of::<Self>();

    /// The header and what follows it; `None` if the frame is shorter than a header.
    pub fn parse(frame: &[u8]) -> Option<(&Self, &[u8])> {
        Self::ref_from_prefix(frame).ok()
    }
}

/// A VLAN tag as it sits between the addresses and the EtherType.
#[derive(
    Clone, Copy, Default, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(C)]
pub struct VlanTag {
    /// [`ethertype::VLAN`] or [`ethertype::QINQ`].
    pub tpid: U16,
    /// PCP (3 bits), DEI (1), VID (12).
    pub tci: U16,
}

impl VlanTag {
    /// Length in bytes.
    pub const LEN: usize = size_of::<Self>();

    /// The tag at the start of `bytes` and what follows it, which is at least an EtherType; `None` if there is no
    /// whole tag.
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        let (tag, rest) = Self::ref_from_prefix(bytes).ok()?;
        (is_tpid(tag.tpid.get()) && rest.len() >= 2).then_some((tag, rest))
    }
}

/// True for the EtherTypes that announce a VLAN tag.
fn is_tpid(ether_type: u16) -> bool {
    matches!(ether_type, ethertype::VLAN | ethertype::QINQ)
}

/// The link layer of a frame: addresses, tags, and the type and place of what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// Addresses (and the first type field).
    pub header: &'a EthernetHeader,
    /// Tags from the outside in.
    pub tags: [Option<&'a VlanTag>; 2],
    /// EtherType behind the tags; [`ethertype::LLC`] for 802.3 frames without a SNAP type.
    pub ether_type: u16,
    /// Offset in the frame of what the EtherType announces.
    pub l3: usize,
}

impl<'a> Link<'a> {
    /// Reads the link layer; `None` if the frame is shorter than an Ethernet header. A third tag is payload of type
    /// 0x8100 or 0x88a8; a tag cut short is no tag.
    #[inline]
    pub fn parse(frame: &'a [u8]) -> Option<Self> {
        let (header, _) = EthernetHeader::parse(frame)?;
        let mut rest = frame.get(12..)?;
        let mut tags = [None; 2];
        for slot in &mut tags {
            let Some((tag, inner)) = VlanTag::parse(rest) else { break };
            *slot = Some(tag);
            rest = inner;
        }
        let (ether_type, body) = U16::ref_from_prefix(rest).ok()?;
        let (ether_type, body) = match ether_type.get() {
            typed @ 0x600.. => (typed, body),
            _ => SnapHeader::payload_of(body),
        };
        Some(Self { header, tags, ether_type, l3: frame.len() - body.len() })
    }
}
