//! History: whatever many writers do, every server ends up with the same topology, which is also what the log and the
//! documents say; and it stays bounded.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use model::{BridgeId, LogEntry, ModelError, PortId, State, Transaction};
use nsdb::coordinator::{Coordinator, Embedded, Memory};
use nsdb::store::{CommitError, Options, Store};
use proptest::prelude::*;

use crate::support::{
    Backend, Gate, Session, bounded, bridge, create_bridge, eventually, id, objects, on_all_drivers, port,
};

on_all_drivers! {
    history_stays_bounded
    a_server_left_behind_reads_anew
    deleted_documents_leave_nothing_behind
    a_commit_that_comes_after_compaction_is_none
}

const SHORT: Options =
    Options { retained_entries: 20, compaction_batch: 10, patience: Duration::from_secs(10) };

/// All keys below a prefix.
async fn keys(session: &Session, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut prefixes = vec![prefix.to_owned()];
    while let Some(prefix) = prefixes.pop() {
        for name in session.list(&prefix).await.unwrap() {
            prefixes.push(format!("{prefix}/{name}"));
        }
        if session.get(&prefix).await.unwrap().is_some() {
            found.push(prefix);
        }
    }
    found
}

async fn history_stays_bounded(backend: Backend) {
    let session = backend.session("one").await;
    let store = Store::open_with(Arc::clone(&session), "one", SHORT).await.unwrap();
    for round in 0..200 {
        let renamed = model::Bridge { name: Some(format!("round {round}")), ..bridge(1) };
        store.commit(move |tx| tx.create_or_update(renamed.clone())).await.unwrap();
    }
    eventually("the log is compacted", async || session.list("log").await.unwrap().len() <= 30).await;
    let late = Store::open(session, "two").await.unwrap();
    assert_eq!(late.snapshot(), store.snapshot());
    assert_eq!(late.version(), 200);
}

async fn a_server_left_behind_reads_anew(backend: Backend) {
    let session = backend.session("one").await;
    let store = Store::open_with(Arc::clone(&session), "one", SHORT).await.unwrap();
    store.commit(create_bridge(1)).await.unwrap();
    let behind = crate::support::Faulty::new(backend.session("two").await, []);
    let late = Store::open_with(behind.clone(), "two", SHORT).await.unwrap();
    late.reached(1).await;
    behind.cut_off(true);
    for number in 2..150 {
        store.commit(create_bridge(number)).await.unwrap();
    }
    eventually("the log is compacted", async || session.list("log").await.unwrap().len() <= 30).await;
    assert_eq!(late.version(), 1);
    behind.cut_off(false);
    late.reached(149).await;
    assert_eq!(late.snapshot(), store.snapshot());
    let (version, ()) = late.commit(create_bridge(1000)).await.unwrap();
    assert_eq!(version, 150);
}

/// The create of an entry is held back until its place in the log is long taken, compacted and free again.
async fn a_commit_that_comes_after_compaction_is_none(backend: Backend) {
    let session = backend.session("one").await;
    let gate = Gate::new(backend.session("slow").await, "log/");
    let slow = Store::open_with(gate.clone(), "slow", SHORT).await.unwrap();
    slow.commit(create_bridge(1000)).await.unwrap();
    gate.close();
    let late = tokio::spawn(async move { slow.commit(create_bridge(1001)).await });
    eventually("the commit is under way", async || gate.holds()).await;
    let store = Store::open_with(Arc::clone(&session), "one", SHORT).await.unwrap();
    for number in 2..60 {
        store.commit(create_bridge(number)).await.unwrap();
    }
    eventually("the log is compacted", async || session.list("log").await.unwrap().len() <= 30).await;
    gate.open();
    let answer = late.await.unwrap();
    assert!(matches!(answer, Err(CommitError::Uncertain)), "{answer:?}");
    let fresh = Store::open(session, "two").await.unwrap();
    assert_eq!(fresh.snapshot().bridge(BridgeId(id(1001))), None);
    assert_eq!(fresh.snapshot(), store.snapshot());
}

async fn deleted_documents_leave_nothing_behind(backend: Backend) {
    let session = backend.session("one").await;
    let store = Store::open_with(Arc::clone(&session), "one", SHORT).await.unwrap();
    store.commit(create_bridge(1_000_000)).await.unwrap();
    for number in 0..60 {
        store.commit(create_bridge(number)).await.unwrap();
        store.commit(move |tx| tx.delete(BridgeId(id(number)))).await.unwrap();
    }
    for number in 0..40 {
        let renamed = model::Bridge { name: Some(number.to_string()), ..bridge(1_000_000) };
        let (version, ()) = store.commit(move |tx| tx.create_or_update(renamed.clone())).await.unwrap();
        store.applied(version).await;
    }
    eventually("tombstones are collected", async || keys(&session, "doc").await.len() == 1).await;
}

/// A change that may be refused: objects come, go and are linked at random among few.
#[derive(Debug, Clone)]
enum Step {
    Create(u8),
    Delete(u8),
    AddPort(u8, u8),
    DeletePort(u8),
    Link(u8, u8),
    Unlink(u8),
    Rename(u8, u16),
}

