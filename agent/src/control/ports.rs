//! The host's bound ports: puts their interfaces into the datapath, gives them tunnel keys, tells the other hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datapath::{Datapath, PortKind, PortSpec};
use model::{DeviceId, HostBinding, HostId, PortId};
use nsdb::tables::PortOwner;
use packet::DpPort;
use simulation::Update;
use tunnel::{PortKey, PortKeyAllocator};

use super::cabling::{self, Interfaces, Plugged};
use super::tables::{self, Tables};
use crate::snapshot::{LocalPort, PortClass};
use crate::state_dir::StateDir;

/// The ports of this host.
pub(crate) struct LocalPorts {
    host: HostId,
    datapath: Arc<dyn Datapath>,
    state_dir: Arc<StateDir>,
    keys: PortKeyAllocator,
    plugged: Vec<Plugged>,
    /// Entries of ours that the tables have been given.
    published: BTreeMap<PortId, (DeviceId, PortOwner)>,
    /// Interfaces that the datapath refused, each said once.
    refused: BTreeMap<String, String>,
}

impl LocalPorts {
    /// No port yet; ports that were there in a former life of the agent will get their old keys.
    pub(crate) fn new(host: HostId, datapath: Arc<dyn Datapath>, state_dir: Arc<StateDir>) -> Self {
        let former = state_dir.tunnel_keys();
        let highest = former.values().max().and_then(|key| PortKey::new(*key).ok());
        let mut keys = PortKeyAllocator::starting_at(highest.unwrap_or(PortKey::MAX).next());
        for (port, key) in former {
            if let Ok(key) = PortKey::new(key) {
                keys.adopt(port, key);
            }
        }
        Self {
            host,
            datapath,
            state_dir,
            keys,
            plugged: Vec::new(),
            published: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    /// Brings the datapath's ports in line with the bindings; `spared` are interfaces that are none of ours to remove.
    /// True if the set of plugged ports changed. Blocks for some netlink exchanges.
    pub(crate) fn reconcile(
        &mut self,
        bindings: &[HostBinding],
        interfaces: &Interfaces,
        spared: &BTreeSet<String>,
    ) -> datapath::Result<bool> {
        let mut vports = self.vports(spared)?;
        let plan = cabling::plan(bindings, interfaces, &vports);
        for dp_port in &plan.detach {
            if let Err(error) = self.datapath.remove_port(*dp_port) {
                tracing::debug!(dp_port = dp_port.0, %error, "port was gone already");
            }
        }
        vports.retain(|_, dp_port| !plan.detach.contains(dp_port));
        self.refused.retain(|interface, _| plan.attach.contains(interface));
        for interface in plan.attach {
            match self.datapath.add_port(&PortSpec::netdev(&interface)) {
                Ok(dp_port) => {
                    self.refused.remove(&interface);
                    vports.insert(interface, dp_port);
                }
                Err(error) => self.refuse(interface, error.to_string()),
            }
        }
        let plugged = cabling::plugged(bindings, interfaces, &vports);
        let changed = plugged != self.plugged;
        self.plugged = plugged;
        if changed {
            self.assign_keys(bindings);
        }
        Ok(changed)
    }

    /// The plugged ports, as the workers know them.
    pub(crate) fn local(&self) -> impl Iterator<Item = LocalPort> + '_ {
        self.plugged.iter().filter_map(|plugged| {
            let class = match plugged.device {
                DeviceId::Bridge(_) => PortClass::Guest,
                DeviceId::Router(_) => PortClass::Gateway,
            };
            let key = self.keys.key(plugged.port)?;
            Some(LocalPort { port: plugged.port, dp_port: plugged.dp_port, key, class })
        })
    }

    /// Brings the tables of active ports in line with what is plugged in, and returns what that teaches this host.
    /// Ports of devices whose tables are not open yet are published once they are; those that another host's entry hides
    /// are published again, since they are here.
    pub(crate) fn publish(&mut self, open: &Tables) -> Vec<Update> {
        let mut updates = Vec::new();
        let owned = self.owned();
        for (port, (device, owner)) in &self.published {
            if owned.get(port) == Some(&(*device, *owner)) {
                continue;
            }
            let Some(table) = open.active(*device) else { continue };
            if let Err(error) = table.remove(*port) {
                tracing::warn!(%port, %error, "port is not withdrawn");
            }
            // Another host may have it by now.
            if table.get(port).is_none_or(|owner| owner.host == self.host) {
                updates.push(Update::PortLost { port: *port });
            }
        }
        self.published.retain(|port, entry| owned.get(port) == Some(entry) && open.active(entry.0).is_some());
        for (port, (device, owner)) in owned {
            let Some(table) = open.active(device) else { continue };
            if self.published.contains_key(&port) && table.get(&port) == Some(owner) {
                continue;
            }
            match table.set(port, owner) {
                Ok(()) => {
                    self.published.insert(port, (device, owner));
                }
                Err(error) => tracing::warn!(%port, %error, "port is not published"),
            }
            updates.extend(tables::location(&owner).map(|location| Update::PortLocated { port, location }));
        }
        updates
    }

    /// Interfaces that the datapath refused, with the reason.
    pub(crate) fn refused(&self) -> &BTreeMap<String, String> {
        &self.refused
    }

    fn vports(&self, spared: &BTreeSet<String>) -> datapath::Result<BTreeMap<String, DpPort>> {
        let ports = self.datapath.ports()?.into_iter();
        let ours = ports.filter(|port| port.kind == PortKind::Netdev && !spared.contains(&port.name));
        Ok(ours.map(|port| (port.name, port.no)).collect())
    }

    fn refuse(&mut self, interface: String, reason: String) {
        if self.refused.get(&interface) != Some(&reason) {
            tracing::warn!(interface, reason, "interface cannot be attached to the datapath");
            self.refused.insert(interface, reason);
        }
    }

    /// Keys for plugged ports; those of ports no longer bound here are given back.
    fn assign_keys(&mut self, bindings: &[HostBinding]) {
        let bound: BTreeSet<_> = bindings.iter().map(|binding| binding.port).collect();
        let unbound: Vec<_> =
            self.keys.iter().map(|(port, _)| port).filter(|port| !bound.contains(port)).collect();
        for port in unbound {
            self.keys.release(port);
        }
        for plugged in &self.plugged {
            if let Err(error) = self.keys.allocate(plugged.port) {
                tracing::error!(port = %plugged.port, %error, "port stays inactive");
            }
        }
        let keys = self.keys.iter().map(|(port, key)| (port, key.number())).collect();
        if let Err(error) = self.state_dir.keep_tunnel_keys(&keys) {
            tracing::warn!(%error, "tunnel keys will change at the next restart");
        }
    }

    fn owned(&self) -> BTreeMap<PortId, (DeviceId, PortOwner)> {
        let owner = |plugged: &Plugged| {
            let tunnel_key = self.keys.key(plugged.port)?.number();
            Some((plugged.port, (plugged.device, PortOwner { host: self.host, tunnel_key })))
        };
        self.plugged.iter().filter_map(owner).collect()
    }
}
