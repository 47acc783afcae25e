//! The control plane on the memory drivers of NSDB and datapath: an API server changes the network, an agent follows.

mod applied;
mod unreadable;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use datapath::MemoryDatapath;
use model::{
    Bridge, BridgeId, HostId, ObjectKey, Port, PortDevice, PortId, Router, RouterId, TunnelZone,
    TunnelZoneId, TunnelZoneType,
};
use nsdb::coordinator::Memory;
use nsdb::presence::Instance;
use nsdb::store::Store;
use nsdb::tables::{ActiveTable, ArpTable, MacTable, PortOwner, active_table, arp_table, mac_table};
use packet::MacAddr;
use simulation::Neighbour;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::*;
use crate::forwarding::{Forwarding, ForwardingConfig};
use crate::run::empty;

const HOST: HostId = HostId(Uuid::from_u128(1));
const BRIDGE: BridgeId = BridgeId(Uuid::from_u128(2));
const PORT: PortId = PortId(Uuid::from_u128(3));
const ROUTER: RouterId = RouterId(Uuid::from_u128(5));
const UPLINK: PortId = PortId(Uuid::from_u128(6));
const OTHER: HostId = HostId(Uuid::from_u128(7));
const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);
const KEY: MacKey = MacKey { vlan: 0, mac: MAC };
const STATION: Station = Station { bridge: BRIDGE, vlan: 0, mac: MAC };
const NEIGHBOUR: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));

/// An agent with the interfaces tap1 and tap2, and an API server, over one store.
struct Lab {
    memory: Arc<Memory>,
    store: Store,
    active: ActiveTable,
    stations: MacTable,
    neighbours: ArpTable,
    agent: Option<Life>,
    state: tempfile::TempDir,
}

/// A run of the agent.
struct Life {
    session: Arc<Memory>,
    forwarding: Arc<Forwarding>,
    events: mpsc::Sender<Event>,
    in_sync: watch::Receiver<bool>,
    shutdown: CancellationToken,
    control: JoinHandle<datapath::Result<()>>,
    _interfaces: watch::Sender<InterfaceMap>,
}

impl Lab {
    /// Bridge and port are there, the port is bound to tap1 and active.
    async fn new() -> Self {
        let memory = Arc::new(Memory::new("api"));
        let coordinator: Arc<dyn Coordinator> = memory.clone();
        register_host(&coordinator, HOST, "hv1").await.unwrap();
        let store = Store::open(memory.clone(), "api").await.unwrap();
        let mut lab = Self {
            store,
            active: active_table(memory.clone(), DeviceId::Bridge(BRIDGE)),
            stations: mac_table(memory.clone(), BRIDGE),
            neighbours: arp_table(memory.clone(), ROUTER),
            memory,
            agent: None,
            state: tempfile::tempdir().unwrap(),
        };
        lab.start().await;
        lab.change(|tx| tx.create(zone())).await;
        lab.change(|tx| tx.create(bridge())).await;
        lab.change(|tx| tx.create(port(PORT, PortDevice::Bridge { bridge: BRIDGE, vlan: None }))).await;
        lab.change(|tx| tx.bind(PORT, HOST, "tap1")).await;
        eventually("the port is active", || lab.active.get(&PORT).is_some()).await;
        lab
    }

    async fn start(&mut self) {
        self.start_on(Arc::new(MemoryDatapath::new("midspan", 1))).await;
    }

    async fn start_on(&mut self, datapath: Arc<dyn Datapath>) {
        self.agent = Some(Life::begin(&self.memory, self.state.path(), datapath).await);
    }

    fn agent(&self) -> &Life {
        self.agent.as_ref().unwrap()
    }

    /// Ends the agent without a word. Its session stands until it is closed.
    async fn kill(&mut self) -> Arc<Memory> {
        let life = self.agent.take().unwrap();
        life.control.abort();
        life.control.await.unwrap_err();
        life.session
    }

    /// Has the agent end.
    async fn terminate(&mut self) {
        let life = self.agent.take().unwrap();
        life.shutdown.cancel();
        life.control.await.unwrap().unwrap();
        life.session.close().await;
    }

    /// A router with a port at 192.0.2.1/24 bound to tap2.
    async fn add_router(&self) {
        let addresses = vec!["192.0.2.1/24".parse().unwrap()];
        let device = PortDevice::Router {
            router: ROUTER,
            mac: MacAddr([2, 0, 0, 0, 0, 9]),
            addresses,
            vtep: Default::default(),
        };
        self.change(|tx| tx.create(router())).await;
        self.change(move |tx| tx.create(port(UPLINK, device.clone()))).await;
        self.change(|tx| tx.bind(UPLINK, HOST, "tap2")).await;
    }

