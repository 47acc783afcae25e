//! The coordinator drivers: the conformance suite on all of them, and what each promises alone.

mod conformance;
mod local;
mod zookeeper;
