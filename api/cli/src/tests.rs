//! A session against a server in memory, as on a terminal.

use api_client::Client;
use harness::rest::RestServer;

use crate::alias::Aliases;
use crate::session::{Debug, Outcome, Session};

const HOST: &str = "00000000-0000-4000-8000-000000000001";
/// Commands behind the prompt, and what they print.
const TRANSCRIPT: &str = include_str!("../tests/transcript.txt");

async fn server() -> RestServer {
    RestServer::start(&[(HOST.parse().unwrap(), "hv1")]).await.unwrap()
}

fn session(server: &RestServer, tenant: Option<&str>, aliases: Aliases) -> Session {
    Session::new(Client::new(&server.url).unwrap(), tenant.map(str::to_owned), aliases, Debug::Off)
}

async fn say(session: &mut Session, line: &str) -> String {
    match session.run(line).await {
        Ok(Outcome::Text(text)) => text,
        Ok(Outcome::Exit) => String::new(),
        Err(error) => format!("{error}\n"),
    }
}

#[tokio::test]
async fn a_terminal_session_goes_as_in_the_transcript() {
    let server = server().await;
    let mut session = session(&server, None, Aliases::on());
    let mut expected = String::new();
    let mut happened = String::new();
    for line in TRANSCRIPT.lines() {
        expected += &format!("{line}\n");
        if let Some(command) = line.strip_prefix("midonet> ") {
            happened += &format!("{line}\n{}", without_mac(&say(&mut session, command).await));
        }
    }
    assert_eq!(happened, expected);
}

/// MAC addresses are the server's choice.
fn without_mac(text: &str) -> String {
    let mut words = text.split(' ').map(|word| if word.starts_with("ac:ca:ba:") { "MAC" } else { word });
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + " " + word)
}

#[tokio::test]
async fn a_single_command_speaks_in_ids() {
    let server = server().await;
    let mut session = session(&server, None, Aliases::off());
    let bridge = say(&mut session, "bridge create name red").await;
    let bridge = bridge.trim_end();
    assert_eq!(bridge.len(), 36, "{bridge}");
    assert_eq!(say(&mut session, "bridge list").await, format!("bridge {bridge} name red state up\n"));
    let zone = say(&mut session, "tunnel-zone create name z type vxlan").await;
    let zone = zone.trim_end();
    let member = format!("zone {zone} host {HOST} address 192.0.2.1\n");
    let add = format!("tunnel-zone {zone} add member host {HOST} address 192.0.2.1");
    assert_eq!(say(&mut session, &add).await, member);
    assert_eq!(say(&mut session, &format!("tunnel-zone {zone} list member")).await, member);
    let port = say(&mut session, &format!("bridge {bridge} add port")).await;
    let bind = format!("host {HOST} add binding port {} interface tap0", port.trim_end());
    let bound = say(&mut session, &bind).await;
    assert_eq!(bound, format!("host {HOST} interface tap0 port {port}"));
    assert_eq!(say(&mut session, &format!("host {HOST} list binding")).await, bound);
    assert_eq!(say(&mut session, &format!("host {HOST} delete binding {}", port.trim_end())).await, "");
    assert_eq!(say(&mut session, &format!("host {HOST} list binding")).await, "");
}

#[tokio::test]
async fn a_tenant_owns_what_is_created_and_narrows_lists() {
    let server = server().await;
    let mut session = session(&server, Some("t"), Aliases::on());
    say(&mut session, "bridge create name mine").await;
    say(&mut session, "sett u").await;
    assert_eq!(say(&mut session, "bridge list").await, "");
    say(&mut session, "cleart").await;
    assert_eq!(say(&mut session, "bridge list").await, "bridge bridge0 tenant t name mine state up\n");
}

#[tokio::test]
async fn what_the_server_refuses_is_told_with_the_properties() {
    let server = server().await;
    let mut session = session(&server, None, Aliases::on());
    say(&mut session, "router create name edge").await;
    let answer = say(&mut session, "router router0 add port address 10.0.7.0 net 10.0.7.0/24").await;
    assert!(answer.contains("\n  address: 10.0.7.0") && answer.contains("400"), "{answer}");
    let answer = say(&mut session, "bridge 00000000-dead-4bad-8bad-000000000000 show").await;
    assert!(answer.contains("There is no Network"), "{answer}");
}
