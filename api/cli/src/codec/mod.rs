//! Values of attributes: from the words of a command into JSON, and from JSON into words.

mod nat;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use crate::alias::{Aliases, is_uuid};
use crate::objects::{Attribute, Codec, Kind};

/// A value that cannot be what the attribute says it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{attribute}: `{value}` is not {expected}")]
pub(crate) struct ValueError {
    attribute: &'static str,
    value: String,
    expected: String,
}

/// The words for the two flags of connection tracking, with the flags.
const FLOWS: &[(&str, &str)] = &[("fwd-flow", "matchForwardFlow"), ("return-flow", "matchReturnFlow")];

/// The types of rules: our word, and that of the API.
const RULE_TYPES: &[(&str, &str)] = &[
    ("accept", "accept"),
    ("continue", "continue"),
    ("drop", "drop"),
    ("jump", "jump"),
    ("l2_transform", "l2_transform"),
    ("redirect", "l2_transform"),
    ("reject", "reject"),
    ("return", "return"),
    ("trace", "trace"),
    ("dnat", "dnat"),
    ("snat", "snat"),
    ("rev_dnat", "rev_dnat"),
    ("rev_snat", "rev_snat"),
];

/// Writes the value of a word into the properties of an object.
pub(crate) fn write(
    attribute: &Attribute,
    word: &str,
    aliases: &Aliases,
    into: &mut Map<String, Value>,
) -> Result<(), ValueError> {
    let (negated, text) = match (attribute.negation, word.strip_prefix('!')) {
        (Some(_), Some(text)) => (true, text),
        _ => (false, word),
    };
    let error = |expected: String| ValueError { attribute: attribute.name, value: text.to_owned(), expected };
    let Some(into) = holder(attribute, into) else {
        return Err(error("possible here: the server gives no such property".to_owned()));
    };
    let value = value(attribute.codec, text, aliases, into).map_err(error)?;
    into.insert(attribute.field.to_owned(), value);
    if let Some(flag) = attribute.negation {
        into.insert(flag.to_owned(), negated.into());
    }
    Ok(())
}

/// Writes that an attribute has no value.
pub(crate) fn clear(attribute: &Attribute, into: &mut Map<String, Value>) {
    let nothing = match attribute.codec {
        Codec::List(_) | Codec::References(_) | Codec::Targets => json!([]),
        _ => Value::Null,
    };
    if let Some(into) = holder(attribute, into) {
        into.insert(attribute.field.to_owned(), nothing);
    }
}

/// The object that holds the property of an attribute.
fn holder<'a>(
    attribute: &Attribute,
    object: &'a mut Map<String, Value>,
) -> Option<&'a mut Map<String, Value>> {
    match attribute.within {
        None => Some(object),
        Some(within) => object.entry(within).or_insert_with(|| json!({})).as_object_mut(),
    }
}

/// The value of a text; what stands in other properties of `beside` goes there. An error says what is expected.
fn value(
    codec: Codec,
    text: &str,
    aliases: &Aliases,
    beside: &mut Map<String, Value>,
) -> Result<Value, String> {
    Ok(match codec {
        Codec::Text(_) => text.into(),
        Codec::Number => number(text).ok_or("a number")?.into(),
        Codec::Flag(yes, no) => flag(text, yes, no).ok_or_else(|| format!("{yes} or {no}"))?.into(),
        Codec::Words(words) => match word_of_api(words, text)? {
            "" => Value::Null,
            word => word.into(),
        },
        Codec::Reference(link) => reference(link, text, aliases)?.into(),
        Codec::Peer => reference("ports", text, aliases)?.into(),
        Codec::References(link) => {
            let ids = text.split(',').map(|id| reference(link, id.trim(), aliases));
            ids.collect::<Result<Vec<_>, _>>()?.into()
        }
        Codec::List(_) => text.split(',').map(|item| item.trim().to_owned()).collect::<Vec<_>>().into(),
        Codec::Range => {
            let (start, end) = text.split_once(['-', ':']).unwrap_or((text, text));
            let (start, end) =
                number(start).zip(number(end)).ok_or("a number, or two with a dash between")?;
            json!({"start": start, "end": end})
        }
        Codec::Targets => nat::parse(text)?,
        Codec::Device(kind, link) => {
            beside.insert("deviceType".to_owned(), kind.into());
            reference(link, text, aliases)?.into()
        }
        Codec::Prefix(_) | Codec::PortAddress | Codec::GroupAddress => address(codec, text, beside)?,
        Codec::Flow | Codec::RuleType => rule_word(codec, text, beside)?,
    })
}

