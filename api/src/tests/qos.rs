//! QoS policies, their rules, and the bridges and ports that have them.

use serde_json::{Value, json};

use super::{NOTHING, Server};

#[tokio::test]
async fn a_policy_is_created_read_listed_updated_and_deleted() {
    let server = Server::start().await;
    let given = json!({"name": "gold", "description": "d", "shared": true, "tenant_id": "t1"});
    let id = server.create("/qos_policies", given.clone()).await;
    let path = format!("/qos_policies/{id}");
    let kept = server.get(&path).await;
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&kept[name], value, "{name}");
    }
    assert_eq!(server.get("/qos_policies").await, json!([kept]));
    assert_eq!(server.get("/qos_policies?tenant_id=t2").await, json!([]));
    assert_eq!(server.write("PUT", &path, kept.clone()).await.status, 204);
    assert_eq!(server.get(&path).await, kept);
    assert_eq!(server.write("PUT", &path, json!({})).await.status, 204);
    let reset = server.get(&path).await;
    assert!(given.as_object().unwrap().keys().all(|name| reset[name].is_null()), "{reset}");
    assert_eq!(server.write("POST", "/qos_policies", json!({"id": id})).await.status, 409);
    server.delete_twice(&path).await;
    assert!(server.is_gone(&path).await);
}

#[tokio::test]
async fn rules_of_a_policy_are_created_read_listed_updated_and_deleted() {
    let server = Server::start().await;
    let policy = server.create("/qos_policies", json!({})).await;
    for (kind, given, reset) in [
        ("bw_limit", json!({"maxKbps": 3000, "maxBurstKb": 200}), json!({"maxKbps": 0, "maxBurstKb": null})),
        ("dscp", json!({"dscpMark": 46}), json!({"dscpMark": 0})),
    ] {
        let collection = format!("/qos_policies/{policy}/qos_{kind}_rules");
        let id = server.create(&collection, given.clone()).await;
        let path = format!("/qos_{kind}_rules/{id}");
        let rule = server.get(&path).await;
        assert_eq!(rule["policyId"], json!(policy));
        assert!(given.as_object().unwrap().iter().all(|(name, value)| rule[name] == *value), "{rule}");
        assert_eq!(server.get(&collection).await, json!([rule]));
        let other = json!({"policyId": NOTHING});
        assert_eq!(server.write("PUT", &path, other).await.status, 204, "a rule stays with its policy");
        let now = server.get(&path).await;
        assert_eq!(now["policyId"], json!(policy));
        assert!(reset.as_object().unwrap().iter().all(|(name, value)| now[name] == *value), "{now}");
        assert_eq!(
            server.send("GET", &format!("{collection}/{id}"), &[("accept", "*/*")], "").await.status,
            405
        );
        server.delete_twice(&format!("{collection}/{id}")).await;
        server.delete_twice(&path).await;
        assert!(server.is_gone(&path).await);
        assert_eq!(server.write("PUT", &path, json!({})).await.status, 404);
        let nowhere = format!("/qos_policies/{NOTHING}/qos_{kind}_rules");
        assert_eq!(server.write("POST", &nowhere, json!({})).await.status, 404);
        assert_eq!(server.send("GET", &nowhere, &[("accept", "*/*")], "").await.status, 404);
    }
}

