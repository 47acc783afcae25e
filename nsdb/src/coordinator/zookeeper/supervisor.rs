//! The supervisor: a thread that keeps one zookeeper-async client alive, proves each connection before it is used, and
//! replaces a client that does not come back.
//!
//! ```text
//!            probe fails: back off                       connection lost
//!           ┌──────────┐                          ┌────────────────────────────┐
//!           ▼          │                          ▼                            │
//!   ┌── Probing ──▶ Connecting ──▶ Verifying: a write and its own reply ──▶ Linked: heartbeats
//!   │       ▲          │  reachable, yet no session     │  no heartbeat
//!   │       └──────────┴─────────────────────────────────────────────┴─────────┘
//! close()                  the client is given up: its runtime is dropped
//! ```
//!
//! Each client has a runtime of its own, because that is the only way to be rid of a client that hangs: dropping the
//! runtime drops its tasks and sockets, and with them a session that leaked tasks would keep alive for ever. What hung in
//! version 5.0.0, and why replies cannot be trusted after a reconnect, is told in `link.rs` and `budget.rs`. The abandoned
//! session expires on the server; its ephemeral keys are replaced by their owner in the next epoch, or vanish.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use zookeeper_async::{Acl, CreateMode, WatchedEvent, WatchedEventType, ZkError, ZkState, ZooKeeper};

use super::budget::Budget;
use super::link::Link;
use super::shared::Shared;
use crate::coordinator::watch::Target;

/// Shortest pause between tries to reach a server.
const MIN_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause between tries: bounds how long a return goes unnoticed.
const MAX_PAUSE: Duration = Duration::from_millis(500);
/// How long a TCP connection may take.
const PROBE: Duration = Duration::from_secs(1);
/// A server that accepts, but does not serve, closes the connection within this time.
const PROBE_LINGER: Duration = Duration::from_millis(30);
/// How long a client that lost its connection may take before servers are probed.
const FIRST_PROBE: Duration = Duration::from_millis(20);
/// How long a client that lost its connection may take to return once a server can be reached. After a stale chunk of the
/// old connection it reads the new one out of step and waits in vain; a new client is faster than finding that out.
const RECOVERY: Duration = Duration::from_millis(400);
/// How long a session may take to be closed.
const CLOSE: Duration = Duration::from_secs(1);

/// Why a client's life ended.
enum End {
    /// The coordinator is closed or dropped.
    Closed,
    /// It must be replaced.
    GivenUp(String),
}

/// Runs until `stop` is set or its sender gone.
pub(super) fn run(shared: &Arc<Shared>, stop: &watch::Receiver<bool>) {
    let mut pause = Duration::ZERO;
    for attempt in 0.. {
        let runtime = match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                shared.disconnected(&format!("no runtime for the client: {error}"));
                std::thread::sleep(MAX_PAUSE);
                continue;
            }
        };
        let epoch = shared.epoch();
        let end = runtime.block_on(client_life(shared, stop.clone(), attempt, pause));
        shared.unlink();
        runtime.shutdown_background();
        match end {
            End::Closed => return shared.disconnected("closed by this process"),
            End::GivenUp(reason) => shared.disconnected(&reason),
        }
        pause = if shared.epoch() > epoch { MIN_PAUSE } else { (pause * 2).clamp(MIN_PAUSE, MAX_PAUSE) };
    }
}

/// One client, after a pause, from its first connection to its end.
async fn client_life(
    shared: &Arc<Shared>,
    mut stop: watch::Receiver<bool>,
    attempt: usize,
    pause: Duration,
) -> End {
    let make_client = async {
        sleep(pause).await;
        let servers = reachable_servers(shared, attempt).await?;
        Client::connect(shared, servers).await
    };
    let mut client = tokio::select! {
        client = make_client => match client {
            Ok(client) => client,
            Err(reason) => return End::GivenUp(reason),
        },
        () = until_set(&mut stop) => return End::Closed,
    };
    let mut patience = shared.config.session / 3;
    loop {
        let link = tokio::select! {
            link = client.establish(shared, patience) => match link {
                Ok(link) => link,
                Err(reason) => return End::GivenUp(reason),
            },
            () = until_set(&mut stop) => return End::Closed,
        };
        shared.connected(&link);
        patience = RECOVERY;
        let lost = tokio::select! {
            lost = client.keep(shared, &link) => lost,
            () = until_set(&mut stop) => {
                shared.unlink();
                client.close().await;
                return End::Closed;
            }
        };
        shared.unlink();
        match lost {
            Lost::Connection => shared.disconnected("the connection broke"),
            Lost::Client(reason) => return End::GivenUp(reason),
        }
    }
}