/// An address; how long its prefix is, or of which version it is, stands beside it.
fn address(codec: Codec, text: &str, beside: &mut Map<String, Value>) -> Result<Value, String> {
    let (address, bits) = text.split_once('/').unwrap_or((text, whole(text)));
    match codec {
        Codec::Prefix(length) => {
            let bits = number(bits).ok_or("an address with a prefix length")?;
            beside.insert(length.to_owned(), bits.into());
        }
        Codec::PortAddress if address != text => {
            beside.insert("portSubnet".to_owned(), json!([text]));
        }
        Codec::GroupAddress => {
            beside.insert("version".to_owned(), if text.contains(':') { 6 } else { 4 }.into());
            return Ok(text.into());
        }
        _ => {}
    }
    Ok(address.into())
}

/// A word of a rule that stands for two properties.
fn rule_word(codec: Codec, text: &str, beside: &mut Map<String, Value>) -> Result<Value, String> {
    if codec == Codec::RuleType {
        if text.eq_ignore_ascii_case("redirect") {
            beside.insert("flowAction".to_owned(), "redirect".into());
        }
        return Ok(word_of_api(RULE_TYPES, text)?.into());
    }
    let meant = word_of_api(FLOWS, text)?;
    for (_, property) in FLOWS {
        beside.insert((*property).to_owned(), (*property == meant).into());
    }
    Ok((meant == "matchForwardFlow").into())
}

fn flag(text: &str, yes: &str, no: &str) -> Option<bool> {
    match text {
        _ if text == yes => Some(true),
        _ if text == no => Some(false),
        "true" | "yes" => Some(true),
        "false" | "no" => Some(false),
        _ => None,
    }
}

