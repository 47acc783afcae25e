//! The state tables of the devices in reach: opened with the device, closed with it, their changes in one queue.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{BridgeId, DeviceId, PortId, RouterId};
use nsdb::coordinator::{Coordinator, Status};
use nsdb::tables::{ActiveTable, ArpTable, Field, Key, MacKey, MacTable, PortOwner, StateTable};
use nsdb::tables::{active_table, arp_table, mac_table};
use packet::MacAddr;
use simulation::{PortLocation, Update};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tunnel::PortKey;

use super::removals::Removals;

/// Batches of changes that may wait; a table whose queue is full waits too, and then tells only what is current.
const QUEUED_CHANGES: usize = 256;
/// Removals are believed this late: longer than an owner takes to replace its entry, or to be told to end and be started
/// again, as in an upgrade. Its datapath forwards meanwhile.
const REPLACEMENT: Duration = Duration::from_secs(5);
/// For this long after a return of the session, removals are believed this late: longer than other hosts take to return.
const RETURN: Duration = Duration::from_secs(10);

/// What a table says.
pub(crate) struct News {
    table: TableNumber,
    /// What has changed.
    pub updates: Vec<Update>,
    /// What of it this host itself had told in a former life, when the table is first read.
    pub inherited: Vec<Update>,
}

/// Numbers tables in the order of opening: a table opened again is another one.
type TableNumber = u64;

/// The open tables of all devices in reach.
pub(crate) struct Tables {
    coordinator: Arc<dyn Coordinator>,
    news: mpsc::Sender<News>,
    open: BTreeMap<DeviceId, DeviceTables>,
    /// Open tables by number; whether anything of them has come yet.
    heard: BTreeMap<TableNumber, bool>,
    opened: TableNumber,
}

/// The tables of one device.
struct DeviceTables {
    active: ActiveTable,
    learned: Learned,
    followers: Vec<(TableNumber, AbortHandle)>,
}

/// What a kind of device learns.
enum Learned {
    Bridge(MacTable),
    Router(ArpTable),
}

impl Tables {
    /// No table open. What tables say comes out of the receiver, to be [taken](Self::take).
    pub(crate) fn new(coordinator: Arc<dyn Coordinator>) -> (Self, mpsc::Receiver<News>) {
        let (news, receiver) = mpsc::channel(QUEUED_CHANGES);
        (Self { coordinator, news, open: BTreeMap::new(), heard: BTreeMap::new(), opened: 0 }, receiver)
    }

    /// Opens and closes tables so that those of `devices` are open. This host's entries in those that close are withdrawn.
    pub(crate) fn follow(&mut self, devices: &BTreeSet<DeviceId>) {
        for device in devices {
            if !self.open.contains_key(device) {
                let tables = self.open(*device);
                self.open.insert(*device, tables);
            }
        }
        for (_, closed) in self.open.extract_if(.., |device, _| !devices.contains(device)) {
            for (table, follower) in &closed.followers {
                follower.abort();
                self.heard.remove(table);
            }
            closed.withdraw();
        }
    }

    /// What a table says, as updates of the topology; `None` if it has been closed since.
    pub(crate) fn take(&mut self, news: News) -> Option<News> {
        *self.heard.get_mut(&news.table)? = true;
        Some(news)
    }

    /// What every open table held when it was first read has been taken.
    pub(crate) fn are_loaded(&self) -> bool {
        self.heard.values().all(|heard| *heard)
    }

    /// The table of a device's active ports, if the device is in reach.
    pub(crate) fn active(&self, device: DeviceId) -> Option<&ActiveTable> {
        self.open.get(&device).map(|tables| &tables.active)
    }

    /// The table of a bridge's stations, if the bridge is in reach.
    pub(crate) fn stations(&self, bridge: BridgeId) -> Option<&MacTable> {
        match &self.open.get(&DeviceId::Bridge(bridge))?.learned {
            Learned::Bridge(table) => Some(table),
            Learned::Router(..) => None,
        }
    }

    /// The table of a router's neighbours, if the router is in reach.
    pub(crate) fn neighbours(&self, router: RouterId) -> Option<&ArpTable> {
        match &self.open.get(&DeviceId::Router(router))?.learned {
            Learned::Router(table) => Some(table),
            Learned::Bridge(..) => None,
        }
    }

