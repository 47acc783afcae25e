//! Load balancers, pools, members, VIPs and health monitors.

use serde_json::{Value, json};

use super::Server;

const NOTHING: &str = "00000000-dead-4bad-8bad-000000000000";

/// A load balancer with a pool.
async fn balanced(server: &Server) -> (String, String) {
    let balancer = server.create("/load_balancers", json!({})).await;
    let pool = json!({"loadBalancerId": balancer, "lbMethod": "ROUND_ROBIN"});
    let pool = server.create("/pools", pool).await;
    (balancer, pool)
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_load_balancer_is_attached_at_the_router() {
    let server = Server::start().await;
    let (balancer, _) = balanced(&server).await;
    let router = server.create("/routers", json!({"loadBalancerId": balancer})).await;
    let seen = server.get(&format!("/load_balancers/{balancer}")).await;
    assert_eq!(seen["routerId"], json!(router));
    assert!(seen["router"].as_str().unwrap().ends_with(&format!("/routers/{router}")));
    let router_path = format!("/routers/{router}");
    assert_eq!(server.get(&router_path).await["loadBalancerId"], json!(balancer));
    let second = server.write("POST", "/routers", json!({"loadBalancerId": balancer})).await;
    assert_eq!(second.status, 409);
    assert!(second.body.contains(&router), "{}", second.body);
    assert_eq!(server.write("PUT", &router_path, json!({"name": "r"})).await.status, 204);
    assert_eq!(server.get(&format!("/load_balancers/{balancer}")).await["routerId"], Value::Null);
}

#[tokio::test]
async fn a_router_cannot_be_set_at_the_load_balancer() {
    let server = Server::start().await;
    let router = server.create("/routers", json!({})).await;
    let answer = server.write("POST", "/load_balancers", json!({"routerId": router})).await;
    assert_eq!(answer.violations(), ["routerId"]);
    let (balancer, _) = balanced(&server).await;
    let path = format!("/load_balancers/{balancer}");
    assert_eq!(server.write("PUT", &path, json!({"routerId": router})).await.violations(), ["routerId"]);
    let attach = json!({"loadBalancerId": balancer});
    assert_eq!(server.write("PUT", &format!("/routers/{router}"), attach).await.status, 204);
    let mut whole = server.get(&path).await;
    whole["adminStateUp"] = json!(false);
    assert_eq!(server.write("PUT", &path, whole).await.status, 204);
    assert_eq!(server.write("PUT", &path, json!({"routerId": null})).await.violations(), ["routerId"]);
    assert_eq!(server.write("PUT", &path, json!({})).await.status, 204);
    let now = server.get(&path).await;
    assert_eq!((&now["routerId"], &now["adminStateUp"]), (&json!(router), &json!(true)));
}

#[tokio::test]
async fn a_router_with_a_load_balancer_is_not_deleted() {
    let server = Server::start().await;
    let (balancer, pool) = balanced(&server).await;
    let router = server.create("/routers", json!({"loadBalancerId": balancer})).await;
    let path = format!("/routers/{router}");
    let refused = server.send("DELETE", &path, &[], "").await;
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains(&balancer), "{}", refused.body);
    assert_eq!(server.send("DELETE", &format!("/load_balancers/{balancer}"), &[], "").await.status, 204);
    assert_eq!(server.get(&path).await["loadBalancerId"], Value::Null);
    assert_eq!(server.send("GET", &format!("/pools/{pool}"), &[("accept", "*/*")], "").await.status, 404);
    assert_eq!(server.send("DELETE", &path, &[], "").await.status, 204);
}

