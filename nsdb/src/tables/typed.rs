//! The tables that the network is made of, with their names, keys and values.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use imbl::OrdMap;
use model::{BridgeId, DeviceId, HostId, PortId, RouterId};
use packet::MacAddr;
use parking_lot::Mutex;
use tokio::time::timeout;

use super::{Field, Key, StateTable};
use crate::coordinator::Coordinator;

/// How long to wait for a table's first read: longer only while the coordinator is out of reach.
const FIRST_READ: Duration = Duration::from_secs(1);

/// Where a bridge has learned stations: MAC address per VLAN → port.
pub type MacTable = StateTable<MacKey, PortId>;

/// Which Ethernet address answers for an IP address on a router's networks.
pub type ArpTable = StateTable<IpAddr, MacAddr>;

/// Which host has a device's port plugged in, and under which tunnel key.
pub type ActiveTable = StateTable<PortId, PortOwner>;

/// A station on a bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacKey {
    /// VLAN of a VLAN-aware bridge, 0 for untagged.
    pub vlan: u16,
    /// The station.
    pub mac: MacAddr,
}

impl Field for MacKey {
    fn to_text(&self) -> String {
        format!("{}_{}", self.vlan, self.mac)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (vlan, mac) = text.split_once('_')?;
        Some(Self { vlan: vlan.parse().ok()?, mac: mac.parse().ok()? })
    }
}

/// The owner of an active port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortOwner {
    /// Host that has the port plugged in.
    pub host: HostId,
    /// Key of tunnel packets for the port, 20 bits, unique on that host.
    pub tunnel_key: u32,
}

impl Field for PortOwner {
    fn to_text(&self) -> String {
        format!("{}_{}", self.host, self.tunnel_key)
    }

    fn from_text(text: &str) -> Option<Self> {
        let (host, tunnel_key) = text.split_once('_')?;
        let tunnel_key = tunnel_key.parse().ok().filter(|key| *key < 1 << 20)?;
        Some(Self { host: host.parse().ok()?, tunnel_key })
    }
}

/// Opens a bridge's MAC table.
pub fn mac_table(coordinator: Arc<dyn Coordinator>, bridge: BridgeId) -> MacTable {
    StateTable::open(coordinator, &format!("mac/{bridge}"))
}

/// Opens a router's ARP (and neighbour) table.
pub fn arp_table(coordinator: Arc<dyn Coordinator>, router: RouterId) -> ArpTable {
    StateTable::open(coordinator, &format!("arp/{router}"))
}

/// Opens the table of a device's active ports.
pub fn active_table(coordinator: Arc<dyn Coordinator>, device: DeviceId) -> ActiveTable {
    let id = match device {
        DeviceId::Bridge(bridge) => bridge.0,
        DeviceId::Router(router) => router.0,
    };
    StateTable::open(coordinator, &format!("active/{id}"))
}

/// The tables of one sort of any device, for a process that is asked about all of them: a table is opened when first
/// asked for and then follows its changes in memory.
pub struct Tables<D, K: Key, V: Field> {
    coordinator: Arc<dyn Coordinator>,
    open: fn(Arc<dyn Coordinator>, D) -> StateTable<K, V>,
    tables: Mutex<HashMap<D, StateTable<K, V>>>,
}

/// The active ports of any device.
pub type ActivePorts = Tables<DeviceId, PortId, PortOwner>;

/// The stations that any bridge has learned.
pub type MacTables = Tables<BridgeId, MacKey, PortId>;

impl ActivePorts {
    /// Nothing opened yet.
    pub fn new(coordinator: Arc<dyn Coordinator>) -> Self {
        Self { coordinator, open: active_table, tables: Mutex::default() }
    }
}

impl MacTables {
    /// Nothing opened yet.
    pub fn new(coordinator: Arc<dyn Coordinator>) -> Self {
        Self { coordinator, open: mac_table, tables: Mutex::default() }
    }
}

impl<D: Copy + Eq + Hash, K: Key, V: Field> Tables<D, K, V> {
    /// The entries of a device's table, as far as known. When the table was never read, waits a little for that.
    pub async fn of(&self, device: D) -> OrdMap<K, V> {
        let table = self.table(device);
        timeout(FIRST_READ, table.loaded()).await.ok();
        table.snapshot()
    }

    /// Forgets devices that are no more.
    pub fn retain(&self, exists: impl Fn(D) -> bool) {
        self.tables.lock().retain(|device, _| exists(*device));
    }

    fn table(&self, device: D) -> StateTable<K, V> {
        let open = || (self.open)(Arc::clone(&self.coordinator), device);
        self.tables.lock().entry(device).or_insert_with(open).clone()
    }
}
