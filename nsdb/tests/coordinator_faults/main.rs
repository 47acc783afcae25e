//! The ZooKeeper driver when the way to the server, or the server, breaks: nothing hangs, no acknowledged change is lost,
//! none is applied twice, and everybody is up to date within two seconds of the return.
//!
//! The tests run one after the other, for their times to mean something.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod load;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use harness::zookeeper::{Proxy, Server, ServerOptions};
use nsdb::coordinator::{Coordinator, Error, Expect, Status, Watch, ZooKeeper, ZooKeeperOptions};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep, timeout};

use crate::load::{Load, Presence};

/// How soon after the return everybody must be up to date.
const CONVERGENCE: Duration = Duration::from_secs(2);
const SESSION: Duration = Duration::from_secs(2);

async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

fn options() -> ZooKeeperOptions {
    ZooKeeperOptions { session: SESSION, deadline: Duration::from_secs(2) }
}

async fn connect(address: std::net::SocketAddr, owner: &str) -> Arc<ZooKeeper> {
    let session = ZooKeeper::connect(&address.to_string(), owner, options()).unwrap();
    until("connected", Duration::from_secs(10), &session, |status| status.connected).await;
    Arc::new(session)
}

async fn until(what: &str, limit: Duration, session: &ZooKeeper, condition: impl FnMut(&Status) -> bool) {
    let mut status = session.status();
    timeout(limit, status.wait_for(condition)).await.unwrap_or_else(|_| panic!("not {what}")).unwrap();
}

/// Reads after each signal until the value is there; says how long it took.
async fn converges(session: &ZooKeeper, watch: &mut Watch, key: &str, value: &Bytes) -> Duration {
    let start = Instant::now();
    let follow = async {
        while !matches!(session.get(key).await, Ok(Some((found, _))) if found == value) {
            watch.changed().await;
        }
    };
    timeout(CONVERGENCE, follow).await.unwrap_or_else(|_| panic!("{key} is not up to date"));
    start.elapsed()
}

