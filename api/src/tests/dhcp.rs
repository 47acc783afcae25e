//! DHCP subnets and their hosts.

use serde_json::{Value, json};

use super::{NOTHING, Server};

fn subnet() -> Value {
    json!({
        "subnetPrefix": "10.0.0.0", "subnetLength": 24, "defaultGateway": "10.0.0.1", "serverAddr": "10.0.0.2",
        "dnsServerAddrs": ["8.8.8.8", "8.8.4.4"], "interfaceMTU": 1400, "enabled": false,
        "opt121Routes": [{"destinationPrefix": "10.1.0.0", "destinationLength": 16, "gatewayAddr": "10.0.0.9"}],
    })
}

fn host() -> Value {
    json!({
        "macAddr": "02:00:00:00:00:01", "ipAddr": "10.0.0.11", "name": "h",
        "extraDhcpOpts": [{"optName": "tftp-server", "optValue": "1.2.3.4"}],
    })
}

fn with(mut body: Value, property: &str, value: Value) -> Value {
    body[property] = value;
    body
}

/// A bridge's subnets.
async fn subnets(server: &Server) -> String {
    let bridge = server.create("/bridges", json!({})).await;
    format!("/bridges/{bridge}/dhcp")
}

#[tokio::test]
async fn a_subnet_comes_back_as_it_was_given() {
    let server = Server::start().await;
    let subnets = subnets(&server).await;
    let path = server.write("POST", &subnets, subnet()).await.created_at();
    assert_eq!(path, format!("{subnets}/10.0.0.0_24"));
    let found = server.get(&path).await;
    for (name, value) in subnet().as_object().unwrap() {
        assert_eq!(&found[name], value, "{name}");
    }
    assert!(found["hosts"].as_str().unwrap().ends_with("/dhcp/10.0.0.0_24/hosts"));
    assert_eq!(server.get(&subnets).await, json!([found]));
}

#[tokio::test]
async fn what_an_update_does_not_say_is_reset() {
    let server = Server::start().await;
    let subnets = subnets(&server).await;
    let path = server.write("POST", &subnets, subnet()).await.created_at();
    server.write("POST", &format!("{path}/hosts"), host()).await.created_at();
    let bare = json!({"subnetPrefix": "10.0.0.0", "subnetLength": 16});
    assert_eq!(server.write("PUT", &path, bare).await.status, 204);
    assert_eq!(server.send("GET", &path, &[], "").await.status, 404, "its name is its network");
    let moved = server.get(&format!("{subnets}/10.0.0.0_16")).await;
    for property in ["defaultGateway", "serverAddr", "dnsServerAddrs", "interfaceMTU"] {
        assert_eq!(moved[property], Value::Null, "{property}");
    }
    assert_eq!((&moved["enabled"], &moved["opt121Routes"]), (&json!(true), &json!([])));
    assert_eq!(server.get(&format!("{subnets}/10.0.0.0_16/hosts")).await[0]["ipAddr"], "10.0.0.11");
}

#[tokio::test]
async fn a_subnet_is_there_once_and_goes_once() {
    let server = Server::start().await;
    let subnets = subnets(&server).await;
    let path = server.write("POST", &subnets, subnet()).await.created_at();
    let again = server.write("POST", &subnets, with(subnet(), "subnetPrefix", json!("10.0.0.99"))).await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains("10.0.0.0/24"), "{}", again.body);
    assert_eq!(server.delete(&path).await, 204);
    assert_eq!(server.delete(&path).await, 404);
    assert_eq!(server.get(&subnets).await, json!([]));
}

#[tokio::test]
async fn a_bridge_takes_its_subnets_along() {
    let server = Server::start().await;
    let bridge = server.create("/bridges", json!({})).await;
    let subnets = format!("/bridges/{bridge}/dhcp");
    server.write("POST", &subnets, subnet()).await.created_at();
    assert_eq!(server.delete(&format!("/bridges/{bridge}")).await, 204);
    assert_eq!(server.send("GET", &subnets, &[], "").await.status, 404);
    server.create("/bridges", json!({"id": bridge})).await;
    assert_eq!(server.get(&subnets).await, json!([]));
}

