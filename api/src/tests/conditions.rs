//! Versions and tags: what an answer is about, and writes that are made only to what the client has seen.

use serde_json::json;

use super::{Answer, HOST, Server};

async fn read(server: &Server, path: &str) -> Answer {
    server.send("GET", path, &[("accept", "*/*")], "").await
}

async fn etag(server: &Server, path: &str) -> String {
    read(server, path).await.headers["etag"].to_str().unwrap().to_owned()
}

fn version(answer: &Answer) -> u64 {
    answer.headers["x-midspan-version"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_answer_tells_the_version() {
    let server = Server::start().await;
    let before = version(&read(&server, "/bridges").await);
    let created = server.write("POST", "/bridges", json!({})).await;
    assert_eq!(version(&created), before + 1);
    let uri = created.headers["location"].to_str().unwrap().split_once("midonet-api").unwrap().1.to_owned();
    assert_eq!(version(&read(&server, &uri).await), before + 1);
    for (method, path) in [("GET", "/nonsense"), ("PATCH", "/bridges"), ("OPTIONS", "/bridges"), ("GET", "/")]
    {
        assert_eq!(
            version(&server.send(method, path, &[("accept", "*/*")], "").await),
            before + 1,
            "{method} {path}"
        );
    }
    assert_eq!(version(&server.send("DELETE", &uri, &[], "").await), before + 2);
    assert_eq!(version(&server.send("DELETE", &uri, &[], "").await), before + 2);
}

#[tokio::test]
async fn a_client_that_has_the_object_is_told_so() {
    let server = Server::start().await;
    let path = format!("/bridges/{}", server.create("/bridges", json!({"name": "b"})).await);
    let tag = etag(&server, &path).await;
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = server.send("GET", &path, &[("accept", "*/*"), ("if-none-match", &known)], "").await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (304, ""), "{known}");
        assert_eq!(answer.headers["etag"], tag.as_str());
    }
    server.write("PUT", &path, json!({"name": "c"})).await;
    let answer = server.send("GET", &path, &[("accept", "*/*"), ("if-none-match", &tag)], "").await;
    assert_eq!(answer.status, 200);
    assert_ne!(answer.headers["etag"], tag.as_str());
}

#[tokio::test]
async fn a_tag_changes_with_the_object_and_with_nothing_else() {
    let server = Server::start().await;
    let chain = server.create("/chains", json!({})).await;
    let bridge = format!("/bridges/{}", server.create("/bridges", json!({"inboundFilterId": chain})).await);
    let before = etag(&server, &bridge).await;
    server.create("/bridges", json!({})).await;
    assert_eq!(etag(&server, &bridge).await, before);
    server.send("DELETE", &format!("/chains/{chain}"), &[], "").await;
    assert_ne!(etag(&server, &bridge).await, before);
}

#[tokio::test]
async fn a_rule_pushed_back_by_another_has_another_tag() {
    let server = Server::start().await;
    let rules = format!("/chains/{}/rules", server.create("/chains", json!({})).await);
    let rule = format!("/rules/{}", server.create(&rules, json!({"type": "drop"})).await);
    let before = etag(&server, &rule).await;
    server.create(&rules, json!({"type": "accept"})).await;
    assert_ne!(etag(&server, &rule).await, before);
}

#[tokio::test]
async fn a_tag_is_the_same_under_every_host_name() {
    let server = Server::start().await;
    let path = format!("/bridges/{}", server.create("/bridges", json!({})).await);
    let request = axum::extract::Request::builder()
        .uri(format!("/midonet-api{path}"))
        .header("host", "api.example")
        .header("accept", "*/*")
        .body(axum::body::Body::empty())
        .unwrap();
    let elsewhere = tower::ServiceExt::oneshot(server.service.clone(), request).await.unwrap();
    assert_eq!(elsewhere.headers()["etag"], etag(&server, &path).await.as_str());
}

#[tokio::test]
async fn what_moved_is_not_overwritten_and_not_deleted() {
    let server = Server::start().await;
    let path = format!("/bridges/{}", server.create("/bridges", json!({"name": "a"})).await);
    let seen = etag(&server, &path).await;
    let body = json!({"name": "b"}).to_string();
    let put = async |tag: &str| {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        server.send("PUT", &path, &headers, &body).await
    };
    assert_eq!(put(&seen).await.status, 204);
    let refused = put(&seen).await;
    assert_eq!(refused.status, 412);
    assert!(refused.json()["message"].as_str().unwrap().contains(&etag(&server, &path).await));
    assert_eq!(server.send("DELETE", &path, &[("if-match", &seen)], "").await.status, 412);
    assert_eq!(put("*").await.status, 204);
    let now = etag(&server, &path).await;
    assert_eq!(server.send("DELETE", &path, &[("if-match", &now)], "").await.status, 204);
    assert_eq!(server.send("DELETE", &path, &[("if-match", &now)], "").await.status, 412);
    assert_eq!(put(&now).await.status, 404);
}

#[tokio::test]
async fn of_writers_that_saw_the_same_one_wins() {
    let server = Server::start().await;
    let path = format!("/bridges/{}", server.create("/bridges", json!({"name": "a"})).await);
    let seen = etag(&server, &path).await;
    let writers = (0..16).map(|number| {
        let (server, path, seen) = (&server, &path, &seen);
        async move {
            let headers = [("content-type", "application/json"), ("if-match", seen.as_str())];
            let body = json!({ "name": format!("by {number}") }).to_string();
            server.send("PUT", path, &headers, &body).await.status.as_u16()
        }
    });
    let mut statuses = futures::future::join_all(writers).await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (204, &[412; 15][..]));
}

#[tokio::test]
async fn ports_and_parts_of_objects_have_tags_too() {
    let server = Server::start().await;
    let zone = server.zone().await;
    let bridge = server.create("/bridges", json!({})).await;
    let port = format!("/ports/{}", server.create(&format!("/bridges/{bridge}/ports"), json!({})).await);
    let seen = etag(&server, &port).await;
    assert_eq!(server.write("PUT", &port, json!({"adminStateUp": false})).await.status, 204);
    assert_eq!(server.send("DELETE", &port, &[("if-match", &seen)], "").await.status, 412);
    let now = etag(&server, &port).await;
    assert_eq!(server.send("DELETE", &port, &[("if-match", &now)], "").await.status, 204);
    let member = format!("/tunnel_zones/{zone}/hosts/{HOST}");
    let now = etag(&server, &member).await;
    assert_eq!(server.send("DELETE", &member, &[("if-match", &now)], "").await.status, 204);
}

#[tokio::test]
async fn a_body_at_fault_is_told_before_a_tag_that_moved() {
    let server = Server::start().await;
    let path = format!("/bridges/{}", server.create("/bridges", json!({})).await);
    let headers = [("content-type", "application/json"), ("if-match", "\"other\"")];
    assert_eq!(server.send("PUT", &path, &headers, r#"{"name": 7}"#).await.violations(), ["name"]);
}
