//! The 24-bit key that tunnelled packets carry (VXLAN VNI, low bits of the GRE key).
//!
//! ```text
//! 23      22 21 20   19 ............ 0
//! trace   kind       key
//! ```

use std::fmt;

const TRACE: u32 = 1 << 23;
const KIND_SHIFT: u32 = 20;
const KIND_EXTERNAL: u32 = 0;
const KIND_PORT: u32 = 1;
const KIND_FLOW_STATE: u32 = 7;
const KEY_BITS: u32 = (1 << KIND_SHIFT) - 1;

/// What a tunnelled packet is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WireKey {
    /// Traffic with a network element that is not ours, by its 20-bit VNI.
    External(u32),
    /// A frame for a port of the receiving host.
    Port {
        /// The port, by the key that the receiving host gave it.
        key: PortKey,
        /// The packet is being traced.
        traced: bool,
    },
    /// Flow state for the receiving agent, never a guest's frame.
    FlowState,
}

/// Key of a local port: 1–1048575, unique within the host that owns the port.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PortKey(u32);

/// A number that is no key of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidKey {
    /// It does not fit its field.
    #[error("{0:#x} does not fit into the key's bits")]
    OutOfRange(u64),
    /// The kind bits have no meaning.
    #[error("tunnel key {0:#08x} has a reserved kind")]
    ReservedKind(u32),
}

impl PortKey {
    /// The lowest key.
    pub const MIN: Self = Self(1);
    /// The highest key.
    pub const MAX: Self = Self(KEY_BITS);

    /// The key of this number, which must be between [`PortKey::MIN`] and [`PortKey::MAX`].
    pub fn new(number: u32) -> Result<Self, InvalidKey> {
        if number == 0 || number > KEY_BITS {
            return Err(InvalidKey::OutOfRange(number.into()));
        }
        Ok(Self(number))
    }

    /// The number, as hosts publish it.
    pub fn number(self) -> u32 {
        self.0
    }

    /// The wire key of frames for this port.
    pub fn wire(self) -> WireKey {
        WireKey::Port { key: self, traced: false }
    }

    /// The key that follows, wrapping to the lowest.
    pub fn next(self) -> Self {
        if self == Self::MAX { Self::MIN } else { Self(self.0 + 1) }
    }
}

impl fmt::Display for PortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl WireKey {
    /// The only key that flow state travels under.
    pub const FLOW_STATE_BITS: u32 = 0xff_ffff;

    /// The 24 bits.
    pub fn encode(self) -> u32 {
        match self {
            Self::External(vni) => vni & KEY_BITS,
            Self::Port { key, traced } => {
                (if traced { TRACE } else { 0 }) | (KIND_PORT << KIND_SHIFT) | key.number()
            }
            Self::FlowState => Self::FLOW_STATE_BITS,
        }
    }

    /// Reads a tunnel id as the datapath reports it.
    pub fn decode(id: u64) -> Result<Self, InvalidKey> {
        let bits = u32::try_from(id).ok().filter(|bits| *bits <= Self::FLOW_STATE_BITS);
        let bits = bits.ok_or(InvalidKey::OutOfRange(id))?;
        let traced = bits & TRACE != 0;
        let key = bits & KEY_BITS;
        match (bits & !TRACE) >> KIND_SHIFT {
            KIND_EXTERNAL if !traced => Ok(Self::External(key)),
            KIND_PORT => Ok(Self::Port { key: PortKey::new(key)?, traced }),
            KIND_FLOW_STATE if bits == Self::FLOW_STATE_BITS => Ok(Self::FlowState),
            _ => Err(InvalidKey::ReservedKind(bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_trace_kind_key() {
        let key = PortKey::new(0x12345).unwrap();
        assert_eq!(key.wire().encode(), 0x11_2345);
        assert_eq!(WireKey::Port { key, traced: true }.encode(), 0x91_2345);
        assert_eq!(WireKey::External(0x54321).encode(), 0x05_4321);
        assert_eq!(WireKey::FlowState.encode(), 0xff_ffff);
    }

    #[test]
    fn every_24_bit_number_decodes_to_what_encodes_to_it_or_is_refused() {
        let mut valid = 0u32;
        for bits in 0..=0xff_ffffu32 {
            match WireKey::decode(bits.into()) {
                Ok(key) => {
                    assert_eq!(key.encode(), bits);
                    valid += 1;
                }
                Err(InvalidKey::ReservedKind(refused)) => assert_eq!(refused, bits),
                Err(InvalidKey::OutOfRange(0)) => assert_eq!(bits & KEY_BITS, 0),
                Err(other) => panic!("{bits:#x}: {other}"),
            }
        }
        assert_eq!(
            valid,
            (1 << 20) + 2 * ((1 << 20) - 1) + 1,
            "external, port with and without trace, flow state"
        );
    }

    #[test]
    fn ids_beyond_24_bits_are_refused() {
        assert_eq!(WireKey::decode(1 << 24), Err(InvalidKey::OutOfRange(1 << 24)));
        assert_eq!(WireKey::decode(u64::MAX), Err(InvalidKey::OutOfRange(u64::MAX)));
        assert!(PortKey::new(0).is_err());
        assert!(PortKey::new(1 << 20).is_err());
    }
}
