//! What runs while things break, and what must be true of it afterwards.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use nsdb::coordinator::{Coordinator, Error, Expect, ZooKeeper};
use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const WRITERS: usize = 4;
const READERS: usize = 32;
const LARGE_VALUES: usize = 16;
const LARGE: usize = 60_000;

/// Writers that append to a log, one that counts, readers of large values, and a follower of the log.
pub(crate) struct Load {
    state: Arc<State>,
    writers: Vec<JoinHandle<()>>,
    counter: JoinHandle<u64>,
    readers: Vec<JoinHandle<()>>,
    follower: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    stop: AtomicBool,
    /// Acknowledged log entries and their values.
    log: Mutex<HashMap<String, String>>,
    acknowledged: AtomicU64,
    uncertain: AtomicU64,
    reads: AtomicU64,
    /// How many entries the follower has seen.
    followed: AtomicU64,
}

impl State {
    fn running(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }
}

impl Load {
    pub(crate) async fn start(session: &Arc<ZooKeeper>) -> Self {
        for i in 0..LARGE_VALUES {
            session.create(&format!("large/{i}"), vec![i as u8; LARGE].into()).await.unwrap();
        }
        session.create("counter", Bytes::from_static(b"0 none")).await.unwrap();
        let state = Arc::new(State::default());
        let task = || (Arc::clone(session), Arc::clone(&state));
        let writers = (0..WRITERS).map(|writer| {
            let (session, state) = task();
            tokio::spawn(async move { append(&session, &state, writer).await })
        });
        let writers = writers.collect();
        let readers = (0..READERS).map(|reader| {
            let (session, state) = task();
            tokio::spawn(async move { read(&session, &state, reader).await })
        });
        let readers = readers.collect();
        let (session_of_counter, state_of_counter) = task();
        let counter = tokio::spawn(async move { increment(&session_of_counter, &state_of_counter).await });
        let (session, followed) = task();
        let follower = tokio::spawn(async move { follow(&session, &followed).await });
        Self { state, writers, counter, readers, follower }
    }

    /// How many writes were acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.state.acknowledged.load(Ordering::Relaxed)
    }

    /// Ends the load and checks what it left, through another session. Nobody may need longer than the limit.
    pub(crate) async fn finish(self, observer: &ZooKeeper, limit: Duration) -> String {
        let Self { state, writers, counter, readers, follower } = self;
        state.stop.store(true, Ordering::Relaxed);
        let end = async {
            join_all(writers.into_iter().chain(readers)).await.into_iter().for_each(|ended| ended.unwrap());
            counter.await.unwrap()
        };
        let counted = timeout(limit * 2, end).await.expect("the load ends");

        let names = observer.list("log").await.unwrap();
        let converged = async {
            while state.followed.load(Ordering::Relaxed) != names.len() as u64 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(limit, converged).await.unwrap_or_else(|_| {
            panic!("the follower saw {:?} of {} entries", state.followed, names.len());
        });
        follower.abort();

        let log = state.log.lock().clone();
        for (key, value) in &log {
            let found = observer.get(key).await.unwrap().map(|(found, _)| found);
            assert_eq!(found.as_deref(), Some(value.as_bytes()), "acknowledged entry {key}");
        }
        let (value, _) = observer.get("counter").await.unwrap().unwrap();
        let value = std::str::from_utf8(&value).unwrap();
        assert_eq!(
            value.split(' ').next(),
            Some(counted.to_string().as_str()),
            "increments lost or repeated"
        );
        format!(
            "{} log entries ({} acknowledged), {counted} increments, {} uncertain writes resolved, {} reads of 60 kB",
            names.len(),
            log.len(),
            state.uncertain.load(Ordering::Relaxed),
            state.reads.load(Ordering::Relaxed),
        )
    }
}

