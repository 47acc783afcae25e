//! Header codecs, one file a protocol.
//!
//! Each header is a plain `#[repr(C)]` struct in transmission order, read in place from a packet (`parse`) and written
//! by its bytes (`zerocopy::IntoBytes::as_bytes`). Parsing checks lengths only, and exactly as the kernel's
//! `net/openvswitch/flow.c` does, so that our flow keys agree with the kernel's on every packet; versions, checksums
//! and semantics are for whoever acts on the packet.

mod arp;
mod ethernet;
mod icmp;
mod icmpv6;
mod ipv4;
mod ipv6;
mod llc;
mod sctp;
mod tcp;
mod udp;

pub use arp::{ArpPacket, op as arp_op};
pub use ethernet::{EthernetHeader, Link, VlanTag};
pub use icmp::{IcmpHeader, code as icmp_code, kind as icmp_type};
pub use icmpv6::{Icmpv6Header, NeighbourMessage, kind as icmpv6_type, option as nd_option};
pub use ipv4::Ipv4Header;
pub use ipv6::{Extensions, Ipv6Fragment, Ipv6Header, next_header};
pub use llc::SnapHeader;
pub use sctp::SctpHeader;
pub use tcp::{TcpHeader, flag as tcp_flag};
pub use udp::UdpHeader;
