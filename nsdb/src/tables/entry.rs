//! The name of a table's entry: key, value, stamp and owner as one component of a coordinator key.

use std::fmt::Debug;
use std::net::IpAddr;

use packet::MacAddr;
use uuid::Uuid;

/// A value that can stand in an entry's name.
pub trait Field: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Its text, in any characters.
    fn to_text(&self) -> String;

    /// The value of a text; `None` if it is not one.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! fields {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn to_text(&self) -> String {
                self.to_string()
            }

            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

fields!(
    IpAddr,
    MacAddr,
    Uuid,
    String,
    u32,
    u64,
    model::BridgeId,
    model::RouterId,
    model::PortId,
    model::HostId
);

/// One entry as it stands in the coordinator.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<K, V> {
    pub(super) key: K,
    pub(super) value: V,
    pub(super) stamp: u64,
    pub(super) owner: String,
}

impl<K: Field, V: Field> Entry<K, V> {
    /// The name under the table's prefix.
    pub(super) fn name(&self) -> String {
        let Self { key, value, stamp, owner } = self;
        format!("{},{},{stamp:x},{}", escape(&key.to_text()), escape(&value.to_text()), escape(owner))
    }

    /// The entry of a name; `None` for a name that no version of this code writes.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut fields = name.split(',');
        let (key, value, stamp, owner) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        Some(Self {
            key: K::from_text(&unescape(key)?)?,
            value: V::from_text(&unescape(value)?)?,
            stamp: u64::from_str_radix(stamp, 16).ok()?,
            owner: unescape(owner)?,
        })
    }

    /// Whether this entry wins over another one of the same key.
    pub(super) fn beats(&self, other: &Self) -> bool {
        (self.stamp, &self.owner) > (other.stamp, &other.owner)
    }
}

/// Percent-encodes everything but ASCII letters, digits and `-.:_`, and a text that would be empty.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b':' | b'_' => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02x}")),
        }
    }
    escaped
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_parses_back_whatever_the_texts(key: String, value: String, stamp: u64, owner: String) {
            let entry = Entry { key, value, stamp, owner };
            let name = entry.name();
            prop_assert!(name.bytes().all(|b| b.is_ascii_graphic() && b != b'/'));
            prop_assert_eq!(Entry::parse(&name), Some(entry));
        }

        #[test]
        fn no_name_panics(name: String) {
            Entry::<MacAddr, u64>::parse(&name);
        }
    }

    #[test]
    fn names_of_other_shapes_are_refused() {
        for name in ["", "a", "a,b,1", "a,b,x,o", "a,b,1,o,more", "%4,b,1,o", "%zz,b,1,o", "%ff,b,1,o"] {
            assert_eq!(Entry::<String, String>::parse(name), None, "{name}");
        }
    }
}
