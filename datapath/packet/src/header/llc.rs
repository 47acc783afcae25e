//! 802.2 LLC with SNAP, as 802.3 frames carry it (RFC 1042).

use zerocopy::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::ethertype;

/// LLC and SNAP headers of an 802.3 frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct SnapHeader {
    /// Destination service access point, 0xaa for SNAP.
    pub dsap: u8,
    /// Source service access point, 0xaa for SNAP.
    pub ssap: u8,
    /// Control, 3 for unnumbered information.
    pub control: u8,
    /// Organization; zero if an EtherType follows.
    pub oui: [u8; 3],
    /// EtherType of the payload.
    pub ether_type: U16,
}

impl SnapHeader {
    /// Length in bytes.
    pub const LEN: usize = size_of::<Self>();

    /// A header that announces `ether_type`.
    pub fn new(ether_type: u16) -> Self {
        Self { dsap: 0xaa, ssap: 0xaa, control: 3, oui: [0; 3], ether_type: ether_type.into() }
    }

    /// EtherType and payload of an 802.3 body: those behind SNAP, or [`ethertype::LLC`] and the LLC header on. A
    /// SNAP header with no EtherType in it is passed over but still reported as LLC (`parse_ethertype` in flow.c).
    pub fn payload_of(body: &[u8]) -> (u16, &[u8]) {
        match Self::ref_from_prefix(body) {
            Ok((snap, payload)) if snap.dsap == 0xaa && snap.ssap == 0xaa && snap.oui == [0; 3] => {
                let typed = Some(snap.ether_type.get()).filter(|typed| *typed >= 0x600);
                (typed.unwrap_or(ethertype::LLC), payload)
            }
            _ => (ethertype::LLC, body),
        }
    }
}