#[tokio::test]
async fn a_policy_written_with_rules_has_those_and_no_others() {
    let server = Server::start().await;
    let limit = "11111111-0000-4000-8000-000000000001";
    let rules = json!([
        {"type": "bandwidth_limit", "id": limit, "max_kbps": 100, "max_burst_kbps": 1000},
        {"type": "dscp_marking", "dscp_mark": 11},
        {"type": "dscp_marking", "dscp_mark": 22},
    ]);
    let id = server.create("/qos_policies", json!({"name": "p", "rules": rules})).await;
    let path = format!("/qos_policies/{id}");
    let marks = async || {
        let list = server.get(&format!("{path}/qos_dscp_rules")).await;
        let mut marks: Vec<u64> =
            list.as_array().unwrap().iter().map(|rule| rule["dscpMark"].as_u64().unwrap()).collect();
        marks.sort_unstable();
        marks
    };
    assert_eq!(server.get(&path).await["rules"], Value::Null, "they stand elsewhere");
    assert_eq!(marks().await, [11, 22]);
    let kept = server.get(&format!("/qos_bw_limit_rules/{limit}")).await;
    assert_eq!((&kept["maxKbps"], &kept["maxBurstKb"]), (&json!(100), &json!(1000)));

    assert_eq!(server.write("PUT", &path, json!({"name": "q"})).await.status, 204);
    assert_eq!(marks().await, [11, 22], "without rules they stay");
    let rules = json!([{"type": "bandwidth_limit", "id": limit, "max_kbps": 50}]);
    assert_eq!(server.write("PUT", &path, json!({"rules": rules})).await.status, 204);
    assert_eq!(marks().await, [] as [u64; 0]);
    assert_eq!(server.get(&format!("/qos_bw_limit_rules/{limit}")).await["maxKbps"], 50);
    let taken = server.write("POST", "/qos_policies", json!({"rules": rules})).await;
    assert_eq!(taken.status, 409, "a rule of another policy is not taken away");
    assert_eq!(server.write("PUT", &path, json!({"rules": []})).await.status, 204);
    assert!(server.is_gone(&format!("/qos_bw_limit_rules/{limit}")).await);
}

#[tokio::test]
async fn a_policy_takes_its_rules_along_and_is_unhooked() {
    let server = Server::start().await;
    let (bridge, [port]) = server.bridge_with_ports().await;
    let policy = server.create("/qos_policies", json!({})).await;
    let rule = server.create(&format!("/qos_policies/{policy}/qos_dscp_rules"), json!({})).await;
    let hooked = [format!("/bridges/{bridge}"), format!("/ports/{port}")];
    for path in &hooked {
        assert_eq!(server.write("PUT", path, json!({"qosPolicyId": policy})).await.status, 204);
        assert_eq!(server.get(path).await["qosPolicyId"], json!(policy));
    }
    server.delete_twice(&format!("/qos_policies/{policy}")).await;
    assert!(server.is_gone(&format!("/qos_dscp_rules/{rule}")).await);
    for path in &hooked {
        assert_eq!(server.get(path).await["qosPolicyId"], Value::Null);
        assert_eq!(server.write("PUT", path, json!({"qosPolicyId": policy})).await.status, 404);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = Server::start().await;
    let policy = server.create("/qos_policies", json!({})).await;
    let limits = format!("/qos_policies/{policy}/qos_bw_limit_rules");
    let marks = format!("/qos_policies/{policy}/qos_dscp_rules");
    for (path, body, property) in [
        ("/qos_policies", json!({"name": "x".repeat(256)}), "name"),
        ("/qos_policies", json!({"shared": "yes"}), "shared"),
        ("/qos_policies", json!({"rules": [{}]}), "rules[0].type"),
        ("/qos_policies", json!({"rules": [{"type": "x"}]}), "rules[0].type"),
        (
            "/qos_policies",
            json!({"rules": [{"type": "dscp_marking", "dscp_mark": 64}]}),
            "rules[0].dscp_mark",
        ),
        (
            "/qos_policies",
            json!({"rules": [{"type": "bandwidth_limit", "max_kbps": -1}]}),
            "rules[0].max_kbps",
        ),
        (&limits, json!({"maxKbps": -1}), "maxKbps"),
        (&limits, json!({"maxBurstKb": -1}), "maxBurstKb"),
        (&limits, json!({"maxKbps": 1_i64 << 31}), "maxKbps"),
        (&marks, json!({"dscpMark": 64}), "dscpMark"),
        (&marks, json!({"dscpMark": -1}), "dscpMark"),
        (&marks, json!({"dscpMark": "12"}), "dscpMark"),
    ] {
        let answer = server.write("POST", path, body.clone()).await;
        assert_eq!(answer.violations(), [property], "{body}");
    }
    let wrong_type = [("content-type", "application/vnd.org.midonet.QOSRuleDSCP-v1+json")];
    assert_eq!(server.send("POST", &limits, &wrong_type, "{}").await.status, 406);
    assert_eq!(server.send("POST", &marks, &wrong_type, "{}").await.status, 201);
}
