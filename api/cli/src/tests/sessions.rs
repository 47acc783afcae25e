//! Sessions against the server.

use harness::rest::RestServer;

use super::User;
use crate::alias::Aliases;

const HOST: &str = "00000000-0000-4000-8000-000000000001";

async fn server() -> RestServer {
    RestServer::start(&[(HOST.parse().unwrap(), "hv1")]).await.unwrap()
}

#[tokio::test]
async fn a_single_command_speaks_in_ids() {
    let server = server().await;
    let mut user = User::new(&server.url, Aliases::off());
    let bridge = user.say("bridge create name red").await;
    let bridge = bridge.trim_end();
    assert_eq!(bridge.len(), 36, "{bridge}");
    assert_eq!(user.say("bridge list").await, format!("bridge {bridge} name red state up\n"));
    let zone = user.say("tunnel-zone create name z type vxlan").await;
    let zone = zone.trim_end();
    let member = format!("zone {zone} host {HOST} address 192.0.2.1\n");
    let add = format!("tunnel-zone {zone} add member host {HOST} address 192.0.2.1");
    assert_eq!(user.say(&add).await, member);
    assert_eq!(user.say(&format!("tunnel-zone {zone} list member")).await, member);
    let port = user.say(&format!("bridge {bridge} add port")).await;
    let bind = format!("host {HOST} add binding port {} interface tap0", port.trim_end());
    let bound = user.say(&bind).await;
    assert_eq!(bound, format!("host {HOST} interface tap0 port {port}"));
    assert_eq!(user.say(&format!("host {HOST} list binding")).await, bound);
    assert_eq!(user.say(&format!("host {HOST} delete binding {}", port.trim_end())).await, "");
    assert_eq!(user.say(&format!("host {HOST} list binding")).await, "");
}

#[tokio::test]
async fn a_tenant_owns_what_is_created_and_narrows_lists() {
    let server = server().await;
    let mut user = User::of_tenant(&server.url, Aliases::on(), Some("t"));
    user.say("bridge create name mine").await;
    assert_eq!(user.say("bridge bridge0 show tenant").await, "t\n");
    assert_eq!(user.say("sett u").await, "tenant_id: u\n");
    assert_eq!(user.say("bridge list").await, "");
    assert_eq!(user.say("cleart").await, "tenant_id: None\n");
    assert_eq!(user.say("bridge list").await, "bridge bridge0 name mine state up\n");
    assert_eq!(user.say("bridge list tenant u").await, "");
}

#[tokio::test]
async fn what_the_server_refuses_is_told_at_the_attribute() {
    let server = server().await;
    let mut user = User::new(&server.url, Aliases::on());
    user.say("router create name edge").await;
    let answer = user.say("router router0 add port address 10.0.7.0 net 10.0.7.0/24").await;
    assert!(answer.starts_with("Internal error: {"), "{answer}");
    assert!(answer.contains("\n  address 10.0.7.0: "), "{answer}");
    let name = "x".repeat(256);
    let answer = user.say(&format!("router router0 set name {name}")).await;
    assert!(answer.contains(&format!("\n  name {name}: size must be between 0 and 255")), "{answer}");
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let server = server().await;
    let mut user = User::new(&server.url, Aliases::on());
    let id = "00000000-dead-4bad-8bad-000000000000";
    assert_eq!(user.say(&format!("bridge {id} show")).await, format!("There is no bridge {id} here.\n"));
    assert_eq!(user.say("bridge bridge7 set name x").await, "Syntax error at: ...bridge7 set name x\n");
    assert_eq!(user.say("bridge name red show").await, "There is no bridge name red here.\n");
    user.say("bridge create name red").await;
    user.say("bridge create name red").await;
    assert!(user.say("bridge name red show").await.starts_with("There are 2 of bridge name red here"));
    assert_eq!(user.say("pool-statistic list").await, "The server does not offer pool-statistic.\n");
}

#[tokio::test]
async fn attributes_that_cannot_be_changed_say_so() {
    let server = server().await;
    let mut user = User::new(&server.url, Aliases::on());
    user.say("bridge create name red").await;
    user.say("bridge bridge0 add port").await;
    user.say("chain create name guard").await;
    user.say("chain chain0 add rule type drop").await;
    for (line, message) in [
        ("bridge bridge0 port port0 set plugged yes", "User error: plugged is a read-only attribute."),
        ("bridge bridge0 clear name", "User error: name cannot be cleared."),
        ("port bridge0:port0 set mac 02:00:00:00:00:01", "Syntax error at: ...mac 02:00:00:00:00:01"),
        (
            "chain chain0 rule rule0 set type accept",
            "A rule cannot be changed: delete it and create another.",
        ),
        (
            "bridge bridge0 set infilter chain7",
            "infilter: `chain7` is not a chain: neither a name of this session nor an id",
        ),
        ("bridge bridge0 set name", "Missing arguments, incomplete command"),
        ("interface list", "Syntax error at: ...interface list"),
    ] {
        assert_eq!(user.say(line).await, format!("{message}\n"), "{line}");
    }
}

#[tokio::test]
async fn a_reference_may_be_a_path() {
    let server = server().await;
    let mut user = User::new(&server.url, Aliases::on());
    for line in ["bridge create name red", "bridge bridge0 add port", "router create name edge"] {
        user.say(line).await;
    }
    user.say("router router0 add port addresses 10.0.0.1/24 peer bridge bridge0 port port0").await;
    assert_eq!(
        user.say("bridge bridge0 port port0 peer show").await.split(" mac ").next().unwrap(),
        "port router0:port0 device router0 state up plugged no"
    );
    assert_eq!(user.say("router router0 port port0 clear peer").await, "");
    assert_eq!(user.say("router router0 port port0 show peer").await, "");
    user.say("chain create name guard").await;
    assert_eq!(user.say("bridge bridge0 set infilter chain chain0 state down").await, "");
    assert_eq!(user.say("bridge bridge0 show").await, "bridge bridge0 name red state down infilter chain0\n");
}

#[tokio::test]
async fn many_ports_of_others_are_asked_for_at_once() {
    let server = server().await;
    let mut user = User::new(&server.url, Aliases::on());
    for line in ["bridge create name red", "port-group create name all"] {
        user.say(line).await;
    }
    for _ in 0..6 {
        let port = user.say("bridge bridge0 add port").await;
        user.say(&format!("port-group pgroup0 add member port {}", port.trim_end())).await;
    }
    let mut other = User::new(&server.url, Aliases::on());
    other.say("port-group list").await;
    let members = other.say("port-group pgroup0 list member").await;
    assert_eq!(members.matches("port-group pgroup0 port bridge0:port").count(), 6, "{members}");
}
