//! SCTP's common header (RFC 9260): ports only, chunks are not looked at.

use zerocopy::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The common header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct SctpHeader {
    /// Source port.
    pub src: U16,
    /// Destination port.
    pub dst: U16,
    /// Verification tag.
    pub verification: U32,
    /// CRC32c of the packet.
    pub checksum: U32,
}

impl SctpHeader {
    /// Length in bytes.
    pub const LEN: usize = size_of::<Self>();

    /// The header and what follows it; `None` if it is cut short.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        Self::ref_from_prefix(bytes).ok()
    }
}
