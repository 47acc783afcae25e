//! The topology as the control plane builds it, and its way to the workers.
//!
//! Changes gather here and go out together: one snapshot, then the tags of what changed to every worker.

use std::sync::Arc;

use model::{HostId, PortId, Version};
use simulation::{Ingress, Tag, Topology, Update};
use tunnel::Peers;

use crate::forwarding::Forwarding;
use crate::messages::Injection;
use crate::snapshot::{LocalPort, PortMap, Snapshot, TunnelPorts};
use crate::writer::Writes;

/// The next snapshot, and whom to tell.
pub(crate) struct Publisher {
    next: Snapshot,
    topology: Topology,
    tags: Vec<Tag>,
    changed: bool,
    forwarding: Arc<Forwarding>,
}

impl Publisher {
    /// Starts from what the workers have now.
    pub(crate) fn new(forwarding: Arc<Forwarding>) -> Self {
        let next = Snapshot::clone(&forwarding.snapshot());
        let topology = Topology::clone(&next.topology);
        Self { next, topology, tags: Vec::new(), changed: false, forwarding }
    }

    /// This host.
    pub(crate) fn host(&self) -> HostId {
        self.next.host
    }

    /// The topology with everything that has been reported so far.
    pub(crate) fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The local ports as they will be published.
    pub(crate) fn ports(&self) -> &PortMap {
        &self.next.ports
    }

    /// The ways to the other hosts as they will be published.
    pub(crate) fn peers(&self) -> &Peers {
        &self.next.peers
    }

    /// States that documents have been read at this version of the topology, at least.
    pub(crate) fn reached(&mut self, version: Version) {
        if version > self.topology.version() {
            self.topology.set_version(version);
            self.changed = true;
        }
    }

    /// Reports a change of what is known.
    pub(crate) fn update(&mut self, update: Update) {
        self.tags.extend(self.topology.update(update));
        self.changed = true;
    }

    /// Replaces the local ports.
    pub(crate) fn set_ports(&mut self, ports: impl IntoIterator<Item = LocalPort>) {
        let ports = PortMap::of(ports);
        if ports != *self.next.ports {
            self.next.ports = Arc::new(ports);
            self.changed = true;
        }
    }

    /// Replaces the ways to the other hosts.
    pub(crate) fn set_underlay(&mut self, peers: Peers, tunnels: TunnelPorts) {
        if tunnels != *self.next.tunnels {
            self.next.tunnels = Arc::new(tunnels);
            self.changed = true;
        }
        if peers != *self.next.peers {
            self.next.peers = Arc::new(peers);
            self.changed = true;
        }
    }

    /// Publishes what has changed since the last time, and has the flows that it touches corrected.
    pub(crate) fn publish(&mut self) {
        if !std::mem::take(&mut self.changed) {
            return;
        }
        self.next.topology = Arc::new(self.topology.clone());
        self.forwarding.publish(self.next.clone(), &self.tags);
        self.tags.clear();
    }

    /// Asks the workers to confirm, as this round, that their flows are true to what is published.
    pub(crate) fn confirm(&self, round: u64) {
        self.forwarding.confirm(round);
    }

    /// Returns once the flows of workers that have confirmed are in the datapath, or refused. Blocks for some netlink
    /// exchanges.
    pub(crate) fn catch_up(&self) -> Writes {
        self.forwarding.catch_up()
    }

    /// How many workers confirm.
    pub(crate) fn workers(&self) -> usize {
        self.forwarding.worker_count()
    }

    /// Has the flows that a former life of the agent left taken over, against what is published.
    pub(crate) fn adopt_flows(&self) {
        self.forwarding.adopt_flows();
    }

    /// Sends a frame out of a device's port. False if too many wait.
    pub(crate) fn emit(&self, port: PortId, frame: Vec<u8>) -> bool {
        self.forwarding.inject(Injection { ingress: Ingress::Emit(port), frame }).is_ok()
    }
}