/// Resolves the servers and finds one that accepts connections; that one comes first.
async fn reachable_servers(shared: &Shared, attempt: usize) -> Result<Vec<SocketAddr>, String> {
    let mut servers = Vec::new();
    let mut reason = String::new();
    for server in &shared.config.servers {
        match timeout(PROBE, tokio::net::lookup_host(server.as_str())).await {
            Ok(Ok(addresses)) => servers.extend(addresses),
            Ok(Err(error)) => reason = format!("{server} cannot be resolved: {error}"),
            Err(_) => reason = format!("{server} cannot be resolved: no answer"),
        }
    }
    if servers.is_empty() {
        return Err(reason);
    }
    let spread = shared.config.owner.bytes().map(usize::from).sum::<usize>();
    let first = (spread + attempt) % servers.len();
    servers.rotate_left(first);
    for index in 0..servers.len() {
        match probe(servers[index]).await {
            Ok(()) => {
                servers.rotate_left(index);
                return Ok(servers);
            }
            Err(unusable) => reason = unusable.reason(),
        }
    }
    Err(reason)
}

/// Why a server cannot be used.
enum Unusable {
    Unreachable(String),
    NotServing(String),
}

impl Unusable {
    fn reason(self) -> String {
        match self {
            Self::Unreachable(reason) | Self::NotServing(reason) => reason,
        }
    }
}

/// Whether a server accepts a connection and keeps it.
async fn probe(server: SocketAddr) -> Result<(), Unusable> {
    let mut stream = match timeout(PROBE, TcpStream::connect(server)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(Unusable::Unreachable(format!("{server}: {error}"))),
        Err(_) => return Err(Unusable::Unreachable(format!("{server}: no answer within {PROBE:?}"))),
    };
    match timeout(PROBE_LINGER, stream.read(&mut [0; 1])).await {
        Err(_) => Ok(()),
        Ok(_) => Err(Unusable::NotServing(format!("{server} accepts connections but does not serve"))),
    }
}

/// A zookeeper-async client in the current runtime.
struct Client {
    inner: Arc<ZooKeeper>,
    servers: Vec<SocketAddr>,
    states: watch::Receiver<State>,
    requests: Arc<AtomicU32>,
}

/// What a client says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    phase: Phase,
    /// Tells apart the times that it was in the same phase.
    changes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Connecting,
    HasSession,
    /// The session expired; or a stale reply was taken for the server's word on it, after which the client waits for ever.
    LostSession,
}

impl From<ZkState> for Phase {
    fn from(state: ZkState) -> Self {
        match state {
            ZkState::Connected => Self::HasSession,
            ZkState::Connecting => Self::Connecting,
            _ => Self::LostSession,
        }
    }
}

/// What ended a link.
enum Lost {
    /// Its connection; the client is about to make another.
    Connection,
    /// Its client.
    Client(String),
}

