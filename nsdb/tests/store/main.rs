//! The store and all that stands on the coordinator beside it, on every driver.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod acknowledgements;
mod commits;
mod documents;
mod faults;
mod follow;
mod history;
mod interest;
mod presence;
mod support;
mod tables;
mod zookeeper;
