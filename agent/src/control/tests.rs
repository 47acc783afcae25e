//! The control plane on the memory drivers of NSDB and datapath: an API server changes the network, an agent follows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use datapath::MemoryDatapath;
use model::{
    Bridge, BridgeId, HostId, ObjectKey, Port, PortDevice, PortId, TunnelZone, TunnelZoneId, TunnelZoneType,
};
use nsdb::coordinator::Memory;
use nsdb::presence::{Hosts, Instance};
use nsdb::store::Store;
use nsdb::tables::{ActiveTable, MacTable, active_table, mac_table};
use packet::MacAddr;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::*;
use crate::forwarding::{Forwarding, ForwardingConfig};
use crate::run::empty;

const HOST: HostId = HostId(Uuid::from_u128(1));
const BRIDGE: BridgeId = BridgeId(Uuid::from_u128(2));
const PORT: PortId = PortId(Uuid::from_u128(3));
const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

/// An agent with the interface tap1, and an API server, over one store.
struct Lab {
    api: Arc<dyn Coordinator>,
    store: Store,
    active: ActiveTable,
    stations: MacTable,
    events: mpsc::Sender<Event>,
    _interfaces: watch::Sender<InterfaceMap>,
    _state: tempfile::TempDir,
}

impl Lab {
    /// Bridge and port are there, the port is bound to tap1 and active.
    async fn new() -> Self {
        let agent: Arc<Memory> = Arc::new(Memory::new("agent"));
        let api: Arc<dyn Coordinator> = Arc::new(agent.session("api"));
        let coordinator: Arc<dyn Coordinator> = agent;
        register_host(&coordinator, HOST, "hv1").await.unwrap();
        let store = Store::open(api.clone(), "api").await.unwrap();
        let (active, stations) =
            (active_table(api.clone(), DeviceId::Bridge(BRIDGE)), mac_table(api.clone(), BRIDGE));
        let state = tempfile::tempdir().unwrap();
        let (interfaces, seen) = watch::channel(Arc::new(BTreeMap::from([tap1()])));
        let (events, heard) = mpsc::channel(16);
        let inputs = Inputs { events: heard, interfaces: seen, vports: Arc::new(Notify::new()) };
        let parts = parts(coordinator, state.path(), events.clone()).await;
        tokio::spawn(Control::run(parts, inputs, CancellationToken::new()));
        let lab = Self { api, store, active, stations, events, _interfaces: interfaces, _state: state };
        lab.change(|tx| tx.create(zone())).await;
        lab.change(|tx| tx.create(bridge())).await;
        lab.change(|tx| tx.create(port())).await;
        lab.change(|tx| tx.bind(PORT, HOST, "tap1")).await;
        eventually("the port is active", || lab.active.get(&PORT).is_some()).await;
        lab
    }

    async fn change(
        &self,
        change: impl FnMut(&mut model::Transaction) -> Result<(), model::ModelError> + Send + 'static,
    ) {
        self.store.commit(change).await.unwrap();
    }

    /// Changes something that the agent needs to know, and waits until it has applied it.
    async fn change_applied(
        &self,
        change: impl FnMut(&mut model::Transaction) -> Result<(), model::ModelError> + Send + 'static,
    ) {
        let hosts = Hosts::open(Arc::clone(&self.api));
        let committed = self.store.commit_acknowledged(change).await.unwrap();
        let missing = self.store.unacknowledged(&committed, &hosts, Duration::from_secs(10)).await;
        assert!(hosts.is_alive(HOST), "so it was waited for");
        assert_eq!(missing, [].into());
    }

    /// The versions of a document that the agent acknowledges.
    async fn acknowledged(&self, document: &str) -> Vec<String> {
        let names = self.api.list(&format!("applied/{document}")).await.unwrap();
        names.iter().map(|name| name.rsplit(',').next().unwrap_or_default().to_owned()).collect()
    }
}