    /// Waits until the only entry in a table is the agent's, told for the `stamp`th time.
    async fn told(&self, table: &str, stamp: u32) {
        let end = format!(",{stamp},agent");
        let wait = async {
            loop {
                let names = self.memory.list(&format!("tables/{table}")).await.unwrap();
                if matches!(&names[..], [name] if name.ends_with(&end)) {
                    return;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(10), wait).await.unwrap_or_else(|_| panic!("never: {table}{end}"));
    }

    async fn say(&self, event: Event) {
        self.agent().events.send(event).await.unwrap();
    }

    /// A station behind the port and a neighbour behind the uplink are seen, and others know it.
    async fn learn(&self) {
        self.say(Event::MacSeen { station: STATION, port: PORT }).await;
        eventually("the station is known to others", || self.stations.get(&KEY) == Some(PORT)).await;
        eventually("the neighbour is known to others", || {
            let event = Event::ArpSeen { router: ROUTER, ip: NEIGHBOUR, mac: MAC, port: UPLINK };
            self.agent().events.try_send(event).unwrap();
            self.neighbours.get(&NEIGHBOUR) == Some(MAC)
        })
        .await;
    }

    async fn change(
        &self,
        change: impl FnMut(&mut model::Transaction) -> Result<(), model::ModelError> + Send + 'static,
    ) {
        self.store.commit(change).await.unwrap();
    }
}

impl Life {
    async fn begin(memory: &Memory, state: &std::path::Path, datapath: Arc<dyn Datapath>) -> Self {
        let session = Arc::new(memory.session("agent"));
        let interfaces = BTreeMap::from(["tap1", "tap2"].map(|name| (name.to_owned(), interface(name))));
        let (interfaces, seen) = watch::channel(Arc::new(interfaces));
        let (events, heard) = mpsc::channel(1024);
        let inputs = Inputs { events: heard, interfaces: seen, vports: Arc::new(Notify::new()) };
        let (forwarding, said) =
            Forwarding::start(&ForwardingConfig::default(), &datapath, empty(HOST)).unwrap();
        tokio::spawn(relay(said, events.clone()));
        let forwarding = Arc::new(forwarding);
        let publisher = Publisher::new(Arc::clone(&forwarding));
        let parts = parts(session.clone(), datapath, publisher, state).await;
        let in_sync = parts.in_sync.subscribe();
        let shutdown = CancellationToken::new();
        let control = tokio::spawn(Control::run(parts, inputs, shutdown.clone()));
        Self { session, forwarding, events, in_sync, shutdown, control, _interfaces: interfaces }
    }
}

/// Has the control plane hear the workers beside the test.
async fn relay(mut said: mpsc::Receiver<Event>, events: mpsc::Sender<Event>) {
    while let Some(event) = said.recv().await {
        if events.send(event).await.is_err() {
            return;
        }
    }
}

async fn parts(
    coordinator: Arc<dyn Coordinator>,
    datapath: Arc<dyn Datapath>,
    publisher: Publisher,
    state: &std::path::Path,
) -> Parts {
    let state_dir = Arc::new(StateDir::open(state).unwrap());
    let instance = Instance::holding(state_dir.lock(), "hv1").unwrap();
    let presence = Presence::claim(Arc::clone(&coordinator), HOST, instance).await.unwrap();
    Parts {
        name: "hv1".into(),
        coordinator,
        datapath,
        state_dir,
        presence,
        publisher,
        in_sync: watch::Sender::new(false),
        status: watch::Sender::default(),
    }
}

fn interface(name: &str) -> Interface {
    Interface {
        name: name.into(),
        ifindex: 7,
        mac: None,
        mtu: 1500,
        up: true,
        carrier: true,
        loopback: false,
        kind: Some("veth".into()),
        addresses: Vec::new(),
    }
}

/// Ports are bound on hosts that are in a zone; this kind needs no tunnel device, which would be a real one.
fn zone() -> TunnelZone {
    let members = [(HOST, "192.0.2.1".parse().unwrap())].into();
    TunnelZone { id: TunnelZoneId(Uuid::from_u128(4)), name: "z".into(), kind: TunnelZoneType::Vtep, members }
}

fn bridge() -> Bridge {
    Bridge {
        id: BRIDGE,
        tenant_id: None,
        name: None,
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
    }
}

fn router() -> Router {
    Router {
        id: ROUTER,
        tenant_id: None,
        name: None,
        admin_state_up: true,
        inbound_filter: None,
        outbound_filter: None,
        load_balancer: None,
        as_number: 0,
        mirrors: Default::default(),
        forward_chain: None,
        local_redirect_chain: None,
    }
}

fn port(id: PortId, device: PortDevice) -> Port {
    Port {
        id,
        device,
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
        peer: None,
        binding: None,
        port_groups: Vec::new(),
        vif_id: None,
        tunnel_key: 0,
    }
}

async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), wait).await.unwrap_or_else(|_| panic!("never: {what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_port_of_a_device_leaves_nothing_behind_when_it_is_unbound() {
    let lab = Lab::new().await;
    lab.say(Event::MacSeen { station: STATION, port: PORT }).await;
    eventually("the station is known to others", || lab.stations.get(&KEY) == Some(PORT)).await;
    lab.change(|tx| tx.unbind(PORT)).await;
    eventually("the port is nowhere", || lab.active.get(&PORT).is_none()).await;
    eventually("the station is nowhere", || lab.stations.get(&KEY).is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_bound_again_is_active_again() {
    let lab = Lab::new().await;
    for _ in 0..3 {
        lab.change(|tx| tx.unbind(PORT)).await;
        lab.change(|tx| tx.bind(PORT, HOST, "tap1")).await;
    }
    sleep(Duration::from_millis(200)).await;
    eventually("the port is active", || lab.active.get(&PORT).is_some()).await;
    lab.change(|tx| tx.unbind(PORT)).await;
    lab.change(|tx| tx.bind(PORT, HOST, "tap9")).await;
    eventually("the port is inactive for want of its interface", || lab.active.get(&PORT).is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_was_deleted_registers_again() {
    let lab = Lab::new().await;
    lab.change(|tx| tx.unbind(PORT)).await;
    lab.change(|tx| tx.delete(ObjectKey { kind: model::Kind::Host, id: HOST.0 })).await;
    eventually("the host is back", || {
        lab.store.snapshot().host(HOST).is_some_and(|host| host.name.as_deref() == Some("hv1"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_another_host_claims_in_error_is_claimed_back() {
    let lab = Lab::new().await;
    let other = active_table(Arc::new(lab.memory.session("the other host")), DeviceId::Bridge(BRIDGE));
    other.loaded().await;
    other.set(PORT, PortOwner { host: OTHER, tunnel_key: 1 }).unwrap();
    lab.told(&format!("active/{BRIDGE}"), 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_agent_had_learned_outlives_its_session() {
    let mut lab = Lab::new().await;
    lab.add_router().await;
    lab.learn().await;
    let session = lab.kill().await;
    lab.start().await;
    eventually("the next agent knows it", || lab.agent().knows_both()).await;
    lab.told(&format!("mac/{BRIDGE}"), 2).await;
    lab.told(&format!("arp/{ROUTER}"), 2).await;
    session.close().await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!((lab.stations.get(&KEY), lab.neighbours.get(&NEIGHBOUR)), (Some(PORT), Some(MAC)));
}

impl Life {
    fn knows_both(&self) -> bool {
        let topology = &self.forwarding.snapshot().topology;
        topology.station(BRIDGE, 0, MAC).is_some() && topology.neighbour(ROUTER, NEIGHBOUR).is_some()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_had_learned_when_it_was_told_to_end_the_next_one_knows() {
    let mut lab = Lab::new().await;
    lab.add_router().await;
    lab.learn().await;
    lab.terminate().await;
    eventually("the session is over", || lab.stations.get(&KEY).is_none()).await;
    lab.start().await;
    eventually("the next agent knows it", || lab.agent().knows_both()).await;
    eventually("the others know it", || {
        (lab.stations.get(&KEY), lab.neighbours.get(&NEIGHBOUR)) == (Some(PORT), Some(MAC))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_moved_while_the_agent_was_away_stays_where_it_is() {
    let mut lab = Lab::new().await;
    lab.add_router().await;
    lab.learn().await;
    lab.terminate().await;
    let elsewhere = mac_table(Arc::new(lab.memory.session("the other host")), BRIDGE);
    elsewhere.set(KEY, UPLINK).unwrap();
    eventually("it is elsewhere", || lab.stations.get(&KEY) == Some(UPLINK)).await;
    lab.start().await;
    eventually("the next agent knows it", || lab.agent().knows_both()).await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(lab.stations.get(&KEY), Some(UPLINK));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_another_host_had_learned_is_kept_by_the_host_that_has_its_flows() {
    let lab = Lab::new().await;
    let session = Arc::new(lab.memory.session("the other host"));
    let other = mac_table(session.clone(), BRIDGE);
    other.set(KEY, PORT).unwrap();
    let here = || lab.agent().forwarding.snapshot().topology.station(BRIDGE, 0, MAC) == Some(PORT);
    eventually("the agent knows it", here).await;
    lab.say(Event::MacInUse(STATION)).await;
    lab.told(&format!("mac/{BRIDGE}"), 2).await;
    session.close().await;
    sleep(Duration::from_millis(100)).await;
    assert_eq!(lab.stations.get(&KEY), Some(PORT));
}

/// A control plane that nobody runs, with a router's tables open.
async fn idle(memory: &Memory, state: &std::path::Path) -> Control {
    let session: Arc<dyn Coordinator> = Arc::new(memory.session("agent"));
    let datapath: Arc<dyn Datapath> = Arc::new(MemoryDatapath::new("midspan", 1));
    let (forwarding, _unheard) =
        Forwarding::start(&ForwardingConfig::default(), &datapath, empty(HOST)).unwrap();
    let parts = parts(session.clone(), datapath, Publisher::new(Arc::new(forwarding)), state).await;
    let (interest, _documents) = Interest::new(session.clone());
    let (tables, _news) = Tables::new(session);
    let mut control = Control::new(parts, interest, tables, InterfaceMap::default());
    control.tables.follow(&[DeviceId::Router(ROUTER)].into());
    control.tables.neighbours(ROUTER).unwrap().loaded().await;
    control
}

const NEXT_HOP: NeighbourId = NeighbourId { router: ROUTER, ip: NEIGHBOUR };

fn known(control: &Control) -> Option<Neighbour> {
    control.publisher.topology().neighbour(ROUTER, NEIGHBOUR)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_for_a_neighbour_that_has_become_known_does_not_make_it_fail() {
    let state = tempfile::tempdir().unwrap();
    let mut control = idle(&Memory::new("api"), state.path()).await;
    let now = Instant::now();
    control.publisher.update(Update::ArpLearned { router: ROUTER, ip: NEIGHBOUR, mac: MAC });
    control.on_worker(Event::Needed(Need::Arp { router: ROUTER, port: UPLINK, target: NEIGHBOUR }), now);
    for passed in [0, 1, 2, 3, 4, 5] {
        control.settle_neighbours(now + Duration::from_secs(passed));
    }
    assert_eq!(known(&control), Some(Neighbour::Resolved(MAC)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_that_moved_to_another_host_is_not_forgotten_here() {
    let (memory, state) = (Memory::new("api"), tempfile::tempdir().unwrap());
    let mut control = idle(&memory, state.path()).await;
    let now = Instant::now();
    control.learn_neighbour(NEXT_HOP, MAC, UPLINK, now);
    let session: Arc<dyn Coordinator> = Arc::new(memory.session("the other host"));
    let other = arp_table(Arc::clone(&session), ROUTER);
    eventually("it is known there", || other.get(&NEIGHBOUR) == Some(MAC)).await;
    other.set(NEIGHBOUR, MAC).unwrap();
    let moved = async {
        while !matches!(&session.list(&format!("tables/arp/{ROUTER}")).await.unwrap()[..], [name] if name.ends_with("host"))
        {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(10), moved).await.unwrap();
    for passed in (0..=100).step_by(5) {
        control.settle_neighbours(now + Duration::from_secs(passed));
    }
    assert_eq!(control.resolver.known().count(), 0);
    assert_eq!(known(&control), Some(Neighbour::Resolved(MAC)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbour_that_nobody_hears_any_more_is_withdrawn() {
    let (memory, state) = (Memory::new("api"), tempfile::tempdir().unwrap());
    let mut control = idle(&memory, state.path()).await;
    let now = Instant::now();
    control.learn_neighbour(NEXT_HOP, MAC, UPLINK, now);
    let other = arp_table(Arc::new(memory.session("the other host")), ROUTER);
    eventually("it is known to others", || other.get(&NEIGHBOUR) == Some(MAC)).await;
    for passed in (0..=100).step_by(5) {
        control.settle_neighbours(now + Duration::from_secs(passed));
    }
    eventually("it is not", || other.get(&NEIGHBOUR).is_none()).await;
}
