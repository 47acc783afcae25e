//! What rules do: NAT, L2 transformation, tracing; their properties and what is refused.

use serde_json::{Value, json};

use super::{NOTHING, Server};

async fn chain(server: &Server) -> String {
    let chain = server.create("/chains", json!({})).await;
    format!("/chains/{chain}/rules")
}

async fn created(server: &Server, rules: &str, rule: Value) -> Value {
    let id = server.create(rules, rule).await;
    server.get(&format!("/rules/{id}")).await
}

/// A target as clients write it.
fn target(from: &str, to: &str, ports: (u16, u16)) -> Value {
    json!({"addressFrom": from, "addressTo": to, "portFrom": ports.0, "portTo": ports.1})
}

#[tokio::test]
async fn rules_of_each_type_come_back_with_what_is_theirs() {
    let server = Server::start().await;
    let rules = chain(&server).await;
    let (bridge, [port]) = server.bridge_with_ports().await;
    let request = json!({"name": "t", "deviceType": "BRIDGE", "deviceId": bridge, "condition": {}});
    let request = server.create("/traces", request).await;
    let targets = [target("10.0.0.5", "10.0.0.9", (80, 88)), target("10.1.0.5", "10.1.0.5", (0, 0))];
    for rule in [
        json!({"type": "dnat", "flowAction": "accept", "natTargets": targets}),
        json!({"type": "snat", "flowAction": "continue", "natTargets": targets}),
        json!({"type": "rev_dnat", "flowAction": "return"}),
        json!({"type": "rev_snat", "flowAction": "accept"}),
        json!({"type": "l2_transform", "flowAction": "redirect", "popVlan": true, "pushVlan": 0x7000,
               "targetPortId": port, "ingress": true, "failOpen": true}),
        json!({"type": "l2_transform", "flowAction": "accept", "popVlan": false, "pushVlan": 0,
               "targetPortId": null, "ingress": false, "failOpen": false}),
        json!({"type": "trace", "requestId": request, "limit": 7}),
        json!({"type": "accept"}),
        json!({"type": "continue"}),
    ] {
        let kept = created(&server, &rules, rule.clone()).await;
        for (name, value) in rule.as_object().unwrap() {
            assert_eq!(&kept[name], value, "{name} of {rule}");
        }
        // Besides what any rule has, it has its own properties and no others.
        let any = created(&server, &rules, json!({"type": "drop"})).await;
        let own = kept.as_object().unwrap().keys().filter(|name| any.get(name).is_none());
        let given = rule.as_object().unwrap().keys().filter(|name| *name != "type");
        assert_eq!(own.count(), given.count(), "{kept}");
    }
}

#[tokio::test]
async fn what_is_left_out_has_its_default() {
    let server = Server::start().await;
    let rules = chain(&server).await;
    let given = json!({"type": "dnat", "flowAction": "accept",
                       "natTargets": [{"addressFrom": "10.0.0.5", "addressTo": "10.0.0.5"}]});
    let dnat = created(&server, &rules, given).await;
    assert_eq!(dnat["natTargets"], json!([target("10.0.0.5", "10.0.0.5", (0, 0))]));
    let transform = created(&server, &rules, json!({"type": "l2_transform", "flowAction": "accept"})).await;
    assert_eq!((&transform["pushVlan"], &transform["popVlan"]), (&json!(0), &json!(false)));
    let reverse = json!({"type": "rev_dnat", "flowAction": "accept", "natTargets": [{"addressFrom": "x"}]});
    assert!(created(&server, &rules, reverse).await.get("natTargets").is_none(), "not of this type");
}

#[tokio::test]
async fn nat_that_needs_ports_is_for_unfragmented_packets() {
    let server = Server::start().await;
    let rules = chain(&server).await;
    let one = json!([target("10.0.0.5", "10.0.0.5", (0, 0))]);
    let several = json!([target("10.0.0.5", "10.0.0.6", (0, 0))]);
    let tcp = json!({"nwProto": 6, "tpDst": {"start": 80, "end": 80}});
    let rule = |targets: &Value, more: &Value, policy: &Value| {
        let mut rule = json!({"type": "dnat", "flowAction": "accept", "natTargets": targets});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule["fragmentPolicy"] = policy.clone();
        rule
    };
    let nothing = json!({});
    for (targets, more, default, others) in [
        (&one, &nothing, "any", true),
        (&one, &tcp, "unfragmented", false),
        (&several, &nothing, "unfragmented", false),
    ] {
        let kept = created(&server, &rules, rule(targets, more, &Value::Null)).await;
        assert_eq!(kept["fragmentPolicy"], default);
        for policy in ["any", "header", "nonheader"] {
            let answer = server.write("POST", &rules, rule(targets, more, &json!(policy))).await;
            match others {
                true => assert_eq!(answer.status, 201, "{}", answer.body),
                false => assert_eq!(answer.violations(), ["fragmentPolicy"]),
            }
        }
        created(&server, &rules, rule(targets, more, &json!("unfragmented"))).await;
    }
    let reverse = json!({"type": "rev_dnat", "flowAction": "accept"});
    assert_eq!(created(&server, &rules, reverse).await["fragmentPolicy"], "any");
}

