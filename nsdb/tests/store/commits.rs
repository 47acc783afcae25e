//! Committing: one order for all, each change once, refusals one by one.

use std::sync::Arc;

use futures::future::join_all;
use model::{BridgeId, ModelError};
use nsdb::store::{CommitError, Store};

use crate::support::{
    Backend, Fault, Faulty, bridge, create_bridge, eventually, id, objects, on_all_drivers, port,
};

on_all_drivers! {
    a_change_is_in_the_snapshot_once_committed
    a_change_reaches_every_server
    concurrent_writers_lose_nothing
    a_refused_change_fails_alone
    a_refusal_is_made_on_the_newest_topology
    a_change_of_nothing_commits_nothing
    an_answer_lost_is_no_second_commit
    a_request_lost_is_sent_again
    a_commit_that_is_too_large_is_refused
    a_new_server_reads_what_is_there
}

async fn open(backend: &Backend, name: &str) -> Store {
    Store::open(backend.session(name).await, name).await.unwrap()
}

async fn a_change_is_in_the_snapshot_once_committed(backend: Backend) {
    let store = open(&backend, "one").await;
    assert_eq!(store.version(), 0);
    let (version, answer) = store.commit(|tx| tx.create(bridge(1)).map(|()| "made")).await.unwrap();
    assert_eq!((version, answer), (1, "made"));
    assert_eq!(store.snapshot().version(), 1);
    assert!(store.snapshot().bridge(BridgeId(id(1))).is_some());
}

async fn a_change_reaches_every_server(backend: Backend) {
    let (one, two) = (open(&backend, "one").await, open(&backend, "two").await);
    let (version, ()) = one.commit(create_bridge(1)).await.unwrap();
    two.reached(version).await;
    assert_eq!(one.snapshot(), two.snapshot());
}

async fn concurrent_writers_lose_nothing(backend: Backend) {
    let stores = [open(&backend, "one").await, open(&backend, "two").await, open(&backend, "three").await];
    let commits = (0..90).map(|number| stores[number as usize % 3].commit(create_bridge(number)));
    for committed in join_all(commits).await {
        committed.unwrap();
    }
    let last = stores.iter().map(Store::version).max().unwrap();
    for store in &stores {
        store.reached(last).await;
        assert_eq!(store.snapshot().bridges().count(), 90);
        assert_eq!(objects(&store.snapshot()), objects(&stores[0].snapshot()));
    }
    assert!(last <= 90, "a change was committed twice");
}

async fn a_refused_change_fails_alone(backend: Backend) {
    let store = open(&backend, "one").await;
    let (first, duplicate, orphan, last) = tokio::join!(
        store.commit(create_bridge(1)),
        store.commit(create_bridge(1)),
        store.commit(|tx| tx.create(port(7, 99))),
        store.commit(create_bridge(2)),
    );
    assert!(first.is_ok() && last.is_ok());
    assert!(matches!(duplicate, Err(CommitError::Refused(ModelError::Duplicate(_)))), "{duplicate:?}");
    assert!(matches!(orphan, Err(CommitError::Refused(_))), "{orphan:?}");
    assert_eq!(store.snapshot().bridges().count(), 2);
}

/// What another server has answered must be visible to the next request, wherever it goes.
async fn a_refusal_is_made_on_the_newest_topology(backend: Backend) {
    let (one, two) = (open(&backend, "one").await, open(&backend, "two").await);
    for number in 0..20 {
        one.commit(create_bridge(number)).await.unwrap();
        two.commit(move |tx| tx.create(port(1000 + number, number))).await.unwrap();
    }
}

async fn a_change_of_nothing_commits_nothing(backend: Backend) {
    let store = open(&backend, "one").await;
    let (made, ()) = store.commit(create_bridge(1)).await.unwrap();
    let (version, count) =
        store.commit(|tx| Ok::<_, ModelError>(tx.state().bridges().count())).await.unwrap();
    assert_eq!((version, count), (made, 1));
    assert_eq!(store.version(), made);
}

async fn an_answer_lost_is_no_second_commit(backend: Backend) {
    ambiguous(&backend, Fault::LostAnswer).await;
}

async fn a_request_lost_is_sent_again(backend: Backend) {
    ambiguous(&backend, Fault::LostRequest).await;
}

async fn ambiguous(backend: &Backend, fault: Fault) {
    let faulty = Faulty::new(backend.session("one").await, [("log/", fault), ("log/", fault)]);
    let store = Store::open(faulty.clone(), "one").await.unwrap();
    let other = open(backend, "two").await;
    for number in 0..4 {
        let (version, ()) = store.commit(create_bridge(number)).await.unwrap();
        assert_eq!(u128::from(version), number + 1);
    }
    assert!(faulty.exhausted());
    other.reached(4).await;
    assert_eq!(other.snapshot(), store.snapshot());
    assert_eq!(other.version(), 4);
}

async fn a_commit_that_is_too_large_is_refused(backend: Backend) {
    let store = open(&backend, "one").await;
    let (small, large) = tokio::join!(
        store.commit(create_bridge(1)),
        store.commit(|tx| (10..40_000).try_for_each(|number| tx.create(bridge(number)))),
    );
    assert!(small.is_ok());
    assert!(matches!(large, Err(CommitError::TooLarge { .. })), "{large:?}");
    assert_eq!(store.snapshot().bridges().count(), 1);
}

async fn a_new_server_reads_what_is_there(backend: Backend) {
    let one = Arc::new(open(&backend, "one").await);
    for number in 0..10 {
        one.commit(create_bridge(number)).await.unwrap();
        one.commit(move |tx| tx.create(port(100 + number, number))).await.unwrap();
    }
    let early = open(&backend, "two").await;
    assert_eq!(early.snapshot(), one.snapshot(), "from documents and the log");
    one.applied(20).await;
    let late = open(&backend, "three").await;
    assert_eq!(late.snapshot(), one.snapshot(), "from documents");
    eventually("applied is known everywhere", async || {
        late.applied(20).await;
        true
    })
    .await;
}
