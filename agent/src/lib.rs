//! The hypervisor agent: where the pure cores meet I/O.
//!
//! The data path (plain threads, [`Forwarding`]) forwards by what the control plane (tokio) publishes to it as
//! [`Snapshot`]s; [`messages`] is all that they say to each other.

#![forbid(unsafe_code)]

pub mod admission;
mod control;
pub mod counters;
mod expiry;
mod flow_table;
mod forwarding;
mod host_state;
mod http;
pub mod messages;
mod metrics;
mod run;
mod snapshot;
mod state_dir;
mod status;
mod trace;
mod translate;
mod waiting;
mod watchers;
mod worker;
mod writer;

pub use control::{ControlStatus, NsdbStatus, PeerStatus, PortStatus};
pub use forwarding::{Forwarding, ForwardingConfig, StartError};
pub use run::{Config, Error, Identity, run};
pub use snapshot::{LocalPort, PortClass, PortMap, Snapshot, TunnelPort, TunnelPorts};
pub use state_dir::{StateDir, StateDirError};
pub use status::Status;
pub use trace::{TraceError, TraceReport, TraceRequest};