impl Client {
    async fn connect(shared: &Arc<Shared>, servers: Vec<SocketAddr>) -> Result<Self, String> {
        let addresses = servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let events = Arc::clone(shared);
        let watcher = move |event: WatchedEvent| on_event(&events, &event);
        let session = shared.config.session;
        let connecting = ZooKeeper::connect_with_retry_time(&addresses, session, watcher, MIN_PAUSE);
        let client = match timeout(session, connecting).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(format!("{addresses}: {error}")),
            Err(_) => return Err(format!("{addresses}: no connection")),
        };
        let (sender, states) = watch::channel(State { phase: Phase::Connecting, changes: 0 });
        let links = Arc::clone(shared);
        client.add_listener(move |state| {
            let phase = Phase::from(state);
            if phase != Phase::HasSession {
                links.distrust();
            }
            sender.send_modify(|state| *state = State { phase, changes: state.changes + 1 });
        });
        Ok(Self { inner: Arc::new(client), servers, states, requests: Arc::default() })
    }

    /// Waits for a session and proves its connection.
    async fn establish(&mut self, shared: &Arc<Shared>, patience: Duration) -> Result<Arc<Link>, String> {
        loop {
            self.await_session(patience).await?;
            let state = *self.states.borrow_and_update();
            let verified = timeout(shared.config.session / 3, self.verify(shared)).await;
            if *self.states.borrow() != state {
                continue; // it broke under the test
            }
            let session = verified.map_err(|_| "the server does not answer".to_owned())??;
            let alive = Arc::new(AtomicBool::new(true));
            shared.trust(&alive);
            let budget = Budget::new(Arc::clone(&shared.sizes));
            let (client, requests) = (Arc::clone(&self.inner), Arc::clone(&self.requests));
            let link = Link::new(client, alive, session, budget, requests, shared.config.root.clone());
            return Ok(Arc::new(link));
        }
    }

    /// Waits until the client has a session. Fails when a server has been reachable for as long as the caller's patience
    /// and it has none, and at once when a server closes what it accepts: the client would try again without a pause.
    async fn await_session(&mut self, limit: Duration) -> Result<(), String> {
        let mut reachable_since = None;
        let mut turn_time = FIRST_PROBE;
        for turn in 1.. {
            let decided = self.states.wait_for(|state| state.phase != Phase::Connecting);
            match timeout(turn_time, decided).await.map(|state| state.map(|state| state.phase)) {
                Ok(Ok(Phase::HasSession)) => return Ok(()),
                Ok(Ok(_)) => return Err("the session expired".to_owned()),
                Ok(Err(_)) => return Err("the client ended".to_owned()),
                Err(_) => turn_time = MIN_PAUSE,
            }
            if reachable_since.get_or_insert_with(Instant::now).elapsed() > limit {
                break;
            }
            let count = self.servers.len();
            match probe(self.servers[turn % count]).await {
                Ok(()) => {}
                Err(Unusable::NotServing(reason)) => return Err(reason),
                Err(Unusable::Unreachable(_)) if turn % count == 0 => reachable_since = None,
                Err(Unusable::Unreachable(_)) => {}
            }
        }
        Err("a server can be reached, yet the session was not taken up".to_owned())
    }

    /// Proves a connection by a write: its reply carries a name that no stale reply can carry, its place in the server's
    /// order is after all that was written before, and its statistics tell the session's id.
    async fn verify(&self, shared: &Shared) -> Result<i64, String> {
        let root = &shared.config.root;
        let path = root.session_path(&uuid::Uuid::new_v4().to_string());
        let acl = || Acl::open_unsafe().clone();
        loop {
            match self.inner.create2(&path, Vec::new(), acl(), CreateMode::Ephemeral).await {
                Ok((created, stat)) if created == path && stat.ephemeral_owner != 0 => {
                    // It has served; if this fails, it goes with the session.
                    self.inner.delete(&path, None).await.ok();
                    return Ok(stat.ephemeral_owner);
                }
                Ok(_) => return Err("a reply is out of order".to_owned()),
                Err(ZkError::NoNode) => {
                    for above in root.session_ancestors() {
                        match self.inner.create(&above, Vec::new(), acl(), CreateMode::Persistent).await {
                            Ok(_) | Err(ZkError::NodeExists) => {}
                            Err(error) => return Err(format!("cannot create {above}: {error}")),
                        }
                    }
                }
                Err(error) => return Err(format!("cannot create {path}: {error}")),
            }
        }
    }

    /// Watches over a link until it is lost.
    async fn keep(&mut self, shared: &Shared, link: &Arc<Link>) -> Lost {
        let interval = shared.config.session / 3;
        let state = *self.states.borrow();
        if state.phase != Phase::HasSession {
            return Lost::Connection;
        }
        loop {
            let heartbeat = async {
                sleep(interval).await;
                timeout(interval, link.exists("", false)).await
            };
            tokio::select! {
                changed = self.states.wait_for(|now| *now != state) => match changed {
                    Ok(_) => return Lost::Connection,
                    Err(_) => return Lost::Client("the client ended".to_owned()),
                },
                answer = heartbeat => match answer {
                    Err(_) => return Lost::Client(format!("no answer to a heartbeat within {interval:?}")),
                    Ok(_) if link.is_worn() => return Lost::Client("its request ids are used up".to_owned()),
                    Ok(_) => {}
                }
            }
        }
    }

    /// Ends the session so that its ephemeral keys vanish at once.
    async fn close(&self) {
        timeout(CLOSE, self.inner.close()).await.ok();
        // The client calls it closed once the request is written; let it reach the server.
        sleep(Duration::from_millis(20)).await;
    }
}

/// Tells the consumers of a target once its watch, which fired, is set again.
fn on_event(shared: &Arc<Shared>, event: &WatchedEvent) {
    let Some(key) = event.path.as_deref().and_then(|path| shared.config.root.key(path)) else { return };
    let (value, children) = (Target::Value(key.to_owned()), Target::Children(key.to_owned()));
    let fired = match event.event_type {
        WatchedEventType::NodeDataChanged => vec![value],
        WatchedEventType::NodeChildrenChanged => vec![children],
        WatchedEventType::NodeCreated | WatchedEventType::NodeDeleted => vec![value, children],
        _ => return,
    };
    if let Some(link) = shared.link() {
        for target in fired.into_iter().filter(|target| shared.watches.is_watched(target)) {
            link.arm(target, &shared.watches);
        }
    }
}

async fn until_set(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone counts as set.
    stop.wait_for(|stop| *stop).await.ok();
}
