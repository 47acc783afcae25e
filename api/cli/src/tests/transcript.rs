//! Sessions as they were recorded, line by line.

use harness::rest::RestServer;

use super::User;
use super::double::Double;
use crate::alias::Aliases;

/// Recorded from the command line of MidoNet 5.8.
const MIDONET: &str = include_str!("../../tests/transcript.txt");
/// The part of it that the server offers, and more, in our words.
const OURS: &str = include_str!("../../tests/session.txt");

/// Says every command of a transcript, and sees that the rest is what is printed.
async fn follows(transcript: &str, url: &str) {
    let mut user = User::new(url, Aliases::on());
    let (mut expected, mut happened) = (String::new(), String::new());
    for line in transcript.lines() {
        expected += &format!("{}\n", without_mac(line));
        if let Some(command) = line.strip_prefix("midonet> ") {
            happened += &format!("{line}\n{}", without_mac(&user.say(command).await));
        }
    }
    assert_eq!(happened, expected);
}

/// MAC addresses are the server's choice.
fn without_mac(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.starts_with("ac:ca:ba:") { "MAC" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_session_goes_as_it_was_recorded_from_midonet() {
    follows(MIDONET, &Double::start().await.url).await;
}

#[tokio::test]
async fn a_session_with_the_server_goes_as_written_down() {
    follows(OURS, &RestServer::start(&[]).await.unwrap().url).await;
}

#[tokio::test]
async fn what_the_server_offers_goes_as_recorded_there_too() {
    // Without what concerns objects that the server does not offer yet, and where the words are the server's.
    let later = ["dhcp", "load-balancer", "health-monitor", "qos-policy", "rule"];
    let mut known = String::new();
    let mut is_known = true;
    let mut lines = MIDONET.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("midonet> ") {
            let is_refused = lines.peek().is_some_and(|next| next.starts_with("Internal error"));
            is_known = !later.iter().any(|word| line.contains(word)) && !is_refused;
        }
        if is_known {
            known += &format!("{line}\n");
        }
    }
    follows(&known, &RestServer::start(&[]).await.unwrap().url).await;
}
