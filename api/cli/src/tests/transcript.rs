//! Sessions as they were recorded, line by line.

use harness::rest::RestServer;

use super::User;
use super::double::Double;
use crate::alias::Aliases;

/// Recorded from the command line of MidoNet 5.8.
const MIDONET: &str = include_str!("../../tests/transcript.txt");
/// The part of it that the server offers, and more, in our words.
const OURS: &str = include_str!("../../tests/session.txt");
/// A life of an object of every kind.
const KINDS: &str = include_str!("../../tests/kinds.txt");

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
async fn a_session_with_the_server_goes_as_it_was_recorded_from_midonet() {
    follows(MIDONET, &RestServer::start(&[]).await.unwrap().url).await;
}

#[tokio::test]
async fn every_kind_of_object_goes_with_the_server() {
    follows(KINDS, &RestServer::start(&[]).await.unwrap().url).await;
}
