//! The flow mask: which bits of a [`FlowKey`] a verdict depended on.

use zerocopy::{FromBytes, IntoBytes};

use crate::FlowKey;

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

    /// Reads a mask from the bytes of a key of the same layout.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        FlowKey::read_from_bytes(bytes).ok().map(Self)
    }
}
