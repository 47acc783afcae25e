//! IPv4 (RFC 791, RFC 2474 for the TOS octet).

use zerocopy::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::{checksum, frag};

/// The header without its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Ipv4Header {
    /// Version (high nibble, 4) and header length in 32-bit words.
    pub version_ihl: u8,
    /// DSCP and ECN.
    pub tos: u8,
    /// Header and payload in bytes.
    pub total_len: U16,
    /// Names the datagram that a fragment belongs to.
    pub id: U16,
    /// Reserved, DF, MF (high three bits) and the offset in units of eight bytes.
    pub flags_offset: U16,
    /// Time to live.
    pub ttl: u8,
    /// One of [`crate::ip_proto`].
    pub protocol: u8,
    /// RFC 1071 sum over header and options.
    pub checksum: U16,
    /// Source address.
    pub src: [u8; 4],
    /// Destination address.
    pub dst: [u8; 4],
}

impl Ipv4Header {
    /// Length in bytes without options.
    pub const LEN: usize = size_of::<Self>();
    /// Don't fragment, in [`Self::flags_offset`].
    pub const DF: u16 = 0x4000;
    /// More fragments, in [`Self::flags_offset`].
    pub const MF: u16 = 0x2000;
    /// Fragment offset bits of [`Self::flags_offset`].
    pub const OFFSET: u16 = 0x1fff;

    /// The header and its options; `None` if either is cut short or the length nibble is below five.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        let (header, _) = Self::ref_from_prefix(bytes).ok()?;
        let options = bytes.get(Self::LEN..header.header_len())?;
        Some((header, options))
    }

    /// Header and options in bytes, as the header claims.
    pub fn header_len(&self) -> usize {
        usize::from(self.version_ihl & 0x0f) * 4
    }

    /// One of [`frag`].
    pub fn fragment(&self) -> u8 {
        match self.flags_offset.get() {
            bits if bits & Self::OFFSET != 0 => frag::LATER,
            bits if bits & Self::MF != 0 => frag::FIRST,
            _ => frag::NONE,
        }
    }

    /// Fills in the checksum over this header and `options`.
    pub fn seal(&mut self, options: &[u8]) {
        self.checksum = 0.into();
        let sum = checksum::Sum::new().with(self.as_bytes()).with(options);
        self.checksum = sum.finish().into();
    }
}
