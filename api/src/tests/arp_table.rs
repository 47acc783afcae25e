//! ARP tables: static entries, one an address.

use serde_json::{Value, json};

use super::{NOTHING, Server};

fn entry(n: u8) -> Value {
    json!({"ip": "10.0.0.5", "mac": format!("02:00:00:00:00:{n:02x}")})
}

/// A bridge, and its table.
async fn table(server: &Server) -> (String, String) {
    let bridge = server.create("/bridges", json!({})).await;
    let table = format!("/bridges/{bridge}/arp_table");
    (bridge, table)
}

#[tokio::test]
async fn an_entry_comes_back_as_it_was_given() {
    let server = Server::start().await;
    let (_, table) = table(&server).await;
    let path = server.write("POST", &table, entry(5)).await.created_at();
    assert_eq!(path, format!("{table}/10.0.0.5_02-00-00-00-00-05"));
    let found = server.get(&path).await;
    assert_eq!((&found["ip"], &found["mac"]), (&json!("10.0.0.5"), &json!("02:00:00:00:00:05")));
    assert_eq!(server.get(&table).await, json!([found]));
    assert_eq!((server.delete(&path).await, server.delete(&path).await), (204, 204));
    assert_eq!(server.get(&table).await, json!([]));
}

#[tokio::test]
async fn an_address_written_again_is_of_the_new_station_and_the_same_again_is_a_conflict() {
    let server = Server::start().await;
    let (_, table) = table(&server).await;
    let first = server.write("POST", &table, entry(5)).await.created_at();
    let again = server.write("POST", &table, entry(5)).await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains("02:00:00:00:00:05"), "{}", again.body);
    let second = server.write("POST", &table, entry(6)).await.created_at();
    assert_eq!(server.get(&second).await["mac"], "02:00:00:00:00:06");
    assert_eq!(server.send("GET", &first, &[], "").await.status, 404);
    assert_eq!(server.delete(&first).await, 204, "deleted already");
    assert_eq!(server.get(&table).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_means_nothing_is_refused_by_name() {
    let server = Server::start().await;
    let (_, table) = table(&server).await;
    for (body, properties) in [
        (json!({}), &["ip", "mac"][..]),
        (json!({"ip": "10.0.0", "mac": "02:00:00:00:00:05"}), &["ip"]),
        (json!({"ip": "fd00::1", "mac": "02:00:00:00:00:05"}), &["ip"]),
        (json!({"ip": "224.0.0.1", "mac": "02:00:00:00:00:05"}), &["ip"]),
        (json!({"ip": "10.0.0.5", "mac": "xx"}), &["mac"]),
        (json!({"ip": "10.0.0.5", "mac": "01:00:5e:00:00:01"}), &["mac"]),
    ] {
        assert_eq!(server.write("POST", &table, body.clone()).await.violations(), properties, "{body}");
    }
}

#[tokio::test]
async fn names_of_nothing_are_404_and_malformed_ones_400() {
    let server = Server::start().await;
    let (_, table) = table(&server).await;
    for (path, got, deleted) in [
        (format!("{table}/10.0.0.9_02-00-00-00-00-05"), 404, 204),
        (format!("/bridges/{NOTHING}/arp_table/10.0.0.5_02-00-00-00-00-05"), 404, 204),
        (format!("{table}/not-an-entry"), 400, 400),
        (format!("{table}/10.0.0.5_xx"), 400, 400),
        (format!("{table}/10.0.0.5"), 400, 400),
    ] {
        assert_eq!(server.send("GET", &path, &[], "").await.status, got, "GET {path}");
        assert_eq!(server.delete(&path).await, deleted, "DELETE {path}");
    }
    let unknown = format!("/bridges/{NOTHING}/arp_table");
    assert_eq!(server.send("GET", &unknown, &[], "").await.status, 404);
    assert_eq!(server.write("POST", &unknown, entry(5)).await.status, 404);
    assert_eq!(
        server.write("PUT", &format!("{table}/10.0.0.5_02-00-00-00-00-05"), entry(5)).await.status,
        405
    );
}

#[tokio::test]
async fn entries_go_with_their_bridge() {
    let server = Server::start().await;
    let (bridge, table) = table(&server).await;
    server.write("POST", &table, entry(5)).await.created_at();
    assert_eq!(server.delete(&format!("/bridges/{bridge}")).await, 204);
    server.create("/bridges", json!({"id": bridge})).await;
    assert_eq!(server.get(&table).await, json!([]));
}

#[tokio::test]
async fn media_types_are_those_of_the_contract() {
    let server = Server::start().await;
    let (_, table) = table(&server).await;
    let path = server.write("POST", &table, entry(5)).await.created_at();
    let vendor = |name: &str| format!("application/vnd.org.midonet.{name}-v1+json");
    assert_eq!(server.accepting(&path, "*/*").await, (200, vendor("IP4Mac")));
    assert_eq!(server.accepting(&table, "*/*").await, (200, vendor("collection.IP4Mac")));
    assert_eq!(server.accepting(&table, "application/json").await.1, "application/json");
    assert_eq!(server.send("POST", &table, &[("content-type", "text/plain")], "{}").await.status, 415);
}
