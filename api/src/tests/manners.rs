//! What holds for every resource: media types, ids that are taken, unknown or malformed, deletion twice.

use serde_json::{Value, json};

use super::{HOST, NOTHING, Server};

const VENDOR: &str = "application/vnd.org.midonet.";

/// A resource: where it is created and found, its media type, a valid body, and whether it can be updated.
struct Resource {
    collection: String,
    items: &'static str,
    media: &'static str,
    body: Value,
    updates: bool,
}

async fn resources(server: &Server) -> Vec<Resource> {
    let router = server.create("/routers", json!({})).await;
    let balancer = server.create("/load_balancers", json!({})).await;
    let pool = json!({"loadBalancerId": balancer, "lbMethod": "ROUND_ROBIN"});
    let pool_id = server.create("/pools", pool.clone()).await;
    let at = json!({"poolId": pool_id, "address": "10.0.0.50", "protocolPort": 80});
    let resource = |collection: &str, items, media, body| Resource {
        collection: collection.to_owned(),
        items,
        media,
        body,
        updates: true,
    };
    let peer = json!({"asNumber": 65000, "address": "10.0.0.9"});
    let subnet = json!({"subnetAddress": "10.1.0.0", "subnetLength": 16});
    let (networks, peers) =
        (format!("/routers/{router}/bgp_networks"), format!("/routers/{router}/bgp_peers"));
    let networks = resource(&networks, "/bgp_networks", "BgpNetwork-v1", subnet);
    vec![
        resource("/load_balancers", "/load_balancers", "LoadBalancer-v1", json!({})),
        resource("/pools", "/pools", "Pool-v1", pool),
        resource("/pool_members", "/pool_members", "PoolMember-v1", at.clone()),
        resource("/vips", "/vips", "VIP-v1", at),
        resource("/health_monitors", "/health_monitors", "HealthMonitor-v1", json!({"type": "TCP"})),
        Resource { updates: false, ..networks },
        resource(&peers, "/bgp_peers", "BgpPeer-v1", peer),
        resource(
            "/service_container_groups",
            "/service_container_groups",
            "ServiceContainerGroup-v1",
            json!({}),
        ),
        resource(
            "/service_containers",
            "/service_containers",
            "ServiceContainer-v1",
            json!({"serviceType": "IPSEC"}),
        ),
    ]
}

#[tokio::test]
async fn bodies_and_answers_have_the_media_types_of_their_resource() {
    let server = Server::start().await;
    for Resource { collection, items, media, body, .. } in resources(&server).await {
        let body = body.to_string();
        let one = format!("{VENDOR}{media}+json");
        let many = format!("{VENDOR}collection.{media}+json");
        // As in the contract: where plain JSON is not what is preferred, another type of its is merely not understood.
        let other = if media == "VIP-v1" { 415 } else { 406 };
        for (content_type, status) in
            [(one.as_str(), 201), ("text/plain", 415), ("application/vnd.org.midonet.Nothing-v1+json", other)]
        {
            let answer = server.send("POST", &collection, &[("content-type", content_type)], &body).await;
            assert_eq!(answer.status, status, "{collection} {content_type}: {}", answer.body);
            if let Some(location) = answer.headers.get("location") {
                let id = location.to_str().unwrap().rsplit('/').next().unwrap().to_owned();
                for accept in [one.as_str(), "application/json"] {
                    let item = server.send("GET", &format!("{items}/{id}"), &[("accept", accept)], "").await;
                    assert_eq!(
                        (item.status.as_u16(), &item.headers["content-type"]),
                        (200, &accept.parse().unwrap())
                    );
                }
            }
        }
        for accept in [many.as_str(), "application/json"] {
            let list = server.send("GET", &collection, &[("accept", accept)], "").await;
            assert_eq!(
                (list.status.as_u16(), &list.headers["content-type"]),
                (200, &accept.parse().unwrap())
            );
        }
        for accept in ["application/xml", one.as_str()] {
            let refused = server.send("GET", &collection, &[("accept", accept)], "").await;
            assert_eq!(refused.status, 406, "{collection} {accept}");
        }
    }
}

#[tokio::test]
async fn an_id_may_be_chosen_once() {
    let server = Server::start().await;
    for (number, Resource { collection, items, mut body, .. }) in
        resources(&server).await.into_iter().enumerate()
    {
        let id = format!("00000000-0000-4000-8000-0000000001{number:02}");
        body["id"] = json!(id);
        assert_eq!(server.create(&collection, body.clone()).await, id);
        assert_eq!(server.get(&format!("{items}/{id}")).await["id"], json!(id));
        let taken = server.write("POST", &collection, body.clone()).await;
        assert_eq!(taken.status, 409, "{collection}: {}", taken.body);
        assert!(taken.json()["message"].as_str().unwrap().ends_with("already exists."));
        body["id"] = json!("x");
        assert_eq!(server.write("POST", &collection, body).await.violations(), ["id"]);
    }
}

#[tokio::test]
async fn what_is_unknown_is_404_and_what_is_deleted_stays_so() {
    let server = Server::start().await;
    for Resource { collection, items, body, updates, .. } in resources(&server).await {
        let item = format!("{items}/{}", server.create(&collection, body.clone()).await);
        for id in [NOTHING, HOST, "not-a-uuid"] {
            let path = format!("{items}/{id}");
            assert_eq!(server.send("GET", &path, &[("accept", "*/*")], "").await.status, 404, "{path}");
            assert_eq!(server.send("DELETE", &path, &[], "").await.status, 204, "{path}");
            let status = if updates { 404 } else { 405 };
            assert_eq!(server.write("PUT", &path, body.clone()).await.status, status, "{path}");
        }
        for _ in 0..2 {
            assert_eq!(server.send("DELETE", &item, &[], "").await.status, 204, "{item}");
        }
        assert_eq!(server.send("GET", &item, &[("accept", "*/*")], "").await.status, 404, "{item}");
    }
}

#[tokio::test]
async fn what_is_read_can_be_written_back() {
    let server = Server::start().await;
    for Resource { collection, items, body, updates, .. } in resources(&server).await {
        let item = format!("{items}/{}", server.create(&collection, body).await);
        let mut whole = server.get(&item).await;
        assert!(whole["uri"].as_str().unwrap().ends_with(&item), "{whole}");
        if updates {
            whole["noSuchField"] = json!(1);
            assert_eq!(server.write("PUT", &item, whole.clone()).await.status, 204, "{item}");
            whole.as_object_mut().unwrap().remove("noSuchField");
            assert_eq!(server.get(&item).await, whole);
        }
    }
}
