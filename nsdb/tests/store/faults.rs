//! What a store answers when the coordinator is out of reach.

use std::sync::Arc;
use std::time::Duration;

use nsdb::coordinator::{Memory, Resume};
use nsdb::store::{CommitError, Options, Store};

use crate::support::{Fault, Faulty, bounded, create_bridge, within};

#[tokio::test]
async fn an_outage_refuses_changes_and_keeps_reads() {
    bounded(async {
        let memory = Memory::new("first");
        let session = Arc::new(memory.session("one"));
        let store = Store::open(session.clone(), "one").await.unwrap();
        let other = Store::open(Arc::new(memory.session("two")), "two").await.unwrap();
        store.commit(create_bridge(1)).await.unwrap();
        session.interrupt();
        let refused = store.commit(create_bridge(2)).await;
        assert!(matches!(refused, Err(CommitError::Unavailable { .. })), "{refused:?}");
        assert_eq!(store.snapshot().bridges().count(), 1);
        other.reached(1).await;
        other.commit(create_bridge(3)).await.unwrap();
        session.resume(Resume::NewSession);
        within(Duration::from_secs(2), "converged", async || store.snapshot() == other.snapshot()).await;
        store.commit(create_bridge(2)).await.unwrap();
        assert_eq!(store.snapshot().bridges().count(), 3);
    })
    .await;
}

/// The connection breaks while a commit is under way, and stays broken longer than the caller waits.
#[tokio::test]
async fn an_outcome_that_stays_unknown_is_told_as_such() {
    bounded(async {
        let memory = Memory::new("first");
        let session = Arc::new(memory.session("one"));
        let faulty = Faulty::new(session.clone(), [("log/", Fault::LostAnswer)]);
        let options = Options { patience: Duration::from_millis(500), ..Options::default() };
        let store = Store::open_with(faulty.clone(), "one", options).await.unwrap();
        faulty.cut_off(true);
        let (first, second) = tokio::join!(store.commit(create_bridge(1)), async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            store.commit(create_bridge(2)).await
        });
        assert_eq!(first, Err(CommitError::Uncertain));
        assert!(matches!(second, Err(CommitError::Unavailable { .. })), "{second:?}");
        faulty.cut_off(false);
        within(Duration::from_secs(2), "resolved", async || store.version() == 1).await;
        assert_eq!(store.snapshot().bridges().count(), 1, "once, and without the one given up");
        assert_eq!(store.commit(create_bridge(2)).await, Ok((2, ())));
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_read_is_named() {
    use nsdb::coordinator::Coordinator;
    let cases = [
        ("progress", "nonsense"),
        ("log/00000000000000000001", "nonsense"),
        ("doc/bridge/00000000-0000-0000-0000-000000000001", "nonsense"),
        ("doc/bridge/00000000-0000-0000-0000-000000000001", "live 1\nnonsense"),
    ];
    for (key, value) in cases {
        let memory = Memory::new("one");
        memory.create(key, value.into()).await.unwrap();
        let refused = Store::open(Arc::new(memory), "one").await.err().expect("refused");
        assert!(matches!(&refused, nsdb::Error::Malformed { key: at, .. } if at == key), "{refused}");
    }
}
