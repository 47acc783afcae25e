//! The store and all that stands on the coordinator beside it, on every driver.

mod commits;
mod documents;
mod faults;
mod history;
mod interest;
mod presence;
mod support;
mod tables;
mod zookeeper;
