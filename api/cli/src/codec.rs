//! Values of attributes: from the words of a command into JSON, and from JSON into words.

use serde_json::{Map, Value, json};

use crate::alias::Aliases;
use crate::objects::{Attribute, Codec};

/// A value that cannot be what the attribute says it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{attribute}: `{value}` is not {expected}")]
pub(crate) struct ValueError {
    attribute: &'static str,
    value: String,
    expected: String,
}

/// Writes the value of a word into the properties of an object.
pub(crate) fn write(
    attribute: &'static Attribute,
    word: &str,
    aliases: &Aliases,
    into: &mut Map<String, Value>,
) -> Result<(), ValueError> {
    let (negated, text) = match (attribute.negation, word.strip_prefix('!')) {
        (Some(_), Some(text)) => (true, text),
        _ => (false, word),
    };
    let error = |expected: &str| ValueError {
        attribute: attribute.name,
        value: word.to_owned(),
        expected: expected.to_owned(),
    };
    let value = match attribute.codec {
        Codec::Text => text.into(),
        Codec::Number => number(text).ok_or_else(|| error("a number"))?.into(),
        Codec::Flag(yes, no) => match text {
            _ if text == yes => true.into(),
            _ if text == no => false.into(),
            "true" | "yes" => true.into(),
            "false" | "no" => false.into(),
            _ => return Err(error(&format!("{yes} or {no}"))),
        },
        Codec::Words(words) => {
            let all = || words.iter().map(|(ours, _)| *ours).collect::<Vec<_>>().join(", ");
            let found = words.iter().find(|(ours, _)| ours.eq_ignore_ascii_case(text));
            found.map(|(_, theirs)| *theirs).ok_or_else(|| error(&format!("one of {}", all())))?.into()
        }
        Codec::Reference(..) | Codec::Peer => aliases.resolve(text).into(),
        Codec::Ports => text.split(',').map(|id| aliases.resolve(id)).collect::<Vec<_>>().into(),
        Codec::List => text.split(',').map(str::to_owned).collect::<Vec<_>>().into(),
        Codec::Range => {
            let (start, end) = text.split_once('-').unwrap_or((text, text));
            let ends = number(start).zip(number(end));
            let (start, end) = ends.ok_or_else(|| error("a number, or two with a dash between"))?;
            json!({"start": start, "end": end})
        }
        Codec::Prefix(length) => {
            let (address, bits) = text.split_once('/').unwrap_or((text, whole(text)));
            let bits = number(bits).ok_or_else(|| error("an address with a prefix length"))?;
            into.insert(length.to_owned(), bits.into());
            address.into()
        }
        Codec::PortAddress if text.contains('/') => {
            into.insert("portSubnet".to_owned(), json!([text]));
            return Ok(());
        }
        Codec::PortAddress => text.into(),
    };
    into.insert(attribute.field.to_owned(), value);
    if let Some(flag) = attribute.negation {
        into.insert(flag.to_owned(), negated.into());
    }
    Ok(())
}

/// The value of an attribute as a word; `None` if it has none.
pub(crate) fn read(
    attribute: &Attribute,
    object: &Value,
    name_of: &mut dyn FnMut(&str) -> String,
) -> Option<String> {
    let value = object.get(attribute.field).filter(|value| !value.is_null())?;
    let word = match attribute.codec {
        Codec::Flag(yes, no) => if value.as_bool()? { yes } else { no }.to_owned(),
        Codec::Words(words) => {
            let found = words.iter().find(|(_, theirs)| Some(*theirs) == value.as_str());
            found.map(|(ours, _)| (*ours).to_owned())?
        }
        Codec::Reference(..) | Codec::Peer => name_of(value.as_str()?),
        Codec::Ports => join(value.as_array()?, |id| name_of(id))?,
        Codec::List => join(value.as_array()?, str::to_owned)?,
        Codec::Range => {
            let (start, end) = (value.get("start")?.as_i64()?, value.get("end")?.as_i64()?);
            if start == end { start.to_string() } else { format!("{start}-{end}") }
        }
        Codec::Prefix(length) => {
            let (address, bits) = (value.as_str()?, object.get(length)?.as_i64()?);
            let is_whole = number(whole(address)) == Some(bits);
            if is_whole { address.to_owned() } else { format!("{address}/{bits}") }
        }
        Codec::Text | Codec::Number | Codec::PortAddress => match value {
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => quoted(text),
            other => other.to_string(),
        },
    };
    let negated = attribute.negation.and_then(|flag| object.get(flag)?.as_bool()).unwrap_or(false);
    Some(if negated { format!("!{word}") } else { word })
}

fn join(items: &[Value], mut word: impl FnMut(&str) -> String) -> Option<String> {
    let words: Vec<String> = items.iter().filter_map(Value::as_str).map(&mut word).collect();
    (!words.is_empty()).then(|| words.join(","))
}

fn quoted(text: &str) -> String {
    if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text.to_owned() }
}

fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The prefix length of a whole address.
fn whole(address: &str) -> &'static str {
    if address.contains(':') { "128" } else { "32" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::RULE;

    fn written(name: &str, word: &str) -> Result<Value, ValueError> {
        let mut into = Map::new();
        write(RULE.attribute(name).unwrap(), word, &Aliases::off(), &mut into)?;
        Ok(Value::Object(into))
    }

    #[test]
    fn a_value_comes_back_as_it_was_given() {
        for (name, word) in [
            ("src", "!10.0.0.0/8"),
            ("dst", "10.0.0.1"),
            ("dst-port", "22-23"),
            ("src-port", "80"),
            ("proto", "6"),
            ("inverted", "yes"),
            ("in-ports", "!a,b"),
            ("fragment-policy", "header"),
        ] {
            let json = written(name, word).unwrap();
            let back = read(RULE.attribute(name).unwrap(), &json, &mut str::to_owned);
            assert_eq!(back.as_deref(), Some(word), "{name} {json}");
        }
    }

    #[test]
    fn numbers_may_be_hexadecimal() {
        assert_eq!(written("ethertype", "0x0800").unwrap(), json!({"dlType": 2048, "invDlType": false}));
    }

    #[test]
    fn a_wrong_value_is_named_with_its_attribute() {
        let error = written("proto", "tcp").unwrap_err();
        assert_eq!(error.to_string(), "proto: `tcp` is not a number");
    }
}
