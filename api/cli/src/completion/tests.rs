//! What is offered where.

use super::*;

fn aliases() -> Aliases {
    let mut aliases = Aliases::on();
    aliases.name("bridge", "b0", None);
    aliases.name("bridge", "b1", None);
    aliases.name("router", "r0", None);
    aliases.name("port", "p0", Some("b0"));
    aliases.name("port", "p1", Some("r0"));
    aliases.name("chain", "c0", None);
    aliases.name("host", "h0", None);
    aliases
}

fn after(line: &str) -> Expected {
    let done: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    expected(&done, &aliases())
}

fn offers(line: &str, words: &[&str]) {
    let expected = after(line).words;
    for word in words {
        assert!(expected.iter().any(|offered| offered == word), "{line:?} offers {expected:?}, not {word}");
    }
}

#[test]
fn the_tree_can_be_walked() {
    offers("", &["bridge", "system-state", "list", "help", "sett"]);
    offers("bridge", &["bridge0", "bridge1", "list", "create"]);
    offers("bridge bridge0", &["port", "dhcp", "show", "set", "delete"]);
    offers("router router0 port port0", &["remote-peers", "clear"]);
    offers("list", &["bridge", "host"]);
    offers("help", &["create", "bridge"]);
    offers("help bridge", &["port", "infilter"]);
    offers("help create bridge", &["port"]);
    offers("describe router", &["port", "route"]);
}

#[test]
fn objects_are_named_as_they_stand_below_their_parent() {
    assert_eq!(after("delete bridge bridge0 port").words, ["port0"]);
    offers("router router0 port", &["port0", "list", "create"]);
    assert!(!after("bridge bridge1 port").words.contains(&"port0".to_owned()));
}

#[test]
fn attributes_are_offered_once_and_then_their_values() {
    offers("bridge create", &["name", "state"]);
    let left = after("bridge bridge0 set name red").words;
    assert!(left.contains(&"state".to_owned()) && !left.contains(&"name".to_owned()), "{left:?}");
    assert_eq!(after("bridge bridge0 set state").words, ["down", "up"]);
    assert_eq!(after("bridge bridge0 set infilter").words, ["chain0"]);
    assert_eq!(after("router router0 port port0 set peer").words, ["bridge0:port0", "router0:port0"]);
    offers("chain chain0 add rule type", &["drop", "snat"]);
    assert_eq!(after("host host0 add binding port").words, ["bridge0:port0", "router0:port0"]);
    assert_eq!(after("tunnel-zone tzone0 delete member host").words, ["host0"]);
}

#[test]
fn only_what_is_possible_is_offered() {
    let clearable = after("router router0 port port0 clear").words;
    assert!(
        clearable.contains(&"peer".to_owned()) && !clearable.contains(&"mac".to_owned()),
        "{clearable:?}"
    );
    assert!(!after("host").words.contains(&"create".to_owned()));
    assert!(!after("bridge create").words.contains(&"id".to_owned()));
    assert!(after("bridge bridge0 set nonsense").words.is_empty());
    assert!(after("exit").words.is_empty());
}

#[test]
fn hints_say_what_a_value_looks_like() {
    assert_eq!(after("bridge bridge0 set state").hint, "up|down");
    assert_eq!(after("chain chain0 add rule src").hint, "ADDRESS[/LENGTH]");
    assert_eq!(after("bridge bridge0 clear").hint, "infilter|outfilter|qos-policy|in-mirrors|out-mirrors");
    assert_eq!(after("sett").hint, "TENANT");
    assert_eq!(after("debug").hint, "on|off");
}