/// The word of the API for one of ours; the API's own are taken too.
fn word_of_api(words: &[(&str, &'static str)], text: &str) -> Result<&'static str, String> {
    let ours = words.iter().find(|(ours, _)| ours.eq_ignore_ascii_case(text));
    let found = ours.or_else(|| words.iter().find(|(_, theirs)| theirs.eq_ignore_ascii_case(text)));
    let all = || words.iter().map(|(ours, _)| *ours).collect::<Vec<_>>().join(", ");
    found.map(|(_, theirs)| *theirs).ok_or_else(|| format!("one of {}", all()))
}

/// The id of an object that is referred to.
fn reference(link: &str, text: &str, aliases: &Aliases) -> Result<String, String> {
    let what = Kind::collection(link).map_or("object", |child| child.name);
    aliases.resolve(text).ok_or_else(|| format!("a {what}: neither a name of this session nor an id"))
}

/// The value of an attribute as a word; `None` if it has none. `name_of` says what to call an object by its id.
pub(crate) fn read(
    attribute: &Attribute,
    object: &Value,
    name_of: &mut dyn FnMut(&str) -> String,
) -> Option<String> {
    let object = attribute.within.map_or(Some(object), |within| object.get(within))?;
    let value = object.get(attribute.field).filter(|value| !value.is_null())?;
    let word = match attribute.codec {
        Codec::Flag(yes, no) => if value.as_bool()? { yes } else { no }.to_owned(),
        Codec::Words(words) => {
            let found = words.iter().find(|(_, theirs)| Some(*theirs) == value.as_str());
            found.map(|(ours, _)| (*ours).to_owned())?
        }
        Codec::Reference(_) | Codec::Peer => name_of(value.as_str()?),
        Codec::References(_) => join(value.as_array()?, name_of)?,
        Codec::List(_) => join(value.as_array()?, str::to_owned)?,
        Codec::Range => {
            let (start, end) = (value.get("start")?.as_i64()?, value.get("end")?.as_i64()?);
            if start == end { start.to_string() } else { format!("{start}-{end}") }
        }
        Codec::Prefix(length) => {
            let (address, bits) = (value.as_str()?, object.get(length)?.as_i64()?);
            let is_whole = number(whole(address)) == Some(bits);
            if is_whole { address.to_owned() } else { format!("{address}/{bits}") }
        }
        Codec::Flow => {
            let is_set = |property: &str| object.get(property).and_then(Value::as_bool).unwrap_or(false);
            FLOWS.iter().find(|(_, property)| is_set(property)).map(|(word, _)| (*word).to_owned())?
        }
        Codec::Targets => nat::text(value)?,
        Codec::RuleType => {
            let action = object.get("flowAction").and_then(Value::as_str);
            match value.as_str()? {
                "l2_transform" if action == Some("redirect") => "redirect".to_owned(),
                kind => RULE_TYPES.iter().find(|(_, theirs)| *theirs == kind)?.0.to_owned(),
            }
        }
        Codec::Device(kind, _) => {
            object.get("deviceType").and_then(Value::as_str).filter(|theirs| *theirs == kind)?;
            name_of(value.as_str()?)
        }
        Codec::Text(_) | Codec::Number | Codec::PortAddress | Codec::GroupAddress => match value {
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    };
    let negated = attribute.negation.and_then(|flag| object.get(flag)?.as_bool()).unwrap_or(false);
    Some(if negated { format!("!{word}") } else { word })
}

/// The property behind an attribute, as the API has it.
pub(crate) fn property<'a>(attribute: &Attribute, object: &'a Value) -> Option<&'a Value> {
    attribute.within.map_or(Some(object), |within| object.get(within))?.get(attribute.field)
}

/// The ids of objects that an attribute refers to.
pub(crate) fn references<'a>(attribute: &Attribute, object: &'a Value) -> Vec<&'a str> {
    match property(attribute, object) {
        Some(Value::String(id)) => vec![id],
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether an object has the properties of `wanted`; addresses may be written in other ways.
pub(crate) fn has(object: &Value, wanted: &Map<String, Value>) -> bool {
    wanted.iter().all(|(name, wanted)| match (object.get(name), wanted) {
        (Some(Value::String(value)), Value::String(wanted)) => is_same_text(value, wanted),
        (Some(value @ Value::Object(_)), Value::Object(wanted)) => has(value, wanted),
        (value, wanted) => value == Some(wanted),
    })
}

fn is_same_text(one: &str, other: &str) -> bool {
    let address = |text: &str| text.parse::<std::net::IpAddr>();
    let looks_like_mac = |text: &str| text.len() == 17 && text.matches(':').count() == 5;
    match (address(one), address(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ if is_uuid(other) || looks_like_mac(other) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

/// The words that a value can be, where there are few.
pub(crate) fn choices(codec: Codec) -> Vec<&'static str> {
    let ours = |words: &[(&'static str, &str)]| words.iter().map(|(ours, _)| *ours).collect();
    match codec {
        Codec::Flag(yes, no) => vec![yes, no],
        Codec::Words(words) => ours(words),
        Codec::Flow => ours(FLOWS),
        Codec::RuleType => ours(RULE_TYPES),
        _ => Vec::new(),
    }
}

/// What a value looks like.
pub(crate) fn shape(codec: Codec) -> String {
    let name = |link| Kind::collection(link).map_or("id", |child| child.name).to_uppercase();
    match codec {
        Codec::Text(what) => what.to_owned(),
        Codec::Number => "NUMBER".to_owned(),
        Codec::Flag(..) | Codec::Words(_) | Codec::Flow | Codec::RuleType => choices(codec).join("|"),
        Codec::Reference(link) | Codec::Device(_, link) => name(link),
        Codec::References(link) => format!("{},…", name(link)),
        Codec::List(what) => format!("{what},…"),
        Codec::Prefix(_) => "ADDRESS[/LENGTH]".to_owned(),
        Codec::Range => "NUMBER[-NUMBER]".to_owned(),
        Codec::PortAddress => "ADDRESS[/LENGTH]".to_owned(),
        Codec::GroupAddress => "ADDRESS".to_owned(),
        Codec::Peer => "PORT".to_owned(),
        Codec::Targets => "ADDRESS[-ADDRESS][:PORT[-PORT]],…".to_owned(),
    }
}

fn join(items: &[Value], word: impl FnMut(&str) -> String) -> Option<String> {
    let words: Vec<String> = items.iter().filter_map(Value::as_str).map(word).collect();
    (!words.is_empty()).then(|| words.join(","))
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
