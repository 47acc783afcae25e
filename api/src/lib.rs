//! The REST API of the virtual topology (midonet.md §3), on tokio.
//!
//! | module | what |
//! |---|---|
//! | `server` | the layers around every request, start and end |
//! | `listen` | sockets, plain and by TLS |
//! | [`auth`] | who may use the API, and for what |
//! | `endpoint` | what all resources do with HTTP: negotiation, bodies, statuses |
//! | `events` | the stream of what changes |
//! | `openapi` | the description of all that is served |
//! | `resources` | one file per resource: its form on the wire, its place, its changes |
//! | `media`, `fields`, `links`, `kinds`, `failure` | media types, reading of bodies, addresses, names of kinds, errors |
//! | `live` | the network in memory |
//! | `agent_settings` | what agents can be set to |

#![forbid(unsafe_code)]

mod agent_settings;
pub mod auth;
mod endpoint;
mod events;
mod failure;
mod fields;
mod kinds;
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

pub use agent_settings::{AGENT_SETTINGS, AgentSetting, SettingKind};
pub use listen::{Socket, Tls, TlsError};
pub use server::{Error, Serving, serve};
pub use watched::Reload;
