//! IPv6 and the walk over its extension headers (RFC 8200).

use zerocopy::network_endian::{U16, U32};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::frag;

/// Next-header values that are not in [`crate::ip_proto`] (IANA, IPv6 extension header types).
pub mod next_header {
    /// Hop-by-hop options.
    pub const HOP_BY_HOP: u8 = 0;
    /// Routing.
    pub const ROUTING: u8 = 43;
    /// Fragment.
    pub const FRAGMENT: u8 = 44;
    /// Authentication, RFC 4302.
    pub const AUTHENTICATION: u8 = 51;
    /// Nothing follows.
    pub const NONE: u8 = 59;
    /// Destination options.
    pub const DESTINATION: u8 = 60;
}

/// The fixed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Ipv6Header {
    /// Version (4 bits, 6), traffic class (8), flow label (20).
    pub version_class_label: U32,
    /// What follows this header, in bytes.
    pub payload_len: U16,
    /// Protocol or extension that follows.
    pub next_header: u8,
    /// Hop limit.
    pub hop_limit: u8,
    /// Source address.
    pub src: [u8; 16],
    /// Destination address.
    pub dst: [u8; 16],
}

impl Ipv6Header {
    /// Length in bytes.
    pub const LEN: usize = size_of::<Self>();

    /// The header and what follows it; `None` if it is cut short.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        Self::ref_from_prefix(bytes).ok()
    }

    /// First word of a header with this class and label.
    pub fn first_word(traffic_class: u8, label: u32) -> U32 {
        U32::new(6 << 28 | u32::from(traffic_class) << 20 | label & 0xf_ffff)
    }

    /// Traffic class.
    pub fn traffic_class(&self) -> u8 {
        (self.version_class_label.get() >> 20) as u8
    }

    /// Flow label, 20 bits.
    pub fn flow_label(&self) -> u32 {
        self.version_class_label.get() & 0xf_ffff
    }
}

/// The fragment extension header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Ipv6Fragment {
    /// Protocol or extension that follows.
    pub next_header: u8,
    /// Zero.
    pub reserved: u8,
    /// Offset in units of eight bytes (13 bits), reserved (2), more fragments (1).
    pub offset_more: U16,
    /// Names the datagram that the fragment belongs to.
    pub id: U32,
}

/// Where a chain of extension headers ends, and what the flow key says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extensions {
    /// Protocol as the kernel keys it: [`next_header::FRAGMENT`] for later fragments, [`next_header::NONE`] for a
    /// chain that cannot be walked.
    pub protocol: u8,
    /// One of [`frag`].
    pub fragment: u8,
    /// Bytes of extension headers before the transport header; `None` if there is no telling, or none there.
    pub len: Option<usize>,
}

impl Extensions {
    /// Walks the chain that starts with `first` in `bytes`, the bytes after the fixed header, as the kernel's
    /// `ipv6_find_hdr` does.
    #[inline]
    pub fn walk(first: u8, bytes: &[u8]) -> Self {
        let mut fragment = frag::NONE;
        let mut at = 0;
        let mut next = first;
        while is_extension(next) {
            let rest = bytes.get(at..).unwrap_or_default();
            if next == next_header::FRAGMENT && rest.len() >= 2 {
                fragment = frag::FIRST;
            }
            let Some(step) = Step::at(next, rest) else {
                return Self { protocol: next_header::NONE, fragment, len: None };
            };
            if step.offset != 0 {
                return Self::later(step.next);
            }
            next = step.next;
            at += step.len;
        }
        Self { protocol: next, fragment, len: Some(at) }
    }

    /// A later fragment of `next`: the kernel gives up on one that carries yet another extension header.
    fn later(next: u8) -> Self {
        match is_extension(next) {
            true => Self { protocol: next_header::NONE, fragment: frag::FIRST, len: None },
            false => Self { protocol: next_header::FRAGMENT, fragment: frag::LATER, len: None },
        }
    }
}

fn is_extension(next: u8) -> bool {
    use next_header::*;
    matches!(next, HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION)
}

/// One extension header: what follows, its own length, and its fragment offset (in bytes, 0 if none).
struct Step {
    next: u8,
    len: usize,
    offset: u16,
}

impl Step {
    fn at(kind: u8, bytes: &[u8]) -> Option<Self> {
        let &[next, len, ..] = bytes else { return None };
        match kind {
            next_header::FRAGMENT => {
                let &[_, _, high, low, ..] = bytes else { return None };
                Some(Self { next, len: 8, offset: u16::from_be_bytes([high, low]) & !7 })
            }
            next_header::AUTHENTICATION => Some(Self { next, len: (usize::from(len) + 2) * 4, offset: 0 }),
            next_header::ROUTING if bytes.len() < 4 => None,
            _ => Some(Self { next, len: (usize::from(len) + 1) * 8, offset: 0 }),
        }
    }
}