/// Appends to the log at its head, as the commit log does.
async fn append(session: &ZooKeeper, state: &State, writer: usize) {
    let mut version = 0_u64;
    let mut attempt = 0_u64;
    while state.running() {
        let key = format!("log/{version:010}");
        attempt += 1;
        let value = format!("writer {writer}, attempt {attempt}");
        match session.create(&key, value.clone().into()).await {
            Ok(_) => {
                state.acknowledged.fetch_add(1, Ordering::Relaxed);
                assert!(state.log.lock().insert(key, value).is_none(), "two winners");
                version += 1;
            }
            Err(Error::Exists { .. }) => version += 1,
            Err(Error::Uncertain { .. }) => {
                state.uncertain.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => assert!(error.is_outage(), "{error}"),
        }
    }
}

/// Counts by compare-and-put; says how many increments were applied. Each carries a token to recognize it by.
async fn increment(session: &ZooKeeper, state: &State) -> u64 {
    let mut applied = 0;
    let mut attempt = 0_u64;
    let mut unresolved: Option<String> = None;
    loop {
        let (value, stat) = match session.get("counter").await {
            Ok(found) => found.expect("the counter"),
            Err(error) => {
                assert!(error.is_outage(), "{error}");
                continue;
            }
        };
        let value = std::str::from_utf8(&value).unwrap();
        let (count, token) = value.split_once(' ').unwrap();
        if unresolved.take().as_deref() == Some(token) {
            applied += 1;
        }
        if !state.running() {
            return applied;
        }
        attempt += 1;
        let token = format!("attempt-{attempt}");
        let next = format!("{} {token}", count.parse::<u64>().unwrap() + 1);
        match session.put("counter", next.into(), Expect::Version(stat.version)).await {
            Ok(_) => {
                applied += 1;
                state.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Err(Error::Uncertain { .. }) => unresolved = Some(token),
            Err(Error::Conflict { .. }) => {}
            Err(error) => assert!(error.is_outage(), "{error}"),
        }
    }
}

/// Reads large values, so that many bytes of replies are under way when a connection breaks.
async fn read(session: &ZooKeeper, state: &State, reader: usize) {
    let mut i = reader;
    while state.running() {
        i = (i + 1) % LARGE_VALUES;
        match session.get(&format!("large/{i}")).await {
            Ok(found) => {
                let (value, _) = found.expect("a large value");
                assert!(value.len() == LARGE && value.iter().all(|&byte| byte == i as u8), "wrong data");
                state.reads.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => assert!(error.is_outage(), "{error}"),
        }
    }
}

/// Lists the log after each signal.
async fn follow(session: &ZooKeeper, state: &State) {
    let mut watch = session.watch_children("log").await.unwrap();
    loop {
        match session.list("log").await {
            Ok(names) => state.followed.store(names.len() as u64, Ordering::Relaxed),
            Err(error) => {
                assert!(error.is_outage(), "{error}");
                continue;
            }
        }
        watch.changed().await;
    }
}

/// An ephemeral key that its owner asserts again in every epoch.
pub(crate) struct Presence {
    key: &'static str,
    task: JoinHandle<()>,
}

impl Presence {
    pub(crate) fn start(session: &Arc<ZooKeeper>, key: &'static str) -> Self {
        let session = Arc::clone(session);
        let mut status = session.status();
        let task = tokio::spawn(async move {
            loop {
                let epoch = status.borrow_and_update().epoch;
                match session.create_ephemeral(key, epoch.to_string().into()).await {
                    Ok(_) => {
                        status.wait_for(|status| status.epoch > epoch).await.unwrap();
                    }
                    Err(error) => assert!(error.is_outage(), "{error}"),
                }
            }
        });
        Self { key, task }
    }

    /// Checks, through another session, that the key is there.
    pub(crate) async fn is_asserted(&self, observer: &ZooKeeper, limit: Duration) {
        let asserted = async {
            while !matches!(observer.get(self.key).await, Ok(Some(_))) {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(limit, asserted).await.expect("the presence is asserted");
        assert!(!self.task.is_finished());
    }

    /// Checks, through another session, that the key stays while former sessions expire.
    pub(crate) async fn outlives_former_sessions(&self, observer: &ZooKeeper, session: Duration) {
        let end = tokio::time::Instant::now() + session * 3 / 2;
        while tokio::time::Instant::now() < end {
            assert!(observer.get(self.key).await.unwrap().is_some(), "it went with a former session");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.task.abort();
    }
}
