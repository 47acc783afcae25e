//! The hypervisor agent: where the pure cores meet I/O.
//!
//! The data path (plain threads) forwards by what the control plane (tokio) publishes to it as
//! [`Snapshot`]s; [`messages`] is all that they say to each other.

#![forbid(unsafe_code)]

pub mod admission;
pub mod counters;
pub mod messages;
mod snapshot;

pub use snapshot::{LocalPort, PortClass, PortMap, Snapshot, TunnelPort, TunnelPorts};
