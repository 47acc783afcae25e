//! The virtual devices: packet in, verdict out.

#![forbid(unsafe_code)]

mod drop;
mod tag;
mod verdict;

pub use drop::DropReason;
pub use tag::Tag;
pub use verdict::{Effect, Ingress, Lifetime, Need, Outcome, Verdict, VirtualAction};
