//! Test and benchmark support: reference forwarder, topology generators, clusters

pub mod networks;
pub mod random;
pub mod reference;
#[cfg(feature = "rest")]
pub mod rest;
pub mod topology;
#[cfg(feature = "zookeeper")]
pub mod zookeeper;
