//! Ways to say the same, and what is not understood.

use super::*;

/// A command in short: collections with the objects meant, the verb, and the rest.
fn parsed(line: &str) -> (Vec<String>, Verb, String) {
    let command = parse(line).unwrap().unwrap();
    let path = command.path.iter().map(|step| match &step.which {
        None => step.child.name.to_owned(),
        Some(Which::Only) => format!("{}=", step.child.name),
        Some(Which::Named { name, .. }) => format!("{}={name}", step.child.name),
        Some(Which::Having(pairs)) => {
            let pairs: Vec<String> =
                pairs.iter().map(|p| format!("{}:{}", p.attribute.name, p.value)).collect();
            format!("{}={}", step.child.name, pairs.join(","))
        }
    });
    (path.collect(), command.verb, command.rest.join(" "))
}

fn refused(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn the_verb_may_stand_before_within_or_behind_the_path() {
    for (one, other) in [
        ("chain C rule R delete", "chain C delete rule R"),
        ("chain C rule R delete", "delete chain C rule R"),
        ("router R list port", "router R port list"),
        ("router R list port", "list router R port"),
        ("list bridge", "bridge list"),
        ("bridge create name red", "create bridge name red"),
        ("bridge B add port vlan 7", "bridge B port create vlan 7"),
        ("bridge B add port vlan 7", "create bridge B port vlan 7"),
        ("bridge B set name x", "set bridge B name x"),
        ("bridge B clear infilter", "clear bridge B infilter"),
        ("bridge B show name", "show bridge B name"),
        ("bridge B show name", "bridge B name show"),
        ("bridge B sh name", "s bridge B name"),
        ("system-state show state", "show system-state state"),
        ("tunnel-zone Z delete member host H", "tunnel-zone Z member host H delete"),
    ] {
        assert_eq!(parsed(one), parsed(other), "{one} | {other}");
    }
}

#[test]
fn attributes_follow_the_path() {
    assert_eq!(
        parsed("bridge B add port vlan 7"),
        (vec!["bridge=B".into(), "port".into()], Verb::Create, "vlan 7".into())
    );
    assert_eq!(parsed("router R port P set peer Q").2, "peer Q");
    assert_eq!(parsed("bridge create name 'red wine'").2, "name red wine");
    assert_eq!(parsed("router R list route dst 0.0.0.0/0").2, "dst 0.0.0.0/0");
}

#[test]
fn an_object_may_be_told_by_values_that_only_it_has() {
    let path = |line| parsed(line).0.join(" ");
    assert_eq!(path("vtep management-ip 192.0.2.4 show name"), "vtep=management-ip:192.0.2.4");
    assert_eq!(
        path("bridge B dhcp subnet 10.0.0.0/24 add host name h"),
        "bridge=B dhcp=subnet:10.0.0.0/24 host"
    );
    assert_eq!(path("create bridge name red port vlan 3"), "bridge=name:red port");
    let binding = "vtep V delete binding physical-port in1 vlan 142 network-id N";
    assert_eq!(path(binding), "vtep=V binding=physical-port:in1,vlan:142,network-id:N");
    let (path, _, rest) = parsed("set bridge name red name blue state up");
    assert_eq!((path.join(" ").as_str(), rest.as_str()), ("bridge=name:red", "name blue state up"));
}

#[test]
fn what_is_described_need_not_be_there() {
    assert_eq!(parsed("describe"), (vec![], Verb::Describe, String::new()));
    assert_eq!(parsed("describe router port").0, ["router", "port"]);
    assert_eq!(parsed("router router0 port port2 describe").0, ["router=router0", "port=port2"]);
}

#[test]
fn what_is_not_understood_is_named() {
    assert_eq!(refused("nonsense list"), "Syntax error at: ...nonsense list");
    assert_eq!(refused("bridge B delete name"), "Syntax error at: ...name");
    assert_eq!(refused("bridge B nonsense"), "Syntax error at: ...nonsense");
    assert_eq!(refused("bridge create name 'x"), "Syntax error: unmatched quote");
    assert_eq!(refused("sett a b"), "Syntax error at: ...a b");
    assert_eq!(refused("debug maybe"), "Syntax error at: ...maybe");
    for line in
        ["bridge", "bridge B", "bridge B set", "show", "list", "create", "bridge B clear", "sett", "debug"]
    {
        assert_eq!(refused(line), "Missing arguments, incomplete command", "{line}");
    }
    assert_eq!(refused("host create name x"), "host: objects of this type are not created by hand");
}

#[test]
fn empty_lines_and_remarks_are_nothing() {
    for line in ["", "   ", "  # a remark"] {
        assert!(parse(line).unwrap().is_none(), "{line:?}");
    }
}
