//! Rules: their order, their conditions, what is refused.

use serde_json::{Value, json};

use super::Server;

async fn chain(server: &Server) -> (String, String) {
    let chain = server.create("/chains", json!({"name": "c"})).await;
    let rules = format!("/chains/{chain}/rules");
    (chain, rules)
}

#[tokio::test]
async fn positions_count_from_one_and_push_later_rules_back() {
    let server = Server::start().await;
    let (_, rules) = chain(&server).await;
    let first = server.create(&rules, json!({"type": "accept"})).await;
    let head = server.create(&rules, json!({"type": "drop"})).await;
    let tail = server.create(&rules, json!({"type": "return", "position": 3})).await;
    let listed = server.get(&rules).await;
    let ids: Vec<&Value> = listed.as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
    assert_eq!(ids, [&json!(head), &json!(first), &json!(tail)]);
    assert_eq!(server.get(&format!("/rules/{first}")).await["position"], 2);
    let answer = server.write("POST", &rules, json!({"type": "drop", "position": 9})).await;
    assert_eq!(answer.violations(), ["position"]);
}

#[tokio::test]
async fn a_condition_comes_back_as_it_was_given() {
    let server = Server::start().await;
    let (_, rules) = chain(&server).await;
    let group = server.create("/port_groups", json!({})).await;
    let given = json!({
        "type": "drop", "condInvert": true, "dlType": 0x800, "nwProto": 6,
        "nwSrcAddress": "10.0.0.0", "nwSrcLength": 8, "invNwSrc": true,
        "dlSrc": "02:00:00:00:00:01", "dlSrcMask": "ffff.ff00.0000",
        "tpDst": {"start": 22, "end": 23}, "portGroup": group, "invPortGroup": true, "vlan": 7,
    });
    let id = server.create(&rules, given.clone()).await;
    let rule = server.get(&format!("/rules/{id}")).await;
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&rule[name], value, "{name}");
    }
    assert_eq!(rule["fragmentPolicy"], "header");
}

#[tokio::test]
async fn values_that_mean_nothing_are_refused_by_name() {
    let server = Server::start().await;
    let (_, rules) = chain(&server).await;
    for (body, property) in [
        (json!({"nwProto": 300}), "nwProto"),
        (json!({"tpDst": {"start": 1, "end": 2}}), "tpDst"),
        (json!({"nwSrcAddress": "10.0.0.0", "nwSrcLength": 33}), "nwSrcLength"),
        (json!({"nwSrcAddress": "10.0.0"}), "nwSrcAddress"),
        (json!({"inPorts": ["00000000-dead-4bad-8bad-000000000000"]}), "inPorts"),
        (json!({"dlSrc": "xx"}), "dlSrc"),
        (json!({"type": "jump"}), "jumpChainId"),
        (json!({"type": "nonsense"}), "type"),
        (json!({"type": null}), "type"),
    ] {
        let mut rule = json!({"type": "drop"});
        rule.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let answer = server.write("POST", &rules, rule).await;
        assert_eq!(answer.violations(), [property], "{body}");
    }
}

#[tokio::test]
async fn a_jump_names_its_chain() {
    let server = Server::start().await;
    let (chain, rules) = chain(&server).await;
    let id = server.create(&rules, json!({"type": "jump", "jumpChainId": chain})).await;
    let rule = server.get(&format!("/rules/{id}")).await;
    assert_eq!((&rule["jumpChainId"], &rule["jumpChainName"]), (&json!(chain), &json!("c")));
    let unknown = json!({"type": "jump", "jumpChainId": "00000000-dead-4bad-8bad-000000000000"});
    assert_eq!(server.write("POST", &rules, unknown).await.status, 404);
}

