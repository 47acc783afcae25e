//! A tenant gets nothing of another's, nor of the operator's: by every path that the API has, for every kind of object.
//!
//! The paths are those of the OpenAPI document, the ids those of everything there is, so that a path or a kind that is
//! added is tried too.

use std::collections::BTreeSet;
use std::time::Duration;

use model::{Kind, ObjectKey};
use nsdb::tables::{MacKey, mac_table};
use packet::MacAddr;
use serde_json::{Value, json};

use super::Guarded;
use super::furniture::{body_for, furnish, with_id};
use crate::tests::HOST;

/// The first segments of paths to the operator's things, which no tenant is let to.
const OPERATORS: &[&str] = &["conf", "hosts", "system_state", "tunnel_zones", "vteps"];

/// Each path of the API with its verbs.
async fn paths(guarded: &Guarded) -> Vec<(String, Vec<String>)> {
    let document = guarded.get(&guarded.operator, "/openapi.json").await;
    let verbs = |item: &Value| item.as_object().unwrap().keys().map(|verb| verb.to_uppercase()).collect();
    document["paths"].as_object().unwrap().iter().map(|(path, item)| (path.clone(), verbs(item))).collect()
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
    let operators =
        [Kind::Host, Kind::TunnelZone, Kind::ServiceContainerGroup, Kind::Vtep, Kind::ConfDocument];
    let of_tenants: BTreeSet<_> = all.into_iter().filter(|kind| !operators.contains(kind)).collect();
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
            // As in the contract, a bridge that is not there has an empty MAC table.
            let is_empty = path.ends_with("/mac_table") && answer.body == "[]";
            if path.contains(&id) && !id.is_empty() && !is_empty {
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

/// The tenant's own object of a kind, and one that is not its own.
fn two(guarded: &Guarded, kind: Kind) -> (String, String) {
    (one(guarded, kind, true), one(guarded, kind, false))
}

/// An object of a kind that the tenant sees, or one that it does not see.
fn one(guarded: &Guarded, kind: Kind, seen: bool) -> String {
    let (all, own) = (guarded.topology(), guarded.topology().seen_by("t2"));
    let mut keys = all.keys().filter(|key| key.kind == kind && own.contains(*key) == seen);
    keys.next().unwrap_or_else(|| panic!("no {kind}")).id.to_string()
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
    tries.extend(tries_to_attach(&guarded, &free, &port));
    tries.extend(tries_to_hook(&guarded, &free, &port));
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

/// Load balancers and containers that would be attached to what is not the tenant's.
fn tries_to_attach(guarded: &Guarded, free: &str, port: &str) -> Vec<(&'static str, String, Value)> {
    let (own_router, _) = two(guarded, Kind::Router);
    let (own_balancer, balancer) = two(guarded, Kind::LoadBalancer);
    let (_, monitor) = two(guarded, Kind::HealthMonitor);
    let (own_pool, pool) = two(guarded, Kind::Pool);
    let group = one(guarded, Kind::ServiceContainerGroup, false);
    let (own_container, _) = two(guarded, Kind::ServiceContainer);
    let end = |pool: &str| json!({"poolId": pool, "address": "10.0.0.8", "protocolPort": 80, "weight": 1});
    let pool_of = |balancer: &str, monitor: Option<&str>| {
        json!({"loadBalancerId": balancer, "healthMonitorId": monitor, "lbMethod": "ROUND_ROBIN",
               "protocol": "TCP"})
    };
    let container = |port: &str, group: Option<&str>, host: Option<&str>| json!({"portId": port, "serviceGroupId": group, "hostId": host, "serviceType": "IPSEC"});
    vec![
        ("POST", "/routers".to_owned(), json!({"loadBalancerId": balancer})),
        ("PUT", format!("/routers/{own_router}"), json!({"loadBalancerId": balancer})),
        ("POST", "/pools".to_owned(), pool_of(&balancer, None)),
        ("POST", "/pools".to_owned(), pool_of(&own_balancer, Some(&monitor))),
        ("PUT", format!("/pools/{own_pool}"), pool_of(&balancer, None)),
        ("POST", "/pool_members".to_owned(), end(&pool)),
        ("POST", "/vips".to_owned(), end(&pool)),
        ("POST", "/service_containers".to_owned(), container(port, None, None)),
        ("POST", "/service_containers".to_owned(), container(free, Some(&group), None)),
        ("PUT", format!("/service_containers/{own_container}"), container(free, None, Some(HOST))),
    ]
}

/// Services that would be hooked to what is not the tenant's, or would act on it.
fn tries_to_hook(guarded: &Guarded, free: &str, port: &str) -> Vec<(&'static str, String, Value)> {
    let (own_bridge, bridge) = two(guarded, Kind::Bridge);
    let (own_chain, _) = two(guarded, Kind::Chain);
    let (_, mirror) = two(guarded, Kind::Mirror);
    let (_, policy) = two(guarded, Kind::QosPolicy);
    let (_, request) = two(guarded, Kind::TraceRequest);
    let (own_mirror, _) = two(guarded, Kind::Mirror);
    let rules = format!("/chains/{own_chain}/rules");
    let mac = "02:00:00:00:00:08";
    let trace = |kind: &str, device: &str| json!({"name": "n", "deviceType": kind, "deviceId": device, "condition": {}, "enabled": false});
    let insertion = |port: &str, service: &str| json!({"portId": port, "srvPortId": service, "mac": mac});
    vec![
        ("POST", "/mirrors".to_owned(), json!({"toPortId": port})),
        ("PUT", format!("/mirrors/{own_mirror}"), json!({"toPortId": port})),
        ("POST", "/mirrors".to_owned(), json!({"toPortId": free, "conditions": [{"inPorts": [port]}]})),
        ("PUT", format!("/bridges/{own_bridge}"), json!({"inboundMirrorIds": [mirror]})),
        ("PUT", format!("/ports/{free}"), json!({"postInFilterMirrorIds": [mirror]})),
        ("PUT", format!("/bridges/{own_bridge}"), json!({"qosPolicyId": policy})),
        ("PUT", format!("/ports/{free}"), json!({"qosPolicyId": policy})),
        ("POST", "/l2insertions".to_owned(), insertion(port, free)),
        ("POST", "/l2insertions".to_owned(), insertion(free, port)),
        ("POST", "/traces".to_owned(), trace("PORT", port)),
        ("POST", "/traces".to_owned(), trace("BRIDGE", &bridge)),
        ("POST", rules.clone(), json!({"type": "trace", "requestId": request})),
        ("POST", rules, json!({"type": "l2_transform", "flowAction": "redirect", "targetPortId": port})),
        ("POST", format!("/bridges/{own_bridge}/mac_table"), json!({"macAddr": mac, "portId": port})),
    ]
}

#[tokio::test]
async fn what_a_foreign_bridge_has_learned_is_not_confirmed() {
    let guarded = Guarded::start().await;
    let bridge = guarded.create(&guarded.t1, "/bridges", json!({})).await;
    let port = guarded.create(&guarded.t1, &format!("/bridges/{bridge}/ports"), json!({})).await;
    let table = mac_table(guarded.server.coordinator.clone(), bridge.parse().unwrap());
    let station = MacKey { vlan: 0, mac: MacAddr([2, 0, 0, 0, 0, 1]) };
    table.set(station, port.parse().unwrap()).unwrap();
    let path = format!("/bridges/{bridge}/mac_table/02-00-00-00-00-01_{port}");
    while guarded.send(&guarded.t1, "GET", &path, "").await.status != 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(guarded.send(&guarded.t2, "GET", &path, "").await.status, 404);
    assert_eq!(guarded.get(&guarded.t2, &format!("/bridges/{bridge}/mac_table")).await, json!([]));
}

#[tokio::test]
async fn what_the_operator_makes_for_a_tenant_is_the_tenant_s() {
    let guarded = Guarded::start().await;
    for (path, body) in [
        ("/load_balancers", json!({"tenantId": "t2"})),
        ("/health_monitors", json!({"tenantId": "t2", "type": "TCP"})),
        ("/ip_addr_groups", json!({"tenantId": "t2", "name": "a"})),
        ("/qos_policies", json!({"tenant_id": "t2"})),
    ] {
        let id = guarded.create(&guarded.operator, path, body).await;
        let one = format!("{path}/{id}");
        assert_eq!(guarded.send(&guarded.t2, "GET", &one, "").await.status, 200, "{path}");
        assert_eq!(guarded.send(&guarded.t1, "GET", &one, "").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn no_filter_finds_what_is_not_the_tenant_s() {
    let guarded = Guarded::start().await;
    furnish(&guarded).await;
    let (_, port) = two(&guarded, Kind::Port);
    for path in ["/routers", "/chains", "/port_groups", "/qos_policies"] {
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
    let (_, port) = two(&guarded, Kind::Port);
    let gone = json!({"operations": [{"method": "DELETE", "path": format!("/ports/{port}")}]});
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
