//! What transactions do and refuse, one behaviour at a time.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod actions;
mod attached;
mod balancing;
mod deletion;
mod dhcp;
mod emptied;
mod fixture;
mod links;
mod ports;
mod routes;
mod rules;
mod services;
mod stations;
mod tenants;
mod validation;
mod vteps;
mod zones;
