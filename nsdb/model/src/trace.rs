//! Trace requests (MidoNet `TraceRequest`; midonet.md §2.13). No effect in the datapath yet.

use crate::{BridgeId, Condition, PortId, RouterId, TraceRequestId};

/// Where packets are to be traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TraceDevice {
    /// Entering a bridge.
    Bridge(BridgeId),
    /// Entering a router.
    Router(RouterId),
    /// Entering by a port.
    Port(PortId),
}

/// Asks for the way of packets that meet a condition to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRequest {
    /// Identity.
    pub id: TraceRequestId,
    /// Name, at most 255 characters.
    pub name: String,
    /// Where. The request goes with the device.
    pub device: TraceDevice,
    /// Which packets.
    pub condition: Box<Condition>,
    /// When it was made by the clock of whoever made it: milliseconds since 1970-01-01 UTC.
    pub created_at_ms: u64,
    /// Packets to trace at most.
    pub limit: u64,
    /// Whether it is active.
    pub enabled: bool,
}
