//! Presence: one agent per host id, alive while it lives.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::HostId;
use nsdb::coordinator::{Coordinator, Memory, Resume};
use nsdb::presence::{
    ClaimError, Endpoint, HostState, Hosts, Instance, Interface, InterfaceKind, Presence, Standing,
    register_host,
};
use nsdb::store::Store;
use packet::MacAddr;
use tempfile::TempDir;

use crate::support::{Backend, bounded, create_bridge, eventually, id, on_all_drivers, within};

on_all_drivers! {
    a_live_host_is_seen_with_its_state
    a_host_that_ends_is_seen_no_more
    a_second_agent_is_refused
    of_agents_that_start_at_once_one_comes_through
    a_restarted_agent_takes_over_at_once
    a_host_is_registered_once
}

const HOST: HostId = HostId(uuid::Uuid::from_u128(1));

/// A state directory, the lock in it held.
struct StateDirectory(TempDir);

impl StateDirectory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A run of an agent with this state directory.
    fn run(&self) -> Instance {
        let lock = File::options().create(true).append(true).open(self.0.path().join("lock")).unwrap();
        Instance::holding(&lock, "machine").unwrap()
    }
}

fn state(mtu: u32) -> HostState {
    HostState {
        interfaces: vec![Interface {
            name: "eth0".into(),
            kind: InterfaceKind::Physical,
            mac: Some(MacAddr([2, 0, 0, 0, 0, 1])),
            mtu,
            up: true,
            has_link: true,
            addresses: vec!["192.0.2.1".parse().unwrap(), "fe80::1".parse().unwrap()],
            endpoint: Endpoint::Physical,
            port_type: None,
        }],
    }
}

async fn a_live_host_is_seen_with_its_state(backend: Backend) {
    let hosts = Hosts::open(backend.session("api").await);
    let directory = StateDirectory::new();
    let presence = Presence::claim(backend.session("agent").await, HOST, directory.run()).await.unwrap();
    eventually("alive", async || hosts.is_alive(HOST)).await;
    for mtu in [1500, 9000] {
        presence.publish(state(mtu));
        eventually("state", async || hosts.state(HOST).as_deref() == Some(&state(mtu))).await;
    }
    assert_eq!(hosts.snapshot().len(), 1);
    assert_eq!(*presence.standing().borrow(), Standing::Alive);
}

async fn a_host_that_ends_is_seen_no_more(backend: Backend) {
    let hosts = Hosts::open(backend.session("api").await);
    let session = backend.session("agent").await;
    let presence = Presence::claim(Arc::clone(&session), HOST, StateDirectory::new().run()).await.unwrap();
    presence.publish(state(1500));
    eventually("alive", async || hosts.state(HOST).is_some()).await;
    drop(presence);
    session.close().await;
    eventually("gone", async || !hosts.is_alive(HOST) && hosts.state(HOST).is_none()).await;
}

async fn a_second_agent_is_refused(backend: Backend) {
    let first_directory = StateDirectory::new();
    let first = first_directory.run();
    let _presence = Presence::claim(backend.session("agent").await, HOST, first.clone()).await.unwrap();
    let second = StateDirectory::new();
    let started = Instant::now();
    let refused = Presence::claim(backend.session("agent").await, HOST, second.run()).await;
    let Err(ClaimError::InUse(refused)) = refused else { panic!("{refused:?}") };
    assert_eq!(*refused.owner, first);
    assert!(started.elapsed() < Duration::from_secs(5), "waited for a session to expire");
    let hosts = Hosts::open(backend.session("api").await);
    eventually("the first one is alive", async || hosts.is_alive(HOST)).await;
}

async fn of_agents_that_start_at_once_one_comes_through(backend: Backend) {
    for round in 0..5 {
        let host = HostId(id(100 + round));
        let directories: Vec<StateDirectory> = (0..6).map(|_| StateDirectory::new()).collect();
        let claims = directories.iter().map(|directory| async {
            Presence::claim(backend.session("agent").await, host, directory.run()).await
        });
        let outcomes = futures::future::join_all(claims).await;
        let through = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert!(through <= 1, "{through} came through");
        for outcome in &outcomes {
            assert!(matches!(outcome, Ok(_) | Err(ClaimError::InUse(_))), "{outcome:?}");
        }
        if through == 1 {
            let winner = outcomes.iter().flatten().next().unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(*winner.standing().borrow(), Standing::Alive);
        }
    }
}

