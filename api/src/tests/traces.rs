//! Trace requests.

use serde_json::{Value, json};

use super::{NOTHING, Server};

fn request(kind: &str, device: &str) -> Value {
    json!({"name": "tr", "deviceType": kind, "deviceId": device, "condition": {"nwProto": 1}})
}

#[tokio::test]
async fn a_request_is_created_read_listed_updated_and_deleted() {
    let server = Server::start().await;
    let (bridge, _) = server.bridge_with_ports::<0>().await;
    let id = server.create("/traces", request("BRIDGE", &bridge)).await;
    let path = format!("/traces/{id}");
    let kept = server.get(&path).await;
    assert_eq!((&kept["deviceType"], &kept["deviceId"]), (&json!("BRIDGE"), &json!(bridge)));
    assert_eq!((&kept["limit"], &kept["enabled"]), (&json!(i64::MAX), &json!(false)));
    assert_eq!(kept["condition"]["nwProto"], 1);
    let made = kept["creationTimestampMs"].as_u64().unwrap();
    assert!(made > 1_700_000_000_000, "{made}");
    assert_eq!(server.get("/traces").await, json!([kept]));

    let mut body = kept.clone();
    body["enabled"] = json!(true);
    body["limit"] = json!(5);
    assert_eq!(server.write("PUT", &path, body.clone()).await.status, 204);
    assert_eq!(server.get(&path).await, body);
    assert_eq!(server.write("PUT", &path, request("BRIDGE", &bridge)).await.status, 204);
    assert_eq!(server.get(&path).await, kept, "reset, but made when it was made");
    let given = json!({"creationTimestampMs": 7});
    let mut body = request("BRIDGE", &bridge);
    body.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
    assert_eq!(server.write("PUT", &path, body).await.status, 204);
    assert_eq!(server.get(&path).await["creationTimestampMs"], 7);
    server.delete_twice(&path).await;
    assert!(server.is_gone(&path).await);
}

#[tokio::test]
async fn requests_are_of_the_tenant_of_their_device() {
    let server = Server::start().await;
    let (bridge, [port]) = server.bridge_with_ports().await;
    let router = server.create("/routers", json!({"tenantId": "t2"})).await;
    server.create("/traces", request("BRIDGE", &bridge)).await;
    server.create("/traces", request("PORT", &port)).await;
    server.create("/traces", request("ROUTER", &router)).await;
    for (tenant, count) in [("t1", 2), ("t2", 1), ("t3", 0)] {
        let listed = server.get(&format!("/traces?tenant_id={tenant}")).await;
        assert_eq!(listed.as_array().unwrap().len(), count, "{tenant}");
    }
}

#[tokio::test]
async fn a_request_goes_with_its_device() {
    let server = Server::start().await;
    let (bridge, [port]) = server.bridge_with_ports().await;
    let router = server.create("/routers", json!({})).await;
    for (kind, device, path) in
        [("PORT", &port, "ports"), ("BRIDGE", &bridge, "bridges"), ("ROUTER", &router, "routers")]
    {
        let id = server.create("/traces", request(kind, device)).await;
        assert_eq!(server.delete(&format!("/{path}/{device}")).await, 204);
        assert!(server.is_gone(&format!("/traces/{id}")).await, "{kind}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = Server::start().await;
    let (bridge, [port]) = server.bridge_with_ports().await;
    let with = |property: &str, value: Value| {
        let mut body = request("BRIDGE", &bridge);
        body[property] = value;
        body
    };
    for (body, property) in [
        (with("name", Value::Null), "name"),
        (with("name", json!("x".repeat(256))), "name"),
        (with("deviceType", Value::Null), "deviceType"),
        (with("deviceType", json!("bridge")), "deviceType"),
        (with("deviceId", Value::Null), "deviceId"),
        (with("condition", Value::Null), "condition"),
        (with("condition", json!([])), "condition"),
        (with("condition", json!({"nwTos": 256})), "condition.nwTos"),
        (with("condition", json!({"inPorts": [NOTHING]})), "condition"),
        (with("limit", json!(-1)), "limit"),
        (with("creationTimestampMs", json!(-1)), "creationTimestampMs"),
        (with("enabled", json!(1)), "enabled"),
    ] {
        let answer = server.write("POST", "/traces", body.clone()).await;
        assert_eq!(answer.violations(), [property], "{body}");
    }
    assert_eq!(server.write("POST", "/traces", with("deviceId", json!(port))).await.status, 404);
    let path = format!("/traces/{NOTHING}");
    assert_eq!(server.write("PUT", &path, request("BRIDGE", &bridge)).await.status, 404);
    let id = server.create("/traces", request("PORT", &port)).await;
    assert_eq!(server.write("POST", "/traces", with("id", json!(id))).await.status, 409);
    assert_eq!(server.send("POST", "/traces", &[("content-type", "text/plain")], "{}").await.status, 415);
}
