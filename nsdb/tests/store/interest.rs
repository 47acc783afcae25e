//! Interest: an agent's documents, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use model::{BridgeId, Document, DocumentKey};
use nsdb::coordinator::{Memory, Resume};
use nsdb::interest::{Event, Interest};
use nsdb::store::Store;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use crate::support::{Backend, bounded, bridge, create_bridge, id, on_all_drivers, port};

on_all_drivers! {
    wanted_documents_are_loaded_and_followed
    a_wanted_document_may_appear_later
    a_deleted_document_is_gone
    unrelated_changes_tell_nothing
    a_dropped_document_is_followed_no_more
}

fn key(number: u128) -> DocumentKey {
    DocumentKey::Bridge(BridgeId(id(number)))
}

async fn next(events: &mut Receiver<Event>) -> Event {
    timeout(Duration::from_secs(20), events.recv()).await.expect("an event").unwrap()
}

async fn nothing(events: &mut Receiver<Event>) {
    let event = timeout(Duration::from_millis(400), events.recv()).await;
    assert!(event.is_err(), "{event:?}");
}

/// Ports of the bridge that an event tells, under this version at least.
fn ports(event: Event, at_least: u64) -> usize {
    let (Event::Loaded { version, document, .. } | Event::Changed { version, document, .. }) = event else {
        panic!("{event:?}");
    };
    assert!(version >= at_least);
    let Document::Bridge(document) = &*document else { panic!("{document:?}") };
    document.ports.len()
}

async fn wanted_documents_are_loaded_and_followed(backend: Backend) {
    let store = Store::open(backend.session("api").await, "api").await.unwrap();
    let (interest, mut events) = Interest::new(backend.session("agent").await);
    let (version, ()) = store.commit(create_bridge(1)).await.unwrap();
    store.applied(version).await;
    interest.want(key(1));
    interest.want(key(1));
    let loaded = next(&mut events).await;
    assert!(matches!(loaded, Event::Loaded { .. }));
    assert_eq!(ports(loaded, version), 0);
    for number in 1..4 {
        let (version, ()) = store.commit(move |tx| tx.create(port(number, 1))).await.unwrap();
        let changed = next(&mut events).await;
        assert!(matches!(changed, Event::Changed { .. }));
        assert_eq!(ports(changed, version), number as usize);
    }
}

async fn a_wanted_document_may_appear_later(backend: Backend) {
    let store = Store::open(backend.session("api").await, "api").await.unwrap();
    let (interest, mut events) = Interest::new(backend.session("agent").await);
    interest.want(key(1));
    assert_eq!(next(&mut events).await, Event::Gone { key: key(1) });
    store.commit(create_bridge(1)).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::Loaded { .. }));
}

async fn a_deleted_document_is_gone(backend: Backend) {
    let store = Store::open(backend.session("api").await, "api").await.unwrap();
    let (interest, mut events) = Interest::new(backend.session("agent").await);
    let (version, ()) = store.commit(create_bridge(1)).await.unwrap();
    store.applied(version).await;
    interest.want(key(1));
    assert!(matches!(next(&mut events).await, Event::Loaded { .. }));
    store.commit(|tx| tx.delete(BridgeId(id(1)))).await.unwrap();
    assert_eq!(next(&mut events).await, Event::Gone { key: key(1) });
    store.commit(create_bridge(1)).await.unwrap();
    assert!(matches!(next(&mut events).await, Event::Loaded { .. }));
}

async fn unrelated_changes_tell_nothing(backend: Backend) {
    let store = Store::open(backend.session("api").await, "api").await.unwrap();
    let (interest, mut events) = Interest::new(backend.session("agent").await);
    let (version, ()) = store.commit(create_bridge(1)).await.unwrap();
    store.applied(version).await;
    interest.want(key(1));
    next(&mut events).await;
    for number in 2..10 {
        store.commit(create_bridge(number)).await.unwrap();
    }
    nothing(&mut events).await;
}

async fn a_dropped_document_is_followed_no_more(backend: Backend) {
    let store = Store::open(backend.session("api").await, "api").await.unwrap();
    let (interest, mut events) = Interest::new(backend.session("agent").await);
    let (version, ()) = store.commit(create_bridge(1)).await.unwrap();
    store.applied(version).await;
    interest.want(key(1));
    next(&mut events).await;
    interest.drop(key(1));
    assert!(interest.is_empty());
    store.commit(|tx| tx.update(model::Bridge { name: None, ..bridge(1) })).await.unwrap();
    nothing(&mut events).await;
}

/// After an outage only what moved is told.
#[tokio::test]
async fn an_outage_is_caught_up_with() {
    bounded(async {
        let memory = Memory::new("api");
        let store = Store::open(Arc::new(memory.session("api")), "api").await.unwrap();
        let session = Arc::new(memory.session("agent"));
        let (interest, mut events) = Interest::new(session.clone());
        for number in 1..4 {
            let (version, ()) = store.commit(create_bridge(number)).await.unwrap();
            store.applied(version).await;
            interest.want(key(number));
            assert!(matches!(next(&mut events).await, Event::Loaded { .. }));
        }
        session.interrupt();
        store.commit(|tx| tx.create(port(9, 2))).await.unwrap();
        let (version, ()) = store.commit(|tx| tx.delete(BridgeId(id(3)))).await.unwrap();
        store.applied(version).await;
        interest.want(key(4));
        nothing(&mut events).await;
        session.resume(Resume::NewSession);
        let mut told = vec![next(&mut events).await, next(&mut events).await, next(&mut events).await];
        told.sort_by_key(|event| match event {
            Event::Loaded { key, .. } | Event::Changed { key, .. } | Event::Gone { key } => *key,
        });
        assert_eq!(ports(told.remove(0), version - 1), 1);
        assert_eq!(told, [Event::Gone { key: key(3) }, Event::Gone { key: key(4) }]);
        nothing(&mut events).await;
    })
    .await;
}
