//! A tenant gets nothing of another's, nor of the operator's: by every path that the API has, for every kind of object.
//!
//! The paths are those of the OpenAPI document, the ids those of everything there is, so that a path or a kind that is
//! added is tried too.

use std::collections::BTreeSet;
use std::time::Duration;

use model::{Kind, ObjectKey};
use serde_json::{Value, json};

use super::Guarded;
use crate::tests::HOST;

/// The first segments of paths to the operator's things, which no tenant is let to.
const OPERATORS: &[&str] = &["conf", "hosts", "system_state", "tunnel_zones", "vteps"];

/// Something of every kind: each tenant's own, and the operator's.
async fn furnish(guarded: &Guarded) {
    for token in [&guarded.t1, &guarded.t2] {
        let bridge = guarded.create(token, "/bridges", json!({"name": "b"})).await;
        let router = guarded.create(token, "/routers", json!({"name": "r"})).await;
        let chain = guarded.create(token, "/chains", json!({"name": "c"})).await;
        let rule = json!({"type": "drop", "nwProto": 6});
        guarded.create(token, &format!("/chains/{chain}/rules"), rule).await;
        let port = guarded.create(token, &format!("/bridges/{bridge}/ports"), json!({})).await;
        let addresses = json!({"portSubnet": ["10.0.0.1/24"]});
        let inner = guarded.create(token, &format!("/routers/{router}/ports"), addresses).await;
        let link =
            guarded.write(token, "POST", &format!("/ports/{port}/link"), json!({"peerId": inner})).await;
        assert_eq!(link.status, 201, "{}", link.body);
        let group = guarded.create(token, "/port_groups", json!({"name": "g"})).await;
        guarded.create(token, &format!("/port_groups/{group}/ports"), json!({"portId": port})).await;
        let addresses = guarded.create(token, "/ip_addr_groups", json!({"name": "a"})).await;
        let path = format!("/ip_addr_groups/{addresses}/ip_addrs");
        guarded.create(token, &path, json!({"addr": "10.0.0.7"})).await;
    }
    let zone =
        guarded.create(&guarded.operator, "/tunnel_zones", json!({"name": "z", "type": "vxlan"})).await;
    let member = json!({"hostId": HOST, "ipAddress": "172.16.0.1"});
    guarded.create(&guarded.operator, &format!("/tunnel_zones/{zone}/hosts"), member).await;
    let bridge = guarded.create(&guarded.operator, "/bridges", json!({"name": "provider"})).await;
    let port = guarded.create(&guarded.operator, &format!("/bridges/{bridge}/ports"), json!({})).await;
    let binding = json!({"portId": port, "interfaceName": "eth0"});
    guarded.create(&guarded.operator, &format!("/hosts/{HOST}/ports"), binding).await;
}

/// Each path of the API with its verbs.
async fn paths(guarded: &Guarded) -> Vec<(String, Vec<String>)> {
    let document = guarded.get(&guarded.operator, "/openapi.json").await;
    let verbs = |item: &Value| item.as_object().unwrap().keys().map(|verb| verb.to_uppercase()).collect();
    document["paths"].as_object().unwrap().iter().map(|(path, item)| (path.clone(), verbs(item))).collect()
}

