//! Tokens, logins, roles.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::super::{Answer, Server};
use super::Guarded;
use crate::auth::{NewEntry, Role};
use crate::watched::Reload;

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

async fn login(server: &Server, user: &str, password: &str, project: Option<&str>) -> Answer {
    let authorization = basic(user, password);
    let mut headers = vec![("authorization", authorization.as_str())];
    headers.extend(project.map(|project| ("x-auth-project", project)));
    server.send("POST", "/login", &headers, "{}").await
}

#[tokio::test]
async fn without_authentication_any_token_and_any_credentials_do() {
    let server = Server::start().await;
    for (name, value) in [("accept-language", "de"), ("x-auth-token", "x"), ("cookie", "sessionId=00000000")]
    {
        let headers = [("accept", "*/*"), (name, value)];
        assert_eq!(server.send("GET", "/bridges", &headers, "").await.status, 200);
    }
    let answer = login(&server, "any", "thing", None).await;
    assert_eq!(answer.headers["set-cookie"], "sessionId=00000000");
    assert_eq!(answer.body, r#"{"key":"00000000","expires":null}"#);
}

#[tokio::test]
async fn without_a_token_there_is_nothing_but_the_login() {
    let guarded = Guarded::start().await;
    for (method, path) in [("GET", "/"), ("GET", "/bridges"), ("DELETE", "/hosts/x"), ("GET", "/nonsense")] {
        for headers in [&[][..], &[("x-auth-token", "wrong")], &[("cookie", "sessionId=wrong")]] {
            let answer = guarded.server.send(method, path, headers, "").await;
            assert_eq!(answer.status, 401, "{method} {path}");
            assert_eq!(answer.headers["www-authenticate"], "Basic  realm=\"BASIC_AUTH_REALM\"");
            assert_eq!(
                answer.headers["content-type"],
                "application/vnd.org.midonet.Error-v1+json;charset=utf-8"
            );
            assert_eq!(answer.json()["code"], 401);
        }
    }
    assert_eq!(guarded.server.send("POST", "/login", &[], "").await.status, 401);
    let preflight = [("origin", "http://x"), ("access-control-request-method", "POST")];
    assert_eq!(guarded.server.send("OPTIONS", "/bridges", &preflight, "").await.status, 200);
}

#[tokio::test]
async fn a_token_of_the_file_is_good_in_its_header_and_as_a_cookie() {
    let guarded = Guarded::start().await;
    assert_eq!(guarded.get(&guarded.t1, "/bridges").await, json!([]));
    let cookie = format!("sessionId={}", guarded.t1);
    let headers = [("cookie", cookie.as_str()), ("accept", "*/*")];
    let answer = guarded.server.send("GET", "/bridges", &headers, "").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_login_gives_a_token_that_ends() {
    let guarded = Guarded::start().await;
    for project in [None, Some("t1")] {
        let answer = login(&guarded.server, "alice", "wonder:land", project).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/vnd.org.midonet.Token-v1+json;charset=utf-8");
        let key = answer.json()["key"].as_str().unwrap().to_owned();
        let expires = answer.json()["expires"].as_str().unwrap().to_owned();
        assert!(httpdate::parse_http_date(&expires).unwrap() > std::time::SystemTime::now());
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        let attributes = format!("Expires={expires}; Path=/midonet-api; HttpOnly; SameSite=Strict");
        assert_eq!(cookie, format!("sessionId={key}; {attributes}"));
        guarded.create(&key, "/bridges", json!({"name": "b"})).await;
        assert_eq!(guarded.get(&key, "/bridges").await[0]["tenantId"], "t1");
    }
}

#[tokio::test]
async fn a_wrong_name_password_or_project_is_401_and_does_not_tell_which() {
    let guarded = Guarded::start().await;
    let mut told = Vec::new();
    for (user, password, project) in [
        ("alice", "wrong", None),
        ("nobody", "wonder:land", None),
        ("alice", "wonder:land", Some("t2")),
        ("bob", "", None),
        ("bob", "x", None),
    ] {
        let answer = login(&guarded.server, user, password, project).await;
        assert_eq!(answer.status, 401, "{user}");
        told.push(answer.body);
    }
    told.dedup();
    assert_eq!(told.len(), 3, "only the malformed one is told apart: {told:?}");
}

#[tokio::test]
async fn after_five_failures_a_user_has_to_wait() {
    let guarded = Guarded::start().await;
    for _ in 0..5 {
        assert_eq!(login(&guarded.server, "alice", "wrong", None).await.status, 401);
    }
    let answer = login(&guarded.server, "alice", "wonder:land", None).await;
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(login(&guarded.server, "nobody", "x", None).await.status, 401, "others need not");
    assert_eq!(guarded.send(&guarded.t1, "GET", "/bridges", "").await.status, 200, "nor tokens");
}

#[tokio::test]
async fn a_reader_reads() {
    let guarded = Guarded::start().await;
    let bridge = guarded.create(&guarded.t1, "/bridges", json!({})).await;
    let path = format!("/bridges/{bridge}");
    assert_eq!(guarded.get(&guarded.reader, &path).await["id"], bridge);
    for (method, path) in [("POST", "/bridges"), ("PUT", path.as_str()), ("DELETE", path.as_str())] {
        let answer = guarded.write(&guarded.reader, method, path, json!({})).await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
    assert!(guarded.topology().contains(model::BridgeId(bridge.parse().unwrap()).into()));
}

#[tokio::test]
async fn tenants_are_those_of_the_provider() {
    let guarded = Guarded::start().await;
    let list = [("accept", "application/vnd.org.midonet.collection.Tenant-v2+json")];
    let ids = async |token: &str| {
        let answer = guarded.server.send("GET", "/tenants", &[list[0], ("x-auth-token", token)], "").await;
        let tenants = answer.json().as_array().unwrap().clone();
        tenants.iter().map(|tenant| tenant["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&guarded.operator).await, ["t1", "t2"]);
    assert_eq!(ids(&guarded.t2).await, ["t2"]);
    assert_eq!(guarded.get(&guarded.t2, "/tenants/t2").await["name"], "t2");
    assert_eq!(guarded.send(&guarded.t2, "GET", "/tenants/t1", "").await.status, 404);
    assert_eq!(guarded.send(&guarded.operator, "GET", "/tenants/t3", "").await.status, 404);
}

/// Asks until the answer is there: a changed file is seen soon, not at once.
async fn becomes(guarded: &Guarded, token: &str, status: u16, reload: &Reload) {
    for _ in 0..200 {
        reload.notify_waiters();
        if guarded.send(token, "GET", "/bridges", "").await.status == status {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it does not become {status}");
}

#[tokio::test]
async fn a_changed_file_is_taken_over_and_a_broken_one_is_not() {
    let guarded = Guarded::start().await;
    let (authority, reload) = (Arc::clone(guarded.authority()), Reload::default());
    let nudge = Arc::clone(&reload);
    let following = tokio::spawn(async move { authority.follow(nudge).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let file = guarded.directory.path().join("tokens.toml");
    let before = fs::read_to_string(&file).unwrap();
    let carol = NewEntry { name: "carol".into(), tenant: None, roles: vec![Role::Admin], password: None };
    let carol = carol.add_to(&file).unwrap();
    becomes(&guarded, &carol, 200, &reload).await;
    fs::write(&file, "[[entry]]\nnam = 1").unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    becomes(&guarded, &carol, 200, &reload).await;
    fs::write(&file, before).unwrap();
    becomes(&guarded, &carol, 401, &reload).await;
    becomes(&guarded, &guarded.t1, 200, &reload).await;
    following.abort();
}
