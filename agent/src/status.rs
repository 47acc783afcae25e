//! The agent's state at one moment, for `midspan agent status`.

use std::collections::BTreeMap;
use std::fmt;

use model::HostId;
use serde::Serialize;

use crate::control::{ControlStatus, PortStatus};
use crate::counters::{Count, WorkerCounters};
use crate::http::View;

/// Culprits shown, the most frequent first.
const CULPRITS_SHOWN: usize = 20;

/// The state of an agent.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// This host's id.
    pub host: HostId,
    /// Its name.
    pub name: String,
    /// Seconds since the agent started.
    pub uptime_s: u64,
    /// The datapath.
    pub datapath: DatapathStatus,
    /// NSDB, ports, peers.
    #[serde(flatten)]
    pub control: ControlStatus,
    /// Flows and upcalls.
    pub forwarding: ForwardingStatus,
    /// Dropped packets by reason.
    pub drops: BTreeMap<&'static str, u64>,
    /// Dropped packets by reason and object at fault, the most frequent first.
    pub culprits: Vec<Culprit>,
}

/// The kernel datapath.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DatapathStatus {
    /// Its name.
    pub name: String,
    /// What it can do.
    pub features: String,
    /// Packets that matched a flow.
    pub hit: u64,
    /// Packets that did not.
    pub missed: u64,
    /// Upcalls lost.
    pub lost: u64,
    /// Flows in the kernel.
    pub flows: u64,
    /// Masks in use.
    pub masks: u32,
}

/// The workers taken together.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ForwardingStatus {
    /// Threads.
    pub workers: usize,
    /// Flows now.
    pub flows: u64,
    /// Flows installed since the start.
    pub installed: u64,
    /// Flows adopted from a former life of the agent.
    pub adopted: u64,
    /// Flows simulated again because of a change.
    pub corrected: u64,
    /// Of those, flows whose actions changed.
    pub modified: u64,
    /// Flows removed.
    pub removed: u64,
    /// Upcalls received.
    pub upcalls: u64,
    /// Upcalls lost because the socket's buffer was full.
    pub overruns: u64,
    /// Packets waiting for something to be known.
    pub waiting: u64,
}

/// A reason for drops with the object at fault.
#[derive(Clone, Debug, Serialize)]
pub struct Culprit {
    /// Reason with id.
    pub reason: String,
    /// Dropped packets.
    pub packets: u64,
}

impl Status {
    /// The state now.
    pub(crate) fn of(view: &View) -> Self {
        let workers = view.forwarding.worker_counters();
        let sum = |count: fn(&WorkerCounters) -> &Count| workers.iter().map(|w| count(w).get()).sum::<u64>();
        let mut drops = BTreeMap::new();
        let mut culprits: BTreeMap<String, u64> = BTreeMap::new();
        for worker in workers {
            worker.drops().into_iter().for_each(|(label, n)| *drops.entry(label).or_default() += n);
            let (by_culprit, _) = worker.culprits();
            by_culprit.into_iter().for_each(|(drop, n)| *culprits.entry(drop.to_string()).or_default() += n);
        }
        let mut culprits: Vec<_> =
            culprits.into_iter().map(|(reason, packets)| Culprit { reason, packets }).collect();
        culprits.sort_by_key(|culprit| std::cmp::Reverse(culprit.packets));
        culprits.truncate(CULPRITS_SHOWN);
        Self {
            host: view.identity.host,
            name: view.identity.name.clone(),
            uptime_s: view.started.elapsed().as_secs(),
            datapath: DatapathStatus::of(view),
            control: view.control.borrow().clone(),
            forwarding: ForwardingStatus {
                workers: workers.len(),
                flows: sum(|w| &w.flows),
                installed: sum(|w| &w.flows_installed),
                adopted: sum(|w| &w.flows_adopted),
                corrected: sum(|w| &w.flows_corrected),
                modified: sum(|w| &w.flows_modified),
                removed: sum(|w| &w.flows_removed),
                upcalls: sum(|w| &w.upcalls),
                overruns: sum(|w| &w.upcall_overruns),
                waiting: sum(|w| &w.waiting),
            },
            drops,
            culprits,
        }
    }
}

impl DatapathStatus {
    fn of(view: &View) -> Self {
        let stats = view.datapath.stats().unwrap_or_default();
        Self {
            name: view.datapath.name().to_owned(),
            features: view.datapath.features().to_string(),
            hit: stats.hit,
            missed: stats.missed,
            lost: stats.lost,
            flows: stats.flows,
            masks: stats.masks,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "host {} ({}), up {} s", self.name, self.host, self.uptime_s)?;
        let nsdb = &self.control.nsdb;
        let health = match (nsdb.connected, nsdb.in_sync) {
            (true, true) => "connected, in sync".to_owned(),
            (true, false) => "connected, still reading".to_owned(),
            (false, _) => format!("not connected: {}", nsdb.reason),
        };
        writeln!(f, "nsdb {}: {health} (for {} s), presence {}", nsdb.endpoint, nsdb.since_s, nsdb.standing)?;
        writeln!(f, "     topology version {}, {} documents", nsdb.version, nsdb.documents)?;
        let dp = &self.datapath;
        writeln!(f, "datapath {}: {} hit, {} missed, {} lost", dp.name, dp.hit, dp.missed, dp.lost)?;
        writeln!(f, "     {} flows, {} masks; {}", dp.flows, dp.masks, dp.features)?;
        let fw = &self.forwarding;
        writeln!(
            f,
            "forwarding: {} workers, {} flows, {} packets waiting",
            fw.workers, fw.flows, fw.waiting
        )?;
        writeln!(f, "     upcalls {} (overruns {})", fw.upcalls, fw.overruns)?;
        let (installed, adopted, removed) = (fw.installed, fw.adopted, fw.removed);
        writeln!(f, "     flows installed {installed}, adopted {adopted}, removed {removed}")?;
        writeln!(f, "     flows corrected {}, of which modified {}", fw.corrected, fw.modified)?;
        writeln!(f, "ports ({}), stations learned here {}", self.control.ports.len(), self.control.stations)?;
        self.control.ports.iter().try_for_each(|port| write_port(f, port))?;
        writeln!(f, "peers ({})", self.control.peers.len())?;
        for peer in &self.control.peers {
            writeln!(f, "     {} {} {} -> {}", peer.host, peer.encapsulation, peer.local, peer.remote)?;
        }
        writeln!(f, "drops ({})", self.drops.values().sum::<u64>())?;
        for (label, packets) in &self.drops {
            writeln!(f, "     {packets:>8} {label}")?;
        }
        for Culprit { reason, packets } in &self.culprits {
            writeln!(f, "     {packets:>8} at {reason}")?;
        }
        Ok(())
    }
}

fn write_port(f: &mut fmt::Formatter<'_>, port: &PortStatus) -> fmt::Result {
    match (port.dp_port, port.tunnel_key, &port.problem) {
        (Some(dp_port), Some(key), _) => {
            writeln!(
                f,
                "     {} {}: active, datapath port {dp_port}, key {key:#x}",
                port.port, port.interface
            )
        }
        (_, _, problem) => {
            let problem = problem.as_deref().unwrap_or("not plugged in");
            writeln!(f, "     {} {}: inactive, {problem}", port.port, port.interface)
        }
    }
}
