//! Contract tests, on the memory coordinator, without sockets.

mod address_groups;
mod applied;
mod arp_table;
mod attached;
mod auth;
mod balancing;
mod bulk;
mod conditions;
mod conf;
mod dhcp;
mod dhcp6;
mod errors;
mod events;
mod insertions;
mod lists;
mod mac_table;
mod manners;
mod mirrors;
mod negotiation;
mod openapi;
mod outage;
mod ports;
mod qos;
mod replay;
mod rule_actions;
mod rules;
mod traces;
mod vteps;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use model::HostId;
use nsdb::coordinator::{Coordinator, Memory};
use nsdb::presence::register_host;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower::util::BoxCloneService;

use crate::auth::{Auth, Authority};
use crate::live::{Readiness, load};
use crate::server::application;

/// The host that is in every network under test.
const HOST: &str = "00000000-0000-4000-8000-000000000001";

/// A server with nothing around it.
struct Server {
    service: BoxCloneService<Request, Response, std::convert::Infallible>,
    coordinator: Arc<Memory>,
    authority: Arc<Authority>,
    /// Ends its streams.
    ending: CancellationToken,
    readiness: watch::Sender<Readiness>,
}

/// The id of nothing.
const NOTHING: &str = "00000000-dead-4bad-8bad-000000000000";

/// What it answered.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Server {
    /// One that asks nobody who they are.
    async fn start() -> Self {
        Self::start_with(Auth::None).await
    }

    async fn start_with(auth: Auth) -> Self {
        let coordinator = Arc::new(Memory::new("test"));
        let shared: Arc<dyn Coordinator> = coordinator.clone();
        let host: HostId = HOST.parse().unwrap();
        register_host(&shared, host, "hv1").await.unwrap();
        let (readiness, state) = watch::channel(Readiness::Loading("a test begins".into()));
        let authority = Arc::new(Authority::new(auth, Arc::clone(&shared)).unwrap());
        load(shared, &readiness).await.unwrap();
        let ending = CancellationToken::new();
        let service = BoxCloneService::new(application(state, Arc::clone(&authority), ending.clone()));
        Self { service, coordinator, authority, ending, readiness }
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/midonet-api{path}"))
            .header("host", "127.0.0.1:8181");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            self.service.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, &[("accept", "*/*")], "").await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.body);
        answer.json()
    }

    async fn delete(&self, path: &str) -> u16 {
        self.send("DELETE", path, &[], "").await.status.as_u16()
    }

    /// The status of a GET, and the media type of what it gave.
    async fn accepting(&self, path: &str, accept: &str) -> (u16, String) {
        let answer = self.send("GET", path, &[("accept", accept)], "").await;
        let media_type = answer.headers["content-type"].to_str().unwrap().to_owned();
        (answer.status.as_u16(), media_type)
    }

    async fn write(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, &[("content-type", "application/json")], &body.to_string()).await
    }

    /// A write whose answer has a body.
    async fn write_and_read(&self, method: &str, path: &str, body: Value) -> Answer {
        let headers = [("content-type", "application/json"), ("accept", "*/*")];
        self.send(method, path, &headers, &body.to_string()).await
    }

    /// Creates something and gives its id.
    async fn create(&self, path: &str, body: Value) -> String {
        let answer = self.write("POST", path, body).await;
        assert_eq!(answer.status, 201, "POST {path}: {}", answer.body);
        let location = answer.headers["location"].to_str().unwrap();
        location.rsplit('/').next().unwrap().to_owned()
    }

    /// A bridge of tenant `t1` with as many ports.
    async fn bridge_with_ports<const N: usize>(&self) -> (String, [String; N]) {
        let bridge = self.create("/bridges", json!({"tenantId": "t1"})).await;
        let mut ports = std::array::from_fn(|_| String::new());
        for port in &mut ports {
            *port = self.create(&format!("/bridges/{bridge}/ports"), json!({})).await;
        }
        (bridge, ports)
    }

    /// Deletes something twice; both are fine.
    async fn delete_twice(&self, path: &str) {
        for _ in 0..2 {
            assert_eq!(self.send("DELETE", path, &[], "").await.status, 204, "DELETE {path}");
        }
    }

    async fn is_gone(&self, path: &str) -> bool {
        self.send("GET", path, &[("accept", "*/*")], "").await.status == 404
    }

    /// Puts the host into a zone, so that ports can be bound on it.
    async fn zone(&self) -> String {
        let zone = self.create("/tunnel_zones", json!({"name": "z", "type": "vxlan"})).await;
        let member = json!({"hostId": HOST, "ipAddress": "172.16.0.1"});
        self.create(&format!("/tunnel_zones/{zone}/hosts"), member).await;
        zone
    }
}

impl Answer {
    /// Where what was created is, below the base.
    #[track_caller]
    fn created_at(&self) -> String {
        assert_eq!(self.status, 201, "{}", self.body);
        let location = self.headers["location"].to_str().unwrap();
        location.strip_prefix("http://127.0.0.1:8181/midonet-api").unwrap().to_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The properties that were refused.
    #[track_caller]
    fn violations(&self) -> Vec<String> {
        assert_eq!(self.status, 400, "{}", self.body);
        let violations = self.json()["violations"].as_array().cloned().unwrap_or_default();
        violations.iter().map(|v| v["property"].as_str().unwrap().to_owned()).collect()
    }
}
