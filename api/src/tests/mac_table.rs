//! MAC tables: static entries, and what bridges have learned.

use model::{BridgeId, PortId};
use nsdb::tables::{MacKey, mac_table};
use packet::MacAddr;
use serde_json::{Value, json};

use super::{NOTHING, Server};

struct Bridge {
    id: String,
    path: String,
    /// A port that carries all VLANs.
    trunk: String,
    /// A port of VLAN 10.
    access: String,
}

impl Bridge {
    async fn of(server: &Server) -> Self {
        let id = server.create("/bridges", json!({})).await;
        let path = format!("/bridges/{id}");
        let trunk = server.create(&format!("{path}/ports"), json!({})).await;
        let access = server.create(&format!("{path}/ports"), json!({"vlanId": 10})).await;
        Self { id, path, trunk, access }
    }

    fn table(&self) -> String {
        format!("{}/mac_table", self.path)
    }

    fn vlan(&self, vlan: u16) -> String {
        format!("{}/vlans/{vlan}/mac_table", self.path)
    }
}

fn entry(n: u8, port: &str) -> Value {
    json!({"macAddr": format!("02:00:00:00:00:{n:02x}"), "portId": port})
}

/// Stations of a list, with VLAN and port.
fn stations(list: &Value) -> Vec<(u64, &str, &str)> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap();
            (entry["vlanId"].as_u64().unwrap(), text("macAddr"), text("portId"))
        })
        .collect()
}

#[tokio::test]
async fn an_untagged_entry_is_in_vlan_0_and_at_the_bridge() {
    let server = Server::start().await;
    let bridge = Bridge::of(&server).await;
    let path = server.write("POST", &bridge.table(), entry(1, &bridge.trunk)).await.created_at();
    assert_eq!(path, format!("{}/02-00-00-00-00-01_{}", bridge.table(), bridge.trunk));
    let found = server.get(&path).await;
    assert_eq!((&found["macAddr"], &found["vlanId"]), (&json!("02:00:00:00:00:01"), &json!(0)));
    assert!(found["uri"].as_str().unwrap().ends_with(&path));
    assert_eq!(server.get(&bridge.table()).await, json!([found]));
    assert_eq!(server.get(&bridge.vlan(0)).await, json!([found]));
}

#[tokio::test]
async fn an_entry_in_a_vlan_is_there_and_in_the_whole_table() {
    let server = Server::start().await;
    let bridge = Bridge::of(&server).await;
    let path = server.write("POST", &bridge.vlan(10), entry(2, &bridge.access)).await.created_at();
    assert_eq!(path, format!("{}/02-00-00-00-00-02_{}", bridge.vlan(10), bridge.access));
    let body = json!({"macAddr": "02:00:00:00:00:03", "portId": bridge.trunk, "vlanId": 20});
    let other = server.write("POST", &bridge.table(), body).await.created_at();
    assert_eq!(other, format!("{}/02-00-00-00-00-03_{}", bridge.vlan(20), bridge.trunk));
    let whole = server.get(&bridge.table()).await;
    let expected = [(10, "02:00:00:00:00:02", &*bridge.access), (20, "02:00:00:00:00:03", &*bridge.trunk)];
    assert_eq!(stations(&whole), expected);
    assert_eq!(stations(&server.get(&bridge.vlan(10)).await), expected[..1]);
    let mut elsewhere = entry(4, &bridge.trunk);
    elsewhere["vlanId"] = json!(20);
    let path = server.write("POST", &bridge.vlan(30), elsewhere).await.created_at();
    assert_eq!(server.get(&path).await["vlanId"], 30, "the path counts");
}

#[tokio::test]
async fn a_station_written_again_moves_and_the_same_again_is_a_conflict() {
    let server = Server::start().await;
    let bridge = Bridge::of(&server).await;
    let first = server.write("POST", &bridge.vlan(10), entry(1, &bridge.trunk)).await.created_at();
    let again = server.write("POST", &bridge.vlan(10), entry(1, &bridge.trunk)).await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains(&bridge.trunk), "{}", again.body);
    let second = server.write("POST", &bridge.vlan(10), entry(1, &bridge.access)).await.created_at();
    assert_eq!(server.send("GET", &first, &[], "").await.status, 404);
    assert_eq!(server.get(&second).await["portId"], json!(bridge.access));
    assert_eq!(server.delete(&first).await, 204, "deleted already");
    assert_eq!(server.get(&bridge.vlan(10)).await.as_array().unwrap().len(), 1);
    assert_eq!((server.delete(&second).await, server.delete(&second).await), (204, 204));
    assert_eq!(server.get(&bridge.vlan(10)).await, json!([]));
}