#[tokio::test]
async fn values_that_mean_nothing_are_refused_by_name() {
    let server = Server::start().await;
    let rules = chain(&server).await;
    let nat = |targets: Value| json!({"type": "snat", "flowAction": "accept", "natTargets": targets});
    let transform = |more: Value| {
        let mut rule = json!({"type": "l2_transform", "flowAction": "accept"});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    for (rule, property) in [
        (nat(Value::Null), "natTargets"),
        (nat(json!([])), "natTargets"),
        (nat(json!("10.0.0.1")), "natTargets"),
        (nat(json!(["10.0.0.1"])), "natTargets[0]"),
        (nat(json!([{"addressTo": "10.0.0.1"}])), "natTargets[0].addressFrom"),
        (nat(json!([{"addressFrom": "10.0.0.1", "addressTo": "10.0.0"}])), "natTargets[0].addressTo"),
        (nat(json!([target("10.0.0.9", "10.0.0.1", (0, 0))])), "natTargets"),
        (nat(json!([target("10.0.0.1", "fd00::1", (0, 0))])), "natTargets"),
        (nat(json!([target("224.0.0.1", "224.0.0.1", (0, 0))])), "natTargets"),
        (nat(json!([target("10.0.0.1", "10.0.0.1", (88, 80))])), "natTargets"),
        (nat(json!([target("10.0.0.1", "10.0.0.1", (0, 80))])), "natTargets"),
        (json!({"type": "dnat", "natTargets": [target("10.0.0.1", "10.0.0.1", (0, 0))]}), "flowAction"),
        (json!({"type": "rev_dnat"}), "flowAction"),
        (json!({"type": "rev_dnat", "flowAction": "drop"}), "flowAction"),
        (json!({"type": "rev_snat", "flowAction": "redirect"}), "flowAction"),
        (transform(json!({"flowAction": null})), "flowAction"),
        (transform(json!({"flowAction": "continue"})), "flowAction"),
        (transform(json!({"pushVlan": 0x10000})), "pushVlan"),
        (transform(json!({"pushVlan": -1})), "pushVlan"),
        (transform(json!({"targetPortId": NOTHING})), "targetPortId"),
        (json!({"type": "trace"}), "requestId"),
        (json!({"type": "trace", "requestId": NOTHING}), "requestId"),
        (json!({"type": "drop", "position": -1}), "position"),
        (json!({"type": "drop", "fragmentPolicy": "UNDEFINED"}), "fragmentPolicy"),
    ] {
        let answer = server.write("POST", &rules, rule.clone()).await;
        assert_eq!(answer.violations(), [property], "{rule}");
    }
}

#[tokio::test]
async fn a_rule_outlives_the_port_that_it_redirects_to_but_not_the_request_that_it_traces_for() {
    let server = Server::start().await;
    let rules = chain(&server).await;
    let (bridge, [port]) = server.bridge_with_ports().await;
    let request = json!({"name": "t", "deviceType": "BRIDGE", "deviceId": bridge, "condition": {}});
    let request = server.create("/traces", request).await;
    let redirect = json!({"type": "l2_transform", "flowAction": "redirect", "targetPortId": port});
    let redirect = server.create(&rules, redirect).await;
    let trace = server.create(&rules, json!({"type": "trace", "requestId": request})).await;
    server.delete_twice(&format!("/ports/{port}")).await;
    assert_eq!(server.get(&format!("/rules/{redirect}")).await["targetPortId"], Value::Null);
    server.delete_twice(&format!("/traces/{request}")).await;
    assert!(server.is_gone(&format!("/rules/{trace}")).await);
}
