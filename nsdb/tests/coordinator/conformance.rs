//! What every coordinator driver does alike: one suite, written once, run on all of them.
//!
//! Each case gets a [`Backend`] over an empty store. Nothing here knows a driver.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::{BoxFuture, join_all};
use nsdb::coordinator::{Coordinator, Error, Expect, MAX_VALUE_BYTES, Retry, Stat, Watch};

/// An empty store that sessions can be opened on.
pub(crate) trait Backend: Send + Sync {
    /// A connected session of an owner.
    fn session(&self, owner: &'static str) -> BoxFuture<'_, Arc<dyn Coordinator>>;
}

pub(crate) type Session = Arc<dyn Coordinator>;

/// Longest that a signal may take to travel, on a busy machine; `coordinator_faults` is about promptness.
const SIGNAL: Duration = Duration::from_secs(10);

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

async fn value(session: &Session, key: &str) -> Option<Bytes> {
    session.get(key).await.unwrap().map(|(value, _)| value)
}

async fn signalled(watch: &mut Watch, what: &str) {
    tokio::time::timeout(SIGNAL, watch.changed()).await.unwrap_or_else(|_| panic!("no signal: {what}"));
}

/// Swallows signals until none comes for a while.
async fn settle(watch: &mut Watch) {
    while tokio::time::timeout(Duration::from_millis(100), watch.changed()).await.is_ok() {}
}

async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) async fn what_is_created_can_be_read(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    assert_eq!(session.get("doc/router/1").await, Ok(None));
    let stat = session.create("doc/router/1", bytes("one")).await.unwrap();
    assert_eq!(stat.owner, None);
    assert_eq!(session.get("doc/router/1").await, Ok(Some((bytes("one"), stat))));
}

pub(crate) async fn an_empty_value_is_a_value(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let stat = session.create("doc/empty", Bytes::new()).await.unwrap();
    assert_eq!(session.get("doc/empty").await, Ok(Some((Bytes::new(), stat))));
}

pub(crate) async fn a_key_is_created_once(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    session.create("log/1", bytes("first")).await.unwrap();
    let error = session.create("log/1", bytes("second")).await.unwrap_err();
    assert_eq!(error, Error::Exists { key: "log/1".to_owned(), owner: None });
    assert_eq!(error.retry(), Retry::AfterReading);
    assert_eq!(value(&session, "log/1").await, Some(bytes("first")));
}

pub(crate) async fn a_clock_of_creations_counts_every_change(backend: &dyn Backend) {
    let (session, other) = (backend.session("host-a").await, backend.session("host-b").await);
    let first = session.create("log/1", bytes("first")).await.unwrap();
    for _ in 0..5 {
        other.put("doc/1", bytes("x"), Expect::Any).await.unwrap();
    }
    let second = other.create("log/2", bytes("second")).await.unwrap();
    assert_eq!(session.get("log/2").await, Ok(Some((bytes("second"), second.clone()))));
    assert_eq!(first.created.is_some(), second.created.is_some());
    if let (Some(first), Some(second)) = (first.created, second.created) {
        assert!(first + 6 <= second, "from {first} to {second}");
    }
}

pub(crate) async fn of_many_creators_one_wins(backend: &dyn Backend) {
    let sessions = join_all(["host-a", "host-b", "host-c"].map(|owner| backend.session(owner))).await;
    for round in 0..20 {
        let key = format!("log/{round:010}");
        let attempts = sessions.iter().map(|session| session.create(&key, bytes("x")));
        let won = join_all(attempts).await.into_iter().filter(Result::is_ok).count();
        assert_eq!(won, 1, "winners of {key}");
    }
    assert_eq!(sessions[0].list("log").await.unwrap().len(), 20);
}

pub(crate) async fn parents_come_into_being_and_hold_no_value(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    session.create("a/b/c/d", bytes("deep")).await.unwrap();
    assert_eq!(session.get("a/b").await, Ok(None));
    assert_eq!(session.list("a/b").await, Ok(vec!["c".to_owned()]));
    session.create("a/b", bytes("shallow")).await.unwrap();
    assert_eq!(value(&session, "a/b").await, Some(bytes("shallow")));
    assert_eq!(value(&session, "a/b/c/d").await, Some(bytes("deep")));
    assert!(matches!(session.create("a/b", bytes("again")).await, Err(Error::Exists { .. })));
}

