//! Packet headers, flow keys, masks and datapath actions.
//!
//! Pure: bytes and values in, values out. No I/O, no clock, no allocation in parsing.

#![forbid(unsafe_code)]

mod action;
pub mod apply;
pub mod build;
pub mod checksum;
mod clip;
mod field;
pub mod header;
mod key;
mod mac;
mod mask;
mod parse;
mod quoted;
pub mod text;
mod view;

pub use action::{Action, DpPort, SetField};
pub use field::Field;
pub use key::{
    FlowKey, TunnelKey, VLAN_PRESENT, ethertype, frag, ip_bytes, ip_proto, tunnel_flags, v4_addr, v4_bytes,
};
pub use mac::{MacAddr, ParseMacError};
pub use mask::FlowMask;
pub use quoted::Quoted;
pub use view::{PacketView, ParseError};
