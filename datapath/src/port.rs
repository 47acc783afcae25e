//! Ports of a datapath (the kernel's vports) and their comings and goings.

use std::time::Duration;

use packet::DpPort;

use crate::Result;

/// What stands behind a port (`enum ovs_vport_type`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PortKind {
    /// An existing network interface, tunnel devices (LWT) among them.
    Netdev,
    /// An interface that the datapath itself makes, with the port's name.
    Internal,
    /// A kind that this crate does not create (the kernel's own `OVS_VPORT_TYPE_*` number).
    Other(u32),
}

/// A port to add.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortSpec {
    /// Interface name, at most 15 bytes.
    pub name: String,
    /// What stands behind it.
    pub kind: PortKind,
    /// A number to ask for; else the datapath picks the lowest free one.
    pub desired_no: Option<DpPort>,
}

impl PortSpec {
    /// A port for an existing interface, with any number.
    pub fn netdev(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: PortKind::Netdev, desired_no: None }
    }

    /// A port with an interface made for it, with any number.
    pub fn internal(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: PortKind::Internal, desired_no: None }
    }
}

/// Packet and byte counters of a port, as the datapath sees them (`struct ovs_vport_stats`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PortStats {
    /// Packets received from the interface.
    pub rx_packets: u64,
    /// Packets sent to it.
    pub tx_packets: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Bad packets received.
    pub rx_errors: u64,
    /// Packets that could not be sent.
    pub tx_errors: u64,
    /// Received and dropped for lack of room.
    pub rx_dropped: u64,
    /// Dropped on the way out.
    pub tx_dropped: u64,
}

/// One port as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortInfo {
    /// Its number.
    pub no: DpPort,
    /// Its interface's name.
    pub name: String,
    /// What stands behind it.
    pub kind: PortKind,
    /// Counters.
    pub stats: PortStats,
    /// Index of the interface in its network namespace, 0 if unknown.
    pub ifindex: u32,
}

/// A change in the set of ports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PortEvent {
    /// A port was added or changed.
    Added(PortInfo),
    /// A port is gone: removed, or its interface was deleted.
    Removed {
        /// The number it had.
        no: DpPort,
        /// The interface's name.
        name: String,
    },
    /// Events were lost: read [`crate::Datapath::ports`] again.
    Resync,
}

/// A subscription to port changes.
pub trait PortEvents: Send {
    /// Waits up to `timeout`, hands over the events there are, and returns how many.
    fn recv(&mut self, timeout: Duration, each: &mut dyn FnMut(PortEvent)) -> Result<usize>;
}

/// Lookup counters of a datapath (`struct ovs_dp_stats`, `struct ovs_dp_megaflow_stats`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DatapathStats {
    /// Packets that matched a flow.
    pub hit: u64,
    /// Packets that matched none.
    pub missed: u64,
    /// Upcalls that found no room in their queue.
    pub lost: u64,
    /// Flows in the table.
    pub flows: u64,
    /// Masks in use.
    pub masks: u32,
    /// Masks tried, over all lookups.
    pub mask_hit: u64,
    /// Lookups that the mask cache answered.
    pub cache_hit: u64,
}
