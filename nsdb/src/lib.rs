//! The network state database: coordinator drivers, commit log, documents, state tables

pub mod coordinator;
