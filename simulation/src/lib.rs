//! The virtual devices: packet in, verdict out.

#![forbid(unsafe_code)]

mod drop;
mod tag;
mod topology;
mod verdict;

pub use drop::DropReason;
pub use tag::Tag;
pub use topology::{
    Bridge, BridgeConfig, Chain, Link, Neighbour, Origin, Port, PortKind, PortLocation, Router, RouterConfig,
    Topology, Update,
};
pub use verdict::{Caching, Effect, Ingress, Lifetime, Need, Outcome, Verdict, VirtualAction};