#[tokio::test]
async fn every_property_of_a_condition_comes_back_and_is_reset_by_absence() {
    let server = Server::start().await;
    let (_, rules) = chain(&server).await;
    let bridge = server.create("/bridges", json!({})).await;
    let port = server.create(&format!("/bridges/{bridge}/ports"), json!({})).await;
    let group = server.create("/port_groups", json!({})).await;
    let addresses = server.create("/ip_addr_groups", json!({"name": "g"})).await;
    let mut given = json!({
        "type": "accept", "condInvert": true, "matchForwardFlow": true, "matchReturnFlow": true,
        "inPorts": [port], "invInPorts": true, "outPorts": [port], "invOutPorts": true,
        "portGroup": group, "invPortGroup": true, "inPortGroup": group, "invInPortGroup": true,
        "outPortGroup": group, "invOutPortGroup": true,
        "ipAddrGroupSrc": addresses, "invIpAddrGroupSrc": true,
        "ipAddrGroupDst": addresses, "invIpAddrGroupDst": true,
        "traversedDevice": bridge, "invTraversedDevice": true, "noVlan": true, "vlan": null,
        "matchNwDstRewritten": true, "fragmentPolicy": "unfragmented", "meterName": "m", "position": 1,
    });
    let addresses_and_ports = json!({
        "dlType": 0x800, "invDlType": true,
        "dlSrc": "02:00:00:00:00:01", "dlSrcMask": "ffff.ff00.0000", "invDlSrc": true,
        "dlDst": "02:00:00:00:00:02", "dlDstMask": "0000.00ff.ffff", "invDlDst": true,
        "nwTos": 16, "invNwTos": true, "nwProto": 6, "invNwProto": false,
        "nwSrcAddress": "10.0.0.2", "nwSrcLength": 24, "invNwSrc": true,
        "nwDstAddress": "10.0.1.2", "nwDstLength": 16, "invNwDst": true,
        "tpSrc": {"start": 1, "end": 65535}, "invTpSrc": true, "tpDst": {"start": 22, "end": 22}, "invTpDst": true,
        "icmpDataSrcIpAddress": "10.2.0.3", "icmpDataSrcIpLength": 24, "invIcmpDataSrcIp": true,
        "icmpDataDstIpAddress": "10.3.0.3", "icmpDataDstIpLength": 24, "invIcmpDataDstIp": true,
    });
    given.as_object_mut().unwrap().extend(addresses_and_ports.as_object().unwrap().clone());
    let id = server.create(&rules, given.clone()).await;
    let rule = server.get(&format!("/rules/{id}")).await;
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&rule[name], value, "{name}");
    }
    let empty = server.create(&rules, json!({"type": "accept"})).await;
    let empty = server.get(&format!("/rules/{empty}")).await;
    for (name, value) in given.as_object().unwrap() {
        let reset = &empty[name];
        let is_flag = value.is_boolean() && reset == false;
        let is_nothing = reset.is_null() || reset == 0 || *reset == json!([]);
        let kept = ["type", "fragmentPolicy", "position"].contains(&name.as_str());
        assert!(is_flag || is_nothing || kept, "{name}: {reset}");
    }
    assert_eq!(empty["fragmentPolicy"], "any");
    assert_eq!(rule.as_object().unwrap().len(), empty.as_object().unwrap().len());
}

#[tokio::test]
async fn a_rule_has_no_put_and_below_its_chain_is_only_deleted() {
    let server = Server::start().await;
    let (chain, rules) = chain(&server).await;
    let id = server.create(&rules, json!({"type": "drop"})).await;
    assert_eq!(server.write("PUT", &format!("/rules/{id}"), json!({"type": "drop"})).await.status, 405);
    let below = format!("/chains/{chain}/rules/{id}");
    assert_eq!(server.send("GET", &below, &[("accept", "*/*")], "").await.status, 405);
    for _ in 0..2 {
        assert_eq!(server.send("DELETE", &below, &[], "").await.status, 204);
    }
    assert_eq!(server.send("GET", &format!("/rules/{id}"), &[("accept", "*/*")], "").await.status, 404);
    assert_eq!(server.get(&rules).await, json!([]));
}

#[tokio::test]
async fn a_chain_that_is_not_there_has_no_rules() {
    let server = Server::start().await;
    for chain in ["00000000-dead-4bad-8bad-000000000000", "not-a-uuid"] {
        let rules = format!("/chains/{chain}/rules");
        assert_eq!(server.send("GET", &rules, &[("accept", "*/*")], "").await.status, 404);
        assert_eq!(server.write("POST", &rules, json!({"type": "drop"})).await.status, 404);
    }
}

#[tokio::test]
async fn an_id_that_is_in_use_is_a_conflict() {
    let server = Server::start().await;
    let (_, rules) = chain(&server).await;
    let id = server.create(&rules, json!({"type": "drop"})).await;
    let answer = server.write("POST", &rules, json!({"type": "accept", "id": id})).await;
    assert_eq!(answer.status, 409);
    assert_eq!(answer.json()["message"], format!("A(n) Rule with ID {id} already exists."));
}

#[tokio::test]
async fn media_types_of_rules_are_those_of_version_2() {
    let server = Server::start().await;
    let (_, rules) = chain(&server).await;
    let send = async |kind: &str| {
        server.send("POST", &rules, &[("content-type", kind)], r#"{"type": "drop"}"#).await.status
    };
    assert_eq!(send("application/vnd.org.midonet.Rule-v2+json").await, 201);
    assert_eq!(send("application/vnd.org.midonet.Rule-v1+json").await, 406);
    assert_eq!(send("text/plain").await, 415);
    let accept = async |kind: &str| server.send("GET", &rules, &[("accept", kind)], "").await.status;
    assert_eq!(accept("application/vnd.org.midonet.collection.Rule-v2+json").await, 200);
    assert_eq!(accept("application/vnd.org.midonet.Rule-v2+json").await, 406);
}
