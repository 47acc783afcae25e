//! The stream of what changes.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::timeout;
use tower::ServiceExt;

use super::Server;

/// A stream being listened to.
struct Stream {
    body: Body,
    text: String,
}

/// What came of one block.
#[derive(Debug, PartialEq)]
struct Told {
    id: u64,
    event: Option<String>,
    data: Value,
}

impl Stream {
    async fn open(server: &Server, query: &str, last: Option<u64>) -> Self {
        let mut request =
            Request::builder().uri(format!("/midonet-api/events{query}")).header("host", "127.0.0.1:8181");
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let answer = server.service.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { body: answer.into_body(), text: String::new() }
    }

    /// The next block, be it a comment.
    async fn block(&mut self) -> Option<Told> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let told = Told {
                    id: field("id: ").unwrap().parse().unwrap(),
                    event: field("event: "),
                    data: field("data: ").map_or(Value::Null, |data| serde_json::from_str(&data).unwrap()),
                };
                self.text = rest.to_owned();
                return Some(told);
            }
            let frame = timeout(Duration::from_secs(20), self.body.frame()).await.expect("something")?;
            self.text.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
        }
    }

    /// The next event.
    async fn next(&mut self) -> Told {
        loop {
            let block = self.block().await.expect("an event");
            if block.event.is_some() {
                return block;
            }
        }
    }
}

/// Kinds and changes of an event.
fn changes(told: &Told) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    told.data["changes"].as_array().unwrap().iter().map(|c| (text(&c["kind"]), text(&c["change"]))).collect()
}

fn one(kind: &str, change: &str) -> Vec<(String, String)> {
    vec![(kind.to_owned(), change.to_owned())]
}

#[tokio::test]
async fn each_commit_is_told_with_what_it_did() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, "", None).await;
    let begin = stream.block().await.unwrap();
    let bridge = server.create("/bridges", json!({})).await;
    let told = stream.next().await;
    assert_eq!(
        (told.id, told.event.as_deref(), told.data["version"].as_u64()),
        (begin.id + 1, Some("commit"), Some(begin.id + 1))
    );
    assert_eq!(
        told.data["changes"],
        json!([{
            "kind": "Bridge", "id": bridge, "change": "created",
            "uri": format!("http://127.0.0.1:8181/midonet-api/bridges/{bridge}"),
        }])
    );
    server.write("PUT", &format!("/bridges/{bridge}"), json!({"name": "b"})).await;
    assert_eq!(changes(&stream.next().await), one("Bridge", "updated"));
    server.send("DELETE", &format!("/bridges/{bridge}"), &[], "").await;
    assert_eq!(changes(&stream.next().await), one("Bridge", "deleted"));
}

#[tokio::test]
async fn a_stream_goes_on_where_the_last_one_ended() {
    let server = Server::start().await;
    let mut first = Stream::open(&server, "", None).await;
    server.create("/bridges", json!({})).await;
    let last = first.next().await;
    drop(first);
    server.create("/chains", json!({})).await;
    server.create("/routers", json!({})).await;
    for mut again in [
        Stream::open(&server, "", Some(last.id)).await,
        Stream::open(&server, &format!("?since={}", last.id), None).await,
        Stream::open(&server, "?since=0", Some(last.id)).await,
    ] {
        assert_eq!(changes(&again.next().await), one("Chain", "created"));
        assert_eq!(changes(&again.next().await), one("Router", "created"));
    }
}

#[tokio::test]
async fn history_that_is_gone_is_told_and_the_stream_goes_on() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, "?since=999999", None).await;
    let reset = stream.next().await;
    assert_eq!((reset.event.as_deref(), &reset.data), (Some("reset"), &json!({ "version": reset.id })));
    server.create("/bridges", json!({})).await;
    assert_eq!(stream.next().await.id, reset.id + 1);
}

#[tokio::test]
async fn only_kinds_and_tenants_asked_for_are_told() {
    let server = Server::start().await;
    let mut ports = Stream::open(&server, "?kind=port,Rule", None).await;
    let mut mine = Stream::open(&server, "?tenant_id=me", None).await;
    let theirs = server.create("/bridges", json!({"tenantId": "them"})).await;
    server.create(&format!("/bridges/{theirs}/ports"), json!({})).await;
    let bridge = server.create("/bridges", json!({"tenantId": "me"})).await;
    server.create(&format!("/bridges/{bridge}/ports"), json!({})).await;
    server.write("PUT", &format!("/bridges/{bridge}"), json!({"tenantId": "them"})).await;
    assert_eq!(changes(&ports.next().await), one("Port", "created"));
    assert_eq!(changes(&mine.next().await), one("Bridge", "created"));
    assert_eq!(changes(&mine.next().await), one("Port", "created"));
    assert_eq!(changes(&mine.next().await), one("Bridge", "deleted"));
}

#[tokio::test]
async fn parameters_that_cannot_be_read_are_refused() {
    let server = Server::start().await;
    for (query, property) in [("since=x", "since"), ("since=-1", "since"), ("kind=Nonsense", "kind")] {
        let answer = server.send("GET", &format!("/events?{query}"), &[], "").await;
        assert_eq!(answer.violations(), [property]);
    }
    assert_eq!(
        server.send("GET", "/events", &[("last-event-id", "x")], "").await.violations(),
        ["Last-Event-ID"]
    );
    assert_eq!(server.send("GET", "/events", &[("accept", "application/json")], "").await.status, 406);
}

#[tokio::test]
async fn streams_end_with_the_server() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, "", None).await;
    stream.block().await.unwrap();
    server.ending.cancel();
    assert_eq!(stream.block().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_stream_on_which_nothing_happens_is_kept_alive() {
    let server = Server::start().await;
    let mut stream = Stream::open(&server, "", None).await;
    let begin = stream.block().await.unwrap();
    let heartbeat = stream.block().await.unwrap();
    assert_eq!((heartbeat.id, heartbeat.event), (begin.id, None));
}
