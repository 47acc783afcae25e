//! Values come back as they were given, and wrong ones are named.

use proptest::prelude::*;

use super::*;
use crate::objects::RULE;

fn attribute(name: &str) -> &'static Attribute {
    RULE.attribute(name).unwrap()
}

fn written(name: &str, word: &str) -> Result<Value, ValueError> {
    let mut into = Map::new();
    write(attribute(name), word, &Aliases::off(), &mut into)?;
    Ok(Value::Object(into))
}

const A: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const B: &str = "aaaaaaaa-0000-4000-8000-000000000002";

#[test]
fn a_value_comes_back_as_it_was_given() {
    let ports = format!("!{A},{B}");
    for (name, word) in [
        ("src", "!10.0.0.0/8"),
        ("dst", "10.0.0.1"),
        ("dst", "fd00::1"),
        ("dst-port", "22-23"),
        ("src-port", "80"),
        ("proto", "6"),
        ("inverted", "yes"),
        ("in-ports", &ports),
        ("fragment-policy", "header"),
        ("flow", "return-flow"),
        ("type", "redirect"),
        ("type", "l2_transform"),
        ("type", "rev_snat"),
        ("target", "203.0.113.1"),
        ("target", "203.0.113.1-203.0.113.4:1024-65535,203.0.113.9:80"),
        ("pop-vlan", "true"),
        ("jump-to", A),
    ] {
        let json = written(name, word).unwrap();
        let back = read(attribute(name), &json, &mut str::to_owned);
        assert_eq!(back.as_deref(), Some(word), "{name} {json}");
    }
}

#[test]
fn the_other_ways_to_write_a_value_are_taken() {
    assert_eq!(written("ethertype", "0x0800").unwrap(), json!({"dlType": 2048, "invDlType": false}));
    assert_eq!(written("dst-port", "22:23").unwrap(), written("dst-port", "22-23").unwrap());
    assert_eq!(written("type", "L2_TRANSFORM").unwrap(), json!({"type": "l2_transform"}));
    assert_eq!(written("no-vlan", "yes").unwrap(), json!({"noVlan": true}));
}

#[test]
fn a_redirect_is_an_l2_transform() {
    let json = json!({"type": "l2_transform", "flowAction": "redirect"});
    assert_eq!(written("type", "redirect").unwrap(), json);
}

#[test]
fn a_target_is_as_mido_net_has_it() {
    let target = json!({"addressFrom": "10.0.0.5", "addressTo": "10.0.0.9", "portFrom": 80, "portTo": 88});
    assert_eq!(written("target", "10.0.0.5-10.0.0.9:80-88").unwrap(), json!({"natTargets": [target]}));
    let target = json!({"addressFrom": "10.0.0.5", "addressTo": "10.0.0.5", "portFrom": 0, "portTo": 0});
    assert_eq!(written("target", "10.0.0.5").unwrap(), json!({"natTargets": [target]}));
}

#[test]
fn a_wrong_value_is_named_with_its_attribute() {
    for (name, word, message) in [
        ("proto", "tcp", "proto: `tcp` is not a number"),
        ("flow", "new", "flow: `new` is not one of fwd-flow, return-flow"),
        (
            "fragment-policy",
            "some",
            "fragment-policy: `some` is not one of any, header, nonheader, unfragmented",
        ),
        ("jump-to", "chain9", "jump-to: `chain9` is not a chain: neither a name of this session nor an id"),
        ("dst-port", "!a", "dst-port: `a` is not a number, or two with a dash between"),
    ] {
        assert_eq!(written(name, word).unwrap_err().to_string(), message);
    }
    for target in ["x", "10.0.0.1-", "10.0.0.1:99999", "10.0.0.1:80-", ""] {
        assert!(written("target", target).is_err(), "{target}");
    }
}

#[test]
fn a_trace_says_its_device_and_keeps_its_condition_apart() {
    let trace = Kind::under("traceRequests");
    let mut into = Map::new();
    for (name, word) in [("bridge", A), ("proto", "!1")] {
        write(trace.attribute(name).unwrap(), word, &Aliases::off(), &mut into).unwrap();
    }
    let json = Value::Object(into);
    let condition = json!({"nwProto": 1, "invNwProto": true});
    assert_eq!(json, json!({"deviceType": "BRIDGE", "deviceId": A, "condition": condition}));
    let word = |name: &str| read(trace.attribute(name).unwrap(), &json, &mut str::to_owned);
    assert_eq!(word("bridge").as_deref(), Some(A));
    assert_eq!(word("router"), None);
    assert_eq!(word("proto").as_deref(), Some("!1"));
}

#[test]
fn addresses_are_the_same_however_they_are_written() {
    let object = json!({"addr": "fd00:0:0:0:0:0:0:5", "mac": "AC:CA:BA:00:00:01", "name": "Red", "n": 1});
    let wanted = |json: Value| has(&object, json.as_object().unwrap());
    assert!(wanted(json!({"addr": "fd00::5", "mac": "ac:ca:ba:00:00:01"})));
    assert!(!wanted(json!({"name": "red"})));
    assert!(!wanted(json!({"n": 2})));
    assert!(!wanted(json!({"absent": null})));
}

/// An attribute of a rule with a value as it is shown.
fn values() -> impl Strategy<Value = (&'static str, String)> {
    let address = || any::<u32>().prop_map(|bits| std::net::Ipv4Addr::from(bits).to_string());
    let range = || (1u16.., 0u16..99).prop_map(|(low, more)| (low, low.saturating_add(more)));
    let ports = move || {
        range().prop_map(|(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") })
    };
    let target = (address(), address(), prop::option::of(ports())).prop_map(|(from, to, ports)| {
        let to = if from == to { String::new() } else { format!("-{to}") };
        let ports = ports.map(|ports| format!(":{ports}")).unwrap_or_default();
        format!("{from}{to}{ports}")
    });
    let ids = prop::collection::vec(any::<u128>(), 1..4).prop_map(|ids| {
        ids.into_iter().map(|id| uuid::Uuid::from_u128(id).to_string()).collect::<Vec<_>>().join(",")
    });
    prop_oneof![
        (address(), 0u8..32).prop_map(|(address, length)| ("src", format!("{address}/{length}"))),
        address().prop_map(|address| ("dst", address)),
        ports().prop_map(|ports| ("dst-port", ports)),
        any::<u16>().prop_map(|number| ("ethertype", number.to_string())),
        ids.prop_map(|ids| ("in-ports", ids)),
        prop::collection::vec(target, 1..4).prop_map(|targets| ("target", targets.join(","))),
    ]
}

proptest! {
    #[test]
    fn any_value_comes_back((name, word) in values(), negated: bool) {
        let attribute = attribute(name);
        let mark = if negated && attribute.negation.is_some() { "!" } else { "" };
        let word = format!("{mark}{word}");
        let json = written(name, &word).unwrap();
        prop_assert_eq!(read(attribute, &json, &mut str::to_owned), Some(word));
    }

    #[test]
    fn nothing_written_by_hand_panics(word in ".*") {
        for attribute in RULE.attributes() {
            let mut into = Map::new();
            write(attribute, &word, &Aliases::off(), &mut into).ok();
            read(attribute, &Value::Object(into), &mut str::to_owned);
        }
    }
}
