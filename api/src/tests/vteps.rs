//! VTEPs, their bindings, and the ports that these make.

use serde_json::{Value, json};

use super::{NOTHING, Server};

async fn zone(server: &Server) -> String {
    server.create("/tunnel_zones", json!({"name": "v", "type": "vtep"})).await
}

/// A VTEP's path.
async fn vtep(server: &Server) -> String {
    let zone = zone(server).await;
    let body = json!({"managementIp": "10.9.0.1", "managementPort": 6632, "tunnelZoneId": zone});
    server.write("POST", "/vteps", body).await.created_at()
}

fn binding(port: &str, vlan: u16, bridge: &str) -> Value {
    json!({"portName": port, "vlanId": vlan, "networkId": bridge})
}

/// The ports to VTEPs that a bridge says it has.
async fn vxlan_ports(server: &Server, bridge: &str) -> Vec<Value> {
    let bridge = server.get(&format!("/bridges/{bridge}")).await;
    bridge["vxLanPortIds"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_vtep_is_kept_without_being_asked_and_says_that_it_is_not_connected() {
    let server = Server::start().await;
    let path = vtep(&server).await;
    let found = server.get(&path).await;
    assert_eq!((&found["managementIp"], &found["managementPort"]), (&json!("10.9.0.1"), &json!(6632)));
    assert_eq!((&found["connectionState"], &found["name"]), (&json!("DISCONNECTED"), &Value::Null));
    assert_eq!(found["tunnelIpAddrs"], json!([]));
    assert_eq!(server.get("/vteps").await, json!([found]));
    assert_eq!(server.get(&format!("{path}/ports")).await, json!([]));
    assert_eq!(server.write("PUT", &path, found).await.status, 405);
    assert_eq!((server.delete(&path).await, server.delete(&path).await), (204, 404));
}

#[tokio::test]
async fn what_means_nothing_in_a_vtep_is_refused_by_name() {
    let server = Server::start().await;
    let (zone, other) = (zone(&server).await, server.zone().await);
    for (body, properties) in [
        (json!({}), &["managementIp", "managementPort", "tunnelZoneId"][..]),
        (json!({"managementIp": "10.0.0.300", "managementPort": 1, "tunnelZoneId": zone}), &["managementIp"]),
        (json!({"managementIp": "224.0.0.1", "managementPort": 1, "tunnelZoneId": zone}), &["managementIp"]),
        (json!({"managementIp": "10.9.0.1", "managementPort": 0, "tunnelZoneId": zone}), &["managementPort"]),
        (
            json!({"managementIp": "10.9.0.1", "managementPort": 65536, "tunnelZoneId": zone}),
            &["managementPort"],
        ),
        (
            json!({"managementIp": "10.9.0.1", "managementPort": 1, "tunnelZoneId": NOTHING}),
            &["tunnelZoneId"],
        ),
        (json!({"managementIp": "10.9.0.1", "managementPort": 1, "tunnelZoneId": other}), &["tunnelZoneId"]),
    ] {
        assert_eq!(server.write("POST", "/vteps", body.clone()).await.violations(), properties, "{body}");
    }
}

#[tokio::test]
async fn a_vtep_is_managed_at_an_address_of_its_own() {
    let server = Server::start().await;
    let path = vtep(&server).await;
    let mut same = server.get(&path).await;
    let id = same["id"].as_str().unwrap().to_owned();
    same["id"] = Value::Null;
    let again = server.write("POST", "/vteps", same).await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains(&id), "{}", again.body);
}

#[tokio::test]
async fn a_zone_stays_while_a_vtep_is_in_it() {
    let server = Server::start().await;
    let path = vtep(&server).await;
    let zone = server.get(&path).await["tunnelZoneId"].as_str().unwrap().to_owned();
    let zone = format!("/tunnel_zones/{zone}");
    assert_eq!(server.delete(&zone).await, 409);
    let other_type = json!({"name": "v", "type": "gre"});
    assert_eq!(server.write("PUT", &zone, other_type).await.violations(), ["type"]);
    assert_eq!((server.delete(&path).await, server.delete(&zone).await), (204, 204));
}

#[tokio::test]
async fn a_binding_makes_a_port_and_the_last_one_takes_it_along() {
    let server = Server::start().await;
    let vtep = vtep(&server).await;
    let bridge = server.create("/bridges", json!({})).await;
    let bindings = format!("{vtep}/bindings");
    let first = server.write("POST", &bindings, binding("eth0", 10, &bridge)).await.created_at();
    assert_eq!(first, format!("{bindings}/eth0/10"));
    let second = server.write("POST", &bindings, binding("Te 0/2", 0, &bridge)).await.created_at();
    assert_eq!(second, format!("{bindings}/Te%200%2F2/0"));
    let found = server.get(&second).await;
    assert_eq!((&found["portName"], &found["networkId"]), (&json!("Te 0/2"), &json!(bridge)));
    assert_eq!(server.get(&bindings).await.as_array().unwrap().len(), 2);

    let [port] = &vxlan_ports(&server, &bridge).await[..] else { panic!("one port") };
    let port = format!("/ports/{}", port.as_str().unwrap());
    let shown = server.get(&port).await;
    assert_eq!((&shown["type"], &shown["deviceId"]), (&json!("Vxlan"), &json!(bridge)));
    assert!(vtep.ends_with(shown["vtepId"].as_str().unwrap()));
    assert_eq!(server.get(&format!("/bridges/{bridge}/vxlan_ports")).await, json!([shown]));
    assert_eq!(server.get(&format!("{port}/vtep_bindings")).await.as_array().unwrap().len(), 2);

    assert_eq!(server.delete(&first).await, 204);
    assert_eq!(vxlan_ports(&server, &bridge).await.len(), 1);
    assert_eq!((server.delete(&second).await, server.delete(&second).await), (204, 204));
    assert_eq!(vxlan_ports(&server, &bridge).await.len(), 0);
    assert_eq!(server.send("GET", &port, &[("accept", "*/*")], "").await.status, 404);
}

#[tokio::test]
async fn what_is_bound_stays() {
    let server = Server::start().await;
    let vtep = vtep(&server).await;
    let bridge = server.create("/bridges", json!({})).await;
    let path =
        server.write("POST", &format!("{vtep}/bindings"), binding("eth0", 0, &bridge)).await.created_at();
    let port = format!("/ports/{}", vxlan_ports(&server, &bridge).await[0].as_str().unwrap());
    for bound in [&vtep, &format!("/bridges/{bridge}"), &port] {
        assert_eq!(server.delete(bound).await, 409, "{bound}");
    }
    assert_eq!(server.delete(&path).await, 204);
    assert_eq!((server.delete(&vtep).await, server.delete(&format!("/bridges/{bridge}")).await), (204, 204));
}

#[tokio::test]
async fn a_port_and_vlan_are_bound_once() {
    let server = Server::start().await;
    let bindings = format!("{}/bindings", vtep(&server).await);
    let (a, b) = (server.create("/bridges", json!({})).await, server.create("/bridges", json!({})).await);
    server.write("POST", &bindings, binding("eth0", 3, &a)).await.created_at();
    for bridge in [&a, &b] {
        let again = server.write("POST", &bindings, binding("eth0", 3, bridge)).await;
        assert_eq!(again.status, 409);
        assert!(again.body.contains(&a), "{}", again.body);
    }
    assert!(vxlan_ports(&server, &b).await.is_empty());
}

#[tokio::test]
async fn what_means_nothing_in_a_binding_is_refused_by_name() {
    let server = Server::start().await;
    let bindings = format!("{}/bindings", vtep(&server).await);
    let bridge = server.create("/bridges", json!({})).await;
    for (body, properties) in [
        (json!({}), &["portName", "networkId"][..]),
        (json!({"portName": "", "networkId": bridge}), &["portName"]),
        (json!({"portName": "eth0", "networkId": bridge, "vlanId": 4095}), &["vlanId"]),
        (json!({"portName": "eth0", "networkId": bridge, "vlanId": -1}), &["vlanId"]),
        (json!({"portName": "eth0", "networkId": "x"}), &["networkId"]),
        (json!({"portName": "eth0", "networkId": NOTHING}), &["networkId"]),
    ] {
        assert_eq!(server.write("POST", &bindings, body.clone()).await.violations(), properties, "{body}");
    }
    let untagged = json!({"portName": "eth0", "networkId": bridge});
    assert_eq!(server.write("POST", &bindings, untagged).await.created_at(), format!("{bindings}/eth0/0"));
}

#[tokio::test]
async fn a_port_to_a_vtep_can_be_set_but_not_plugged_nor_made() {
    let server = Server::start().await;
    let vtep = vtep(&server).await;
    let bridge = server.create("/bridges", json!({})).await;
    let by_hand = json!({"type": "Vxlan"});
    let answer = server.write("POST", &format!("/bridges/{bridge}/ports"), by_hand).await;
    assert_eq!(answer.violations(), ["type"]);
    server.write("POST", &format!("{vtep}/bindings"), binding("eth0", 0, &bridge)).await.created_at();
    let id = vxlan_ports(&server, &bridge).await[0].clone();
    let path = format!("/ports/{}", id.as_str().unwrap());
    let mut port = server.get(&path).await;
    port["adminStateUp"] = json!(false);
    assert_eq!(server.write("PUT", &path, port).await.status, 204);
    assert_eq!(server.get(&path).await["adminStateUp"], false);
    assert_eq!(server.write("PUT", &path, json!({"type": "Bridge"})).await.violations(), ["type"]);
    let other = server.create("/bridges", json!({})).await;
    let peer = server.create(&format!("/bridges/{other}/ports"), json!({})).await;
    assert_eq!(server.write("POST", &format!("{path}/link"), json!({"peerId": peer})).await.status, 409);
}

#[tokio::test]
async fn the_list_of_ports_to_vteps_is_not_for_clients_to_write() {
    let server = Server::start().await;
    let vtep = vtep(&server).await;
    let bridge = server.create("/bridges", json!({})).await;
    server.write("POST", &format!("{vtep}/bindings"), binding("eth0", 0, &bridge)).await.created_at();
    let path = format!("/bridges/{bridge}");
    let body = server.get(&path).await;
    assert_eq!(server.write("PUT", &path, body).await.status, 204, "as it is");
    assert_eq!(server.write("PUT", &path, json!({})).await.status, 204, "not said");
    let none = json!({"vxLanPortIds": []});
    assert_eq!(server.write("PUT", &path, none).await.violations(), ["vxLanPortIds"]);
    let some = json!({"vxLanPortIds": [NOTHING]});
    assert_eq!(server.write("POST", "/bridges", some).await.violations(), ["vxLanPortIds"]);
    assert_eq!(vxlan_ports(&server, &bridge).await.len(), 1);
}

#[tokio::test]
async fn names_of_nothing_are_404() {
    let server = Server::start().await;
    let vtep = vtep(&server).await;
    let bridge = server.create("/bridges", json!({})).await;
    let port = server.create(&format!("/bridges/{bridge}/ports"), json!({})).await;
    for path in [
        format!("/vteps/{NOTHING}"),
        "/vteps/not-a-uuid".to_owned(),
        format!("/vteps/{NOTHING}/bindings"),
        format!("/vteps/{NOTHING}/bindings/eth0/0"),
        format!("/vteps/{NOTHING}/ports"),
        format!("{vtep}/bindings/eth0/0"),
        format!("{vtep}/bindings/eth0/x"),
        format!("/ports/{port}/vtep_bindings"),
        format!("/ports/{NOTHING}/vtep_bindings"),
    ] {
        assert_eq!(server.send("GET", &path, &[("accept", "*/*")], "").await.status, 404, "{path}");
    }
    for (path, status) in [
        (format!("/vteps/{NOTHING}"), 404),
        ("/vteps/not-a-uuid".to_owned(), 404),
        (format!("/vteps/{NOTHING}/bindings/eth0/0"), 404),
        (format!("{vtep}/bindings/eth0/0"), 204),
    ] {
        assert_eq!(server.delete(&path).await, status, "{path}");
    }
    let nowhere =
        server.write("POST", &format!("/vteps/{NOTHING}/bindings"), binding("eth0", 0, &bridge)).await;
    assert_eq!(nowhere.status, 400, "as in the contract");
}

#[tokio::test]
async fn media_types_are_those_of_the_contract() {
    let server = Server::start().await;
    let vtep = vtep(&server).await;
    let bridge = server.create("/bridges", json!({})).await;
    let bindings = format!("{vtep}/bindings");
    let path = server.write("POST", &bindings, binding("eth0", 0, &bridge)).await.created_at();
    let vendor = |name: &str| format!("application/vnd.org.midonet.{name}+json");
    assert_eq!(server.accepting("/vteps", "*/*").await.1, "application/json");
    assert_eq!(server.accepting(&vtep, &vendor("VTEP-v2")).await, (200, vendor("VTEP-v2")));
    assert_eq!(server.accepting(&path, "*/*").await, (200, vendor("VTEPBinding-v2")));
    assert_eq!(server.accepting(&bindings, "*/*").await, (200, vendor("collection.VTEPBinding-v2")));
    let ports = format!("{vtep}/ports");
    assert_eq!(server.accepting(&ports, "*/*").await, (200, vendor("collection.VTEPPort-v1")));
    assert_eq!(server.accepting(&ports, "application/json").await.0, 406);
    for path in ["/vteps", &bindings] {
        assert_eq!(server.send("POST", path, &[("content-type", "text/plain")], "{}").await.status, 415);
    }
}
