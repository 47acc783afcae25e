//! Lists: their order, filters on any property, pages.

use serde_json::{Value, json};

use super::{Answer, HOST, Server};

async fn bridges(server: &Server, count: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(server.create("/bridges", json!({"name": format!("b{number}"), "tenantId": "t"})).await);
    }
    ids.sort();
    ids
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// The path of the next page.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.headers.get("link")?.to_str().unwrap();
    let uri = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    Some(uri.split_once("/midonet-api").unwrap().1.to_owned())
}

async fn page(server: &Server, path: &str) -> Answer {
    let answer = server.send("GET", path, &[("accept", "*/*")], "").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer
}

#[tokio::test]
async fn lists_are_in_the_order_of_ids() {
    let server = Server::start().await;
    let expected = bridges(&server, 10).await;
    assert_eq!(ids(&server.get("/bridges").await), expected);
}

#[tokio::test]
async fn peer_ports_are_in_the_order_of_their_own_ids() {
    let server = Server::start().await;
    let (left, right) = (bridges(&server, 1).await, server.create("/bridges", json!({})).await);
    let mut peers = Vec::new();
    for _ in 0..8 {
        let port = server.create(&format!("/bridges/{}/ports", left[0]), json!({})).await;
        let peer = server.create(&format!("/bridges/{right}/ports"), json!({"peerId": port})).await;
        peers.push(peer);
    }
    peers.sort();
    assert_eq!(ids(&server.get(&format!("/bridges/{}/peer_ports", left[0])).await), peers);
}