#[tokio::test]
async fn learned_stations_are_shown_under_static_ones_and_stay() {
    let server = Server::start().await;
    let bridge = Bridge::of(&server).await;
    let table = mac_table(server.coordinator.clone(), bridge.id.parse::<BridgeId>().unwrap());
    let learned = |vlan, n, port: &str| {
        let station = MacKey { vlan, mac: MacAddr([2, 0, 0, 0, 0, n]) };
        table.set(station, port.parse::<PortId>().unwrap()).unwrap();
    };
    learned(0, 1, &bridge.trunk);
    learned(40, 2, &bridge.trunk);
    learned(10, 3, &bridge.trunk);
    learned(0, 4, NOTHING);
    server.write("POST", &bridge.vlan(10), entry(3, &bridge.access)).await.created_at();
    let expected = [
        (0, "02:00:00:00:00:01", &*bridge.trunk),
        (10, "02:00:00:00:00:03", &*bridge.access),
        (40, "02:00:00:00:00:02", &*bridge.trunk),
    ];
    for _ in 0..500 {
        if stations(&server.get(&bridge.table()).await) == expected {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(stations(&server.get(&bridge.table()).await), expected);
    assert_eq!(stations(&server.get(&bridge.vlan(40)).await), expected[2..]);
    let path = format!("{}/02-00-00-00-00-01_{}", bridge.table(), bridge.trunk);
    assert_eq!(server.delete(&path).await, 204);
    assert_eq!(server.get(&path).await["portId"], json!(bridge.trunk));
    let overridden = format!("{}/02-00-00-00-00-03_{}", bridge.vlan(10), bridge.trunk);
    assert_eq!(server.send("GET", &overridden, &[], "").await.status, 404);
}

#[tokio::test]
async fn what_means_nothing_is_refused_by_name() {
    let server = Server::start().await;
    let (bridge, other) = (Bridge::of(&server).await, Bridge::of(&server).await);
    for (path, body, properties) in [
        (bridge.table(), json!({}), &["macAddr", "portId"][..]),
        (bridge.table(), json!({"macAddr": "xx", "portId": bridge.trunk}), &["macAddr"]),
        (bridge.table(), json!({"macAddr": "ff:ff:ff:ff:ff:ff", "portId": bridge.trunk}), &["macAddr"]),
        (bridge.table(), json!({"macAddr": "02:00:00:00:00:01", "portId": "x"}), &["portId"]),
        (bridge.table(), entry(1, &other.trunk), &["portId"]),
        (format!("/bridges/{NOTHING}/mac_table"), entry(1, &bridge.trunk), &["portId"]),
        (bridge.vlan(11), entry(1, &bridge.access), &["vlanId"]),
        (bridge.vlan(5000), entry(1, &bridge.trunk), &["vlanId"]),
    ] {
        assert_eq!(server.write("POST", &path, body.clone()).await.violations(), properties, "{body}");
    }
    let body = json!({"macAddr": "02:00:00:00:00:01", "portId": bridge.trunk, "vlanId": 4095});
    assert_eq!(server.write("POST", &bridge.table(), body).await.violations(), ["vlanId"]);
    assert_eq!(server.write("POST", &bridge.table(), entry(1, NOTHING)).await.status, 404);
    assert_eq!(server.get(&bridge.table()).await, json!([]));
}

#[tokio::test]
async fn names_of_nothing_are_404_and_malformed_ones_400() {
    let server = Server::start().await;
    let bridge = Bridge::of(&server).await;
    let station = format!("02-00-00-00-00-09_{}", bridge.trunk);
    for (path, got, deleted) in [
        (format!("{}/{station}", bridge.table()), 404, 204),
        (format!("{}/{station}", bridge.vlan(10)), 404, 204),
        (format!("{}/{station}", bridge.vlan(11)), 404, 404),
        (format!("/bridges/{NOTHING}/mac_table/{station}"), 404, 404),
        (format!("{}/vlans/x/mac_table/{station}", bridge.path), 404, 404),
        (format!("{}/not-an-entry", bridge.table()), 400, 400),
        (format!("{}/02-00-00-00-00-09_x", bridge.table()), 400, 400),
    ] {
        assert_eq!(server.send("GET", &path, &[], "").await.status, got, "GET {path}");
        assert_eq!(server.delete(&path).await, deleted, "DELETE {path}");
        assert_eq!(server.write("PUT", &path, json!({})).await.status, 405, "PUT {path}");
    }
    assert_eq!(server.send("GET", &bridge.vlan(11), &[], "").await.status, 404);
    assert_eq!(server.get(&format!("/bridges/{NOTHING}/mac_table")).await, json!([]));
    assert_eq!(
        server.send("GET", &format!("/bridges/{NOTHING}/vlans/0/mac_table"), &[], "").await.status,
        404
    );
}

#[tokio::test]
async fn entries_go_with_their_port_and_their_bridge() {
    let server = Server::start().await;
    let bridge = Bridge::of(&server).await;
    server.write("POST", &bridge.table(), entry(1, &bridge.trunk)).await.created_at();
    server.write("POST", &bridge.vlan(10), entry(2, &bridge.access)).await.created_at();
    assert_eq!(server.delete(&format!("/ports/{}", bridge.trunk)).await, 204);
    assert_eq!(stations(&server.get(&bridge.table()).await), [(10, "02:00:00:00:00:02", &*bridge.access)]);
    assert_eq!(server.delete(&bridge.path).await, 204);
    server.create("/bridges", json!({"id": bridge.id})).await;
    assert_eq!(server.get(&bridge.table()).await, json!([]));
}

#[tokio::test]
async fn media_types_are_those_of_the_contract() {
    let server = Server::start().await;
    let bridge = Bridge::of(&server).await;
    let path = server.write("POST", &bridge.table(), entry(1, &bridge.trunk)).await.created_at();
    let vendor = |name: &str| format!("application/vnd.org.midonet.{name}-v2+json");
    assert_eq!(server.accepting(&path, "*/*").await, (200, vendor("MacPort")));
    assert_eq!(server.accepting(&bridge.table(), "*/*").await, (200, vendor("collection.MacPort")));
    assert_eq!(server.accepting(&bridge.table(), "application/json").await.1, "application/json");
    let plain = server.send("POST", &bridge.table(), &[("content-type", "text/plain")], "{}").await;
    assert_eq!(plain.status, 415);
}
