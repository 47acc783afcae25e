//! The Internet checksum: full (RFC 1071) and incremental (RFC 1624).

/// A one's-complement sum in the making, over byte strings laid end to end.
///
/// Every string but the last must have an even length.
#[derive(Clone, Copy, Default, Debug)]
pub struct Sum(u64);

impl Sum {
    /// The sum of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes; an odd last byte counts as if a zero followed.
    #[must_use]
    pub fn with(mut self, bytes: &[u8]) -> Self {
        let (words, tail) = bytes.as_chunks::<4>();
        for word in words {
            self.0 += u64::from(u32::from_be_bytes(*word));
        }
        let (pairs, odd) = tail.as_chunks::<2>();
        for pair in pairs {
            self.0 += u64::from(u16::from_be_bytes(*pair));
        }
        if let [last] = odd {
            self.0 += u64::from(*last) << 8;
        }
        self
    }

    /// Adds a number as it would stand in the packet.
    #[must_use]
    pub fn with_u16(mut self, value: u16) -> Self {
        self.0 += u64::from(value);
        self
    }

    /// Adds the pseudo-header of TCP, UDP (RFC 793, RFC 768) or ICMPv6 (RFC 8200 §8.1); addresses of either family.
    #[must_use]
    pub fn with_pseudo_header(self, src: &[u8], dst: &[u8], protocol: u8, len: usize) -> Self {
        let mut sum = self.with(src).with(dst).with_u16(u16::from(protocol));
        sum.0 += len as u64;
        sum
    }

    /// The checksum to store: the complement of the folded sum. A packet whose sum includes a right checksum gives
    /// zero.
    pub fn finish(self) -> u16 {
        !fold(self.0)
    }
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// `checksum` after `old` bytes of the packet became `new` (RFC 1624, equation 3). Both must have the same even length
/// and stand at an even offset of what is summed.
#[must_use]
pub fn update(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    debug_assert!(old.len() == new.len() && old.len().is_multiple_of(2));
    let removed = !fold(Sum::new().with(old).0);
    let sum = Sum::new().with_u16(!checksum).with_u16(removed).with(new);
    sum.finish()
}
