//! Mirrors, and the lists of them that bridges, routers and ports have.

use serde_json::{Value, json};

use super::{NOTHING, Server};

#[tokio::test]
async fn a_mirror_is_created_read_listed_updated_and_deleted() {
    let server = Server::start().await;
    let (_, [a, b]) = server.bridge_with_ports().await;
    let given = json!({"toPortId": a, "conditions": [{"dlType": 2048, "nwProto": 6}, {}]});
    let id = server.create("/mirrors", given).await;
    let path = format!("/mirrors/{id}");
    let mirror = server.get(&path).await;
    assert_eq!((&mirror["toPortId"], &mirror["conditions"][0]["nwProto"]), (&json!(a), &json!(6)));
    assert_eq!(mirror["conditions"][1]["uri"], Value::Null);
    assert_eq!(server.get("/mirrors").await, json!([mirror]));
    assert_eq!(server.write("PUT", &path, mirror.clone()).await.status, 204);
    assert_eq!(server.get(&path).await, mirror, "what is sent back changes nothing");
    assert_eq!(server.write("PUT", &path, json!({"toPortId": b})).await.status, 204);
    let reset = server.get(&path).await;
    assert_eq!((&reset["toPortId"], &reset["conditions"]), (&json!(b), &json!([])));
    server.delete_twice(&path).await;
    assert!(server.is_gone(&path).await);
}

#[tokio::test]
async fn a_mirror_goes_with_its_port_and_leaves_every_hook() {
    let server = Server::start().await;
    let (bridge, [target, port]) = server.bridge_with_ports().await;
    let router = server.create("/routers", json!({})).await;
    let mirror = server.create("/mirrors", json!({"toPortId": target})).await;
    let hooks = json!({"inboundMirrorIds": [mirror], "outboundMirrorIds": [mirror]});
    let mut port_hooks = hooks.clone();
    port_hooks["postInFilterMirrorIds"] = json!([mirror]);
    port_hooks["preOutFilterMirrorIds"] = json!([mirror]);
    let hooked = [
        (format!("/bridges/{bridge}"), &hooks),
        (format!("/routers/{router}"), &hooks),
        (format!("/ports/{port}"), &port_hooks),
    ];
    for (path, hooks) in &hooked {
        assert_eq!(server.write("PUT", path, (*hooks).clone()).await.status, 204);
        let now = server.get(path).await;
        for (property, list) in hooks.as_object().unwrap() {
            assert_eq!(&now[property], list, "{property} of {path}");
        }
    }
    server.delete_twice(&format!("/ports/{target}")).await;
    assert!(server.is_gone(&format!("/mirrors/{mirror}")).await);
    for (path, hooks) in &hooked {
        let now = server.get(path).await;
        assert!(hooks.as_object().unwrap().keys().all(|property| now[property] == json!([])), "{path}");
    }
}

#[tokio::test]
async fn hooks_are_reset_by_absence_and_name_what_is_there() {
    let server = Server::start().await;
    let (bridge, [target, _]) = server.bridge_with_ports().await;
    let mirror = server.create("/mirrors", json!({"toPortId": target})).await;
    let path = format!("/bridges/{bridge}");
    let twice = json!({"inboundMirrorIds": [mirror, mirror]});
    assert_eq!(server.write("PUT", &path, twice).await.status, 204);
    assert_eq!(server.get(&path).await["inboundMirrorIds"], json!([mirror]));
    assert_eq!(server.write("PUT", &path, json!({"outboundMirrorIds": null})).await.status, 204);
    assert_eq!(server.get(&path).await["inboundMirrorIds"], json!([]));
    let unknown = server.write("PUT", &path, json!({"inboundMirrorIds": [NOTHING]})).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["message"], format!("There is no Mirror with ID {NOTHING}."));
    let answer = server.write("PUT", &path, json!({"inboundMirrorIds": ["x"]})).await;
    assert_eq!(answer.violations(), ["inboundMirrorIds"]);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = Server::start().await;
    let (_, [port]) = server.bridge_with_ports().await;
    let with = |conditions: Value| json!({"toPortId": port, "conditions": conditions});
    for (body, property) in [
        (json!({}), "toPortId"),
        (json!({"toPortId": "x"}), "toPortId"),
        (with(json!({})), "conditions"),
        (with(json!([7])), "conditions[0]"),
        (with(json!([{}, {"nwProto": 300}])), "conditions[1].nwProto"),
        (with(json!([{"tpDst": {"start": 80, "end": 80}}])), "conditions"),
        (with(json!([{"portGroup": NOTHING}])), "conditions"),
        (with(json!([{"tpDst": {"start": 0}}])), "conditions[0].tpDst.end"),
    ] {
        let answer = server.write("POST", "/mirrors", body.clone()).await;
        assert_eq!(answer.violations(), [property], "{body}");
    }
    assert_eq!(server.write("POST", "/mirrors", json!({"toPortId": NOTHING})).await.status, 404);
    assert_eq!(server.write("PUT", &format!("/mirrors/{NOTHING}"), with(json!([]))).await.status, 404);
    let id = server.create("/mirrors", with(json!([]))).await;
    let again = json!({"toPortId": port, "id": id});
    assert_eq!(server.write("POST", "/mirrors", again).await.status, 409);
    let wrong_type = [("content-type", "text/plain")];
    assert_eq!(server.send("POST", "/mirrors", &wrong_type, "{}").await.status, 415);
}
