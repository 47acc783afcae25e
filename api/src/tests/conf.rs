//! Configuration of agents as text.

use serde_json::{Value, json};

use super::{Answer, Server};

const NODE: &str = "11111111-1111-4111-8111-111111111111";

impl Server {
    async fn text(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, &[("content-type", "text/plain")], body).await
    }

    /// A text, which is a JSON object.
    async fn conf(&self, path: &str) -> Value {
        let answer = self.send("GET", path, &[("accept", "text/plain")], "").await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.headers["content-type"], "text/plain", "{path}");
        answer.json()
    }
}

#[tokio::test]
async fn settings_of_a_node_are_laid_over_what_is_there() {
    let server = Server::start().await;
    let path = format!("/conf/nodes/{NODE}");
    assert_eq!(server.conf(&path).await, json!({}));
    assert_eq!(server.text("POST", &path, "datapath = \"dp1\"\nname = \"hv1\"").await.status, 200);
    assert_eq!(server.text("POST", &path, r#"{"datapath": "dp2"}"#).await.status, 200);
    assert_eq!(server.conf(&path).await, json!({"datapath": "dp2", "name": "hv1"}));
    for _ in 0..2 {
        assert_eq!(server.send("DELETE", &path, &[], "").await.status, 200);
    }
    assert_eq!(server.conf(&path).await, json!({}));
}

#[tokio::test]
async fn what_is_no_text_is_named() {
    let server = Server::start().await;
    let path = format!("/conf/nodes/{NODE}");
    for body in [
        r#"{"datapath": ["dp1"], "name": "hv1"}"#,
        "datapath = [\"dp1\"]\nname = \"hv1\"",
        r#"{"datapath": null}"#,
    ] {
        assert_eq!(server.text("POST", &path, body).await.violations(), ["datapath"], "{body}");
    }
}

#[tokio::test]
async fn what_holds_for_a_node_comes_from_it_its_template_and_the_defaults() {
    let server = Server::start().await;
    let (node, runtime) = (format!("/conf/nodes/{NODE}"), format!("/conf/runtime/{NODE}"));
    let mapping = format!("/conf/template-mappings/{NODE}");
    assert_eq!(server.conf(&runtime).await["metrics"], "127.0.0.1:7300");
    server.text("POST", "/conf/templates/default", "metrics = \"127.0.0.1:1\"").await;
    server.text("POST", "/conf/templates/gateway", "metrics = \"127.0.0.1:2\"\ndatapath = \"gw\"").await;
    assert_eq!(server.conf("/conf/templates").await, json!({"templates": ["default", "gateway"]}));
    assert_eq!(server.conf(&runtime).await["metrics"], "127.0.0.1:1", "of the default template");
    let assigned = format!("{{\"{NODE}\": \"gateway\"}}");
    assert_eq!(server.text("POST", &mapping, &assigned).await.status, 200);
    assert_eq!(server.conf("/conf/template-mappings").await, json!({NODE: "gateway"}));
    server.text("POST", &node, "datapath = \"own\"").await;
    let holds = server.conf(&runtime).await;
    assert_eq!((&holds["metrics"], &holds["datapath"]), (&json!("127.0.0.1:2"), &json!("own")));
    assert_eq!(server.send("DELETE", &node, &[], "").await.status, 200);
    assert_eq!(server.conf(&runtime).await["datapath"], "gw", "the assignment stays");
    assert_eq!(server.send("DELETE", &mapping, &[], "").await.status, 200);
    assert_eq!(server.conf("/conf/template-mappings").await, json!({}));
    assert_eq!(server.send("DELETE", "/conf/templates/gateway", &[], "").await.status, 200);
    assert_eq!(server.conf("/conf/templates").await, json!({"templates": ["default"]}));
}

#[tokio::test]
async fn only_settings_that_agents_have_are_taken() {
    let server = Server::start().await;
    let schema = server.conf("/conf/schemas").await;
    assert_eq!(schema["metrics"]["default"], "127.0.0.1:7300");
    let path = format!("/conf/nodes/{NODE}");
    for (text, property) in [
        ("nonsense = \"x\"", "nonsense"),
        ("metrics = \"x\"", "metrics"),
        ("state = \"relative\"", "state"),
        ("host-id = \"x\"", "host-id"),
        ("datapath = \"\"", "datapath"),
    ] {
        assert_eq!(server.text("POST", &path, text).await.violations(), [property], "{text}");
        assert!(schema.get(property).is_some() || property == "nonsense");
    }
    for text in ["datapath", "{\"datapath\":"] {
        let answer = server.text("POST", &path, text).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!(400)), "{text}");
    }
    let mapping = format!("/conf/template-mappings/{NODE}");
    assert_eq!(server.text("POST", &mapping, "{}").await.violations(), [NODE]);
    assert_eq!(server.conf(&path).await, json!({}), "nothing was kept");
}

#[tokio::test]
async fn configuration_is_plain_text() {
    let server = Server::start().await;
    let path = format!("/conf/nodes/{NODE}");
    let json = [("content-type", "application/json")];
    assert_eq!(server.send("POST", &path, &json, "{}").await.status, 415);
    assert_eq!(server.send("GET", &path, &[("accept", "application/json")], "").await.status, 406);
    assert_eq!(server.send("GET", &path, &[("accept", "*/*")], "").await.status, 200);
    assert_eq!(server.send("GET", "/conf/nodes/x", &[], "").await.status, 404);
    assert_eq!(server.send("POST", "/conf/schemas", &[], "").await.status, 405);
}
