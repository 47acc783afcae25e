//! Many writes in one commit.

use serde_json::{Value, json};

use super::{Answer, Server};

const A: &str = "00000000-0000-4000-8000-00000000000a";
const B: &str = "00000000-0000-4000-8000-00000000000b";

async fn bulk(server: &Server, operations: Value) -> Answer {
    server.write_and_read("POST", "/bulk", json!({ "operations": operations })).await
}

fn post(path: &str, body: &Value) -> Value {
    json!({"method": "POST", "path": path, "body": body})
}

#[tokio::test]
async fn later_operations_refer_to_earlier_ones_and_all_are_one_commit() {
    let server = Server::start().await;
    let before = version(&server).await;
    let answer = bulk(
        &server,
        json!([
            post("/chains", &json!({"id": A, "name": "c"})),
            post(&format!("/chains/{A}/rules"), &json!({"type": "drop"})),
            post("/bridges", &json!({"id": B, "inboundFilterId": A})),
            post(&format!("/bridges/{B}/ports"), &json!({})),
            post(&format!("/bridges/{B}/ports"), &json!({"vlanId": 3})),
        ]),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["content-type"], "application/vnd.midspan.BulkResult-v1+json");
    let done = answer.json();
    assert_eq!(done["version"], before + 1);
    assert_eq!(version(&server).await, before + 1);
    let locations: Vec<&str> =
        done["results"].as_array().unwrap().iter().map(|r| r["location"].as_str().unwrap()).collect();
    assert_eq!(locations[2], format!("http://127.0.0.1:8181/midonet-api/bridges/{B}"));
    assert_eq!(server.get(&format!("/bridges/{B}/ports")).await.as_array().unwrap().len(), 2);
    assert!(done["results"].as_array().unwrap().iter().all(|result| result["status"] == 201));
}

async fn version(server: &Server) -> u64 {
    let answer = server.send("GET", "/bridges", &[("accept", "*/*")], "").await;
    answer.headers["x-midspan-version"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn one_failure_undoes_all_and_is_that_of_the_single_request() {
    let server = Server::start().await;
    let rules = format!("/chains/{}/rules", server.create("/chains", json!({})).await);
    let before = version(&server).await;
    for (path, wrong) in [
        ("/bridges", json!({"name": 7, "adminStateUp": "x"})),
        ("/bridges", json!({"inboundFilterId": B})),
        ("/tunnel_zones", json!({"name": "z"})),
        (rules.as_str(), json!({"type": "drop", "tpDst": {"start": 1, "end": 2}})),
        ("/chains/not-a-uuid/rules", json!({"type": "drop"})),
    ] {
        let single = server.write("POST", path, wrong.clone()).await;
        let answer = bulk(&server, json!([post("/bridges", &json!({"id": A})), post(path, &wrong)])).await;
        assert_eq!((answer.status, answer.json()["operation"].as_u64()), (single.status, Some(1)), "{path}");
        assert_eq!(answer.json()["message"], single.json()["message"]);
        assert_eq!(answer.json()["violations"], single.json()["violations"]);
    }
    assert_eq!((version(&server).await, server.get("/bridges").await), (before, json!([])));
}

#[tokio::test]
async fn it_updates_and_deletes_too_under_addresses_as_the_api_gives_them() {
    let server = Server::start().await;
    let (kept, gone) =
        (server.create("/routers", json!({})).await, server.create("/routers", json!({})).await);
    let uri = server.get(&format!("/routers/{kept}")).await["uri"].clone();
    let answer = bulk(
        &server,
        json!([
            {"method": "PUT", "path": uri, "body": {"name": "red"}},
            {"method": "DELETE", "path": format!("/midonet-api/routers/{gone}/")},
            {"method": "DELETE", "path": format!("/routers/{gone}")},
            {"method": "DELETE", "path": "/routers/not-a-uuid"},
        ]),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let statuses: Vec<_> =
        answer.json()["results"].as_array().unwrap().iter().map(|r| r["status"].clone()).collect();
    assert_eq!(statuses, [204, 204, 204, 204]);
    assert_eq!(server.get("/routers").await[0]["name"], "red");
    assert_eq!(server.get("/routers").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_by_name() {
    let server = Server::start().await;
    for (operation, property) in [
        (post("/nonsense", &json!({})), "path"),
        (json!({"method": "PUT", "path": "/bridges", "body": {}}), "method"),
        (json!({"method": "POST", "path": "/bridges"}), "body"),
        (post("/bulk", &json!({"operations": []})), "path"),
        (post("/bridges/%ff/ports", &json!({})), "path"),
    ] {
        let answer = bulk(&server, json!([operation])).await;
        assert_eq!(answer.violations(), [property], "{}", answer.body);
        assert_eq!(answer.json()["operation"], 0);
    }
    assert_eq!(bulk(&server, json!([])).await.violations(), ["operations"]);
    for body in [json!({}), json!([]), json!({"operations": [{"method": "GET", "path": "/bridges"}]})] {
        assert_eq!(server.write_and_read("POST", "/bulk", body).await.status, 400);
    }
}

#[tokio::test]
async fn more_than_can_be_done_at_once_is_413() {
    let server = Server::start().await;
    let many = vec![post("/bridges", &json!({})); 10_001];
    assert_eq!(bulk(&server, json!(many)).await.status, 413);
    let long = "x".repeat(255);
    let large = vec![post("/bridges", &json!({"name": long, "tenantId": long})); 4000];
    let answer = bulk(&server, json!(large)).await;
    assert_eq!(answer.status, 413);
    assert!(answer.json()["message"].as_str().unwrap().contains("split it up"));
    assert_eq!(server.get("/bridges").await, json!([]));
}