#[tokio::test]
async fn what_means_nothing_in_a_subnet_is_refused_by_name() {
    let server = Server::start().await;
    let subnets = subnets(&server).await;
    for (property, value) in [
        ("subnetPrefix", json!("10.0.0")),
        ("subnetPrefix", json!("fd00::")),
        ("subnetPrefix", Value::Null),
        ("subnetPrefix", json!("224.0.0.0")),
        ("subnetLength", json!(33)),
        ("subnetLength", json!(-1)),
        ("subnetLength", Value::Null),
        ("defaultGateway", json!("10.0.0.300")),
        ("defaultGateway", json!("10.9.0.1")),
        ("serverAddr", json!("x")),
        ("dnsServerAddrs", json!(["8.8.8.8", "x"])),
        ("dnsServerAddrs", json!("8.8.8.8")),
        ("interfaceMTU", json!(67)),
        ("interfaceMTU", json!(65536)),
        ("opt121Routes", json!({})),
        ("enabled", json!("yes")),
    ] {
        let mut body = with(subnet(), property, value.clone());
        if property == "subnetPrefix" {
            body["defaultGateway"] = Value::Null;
        }
        let answer = server.write("POST", &subnets, body).await;
        assert_eq!(answer.violations(), [property], "{value}");
    }
    let route = json!([{"destinationPrefix": "10.1.0.0", "destinationLength": 40}]);
    let answer = server.write("POST", &subnets, with(subnet(), "opt121Routes", route)).await;
    assert_eq!(answer.violations(), ["opt121Routes[0].destinationLength", "opt121Routes[0].gatewayAddr"]);
    let answer = server.write("POST", &subnets, json!({})).await;
    assert_eq!(answer.violations(), ["subnetPrefix", "subnetLength"]);
    assert_eq!(server.get(&subnets).await, json!([]));
}

#[tokio::test]
async fn names_of_nothing_are_404_and_malformed_ones_400() {
    let server = Server::start().await;
    let subnets = subnets(&server).await;
    server.write("POST", &subnets, subnet()).await.created_at();
    for (path, status) in [
        (format!("/bridges/{NOTHING}/dhcp"), 404),
        (format!("/bridges/{NOTHING}/dhcp/10.0.0.0_24"), 404),
        ("/bridges/not-a-uuid/dhcp".to_owned(), 404),
        (format!("{subnets}/10.9.0.0_24"), 404),
        (format!("{subnets}/10.0.0.0"), 404),
        (format!("{subnets}/10.0.0.0_40"), 400),
        (format!("{subnets}/not-a-subnet"), 400),
        (format!("{subnets}/10.9.0.0_24/hosts"), 404),
        (format!("{subnets}/10.0.0.0_24/hosts/02:00:00:00:00:09"), 404),
        (format!("{subnets}/10.0.0.0_24/hosts/not-a-mac"), 400),
    ] {
        assert_eq!(server.send("GET", &path, &[], "").await.status, status, "GET {path}");
        let collections = ["/dhcp", "/hosts"];
        if !collections.iter().any(|end| path.ends_with(end)) {
            assert_eq!(server.delete(&path).await, status, "DELETE {path}");
            let body = if path.contains("hosts") { host() } else { subnet() };
            assert_eq!(server.write("PUT", &path, body).await.status, status, "PUT {path}");
        }
    }
    assert_eq!(server.write("POST", &format!("/bridges/{NOTHING}/dhcp"), subnet()).await.status, 404);
    assert_eq!(server.write("POST", &format!("{subnets}/10.9.0.0_24/hosts"), host()).await.status, 404);
}

#[tokio::test]
async fn media_types_are_those_of_the_contract() {
    let server = Server::start().await;
    let subnets = subnets(&server).await;
    let path = server.write("POST", &subnets, subnet()).await.created_at();
    let host_path = server.write("POST", &format!("{path}/hosts"), host()).await.created_at();
    let vendor = |name: &str| format!("application/vnd.org.midonet.{name}-v2+json");
    assert_eq!(server.accepting(&path, "*/*").await, (200, vendor("DhcpSubnet")));
    assert_eq!(server.accepting(&path, "application/json").await, (200, "application/json".to_owned()));
    assert_eq!(server.accepting(&subnets, "*/*").await, (200, vendor("collection.DhcpSubnet")));
    assert_eq!(server.accepting(&subnets, "application/json").await.0, 406);
    assert_eq!(server.accepting(&host_path, "*/*").await, (200, vendor("DhcpHost")));
    assert_eq!(server.accepting(&format!("{path}/hosts"), "application/json").await.0, 406);
    for path in [&subnets, &format!("{path}/hosts")] {
        let plain = server.send("POST", path, &[("content-type", "text/plain")], "{}").await;
        assert_eq!(plain.status, 415);
    }
}

