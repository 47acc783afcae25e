//! Tunnels between hosts: wire keys, routes to peers, and what encapsulation costs.
//!
//! Pure: zones and ids in, routes and numbers out. No sockets, no clock.

#![forbid(unsafe_code)]

mod allocator;
mod encapsulation;
mod peers;
mod wire_key;

pub use allocator::{KeysExhausted, PortKeyAllocator};
pub use encapsulation::{Encapsulation, Family, UnderlayTooSmall, guest_mtu};
pub use peers::{Peers, Route};
pub use wire_key::{InvalidKey, PortKey, WireKey};
