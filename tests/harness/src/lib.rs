//! Test and benchmark support: reference forwarder, topology generators, clusters

pub mod networks;
pub mod random;
pub mod reference;
pub mod rest;
pub mod topology;
pub mod zookeeper;
