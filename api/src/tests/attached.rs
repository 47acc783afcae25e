//! BGP, service containers, and router ports that are tunnel endpoints.

use serde_json::{Value, json};

use super::{HOST, Server};

const NOTHING: &str = "00000000-dead-4bad-8bad-000000000000";

/// A router with a port.
async fn router_port(server: &Server) -> (String, String) {
    let router = server.create("/routers", json!({})).await;
    let port = json!({"portSubnet": ["10.0.0.1/24"]});
    let port = server.create(&format!("/routers/{router}/ports"), port).await;
    (router, port)
}

#[tokio::test]
async fn a_router_has_an_as_number_of_32_bits() {
    let server = Server::start().await;
    let router = server.create("/routers", json!({"asNumber": 4_294_967_295_u32})).await;
    let path = format!("/routers/{router}");
    assert_eq!(server.get(&path).await["asNumber"], 4_294_967_295_u32);
    for wrong in [json!(-2), json!(4_294_967_296_u64), json!("65000")] {
        let answer = server.write("PUT", &path, json!({ "asNumber": wrong })).await;
        assert_eq!(answer.violations(), ["asNumber"], "{wrong}");
    }
    for none in [json!({"asNumber": -1}), json!({})] {
        assert_eq!(server.write("PUT", &path, none).await.status, 204);
        assert_eq!(server.get(&path).await["asNumber"], 0);
    }
}

#[tokio::test]
async fn bgp_networks_are_created_read_and_deleted() {
    let server = Server::start().await;
    let (router, _) = router_port(&server).await;
    let networks = format!("/routers/{router}/bgp_networks");
    let id = server.create(&networks, json!({"subnetAddress": "10.1.0.7", "subnetLength": 16})).await;
    let path = format!("/bgp_networks/{id}");
    let network = server.get(&path).await;
    assert_eq!((&network["subnetAddress"], &network["subnetLength"]), (&json!("10.1.0.7"), &json!(16)));
    assert_eq!(server.get(&networks).await, json!([network]));
    assert_eq!(server.write("PUT", &path, network).await.status, 405);
    for (wrong, property) in [
        (json!({}), "subnetAddress"),
        (json!({"subnetAddress": "10.1"}), "subnetAddress"),
        (json!({"subnetAddress": "fd00::"}), "subnetAddress"),
        (json!({"subnetAddress": "10.1.0.0", "subnetLength": 33}), "subnetLength"),
        (json!({"subnetAddress": "10.1.0.0", "subnetLength": -1}), "subnetLength"),
    ] {
        assert_eq!(server.write("POST", &networks, wrong.clone()).await.violations(), [property], "{wrong}");
    }
    assert_eq!(server.send("DELETE", &format!("{networks}/{id}"), &[], "").await.status, 204);
    assert_eq!(server.get(&networks).await, json!([]));
}

#[tokio::test]
async fn bgp_peers_are_created_updated_and_go_with_their_router() {
    let server = Server::start().await;
    let (router, _) = router_port(&server).await;
    let peers = format!("/routers/{router}/bgp_peers");
    let body = json!({
        "asNumber": 65001, "address": "10.0.0.9", "keepAlive": 10, "holdTime": 30, "connectRetry": 20,
        "password": "secret",
    });
    let path = format!("/bgp_peers/{}", server.create(&peers, body.clone()).await);
    let peer = server.get(&path).await;
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&peer[name], value, "{name}");
    }
    let twice = server.write("POST", &peers, body).await;
    assert_eq!(twice.status, 409);
    let reset = json!({"asNumber": 65002, "address": "10.0.0.9"});
    assert_eq!(server.write("PUT", &path, reset).await.status, 204);
    let now = server.get(&path).await;
    assert_eq!(
        (&now["asNumber"], &now["password"], &now["keepAlive"]),
        (&json!(65002), &Value::Null, &Value::Null)
    );
    assert_eq!(now["router"], peer["router"]);
    assert_eq!(server.send("DELETE", &format!("/routers/{router}"), &[], "").await.status, 204);
    assert_eq!(server.send("GET", &path, &[("accept", "*/*")], "").await.status, 404);
    assert_eq!(server.send("GET", &peers, &[("accept", "*/*")], "").await.status, 404);
}