/// A path with an id in the place of every one that it names.
fn with_id(path: &str, id: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{version}" => "4",
        "{address}" => "10.0.0.7",
        segment if segment.starts_with('{') => id,
        segment => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

fn first(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap()
}

/// What the second tenant must not get to know of, by id.
fn hidden(guarded: &Guarded) -> BTreeSet<String> {
    let (all, seen) = (guarded.topology(), guarded.topology().seen_by("t2"));
    all.keys().filter(|key| !seen.contains(*key)).map(|key| key.id.to_string()).collect()
}

#[track_caller]
fn assert_shows_nothing(what: &str, body: &str, hidden: &BTreeSet<String>) {
    let shown: Vec<_> = hidden.iter().filter(|id| body.contains(id.as_str())).collect();
    assert!(shown.is_empty(), "{what} shows {shown:?}: {body}");
}

#[tokio::test]
async fn every_kind_is_there_for_both_tenants_and_the_operator() {
    let guarded = Guarded::start().await;
    furnish(&guarded).await;
    let kinds = |state: model::State| state.keys().map(|key| key.kind).collect::<BTreeSet<_>>();
    let all = kinds(guarded.topology());
    assert_eq!(all, Kind::ALL.iter().copied().collect(), "a new kind belongs into the furniture");
    let of_tenants: BTreeSet<_> =
        all.into_iter().filter(|kind| !matches!(kind, Kind::Host | Kind::TunnelZone)).collect();
    assert_eq!(kinds(guarded.topology().seen_by("t1")), of_tenants);
    assert_eq!(kinds(guarded.topology().seen_by("t2")), of_tenants);
}

#[tokio::test]
async fn no_path_shows_what_is_not_the_tenant_s() {
    let guarded = Guarded::start().await;
    furnish(&guarded).await;
    let hidden = hidden(&guarded);
    assert!(hidden.len() > 12);
    for (path, verbs) in paths(&guarded).await {
        // A stream does not end; it has a test of its own.
        if !verbs.iter().any(|verb| verb == "GET") || ["login", "events"].contains(&first(&path)) {
            continue;
        }
        let ids: Vec<_> =
            if path.contains('{') { hidden.iter().cloned().collect() } else { vec![String::new()] };
        for id in ids {
            let path = with_id(&path, &id);
            let answer = guarded.send(&guarded.t2, "GET", &path, "").await;
            match answer.status.as_u16() {
                403 => assert!(OPERATORS.contains(&first(&path)), "{path}"),
                404 => assert!(path.contains(&id) && !id.is_empty(), "{path}"),
                200 => assert_shows_nothing(&path, &answer.body, &hidden),
                406 if first(&path) == "tenants" => {}
                other => panic!("GET {path}: {other} {}", answer.body),
            }
            if path.contains(&id) && !id.is_empty() {
                assert_ne!(answer.status, 200, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn no_write_to_a_path_touches_what_is_not_the_tenant_s() {
    let guarded = Guarded::start().await;
    furnish(&guarded).await;
    let hidden = hidden(&guarded);
    let before = guarded.topology();
    for (path, verbs) in paths(&guarded).await.into_iter().filter(|(path, _)| path.contains('{')) {
        for verb in verbs.iter().filter(|verb| *verb != "GET") {
            for id in &hidden {
                let path = with_id(&path, id);
                let answer = guarded.write(&guarded.t2, verb, &path, body_for(&path)).await;
                let expected = match verb.as_str() {
                    _ if OPERATORS.contains(&first(&path)) => &[403][..],
                    // What is not there is deleted already.
                    "DELETE" => &[204, 404],
                    _ => &[404],
                };
                assert!(
                    expected.contains(&answer.status.as_u16()),
                    "{verb} {path}: {} {}",
                    answer.status,
                    answer.body
                );
            }
        }
    }
    assert_eq!(guarded.topology(), before, "not even the version");
}

/// A body that would do if what the path names were the caller's.
fn body_for(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "rules" => json!({"type": "drop"}),
        "routes" => json!({"type": "BlackHole", "srcNetworkAddr": "0.0.0.0", "srcNetworkLength": 0,
                           "dstNetworkAddr": "10.0.0.0", "dstNetworkLength": 8}),
        "ip_addrs" => json!({"addr": "10.0.0.8"}),
        _ if path.contains("/routers/") && path.ends_with("/ports") => json!({"portSubnet": ["10.9.0.1/24"]}),
        _ => json!({"name": "n", "portId": "00000000-dead-4bad-8bad-000000000000",
                    "peerId": "00000000-dead-4bad-8bad-000000000000"}),
    }
}

/// The tenant's own object of a kind, and one that is not its own.
fn two(guarded: &Guarded, kind: Kind) -> (String, String) {
    let (all, seen) = (guarded.topology(), guarded.topology().seen_by("t2"));
    let find = |mine: bool| {
        let mut keys = all.keys().filter(|key| key.kind == kind && seen.contains(*key) == mine);
        keys.next().unwrap_or_else(|| panic!("no {kind}")).id.to_string()
    };
    (find(true), find(false))
}

#[tokio::test]
async fn no_body_refers_to_what_is_not_the_tenant_s() {
    let guarded = Guarded::start().await;
    furnish(&guarded).await;
    let (own_chain, chain) = two(&guarded, Kind::Chain);
    let (own_group, group) = two(&guarded, Kind::PortGroup);
    let (own_router, router) = two(&guarded, Kind::Router);
    let (own_bridge, bridge) = two(&guarded, Kind::Bridge);
    let (_, port) = two(&guarded, Kind::Port);
    let (_, addresses) = two(&guarded, Kind::IpAddrGroup);
    let free = guarded.create(&guarded.t2, &format!("/bridges/{own_bridge}/ports"), json!({})).await;
    let before = guarded.topology();
    let rule = |field: &str, value: Value| {
        let mut body = json!({"type": "drop"});
        body[field] = value;
        ("POST", format!("/chains/{own_chain}/rules"), body)
    };
    let mut tries = vec![
        rule("inPorts", json!([port])),
        rule("outPorts", json!([port])),
        rule("portGroup", json!(group)),
        rule("inPortGroup", json!(group)),
        rule("outPortGroup", json!(group)),
        rule("ipAddrGroupSrc", json!(addresses)),
        rule("ipAddrGroupDst", json!(addresses)),
        rule("traversedDevice", json!(bridge)),
        rule("traversedDevice", json!(router)),
        ("POST", format!("/chains/{own_chain}/rules"), json!({"type": "jump", "jumpChainId": chain})),
        ("POST", format!("/ports/{free}/link"), json!({"peerId": port})),
        ("POST", format!("/port_groups/{own_group}/ports"), json!({"portId": port})),
        ("POST", format!("/port_groups/{group}/ports"), json!({"portId": free})),
        ("PUT", format!("/ports/{free}"), json!({"peerId": port})),
        ("PUT", format!("/ports/{free}"), json!({"hostId": HOST, "interfaceName": "eth1"})),
        ("POST", format!("/bridges/{own_bridge}/ports"), json!({"hostId": HOST, "interfaceName": "eth1"})),
        (
            "POST",
            format!("/routers/{own_router}/routes"),
            json!({"type": "Normal", "nextHopPort": port, "srcNetworkAddr": "0.0.0.0", "srcNetworkLength": 0,
                "dstNetworkAddr": "10.0.0.0", "dstNetworkLength": 8}),
        ),
    ];
    for filter in ["inboundFilterId", "outboundFilterId"] {
        for path in ["/bridges", "/routers"] {
            tries.push(("POST", path.to_owned(), json!({ filter: chain })));
        }
        tries.push(("PUT", format!("/bridges/{own_bridge}"), json!({ filter: chain })));
        tries.push(("PUT", format!("/ports/{free}"), json!({ filter: chain })));
    }
    for (verb, path, body) in tries {
        let answer = guarded.write(&guarded.t2, verb, &path, body.clone()).await;
        assert!(
            [400, 404].contains(&answer.status.as_u16()),
            "{verb} {path} {body}: {} {}",
            answer.status,
            answer.body
        );
    }
    assert_eq!(guarded.topology(), before, "not even the version");
}

#[tokio::test]
async fn no_filter_finds_what_is_not_the_tenant_s() {
    let guarded = Guarded::start().await;
    furnish(&guarded).await;
    let (_, port) = two(&guarded, Kind::Port);
    for path in ["/bridges", "/routers", "/chains", "/port_groups"] {
        assert_eq!(guarded.get(&guarded.t2, &format!("{path}?tenant_id=t1")).await, json!([]));
        assert_eq!(
            guarded.get(&guarded.t2, &format!("{path}?tenant_id=t2")).await.as_array().unwrap().len(),
            1
        );
    }
    assert_eq!(guarded.get(&guarded.t2, &format!("/port_groups?port_id={port}")).await, json!([]));
}

#[tokio::test]
async fn a_bulk_of_writes_is_no_way_around() {
    let guarded = Guarded::start().await;
    furnish(&guarded).await;
    let (own, foreign) = two(&guarded, Kind::Bridge);
    let before = guarded.topology();
    let made = json!({"method": "POST", "path": "/bridges", "body": {"name": "made"}});
    for (second, status) in [
        (json!({"method": "PUT", "path": format!("/bridges/{foreign}"), "body": {}}), 404),
        (json!({"method": "POST", "path": format!("/bridges/{foreign}/ports"), "body": {}}), 404),
        (json!({"method": "POST", "path": "/tunnel_zones", "body": {"name": "y", "type": "gre"}}), 403),
        (json!({"method": "PUT", "path": format!("/bridges/{own}"), "body": {"tenantId": "t1"}}), 403),
    ] {
        let body = json!({"operations": [made, second]});
        let answer = guarded.write(&guarded.t2, "POST", "/bulk", body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["operation"]), (status, &json!(1)), "{second}");
    }
    let gone = json!({"operations": [{"method": "DELETE", "path": format!("/bridges/{foreign}")}]});
    assert_eq!(guarded.write(&guarded.t2, "POST", "/bulk", gone).await.status, 200, "it is not there");
    assert_eq!(guarded.topology(), before, "not even the version");
    let id = "00000000-0000-4000-8000-0000000000aa";
    let both = json!({"operations": [
        {"method": "POST", "path": "/bridges", "body": {"id": id}},
        {"method": "POST", "path": format!("/bridges/{id}/ports"), "body": {}},
    ]});
    assert_eq!(guarded.write(&guarded.reader, "POST", "/bulk", both.clone()).await.status, 403);
    assert_eq!(guarded.write(&guarded.t2, "POST", "/bulk", both).await.status, 200);
    assert_eq!(guarded.get(&guarded.t2, &format!("/bridges/{id}")).await["tenantId"], "t2");
}

#[tokio::test]
async fn the_stream_of_events_tells_of_nobody_else() {
    let guarded = Guarded::start().await;
    furnish(&guarded).await;
    let hidden = hidden(&guarded);
    let last = guarded.create(&guarded.t2, "/bridges", json!({"name": "last"})).await;
    for query in ["?since=0", "?since=0&tenant_id=t2"] {
        let text = stream(&guarded, query, &last).await;
        assert_shows_nothing("the stream", &text, &hidden);
        let (own, _) = two(&guarded, Kind::Rule);
        assert!(text.contains(&own), "{text}");
    }
}

#[tokio::test]
async fn nobody_asks_for_another_tenant_s_events() {
    let guarded = Guarded::start().await;
    guarded.create(&guarded.t1, "/bridges", json!({})).await;
    guarded.create(&guarded.t2, "/bridges", json!({})).await;
    let text = stream(&guarded, "?since=0&tenant_id=t1", "nothing happened").await;
    assert!(!text.contains("event: commit"), "{text}");
}

/// What the second tenant is told, up to a word.
async fn stream(guarded: &Guarded, query: &str, until: &str) -> String {
    let request = axum::extract::Request::builder()
        .uri(format!("/midonet-api/events{query}"))
        .header("x-auth-token", &guarded.t2)
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = tower::ServiceExt::oneshot(guarded.server.service.clone(), request).await.unwrap();
    assert_eq!(answer.status(), 200);
    let (mut body, mut text) = (answer.into_body(), String::new());
    while !text.contains(until) {
        let frame = tokio::time::timeout(Duration::from_secs(30), http_body_util::BodyExt::frame(&mut body));
        let frame = frame.await.expect("an event in time").unwrap().unwrap();
        text.push_str(str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    text
}

#[tokio::test]
async fn what_a_tenant_makes_is_its_own_and_stays_so() {
    let guarded = Guarded::start().await;
    let bridge = guarded.create(&guarded.t2, "/bridges", json!({"name": "b"})).await;
    let path = format!("/bridges/{bridge}");
    assert_eq!(guarded.get(&guarded.t2, &path).await["tenantId"], "t2");
    assert_eq!(guarded.write(&guarded.t2, "PUT", &path, json!({"tenantId": "t1"})).await.status, 403);
    assert_eq!(guarded.write(&guarded.t2, "POST", "/bridges", json!({"tenantId": "t1"})).await.status, 403);
    assert_eq!(guarded.write(&guarded.t2, "PUT", &path, json!({"name": "c"})).await.status, 204);
    assert_eq!(guarded.get(&guarded.t2, &path).await["tenantId"], "t2");
    assert_eq!(guarded.write(&guarded.operator, "PUT", &path, json!({"tenantId": "t1"})).await.status, 204);
    assert_eq!(guarded.send(&guarded.t2, "GET", &path, "").await.status, 404);
}

#[tokio::test]
async fn a_binding_of_the_operator_s_is_shown_and_stays() {
    let guarded = Guarded::start().await;
    furnish(&guarded).await;
    let bridge = guarded.create(&guarded.t2, "/bridges", json!({})).await;
    let port = guarded.create(&guarded.t2, &format!("/bridges/{bridge}/ports"), json!({})).await;
    let binding = json!({"portId": port, "interfaceName": "tap0"});
    guarded.create(&guarded.operator, &format!("/hosts/{HOST}/ports"), binding).await;
    let path = format!("/ports/{port}");
    let shown = guarded.get(&guarded.t2, &path).await;
    assert_eq!((&shown["hostId"], &shown["interfaceName"]), (&json!(HOST), &json!("tap0")));
    assert_eq!(guarded.write(&guarded.t2, "PUT", &path, shown.clone()).await.status, 204);
    for change in
        [json!({"hostId": null, "interfaceName": null}), json!({"hostId": HOST, "interfaceName": "eth0"})]
    {
        let answer = guarded.write(&guarded.t2, "PUT", &path, change).await;
        assert!([403, 404].contains(&answer.status.as_u16()), "{}", answer.body);
    }
    assert_eq!(guarded.get(&guarded.t2, &path).await, shown);
    let key = ObjectKey::from(model::PortId(port.parse().unwrap()));
    assert_eq!(guarded.send(&guarded.t2, "DELETE", &path, "").await.status, 204);
    assert!(!guarded.topology().contains(key));
}
