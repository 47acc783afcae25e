//! The kernel Open vSwitch datapath and its memory twin.
//!
//! [`Datapath`] is what the rest of the system sees: ports, upcalls, flows, packet execution, statistics. Every method
//! blocks and is meant for plain threads; nothing here knows tokio. Two drivers stand behind it, held to one
//! conformance suite:
//!
//! * [`KernelDatapath`]: the `openvswitch` kernel module over generic netlink;
//! * [`MemoryDatapath`]: the same semantics in this process, for tests and simulations.
//!
//! Per worker thread, a datapath hands out three objects that own their buffers and allocate nothing in steady state:
//! an [`UpcallSource`], an [`Executor`] and (usually once per process) a [`FlowWriter`].

mod codec;
mod datapath;
pub mod dpctl;
mod error;
mod features;
mod flow;
mod kernel;
pub mod links;
mod mask;
mod memory;
mod netlink;
mod port;
mod upcall;
pub mod wire;

pub use self::datapath::{Datapath, Executed, Executor, FlowWriter};
pub use self::error::{Error, OpError, Result};
pub use self::features::{Dispatch, Features};
pub use self::flow::{DumpDetail, FlowDump, FlowOp, FlowOutcome, FlowStats, ParseUfidError, Ufid, WantStats};
pub use self::kernel::KernelDatapath;
pub use self::mask::effective_mask;
pub use self::memory::{MemoryDatapath, Output};
pub use self::port::{DatapathStats, PortEvent, PortEvents, PortInfo, PortKind, PortSpec, PortStats};
pub use self::upcall::{PacketContext, Upcall, UpcallKind, UpcallSource, UpcallStats, Waker};
pub use packet::DpPort;
