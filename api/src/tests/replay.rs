//! Recorded requests, replayed: the answers must be those that were recorded.
//!
//! Ids that the recorded server chose are mapped to ours. MAC addresses, tunnel keys and what a host's interfaces are do
//! not compare; lists come in any order, and may lack what the recording had besides.

use std::net::IpAddr;

use nsdb::presence::{Endpoint, HostState, Instance, Interface, InterfaceKind, Presence};
use serde_json::Value;

use super::{Answer, HOST, Server};

const RECORDED: &str = include_str!("../../tests/recorded/contract.jsonl");
const VENDOR: &str = "application/vnd.org.midonet.";
const BASE: &str = "http://127.0.0.1:8181/midonet-api";
/// The server's choice, or the machine's, or the hour's.
const VOLATILE: &[&str] = &["tunnelKey", "portMac", "hostInterfaces", "addresses", "creationTimestampMs"];
/// Statuses whose bodies the reference leaves empty, and ours explain.
const EXPLAINED: &[u64] = &[405, 406, 415];

#[tokio::test]
async fn answers_are_those_recorded() {
    let server = Server::start().await;
    let _presence = live_host(&server).await;
    let mut ids: Vec<(String, String)> = Vec::new();
    let mut wrong = Vec::new();
    for line in RECORDED.lines() {
        let line = ids.iter().fold(line.to_owned(), |line, (theirs, ours)| line.replace(theirs, ours));
        let exchange: Value = serde_json::from_str(&line).unwrap();
        let answer = replay(&server, &exchange).await;
        if let Some(theirs) = exchange["location"].as_str().filter(|_| answer.status == 201) {
            let ours = answer.headers["location"].to_str().unwrap();
            ids.push((last(theirs), last(ours)));
        }
        if let Err(difference) = compare(&exchange, &answer) {
            wrong.push(format!("{} ({}): {difference}", exchange["do"], exchange["note"]));
        }
    }
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
}

async fn replay(server: &Server, exchange: &Value) -> Answer {
    let (method, path) = exchange["do"].as_str().unwrap().split_once(' ').unwrap();
    let headers: Vec<(String, String)> = exchange["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().replace('@', VENDOR)))
        .collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let body = exchange.get("send").map(|body| body.to_string().replace('~', BASE)).unwrap_or_default();
    server.send(method, path, &headers, &body).await
}

fn compare(exchange: &Value, answer: &Answer) -> Result<(), String> {
    let status = exchange["status"].as_u64().unwrap();
    if status != u64::from(answer.status.as_u16()) {
        return Err(format!("{} instead of {status}: {}", answer.status, answer.body));
    }
    if EXPLAINED.contains(&status) {
        return Ok(());
    }
    let header = |name: &str| answer.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
    if let Some(expected) = exchange["type"].as_str().map(|t| t.replace('@', VENDOR))
        && header("content-type").as_ref() != Some(&expected)
    {
        return Err(format!("type {:?} instead of {expected}", header("content-type")));
    }
    if let Some(expected) = exchange["location"].as_str() {
        let pattern = |l: &str| l.rsplit_once('/').map(|(path, _)| path.to_owned());
        let ours = header("location").unwrap_or_default().replace(BASE, "~");
        if pattern(&ours) != pattern(expected) {
            return Err(format!("location {ours} instead of {expected}"));
        }
    }
    match exchange.get("answer") {
        None if answer.body.is_empty() || exchange["note"] == "prepared" => Ok(()),
        None => Err(format!("a body: {}", answer.body)),
        Some(expected) => {
            let ours: Value =
                serde_json::from_str(&answer.body.replace(BASE, "~")).map_err(|error| error.to_string())?;
            same(expected, &ours)
        }
    }
}

fn same(expected: &Value, ours: &Value) -> Result<(), String> {
    match (expected, ours) {
        (Value::Object(expected), Value::Object(ours)) => {
            let names = |map: &serde_json::Map<String, Value>| {
                let mut names: Vec<String> = map.keys().cloned().collect();
                names.sort();
                names
            };
            if names(expected) != names(ours) {
                return Err(format!("properties {:?} instead of {:?}", names(ours), names(expected)));
            }
            expected
                .iter()
                .filter(|(name, _)| !VOLATILE.contains(&name.as_str()))
                .try_for_each(|(name, value)| same(value, &ours[name]).map_err(|e| format!("{name}: {e}")))
        }
        (Value::Array(expected), Value::Array(ours)) => {
            if expected.is_empty() && !ours.is_empty() {
                return Err(format!("{ours:?} instead of nothing"));
            }
            expected.iter().try_for_each(|item| match item["id"].as_str() {
                Some(id) => match ours.iter().find(|o| o["id"] == id) {
                    Some(own) => same(item, own),
                    None => Ok(()),
                },
                None if ours.iter().any(|own| same(item, own).is_ok()) || item["mac"].is_string() => Ok(()),
                None => Err(format!("no {item}")),
            })
        }
        _ if expected == ours => Ok(()),
        _ => Err(format!("{ours} instead of {expected}")),
    }
}

fn last(location: &str) -> String {
    location.rsplit('/').next().unwrap().to_owned()
}

/// Makes the host alive, with the interface that the recording reads.
async fn live_host(server: &Server) -> (Presence, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let instance = Instance::holding(file.as_file(), "hv1").unwrap();
    let host = HOST.parse().unwrap();
    let presence = Presence::claim(server.coordinator.clone(), host, instance).await.unwrap();
    let addresses: [IpAddr; 2] =
        ["172.16.0.1".parse().unwrap(), "fe80::60b5:6bff:fede:136a".parse().unwrap()];
    presence.publish(HostState {
        interfaces: vec![Interface {
            name: "eth0".into(),
            kind: InterfaceKind::Physical,
            mac: Some("62:b5:6b:de:13:6a".parse().unwrap()),
            mtu: 1600,
            up: true,
            has_link: true,
            addresses: addresses.to_vec(),
            endpoint: Endpoint::Unknown,
            port_type: None,
        }],
    });
    for _ in 0..500 {
        let host = server.get(&format!("/hosts/{HOST}")).await;
        if host["alive"] == true && host["hostInterfaces"] != Value::Array(Vec::new()) {
            return (presence, file);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the host did not come alive");
}
