//! The provider that asks a Keystone, against one that answers as it is told. (A real one: `tests/api/keystone`.)

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::super::Server;
use crate::auth::{Auth, Keystone, KeystoneConfig, Password, RoleNames};

/// What the Keystone knows.
#[derive(Default)]
struct Known {
    /// Tokens, with what is said of each.
    tokens: HashMap<String, Value>,
    /// How often it was asked about a token.
    questions: usize,
    /// Its own user's tokens that are good now.
    service: Vec<String>,
    /// It has nothing but errors to say.
    broken: bool,
}

type Shared = Arc<Mutex<Known>>;

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// About a token, asked with another.
async fn about(State(known): State<Shared>, headers: HeaderMap) -> Response {
    let mut known = known.lock();
    known.questions += 1;
    if known.broken {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if !known.service.iter().any(|token| token == header(&headers, "x-auth-token")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    match known.tokens.get(header(&headers, "x-subject-token")) {
        Some(token) => Json(json!({ "token": token })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A token for a password.
async fn authenticate(State(known): State<Shared>, Json(body): Json<Value>) -> Response {
    let mut known = known.lock();
    if known.broken {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let user = &body["auth"]["identity"]["password"]["user"];
    if user["password"] != "right" || user["domain"]["name"] != "Default" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let name = user["name"].as_str().unwrap();
    let project = body["auth"]["scope"]["project"]["name"].as_str();
    let key = format!("{name}-{}-{}", project.unwrap_or_default(), known.service.len());
    let token = token(name, project, &["member"]);
    known.tokens.insert(key.clone(), token.clone());
    if name == "midspan" {
        known.service.push(key.clone());
    }
    (StatusCode::CREATED, [("x-subject-token", key)], Json(json!({ "token": token }))).into_response()
}

async fn project(Path(id): Path<String>) -> Response {
    match id.as_str() {
        "p1" | "p2" => {
            let project =
                json!({"id": id, "name": format!("name of {id}"), "description": "", "enabled": true});
            Json(json!({ "project": project })).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn projects() -> Json<Value> {
    let project = |id: &str| json!({"id": id, "name": id, "description": "d", "enabled": id == "p1"});
    Json(json!({"projects": [project("p1"), project("p2")], "links": {"next": null}}))
}

fn token(user: &str, project: Option<&str>, roles: &[&str]) -> Value {
    let roles: Vec<_> = roles.iter().map(|role| json!({"id": "r", "name": role})).collect();
    let expires = humantime::format_rfc3339_micros(SystemTime::now() + Duration::from_secs(3600)).to_string();
    let mut token = json!({"user": {"id": "u", "name": user}, "expires_at": expires});
    if let Some(project) = project {
        token["project"] = json!({"id": project, "name": project});
        token["roles"] = json!(roles);
    }
    token
}

/// A server that asks a Keystone.
struct Asking {
    server: Server,
    known: Shared,
}

impl Asking {
    async fn start() -> Self {
        let known = Shared::default();
        let routes = Router::new()
            .route("/v3/auth/tokens", get(about).post(authenticate))
            .route("/v3/projects", get(projects))
            .route("/v3/projects/{id}", get(project))
            .with_state(Arc::clone(&known));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v3", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { server: Server::start_with(keystone(&url, "right")).await, known }
    }

    /// Has the Keystone know of a token.
    fn knows(&self, key: &str, token: Value) {
        self.known.lock().tokens.insert(key.to_owned(), token);
    }

    async fn status(&self, method: &str, path: &str, token: &str) -> u16 {
        let headers = [("x-auth-token", token), ("content-type", "application/json"), ("accept", "*/*")];
        self.server.send(method, path, &headers, "{}").await.status.as_u16()
    }
}

fn keystone(url: &str, password: &str) -> Auth {
    let config = KeystoneConfig {
        url: url.to_owned(),
        authorities: None,
        user: "midspan".to_owned(),
        password: Password::new(password.to_owned()),
        project: "service".to_owned(),
        user_domain: "Default".to_owned(),
        project_domain: "Default".to_owned(),
        roles: RoleNames {
            admin: "admin".to_owned(),
            tenant_admin: "member".to_owned(),
            tenant_user: "reader".to_owned(),
        },
        remember: Duration::from_secs(60),
    };
    Auth::Keystone(Box::new(Keystone::new(config).unwrap()))
}

#[tokio::test]
async fn roles_on_a_project_are_what_they_are_mapped_to() {
    let asking = Asking::start().await;
    asking.knows("admin", token("a", Some("p0"), &["reader", "member", "admin"]));
    asking.knows("member", token("m", Some("p1"), &["reader", "member"]));
    asking.knows("reader", token("r", Some("p1"), &["reader"]));
    asking.knows("other", token("o", Some("p1"), &["other"]));
    asking.knows("unscoped", token("u", None, &[]));
    for (token, reads, writes, rules) in [
        ("admin", 200, 201, 200),
        ("member", 200, 201, 403),
        ("reader", 200, 403, 403),
        ("other", 403, 403, 403),
        ("unscoped", 403, 403, 403),
        ("nobody", 401, 401, 401),
    ] {
        assert_eq!(asking.status("GET", "/bridges", token).await, reads, "{token}");
        assert_eq!(asking.status("POST", "/bridges", token).await, writes, "{token}");
        assert_eq!(asking.status("GET", "/hosts", token).await, rules, "{token}");
    }
}

#[tokio::test]
async fn the_administrator_of_a_domain_is_not_the_operator() {
    let asking = Asking::start().await;
    let mut of_domain = token("d", None, &[]);
    of_domain["domain"] = json!({"id": "default", "name": "Default"});
    of_domain["roles"] = json!([{"id": "r", "name": "admin"}]);
    asking.knows("domain", of_domain);
    assert_eq!(asking.status("GET", "/bridges", "domain").await, 403);
    let mut of_system = token("s", None, &[]);
    of_system["system"] = json!({"all": true});
    of_system["roles"] = json!([{"id": "r", "name": "admin"}]);
    asking.knows("system", of_system);
    assert_eq!(asking.status("GET", "/hosts", "system").await, 200);
}

#[tokio::test]
async fn a_token_is_asked_about_once_and_never_outlives_its_end() {
    let asking = Asking::start().await;
    asking.knows("member", token("m", Some("p1"), &["member"]));
    for _ in 0..5 {
        assert_eq!(asking.status("GET", "/bridges", "member").await, 200);
    }
    assert_eq!(asking.known.lock().questions, 1);
    let mut ending = token("m", Some("p1"), &["member"]);
    let soon = SystemTime::now() + Duration::from_millis(300);
    ending["expires_at"] = json!(humantime::format_rfc3339_micros(soon).to_string());
    asking.knows("ending", ending);
    assert_eq!(asking.status("GET", "/bridges", "ending").await, 200);
    asking.known.lock().tokens.remove("ending");
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(asking.status("GET", "/bridges", "ending").await, 401);
}

#[tokio::test]
async fn our_own_token_is_got_anew_when_it_is_over() {
    let asking = Asking::start().await;
    asking.knows("one", token("m", Some("p1"), &["member"]));
    asking.knows("two", token("m", Some("p1"), &["member"]));
    assert_eq!(asking.status("GET", "/bridges", "one").await, 200);
    asking.known.lock().service[0] = "revoked".to_owned();
    assert_eq!(asking.status("GET", "/bridges", "two").await, 200);
    assert_eq!(asking.known.lock().service.len(), 2);
}

#[tokio::test]
async fn while_keystone_cannot_be_asked_nobody_new_is_let_in() {
    let asking = Asking::start().await;
    asking.knows("member", token("m", Some("p1"), &["member"]));
    assert_eq!(asking.status("GET", "/bridges", "member").await, 200);
    asking.known.lock().broken = true;
    let answer = asking.server.send("GET", "/bridges", &[("x-auth-token", "new")], "").await;
    assert_eq!(answer.status, 503);
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(asking.status("GET", "/bridges", "member").await, 200, "who is remembered goes on");
    asking.known.lock().broken = false;
    assert_eq!(asking.status("GET", "/bridges", "new").await, 401);
}

#[tokio::test]
async fn nobody_is_let_in_where_there_is_no_keystone_or_ours_is_refused() {
    let nowhere = Server::start_with(keystone("http://127.0.0.1:1/v3", "right")).await;
    assert_eq!(nowhere.send("GET", "/bridges", &[("x-auth-token", "t")], "").await.status, 503);
    let asking = Asking::start().await;
    let listening = {
        let known = Arc::clone(&asking.known);
        let routes = Router::new().route("/v3/auth/tokens", get(about).post(authenticate)).with_state(known);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v3", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        url
    };
    let refused = Server::start_with(keystone(&listening, "wrong")).await;
    assert_eq!(refused.send("GET", "/bridges", &[("x-auth-token", "t")], "").await.status, 503);
}

#[tokio::test]
async fn a_login_is_keystone_s() {
    let asking = Asking::start().await;
    // carol:right, carol:wrong
    let right = [("authorization", "Basic Y2Fyb2w6cmlnaHQ="), ("x-auth-project", "p1")];
    let answer = asking.server.send("POST", "/login", &right, "{}").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let key = answer.json()["key"].as_str().unwrap().to_owned();
    assert!(key.starts_with("carol-p1"));
    assert_eq!(asking.status("POST", "/bridges", &key).await, 201);
    let wrong = [("authorization", "Basic Y2Fyb2w6d3Jvbmc="), ("x-auth-project", "p1")];
    assert_eq!(asking.server.send("POST", "/login", &wrong, "{}").await.status, 401);
    let nowhere = asking.server.send("POST", "/login", &right[..1], "{}").await;
    assert_eq!(nowhere.status, 403);
    assert!(nowhere.body.contains("X-Auth-Project"), "{}", nowhere.body);
}

#[tokio::test]
async fn tenants_are_keystone_s_projects() {
    let asking = Asking::start().await;
    asking.knows("admin", token("a", Some("p0"), &["admin"]));
    asking.knows("member", token("m", Some("p1"), &["member"]));
    let list = ("accept", "application/vnd.org.midonet.collection.Tenant-v2+json");
    let ids = async |token: &str| {
        let answer = asking.server.send("GET", "/tenants", &[list, ("x-auth-token", token)], "").await;
        let tenants = answer.json().as_array().unwrap().clone();
        tenants.iter().map(|tenant| tenant["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("admin").await, ["p1", "p2"]);
    assert_eq!(ids("member").await, ["p1"]);
    assert_eq!(asking.status("GET", "/tenants/p2", "member").await, 404);
    assert_eq!(asking.status("GET", "/tenants/p2", "admin").await, 200);
    assert_eq!(asking.status("GET", "/tenants/..%2Fusers", "admin").await, 404);
}
