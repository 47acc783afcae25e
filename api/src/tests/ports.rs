//! Ports: addresses, cables, what PUT keeps and what it resets.

use serde_json::{Value, json};

use super::{HOST, Server};

async fn router_port(server: &Server, body: Value) -> (String, String) {
    let router = server.create("/routers", json!({})).await;
    let port = server.create(&format!("/routers/{router}/ports"), body).await;
    (router, port)
}

async fn bridge_port(server: &Server) -> String {
    let bridge = server.create("/bridges", json!({})).await;
    server.create(&format!("/bridges/{bridge}/ports"), json!({"type": "Bridge"})).await
}

#[tokio::test]
async fn a_router_port_is_told_by_address_or_by_subnets() {
    let server = Server::start().await;
    let legacy = json!({"portAddress": "10.0.0.1", "networkAddress": "10.0.0.0", "networkLength": 24});
    let (_, port) = router_port(&server, legacy).await;
    let first = server.get(&format!("/ports/{port}")).await;
    assert_eq!(first["portSubnet"], json!(["10.0.0.1/24"]));
    assert!(first["portMac"].as_str().unwrap().starts_with("ac:ca:ba:"));
    let (_, port) = router_port(&server, json!({"portSubnet": ["10.1.0.1/16", "10.2.0.1/16"]})).await;
    let second = server.get(&format!("/ports/{port}")).await;
    assert_eq!((&second["portAddress"], &second["networkLength"]), (&json!("10.1.0.1"), &json!(16)));
}

#[tokio::test]
async fn a_port_sent_back_with_another_address_has_it() {
    let server = Server::start().await;
    let (router, port) = router_port(&server, json!({"portSubnet": ["10.0.0.1/24"]})).await;
    let mut body = server.get(&format!("/ports/{port}")).await;
    let mac = body["portMac"].clone();
    body["portAddress"] = json!("10.0.0.254");
    assert_eq!(server.write("PUT", &format!("/ports/{port}"), body).await.status, 204);
    let now = server.get(&format!("/ports/{port}")).await;
    assert_eq!((&now["portSubnet"], &now["portMac"]), (&json!(["10.0.0.254/24"]), &mac));
    let routes = server.get(&format!("/routers/{router}/routes")).await;
    assert_eq!(routes[0]["dstNetworkAddr"], "10.0.0.254");
}

#[tokio::test]
async fn an_address_outside_its_network_is_refused() {
    let server = Server::start().await;
    let router = server.create("/routers", json!({})).await;
    let body = json!({"portAddress": "10.0.0.1", "networkAddress": "10.9.0.0", "networkLength": 24});
    let answer = server.write("POST", &format!("/routers/{router}/ports"), body).await;
    assert_eq!(answer.violations(), ["networkAddress"]);
    let answer = server.write("POST", &format!("/routers/{router}/ports"), json!({})).await;
    assert_eq!(answer.violations(), ["portAddress"]);
}

#[tokio::test]
async fn put_keeps_a_cable_that_it_does_not_speak_of_and_takes_off_one_that_is_null() {
    let server = Server::start().await;
    server.zone().await;
    let port = bridge_port(&server).await;
    let path = format!("/ports/{port}");
    let binding = json!({"hostId": HOST, "interfaceName": "tap0"});
    assert_eq!(server.write("PUT", &path, binding).await.status, 204);
    assert_eq!(server.write("PUT", &path, json!({"adminStateUp": false})).await.status, 204);
    let bound = server.get(&path).await;
    assert_eq!((&bound["interfaceName"], &bound["adminStateUp"]), (&json!("tap0"), &json!(false)));
    let none = json!({"hostId": null, "interfaceName": null});
    assert_eq!(server.write("PUT", &path, none).await.status, 204);
    let free = server.get(&path).await;
    assert_eq!((&free["hostId"], &free["adminStateUp"]), (&Value::Null, &json!(true)));
}

#[tokio::test]
async fn a_link_is_seen_from_both_ends() {
    let server = Server::start().await;
    let (a, b, c) = (bridge_port(&server).await, bridge_port(&server).await, bridge_port(&server).await);
    let link = format!("/ports/{a}/link");
    assert_eq!(server.write("POST", &link, json!({"peerId": b})).await.status, 201);
    assert_eq!(server.get(&format!("/ports/{b}")).await["peerId"], json!(a));
    assert_eq!(server.write("POST", &link, json!({"peerId": c})).await.status, 409);
    assert_eq!(server.send("DELETE", &link, &[], "").await.status, 204);
    assert_eq!(server.get(&format!("/ports/{b}")).await["peerId"], Value::Null);
    assert_eq!(server.write("POST", &link, json!({})).await.violations(), ["peerId"]);
}

#[tokio::test]
async fn the_type_must_be_that_of_the_device() {
    let server = Server::start().await;
    let bridge = server.create("/bridges", json!({})).await;
    let answer = server.write("POST", &format!("/bridges/{bridge}/ports"), json!({"type": "Router"})).await;
    assert_eq!(answer.violations(), ["type"]);
    let answer = server.write("POST", &format!("/bridges/{bridge}/ports"), json!({"vlanId": 5000})).await;
    assert_eq!(answer.violations(), ["vlanId"]);
}
