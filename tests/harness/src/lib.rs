//! Test and benchmark support: reference forwarder, topology generators, clusters

pub mod zookeeper;
