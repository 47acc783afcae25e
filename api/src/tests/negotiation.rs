//! How clients speak: media types, verbs beside the usual ones, addresses written in other ways.

use serde_json::json;

use super::Server;

const VENDOR: &str = "application/vnd.org.midonet.";

#[tokio::test]
async fn who_does_not_say_what_it_accepts_gets_406_where_json_is_preferred() {
    let server = Server::start().await;
    let bridge = server.create("/bridges", json!({})).await;
    let port = server.create(&format!("/bridges/{bridge}/ports"), json!({})).await;
    for path in ["/bridges", "/chains", "/ports", &format!("/bridges/{bridge}"), &format!("/ports/{port}")] {
        assert_eq!(server.send("GET", path, &[], "").await.status, 406, "{path}");
    }
    for (path, expected) in [
        (format!("/ports/{port}/port_groups"), "collection.PortGroupPort-v1+json"),
        ("/tenants".to_owned(), "collection.Tenant-v2+json"),
        ("/system_state".to_owned(), "SystemState-v2+json"),
        (String::from("/"), "Application-v5+json"),
    ] {
        let answer = server.send("GET", &path, &[], "").await;
        assert_eq!(
            (answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap()),
            (200, format!("{VENDOR}{expected}").as_str())
        );
    }
}

#[tokio::test]
async fn a_body_of_a_wrong_type_is_not_read_and_one_of_none_is_json() {
    let server = Server::start().await;
    let rules = format!("/chains/{}/rules", server.create("/chains", json!({})).await);
    for (path, given, status) in [
        ("/bridges", None, 201),
        ("/bridges", Some("text/plain".to_owned()), 415),
        ("/bridges", Some(format!("{VENDOR}Nothing-v1+json")), 406),
        ("/bridges", Some(format!("{VENDOR}Bridge-v4+json; charset=utf-8")), 201),
        ("/bridges", Some("APPLICATION/JSON".to_owned()), 201),
        (&rules, Some(format!("{VENDOR}Rule-v2+json")), 201),
    ] {
        let headers: Vec<_> = given.as_deref().map(|given| ("content-type", given)).into_iter().collect();
        let answer = server.send("POST", path, &headers, r#"{"type": "drop"}"#).await;
        assert_eq!(answer.status, status, "{path} {given:?}: {}", answer.body);
    }
}

#[tokio::test]
async fn get_may_have_a_body_and_head_has_none() {
    let server = Server::start().await;
    let bridge = server.create("/bridges", json!({})).await;
    let headers = [("accept", "*/*"), ("content-type", "application/json")];
    assert_eq!(server.send("GET", &format!("/bridges/{bridge}"), &headers, "{}").await.status, 200);
    let head = server.send("HEAD", &format!("/bridges/{bridge}"), &[("accept", "*/*")], "").await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    assert_eq!(head.headers["content-type"], "application/json");
    assert!(head.headers.contains_key("etag"));
}

#[tokio::test]
async fn slashes_at_the_end_and_escaped_characters_mean_nothing() {
    let server = Server::start().await;
    let bridge = server.create("/bridges", json!({})).await;
    for path in [
        format!("/bridges/{bridge}/"),
        format!("/bridges/{bridge}/ports/"),
        format!("/bridges/%{:x}{}", bridge.as_bytes()[0], &bridge[1..]),
    ] {
        assert_eq!(server.send("GET", &path, &[("accept", "*/*")], "").await.status, 200, "{path}");
    }
    let group = server.create("/ip_addr_groups", json!({"name": "g"})).await;
    server.write("POST", &format!("/ip_addr_groups/{group}/ip_addrs"), json!({"addr": "fd00::1"})).await;
    for address in ["fd00::1", "fd00%3A%3A1", "fd00:0:0:0:0:0:0:1"] {
        let found = server.get(&format!("/ip_addr_groups/{group}/versions/6/ip_addrs/{address}")).await;
        assert_eq!(found["addr"], "fd00:0:0:0:0:0:0:1");
    }
}

#[tokio::test]
async fn the_base_without_its_slash_leads_to_the_root() {
    let server = Server::start().await;
    let moved = server.send("GET", "", &[("accept", "*/*")], "").await;
    assert_eq!(
        (moved.status.as_u16(), &moved.headers["location"]),
        (302, &"http://127.0.0.1:8181/midonet-api/".parse().unwrap())
    );
}

#[tokio::test]
async fn nothing_can_be_created_at_the_root() {
    let server = Server::start().await;
    assert_eq!(server.write("POST", "/", json!({})).await.status, 400);
    assert_eq!(server.write("PUT", "/", json!({})).await.status, 405);
    assert_eq!(server.send("GET", "/", &[("accept", "application/xml")], "").await.status, 405);
}
