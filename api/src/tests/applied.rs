//! `?wait=applied`, with agents played by the test.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::HostId;
use nsdb::acknowledgements::Acknowledgements;
use nsdb::coordinator::{Coordinator, Memory};
use nsdb::interest::{Event, Interest};
use nsdb::presence::register_host;
use serde_json::json;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::{HOST, Server};

/// A host beside that of every network under test.
const OTHER: &str = "00000000-0000-4000-8000-000000000002";
/// How long an agent takes to apply something.
const WORK: Duration = Duration::from_millis(50);

/// An agent: alive, and if it works, it applies the documents that it is told of.
struct Agent {
    session: Arc<Memory>,
    working: Option<AbortHandle>,
}

impl Agent {
    /// Starts to work on these documents.
    async fn working(server: &Server, host: &str, documents: Vec<model::DocumentKey>) -> Self {
        let mut agent = Self::stopped(server, host).await;
        let session: Arc<dyn Coordinator> = agent.session.clone();
        let acknowledgements = Acknowledgements::new(Arc::clone(&session), host.parse().unwrap());
        let work = async move {
            let (interest, mut events) = Interest::new(session);
            documents.into_iter().for_each(|document| interest.want(document));
            while let Some(event) = events.recv().await {
                if let Event::Loaded { key, version, acknowledge: 1.., .. }
                | Event::Changed { key, version, acknowledge: 1.., .. } = event
                {
                    sleep(WORK).await;
                    acknowledgements.acknowledge([(key, version)]);
                }
            }
        };
        agent.working = Some(tokio::spawn(work).abort_handle());
        agent
    }

