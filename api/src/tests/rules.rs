//! Rules: their order, their conditions, what is not supported.

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
        (json!({"type": "dnat"}), "type"),
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
