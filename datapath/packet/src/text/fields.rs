//! The pieces of a packet's description: headers with brackets, fields with values.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{ParseKeyError, TUNNEL_FLAGS};
use crate::{MacAddr, tunnel_flags};

/// Splits `a(..),b(..)` at the commas outside brackets into names and what their brackets hold.
pub(super) fn items(text: &str) -> Result<Vec<(&str, &str)>, ParseKeyError> {
    let headers = split(text)?.into_iter().map(|item| {
        let (name, rest) = item.split_once('(').ok_or_else(|| syntax(item))?;
        let body = rest.strip_suffix(')').ok_or_else(|| syntax(item))?;
        Ok((name.trim(), body.trim()))
    });
    headers.collect()
}

fn syntax(text: &str) -> ParseKeyError {
    ParseKeyError::Syntax(text.to_owned())
}

/// Splits at commas outside brackets; nothing comes of blank text.
fn split(text: &str) -> Result<Vec<&str>, ParseKeyError> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or_else(|| syntax(text))?,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = text[start..].trim();
    match (depth, parts.is_empty() && last.is_empty()) {
        (0, true) => Ok(parts),
        (0, false) => {
            parts.push(last);
            Ok(parts)
        }
        _ => Err(syntax(text)),
    }
}

/// A value that stands in text.
pub(super) trait Value: Sized {
    /// What to write instead of nonsense.
    const EXPECTED: &'static str;
    fn read(text: &str) -> Option<Self>;
}

macro_rules! numbers {
    ($($number:ty: $expected:literal),*) => {$(
        impl Value for $number {
            const EXPECTED: &'static str = $expected;
            fn read(text: &str) -> Option<Self> {
                match text.strip_prefix("0x") {
                    Some(hex) => <$number>::from_str_radix(hex, 16).ok(),
                    None => text.parse().ok(),
                }
            }
        }
    )*};
}

numbers!(u8: "a number up to 255", u16: "a number up to 65535", u32: "a 32-bit number", u64: "a 64-bit number");

macro_rules! addresses {
    ($($address:ty: $expected:literal),*) => {$(
        impl Value for $address {
            const EXPECTED: &'static str = $expected;
            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )*};
}

addresses!(
    MacAddr: "an Ethernet address such as 02:00:00:00:00:01",
    Ipv4Addr: "an IPv4 address such as 10.0.0.1 (a packet has no mask)",
    Ipv6Addr: "an IPv6 address such as 2001:db8::1 (a packet has no mask)",
    IpAddr: "an IP address (a packet has no mask)"
);

/// Reads one value; `header` and `field` are for the error.
pub(super) fn number<T: Value>(header: &str, field: &str, text: &str) -> Result<T, ParseKeyError> {
    T::read(text).ok_or_else(|| bad_value(header, field, text, T::EXPECTED))
}

fn bad_value(header: &str, field: &str, value: &str, expected: &'static str) -> ParseKeyError {
    let [header, field, value] = [header, field, value].map(str::to_owned);
    ParseKeyError::BadValue { header, field, value, expected }
}

/// The fields of one header, taken out one by one; what is left at the end is an error.
pub(super) struct Fields<'t> {
    header: &'t str,
    left: Vec<(&'t str, &'t str)>,
    known: Vec<&'static str>,
}

impl<'t> Fields<'t> {
    pub(super) fn of(header: &'t str, body: &'t str) -> Result<Self, ParseKeyError> {
        let mut left: Vec<(&str, &str)> = Vec::new();
        for item in split(body)? {
            // `flags(..)` is the one field written with brackets.
            let flags = item.strip_prefix("flags(").and_then(|rest| rest.strip_suffix(')'));
            let (name, value) = match flags {
                Some(flags) => ("flags", flags),
                None => item.split_once('=').ok_or_else(|| syntax(item))?,
            };
            let (name, value) = (name.trim(), value.trim());
            if left.iter().any(|(before, _)| *before == name) {
                return Err(ParseKeyError::Repeated(format!("{header} {name}")));
            }
            left.push((name, value));
        }
        Ok(Self { header, left, known: Vec::new() })
    }

    pub(super) fn header(&self) -> &'t str {
        self.header
    }

    fn raw(&mut self, name: &'static str) -> Option<&'t str> {
        self.known.push(name);
        let at = self.left.iter().position(|(field, _)| *field == name)?;
        Some(self.left.swap_remove(at).1)
    }

    pub(super) fn take<T: Value>(&mut self, name: &'static str) -> Result<Option<T>, ParseKeyError> {
        let header = self.header;
        self.raw(name).map(|text| number(header, name, text)).transpose()
    }

    /// A number below `limit`.
    pub(super) fn take_below<T>(&mut self, name: &'static str, limit: u32) -> Result<Option<T>, ParseKeyError>
    where
        T: Value + Copy + Into<u32>,
    {
        let header = self.header;
        let Some(text) = self.raw(name) else { return Ok(None) };
        let value = T::read(text).filter(|value| (*value).into() < limit);
        value.map(Some).ok_or_else(|| bad_value(header, name, text, "a smaller number"))
    }

    /// One of a few words.
    pub(super) fn choose<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
        expected: &'static str,
    ) -> Result<Option<T>, ParseKeyError> {
        let header = self.header;
        let Some(text) = self.raw(name) else { return Ok(None) };
        let chosen = choices.iter().find(|(word, _)| *word == text);
        chosen.map(|(_, value)| Some(*value)).ok_or_else(|| bad_value(header, name, text, expected))
    }

    /// `flags(-df+csum+key)` or `flags(df|key)`; with none given, the key alone is present.
    pub(super) fn tunnel_flags(&mut self) -> Result<u16, ParseKeyError> {
        let header = self.header;
        let Some(text) = self.raw("flags") else { return Ok(tunnel_flags::KEY) };
        let mut flags = 0;
        for word in text.replace('-', "|-").split(['|', '+']).map(str::trim).filter(|word| !word.is_empty()) {
            let name = word.strip_prefix('-').unwrap_or(word);
            let Some((bit, _)) = TUNNEL_FLAGS.iter().find(|(_, known)| *known == name) else {
                return Err(bad_value(header, "flags", text, "df, csum and key"));
            };
            if name == word {
                flags |= bit;
            }
        }
        Ok(flags)
    }

    /// Nothing may be left.
    pub(super) fn finish(self) -> Result<(), ParseKeyError> {
        let Some((field, _)) = self.left.first() else { return Ok(()) };
        Err(ParseKeyError::UnknownField {
            header: self.header.to_owned(),
            field: (*field).to_owned(),
            known: self.known.join(", "),
        })
    }
}