#[tokio::test]
async fn a_host_comes_back_as_it_was_given_and_changes() {
    let server = Server::start().await;
    let subnets = subnets(&server).await;
    let subnet = server.write("POST", &subnets, subnet()).await.created_at();
    let path = server.write("POST", &format!("{subnet}/hosts"), host()).await.created_at();
    assert_eq!(path, format!("{subnet}/hosts/02:00:00:00:00:01"));
    let found = server.get(&path).await;
    for (name, value) in host().as_object().unwrap() {
        assert_eq!(&found[name], value, "{name}");
    }
    assert_eq!(server.get(&format!("{subnet}/hosts")).await, json!([found]));
    assert_eq!(server.write("PUT", &path, json!({"ipAddr": "10.0.0.12"})).await.status, 204);
    let bare = server.get(&path).await;
    let reset = json!({
        "macAddr": "02:00:00:00:00:01", "ipAddr": "10.0.0.12", "name": null, "extraDhcpOpts": [], "uri": found["uri"],
    });
    assert_eq!(bare, reset);
}

#[tokio::test]
async fn a_host_is_named_by_its_ethernet_address_and_there_once() {
    let server = Server::start().await;
    let subnets = subnets(&server).await;
    let subnet = server.write("POST", &subnets, subnet()).await.created_at();
    let hosts = format!("{subnet}/hosts");
    let first = server.write("POST", &hosts, host()).await.created_at();
    let again = server.write("POST", &hosts, with(host(), "ipAddr", json!("10.0.0.12"))).await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains("02:00:00:00:00:01"), "{}", again.body);
    let other = with(host(), "macAddr", json!("02-00-00-00-00-AB"));
    let second = server.write("POST", &hosts, other.clone()).await.created_at();
    assert_eq!(second, format!("{hosts}/02:00:00:00:00:ab"));
    assert_eq!(server.write("PUT", &first, other).await.status, 409);
    let renamed = with(host(), "macAddr", json!("02:00:00:00:00:03"));
    assert_eq!(server.write("PUT", &first, renamed).await.status, 204);
    assert_eq!(server.delete(&first).await, 404);
    assert_eq!(server.delete(&second).await, 204);
    assert_eq!(server.get(&hosts).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_means_nothing_in_a_host_is_refused_by_name() {
    let server = Server::start().await;
    let subnets = subnets(&server).await;
    let subnet = server.write("POST", &subnets, subnet()).await.created_at();
    let hosts = format!("{subnet}/hosts");
    let long = "x".repeat(256);
    for (property, value) in [
        ("macAddr", json!("xx")),
        ("macAddr", Value::Null),
        ("macAddr", json!("ff:ff:ff:ff:ff:ff")),
        ("ipAddr", json!("10.0.0")),
        ("ipAddr", json!("10.9.0.1")),
        ("ipAddr", json!("10.0.0.255")),
        ("ipAddr", Value::Null),
        ("name", json!(long)),
        ("extraDhcpOpts", json!("x")),
        ("extraDhcpOpts", json!([{"optName": "", "optValue": "x"}])),
    ] {
        let answer = server.write("POST", &hosts, with(host(), property, value.clone())).await;
        assert_eq!(answer.violations(), [property], "{value}");
    }
    let answer = server.write("POST", &hosts, with(host(), "extraDhcpOpts", json!([{}]))).await;
    assert_eq!(answer.violations(), ["extraDhcpOpts[0].optName", "extraDhcpOpts[0].optValue"]);
    server.write("POST", &hosts, host()).await.created_at();
    let away = json!({"subnetPrefix": "10.9.0.0", "subnetLength": 24});
    assert_eq!(server.write("PUT", &subnet, away).await.violations(), ["subnetPrefix"]);
}
