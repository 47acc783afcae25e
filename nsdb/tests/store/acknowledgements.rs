//! Acknowledgements: marks that survive every way in which documents are written, and waiting for the hosts concerned.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use model::{
    Bridge, BridgeId, DocumentKey, Host, HostId, ObjectKey, PortId, Transaction, TunnelZone, TunnelZoneId,
    TunnelZoneType, Version,
};
use nsdb::acknowledgements::Acknowledgements;
use nsdb::coordinator::{Coordinator, Expect, Memory, Resume};
use nsdb::interest::{Event, Interest};
use nsdb::presence::Hosts;
use nsdb::store::{Committed, Options, Store};

use crate::support::{
    Backend, Fault, Faulty, Gate, Session, bounded, bridge, create_bridge, eventually, id, on_all_drivers,
    port,
};

on_all_drivers! {
    a_change_is_waited_for_until_the_host_concerned_acknowledges_it
    a_host_that_stays_silent_is_named
    a_newer_acknowledgement_takes_the_place_of_the_former
    the_mark_stays_when_the_document_is_written_again
    a_change_without_a_wish_leaves_no_mark
    a_server_that_finishes_the_documents_of_another_marks_them
    a_server_that_starts_marks_what_a_crashed_one_left
}

const HOST: HostId = HostId(uuid::Uuid::from_u128(0x1001));
const PATIENCE: Duration = Duration::from_secs(20);
/// Enough for those who answer.
const SHORT: Duration = Duration::from_millis(300);

fn host(number: u128) -> HostId {
    HostId(id(number))
}

fn document(number: u128) -> DocumentKey {
    DocumentKey::Bridge(BridgeId(id(number)))
}

/// Bridge `number` renamed.
fn rename(number: u128, name: &str) -> impl FnMut(&mut Transaction) -> Result<(), model::ModelError> + use<> {
    let renamed = Bridge { name: Some(name.to_owned()), ..bridge(number) };
    move |tx| tx.update(renamed.clone())
}

/// A topology in which a host has a port of bridge `bridge_number` bound.
fn bound(tx: &mut Transaction, host: HostId, bridge_number: u128) -> Result<(), model::ModelError> {
    let zone = TunnelZone {
        id: TunnelZoneId(id(0x2000)),
        name: "z".into(),
        kind: TunnelZoneType::Vxlan,
        members: [].into(),
    };
    if !tx.state().contains(ObjectKey::from(zone.id)) {
        tx.create(zone.clone())?;
    }
    tx.create(Host {
        id: host,
        name: None,
        flooding_proxy_weight: 1,
        container_weight: 1,
        container_limit: -1,
        enforce_container_limit: false,
    })?;
    tx.add_zone_host(zone.id, host, std::net::Ipv4Addr::from(host.0.as_u128() as u32).into())?;
    tx.create(bridge(bridge_number))?;
    tx.create(port(bridge_number + 0x100, bridge_number))?;
    tx.bind(PortId(id(bridge_number + 0x100)), host, "tap1")
}

/// An API server, and a session of an agent that is alive: host [`HOST`] with a port of bridge 1.
struct Lab {
    store: Store,
    hosts: Hosts,
    agent: Session,
}

impl Lab {
    async fn new(backend: &Backend) -> Self {
        let api = backend.session("api").await;
        let store = Store::open(Arc::clone(&api), "api").await.unwrap();
        store.commit(|tx| bound(tx, HOST, 1)).await.unwrap();
        let agent = backend.session(&HOST.to_string()).await;
        alive(&agent, HOST).await;
        let hosts = Hosts::open(api);
        eventually("the host is alive", async || hosts.is_alive(HOST)).await;
        Self { store, hosts, agent }
    }

    async fn change(
        &self,
        change: impl FnMut(&mut Transaction) -> Result<(), model::ModelError> + Send + 'static,
    ) -> Committed<()> {
        self.store.commit_acknowledged(change).await.unwrap()
    }

