//! Presence: which agents are alive, and what their hosts look like.
//!
//! A live agent holds `alive/<host>` (naming its process) and `state/<host>` (its interfaces), both ephemeral. That no two
//! agents run under one id is decided at the durable key `hosts/<host>/claim`; see [`Presence::claim`].

mod agent;
mod hosts;
mod instance;
mod register;
mod state;

pub use agent::{ClaimError, HostIdInUse, Presence, Standing};
pub use hosts::Hosts;
pub use instance::Instance;
pub use register::register_host;
pub use state::{Endpoint, HostState, Interface, InterfaceKind};