#[tokio::test]
async fn what_bgp_cannot_do_is_refused_by_name() {
    let server = Server::start().await;
    let (router, _) = router_port(&server).await;
    for (wrong, property) in [
        (json!({"asNumber": null}), "asNumber"),
        (json!({"asNumber": 0}), "asNumber"),
        (json!({"asNumber": 4_294_967_296_u64}), "asNumber"),
        (json!({"address": null}), "address"),
        (json!({"address": "10.0.0"}), "address"),
        (json!({"address": "fd00::1"}), "address"),
        (json!({"keepAlive": 4}), "keepAlive"),
        (json!({"holdTime": 7201}), "holdTime"),
        (json!({"connectRetry": -1}), "connectRetry"),
        (json!({"password": "x".repeat(81)}), "password"),
        (json!({"password": 7}), "password"),
    ] {
        let mut body = json!({"asNumber": 65001, "address": "10.0.0.9"});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let answer = server.write("POST", &format!("/routers/{router}/bgp_peers"), body).await;
        assert_eq!(answer.violations(), [property], "{wrong}");
    }
    let body = json!({"asNumber": 65001, "address": "10.0.0.9"});
    assert_eq!(server.write("POST", &format!("/routers/{NOTHING}/bgp_peers"), body).await.status, 404);
}

#[tokio::test]
async fn a_container_is_seen_at_its_port_and_in_its_group() {
    let server = Server::start().await;
    let (_, port) = router_port(&server).await;
    let group = server.create("/service_container_groups", json!({"policy": "LEAST"})).await;
    let below = format!("/service_container_groups/{group}/service_containers");
    let container = server.create(&below, json!({"serviceType": "IPSEC", "portId": port})).await;
    let seen = server.get(&format!("/service_containers/{container}")).await;
    assert_eq!((&seen["serviceGroupId"], &seen["statusCode"]), (&json!(group), &json!("STOPPED")));
    assert_eq!(server.get(&format!("{below}/{container}")).await, seen);
    let group_seen = server.get(&format!("/service_container_groups/{group}")).await;
    assert_eq!(group_seen["serviceContainerIds"], json!([container]));
    let mut at_port = server.get(&format!("/ports/{port}")).await;
    assert_eq!(
        (&at_port["serviceContainerId"], &at_port["serviceContainer"]),
        (&json!(container), &seen["uri"])
    );
    let port_path = format!("/ports/{port}");
    assert_eq!(server.write("PUT", &port_path, at_port.clone()).await.status, 204);
    at_port["serviceContainerId"] = json!(NOTHING);
    assert_eq!(server.write("PUT", &port_path, at_port).await.status, 404);
    let second =
        server.write("POST", "/service_containers", json!({"serviceType": "X", "portId": port})).await;
    assert_eq!(second.status, 409);
    assert!(second.body.contains(&container), "{}", second.body);
    assert_eq!(server.send("DELETE", &port_path, &[], "").await.status, 204);
    assert_eq!(server.get(&below).await, json!([]));
}

#[tokio::test]
async fn a_container_is_pinned_and_released_and_otherwise_stays_as_it_is() {
    let server = Server::start().await;
    let (_, port) = router_port(&server).await;
    let body = json!({"serviceType": "IPSEC", "portId": port});
    let path = format!("/service_containers/{}", server.create("/service_containers", body).await);
    let pin = json!({"serviceType": "HAPROXY", "configurationId": NOTHING, "hostId": HOST});
    assert_eq!(server.write("PUT", &path, pin).await.status, 204);
    let pinned = server.get(&path).await;
    assert_eq!((&pinned["hostId"], &pinned["serviceType"]), (&json!(HOST), &json!("IPSEC")));
    assert_eq!(pinned["configurationId"], Value::Null);
    let nowhere = json!({"serviceType": "IPSEC", "hostId": NOTHING});
    assert_eq!(server.write("PUT", &path, nowhere).await.status, 404);
    assert_eq!(server.write("PUT", &path, json!({"serviceType": "IPSEC"})).await.status, 204);
    assert_eq!(server.get(&path).await["hostId"], Value::Null);
}

