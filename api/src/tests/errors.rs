//! Bad input: a status and a body that name what is wrong.

use serde_json::json;

use super::{HOST, Server};

#[tokio::test]
async fn a_body_that_cannot_be_read_is_400_with_the_reason() {
    let server = Server::start().await;
    for body in ["", "null", "[]", "{\"name\":", "\"x\"", "\u{0}"] {
        let answer = server.send("POST", "/bridges", &[("content-type", "application/json")], body).await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert_eq!(answer.headers["content-type"], "application/vnd.org.midonet.Error-v1+json");
        assert_eq!(answer.json()["code"], 400);
        assert!(answer.json()["message"].as_str().is_some_and(|m| !m.is_empty()));
    }
}

#[tokio::test]
async fn wrong_types_name_their_properties() {
    let server = Server::start().await;
    let body = json!({"name": 7, "adminStateUp": "up", "inboundFilterId": "x", "tenantId": ["t"]});
    let answer = server.write("POST", "/bridges", body).await;
    assert_eq!(answer.violations(), ["tenantId", "name", "adminStateUp", "inboundFilterId"]);
}

#[tokio::test]
async fn references_to_nothing_are_404() {
    let server = Server::start().await;
    let unknown = "00000000-dead-4bad-8bad-000000000000";
    for property in ["inboundFilterId", "qosPolicyId"] {
        assert_eq!(server.write("POST", "/bridges", json!({ property: unknown })).await.status, 404);
    }
    let router = json!({"loadBalancerId": unknown});
    assert_eq!(server.write("POST", "/routers", router).await.status, 404);
}

#[tokio::test]
async fn what_is_not_there_is_404_and_deleted_already() {
    let server = Server::start().await;
    for path in ["/routers/not-a-uuid", "/ports/00000000-dead-4bad-8bad-000000000000", "/hosts/x/interfaces"]
    {
        assert_eq!(server.send("GET", path, &[("accept", "*/*")], "").await.status, 404, "{path}");
    }
    for path in ["/routers/not-a-uuid", "/ports/00000000-dead-4bad-8bad-000000000000", "/ports/x/link"] {
        assert_eq!(server.send("DELETE", path, &[], "").await.status, 204, "{path}");
    }
    for path in ["/bridges/not-a-uuid", "/chains/not-a-uuid", "/l2insertions/x", "/hosts/x", "/vteps/x"] {
        assert_eq!(server.delete(path).await, 404, "{path}: but for these");
    }
    assert_eq!(server.write("PUT", "/bridges/not-a-uuid", json!({})).await.status, 404);
}

#[tokio::test]
async fn a_verb_that_a_resource_does_not_have_is_405() {
    let server = Server::start().await;
    for (method, path) in
        [("PUT", "/chains"), ("DELETE", "/bridges"), ("POST", "/hosts"), ("PUT", "/rules/x")]
    {
        let answer = server.write(method, path, json!({})).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert!(answer.headers.contains_key("allow"));
    }
}

#[tokio::test]
async fn a_body_too_large_is_413() {
    let server = Server::start().await;
    let name = "x".repeat(2 << 20);
    assert_eq!(server.write("POST", "/bridges", json!({ "name": name })).await.status, 413);
}

#[tokio::test]
async fn a_host_must_be_in_a_zone_before_a_port_is_bound_to_it() {
    let server = Server::start().await;
    let bridge = server.create("/bridges", json!({})).await;
    let port = server.create(&format!("/bridges/{bridge}/ports"), json!({})).await;
    let binding = json!({"portId": port, "interfaceName": "tap0"});
    let path = format!("/hosts/{HOST}/ports");
    assert_eq!(server.write("POST", &path, binding.clone()).await.status, 409);
    server.zone().await;
    assert_eq!(server.write("POST", &path, binding).await.status, 201);
    let nameless = server.write("POST", &path, json!({"portId": port})).await;
    assert_eq!(nameless.violations(), ["interfaceName"]);
}

#[tokio::test]
async fn uris_stand_under_the_host_that_was_called() {
    let server = Server::start().await;
    let bridge = server.create("/bridges", json!({})).await;
    let request = axum::extract::Request::builder()
        .uri(format!("/midonet-api/bridges/{bridge}"))
        .header("host", "api.example:99")
        .header("accept", "*/*")
        .header("accept-encoding", "gzip")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = tower::ServiceExt::oneshot(server.service.clone(), request).await.unwrap();
    let location = server.get(&format!("/bridges/{bridge}")).await;
    assert_eq!(location["uri"], format!("http://127.0.0.1:8181/midonet-api/bridges/{bridge}"));
    assert_eq!(answer.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn browsers_may_call_from_anywhere() {
    let server = Server::start().await;
    let headers = [("origin", "http://example.org"), ("access-control-request-method", "POST")];
    let answer = server.send("OPTIONS", "/bridges", &headers, "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
}
