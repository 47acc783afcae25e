//! The OpenAPI document: it tells of all that is served, and of nothing else.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::Server;

/// One line for each verb of each path. To take over a change: `MIDSPAN_BLESS=1 cargo test -p api openapi`.
const SHAPE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openapi.txt");

async fn document(server: &Server) -> Value {
    server.get("/openapi.json").await
}

fn paths(document: &Value) -> &Map<String, Value> {
    document["paths"].as_object().unwrap()
}

#[tokio::test]
async fn each_path_has_the_verbs_that_are_described_and_no_other() {
    let server = Server::start().await;
    let document = document(&server).await;
    for (path, verbs) in paths(&document) {
        let mut described: BTreeSet<String> =
            verbs.as_object().unwrap().keys().map(|v| v.to_uppercase()).collect();
        if described.contains("GET") {
            described.insert("HEAD".to_owned());
        }
        let refused = server.send("PATCH", &path.replace(['{', '}'], ""), &[], "").await;
        let allowed = refused.headers["allow"].to_str().unwrap();
        let allowed: BTreeSet<String> = allowed.split(',').map(|verb| verb.trim().to_owned()).collect();
        assert_eq!((refused.status.as_u16(), allowed), (405, described), "{path}");
    }
}

#[tokio::test]
async fn the_shape_of_the_document_is_as_it_was() {
    let server = Server::start().await;
    let document = document(&server).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut lines: Vec<String> = Vec::new();
    for (path, verbs) in paths(&document) {
        lines.extend(verbs.as_object().unwrap().iter().map(|(verb, operation)| line(path, verb, operation)));
    }
    lines.sort();
    let shape = lines.join("\n") + "\n";
    if std::env::var_os("MIDSPAN_BLESS").is_some() {
        std::fs::write(SHAPE, &shape).unwrap();
    }
    let recorded = std::fs::read_to_string(SHAPE).unwrap_or_default();
    let changed: Vec<_> = shape.lines().filter(|line| !recorded.contains(line)).collect();
    assert_eq!(recorded, shape, "new or changed:\n{}", changed.join("\n"));
}

/// Path, verb, what it takes, and what it answers with each status that not every verb of its kind has.
fn line(path: &str, verb: &str, operation: &Value) -> String {
    let mut line = format!("{path} {}", verb.to_uppercase());
    if !operation["requestBody"].is_null() {
        write!(line, " {}", content(&operation["requestBody"])).unwrap();
    }
    for (status, response) in operation["responses"].as_object().unwrap() {
        let is_usual = response["$ref"].is_string() && response["description"].is_null();
        if is_usual || status == "202" {
            continue;
        }
        write!(line, " {status}").unwrap();
        if !response["content"].is_null() {
            write!(line, " {}", content(response)).unwrap();
        }
    }
    line
}

fn content(of: &Value) -> String {
    let (_, first) = of["content"].as_object().unwrap().iter().next().unwrap();
    let schema = &first["schema"];
    let name =
        |schema: &Value| schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()).unwrap_or("?").to_owned();
    if schema["type"] == "array" { format!("[{}]", name(&schema["items"])) } else { name(schema) }
}

#[tokio::test]
async fn everything_referred_to_is_there() {
    let server = Server::start().await;
    let document = document(&server).await;
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn what_the_server_makes_is_read_and_not_written() {
    let server = Server::start().await;
    let document = document(&server).await;
    let schemas = &document["components"]["schemas"];
    let (read, written) = (&schemas["TunnelZone"], &schemas["TunnelZoneBody"]);
    assert_eq!(read["required"], serde_json::json!(["id", "name", "type", "hosts", "uri"]));
    assert_eq!(written["required"], serde_json::json!(["name", "type"]));
    let properties: BTreeSet<&String> = written["properties"].as_object().unwrap().keys().collect();
    assert_eq!(properties.into_iter().collect::<Vec<_>>(), ["id", "name", "type"]);
    assert_eq!(written["properties"]["type"]["enum"], serde_json::json!(["gre", "vxlan", "vtep"]));
}

#[tokio::test]
async fn every_write_can_wait_for_agents_and_nothing_else_can() {
    let server = Server::start().await;
    let document = document(&server).await;
    for (path, verbs) in paths(&document) {
        for (verb, operation) in verbs.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().unwrap();
            let waits = parameters.iter().any(|p| p["name"] == "wait" && p["in"] == "query");
            let writes = verb != "get" && path != "/login";
            assert_eq!((waits, operation["responses"]["202"].is_object()), (writes, writes), "{verb} {path}");
        }
    }
}

#[tokio::test]
async fn every_segment_of_a_path_and_every_kind_of_object_is_explained() {
    let server = Server::start().await;
    let document = document(&server).await;
    for (path, verbs) in paths(&document) {
        for operation in verbs.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().unwrap();
            let named = path.matches('{').count();
            assert_eq!(parameters.iter().filter(|p| p["in"] == "path").count(), named, "{path}");
            assert!(parameters.iter().all(|p| p["description"].is_string()), "{path}");
        }
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema["description"].is_string(), "{name}");
    }
}

#[tokio::test]
async fn the_pages_for_people_need_nothing_from_elsewhere() {
    let server = Server::start().await;
    let moved = server.send("GET", "/docs", &[], "").await;
    assert_eq!(
        (moved.status.as_u16(), &moved.headers["location"]),
        (302, &"/midonet-api/docs/index.html".parse().unwrap())
    );
    let page = server.send("GET", "/docs/index.html", &[], "").await;
    assert_eq!((page.status.as_u16(), &page.headers["content-type"]), (200, &"text/html".parse().unwrap()));
    assert!(!page.body.contains("http://") && !page.body.contains("https://"));
    for name in page.body.split("\"./").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert_eq!(server.send("HEAD", &format!("/docs/{name}"), &[], "").await.status, 200, "{name}");
    }
    let initializer = server.send("GET", "/docs/swagger-initializer.js", &[], "").await.body;
    assert!(initializer.contains("../openapi.json"));
    assert_eq!(server.send("GET", "/docs/nothing.js", &[], "").await.status, 404);
}