    /// The hosts that have not acknowledged the change, after so long.
    async fn missing(&self, change: &Committed<()>, patience: Duration) -> Vec<HostId> {
        self.store.unacknowledged(change, &self.hosts, patience).await.into_iter().collect()
    }
}

async fn alive(session: &Session, host: HostId) {
    session.create_ephemeral(&format!("alive/{host}"), Bytes::from_static(b"{}")).await.unwrap();
}

/// Version and mark of a document as they stand.
async fn mark(session: &Session, key: DocumentKey) -> (Version, Version) {
    let (interest, mut events) = Interest::new(Arc::clone(session));
    interest.want(key);
    match events.recv().await.unwrap() {
        Event::Loaded { version, acknowledge, .. } | Event::Changed { version, acknowledge, .. } => {
            (version, acknowledge)
        }
        Event::Gone { .. } => panic!("{key:?} is gone"),
    }
}

async fn a_change_is_waited_for_until_the_host_concerned_acknowledges_it(backend: Backend) {
    let lab = Lab::new(&backend).await;
    let change = lab.change(rename(1, "new")).await;
    assert_eq!(change.touched, [document(1)].into());
    let acknowledgements = Acknowledgements::new(Arc::clone(&lab.agent), HOST);
    let acknowledge = async {
        tokio::time::sleep(SHORT).await;
        acknowledgements.acknowledge([(document(1), change.version - 1)]);
        tokio::time::sleep(SHORT).await;
        let acknowledged = Instant::now();
        acknowledgements.acknowledge([(document(1), change.version)]);
        acknowledged
    };
    let waited = async { (lab.missing(&change, PATIENCE).await, Instant::now()) };
    let (acknowledged, (missing, answered)) = tokio::join!(acknowledge, waited);
    assert_eq!(missing, []);
    assert!(answered > acknowledged, "an older version is not enough");
}

async fn a_host_that_stays_silent_is_named(backend: Backend) {
    let lab = Lab::new(&backend).await;
    let change = lab.change(rename(1, "new")).await;
    assert_eq!(lab.missing(&change, SHORT).await, [HOST]);
}

async fn a_newer_acknowledgement_takes_the_place_of_the_former(backend: Backend) {
    let agent = backend.session("agent").await;
    let acknowledgements = Acknowledgements::new(Arc::clone(&agent), HOST);
    let prefix = format!("applied/bridge/{}", id(1));
    for version in [3, 4, 5] {
        acknowledgements.acknowledge([(document(1), version)]);
        let only = vec![format!("{HOST},{version}")];
        eventually("one stands", async || agent.list(&prefix).await.unwrap() == only).await;
    }
}

async fn the_mark_stays_when_the_document_is_written_again(backend: Backend) {
    let gate = Gate::new(backend.session("one").await, "doc/");
    let store = Store::open(gate.clone(), "one").await.unwrap();
    let (made, ()) = store.commit(create_bridge(1)).await.unwrap();
    store.applied(made).await;
    gate.close();
    let asked = store.commit_acknowledged(rename(1, "asked")).await.unwrap().version;
    let (later, ()) = store.commit(rename(1, "at once, in the same writing")).await.unwrap();
    gate.open();
    store.applied(later).await;
    let reader = backend.session("reader").await;
    assert_eq!(mark(&reader, document(1)).await, (later, asked));
    let options = Options { retained_entries: 5, compaction_batch: 1, ..Options::default() };
    let other = Store::open_with(backend.session("two").await, "two", options).await.unwrap();
    for round in 0..20 {
        let (version, ()) = other.commit(rename(1, &round.to_string())).await.unwrap();
        other.applied(version).await;
    }
    assert!(reader.list("log").await.unwrap().len() < 10, "history is compacted");
    assert_eq!(mark(&reader, document(1)).await, (other.version(), asked));
}

