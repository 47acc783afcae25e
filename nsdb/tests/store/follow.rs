//! Following the topology commit by commit, from now or from an earlier version.

use std::sync::Arc;
use std::time::Duration;

use model::{BridgeId, Fate, ObjectKey, Version};
use nsdb::Error;
use nsdb::store::{Options, Store};

use crate::support::{Backend, create_bridge, eventually, id, on_all_drivers, port};

on_all_drivers! {
    each_commit_tells_what_it_did
    an_earlier_version_is_followed_from_the_log
    a_version_that_the_log_has_forgotten_is_told
}

/// What the commit after a version did, by the objects' numbers.
async fn after(store: &Store, version: Version) -> Vec<(ObjectKey, Fate)> {
    let commit = store.commit_after(version).await.unwrap().expect("a commit");
    assert_eq!(commit.version, version + 1);
    commit.events.iter().map(|event| (event.key, event.effect.fate)).collect()
}

async fn each_commit_tells_what_it_did(backend: Backend) {
    let store = Store::open(backend.session("one").await, "one").await.unwrap();
    let other = Store::open(backend.session("two").await, "two").await.unwrap();
    let bridge = BridgeId(id(1));
    store.commit(create_bridge(1)).await.unwrap();
    store.commit(|tx| tx.create(port(1, 1))).await.unwrap();
    store.commit(move |tx| tx.delete(bridge)).await.unwrap();
    other.reached(3).await;
    for server in [&store, &other] {
        assert_eq!(after(server, 0).await, [(bridge.into(), Fate::Created)]);
        assert_eq!(after(server, 1).await, [(port(1, 1).id.into(), Fate::Created)]);
        assert_eq!(
            after(server, 2).await,
            [(bridge.into(), Fate::Deleted), (port(1, 1).id.into(), Fate::Deleted)]
        );
        assert_eq!(server.commit_after(3).await, Ok(None));
        assert_eq!(server.commit_after(Version::MAX).await, Ok(None));
    }
}

async fn an_earlier_version_is_followed_from_the_log(backend: Backend) {
    let store = Store::open(backend.session("one").await, "one").await.unwrap();
    store.commit(create_bridge(1)).await.unwrap();
    let renamed = model::Bridge { name: Some("red".into()), ..crate::support::bridge(1) };
    store.commit(move |tx| tx.update(renamed.clone())).await.unwrap();
    let late = Store::open(backend.session("two").await, "two").await.unwrap();
    assert_eq!(after(&late, 0).await, [(BridgeId(id(1)).into(), Fate::Created)]);
    assert_eq!(after(&late, 1).await, [(BridgeId(id(1)).into(), Fate::Updated)]);
}

async fn a_version_that_the_log_has_forgotten_is_told(backend: Backend) {
    let session = backend.session("one").await;
    let short = Options { retained_entries: 20, compaction_batch: 10, patience: Duration::from_secs(10) };
    let store = Store::open_with(Arc::clone(&session), "one", short).await.unwrap();
    for number in 1..=100 {
        store.commit(create_bridge(number)).await.unwrap();
    }
    eventually("the log is compacted", async || session.list("log").await.unwrap().len() <= 30).await;
    let late = Store::open(backend.session("two").await, "two").await.unwrap();
    assert_eq!(late.commit_after(0).await, Err(Error::Compacted { version: 1 }));
    assert_eq!(after(&late, 99).await.len(), 1);
}