#[tokio::test]
async fn what_cannot_run_is_refused_by_name() {
    let server = Server::start().await;
    for (wrong, property) in [
        (json!({}), "serviceType"),
        (json!({"serviceType": ""}), "serviceType"),
        (json!({"serviceType": "IPSEC", "portId": "x"}), "portId"),
        (json!({"serviceType": "IPSEC", "configurationId": "x"}), "configurationId"),
        (json!({"serviceType": "IPSEC", "hostId": HOST}), "hostId"),
    ] {
        let answer = server.write("POST", "/service_containers", wrong.clone()).await;
        assert_eq!(answer.violations(), [property], "{wrong}");
    }
    for reference in ["portId", "serviceGroupId"] {
        let body = json!({"serviceType": "IPSEC", reference: NOTHING});
        assert_eq!(server.write("POST", "/service_containers", body).await.status, 404, "{reference}");
    }
    let loose = server.create("/service_containers", json!({"serviceType": "IPSEC"})).await;
    assert_eq!(server.get(&format!("/service_containers/{loose}")).await["statusCode"], Value::Null);
    let below = format!("/service_container_groups/{NOTHING}/service_containers");
    assert_eq!(server.send("GET", &below, &[("accept", "*/*")], "").await.status, 404);
    assert_eq!(server.write("POST", &below, json!({"serviceType": "IPSEC"})).await.status, 404);
}

