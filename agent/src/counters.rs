//! Counters of the data path: plain atomics that workers add to and the control plane reads.
//!
//! One [`WorkerCounters`] per worker, written by that worker only; drops behind a lock that is taken for dropped upcalls,
//! and for drop flows that a dump finds to have been busy.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use model::{HostId, PortId};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use simulation::DropReason;
use uuid::Uuid;

use crate::snapshot::PortClass;

/// Culprits remembered per worker.
const MAX_CULPRITS: usize = 512;
/// Bounds of the latency histogram, in microseconds.
pub const LATENCY_BOUNDS_US: [u64; 12] =
    [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 250_000];

/// Why the shell, rather than the virtual network, dropped a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShellDrop {
    /// The upcall budget of the host, class or port was spent.
    Admission(PortClass),
    /// The frame could not be read.
    Malformed,
    /// It came in by a datapath port that is bound to no virtual port.
    UnboundPort(u32),
    /// It came by a tunnel under a key that no local port has.
    UnknownTunnelKey,
    /// It came by a tunnel with a key that is not a port's.
    NotAPortKey,
    /// The port is on no host.
    PortNowhere(PortId),
    /// The port is said to be on this host, and has no interface here.
    PortUnplugged(PortId),
    /// No tunnel zone leads to the host.
    NoTunnelRoute(HostId),
    /// The zone to the host has no tunnel device yet.
    NoTunnelDevice(HostId),
    /// The waiting room was full.
    WaitingRoomFull,
    /// What the packet waited for did not come in time.
    WaitedTooLong,
    /// Devices answered each other more often than allowed.
    TooManyGenerated,
    /// The datapath refused to execute it.
    ExecuteFailed,
}

impl ShellDrop {
    /// Name of the reason for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Admission(PortClass::Tunnel) => "admission_tunnel",
            Self::Admission(PortClass::Guest) => "admission_guest",
            Self::Admission(PortClass::Gateway) => "admission_gateway",
            Self::Malformed => "malformed",
            Self::UnboundPort(_) => "unbound_port",
            Self::UnknownTunnelKey => "unknown_tunnel_key",
            Self::NotAPortKey => "not_a_port_key",
            Self::PortNowhere(_) => "port_nowhere",
            Self::PortUnplugged(_) => "port_unplugged",
            Self::NoTunnelRoute(_) => "no_tunnel_route",
            Self::NoTunnelDevice(_) => "no_tunnel_device",
            Self::WaitingRoomFull => "waiting_room_full",
            Self::WaitedTooLong => "waited_too_long",
            Self::TooManyGenerated => "too_many_generated",
            Self::ExecuteFailed => "execute_failed",
        }
    }

    /// Id of the port or host at fault, if one is.
    pub fn culprit(&self) -> Option<Uuid> {
        match *self {
            Self::PortNowhere(port) | Self::PortUnplugged(port) => Some(port.0),
            Self::NoTunnelRoute(host) | Self::NoTunnelDevice(host) => Some(host.0),
            _ => None,
        }
    }
}

/// Why a packet was dropped, by the virtual network or by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Drop {
    /// The virtual network did.
    Virtual(DropReason),
    /// The shell did.
    Shell(ShellDrop),
}

impl Drop {
    /// Name of the reason for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Virtual(reason) => reason.label(),
            Self::Shell(reason) => reason.label(),
        }
    }

    /// Id of the object at fault, if one is.
    pub fn culprit(&self) -> Option<Uuid> {
        match self {
            Self::Virtual(reason) => reason.culprit(),
            Self::Shell(reason) => reason.culprit(),
        }
    }
}

impl From<DropReason> for Drop {
    fn from(reason: DropReason) -> Self {
        Self::Virtual(reason)
    }
}

impl From<ShellDrop> for Drop {
    fn from(reason: ShellDrop) -> Self {
        Self::Shell(reason)
    }
}

impl fmt::Display for Drop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.culprit() {
            Some(id) => write!(f, "{} ({id})", self.label()),
            None => f.write_str(self.label()),
        }
    }
}

/// A count that one thread writes and any reads.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// The count.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn one_more(&self) {
        self.add(1);
    }

    pub(crate) fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }
}