/// `events` hears the workers too.
async fn parts(
    coordinator: Arc<dyn Coordinator>,
    state: &std::path::Path,
    events: mpsc::Sender<Event>,
) -> Parts {
    let state_dir = Arc::new(StateDir::open(state).unwrap());
    let instance = Instance::holding(state_dir.lock(), "hv1").unwrap();
    let presence = Presence::claim(Arc::clone(&coordinator), HOST, instance).await.unwrap();
    let datapath: Arc<dyn Datapath> = Arc::new(MemoryDatapath::new("midspan", 1));
    let (forwarding, mut said) =
        Forwarding::start(&ForwardingConfig::default(), &datapath, empty(HOST)).unwrap();
    tokio::spawn(async move {
        while let Some(event) = said.recv().await {
            if events.send(event).await.is_err() {
                return;
            }
        }
    });
    Parts {
        name: "hv1".into(),
        coordinator,
        datapath,
        state_dir,
        presence,
        publisher: Publisher::new(Arc::new(forwarding)),
        in_sync: watch::Sender::new(false),
        status: watch::Sender::default(),
    }
}

fn tap1() -> (String, Interface) {
    let interface = Interface {
        name: "tap1".into(),
        ifindex: 7,
        mac: None,
        mtu: 1500,
        up: true,
        carrier: true,
        loopback: false,
        kind: Some("veth".into()),
        addresses: Vec::new(),
    };
    ("tap1".into(), interface)
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
        inbound_filter: None,
        outbound_filter: None,
    }
}

fn port() -> Port {
    Port {
        id: PORT,
        device: PortDevice::Bridge { bridge: BRIDGE, vlan: None },
        admin_state_up: true,
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
    let station = Station { bridge: BRIDGE, vlan: 0, mac: MAC };
    lab.events.send(Event::MacSeen { station, port: PORT }).await.unwrap();
    let key = MacKey { vlan: 0, mac: MAC };
    eventually("the station is known to others", || lab.stations.get(&key) == Some(PORT)).await;
    lab.change(|tx| tx.unbind(PORT)).await;
    eventually("the port is nowhere", || lab.active.get(&PORT).is_none()).await;
    eventually("the station is nowhere", || lab.stations.get(&key).is_none()).await;
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
    lab.change(|tx| tx.bind(PORT, HOST, "tap2")).await;
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

fn renamed(name: &str) -> Bridge {
    Bridge { name: Some(name.to_owned()), ..bridge() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_acknowledged_when_somebody_asks_and_else_not() {
    let lab = Lab::new().await;
    lab.change(|tx| tx.update(renamed("quietly"))).await;
    assert!(lab.api.list("applied").await.unwrap().is_empty());
    lab.change_applied(|tx| tx.update(renamed("red"))).await;
    let version = lab.store.version().to_string();
    assert_eq!(lab.acknowledged(&format!("bridge/{BRIDGE}")).await, [version.as_str()]);
    lab.change(|tx| tx.update(renamed("quietly again"))).await;
    lab.change_applied(|tx| tx.unbind(PORT)).await;
    assert_eq!(lab.acknowledged(&format!("bridge/{BRIDGE}")).await, [version], "it is out of reach");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_comes_to_need_a_device_acknowledges_it_with_the_binding() {
    let lab = Lab::new().await;
    lab.change_applied(|tx| tx.unbind(PORT)).await;
    assert!(lab.acknowledged(&format!("bridge/{BRIDGE}")).await.is_empty());
    lab.change_applied(|tx| tx.bind(PORT, HOST, "tap1")).await;
    let version = lab.store.version().to_string();
    assert_eq!(lab.acknowledged(&format!("bridge/{BRIDGE}")).await, [version.as_str()]);
    eventually("the port is active", || lab.active.get(&PORT).is_some()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_device_is_acknowledged_by_the_host_that_needed_it() {
    let lab = Lab::new().await;
    lab.change_applied(|tx| tx.delete(BRIDGE)).await;
    let version = lab.store.version().to_string();
    assert_eq!(lab.acknowledged(&format!("host/{HOST}")).await, [version]);
}
