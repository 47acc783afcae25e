//! What a tenant is told of the agents that its write waits for.

use std::time::Duration;

use nsdb::coordinator::{Coordinator, Memory};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Guarded;
use crate::tests::HOST;

/// A bridge of the tenant, of which the operator has plugged a port in on a host whose agent does nothing, and the session
/// by which that is alive.
async fn bridge_on_a_stopped_host(guarded: &Guarded) -> (Memory, String) {
    let server = &guarded.server;
    let session = server.coordinator.session(HOST);
    session.create_ephemeral(&format!("alive/{HOST}"), "{}".into()).await.unwrap();
    let (operator, host) = (&guarded.operator, format!("/hosts/{HOST}"));
    for _ in 0..200 {
        if guarded.get(operator, &host).await["alive"] == true {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    let zone = guarded.create(operator, "/tunnel_zones", json!({"name": "z", "type": "vxlan"})).await;
    let member = json!({"hostId": HOST, "ipAddress": "172.16.0.1"});
    guarded.create(operator, &format!("/tunnel_zones/{zone}/hosts"), member).await;
    let bridge = guarded.create(&guarded.t1, "/bridges", json!({"name": "b"})).await;
    let port = guarded.create(&guarded.t1, &format!("/bridges/{bridge}/ports"), json!({})).await;
    let binding = json!({"portId": port, "interfaceName": "tap1"});
    guarded.create(operator, &format!("{host}/ports"), binding).await;
    (session, bridge)
}

fn names_a_host(body: &str) -> bool {
    body.contains(HOST) || body.contains("hv1") || body.contains("/hosts/")
}

#[tokio::test]
async fn a_tenant_learns_how_many_hosts_are_missing_and_not_which() {
    let guarded = Guarded::start().await;
    let (_alive, bridge) = bridge_on_a_stopped_host(&guarded).await;
    let path = format!("/bridges/{bridge}?wait=applied&wait_ms=50");
    let told = guarded.write(&guarded.t1, "PUT", &path, json!({"name": "c"})).await;
    assert_eq!(told.status, 202, "{}", told.body);
    assert_eq!((&told.json()["missing"], &told.json()["missingHosts"]), (&json!(1), &Value::Null));
    assert!(!names_a_host(&told.body), "{}", told.body);
    let told = guarded.write(&guarded.operator, "PUT", &path, json!({"name": "d"})).await;
    assert!(names_a_host(&told.body), "{}", told.body);
}

#[tokio::test]
async fn nor_does_it_by_a_bulk_request() {
    let guarded = Guarded::start().await;
    let (_alive, bridge) = bridge_on_a_stopped_host(&guarded).await;
    let rename = json!({"method": "PUT", "path": format!("/bridges/{bridge}"), "body": {"name": "c"}});
    let body = json!({ "operations": [rename] });
    let told = guarded.write(&guarded.t1, "POST", "/bulk?wait=applied&wait_ms=50", body).await;
    assert_eq!(told.status, 202, "{}", told.body);
    assert_eq!(told.json()["notApplied"]["missing"], 1);
    assert!(!names_a_host(&told.body), "{}", told.body);
}
