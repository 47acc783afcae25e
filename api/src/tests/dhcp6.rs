//! IPv6 subnets and their hosts.

use serde_json::{Value, json};

use super::{NOTHING, Server};

fn subnet() -> Value {
    json!({"prefix": "fd00::", "prefixLength": 64})
}

fn host() -> Value {
    json!({"clientId": "00:01", "fixedAddress": "fd00::5", "name": "h"})
}

/// A bridge's IPv6 subnets, and one of them.
async fn subnets(server: &Server) -> (String, String) {
    let bridge = server.create("/bridges", json!({})).await;
    let subnets = format!("/bridges/{bridge}/dhcpV6");
    let subnet = server.write("POST", &subnets, subnet()).await.created_at();
    (subnets, subnet)
}

#[tokio::test]
async fn a_subnet_is_named_by_its_network_in_full() {
    let server = Server::start().await;
    let (subnets, subnet) = subnets(&server).await;
    assert_eq!(subnet, format!("{subnets}/fd00:0:0:0:0:0:0:0_64"));
    let found = server.get(&subnet).await;
    assert_eq!((&found["prefix"], &found["prefixLength"]), (&json!("fd00:0:0:0:0:0:0:0"), &json!(64)));
    assert_eq!(server.get(&format!("{subnets}/fd00%3A%3A_64")).await, found);
    assert_eq!(server.get(&subnets).await, json!([found]));
}

#[tokio::test]
async fn a_subnet_is_there_once_moves_with_its_hosts_and_goes_once() {
    let server = Server::start().await;
    let (subnets, subnet) = subnets(&server).await;
    server.write("POST", &format!("{subnet}/hostsV6"), host()).await.created_at();
    let again = server.write("POST", &subnets, json!({"prefix": "fd00::7", "prefixLength": 64})).await;
    assert_eq!(again.status, 409);
    assert_eq!(
        server.write("PUT", &subnet, json!({"prefix": "fd00::", "prefixLength": 80})).await.status,
        204
    );
    let moved = format!("{subnets}/fd00:0:0:0:0:0:0:0_80");
    assert_eq!(server.get(&format!("{moved}/hostsV6")).await[0]["clientId"], "00:01");
    let away = json!({"prefix": "fd01::", "prefixLength": 64});
    assert_eq!(server.write("PUT", &moved, away).await.violations(), ["prefix"]);
    assert_eq!((server.delete(&moved).await, server.delete(&moved).await), (204, 404));
}

#[tokio::test]
async fn a_host_is_named_by_its_client_id_with_dashes() {
    let server = Server::start().await;
    let (_, subnet) = subnets(&server).await;
    let hosts = format!("{subnet}/hostsV6");
    let path = server.write("POST", &hosts, host()).await.created_at();
    assert_eq!(path, format!("{hosts}/00-01"));
    let found = server.get(&path).await;
    assert_eq!((&found["clientId"], &found["fixedAddress"]), (&json!("00:01"), &json!("fd00:0:0:0:0:0:0:5")));
    assert_eq!(server.get(&hosts).await, json!([found]));
    assert_eq!(server.write("POST", &hosts, host()).await.status, 409);
    let other = json!({"clientId": "00-02", "fixedAddress": "fd00::6"});
    assert_eq!(server.write("PUT", &path, other).await.status, 204);
    assert_eq!(server.delete(&path).await, 404);
    let renamed = format!("{hosts}/00-02");
    assert_eq!((&server.get(&renamed).await["name"], server.delete(&renamed).await), (&Value::Null, 204));
}

#[tokio::test]
async fn what_means_nothing_is_refused_by_name() {
    let server = Server::start().await;
    let (subnets, subnet) = subnets(&server).await;
    for (body, properties) in [
        (json!({}), &["prefix", "prefixLength"][..]),
        (json!({"prefix": "10.0.0.0", "prefixLength": 8}), &["prefix"]),
        (json!({"prefix": "ff02::", "prefixLength": 64}), &["prefix"]),
        (json!({"prefix": "fd01::", "prefixLength": 129}), &["prefixLength"]),
    ] {
        assert_eq!(server.write("POST", &subnets, body).await.violations(), properties);
    }
    let hosts = format!("{subnet}/hostsV6");
    for (body, properties) in [
        (json!({}), &["clientId", "fixedAddress"][..]),
        (json!({"clientId": "00:01", "fixedAddress": "10.0.0.1"}), &["fixedAddress"]),
        (json!({"clientId": "00:01", "fixedAddress": "fd01::1"}), &["fixedAddress"]),
        (json!({"clientId": "a b", "fixedAddress": "fd00::1"}), &["clientId"]),
    ] {
        assert_eq!(server.write("POST", &hosts, body).await.violations(), properties);
    }
}

#[tokio::test]
async fn names_of_nothing_are_404_and_malformed_ones_400() {
    let server = Server::start().await;
    let (subnets, subnet) = subnets(&server).await;
    for (path, status) in [
        (format!("/bridges/{NOTHING}/dhcpV6/fd00::_64"), 404),
        (format!("{subnets}/fd01::_64"), 404),
        (format!("{subnets}/10.0.0.0_24"), 400),
        (format!("{subnet}/hostsV6/00-09"), 404),
    ] {
        assert_eq!(server.send("GET", &path, &[], "").await.status, status, "GET {path}");
        assert_eq!(server.delete(&path).await, status, "DELETE {path}");
        assert_eq!(server.write("PUT", &path, subnet_or_host(&path)).await.status, status, "PUT {path}");
    }
    assert_eq!(server.send("GET", &format!("/bridges/{NOTHING}/dhcpV6"), &[], "").await.status, 404);
    assert_eq!(server.write("POST", &format!("{subnets}/fd01::_64/hostsV6"), host()).await.status, 404);
}

fn subnet_or_host(path: &str) -> Value {
    if path.contains("hostsV6") { host() } else { subnet() }
}

#[tokio::test]
async fn media_types_are_those_of_the_contract() {
    let server = Server::start().await;
    let (subnets, subnet) = subnets(&server).await;
    let vendor = |name: &str| format!("application/vnd.org.midonet.{name}-v1+json");
    assert_eq!(server.accepting(&subnet, "*/*").await, (200, vendor("DhcpV6Subnet")));
    assert_eq!(server.accepting(&subnet, "application/json").await.0, 200);
    assert_eq!(server.accepting(&subnets, "*/*").await, (200, vendor("collection.DhcpV6Subnet")));
    assert_eq!(server.accepting(&subnets, "application/json").await.0, 406);
    let hosts = format!("{subnet}/hostsV6");
    assert_eq!(server.accepting(&hosts, "*/*").await, (200, vendor("collection.DhcpV6Host")));
    assert_eq!(server.send("POST", &hosts, &[("content-type", "text/plain")], "{}").await.status, 415);
}