#[tokio::test]
async fn a_container_group_takes_its_containers_and_leaves_port_groups() {
    let server = Server::start().await;
    let ports = server.create("/port_groups", json!({})).await;
    let path = format!(
        "/service_container_groups/{}",
        server.create("/service_container_groups", json!({"portGroupId": ports})).await
    );
    let below = format!("{path}/service_containers");
    let container = server.create(&below, json!({"serviceType": "IPSEC"})).await;
    assert_eq!(server.send("DELETE", &format!("/port_groups/{ports}"), &[], "").await.status, 204);
    assert_eq!(server.get(&path).await["portGroupId"], Value::Null);
    assert_eq!(server.write("PUT", &path, json!({"policy": "LEAST"})).await.status, 204);
    assert_eq!(server.get(&path).await["policy"], "LEAST");
    assert_eq!(server.write("PUT", &path, json!({})).await.status, 204);
    assert_eq!(server.get(&path).await["policy"], "WEIGHTED");
    assert_eq!(server.write("PUT", &path, json!({"policy": "BEST"})).await.violations(), ["policy"]);
    for reference in ["hostGroupId", "portGroupId"] {
        let body = json!({ reference: NOTHING });
        assert_eq!(server.write("PUT", &path, body).await.status, 404, "{reference}");
    }
    assert_eq!(server.send("DELETE", &path, &[], "").await.status, 204);
    let gone =
        server.send("GET", &format!("/service_containers/{container}"), &[("accept", "*/*")], "").await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn a_router_port_may_be_a_tunnel_endpoint() {
    let server = Server::start().await;
    let router = server.create("/routers", json!({})).await;
    let ports = format!("/routers/{router}/ports");
    let body = json!({"portSubnet": ["10.0.0.1/24"], "rtrPortVni": 77, "offRampVxlan": true});
    let path = format!("/ports/{}", server.create(&ports, body).await);
    let seen = server.get(&path).await;
    assert_eq!((&seen["rtrPortVni"], &seen["offRampVxlan"]), (&json!(77), &json!(true)));
    let too_long = json!({"portSubnet": ["10.0.1.1/24"], "rtrPortVni": 1 << 24});
    assert_eq!(server.write("POST", &ports, too_long).await.violations(), ["rtrPortVni"]);
    assert_eq!(server.write("PUT", &path, json!({"offRampVxlan": 1})).await.violations(), ["offRampVxlan"]);
    assert_eq!(server.write("PUT", &path, json!({"portSubnet": ["10.0.0.1/24"]})).await.status, 204);
    let reset = server.get(&path).await;
    assert_eq!((&reset["rtrPortVni"], &reset["offRampVxlan"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_peering_table_has_a_line_for_each_station() {
    let server = Server::start().await;
    let (router, port) = router_port(&server).await;
    let table = format!("/routers/{router}/ports/{port}/peering_table");
    let seen = server.get(&format!("/ports/{port}")).await;
    assert!(seen["peeringTable"].as_str().unwrap().ends_with(&table));
    let pair = server.create(&table, json!({"ip": "192.0.2.1", "mac": "02:00:00:00:00:01"})).await;
    assert_eq!(pair, "192.0.2.1_02-00-00-00-00-01");
    let line = server.get(&format!("{table}/{pair}")).await;
    assert_eq!((&line["ip"], &line["mac"]), (&json!("192.0.2.1"), &json!("02:00:00:00:00:01")));
    assert_eq!(server.get(&format!("/ports/{port}/peering_table")).await, json!([line]));
    assert_eq!(server.get(&format!("/ports/{port}/peering_table/02-00-00-00-00-01_192.0.2.1")).await, line);
    let moved = server.create(&table, json!({"ip": "192.0.2.2", "mac": "02:00:00:00:00:01"})).await;
    assert_eq!(server.send("GET", &format!("{table}/{pair}"), &[("accept", "*/*")], "").await.status, 404);
    assert_eq!(server.send("DELETE", &format!("{table}/{pair}"), &[], "").await.status, 204);
    assert_eq!(server.get(&table).await.as_array().unwrap().len(), 1);
    assert_eq!(server.send("DELETE", &format!("{table}/{moved}"), &[], "").await.status, 204);
    assert_eq!(server.get(&table).await, json!([]));
}

#[tokio::test]
async fn only_router_ports_have_peering_tables() {
    let server = Server::start().await;
    let (router, port) = router_port(&server).await;
    let bridge = server.create("/bridges", json!({})).await;
    let other = server.create(&format!("/bridges/{bridge}/ports"), json!({})).await;
    let second = server.create("/routers", json!({})).await;
    for path in [
        format!("/ports/{other}/peering_table"),
        format!("/ports/{NOTHING}/peering_table"),
        format!("/routers/{second}/ports/{port}/peering_table"),
    ] {
        assert_eq!(server.send("GET", &path, &[("accept", "*/*")], "").await.status, 404, "{path}");
        let line = json!({"ip": "192.0.2.1", "mac": "02:00:00:00:00:01"});
        assert_eq!(server.write("POST", &path, line).await.status, 404, "{path}");
    }
    let table = format!("/routers/{router}/ports/{port}/peering_table");
    for (wrong, property) in [
        (json!({"ip": null}), "ip"),
        (json!({"ip": "fd00::1"}), "ip"),
        (json!({"mac": null}), "mac"),
        (json!({"mac": "xx"}), "mac"),
        (json!({"mac": "01:00:00:00:00:01"}), "mac"),
    ] {
        let mut body = json!({"ip": "192.0.2.1", "mac": "02:00:00:00:00:01"});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert_eq!(server.write("POST", &table, body).await.violations(), [property], "{wrong}");
    }
    for method in ["GET", "DELETE"] {
        assert_eq!(server.send(method, &format!("{table}/nonsense"), &[], "").await.status, 400);
    }
}
