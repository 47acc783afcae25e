//! Reading netlink attributes (`struct nlattr`) in place.

use super::Malformed;

/// `NLA_F_NESTED | NLA_F_NET_BYTEORDER`: not part of the type.
const TYPE_FLAGS: u16 = 0xc000;

/// Iterates over attributes: `(type, payload)`. A cut-off attribute is an error, and the last item.
#[derive(Clone)]
pub(crate) struct Attrs<'a>(&'a [u8]);

impl<'a> Attrs<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The payload of the first attribute of type `wanted`.
    pub(crate) fn find(self, wanted: u16) -> Option<&'a [u8]> {
        self.map_while(Result::ok).find(|(kind, _)| *kind == wanted).map(|(_, payload)| payload)
    }
}

impl<'a> Iterator for Attrs<'a> {
    type Item = Result<(u16, &'a [u8]), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let [l0, l1, t0, t1, rest @ ..] = self.0 else {
            // Fewer than four bytes can only be padding.
            return None;
        };
        let len = u16::from_ne_bytes([*l0, *l1]) as usize;
        let kind = u16::from_ne_bytes([*t0, *t1]) & !TYPE_FLAGS;
        let Some(payload) = len.checked_sub(4).and_then(|len| rest.get(..len)) else {
            self.0 = &[];
            return Some(Err(Malformed("an attribute runs past its end")));
        };
        self.0 = rest.get((payload.len() + 3) & !3..).unwrap_or(&[]);
        Some(Ok((kind, payload)))
    }
}

macro_rules! reader {
    ($name:ident, $type:ty, $from:ident) => {
        /// Reads the first bytes of a payload as a number.
        #[inline]
        pub(crate) fn $name(payload: &[u8]) -> Result<$type, Malformed> {
            let bytes = payload.first_chunk().ok_or(Malformed("an attribute is too short for its number"))?;
            Ok(<$type>::$from(*bytes))
        }
    };
}

reader!(ne16, u16, from_ne_bytes);
reader!(ne32, u32, from_ne_bytes);
reader!(ne64, u64, from_ne_bytes);
reader!(be16, u16, from_be_bytes);
reader!(be32, u32, from_be_bytes);
reader!(be64, u64, from_be_bytes);

/// A string up to its NUL; bytes that are not UTF-8 are replaced.
pub(crate) fn string(payload: &[u8]) -> String {
    let end = payload.iter().position(|b| *b == 0).unwrap_or(payload.len());
    String::from_utf8_lossy(&payload[..end]).into_owned()
}