/// Killed, so that its session lives on for a while.
async fn a_restarted_agent_takes_over_at_once(backend: Backend) {
    let directory = StateDirectory::new();
    let killed_session = backend.session("agent").await;
    let killed = Presence::claim(Arc::clone(&killed_session), HOST, directory.run()).await.unwrap();
    drop(killed);
    let started = Instant::now();
    let restarted = Presence::claim(backend.session("agent").await, HOST, directory.run()).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "waited for a session to expire");
    killed_session.close().await;
    let hosts = Hosts::open(backend.session("api").await);
    eventually("alive", async || hosts.is_alive(HOST)).await;
    assert_eq!(*restarted.standing().borrow(), Standing::Alive);
}

async fn a_host_is_registered_once(backend: Backend) {
    let store = Store::open(backend.session("api").await, "api").await.unwrap();
    let agent = backend.session("agent").await;
    store.commit(create_bridge(1)).await.unwrap();
    let version = register_host(&agent, HOST, "alpha").await.unwrap();
    assert_eq!(version, 2);
    within(Duration::from_secs(2), "the API sees it", async || store.snapshot().host(HOST).is_some()).await;
    for _ in 0..3 {
        register_host(&agent, HOST, "alpha").await.unwrap();
    }
    assert_eq!(store.version(), 2);
    store.applied(2).await;
    register_host(&agent, HOST, "alpha").await.unwrap();
    register_host(&agent, HOST, "beta").await.unwrap();
    store.reached(3).await;
    assert_eq!(store.snapshot().host(HOST).unwrap().name.as_deref(), Some("beta"));
    store.commit(|tx| tx.delete(HOST)).await.unwrap();
    assert_eq!(register_host(&agent, HOST, "gamma").await.unwrap(), 5);
}

#[tokio::test]
async fn presence_is_restored_after_an_expired_session() {
    bounded(async {
        let memory = Memory::new("first");
        let session = Arc::new(memory.session("agent"));
        let directory = StateDirectory::new();
        let presence = Presence::claim(session.clone(), HOST, directory.run()).await.unwrap();
        presence.publish(state(1500));
        let hosts = Hosts::open(Arc::new(memory.session("api")));
        eventually("alive", async || hosts.state(HOST).is_some()).await;
        session.interrupt();
        presence.publish(state(9000));
        session.resume(Resume::NewSession);
        within(Duration::from_secs(2), "restored", async || {
            hosts.state(HOST).as_deref() == Some(&state(9000))
        })
        .await;
    })
    .await;
}

/// While an agent was cut off, another one started under its id.
#[tokio::test]
async fn a_displaced_agent_does_not_displace_back() {
    bounded(async {
        let memory = Memory::new("first");
        let session = Arc::new(memory.session("agent"));
        let (mine, theirs) = (StateDirectory::new(), StateDirectory::new());
        let presence = Presence::claim(session.clone(), HOST, mine.run()).await.unwrap();
        session.interrupt();
        memory.delete(&format!("alive/{HOST}"), nsdb::coordinator::Expect::Any).await.unwrap();
        let other_session: Arc<dyn Coordinator> = Arc::new(memory.session("agent"));
        let other = theirs.run();
        let other_presence = Presence::claim(Arc::clone(&other_session), HOST, other.clone()).await.unwrap();
        session.resume(Resume::NewSession);
        let mut standing = presence.standing();
        let displaced = Standing::Displaced(Box::new(other));
        standing.wait_for(|standing| *standing == displaced).await.unwrap();
        drop(other_presence);
        other_session.close().await;
        standing.wait_for(|standing| *standing == Standing::Alive).await.unwrap();
    })
    .await;
}
