//! What NAT translates to: `192.0.2.1`, `192.0.2.1-192.0.2.9:80`, `192.0.2.1:1024-65535`, several with commas between.

use serde_json::{Value, json};

/// The targets of a text, as the API has them. An error says what is expected.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let expected = || "one of ADDRESS[-ADDRESS][:PORT[-PORT]], or several with commas between".to_owned();
    let targets = text.split(',').map(|target| one(target.trim()).ok_or_else(expected));
    Ok(targets.collect::<Result<Vec<_>, _>>()?.into())
}

fn one(text: &str) -> Option<Value> {
    let (addresses, ports) = text.split_once(':').unwrap_or((text, "0"));
    let (from, to) = addresses.split_once('-').unwrap_or((addresses, addresses));
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (from, to): (std::net::Ipv4Addr, std::net::Ipv4Addr) = (from.parse().ok()?, to.parse().ok()?);
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    Some(json!({
        "addressFrom": from.to_string(),
        "addressTo": to.to_string(),
        "portFrom": first,
        "portTo": last,
    }))
}

/// Targets as a text; none if there are none.
pub(super) fn text(targets: &Value) -> Option<String> {
    let texts: Vec<String> = targets.as_array()?.iter().filter_map(text_of_one).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

fn text_of_one(target: &Value) -> Option<String> {
    let address = |name| target.get(name).and_then(Value::as_str);
    let port = |name| target.get(name).and_then(Value::as_i64).filter(|port| *port != 0);
    let from = address("addressFrom")?;
    let mut text = from.to_owned();
    if let Some(to) = address("addressTo").filter(|to| *to != from) {
        text += &format!("-{to}");
    }
    if let Some(first) = port("portFrom") {
        text += &format!(":{first}");
        if let Some(last) = port("portTo").filter(|last| *last != first) {
            text += &format!("-{last}");
        }
    }
    Some(text)
}