/// Waits for an acknowledged write; says how long it took.
async fn works_again(session: &ZooKeeper, key: &str, value: &Bytes) -> Duration {
    let start = Instant::now();
    let attempts = async {
        while let Err(error) = session.put(key, value.clone(), Expect::Any).await {
            assert!(error.is_outage(), "{error}");
        }
    };
    timeout(Duration::from_secs(5), attempts).await.expect("it works again");
    start.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_flaps_under_load() {
    let _alone = alone().await;
    let server = Server::start(ServerOptions::default());
    let proxy = Proxy::start(server.address()).await;
    let direct = connect(server.address(), "observer").await;
    let session = connect(proxy.address(), "host-a").await;
    let descriptors = count("/proc/self/fd");

    let presence = Presence::start(&session, "hosts/a");
    let load = Load::start(&session).await;
    let mut worst = Duration::ZERO;
    for flap in 0..50u64 {
        // Uneven pauses, so that cuts meet every phase of a connection's life.
        sleep(Duration::from_millis(20 + flap * 37 % 180)).await;
        let before = load.acknowledged();
        proxy.cut();
        let cut = Instant::now();
        while load.acknowledged() == before {
            assert!(cut.elapsed() < Duration::from_secs(10), "nothing works after flap {flap}");
            sleep(Duration::from_millis(2)).await;
        }
        worst = worst.max(cut.elapsed());
    }
    let followed = load.finish(&direct, CONVERGENCE).await;
    presence.is_asserted(&direct, CONVERGENCE).await;
    presence.outlives_former_sessions(&direct, SESSION).await;
    println!("50 flaps: worst pause {worst:?}, epochs {}, {followed}", session.status().borrow().epoch);
    assert!(worst < CONVERGENCE, "worst pause {worst:?}");
    assert!(session.status().borrow().epoch >= 20, "the flaps were noticed");
    assert!(count("/proc/self/fd") < descriptors + 10, "descriptors leaked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_killed_and_restarted_under_load() {
    let _alone = alone().await;
    let mut server = Server::start(ServerOptions::default());
    let session = connect(server.address(), "host-a").await;
    let reader = connect(server.address(), "host-b").await;
    let mut watch = reader.watch_value("doc/1").await.unwrap();
    let presence = Presence::start(&session, "hosts/a");
    let load = Load::start(&session).await;
    for round in 0..2 {
        sleep(Duration::from_millis(500)).await;
        server.kill();
        sleep(Duration::from_millis(500)).await;
        tokio::task::block_in_place(|| server.restart());
        let value = Bytes::from(format!("after restart {round}"));
        let pause = works_again(&session, "doc/1", &value).await;
        let seen = converges(&reader, &mut watch, "doc/1", &value).await;
        println!("restart {round}: writes after {pause:?}, a watcher up to date {seen:?} later");
        assert!(pause + seen < CONVERGENCE);
    }
    let followed = load.finish(&reader, CONVERGENCE).await;
    presence.is_asserted(&reader, CONVERGENCE).await;
    println!("2 restarts: {followed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_expired_session_is_replaced() {
    let _alone = alone().await;
    let server = Server::start(ServerOptions::default());
    let proxy = Proxy::start(server.address()).await;
    let direct = connect(server.address(), "observer").await;
    let session = connect(proxy.address(), "host-a").await;
    let mut watch = session.watch_value("doc/1").await.unwrap();
    let mut hosts = direct.watch_children("hosts").await.unwrap();
    let presence = Presence::start(&session, "hosts/a");
    presence.is_asserted(&direct, CONVERGENCE).await;

    proxy.refuse();
    let cut = Instant::now();
    let gone = async {
        while !direct.list("hosts").await.unwrap().is_empty() {
            hosts.changed().await;
        }
    };
    timeout(SESSION * 2, gone).await.expect("the host is gone within the session timeout");
    let expired = cut.elapsed();
    assert!(expired > SESSION / 2, "the host was gone before its time: {expired:?}");
    until("disconnected", Duration::ZERO, &session, |status| !status.connected && !status.reason.is_empty())
        .await;
    let error = session.get("doc/1").await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    direct.put("doc/1", Bytes::from_static(b"meanwhile"), Expect::Any).await.unwrap();

    proxy.pass();
    let seen = converges(&session, &mut watch, "doc/1", &Bytes::from_static(b"meanwhile")).await;
    presence.is_asserted(&direct, CONVERGENCE).await;
    println!("expiry: host gone after {expired:?}; on return up to date after {seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_black_hole_is_noticed_and_left() {
    let _alone = alone().await;
    let server = Server::start(ServerOptions::default());
    let proxy = Proxy::start(server.address()).await;
    let direct = connect(server.address(), "observer").await;
    let session = connect(proxy.address(), "host-a").await;
    let mut watch = session.watch_value("doc/1").await.unwrap();
    let presence = Presence::start(&session, "hosts/a");
    presence.is_asserted(&direct, CONVERGENCE).await;

    proxy.black_hole();
    let start = Instant::now();
    let (read, write) =
        tokio::join!(session.get("doc/1"), session.put("doc/2", Bytes::from_static(b"x"), Expect::Any));
    assert!(start.elapsed() < options().deadline * 2, "{:?}", start.elapsed());
    assert!(read.as_ref().is_err_and(Error::is_outage), "{read:?}");
    assert!(write.as_ref().is_err_and(Error::is_outage), "{write:?}");
    until("disconnected", SESSION, &session, |status| !status.connected).await;
    let error = session.get("doc/1").await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    direct.put("doc/1", Bytes::from_static(b"meanwhile"), Expect::Any).await.unwrap();

    proxy.pass();
    let pause = works_again(&session, "doc/3", &Bytes::from_static(b"y")).await;
    let seen = converges(&session, &mut watch, "doc/1", &Bytes::from_static(b"meanwhile")).await;
    presence.is_asserted(&direct, CONVERGENCE).await;
    println!("black hole: writes after {pause:?}, a watcher up to date {seen:?} later");
    assert!(pause + seen < CONVERGENCE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreachable_server_costs_nothing_and_is_found_when_it_comes() {
    let _alone = alone().await;
    let mut server = Server::start(ServerOptions::default());
    server.kill();
    let start = Instant::now();
    let session = ZooKeeper::connect(&server.address().to_string(), "host-a", options()).unwrap();
    assert!(start.elapsed() < options().deadline / 2);
    assert!(!session.status().borrow().connected);
    let mut watch = timeout(options().deadline / 2, session.watch_value("doc/1")).await.unwrap().unwrap();

    let error = session.create("doc/1", Bytes::new()).await.unwrap_err();
    assert!(start.elapsed() >= options().deadline);
    let text = error.to_string();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    assert!(text.contains(&server.address().to_string()) && text.contains("refused"), "{text}");
    let spent = processor_time_since(&BTreeMap::new());
    assert!(spent < Duration::from_millis(100), "{spent:?} of processor time while waiting");

    tokio::task::block_in_place(|| server.restart());
    let value = Bytes::from_static(b"at last");
    let pause = works_again(&session, "doc/1", &value).await;
    converges(&session, &mut watch, "doc/1", &value).await;
    assert!(pause < CONVERGENCE, "{pause:?}");
    println!(
        "unreachable for {:?}: {spent:?} of processor time, writes {pause:?} after the return",
        start.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_accepts_and_closes_is_not_hammered() {
    let _alone = alone().await;
    let server = Server::start(ServerOptions::default());
    let proxy = Proxy::start(server.address()).await;
    let session = connect(proxy.address(), "host-a").await;
    let before = processor_times();
    proxy.refuse();
    sleep(Duration::from_secs(3)).await;
    let spent = processor_time_since(&before);
    proxy.pass();
    let pause = works_again(&session, "doc/1", &Bytes::from_static(b"x")).await;
    println!("refused for 3 s: {spent:?} of processor time, writes {pause:?} after the return");
    assert!(spent < Duration::from_millis(1500), "{spent:?} of processor time");
    assert!(pause < CONVERGENCE, "{pause:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_does_not_wait_for_a_server_that_is_gone() {
    let _alone = alone().await;
    let server = Server::start(ServerOptions::default());
    let proxy = Proxy::start(server.address()).await;
    let session = connect(proxy.address(), "host-a").await;
    let holed = connect(proxy.address(), "host-b").await;
    proxy.black_hole();
    timeout(Duration::from_secs(3), holed.close()).await.expect("closed");
    proxy.refuse();
    until("disconnected", SESSION, &session, |status| !status.connected).await;
    timeout(Duration::from_secs(1), session.close()).await.expect("closed");
    assert_eq!(session.get("doc/1").await, Err(Error::Closed));
    // A thread says that it ended a moment before the kernel forgets it.
    let gone = async {
        while supervisors() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(1), gone)
        .await
        .unwrap_or_else(|_| panic!("{} supervisors left", supervisors()));
}

fn count(directory: &str) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

/// The processor time of each of the drivers' threads: those of other tests may end at any time.
fn processor_times() -> BTreeMap<std::path::PathBuf, Duration> {
    let time_of = |task: &std::path::Path| {
        let stat = std::fs::read_to_string(task.join("stat")).unwrap_or_default();
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks: u64 = [11, 12].iter().filter_map(|&at| fields.get(at)?.parse::<u64>().ok()).sum();
        Duration::from_millis(ticks * 10) // 100 ticks a second, on every Linux
    };
    supervisor_threads().map(|task| (task.clone(), time_of(&task))).collect()
}

/// The processor time that the threads there are have spent since then.
fn processor_time_since(before: &BTreeMap<std::path::PathBuf, Duration>) -> Duration {
    let spent = |(task, time): (std::path::PathBuf, Duration)| {
        time.saturating_sub(before.get(&task).copied().unwrap_or_default())
    };
    processor_times().into_iter().map(spent).sum()
}

fn supervisors() -> usize {
    supervisor_threads().count()
}

fn supervisor_threads() -> impl Iterator<Item = std::path::PathBuf> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| task.path());
    tasks.filter(|task| {
        std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "nsdb-zookeeper")
    })
}
