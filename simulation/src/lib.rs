//! The virtual devices: packet in, verdict out.

#![forbid(unsafe_code)]

mod compose;
mod drop;
mod resolver;
mod simulator;
mod tag;
mod topology;
pub mod trace;
mod verdict;
mod walk;

pub use drop::DropReason;
pub use resolver::{NeighbourId, Resolver, ResolverEvent, ResolverFull};
pub use simulator::{MaskMode, Simulator};
pub use tag::Tag;
pub use topology::{
    Action, Bridge, BridgeConfig, Chain, Link, Neighbour, Origin, Port, PortKind, PortLocation, Router,
    RouterConfig, Topology, Update,
};
pub use verdict::{Caching, Effect, Ingress, Lifetime, Need, Outcome, Verdict, VirtualAction};