#[tokio::test]
async fn any_property_filters_by_what_it_shows() {
    let server = Server::start().await;
    let red = server.create("/bridges", json!({"name": "red", "adminStateUp": false})).await;
    let blue = server.create("/bridges", json!({"name": "blue"})).await;
    let nameless = server.create("/bridges", json!({})).await;
    for (query, expected) in [
        ("name=red", vec![&red]),
        ("name=red&adminStateUp=true", vec![]),
        ("name=blue&adminStateUp=true", vec![&blue]),
        ("name=", vec![&nameless]),
        ("adminStateUp=false", vec![&red]),
        (&format!("id={blue}"), vec![&blue]),
        (&format!("uri=http%3A%2F%2F127.0.0.1%3A8181%2Fmidonet-api%2Fbridges%2F{blue}"), vec![&blue]),
    ] {
        let found = ids(&server.get(&format!("/bridges?{query}")).await);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
}

#[tokio::test]
async fn numbers_lists_and_flattened_properties_filter_too() {
    let server = Server::start().await;
    let (bridge, router) =
        (server.create("/bridges", json!({})).await, server.create("/routers", json!({})).await);
    let tagged = server.create(&format!("/bridges/{bridge}/ports"), json!({"vlanId": 7})).await;
    server.create(&format!("/bridges/{bridge}/ports"), json!({"vlanId": 8})).await;
    let subnets = json!({"portSubnet": ["10.0.0.1/24", "10.1.0.1/24"]});
    let routed = server.create(&format!("/routers/{router}/ports"), subnets).await;
    assert_eq!(ids(&server.get("/ports?vlanId=7").await), [tagged]);
    assert_eq!(ids(&server.get("/ports?portSubnet=10.1.0.1%2F24").await), [routed]);
}

#[tokio::test]
async fn what_is_no_property_means_nothing() {
    let server = Server::start().await;
    let all = bridges(&server, 2).await;
    for query in ["nonsense=1", "limit=1", "tenant-id=t", "tenant_id=t", "=", "&&"] {
        assert_eq!(ids(&server.get(&format!("/bridges?{query}")).await), all, "{query}");
    }
    for query in ["tenant_id=", "tenant_id=nobody"] {
        assert_eq!(server.get(&format!("/bridges?{query}")).await, json!([]), "{query}");
    }
}

#[tokio::test]
async fn pages_join_into_the_whole_and_the_last_has_no_next() {
    let server = Server::start().await;
    let all = bridges(&server, 6).await;
    for (size, pages) in [(1, 6), (2, 3), (4, 2), (6, 1), (100, 1)] {
        let (mut path, mut found, mut count) =
            (Some(format!("/bridges?page_size={size}&tenant_id=t")), Vec::new(), 0);
        while let Some(this) = path {
            let answer = page(&server, &this).await;
            found.extend(ids(&answer.json()));
            (path, count) = (next(&answer), count + 1);
        }
        assert_eq!((found, count), (all.clone(), pages), "pages of {size}");
    }
}

#[tokio::test]
async fn a_page_goes_on_behind_an_object_that_is_gone() {
    let server = Server::start().await;
    let all = bridges(&server, 4).await;
    let first = page(&server, "/bridges?page_size=2").await;
    server.send("DELETE", &format!("/bridges/{}", all[1]), &[], "").await;
    assert_eq!(ids(&page(&server, &next(&first).unwrap()).await.json()), all[2..]);
}

#[tokio::test]
async fn rules_page_in_their_own_order() {
    let server = Server::start().await;
    let chain = server.create("/chains", json!({})).await;
    let rules = format!("/chains/{chain}/rules");
    for _ in 0..5 {
        server.create(&rules, json!({"type": "accept"})).await;
    }
    let all = ids(&server.get(&rules).await);
    let second = page(&server, &next(&page(&server, &format!("{rules}?page_size=2")).await).unwrap()).await;
    assert_eq!(ids(&second.json()), all[2..4]);
    server.send("DELETE", &format!("/rules/{}", all[3]), &[], "").await;
    let lost = server.send("GET", &next(&second).unwrap(), &[("accept", "*/*")], "").await;
    assert_eq!(lost.violations(), ["page_after"]);
}

#[tokio::test]
async fn what_has_no_id_pages_by_its_address() {
    let server = Server::start().await;
    let group = server.create("/ip_addr_groups", json!({"name": "g"})).await;
    let addresses = format!("/ip_addr_groups/{group}/ip_addrs");
    for address in ["10.0.0.1", "fd00::1", "fd00::2"] {
        assert_eq!(server.write("POST", &addresses, json!({"addr": address})).await.status, 201);
    }
    let first = page(&server, &format!("{addresses}?page_size=2")).await;
    let second = page(&server, &next(&first).unwrap()).await;
    assert_eq!(second.json()[0]["addr"], "fd00:0:0:0:0:0:0:2");
    assert_eq!((second.json().as_array().unwrap().len(), next(&second)), (1, None));
}

#[tokio::test]
async fn a_page_of_no_size_is_refused() {
    let server = Server::start().await;
    for size in ["0", "-1", "x", "", "100000000"] {
        let answer = server.send("GET", &format!("/hosts?page_size={size}"), &[("accept", "*/*")], "").await;
        assert_eq!(answer.violations(), ["page_size"], "{size}");
    }
    assert_eq!(server.get("/hosts?page_size=1").await[0]["id"], HOST);
}

#[tokio::test]
async fn a_tenant_of_any_name_is_found_at_its_address() {
    let server = Server::start().await;
    let (name, encoded) = ("a b/c?d=ü&e", "a%20b%2Fc%3Fd%3D%C3%BC%26e");
    for tenant in [name, ""] {
        server.create("/bridges", json!({"tenantId": tenant})).await;
    }
    let tenant = server.get(&format!("/tenants/{encoded}")).await;
    let path = |property: &str| tenant[property].as_str().unwrap().split_once("/midonet-api").unwrap().1;
    assert_eq!((tenant["id"].as_str(), path("uri")), (Some(name), format!("/tenants/{encoded}").as_str()));
    assert_eq!(server.get(path("bridges")).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn ports_page_like_all_else() {
    let server = Server::start().await;
    let bridge = bridges(&server, 1).await.remove(0);
    let (mut all, ports) = (Vec::new(), format!("/bridges/{bridge}/ports"));
    for vlan in 0..5 {
        all.push(server.create(&ports, json!({"vlanId": vlan})).await);
    }
    all.sort();
    for path in ["/ports", &ports] {
        let first = page(&server, &format!("{path}?page_size=2")).await;
        let second = page(&server, &next(&first).unwrap()).await;
        let third = page(&server, &next(&second).unwrap()).await;
        let found = [ids(&first.json()), ids(&second.json()), ids(&third.json())].concat();
        assert_eq!((found, next(&third)), (all.clone(), None), "{path}");
    }
    let filtered = page(&server, "/ports?page_size=1&adminStateUp=true&vlanId=4").await;
    assert_eq!((filtered.json()[0]["vlanId"].as_u64(), next(&filtered)), (Some(4), None));
}
