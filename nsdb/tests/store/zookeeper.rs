//! Faults of a real ZooKeeper server, through a proxy that cuts: nothing hangs, no change is lost or made twice, and every
//! watcher converges within two seconds of the return.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::zookeeper::{Proxy, Server, ServerOptions};
use model::{BridgeId, DocumentKey, HostId, PortId};
use nsdb::coordinator::ZooKeeperOptions;
use nsdb::interest::{Event, Interest};
use nsdb::presence::{HostState, Hosts, Instance, Presence};
use nsdb::store::{CommitError, Options, Store};
use nsdb::tables::{MacKey, MacTable, mac_table};
use packet::MacAddr;

use crate::support::{Session, bridge, connect, connect_with, create_bridge, eventually, id, port, within};

/// How long after the return everything must have converged.
const CONVERGED: Duration = Duration::from_secs(2);
const BRIDGE: BridgeId = BridgeId(uuid::Uuid::from_u128(1));
const HOST: HostId = HostId(uuid::Uuid::from_u128(2));

/// An agent and an API server behind a proxy, and an API server with a way of its own.
struct Cluster {
    proxy: Proxy,
    direct: Session,
    steady: Store,
    cut: Arc<Store>,
    table: MacTable,
    steady_table: MacTable,
    hosts: Hosts,
    _presence: Presence,
    ports_seen: tokio::sync::watch::Receiver<usize>,
}

impl Cluster {
    async fn start(server: SocketAddr, part: &str, options: ZooKeeperOptions) -> Self {
        let proxy = Proxy::start(server).await;
        let direct = connect(&format!("{server}/{part}"), "steady").await;
        let address = format!("{}/{part}", proxy.address());
        let behind = |owner: &'static str| connect_with(&address, owner, options);
        // The log is kept whole, to be checked in the end.
        let options = Options { retained_entries: u64::MAX, ..Options::default() };
        let steady = Store::open_with(Arc::clone(&direct), "steady", options).await.unwrap();
        let cut = Arc::new(Store::open_with(behind("cut").await, "cut", options).await.unwrap());
        let agent = behind("agent").await;
        let lock = tempfile::tempfile().unwrap();
        let instance = Instance::holding(&lock, "machine").unwrap();
        let presence = Presence::claim(Arc::clone(&agent), HOST, instance).await.unwrap();
        presence.publish(HostState::default());
        let table = mac_table(Arc::clone(&agent), BRIDGE);
        let steady_table = mac_table(Arc::clone(&direct), BRIDGE);
        let hosts = Hosts::open(Arc::clone(&direct));
        steady.commit(|tx| tx.create(bridge(1))).await.unwrap();
        let ports_seen = follow_ports(agent);
        let cluster =
            Self { proxy, direct, steady, cut, table, steady_table, hosts, _presence: presence, ports_seen };
        cluster.converged("start").await;
        cluster
    }

    /// Everybody agrees with the server that was never cut off.
    async fn converged(&self, when: &str) -> Duration {
        let started = Instant::now();
        within(CONVERGED, &format!("converged after {when}"), async || self.agrees()).await;
        started.elapsed()
    }

    fn agrees(&self) -> bool {
        let truth = self.steady.snapshot();
        let ports =
            truth.bridge(BRIDGE).map(|bridge| truth.device_ports(model::DeviceId::Bridge(bridge.id)).count());
        self.cut.version() >= truth.version()
            && self.cut.snapshot() == self.steady.snapshot()
            && Some(*self.ports_seen.borrow()) == ports
            && self.table.snapshot() == self.steady_table.snapshot()
            && self.hosts.state(HOST).is_some()
    }

    /// No change of those counted is lost or made twice.
    async fn check_log(&self, committed: &[u128], uncertain: &[u128]) {
        let truth = self.steady.snapshot();
        for number in committed {
            assert!(truth.port(PortId(id(*number))).is_some(), "port {number} is lost");
        }
        let made = truth.ports().count();
        assert!(made >= committed.len() && made <= committed.len() + uncertain.len());
        let mut entries = 0;
        for name in self.direct.list("log").await.unwrap() {
            let (value, _) = self.direct.get(&format!("log/{name}")).await.unwrap().unwrap();
            let line = value.iter().position(|byte| *byte == b'\n').unwrap();
            entries += model::LogEntry::decode(&value[line + 1..]).unwrap().changes.len();
        }
        // A port is one change; the bridge is another.
        assert_eq!(entries, made + 1, "a change is in the log twice");
    }
}

/// How many ports the agent's document of the bridge has.
fn follow_ports(agent: Session) -> tokio::sync::watch::Receiver<usize> {
    let (told, seen) = tokio::sync::watch::channel(usize::MAX);
    tokio::spawn(async move {
        let (interest, mut events) = Interest::new(agent);
        interest.want(DocumentKey::Bridge(BRIDGE));
        while let Some(event) = events.recv().await {
            if let Event::Loaded { document, .. } | Event::Changed { document, .. } = event
                && let model::Document::Bridge(document) = &*document
            {
                told.send_replace(document.ports.len());
            }
        }
    });
    seen
}

