//! The REST API of the virtual topology (midonet.md §3), on tokio.
//!
//! | module | what |
//! |---|---|
//! | `server` | listening, the layers around every request, start and end |
//! | `endpoint` | what all resources do with HTTP: negotiation, bodies, statuses |
//! | `openapi` | the description of all that is served |
//! | `resources` | one file per resource: its form on the wire, its place, its changes |
//! | `media`, `fields`, `links`, `failure` | media types, reading of bodies, addresses, errors |
//! | `live` | the network in memory |
//! | `agent_settings` | what agents can be set to |

#![forbid(unsafe_code)]

mod agent_settings;
mod endpoint;
mod failure;
mod fields;
mod links;
mod live;
mod media;
mod openapi;
mod resources;
mod server;
#[cfg(test)]
mod tests;

pub use agent_settings::{AGENT_SETTINGS, AgentSetting, SettingKind};
pub use server::{Error, serve};