#[tokio::test]
async fn pools_are_found_by_load_balancer_and_by_monitor() {
    let server = Server::start().await;
    let (balancer, pool) = balanced(&server).await;
    let monitor = server.create("/health_monitors", json!({"type": "TCP"})).await;
    let body = json!({"lbMethod": "ROUND_ROBIN", "healthMonitorId": monitor});
    let watched = server.create(&format!("/load_balancers/{balancer}/pools"), body).await;
    let mut expected = [pool.as_str(), watched.as_str()];
    expected.sort_unstable();
    assert_eq!(ids(&server.get(&format!("/load_balancers/{balancer}/pools")).await), expected);
    assert_eq!(ids(&server.get("/pools").await), expected);
    for path in [format!("/pools?hm_id={monitor}"), format!("/health_monitors/{monitor}/pools")] {
        assert_eq!(ids(&server.get(&path).await), [watched.as_str()], "{path}");
    }
    assert_eq!(server.get(&format!("/pools?hm_id={NOTHING}")).await, json!([]));
    assert_eq!(server.send("GET", "/pools?hm_id=x", &[("accept", "*/*")], "").await.status, 400);
    assert_eq!(server.send("DELETE", &format!("/health_monitors/{monitor}"), &[], "").await.status, 204);
    let freed = server.get(&format!("/pools/{watched}")).await;
    assert_eq!((&freed["healthMonitorId"], &freed["healthMonitor"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn an_update_of_a_pool_resets_what_it_leaves_out_except_the_parent() {
    let server = Server::start().await;
    let (balancer, pool) = balanced(&server).await;
    let monitor = server.create("/health_monitors", json!({"type": "TCP"})).await;
    let path = format!("/pools/{pool}");
    let body = json!({"lbMethod": "ROUND_ROBIN", "healthMonitorId": monitor, "adminStateUp": false});
    assert_eq!(server.write("PUT", &path, body).await.status, 204);
    let set = server.get(&path).await;
    assert_eq!((&set["healthMonitorId"], &set["adminStateUp"]), (&json!(monitor), &json!(false)));
    assert_eq!(server.write("PUT", &path, json!({"lbMethod": "ROUND_ROBIN"})).await.status, 204);
    let reset = server.get(&path).await;
    assert_eq!((&reset["healthMonitorId"], &reset["adminStateUp"]), (&Value::Null, &json!(true)));
    assert_eq!(reset["loadBalancerId"], json!(balancer));
    let loose = json!({"lbMethod": "ROUND_ROBIN", "loadBalancerId": null});
    assert_eq!(server.write("PUT", &path, loose).await.status, 204);
    assert_eq!(server.get(&path).await["loadBalancer"], Value::Null);
    assert_eq!(server.get(&format!("/load_balancers/{balancer}/pools")).await, json!([]));
}

#[tokio::test]
async fn a_pool_may_be_without_a_load_balancer() {
    let server = Server::start().await;
    let pool = server.create("/pools", json!({"lbMethod": "ROUND_ROBIN"})).await;
    let seen = server.get(&format!("/pools/{pool}")).await;
    assert_eq!((&seen["loadBalancerId"], &seen["protocol"]), (&Value::Null, &json!("TCP")));
    let vip = server.create(&format!("/pools/{pool}/vips"), json!({"address": "10.0.0.100"})).await;
    let vip = server.get(&format!("/vips/{vip}")).await;
    assert_eq!((&vip["loadBalancerId"], &vip["protocolPort"]), (&Value::Null, &json!(0)));
}

#[tokio::test]
async fn members_and_vips_go_with_their_pool() {
    let server = Server::start().await;
    let (balancer, pool) = balanced(&server).await;
    let member = json!({"address": "10.0.0.50", "protocolPort": 8080});
    let member = server.create(&format!("/pools/{pool}/pool_members"), member).await;
    let vip = json!({"poolId": pool, "address": "10.0.0.100", "protocolPort": 80, "loadBalancerId": NOTHING});
    let vip = server.create("/vips", vip).await;
    assert_eq!(server.get(&format!("/vips/{vip}")).await["loadBalancerId"], json!(balancer));
    assert_eq!(ids(&server.get(&format!("/load_balancers/{balancer}/vips")).await), [vip.as_str()]);
    assert_eq!(ids(&server.get(&format!("/pools/{pool}/pool_members")).await), [member.as_str()]);
    let kept = server.create(&format!("/pools/{pool}/vips"), json!({"address": "10.0.0.101"})).await;
    assert_eq!(server.send("DELETE", &format!("/pools/{pool}/vips/{kept}"), &[], "").await.status, 204);
    assert_eq!(ids(&server.get("/vips").await), [vip.as_str()]);
    assert_eq!(server.send("DELETE", &format!("/pools/{pool}"), &[], "").await.status, 204);
    assert_eq!(server.get("/pool_members").await, json!([]));
    assert_eq!(server.get("/vips").await, json!([]));
}

#[tokio::test]
async fn an_update_of_a_member_resets_what_it_leaves_out() {
    let server = Server::start().await;
    let (_, pool) = balanced(&server).await;
    let body = json!({"poolId": pool, "address": "10.0.0.50", "protocolPort": 80, "weight": 7, "adminStateUp": false});
    let path = format!("/pool_members/{}", server.create("/pool_members", body).await);
    assert_eq!(server.get(&path).await["weight"], 7);
    assert_eq!(server.write("PUT", &path, json!({"poolId": pool, "address": "10.0.0.51"})).await.status, 204);
    let now = server.get(&path).await;
    assert_eq!((&now["address"], &now["weight"]), (&json!("10.0.0.51"), &json!(1)));
    assert_eq!((&now["protocolPort"], &now["adminStateUp"]), (&json!(0), &json!(true)));
}

#[tokio::test]
async fn what_balances_nothing_is_refused_by_name() {
    let server = Server::start().await;
    let (_, pool) = balanced(&server).await;
    let member = json!({"poolId": pool, "address": "10.0.0.50"});
    let vip = json!({"poolId": pool, "address": "10.0.0.100"});
    let monitor = json!({"type": "TCP"});
    let method = json!({"lbMethod": "ROUND_ROBIN"});
    for (path, base, wrong, property) in [
        ("/load_balancers", &json!({}), json!({"adminStateUp": "up"}), "adminStateUp"),
        ("/load_balancers", &json!({}), json!({"routerId": NOTHING}), "routerId"),
        ("/pools", &json!({}), json!({}), "lbMethod"),
        ("/pools", &method, json!({"lbMethod": "FAIR"}), "lbMethod"),
        ("/pools", &method, json!({"protocol": "UDP"}), "protocol"),
        ("/pools", &method, json!({"loadBalancerId": "x"}), "loadBalancerId"),
        ("/pools", &method, json!({"healthMonitorId": "x"}), "healthMonitorId"),
        ("/pool_members", &member, json!({"poolId": null}), "poolId"),
        ("/pool_members", &member, json!({"address": null}), "address"),
        ("/pool_members", &member, json!({"address": "10.0.0"}), "address"),
        ("/pool_members", &member, json!({"address": "fd00::1"}), "address"),
        ("/pool_members", &member, json!({"protocolPort": 65536}), "protocolPort"),
        ("/pool_members", &member, json!({"protocolPort": -1}), "protocolPort"),
        ("/pool_members", &member, json!({"weight": 0}), "weight"),
        ("/vips", &vip, json!({"poolId": null}), "poolId"),
        ("/vips", &vip, json!({"poolId": NOTHING}), "poolId"),
        ("/vips", &vip, json!({"address": null}), "address"),
        ("/vips", &vip, json!({"address": "255.255.255.255"}), "address"),
        ("/vips", &vip, json!({"protocolPort": 65536}), "protocolPort"),
        ("/vips", &vip, json!({"sessionPersistence": "COOKIE"}), "sessionPersistence"),
        ("/vips", &vip, json!({"loadBalancerId": "x"}), "loadBalancerId"),
        ("/health_monitors", &json!({}), json!({}), "type"),
        ("/health_monitors", &monitor, json!({"type": "PING"}), "type"),
        ("/health_monitors", &monitor, json!({"delay": -1}), "delay"),
        ("/health_monitors", &monitor, json!({"timeout": -1}), "timeout"),
        ("/health_monitors", &monitor, json!({"maxRetries": -1}), "maxRetries"),
    ] {
        let mut body = base.clone();
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let answer = server.write("POST", path, body).await;
        assert_eq!(answer.violations(), [property], "{path} {wrong}");
    }
}

#[tokio::test]
async fn parents_that_are_not_there_are_404() {
    let server = Server::start().await;
    let method = json!({"lbMethod": "ROUND_ROBIN"});
    let member = json!({"address": "10.0.0.50"});
    for (path, body) in [
        (format!("/load_balancers/{NOTHING}/pools"), method.clone()),
        (format!("/pools/{NOTHING}/pool_members"), member.clone()),
        (format!("/pools/{NOTHING}/vips"), member.clone()),
        ("/load_balancers/x/pools".to_owned(), method.clone()),
    ] {
        assert_eq!(server.send("GET", &path, &[("accept", "*/*")], "").await.status, 404, "{path}");
        assert_eq!(server.write("POST", &path, body).await.status, 404, "{path}");
    }
    for path in [format!("/load_balancers/{NOTHING}/vips"), format!("/health_monitors/{NOTHING}/pools")] {
        assert_eq!(server.send("GET", &path, &[("accept", "*/*")], "").await.status, 404, "{path}");
        assert_eq!(server.write("POST", &path, member.clone()).await.status, 405, "{path}");
    }
    for (path, name) in
        [("/pools", "loadBalancerId"), ("/pools", "healthMonitorId"), ("/pool_members", "poolId")]
    {
        let mut body = json!({"lbMethod": "ROUND_ROBIN", "address": "10.0.0.50"});
        body[name] = json!(NOTHING);
        assert_eq!(server.write("POST", path, body).await.status, 404, "{path} {name}");
    }
}

#[tokio::test]
async fn that_a_vip_keeps_no_session_is_within_its_schema() {
    let server = Server::start().await;
    let document = server.get("/openapi.json").await;
    let persistence = &document["components"]["schemas"]["VIP"]["properties"]["sessionPersistence"];
    assert_eq!(persistence["enum"], json!(["SOURCE_IP", null]));
    assert_eq!(persistence["type"], json!(["string", "null"]));
}