impl Step {
    fn run(&self, tx: &mut Transaction) -> Result<(), ModelError> {
        let bridge_id = |number: u8| BridgeId(id(u128::from(number) + 1));
        let port_id = |number: u8| PortId(id(u128::from(number) + 1000));
        match *self {
            Self::Create(b) => tx.create(bridge(bridge_id(b).0.as_u128())),
            Self::Delete(b) => tx.delete(bridge_id(b)),
            Self::AddPort(p, b) => tx.create(port(port_id(p).0.as_u128(), bridge_id(b).0.as_u128())),
            Self::DeletePort(p) => tx.delete(port_id(p)),
            Self::Link(p, q) => tx.link(port_id(p), port_id(q)),
            Self::Unlink(p) => tx.unlink(port_id(p)),
            Self::Rename(b, name) => {
                tx.update(model::Bridge { name: Some(name.to_string()), ..bridge(bridge_id(b).0.as_u128()) })
            }
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let (b, p) = (0..4u8, 0..8u8);
    prop_oneof![
        3 => b.clone().prop_map(Step::Create),
        1 => b.clone().prop_map(Step::Delete),
        4 => (p.clone(), b.clone()).prop_map(|(p, b)| Step::AddPort(p, b)),
        1 => p.clone().prop_map(Step::DeletePort),
        2 => (p.clone(), p.clone()).prop_map(|(p, q)| Step::Link(p, q)),
        1 => p.prop_map(Step::Unlink),
        2 => (b, any::<u16>()).prop_map(|(b, name)| Step::Rename(b, name)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn all_servers_the_log_and_the_documents_agree(
        writers in proptest::collection::vec(proptest::collection::vec(step(), 1..30), 2..4),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(bounded(agree(writers)));
    }
}

async fn agree(writers: Vec<Vec<Step>>) {
    let memory = Memory::new("first");
    let open = |name: usize| {
        let session = memory.session(&format!("server-{name}"));
        async move { Store::open(Arc::new(session), "server").await.unwrap() }
    };
    let stores: Vec<Arc<Store>> =
        join_all((0..writers.len()).map(open)).await.into_iter().map(Arc::new).collect();
    let work = writers.into_iter().zip(&stores).map(|(steps, store)| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for step in steps {
                store.commit(move |tx| step.run(tx)).await.ok();
            }
        })
    });
    for done in join_all(work).await {
        done.unwrap();
    }
    let last = stores.iter().map(|store| store.version()).max().unwrap();
    let mut replayed = State::new();
    for version in 1..=last {
        let (value, _) = memory.get(&format!("log/{version:020}")).await.unwrap().unwrap();
        let line = value.iter().position(|byte| *byte == b'\n').unwrap();
        replayed.apply(version, &LogEntry::decode(&value[line + 1..]).unwrap().changes);
    }
    for store in &stores {
        store.reached(last).await;
        assert_eq!(store.snapshot(), replayed, "a server differs from the log");
        store.applied(last).await;
    }
    let fresh = open(100).await;
    assert_eq!(fresh.snapshot(), replayed, "documents differ from the log");
    assert_eq!(objects(&fresh.snapshot()), objects(&replayed));
}

/// Renames few bridges, and creates and deletes many, `changes` in all; returns what the store is left with.
async fn churn(session: Session, changes: u32) -> Duration {
    let store = Arc::new(Store::open(session, "one").await.unwrap());
    let started = Instant::now();
    for number in 0..10 {
        store.commit(create_bridge(number)).await.unwrap();
    }
    let writers = (0..50u32).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            for round in 0..changes / 50 / 4 {
                let own = 1000 + u128::from(writer);
                store.commit(create_bridge(own)).await.unwrap();
                for _ in 0..2 {
                    let name = Some(format!("{writer}-{round}"));
                    let renamed = model::Bridge { name, ..bridge(u128::from(writer % 10)) };
                    store.commit(move |tx| tx.update(renamed.clone())).await.unwrap();
                }
                store.commit(move |tx| tx.delete(BridgeId(id(own)))).await.unwrap();
            }
        })
    });
    for done in join_all(writers).await {
        done.unwrap();
    }
    let took = started.elapsed();
    store.applied(store.version()).await;
    took
}

/// What 100,000 changes leave: about a thousand entries, and the documents that are there.
async fn check_bounds(session: &Session) {
    eventually("the log is bounded", async || session.list("log").await.unwrap().len() <= 1300).await;
    let left: BTreeSet<String> = keys(session, "doc").await.into_iter().collect();
    assert!(left.len() <= 60, "{} documents and tombstones are left", left.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_changes_leave_a_bounded_store_in_memory() {
    let session: Session = Arc::new(Memory::new("one"));
    let took = churn(Arc::clone(&session), 100_000).await;
    check_bounds(&session).await;
    println!("100,000 changes in memory: {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_changes_leave_a_bounded_store_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let store = Embedded::open(directory.path(), "first").unwrap();
    let session: Session = Arc::new(store.session("one"));
    let took = churn(Arc::clone(&session), 100_000).await;
    check_bounds(&session).await;
    let bytes: u64 = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    println!("100,000 changes on disk: {took:?}, {bytes} bytes left");
    assert!(bytes < 16 << 20, "{bytes} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_changes_leave_a_bounded_store_on_zookeeper() {
    let session = Backend::zookeeper().session("one").await;
    let took = churn(Arc::clone(&session), 5_000).await;
    check_bounds(&session).await;
    println!("5,000 changes on ZooKeeper: {took:?}");
}
