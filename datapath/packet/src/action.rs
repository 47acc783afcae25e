//! What a datapath can do to a packet, in the terms of the kernel's action attributes (`enum ovs_action_attr`).

use crate::{MacAddr, TunnelKey};

/// Number of a port within one datapath (`OVS_VPORT_ATTR_PORT_NO`, below 65535).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DpPort(pub u32);

/// One datapath action. A list of them is executed in order; an empty list drops.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Send a copy out of a port.
    Output(DpPort),
    /// Hand the packet to the agent (`OVS_ACTION_ATTR_USERSPACE`, upcall command ACTION) with this cookie.
    Userspace {
        /// Returned as `OVS_PACKET_ATTR_USERDATA`.
        cookie: u64,
    },
    /// Overwrite the masked bits of header fields (`OVS_ACTION_ATTR_SET_MASKED`).
    Set(SetField),
    /// Tunnel header for the next output to a tunnel port (`SET(TUNNEL)`).
    SetTunnel(TunnelKey),
    /// Push a VLAN tag; `tci` carries [`crate::VLAN_PRESENT`].
    PushVlan {
        /// 0x8100 or 0x88a8.
        tpid: u16,
        /// PCP, present bit and VID.
        tci: u16,
    },
    /// Pop the outermost VLAN tag.
    PopVlan,
    /// Decrement TTL or hop limit; on ≤ 1 run the exception actions instead of what follows (kernel ≥ 5.11).
    DecTtl {
        /// Run when the TTL is exhausted.
        exception: Vec<Action>,
    },
    /// Drop, with a reason that dropwatch and tracing see (kernel ≥ 6.6).
    Drop {
        /// Agent-defined number, 0 for none.
        reason: u32,
    },
}

/// Header fields to overwrite: new bits and, where the ABI has one, a mask (set bits are overwritten).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SetField {
    /// Ethernet addresses, all-or-nothing each.
    Ethernet {
        /// New source, or leave it.
        src: Option<MacAddr>,
        /// New destination, or leave it.
        dst: Option<MacAddr>,
    },
    /// IPv4 header fields.
    Ipv4 {
        /// New source.
        src: Option<[u8; 4]>,
        /// New destination.
        dst: Option<[u8; 4]>,
        /// New TOS.
        tos: Option<u8>,
        /// New TTL.
        ttl: Option<u8>,
    },
    /// IPv6 header fields.
    Ipv6 {
        /// New source.
        src: Option<[u8; 16]>,
        /// New destination.
        dst: Option<[u8; 16]>,
        /// New traffic class.
        tclass: Option<u8>,
        /// New hop limit.
        hop_limit: Option<u8>,
    },
    /// TCP ports.
    Tcp {
        /// New source port.
        src: Option<u16>,
        /// New destination port.
        dst: Option<u16>,
    },
    /// UDP ports.
    Udp {
        /// New source port.
        src: Option<u16>,
        /// New destination port.
        dst: Option<u16>,
    },
}
