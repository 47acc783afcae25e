//! ICMPv6 (RFC 4443) and the neighbour discovery messages that a flow may match on (RFC 4861).

use zerocopy::network_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use crate::MacAddr;

/// ICMPv6 types.
pub mod kind {
    /// Types below this one are errors.
    pub const FIRST_INFORMATIONAL: u8 = 128;
    /// Echo request.
    pub const ECHO_REQUEST: u8 = 128;
    /// Echo reply.
    pub const ECHO_REPLY: u8 = 129;
    /// Neighbour solicitation.
    pub const NEIGHBOUR_SOLICITATION: u8 = 135;
    /// Neighbour advertisement.
    pub const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
}

/// Neighbour discovery options that carry a link-layer address.
pub mod option {
    /// Source link-layer address.
    pub const SOURCE: u8 = 1;
    /// Target link-layer address.
    pub const TARGET: u8 = 2;
}

/// The first eight bytes of every ICMPv6 message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Icmpv6Header {
    /// One of [`kind`].
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// RFC 1071 sum over pseudo-header and message.
    pub checksum: U16,
    /// Depends on the type: identifier and sequence of an echo, MTU, flags.
    pub body: [u8; 4],
}

impl Icmpv6Header {
    /// Length in bytes.
    pub const LEN: usize = size_of::<Self>();

    /// The header and what follows it; `None` if it is cut short.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Option<(&Self, &[u8])> {
        Self::ref_from_prefix(bytes).ok()
    }

    /// True for messages that report on another packet and quote its start.
    pub fn is_error(&self) -> bool {
        self.kind < kind::FIRST_INFORMATIONAL
    }

    /// True for echo requests and replies.
    pub fn is_echo(&self) -> bool {
        matches!(self.kind, kind::ECHO_REQUEST | kind::ECHO_REPLY)
    }

    /// True for solicitations and advertisements of neighbours.
    pub fn is_neighbour(&self) -> bool {
        self.code == 0 && matches!(self.kind, kind::NEIGHBOUR_SOLICITATION | kind::NEIGHBOUR_ADVERTISEMENT)
    }
}

/// What a neighbour solicitation or advertisement says.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct NeighbourMessage {
    /// The address asked for or spoken of.
    pub target: [u8; 16],
    /// Source link-layer address option; zero if absent.
    pub source_mac: MacAddr,
    /// Target link-layer address option; zero if absent.
    pub target_mac: MacAddr,
}

impl NeighbourMessage {
    /// Reads what follows the [`Icmpv6Header`]. Options after a malformed one are not read; a message that gives one
    /// address twice says nothing (all zero), as in the kernel.
    pub fn parse(body: &[u8]) -> Self {
        let mut message = Self::default();
        let Some((target, mut options)) = body.split_first_chunk::<16>() else { return message };
        message.target = *target;
        while let &[kind, units, ..] = options {
            let len = usize::from(units) * 8;
            if len == 0 || len > options.len() {
                break;
            }
            let (option, rest) = options.split_at(len);
            if !message.note(kind, option) {
                return Self::default();
            }
            options = rest;
        }
        message
    }

    /// Takes in one option; false if it contradicts an earlier one.
    fn note(&mut self, kind: u8, option: &[u8]) -> bool {
        let &[_, _, a, b, c, d, e, f] = option else { return true };
        let slot = match kind {
            option::SOURCE => &mut self.source_mac,
            option::TARGET => &mut self.target_mac,
            _ => return true,
        };
        let fresh = *slot == MacAddr::ZERO;
        *slot = MacAddr([a, b, c, d, e, f]);
        fresh
    }
}