/// Changes that come together share an entry of the log, and not their wishes.
async fn a_change_without_a_wish_leaves_no_mark(backend: Backend) {
    let store = Store::open(backend.session("one").await, "one").await.unwrap();
    for number in 0..20 {
        store.commit(create_bridge(number)).await.unwrap();
    }
    let asking = join_all((0..10).map(|number| store.commit_acknowledged(rename(number, "asked"))));
    let silent = join_all((10..20).map(|number| store.commit(rename(number, "not asked"))));
    let (asking, silent) = tokio::join!(asking, silent);
    assert!(silent.iter().all(Result::is_ok));
    assert!(store.version() < 40, "changes shared entries");
    store.applied(store.version()).await;
    let reader = backend.session("reader").await;
    for (number, change) in asking.into_iter().enumerate() {
        let asked = change.unwrap().version;
        assert_eq!(mark(&reader, document(number as u128)).await.1, asked);
    }
    for number in 10..20 {
        assert_eq!(mark(&reader, document(number)).await.1, 0);
    }
}

/// A server whose document writes never end.
async fn crashing(backend: &Backend) -> Store {
    let session = Faulty::new(backend.session("one").await, [("doc/", Fault::Crash)]);
    Store::open(session, "one").await.unwrap()
}

async fn a_server_that_finishes_the_documents_of_another_marks_them(backend: Backend) {
    let other = Store::open(backend.session("two").await, "two").await.unwrap();
    let crashed = crashing(&backend).await;
    let asked = crashed.commit_acknowledged(create_bridge(1)).await.unwrap().version;
    other.applied(asked).await;
    assert_eq!(mark(&backend.session("reader").await, document(1)).await, (asked, asked));
}

/// The later change is the same for the document, so that it says what it should even without having been written.
async fn a_server_that_starts_marks_what_a_crashed_one_left(backend: Backend) {
    let first = Store::open(backend.session("zero").await, "zero").await.unwrap();
    let (made, ()) = first.commit(create_bridge(1)).await.unwrap();
    first.applied(made).await;
    drop(first);
    let crashed = crashing(&backend).await;
    let asked = crashed.commit_acknowledged(rename(1, "other")).await.unwrap().version;
    let (last, ()) = crashed.commit(|tx| tx.update(bridge(1))).await.unwrap();
    drop(crashed);
    let next = Store::open(backend.session("two").await, "two").await.unwrap();
    next.applied(last).await;
    assert_eq!(mark(&backend.session("reader").await, document(1)).await, (last, asked));
}

/// Else every agent that comes to need the document would acknowledge it for ever.
#[tokio::test]
async fn a_mark_that_nobody_can_be_waiting_for_any_more_asks_for_nothing() {
    bounded(async {
        let session: Session = Arc::new(Memory::new("one"));
        let store = Store::open(Arc::clone(&session), "one").await.unwrap();
        let asked = store.commit_acknowledged(create_bridge(1)).await.unwrap().version;
        store.applied(asked).await;
        assert_eq!(mark(&session, document(1)).await, (asked, asked));
        let path = format!("doc/bridge/{}", id(1));
        let (root, _) = session.get(&path).await.unwrap().unwrap();
        let end = root.iter().position(|byte| *byte == b'\n').unwrap();
        let old = [format!("live {asked} acknowledge={asked}@0").as_bytes(), &root[end..]].concat();
        session.put(&path, old.into(), Expect::Any).await.unwrap();
        assert_eq!(mark(&session, document(1)).await, (asked, 0));
        let (later, ()) = store.commit(rename(1, "later")).await.unwrap();
        store.applied(later).await;
        assert_eq!(mark(&session, document(1)).await, (later, 0));
    })
    .await;
}

#[tokio::test]
async fn who_needs_nothing_of_a_change_is_not_waited_for() {
    bounded(async {
        let lab = Lab::new(&Backend::memory()).await;
        let change = lab.change(create_bridge(2)).await;
        assert_eq!(lab.missing(&change, PATIENCE).await, [], "nobody needs it");
        lab.store.commit(|tx| bound(tx, host(0x1002), 3)).await.unwrap();
        let change = lab.change(rename(3, "of a host that is not alive")).await;
        assert_eq!(lab.missing(&change, PATIENCE).await, []);
        let change = lab.change(rename(3, "of a host that is not alive")).await;
        assert_eq!((change.touched.len(), lab.missing(&change, PATIENCE).await), (0, vec![]), "no change");
    })
    .await;
}

