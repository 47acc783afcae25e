//! L2 insertions.

use serde_json::{Value, json};

use super::{NOTHING, Server};

fn insertion(port: &str, service: &str) -> Value {
    json!({"portId": port, "srvPortId": service, "mac": "02:00:00:00:00:55"})
}

#[tokio::test]
async fn an_insertion_is_created_read_updated_and_deleted() {
    let server = Server::start().await;
    let (_, [port, service]) = server.bridge_with_ports().await;
    let mut given = insertion(&port, &service);
    given
        .as_object_mut()
        .unwrap()
        .extend(json!({"vlan": 10, "position": -1, "failOpen": true}).as_object().unwrap().clone());
    let id = server.create("/l2insertions", given.clone()).await;
    let path = format!("/l2insertions/{id}");
    let kept = server.get(&path).await;
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(&kept[name], value, "{name}");
    }
    assert_eq!(server.get(&format!("/ports/{port}")).await["insertionIds"], json!([id]));
    assert_eq!(server.get(&format!("/ports/{service}")).await["insertionIds"], json!([]));
    assert_eq!(server.write("PUT", &path, insertion(&port, &service)).await.status, 204);
    let reset = server.get(&path).await;
    assert_eq!(
        (&reset["vlan"], &reset["position"], &reset["failOpen"]),
        (&json!(0), &json!(0), &json!(false))
    );
    assert_eq!((server.delete(&path).await, server.delete(&path).await), (204, 404));
    assert!(server.is_gone(&path).await);
}

#[tokio::test]
async fn insertions_are_listed_by_either_port() {
    let server = Server::start().await;
    let (_, [a, b, service, other]) = server.bridge_with_ports().await;
    let first = server.create("/l2insertions", insertion(&a, &service)).await;
    let second = server.create("/l2insertions", insertion(&b, &service)).await;
    let third = server.create("/l2insertions", insertion(&a, &other)).await;
    let listed = async |query: &str| {
        let list = server.get(&format!("/l2insertions{query}")).await;
        let mut ids: Vec<String> =
            list.as_array().unwrap().iter().map(|i| i["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(listed("").await.len(), 3);
    assert_eq!(listed(&format!("?port_id={a}")).await, sorted(vec![first.clone(), third.clone()]));
    assert_eq!(listed(&format!("?port={b}")).await, [second.as_str()]);
    assert_eq!(listed(&format!("?srv_port={service}")).await, sorted(vec![first, second]));
    assert_eq!(listed("?port_id=x").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_insertion_goes_with_either_port() {
    let server = Server::start().await;
    for gone in 0..2 {
        let (_, ports) = server.bridge_with_ports::<2>().await;
        let id = server.create("/l2insertions", insertion(&ports[0], &ports[1])).await;
        server.delete_twice(&format!("/ports/{}", ports[gone])).await;
        assert!(server.is_gone(&format!("/l2insertions/{id}")).await);
    }
}

#[tokio::test]
async fn a_port_is_inspected_or_serves() {
    let server = Server::start().await;
    let (_, [a, b, c]) = server.bridge_with_ports().await;
    let id = server.create("/l2insertions", insertion(&a, &b)).await;
    for (port, service) in [(&a, &b), (&b, &c), (&c, &a)] {
        let answer = server.write("POST", "/l2insertions", insertion(port, service)).await;
        assert_eq!(answer.status, 409);
        assert!(answer.json()["message"].as_str().unwrap().contains(&id), "{}", answer.body);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = Server::start().await;
    let (_, [port, service]) = server.bridge_with_ports().await;
    let with = |property: &str, value: Value| {
        let mut body = insertion(&port, &service);
        body[property] = value;
        body
    };
    for (body, property) in [
        (with("portId", Value::Null), "portId"),
        (with("srvPortId", Value::Null), "srvPortId"),
        (with("srvPortId", json!(port)), "srvPortId"),
        (with("mac", Value::Null), "mac"),
        (with("mac", json!("xx")), "mac"),
        (with("mac", json!("01:00:00:00:00:00")), "mac"),
        (with("vlan", json!(5000)), "vlan"),
        (with("vlan", json!(-1)), "vlan"),
        (with("failOpen", json!("yes")), "failOpen"),
    ] {
        let answer = server.write("POST", "/l2insertions", body.clone()).await;
        assert_eq!(answer.violations(), [property], "{body}");
    }
    assert_eq!(server.write("POST", "/l2insertions", insertion(&port, NOTHING)).await.status, 404);
    let path = format!("/l2insertions/{NOTHING}");
    assert_eq!(server.write("PUT", &path, insertion(&port, &service)).await.status, 404);
    let wrong_type = [("content-type", "application/vnd.org.midonet.Mirror-v1+json")];
    assert_eq!(server.send("POST", "/l2insertions", &wrong_type, "{}").await.status, 406);
}

#[tokio::test]
async fn a_port_sent_back_keeps_its_insertions_and_names_none_that_is_not_there() {
    let server = Server::start().await;
    let (_, [port, service]) = server.bridge_with_ports().await;
    let id = server.create("/l2insertions", insertion(&port, &service)).await;
    let path = format!("/ports/{port}");
    let mut body = server.get(&path).await;
    assert_eq!(server.write("PUT", &path, body.clone()).await.status, 204);
    assert_eq!(server.write("PUT", &path, json!({})).await.status, 204);
    assert_eq!(server.get(&path).await["insertionIds"], json!([id]));
    body["insertionIds"] = json!([NOTHING]);
    assert_eq!(server.write("PUT", &path, body).await.status, 404);
}
