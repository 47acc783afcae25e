//! The coordinator drivers: the conformance suite on all of them, and what each promises alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod conformance;
mod local;
mod zookeeper;
