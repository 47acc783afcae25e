//! The REST API of the virtual topology (midonet.md §3), on tokio.
//!
//! | module | what |
//! |---|---|
//! | `server` | listening, the layers around every request, start and end |
//! | `endpoint` | what all resources do with HTTP: negotiation, bodies, statuses |
//! | `applied` | writes that wait until agents have applied them |
//! | `resources` | one file per resource: its form on the wire, its place, its changes |
//! | `media`, `fields`, `links`, `failure` | media types, reading of bodies, addresses, errors |
//! | `live` | the network in memory |

#![forbid(unsafe_code)]

mod applied;
mod endpoint;
mod failure;
mod fields;
mod links;
mod live;
mod media;
mod resources;
mod server;
#[cfg(test)]
mod tests;

pub use server::{Error, serve};
