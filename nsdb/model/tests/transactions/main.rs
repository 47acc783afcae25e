//! What transactions do and refuse, one behaviour at a time.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

mod actions;
mod deletion;
mod emptied;
mod fixture;
mod links;
mod ports;
mod routes;
mod rules;
mod services;
mod tenants;
mod validation;
mod zones;