#[tokio::test]
async fn a_host_that_dies_is_not_waited_for_any_longer() {
    bounded(async {
        let lab = Lab::new(&Backend::memory()).await;
        let change = lab.change(rename(1, "new")).await;
        let die = async {
            tokio::time::sleep(SHORT).await;
            lab.agent.close().await;
        };
        let (missing, ()) = tokio::join!(lab.missing(&change, PATIENCE), die);
        assert_eq!(missing, []);
    })
    .await;
}

#[tokio::test]
async fn a_host_that_comes_to_need_a_document_no_more_is_not_waited_for_any_longer() {
    bounded(async {
        let lab = Lab::new(&Backend::memory()).await;
        let change = lab.change(rename(1, "new")).await;
        let unbind = async {
            tokio::time::sleep(SHORT).await;
            lab.store.commit(|tx| tx.unbind(PortId(id(0x101)))).await.unwrap();
        };
        let (missing, ()) = tokio::join!(lab.missing(&change, PATIENCE), unbind);
        assert_eq!(missing, []);
    })
    .await;
}

/// The host needs the bridge before the change only; its own document tells it.
#[tokio::test]
async fn a_host_that_loses_a_device_is_waited_for() {
    bounded(async {
        let lab = Lab::new(&Backend::memory()).await;
        let change = lab.change(|tx| tx.delete(BridgeId(id(1)))).await;
        assert_eq!(lab.missing(&change, SHORT).await, [HOST]);
        let acknowledgements = Acknowledgements::new(Arc::clone(&lab.agent), HOST);
        acknowledgements.acknowledge([(DocumentKey::Host(HOST), change.version)]);
        assert_eq!(lab.missing(&change, PATIENCE).await, []);
    })
    .await;
}

#[tokio::test]
async fn until_it_is_known_who_is_alive_everybody_is_missing() {
    bounded(async {
        let memory = Memory::new("first");
        let store = Store::open(Arc::new(memory.session("api")), "api").await.unwrap();
        store.commit(|tx| bound(tx, HOST, 1)).await.unwrap();
        let cut_off = Arc::new(memory.session("api"));
        cut_off.interrupt();
        let hosts = Hosts::open(cut_off);
        let change = store.commit_acknowledged(rename(1, "new")).await.unwrap();
        assert_eq!(store.unacknowledged(&change, &hosts, SHORT).await, [HOST].into());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_is_taken_back_after_a_minute() {
    let agent = Arc::new(Memory::new("agent"));
    let acknowledgements = Acknowledgements::new(agent.clone(), HOST);
    acknowledgements.acknowledge([(document(1), 1)]);
    tokio::time::sleep(Duration::from_secs(31)).await;
    acknowledgements.acknowledge([(document(2), 2)]);
    let stand =
        async |number: u128| agent.list(&format!("applied/bridge/{}", id(number))).await.unwrap().len();
    tokio::time::sleep(Duration::from_secs(28)).await;
    assert_eq!((stand(1).await, stand(2).await), (1, 1));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((stand(1).await, stand(2).await), (0, 1));
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!((stand(1).await, stand(2).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_are_written_again_in_another_session() {
    let agent = Arc::new(Memory::new("agent"));
    let acknowledgements = Acknowledgements::new(agent.clone(), HOST);
    let prefix = format!("applied/bridge/{}", id(1));
    acknowledgements.acknowledge([(document(1), 1)]);
    tokio::time::sleep(Duration::from_secs(1)).await;
    agent.interrupt();
    tokio::time::sleep(Duration::from_secs(1)).await;
    agent.resume(Resume::NewSession);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(agent.list(&prefix).await.unwrap(), [format!("{HOST},1")]);
}
