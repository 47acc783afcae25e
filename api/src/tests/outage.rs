//! The NSDB out of reach: reads from memory, 503 for the rest.

use std::sync::Arc;

use nsdb::coordinator::{Memory, Resume};
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::Server;
use crate::auth::{Auth, Authority};
use crate::live::Readiness;
use crate::server::application;

#[tokio::test]
async fn until_the_topology_is_loaded_the_answer_is_503_with_the_reason() {
    let (_readiness, state) = watch::channel(Readiness::Loading("no server answers".into()));
    let request = |path: &str| {
        let uri = format!("/midonet-api{path}");
        axum::extract::Request::builder()
            .uri(uri)
            .header("accept", "*/*")
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let authority = Arc::new(Authority::new(Auth::None, Arc::new(Memory::new("test"))).unwrap());
    let service = application(state, authority, CancellationToken::new());
    let answer = service.clone().oneshot(request("/bridges")).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    let body = axum::body::to_bytes(answer.into_body(), 1 << 16).await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("no server answers"));
    assert_eq!(service.oneshot(request("/")).await.unwrap().status(), 200);
}

#[tokio::test]
async fn in_an_outage_reads_go_on_and_writes_are_503() {
    let server = Server::start().await;
    let bridge = server.create("/bridges", json!({"name": "b"})).await;
    server.coordinator.interrupt();
    assert_eq!(server.get(&format!("/bridges/{bridge}")).await["name"], "b");
    let refused = server.write("POST", "/bridges", json!({})).await;
    assert_eq!(refused.status, 503);
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(server.get("/system_state").await["availability"], "READONLY");
    server.coordinator.resume(Resume::SameSession);
    for _ in 0..200 {
        if server.write("POST", "/bridges", json!({})).await.status == 201 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("writes stay refused");
}