    fn open(&mut self, device: DeviceId) -> DeviceTables {
        let coordinator = Arc::clone(&self.coordinator);
        let coordinator = || Arc::clone(&coordinator);
        let active = active_table(coordinator(), device);
        let mut followers = vec![self.spawn(&active, |port, owner| located(*port, owner.as_ref()))];
        let learned = match device {
            DeviceId::Bridge(bridge) => {
                let table = mac_table(coordinator(), bridge);
                followers.push(self.spawn(&table, move |key, port| station(bridge, *key, *port)));
                Learned::Bridge(table)
            }
            DeviceId::Router(router) => {
                let table = arp_table(coordinator(), router);
                followers.push(self.spawn(&table, move |ip, mac| neighbour(router, *ip, *mac)));
                Learned::Router(table)
            }
        };
        DeviceTables { active, learned, followers }
    }

    fn spawn<K: Key, V: Field>(
        &mut self,
        table: &StateTable<K, V>,
        update: impl Fn(&K, &Option<V>) -> Update + Send + 'static,
    ) -> (TableNumber, AbortHandle) {
        self.opened += 1;
        let number = self.opened;
        self.heard.insert(number, false);
        let (mut changes, sender) = (table.changes(), self.news.clone());
        let status = self.coordinator.status();
        let follow = async move {
            let Some(first) = changes.loaded().await else { return };
            let mut updates: Vec<Update> = first.iter().map(|(key, value)| update(key, value)).collect();
            let own = changes.inherited().into_iter();
            let mut inherited: Vec<Update> = own.map(|(key, value)| update(&key, &Some(value))).collect();
            let mut removals = Removals::new();
            while sender.send(News { table: number, updates, inherited }).await.is_ok() {
                inherited = Vec::new();
                updates = tokio::select! {
                    batch = changes.next() => {
                        let Some(batch) = batch else { return };
                        let now = Instant::now();
                        let hold = hold(&status.borrow(), now);
                        let (set, removed): (Vec<_>, Vec<_>) = batch.into_iter().partition(|(_, value)| value.is_some());
                        set.iter().for_each(|(key, _)| removals.cancel(key));
                        removed.into_iter().for_each(|(key, _)| removals.hold(key, now + hold));
                        set.iter().map(|(key, value)| update(key, value)).collect()
                    }
                    () = removals.due() => {
                        removals.take(Instant::now()).iter().map(|key| update(key, &None)).collect()
                    }
                };
            }
        };
        (number, tokio::spawn(follow).abort_handle())
    }
}

/// How long an entry that has gone is still believed. After the session has come back, owners need time to write their
/// entries again, and replacing one is a deletion and a creation: neither may disturb traffic.
fn hold(status: &Status, now: Instant) -> Duration {
    if now.saturating_duration_since(status.since) < RETURN { RETURN } else { REPLACEMENT }
}

impl DeviceTables {
    fn withdraw(self) {
        self.active.withdraw();
        match self.learned {
            Learned::Bridge(table) => table.withdraw(),
            Learned::Router(table) => table.withdraw(),
        }
    }
}

/// Where a port is, as packets for it are addressed. `None` if the owner gives no key that can be.
pub(crate) fn location(owner: &PortOwner) -> Option<PortLocation> {
    let key = PortKey::new(owner.tunnel_key).ok()?;
    Some(PortLocation { host: owner.host, tunnel_key: key.wire().encode() })
}

fn located(port: PortId, owner: Option<&PortOwner>) -> Update {
    match owner.and_then(location) {
        Some(location) => Update::PortLocated { port, location },
        None => Update::PortLost { port },
    }
}

fn station(bridge: BridgeId, key: MacKey, port: Option<PortId>) -> Update {
    let MacKey { vlan, mac } = key;
    match port {
        Some(port) => Update::MacLearned { bridge, vlan, mac, port },
        None => Update::MacForgotten { bridge, vlan, mac },
    }
}

fn neighbour(router: RouterId, ip: IpAddr, mac: Option<MacAddr>) -> Update {
    match mac {
        Some(mac) => Update::ArpLearned { router, ip, mac },
        None => Update::ArpForgotten { router, ip },
    }
}

#[cfg(test)]
mod tests {
    use model::HostId;
    use uuid::Uuid;

    use super::*;

    const PORT: PortId = PortId(Uuid::from_u128(7));
    const HOST: HostId = HostId(Uuid::from_u128(1));

    #[test]
    fn a_port_is_located_under_its_key_on_the_wire() {
        let owner = PortOwner { host: HOST, tunnel_key: 5 };
        let location = PortLocation { host: HOST, tunnel_key: 0x10_0005 };
        assert_eq!(located(PORT, Some(&owner)), Update::PortLocated { port: PORT, location });
    }

    #[test]
    fn a_port_without_a_usable_key_is_nowhere() {
        let owner = PortOwner { host: HOST, tunnel_key: 0 };
        assert_eq!(located(PORT, Some(&owner)), Update::PortLost { port: PORT });
        assert_eq!(located(PORT, None), Update::PortLost { port: PORT });
    }
}