pub(crate) async fn children_are_listed_sorted(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    for key in ["t/b", "t/a-1", "t/a/x", "t/c/y", "t/a", "t/a0", "u/z", "t/c/z"] {
        session.create(key, bytes("")).await.unwrap();
    }
    assert_eq!(session.list("t").await.unwrap(), ["a", "a-1", "a0", "b", "c"]);
    assert_eq!(session.list("").await.unwrap(), ["t", "u"]);
    assert_eq!(session.list("nothing/here").await.unwrap(), Vec::<String>::new());
}

pub(crate) async fn put_at_the_right_version_only(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let first = session.create("doc/1", bytes("a")).await.unwrap();
    let second = session.put("doc/1", bytes("b"), Expect::Version(first.version)).await.unwrap();
    assert_ne!(first.version, second.version);
    let error = session.put("doc/1", bytes("c"), Expect::Version(first.version)).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { expected, .. } if expected == first.version), "{error}");
    assert_eq!(session.get("doc/1").await, Ok(Some((bytes("b"), second))));

    let error = session.put("doc/absent", bytes("c"), Expect::Version(first.version)).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { found: None, .. }), "{error}");
}

pub(crate) async fn put_in_any_state_creates(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let first = session.put("new/dir/1", bytes("a"), Expect::Any).await.unwrap();
    assert_eq!(session.get("new/dir/1").await, Ok(Some((bytes("a"), first.clone()))));
    let second = session.put("new/dir/1", bytes("b"), Expect::Any).await.unwrap();
    assert_ne!(first.version, second.version);
    session.put("new/dir", bytes("c"), Expect::Any).await.unwrap();
    assert_eq!(value(&session, "new/dir").await, Some(bytes("c")));
}