fn station(number: u128) -> MacKey {
    let [.., a, b] = number.to_be_bytes();
    MacKey { vlan: 0, mac: MacAddr([2, 0, 0, 0, a, b]) }
}

/// Commits ports one after the other through a store until told to stop; returns those committed, and those unknown.
async fn load(
    store: Arc<Store>,
    first: u128,
    stop: tokio::sync::watch::Receiver<bool>,
) -> (Vec<u128>, Vec<u128>) {
    let (mut committed, mut uncertain) = (Vec::new(), Vec::new());
    for number in first.. {
        if *stop.borrow() {
            break;
        }
        loop {
            match store.commit(move |tx| tx.create(port(number, 1))).await {
                Ok(_) => committed.push(number),
                Err(CommitError::Uncertain) => uncertain.push(number),
                Err(CommitError::Unavailable { .. }) if !*stop.borrow() => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
                Err(CommitError::Unavailable { .. }) => {}
                Err(error) => panic!("{error}"),
            }
            break;
        }
    }
    (committed, uncertain)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_flaps_under_load() {
    let server = Server::shared().address();
    let cluster = Cluster::start(server, "flaps", ZooKeeperOptions::default()).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let loads: Vec<_> = (1..4u128)
        .map(|writer| tokio::spawn(load(Arc::clone(&cluster.cut), writer * 100_000, stopped.clone())))
        .collect();
    for flap in 0..50u128 {
        cluster.proxy.cut();
        cluster.table.set(station(flap), PortId(id(flap))).unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    stop.send_replace(true);
    let (mut committed, mut uncertain) = (Vec::new(), Vec::new());
    for load in loads {
        let (c, u) = load.await.unwrap();
        committed.extend(c);
        uncertain.extend(u);
    }
    let took = cluster.converged("the last flap").await;
    assert_eq!(cluster.steady_table.snapshot().len(), 50);
    println!(
        "50 flaps: {} changes committed, {} uncertain, converged {took:?} after",
        committed.len(),
        uncertain.len()
    );
    assert!(committed.len() > 50);
    cluster.check_log(&committed, &uncertain).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_comes_back() {
    let mut server = tokio::task::spawn_blocking(|| Server::start(ServerOptions::default())).await.unwrap();
    let cluster = Cluster::start(server.address(), "killed", ZooKeeperOptions::default()).await;
    cluster.table.set(station(1), PortId(id(1))).unwrap();
    cluster.cut.commit(|tx| tx.create(port(100, 1))).await.unwrap();
    eventually("all agree", async || cluster.agrees() && cluster.steady_table.snapshot().len() == 1).await;
    server.kill();
    eventually("noticed", async || !cluster.cut.is_available() && !cluster.steady.is_available()).await;
    let refused = cluster.cut.commit(|tx| tx.create(port(101, 1))).await;
    assert!(matches!(refused, Err(CommitError::Unavailable { .. })), "{refused:?}");
    assert_eq!(cluster.cut.snapshot().ports().count(), 1, "reads go on");
    cluster.table.set(station(2), PortId(id(2))).unwrap();
    assert_eq!(cluster.table.get(&station(1)), Some(PortId(id(1))));
    let _server = tokio::task::spawn_blocking(move || {
        server.restart();
        server
    })
    .await
    .unwrap();
    let returned = Instant::now();
    within(CONVERGED, "a change goes through", async || {
        cluster.cut.commit(|tx| tx.create_or_update(port(102, 1))).await.is_ok()
    })
    .await;
    within(CONVERGED, "all agree", async || cluster.agrees() && cluster.steady_table.snapshot().len() == 2)
        .await;
    println!("a killed server: converged {:?} after its return", returned.elapsed());
    cluster.check_log(&[100, 102], &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_session_is_made_good() {
    let server = Server::shared().address();
    let options = ZooKeeperOptions { session: Duration::from_secs(2), ..ZooKeeperOptions::default() };
    let cluster = Cluster::start(server, "expired", options).await;
    cluster.table.set(station(1), PortId(id(1))).unwrap();
    eventually("written", async || cluster.steady_table.snapshot().len() == 1).await;
    cluster.proxy.refuse();
    eventually("the agent's entries are gone", async || {
        !cluster.hosts.is_alive(HOST) && cluster.steady_table.snapshot().is_empty()
    })
    .await;
    cluster.steady.commit(|tx| tx.create(port(100, 1))).await.unwrap();
    cluster.steady_table.set(station(2), PortId(id(2))).unwrap();
    cluster.table.set(station(3), PortId(id(3))).unwrap();
    eventually("written", async || cluster.steady_table.snapshot().len() == 1).await;
    cluster.proxy.pass();
    let returned = Instant::now();
    within(CONVERGED, "all agree", async || cluster.agrees() && cluster.steady_table.snapshot().len() == 3)
        .await;
    println!("an expired session: converged {:?} after the return", returned.elapsed());
    cluster.cut.commit(create_bridge(77)).await.unwrap();
}
