//! The flow mask: which bits of a [`FlowKey`] a verdict depended on.

use zerocopy::{FromBytes, IntoBytes};

use crate::{Field, FlowKey};

/// Bits of a [`FlowKey`] that were consulted: same layout, a set bit is an exact match on that bit.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Debug)]
pub struct FlowMask(pub FlowKey);

impl FlowMask {
    /// The mask of nothing: matches every packet.
    pub fn any() -> Self {
        Self::default()
    }

    /// Every bit of every field.
    pub fn exact() -> Self {
        let mut mask = FlowKey::default();
        mask.as_mut_bytes().fill(0xff);
        Self(mask)
    }

    /// Adds every bit of a field.
    #[inline]
    pub fn add(&mut self, field: Field) {
        self.0.as_mut_bytes()[field.range()].fill(0xff);
    }

    /// Adds every bit of several fields.
    #[inline]
    pub fn add_all(&mut self, fields: &[Field]) {
        for field in fields {
            self.add(*field);
        }
    }

    /// Adds the first `len` bits of the IPv4 address (at most 32) in an address field.
    #[inline]
    pub fn add_v4_prefix(&mut self, field: Field, len: u8) {
        let bits = u32::MAX.checked_shl(32 - u32::from(len.min(32))).unwrap_or(0);
        let range = field.range();
        self.or(range.end.saturating_sub(4), &bits.to_be_bytes());
    }

    /// Adds the first `len` bits of the IPv6 address (at most 128) in an address field.
    #[inline]
    pub fn add_v6_prefix(&mut self, field: Field, len: u8) {
        let bits = u128::MAX.checked_shl(128 - u32::from(len.min(128))).unwrap_or(0);
        self.or(field.range().start, &bits.to_be_bytes());
    }

    /// Adds the first `len` bits of an address field: of the IPv4 address if `key` is IPv4 or ARP, else of sixteen
    /// bytes.
    #[inline]
    pub fn add_prefix(&mut self, field: Field, len: u8, key: &FlowKey) {
        if key.is_ipv4() || key.is_arp() {
            self.add_v4_prefix(field, len);
        } else {
            self.add_v6_prefix(field, len);
        }
    }

    fn or(&mut self, start: usize, bits: &[u8]) {
        for (mine, theirs) in self.0.as_mut_bytes()[start..].iter_mut().zip(bits) {
            *mine |= theirs;
        }
    }

    /// Adds the bits of `other`.
    pub fn unite(&mut self, other: &Self) {
        for (mine, theirs) in self.0.as_mut_bytes().iter_mut().zip(other.0.as_bytes()) {
            *mine |= theirs;
        }
    }

    /// `key` with every bit outside the mask cleared: the canonical key of the megaflow.
    pub fn apply(&self, key: &FlowKey) -> FlowKey {
        let mut masked = *key;
        for (bits, mask) in masked.as_mut_bytes().iter_mut().zip(self.0.as_bytes()) {
            *bits &= mask;
        }
        masked
    }

    /// True if `key` and `other` agree on every bit of the mask.
    pub fn matches(&self, key: &FlowKey, other: &FlowKey) -> bool {
        let pairs = key.as_bytes().iter().zip(other.as_bytes());
        pairs.zip(self.0.as_bytes()).all(|((a, b), mask)| (a ^ b) & mask == 0)
    }

    /// True if every bit of `self` is also a bit of `other`: `self` is at least as wide.
    pub fn is_wider_or_equal(&self, other: &Self) -> bool {
        self.0.as_bytes().iter().zip(other.0.as_bytes()).all(|(mine, theirs)| mine & !theirs == 0)
    }

    /// The bytes of the mask, in the layout of a [`FlowKey`].
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The bytes of the mask, to be changed.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.as_mut_bytes()
    }

    /// Reads a mask from the bytes of a key of the same layout.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        FlowKey::read_from_bytes(bytes).ok().map(Self)
    }
}