    /// Is alive and does nothing.
    async fn stopped(server: &Server, host: &str) -> Self {
        let session = Arc::new(server.coordinator.session(host));
        session.create_ephemeral(&format!("alive/{host}"), "{}".into()).await.unwrap();
        for _ in 0..200 {
            if server.get(&format!("/hosts/{host}")).await["alive"] == true {
                return Self { session, working: None };
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("host {host} does not come alive");
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(working) = &self.working {
            working.abort();
        }
    }
}

/// A bridge with a port that is bound on each host; its id.
async fn bridge_on(server: &Server, hosts: &[&str]) -> String {
    let bridge = server.create("/bridges", json!({"name": "b"})).await;
    for host in hosts {
        let port = server.create(&format!("/bridges/{bridge}/ports"), json!({"type": "Bridge"})).await;
        let binding = json!({"portId": port, "interfaceName": format!("tap-{}", &bridge[..8])});
        server.create(&format!("/hosts/{host}/ports"), binding).await;
    }
    bridge
}

/// A server with two hosts in a zone.
async fn two_hosts() -> Server {
    let server = Server::start().await;
    let shared: Arc<dyn Coordinator> = server.coordinator.clone();
    let other: HostId = OTHER.parse().unwrap();
    register_host(&shared, other, "hv2").await.unwrap();
    for _ in 0..200 {
        if server.get("/hosts").await.as_array().unwrap().len() == 2 {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    let zone = server.zone().await;
    let member = json!({"hostId": OTHER, "ipAddress": "172.16.0.2"});
    server.create(&format!("/tunnel_zones/{zone}/hosts"), member).await;
    server
}

fn document(bridge: &str) -> model::DocumentKey {
    model::DocumentKey::Bridge(bridge.parse().unwrap())
}

#[tokio::test]
async fn a_write_is_answered_when_the_agents_have_applied_it() {
    let server = two_hosts().await;
    let bridge = bridge_on(&server, &[HOST, OTHER]).await;
    let _agents = [
        Agent::working(&server, HOST, vec![document(&bridge)]).await,
        Agent::working(&server, OTHER, vec![document(&bridge)]).await,
    ];
    let begun = Instant::now();
    let answer = server.write("PUT", &format!("/bridges/{bridge}?wait=applied"), json!({"name": "c"})).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    assert!(begun.elapsed() >= WORK);
    let ports = format!("/bridges/{bridge}/ports?wait=applied");
    let created = server.write("POST", &ports, json!({"type": "Bridge"})).await;
    assert_eq!(created.status, 201);
    let port = created.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let begun = Instant::now();
    assert_eq!(server.send("DELETE", &format!("/ports/{port}?wait=applied"), &[], "").await.status, 204);
    assert!(begun.elapsed() >= WORK);
}

#[tokio::test]
async fn after_the_deadline_the_answer_is_202_and_names_version_and_missing_hosts() {
    let server = two_hosts().await;
    let bridge = bridge_on(&server, &[HOST, OTHER]).await;
    let _works = Agent::working(&server, HOST, vec![document(&bridge)]).await;
    let _stopped = Agent::stopped(&server, OTHER).await;
    let ports = format!("/bridges/{bridge}/ports?wait=applied&wait_ms=300");
    let answer = server.write("POST", &ports, json!({"type": "Bridge"})).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.headers["content-type"], "application/json");
    let body = answer.json();
    assert_eq!(
        body["missingHosts"],
        json!([{"id": OTHER, "name": "hv2", "uri": format!("http://127.0.0.1:8181/midonet-api/hosts/{OTHER}")}])
    );
    assert_eq!((&body["code"], &body["missing"]), (&json!(202), &json!(1)));
    let root = server.coordinator.get(&format!("doc/bridge/{bridge}")).await.unwrap().unwrap().0;
    let version = body["version"].as_u64().unwrap();
    assert!(root.starts_with(format!("live {version} acknowledge={version}@").as_bytes()));
    let port = answer.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(server.get(&format!("/ports/{port}")).await["deviceId"], bridge.as_str(), "it is committed");
}

#[tokio::test]
async fn a_host_that_does_not_need_what_changed_is_not_waited_for() {
    let server = two_hosts().await;
    let here = bridge_on(&server, &[HOST]).await;
    let there = bridge_on(&server, &[OTHER]).await;
    let _works = Agent::working(&server, HOST, vec![document(&here)]).await;
    let _stopped = Agent::stopped(&server, OTHER).await;
    let rename = async |bridge: &str| {
        let path = format!("/bridges/{bridge}?wait=applied&wait_ms=300");
        server.write("PUT", &path, json!({"name": "c"})).await.status.as_u16()
    };
    assert_eq!(rename(&here).await, 204);
    assert_eq!(rename(&there).await, 202);
    let nobody = server.write("POST", "/bridges?wait=applied&wait_ms=30000", json!({})).await;
    assert_eq!(nobody.status, 201, "at once");
}

#[tokio::test]
async fn a_dead_host_is_not_waited_for_even_if_it_dies_meanwhile() {
    let server = two_hosts().await;
    let bridge = bridge_on(&server, &[HOST, OTHER]).await;
    let dying = Agent::stopped(&server, HOST).await;
    let path = format!("/bridges/{bridge}?wait=applied&wait_ms=30000");
    let write = async { (server.write("PUT", &path, json!({"name": "c"})).await.status, Instant::now()) };
    let die = async {
        sleep(Duration::from_millis(200)).await;
        dying.session.close().await;
        Instant::now()
    };
    let ((status, answered), died) = tokio::join!(write, die);
    assert_eq!(status, 204);
    assert!(answered >= died, "until then it was waited for");
}

#[tokio::test]
async fn without_a_wish_nothing_is_waited_for_and_no_document_marked() {
    let server = two_hosts().await;
    let bridge = bridge_on(&server, &[HOST]).await;
    let _stopped = Agent::stopped(&server, HOST).await;
    let answer = server.write("PUT", &format!("/bridges/{bridge}"), json!({"name": "renamed"})).await;
    assert_eq!(answer.status, 204);
    for _ in 0..1000 {
        let root = server.coordinator.get(&format!("doc/bridge/{bridge}")).await.unwrap();
        let root = root.map(|(root, _)| String::from_utf8_lossy(&root).into_owned()).unwrap_or_default();
        assert!(!root.contains("acknowledge"));
        if root.contains("renamed") {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("the document is not written");
}

#[tokio::test]
async fn what_cannot_be_waited_for_is_refused_by_its_name_and_nothing_done() {
    let server = Server::start().await;
    let operations = json!({"operations": [{"method": "POST", "path": "/bridges", "body": {}}]});
    for (query, at_fault) in [
        ("wait=done", "wait"),
        ("wait=", "wait"),
        ("wait=applied&wait_ms=30001", "wait_ms"),
        ("wait=applied&wait_ms=-1", "wait_ms"),
        ("wait=applied&wait_ms=soon", "wait_ms"),
        ("wait_ms=100", "wait_ms"),
    ] {
        let answer = server.write("POST", &format!("/bridges?{query}"), json!({})).await;
        assert_eq!(answer.violations(), [at_fault], "{query}");
        let answer = server.write_and_read("POST", &format!("/bulk?{query}"), operations.clone()).await;
        assert_eq!(answer.violations(), [at_fault], "{query}");
        let answer = server.send("DELETE", &format!("/bridges/nothing?{query}"), &[], "").await;
        assert_eq!(answer.violations(), [at_fault], "{query}");
    }
    assert_eq!(server.get("/bridges").await, json!([]));
}

#[tokio::test]
async fn a_bulk_request_waits_for_all_that_it_does() {
    let server = two_hosts().await;
    let (here, there) = (bridge_on(&server, &[HOST]).await, bridge_on(&server, &[OTHER]).await);
    let _works = Agent::working(&server, HOST, vec![document(&here)]).await;
    let _stopped = Agent::stopped(&server, OTHER).await;
    let rename = |bridges: &[&str], name: &str| {
        let put =
            |id: &&str| json!({"method": "PUT", "path": format!("/bridges/{id}"), "body": {"name": name}});
        json!({"operations": bridges.iter().map(put).collect::<Vec<_>>()})
    };
    let path = "/bulk?wait=applied&wait_ms=300";
    let begun = Instant::now();
    let applied = server.write_and_read("POST", path, rename(&[&here], "c")).await;
    assert_eq!((applied.status.as_u16(), &applied.json()["notApplied"]), (200, &json!(null)));
    assert!(begun.elapsed() >= WORK);
    let pending = server.write_and_read("POST", path, rename(&[&here, &there], "d")).await;
    assert_eq!(pending.status, 202, "{}", pending.body);
    let body = pending.json();
    assert_eq!(body["results"].as_array().unwrap().len(), 2, "it is committed");
    assert_eq!(body["notApplied"]["version"], body["version"]);
    let missing = body["notApplied"]["missingHosts"].as_array().unwrap();
    assert_eq!(missing.iter().map(|host| &host["id"]).collect::<Vec<_>>(), [OTHER]);
}

#[tokio::test]
async fn a_deletion_of_nothing_waits_for_nobody() {
    let server = two_hosts().await;
    let bridge = bridge_on(&server, &[HOST]).await;
    let _stopped = Agent::stopped(&server, HOST).await;
    let path = format!("/bridges/{bridge}/ports/{OTHER}?wait=applied&wait_ms=30000");
    assert_eq!(server.send("DELETE", &path, &[], "").await.status, 204);
}
