//! IP address groups and their addresses.

use serde_json::{Value, json};

use super::{NOTHING, Server};

#[tokio::test]
async fn a_group_shows_its_addresses_chains_and_rules() {
    let server = Server::start().await;
    let chain = server.create("/chains", json!({})).await;
    let given = json!({
        "name": "g", "inboundChainId": chain, "outboundChainId": chain,
        "ipAddrPorts": [{"ipAddress": "10.0.0.1", "portIds": []}, {"ipAddress": "fd00::1"}],
    });
    let id = server.create("/ip_addr_groups", given).await;
    let path = format!("/ip_addr_groups/{id}");
    let rule = json!({"type": "drop", "ipAddrGroupSrc": id});
    let rule = server.create(&format!("/chains/{chain}/rules"), rule).await;
    let group = server.get(&path).await;
    let addresses = json!([
        {"ipAddress": "10.0.0.1", "portIds": []},
        {"ipAddress": "fd00:0:0:0:0:0:0:1", "portIds": []},
    ]);
    assert_eq!(group["ipAddrPorts"], addresses);
    assert_eq!((&group["inboundChainId"], &group["ruleIds"]), (&json!(chain), &json!([rule])));
    assert_eq!(server.get(&format!("{path}/ip_addrs")).await.as_array().unwrap().len(), 2);
    assert_eq!(server.delete(&format!("/chains/{chain}")).await, 204);
    let group = server.get(&path).await;
    assert_eq!((&group["outboundChainId"], &group["ruleIds"]), (&Value::Null, &json!([])));
    server.delete_twice(&path).await;
    assert!(server.is_gone(&path).await);
}

#[tokio::test]
async fn an_address_is_added_and_taken_out_under_either_version() {
    let server = Server::start().await;
    let id = server.create("/ip_addr_groups", json!({"name": "g"})).await;
    let addresses = format!("/ip_addr_groups/{id}/ip_addrs");
    for _ in 0..2 {
        server.create(&addresses, json!({"addr": "10.0.0.1", "version": 4})).await;
    }
    assert_eq!(server.get(&addresses).await.as_array().unwrap().len(), 1, "a member again is no other");
    let under = |version: &str| format!("/ip_addr_groups/{id}/versions/{version}/ip_addrs/10.0.0.1");
    let again = server.write("POST", &addresses, json!({"addr": "10.0.0.1", "version": 6})).await;
    assert!(again.headers["location"].to_str().unwrap().ends_with("/versions/6/ip_addrs/10.0.0.1"));
    for version in ["4", "6"] {
        assert_eq!(server.get(&under(version)).await["version"], 4);
    }
    assert_eq!(server.send("GET", &under("5"), &[("accept", "*/*")], "").await.status, 400);
    assert_eq!(server.send("DELETE", &under("5"), &[], "").await.status, 400);
    assert_eq!(server.send("GET", &under("x"), &[("accept", "*/*")], "").await.status, 404);
    server.delete_twice(&under("6")).await;
    assert!(server.is_gone(&under("4")).await);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = Server::start().await;
    let id = server.create("/ip_addr_groups", json!({"name": "g"})).await;
    let addresses = format!("/ip_addr_groups/{id}/ip_addrs");
    let with = |members: Value| json!({"name": "g", "ipAddrPorts": members});
    for (path, body, property) in [
        ("/ip_addr_groups", json!({}), "name"),
        ("/ip_addr_groups", json!({"name": ""}), "name"),
        ("/ip_addr_groups", json!({"name": "x".repeat(256)}), "name"),
        ("/ip_addr_groups", with(json!([{}])), "ipAddrPorts[0].ipAddress"),
        (
            "/ip_addr_groups",
            with(json!([{"ipAddress": "10.0.0.1", "portIds": [NOTHING]}])),
            "ipAddrPorts[0].portIds",
        ),
        (&addresses, json!({}), "addr"),
        (&addresses, json!({"addr": "10.0.0"}), "addr"),
        (&addresses, json!({"addr": 10}), "addr"),
        (&addresses, json!({"addr": "10.0.0.1", "version": 5}), "version"),
    ] {
        let answer = server.write("POST", path, body.clone()).await;
        assert_eq!(answer.violations(), [property], "{body}");
    }
    let unknown = json!({"name": "g", "inboundChainId": NOTHING});
    assert_eq!(server.write("POST", "/ip_addr_groups", unknown).await.status, 404);
    let again = json!({"name": "g", "id": id});
    assert_eq!(server.write("POST", "/ip_addr_groups", again).await.status, 409);
    assert_eq!(server.write("PUT", &format!("/ip_addr_groups/{id}"), json!({"name": "g"})).await.status, 405);
}
