//! The hypervisor agent: where the pure cores meet I/O.
//!
//! The data path (plain threads, [`Forwarding`]) forwards by what the control plane (tokio) publishes to it as
//! [`Snapshot`]s; [`messages`] is all that they say to each other.

#![forbid(unsafe_code)]

pub mod admission;
pub mod counters;
mod expiry;
mod flow_table;
mod forwarding;
pub mod messages;
mod snapshot;
mod translate;
mod waiting;
mod worker;
mod writer;

pub use forwarding::{Forwarding, ForwardingConfig, StartError};
pub use snapshot::{LocalPort, PortClass, PortMap, Snapshot, TunnelPort, TunnelPorts};