pub(crate) async fn of_many_versioned_puts_one_wins(backend: &dyn Backend) {
    let sessions = join_all(["host-a", "host-b"].map(|owner| backend.session(owner))).await;
    sessions[0].create("counter", bytes("0")).await.unwrap();
    let increment = |session: Session| async move {
        for _ in 0..25 {
            loop {
                let (value, stat) = session.get("counter").await.unwrap().unwrap();
                let next = std::str::from_utf8(&value).unwrap().parse::<u64>().unwrap() + 1;
                match session.put("counter", next.to_string().into(), Expect::Version(stat.version)).await {
                    Ok(_) => break,
                    Err(Error::Conflict { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    };
    join_all(sessions.iter().cloned().map(increment)).await;
    assert_eq!(value(&sessions[0], "counter").await, Some(bytes("50")));
}

pub(crate) async fn delete_is_idempotent_or_versioned(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    session.delete("never/was", Expect::Any).await.unwrap();
    let old = session.create("doc/1", bytes("a")).await.unwrap();
    let new = session.put("doc/1", bytes("b"), Expect::Any).await.unwrap();
    let error = session.delete("doc/1", Expect::Version(old.version)).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error}");
    session.delete("doc/1", Expect::Version(new.version)).await.unwrap();
    assert_eq!(session.get("doc/1").await, Ok(None));
    let error = session.delete("doc/1", Expect::Version(new.version)).await.unwrap_err();
    assert!(matches!(error, Error::Conflict { found: None, .. }), "{error}");
    session.delete("doc/1", Expect::Any).await.unwrap();
}

pub(crate) async fn deleting_a_key_keeps_what_is_below(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    session.create("a", bytes("top")).await.unwrap();
    session.create("a/b", bytes("below")).await.unwrap();
    session.delete("a", Expect::Any).await.unwrap();
    assert_eq!(session.get("a").await, Ok(None));
    assert_eq!(value(&session, "a/b").await, Some(bytes("below")));
    session.create("a", bytes("again")).await.unwrap();
    assert_eq!(value(&session, "a").await, Some(bytes("again")));
}

pub(crate) async fn a_tree_is_deleted_whole(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    for i in 0..300 {
        session.create(&format!("tree/{}/{}/{i}", i % 3, i % 7), bytes("x")).await.unwrap();
    }
    for other in ["tree", "tree-2", "tree0", "trees/1"] {
        session.create(other, bytes("y")).await.unwrap();
    }
    session.create_ephemeral("tree/e/1", bytes("z")).await.unwrap();
    session.delete_tree("tree").await.unwrap();
    assert_eq!(session.list("tree").await.unwrap(), Vec::<String>::new());
    assert_eq!(session.list("").await.unwrap(), ["tree-2", "tree0", "trees"]);
    session.delete_tree("tree").await.unwrap();
    session.create("tree/0/0/0", bytes("new")).await.unwrap();
}

pub(crate) async fn malformed_keys_are_refused(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let long = "x".repeat(2000);
    for key in ["", "/a", "a/", "a//b", "a/../b", "./a", "a/\u{0}", "a/\u{7}b", "\u{e000}", ".hidden", &long]
    {
        for error in [
            session.create(key, bytes("x")).await.unwrap_err(),
            session.create_ephemeral(key, bytes("x")).await.unwrap_err(),
            session.put(key, bytes("x"), Expect::Any).await.unwrap_err(),
            session.get(key).await.unwrap_err(),
            session.delete(key, Expect::Any).await.unwrap_err(),
            session.delete_tree(key).await.unwrap_err(),
            session.watch_value(key).await.unwrap_err(),
        ] {
            assert!(matches!(error, Error::Invalid { .. }), "{key:?}: {error}");
            assert_eq!(error.retry(), Retry::Never);
        }
    }
    let odd = "doc/with space/ünï©ode/%2F{}[];,:'\"\\|$";
    session.create(odd, bytes("fine")).await.unwrap();
    assert_eq!(value(&session, odd).await, Some(bytes("fine")));
}

pub(crate) async fn values_are_bounded(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let largest = Bytes::from(vec![7; MAX_VALUE_BYTES]);
    session.create("big/1", largest.clone()).await.unwrap();
    session.create_ephemeral("big/2", largest.clone()).await.unwrap();
    assert_eq!(value(&session, "big/1").await, Some(largest.clone()));
    assert_eq!(value(&session, "big/2").await, Some(largest));
    let too_large = Bytes::from(vec![7; MAX_VALUE_BYTES + 1]);
    for error in [
        session.create("big/3", too_large.clone()).await.unwrap_err(),
        session.put("big/1", too_large.clone(), Expect::Any).await.unwrap_err(),
        session.create_ephemeral("big/2", too_large).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::TooLarge { bytes, .. } if bytes == MAX_VALUE_BYTES + 1), "{error}");
    }
}

pub(crate) async fn large_directories_are_listed(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let keys: Vec<_> = (0..3000).map(|i| format!("tables/mac/one/{i:06}:02:00:00:00:00:01,port")).collect();
    join_all(keys.iter().map(|key| session.create(key, Bytes::new()))).await.into_iter().for_each(
        |created| {
            created.unwrap();
        },
    );
    let names = session.list("tables/mac/one").await.unwrap();
    assert_eq!(names.len(), 3000);
    assert!(names.is_sorted());
}

pub(crate) async fn many_large_values_can_be_read_at_once(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let keys: Vec<_> = (0..64).map(|i| format!("doc/large/{i}")).collect();
    for (i, key) in keys.iter().enumerate() {
        session.create(key, vec![i as u8; 60_000].into()).await.unwrap();
    }
    let values = join_all(keys.iter().map(|key| session.get(key))).await;
    for (i, value) in values.into_iter().enumerate() {
        let (value, _) = value.unwrap().unwrap();
        assert_eq!(value.len(), 60_000);
        assert!(value.iter().all(|&byte| byte == i as u8), "value of key {i}");
    }
}

pub(crate) async fn ephemerals_vanish_with_their_session(backend: &dyn Backend) {
    let observer = backend.session("host-a").await;
    let doomed = backend.session("host-b").await;
    let stat = doomed.create_ephemeral("hosts/b", bytes("alive")).await.unwrap();
    doomed.create("doc/by-b", bytes("stays")).await.unwrap();
    assert_eq!(stat.owner.as_deref(), Some("host-b"));
    assert_eq!(observer.get("hosts/b").await, Ok(Some((bytes("alive"), stat))));
    assert_eq!(observer.list("hosts").await.unwrap(), ["b"]);

    let mut watch = observer.watch_children("hosts").await.unwrap();
    doomed.close().await;
    signalled(&mut watch, "the host is gone").await;
    eventually("the host is gone", || async { observer.get("hosts/b").await == Ok(None) }).await;
    assert_eq!(observer.list("hosts").await.unwrap(), Vec::<String>::new());
    assert_eq!(value(&observer, "doc/by-b").await, Some(bytes("stays")));
}

pub(crate) async fn an_ephemeral_can_be_replaced_by_its_owner_only(backend: &dyn Backend) {
    let first = backend.session("host-a").await;
    let rival = backend.session("host-b").await;
    first.create_ephemeral("ports/1", bytes("old")).await.unwrap();
    let error = rival.create_ephemeral("ports/1", bytes("mine")).await.unwrap_err();
    assert_eq!(error, Error::Exists { key: "ports/1".to_owned(), owner: Some("host-a".to_owned()) });
    let error = rival.create("ports/1", bytes("mine")).await.unwrap_err();
    assert_eq!(error, Error::Exists { key: "ports/1".to_owned(), owner: Some("host-a".to_owned()) });

    // The same session renews the value.
    let renewed = first.create_ephemeral("ports/1", bytes("renewed")).await.unwrap();
    assert_eq!(rival.get("ports/1").await, Ok(Some((bytes("renewed"), renewed))));

    // The owner came back in another session, the old one has not expired: the key must live with the new one.
    let second = backend.session("host-a").await;
    second.create_ephemeral("ports/1", bytes("new")).await.unwrap();
    first.close().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(value(&rival, "ports/1").await, Some(bytes("new")));
    second.close().await;
    eventually("the port is gone", || async { rival.get("ports/1").await == Ok(None) }).await;
}

pub(crate) async fn an_ephemeral_never_replaces_a_durable_key(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    session.create("doc/1", bytes("durable")).await.unwrap();
    let error = session.create_ephemeral("doc/1", bytes("fleeting")).await.unwrap_err();
    assert_eq!(error, Error::Exists { key: "doc/1".to_owned(), owner: None });
    assert_eq!(value(&session, "doc/1").await, Some(bytes("durable")));
}

pub(crate) async fn an_ephemeral_is_neither_put_nor_a_parent(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let stat = session.create_ephemeral("hosts/a", bytes("x")).await.unwrap();
    for error in [
        session.put("hosts/a", bytes("y"), Expect::Any).await.unwrap_err(),
        session.put("hosts/a", bytes("y"), Expect::Version(stat.version)).await.unwrap_err(),
        session.create("hosts/a/b", bytes("y")).await.unwrap_err(),
        session.create("hosts/a/b/c", bytes("y")).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
    }
    session.create("hosts/dir/b", bytes("y")).await.unwrap();
    let error = session.create_ephemeral("hosts/dir", bytes("x")).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
}

pub(crate) async fn an_ephemeral_can_be_deleted(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let stat = session.create_ephemeral("hosts/a", bytes("x")).await.unwrap();
    session.delete("hosts/a", Expect::Version(stat.version)).await.unwrap();
    assert_eq!(session.get("hosts/a").await, Ok(None));
    session.create_ephemeral("hosts/a", bytes("x")).await.unwrap();
    session.delete("hosts/a", Expect::Any).await.unwrap();
    assert_eq!(session.list("hosts").await.unwrap(), Vec::<String>::new());
}

pub(crate) async fn a_value_watch_signals_create_put_and_delete(backend: &dyn Backend) {
    let (reader, writer) = (backend.session("host-a").await, backend.session("host-b").await);
    let mut watch = reader.watch_value("doc/1").await.unwrap();
    settle(&mut watch).await;
    writer.create("doc/1", bytes("a")).await.unwrap();
    signalled(&mut watch, "created").await;
    assert_eq!(value(&reader, "doc/1").await, Some(bytes("a")));
    for i in 0..10u64 {
        let text = i.to_string();
        writer.put("doc/1", text.clone().into(), Expect::Any).await.unwrap();
        signalled(&mut watch, "put").await;
        eventually("the value is read", || async {
            value(&reader, "doc/1").await == Some(text.clone().into())
        })
        .await;
        settle(&mut watch).await;
    }
    writer.delete("doc/1", Expect::Any).await.unwrap();
    signalled(&mut watch, "deleted").await;
    assert_eq!(value(&reader, "doc/1").await, None);
}

pub(crate) async fn a_children_watch_signals_names_that_come_and_go(backend: &dyn Backend) {
    let (reader, writer) = (backend.session("host-a").await, backend.session("host-b").await);
    let mut watch = reader.watch_children("tables/mac").await.unwrap();
    let mut above = reader.watch_children("").await.unwrap();
    settle(&mut watch).await;
    settle(&mut above).await;
    writer.create("tables/mac/one/two", bytes("a")).await.unwrap();
    signalled(&mut watch, "a directory appeared").await;
    signalled(&mut above, "a directory appeared at the top").await;
    assert_eq!(reader.list("tables/mac").await.unwrap(), ["one"]);
    settle(&mut watch).await;
    writer.create("tables/mac/three", bytes("a")).await.unwrap();
    signalled(&mut watch, "a key appeared").await;
    assert_eq!(reader.list("tables/mac").await.unwrap(), ["one", "three"]);
    settle(&mut watch).await;
    writer.delete("tables/mac/three", Expect::Any).await.unwrap();
    signalled(&mut watch, "a key is gone").await;
    assert_eq!(reader.list("tables/mac").await.unwrap(), ["one"]);
    settle(&mut watch).await;
    writer.delete_tree("tables").await.unwrap();
    signalled(&mut watch, "all is gone").await;
    assert_eq!(reader.list("tables/mac").await.unwrap(), Vec::<String>::new());
    settle(&mut watch).await;
    writer.create("tables/mac/four", bytes("a")).await.unwrap();
    signalled(&mut watch, "it all came back").await;
}

pub(crate) async fn no_change_escapes_a_watcher_that_reads_after_signals(backend: &dyn Backend) {
    let (reader, writer) = (backend.session("host-a").await, backend.session("host-b").await);
    let mut watch = reader.watch_children("log").await.unwrap();
    let write = async {
        for i in 0..400 {
            writer.create(&format!("log/{i:010}"), bytes("x")).await.unwrap();
        }
    };
    let follow = async {
        while reader.list("log").await.unwrap().len() < 400 {
            signalled(&mut watch, "there is more to read").await;
        }
    };
    futures::join!(write, follow);
}

pub(crate) async fn watches_are_independent(backend: &dyn Backend) {
    let (reader, writer) = (backend.session("host-a").await, backend.session("host-b").await);
    let mut first = reader.watch_value("doc/1").await.unwrap();
    let mut second = reader.watch_value("doc/1").await.unwrap();
    let mut other = reader.watch_value("doc/2").await.unwrap();
    drop(reader.watch_value("doc/1").await.unwrap());
    for watch in [&mut first, &mut second, &mut other] {
        settle(watch).await;
    }
    writer.create("doc/1", bytes("a")).await.unwrap();
    signalled(&mut first, "first").await;
    signalled(&mut second, "second").await;
    drop(first);
    settle(&mut second).await;
    writer.put("doc/1", bytes("b"), Expect::Any).await.unwrap();
    signalled(&mut second, "second, after the first was dropped").await;
    assert!(!other.take_changed(), "a signal for a key that did not change");
}

pub(crate) async fn a_closed_session_refuses_everything(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    session.close().await;
    session.close().await;
    assert_eq!(session.get("a").await, Err(Error::Closed));
    assert_eq!(session.create("a", bytes("")).await, Err(Error::Closed));
    assert_eq!(session.list("").await, Err(Error::Closed));
}

pub(crate) async fn the_first_epoch_is_one(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let status = session.status().borrow().clone();
    assert!(status.connected);
    assert_eq!(status.epoch, 1);
    assert!(!status.endpoint.is_empty());
    assert_eq!(session.owner(), "host-a");
}

pub(crate) async fn versions_tell_writes_apart(backend: &dyn Backend) {
    let session = backend.session("host-a").await;
    let mut seen: Vec<Stat> = vec![session.create("doc/1", bytes("same")).await.unwrap()];
    for _ in 0..5 {
        seen.push(session.put("doc/1", bytes("same"), Expect::Any).await.unwrap());
    }
    let mut versions: Vec<_> = seen.iter().map(|stat| stat.version).collect();
    versions.sort_unstable();
    versions.dedup();
    assert_eq!(versions.len(), 6);
}

/// Makes a module of tests that run every case on a backend.
macro_rules! conform {
    ($module:ident, $backend:expr) => {
        mod $module {
            use super::*;
            crate::conformance::conform!(@cases $backend;
                what_is_created_can_be_read
                an_empty_value_is_a_value
                a_key_is_created_once
                a_clock_of_creations_counts_every_change
                of_many_creators_one_wins
                parents_come_into_being_and_hold_no_value
                children_are_listed_sorted
                put_at_the_right_version_only
                put_in_any_state_creates
                of_many_versioned_puts_one_wins
                delete_is_idempotent_or_versioned
                deleting_a_key_keeps_what_is_below
                a_tree_is_deleted_whole
                malformed_keys_are_refused
                values_are_bounded
                large_directories_are_listed
                many_large_values_can_be_read_at_once
                ephemerals_vanish_with_their_session
                an_ephemeral_can_be_replaced_by_its_owner_only
                an_ephemeral_never_replaces_a_durable_key
                an_ephemeral_is_neither_put_nor_a_parent
                an_ephemeral_can_be_deleted
                a_value_watch_signals_create_put_and_delete
                a_children_watch_signals_names_that_come_and_go
                no_change_escapes_a_watcher_that_reads_after_signals
                watches_are_independent
                a_closed_session_refuses_everything
                the_first_epoch_is_one
                versions_tell_writes_apart
            );
        }
    };
    (@cases $backend:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let backend = $backend;
                crate::conformance::$case(&backend).await;
            }
        )*
    };
}
pub(crate) use conform;
