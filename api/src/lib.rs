//! The REST API of the virtual topology (midonet.md §3), on tokio.
//!
//! | module | what |
//! |---|---|
//! | `server` | the layers around every request, start and end |
//! | `listen` | sockets, plain and by TLS |
//! | [`auth`] | who may use the API, and for what |
//! | `endpoint` | what all resources do with HTTP: negotiation, bodies, statuses |
//! | `openapi` | the description of all that is served |
//! | `resources` | one file per resource: its form on the wire, its place, its changes |
//! | `media`, `fields`, `links`, `failure` | media types, reading of bodies, addresses, errors |
//! | `live` | the network in memory |

#![forbid(unsafe_code)]

pub mod auth;
mod endpoint;
mod failure;
mod fields;
mod links;
mod listen;
mod live;
mod media;
mod openapi;
mod resources;
mod server;
#[cfg(test)]
mod tests;
mod watched;

pub use listen::{Socket, Tls, TlsError};
pub use server::{Error, Serving, serve};
pub use watched::Reload;
