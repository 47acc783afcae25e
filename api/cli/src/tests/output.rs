//! The same report as lines, as a table and as JSON.

use serde_json::{Value, json};

use super::User;
use super::double::Double;
use crate::alias::Aliases;
use crate::output::Format;

/// A session with two bridges, a port and a rule.
async fn user() -> User {
    let server = Double::start().await;
    let mut user = User::of_tenant(&server.url, Aliases::on(), Some("t"));
    for line in [
        "bridge create name red",
        "bridge create name 'red wine' state down",
        "bridge bridge0 add port vlan 7",
        "chain create name guard",
        "chain chain0 add rule proto 6 dst-port 22 type drop",
    ] {
        user.say(line).await;
    }
    user
}

#[tokio::test]
async fn lines_are_in_the_words_of_commands() {
    let mut user = user().await;
    let lines = "bridge bridge0 name red state up\nbridge bridge1 name \"red wine\" state down\n";
    assert_eq!(user.say("bridge list").await, lines);
    assert_eq!(user.say("bridge bridge1 show name").await, "red wine\n");
    assert_eq!(user.say("bridge bridge1 show name state infilter").await, "red wine\ndown\n");
}

#[tokio::test]
async fn a_table_has_the_columns_that_are_used_and_the_tenant() {
    let mut user = user().await;
    user.output.format = Format::Table;
    let table = "\
BRIDGE   TENANT  NAME      STATE
bridge0  t       red       up
bridge1  t       red wine  down
";
    assert_eq!(user.say("bridge list").await, table);
    assert_eq!(user.say("router list").await, "");
    let sheet = user.say("chain chain0 rule rule0 show").await;
    assert!(sheet.starts_with("rule                    chain0:rule0\nid                      "), "{sheet}");
    assert!(sheet.contains("\nproto                   6\n"), "{sheet}");
    assert_eq!(user.say("bridge create name blue").await, "bridge2\n");
}

#[tokio::test]
async fn json_is_as_the_api_has_it() {
    let mut user = user().await;
    user.output.format = Format::Json;
    let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    let list = parsed(user.say("bridge list").await);
    assert_eq!(list[1]["name"], "red wine");
    assert_eq!(parsed(user.say("bridge bridge0 show").await)["adminStateUp"], true);
    assert_eq!(parsed(user.say("bridge bridge0 show name").await), json!("red"));
    assert_eq!(parsed(user.say("bridge bridge0 show name state").await), json!(["red", true]));
    assert_eq!(parsed(user.say("bridge bridge0 show infilter").await), Value::Null);
    assert_eq!(parsed(user.say("bridge create name blue").await)["name"], "blue");
    assert_eq!(parsed(user.say("router list").await), json!([]));
    assert_eq!(user.say("bridge bridge0 set name red").await, "");
}

#[tokio::test]
async fn help_is_there_at_every_level() {
    let mut user = user().await;
    let create = user.say("help create").await;
    assert!(create.contains("[OBJECT] create COLLECTION") && create.contains("load-balancer"), "{create}");
    assert!(!create.contains("system-state") && !create.contains("  host "), "{create}");
    let bridge = user.say("help bridge").await;
    assert!(bridge.starts_with("bridge: a virtual switch"), "{bridge}");
    assert!(bridge.contains("infilter") && bridge.contains("dhcp: a subnet"), "{bridge}");
    let rule = user.say("help create chain rule").await;
    assert!(rule.contains("dst-port") && rule.contains("[!]NUMBER[-NUMBER]"), "{rule}");
    assert!(!user.say("help clear chain rule").await.contains("dst-port"));
    let attribute = user.say("help router port addresses").await;
    assert_eq!(attribute.lines().count(), 1);
    assert!(attribute.contains("ADDRESS/LENGTH,…") && attribute.contains("set, clear"), "{attribute}");
    assert!(user.say("help bridge bridge0 dhcp").await.contains("Called by its subnet"));
    assert_eq!(user.say("help nonsense").await, "Syntax error at: ...nonsense\n");
    assert_eq!(user.say("help bridge nonsense").await, "Syntax error at: ...nonsense\n");
}