/// Counters of one worker.
#[derive(Debug, Default)]
pub struct WorkerCounters {
    /// Upcalls received.
    pub upcalls: Count,
    /// Upcalls that the kernel had no room for.
    pub upcall_overruns: Count,
    /// Messages on the upcall socket that could not be read.
    pub upcalls_malformed: Count,
    /// Packets simulated: upcalls, packets made by devices, repeated attempts.
    pub simulated: Count,
    /// Packets that the datapath executed for us.
    pub executed: Count,
    /// Packets that devices made.
    pub generated: Count,
    /// Flows in the table now.
    pub flows: Count,
    /// Flows asked to be installed.
    pub flows_installed: Count,
    /// Flows that were not installed because the table was full.
    pub flows_over_limit: Count,
    /// Flows that were not installed because the writer did not keep up.
    pub flows_not_queued: Count,
    /// Flows simulated again because of a change.
    pub flows_corrected: Count,
    /// Of those, flows whose actions changed.
    pub flows_modified: Count,
    /// Flows removed, for whatever reason.
    pub flows_removed: Count,
    /// Flows removed to make room.
    pub flows_evicted: Count,
    /// Flows adopted from a former life of the agent.
    pub flows_adopted: Count,
    /// Flow writes that the datapath refused because another flow has the same match.
    pub writes_existing: Count,
    /// Flow writes whose flow the datapath did not have.
    pub writes_missing: Count,
    /// Flow writes refused for any other reason.
    pub writes_failed: Count,
    /// Packets parked now.
    pub waiting: Count,
    /// Packets that were parked.
    pub parked: Count,
    /// Events to the control plane that found no room.
    pub events_lost: Count,
    /// Time from receiving an upcall batch to its packets being on their way.
    pub latency: Latency,
    drops: Mutex<Drops>,
}

#[derive(Debug, Default)]
struct Drops {
    by_label: FxHashMap<&'static str, u64>,
    by_culprit: FxHashMap<Drop, u64>,
    without_record: u64,
}

impl WorkerCounters {
    /// Counts a packet that the worker dropped.
    pub(crate) fn dropped(&self, reason: impl Into<Drop>) {
        self.dropped_many(reason.into(), 1);
    }

    /// Counts packets that the worker, or a flow of its in the datapath, dropped.
    pub(crate) fn dropped_many(&self, reason: Drop, packets: u64) {
        if packets == 0 {
            return;
        }
        let mut drops = self.drops.lock();
        *drops.by_label.entry(reason.label()).or_default() += packets;
        if reason.culprit().is_none() {
            return;
        }
        if drops.by_culprit.len() < MAX_CULPRITS || drops.by_culprit.contains_key(&reason) {
            *drops.by_culprit.entry(reason).or_default() += packets;
        } else {
            drops.without_record += packets;
        }
    }

    /// Dropped packets by name of the reason, in no order: those that came up, and those that drop flows had matched at
    /// the last dump or when they changed.
    pub fn drops(&self) -> Vec<(&'static str, u64)> {
        self.drops.lock().by_label.iter().map(|(label, count)| (*label, *count)).collect()
    }

    /// Dropped packets by reason with the object at fault, in no order, and the number of those whose culprit was
    /// not recorded for want of room.
    pub fn culprits(&self) -> (Vec<(Drop, u64)>, u64) {
        let drops = self.drops.lock();
        (drops.by_culprit.iter().map(|(drop, count)| (*drop, *count)).collect(), drops.without_record)
    }
}

/// A latency histogram with the bounds [`LATENCY_BOUNDS_US`].
#[derive(Debug, Default)]
pub struct Latency {
    buckets: [Count; LATENCY_BOUNDS_US.len() + 1],
    sum_us: Count,
}

impl Latency {
    pub(crate) fn record(&self, latency: Duration, times: u64) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let bucket = LATENCY_BOUNDS_US.partition_point(|bound| *bound < us);
        self.buckets[bucket].add(times);
        self.sum_us.add(us.saturating_mul(times));
    }

    /// Packets per bucket, not cumulated; the last bucket has no bound.
    pub fn buckets(&self) -> [u64; LATENCY_BOUNDS_US.len() + 1] {
        std::array::from_fn(|i| self.buckets[i].get())
    }

    /// Sum of all latencies, in microseconds.
    pub fn sum_us(&self) -> u64 {
        self.sum_us.get()
    }
}

/// Counters of the writer and of the sweeper.
#[derive(Debug, Default)]
pub struct SharedCounters {
    /// Flow writes sent.
    pub writes: Count,
    /// Flow writes not yet sent.
    pub writes_queued: Count,
    /// Flow dumps finished.
    pub dumps: Count,
    /// Flow dumps that failed.
    pub dump_errors: Count,
    /// Microseconds that the last dump took.
    pub dump_us: Count,
    /// Flows in the datapath at the last dump, by whomever.
    pub datapath_flows: Count,
    /// Of those, flows that are not of this agent.
    pub foreign_flows: Count,
}
