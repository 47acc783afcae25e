//! The flow key: every header field that a flow may match on, in one flat value.
//!
//! A field that a packet does not have is zero. The same struct serves as the mask ([`crate::FlowMask`]): a set bit
//! there means that the bit of the key was consulted. Multi-byte numbers are in host order; addresses are bytes in
//! transmission order, IPv4 addresses in the last four of sixteen bytes (as in `::a.b.c.d`), the rest zero.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::MacAddr;

/// EtherType values (IEEE 802 numbers).
pub mod ethertype {
    /// IPv4, RFC 894.
    pub const IPV4: u16 = 0x0800;
    /// ARP, RFC 826.
    pub const ARP: u16 = 0x0806;
    /// Reverse ARP, RFC 903; keyed like ARP.
    pub const RARP: u16 = 0x8035;
    /// 802.1Q customer tag.
    pub const VLAN: u16 = 0x8100;
    /// 802.1ad service tag.
    pub const QINQ: u16 = 0x88a8;
    /// IPv6, RFC 2464.
    pub const IPV6: u16 = 0x86dd;
    /// What the kernel datapath reports for 802.3 frames without a SNAP type (`ETH_P_802_2`).
    pub const LLC: u16 = 0x0004;
}

/// IP protocol numbers (IANA).
pub mod ip_proto {
    /// ICMP, RFC 792.
    pub const ICMP: u8 = 1;
    /// TCP, RFC 9293.
    pub const TCP: u8 = 6;
    /// UDP, RFC 768.
    pub const UDP: u8 = 17;
    /// ICMPv6, RFC 4443.
    pub const ICMPV6: u8 = 58;
    /// SCTP, RFC 9260.
    pub const SCTP: u8 = 132;
}

/// [`FlowKey::ip_frag`] values (`enum ovs_frag_type`).
pub mod frag {
    /// Not a fragment.
    pub const NONE: u8 = 0;
    /// The first fragment: it carries the L4 header.
    pub const FIRST: u8 = 1;
    /// A later fragment: no L4 header.
    pub const LATER: u8 = 2;
}

/// [`FlowKey::vlan_tci`] bit that says "there is a tag" (the CFI position, as in the kernel ABI, `VLAN_CFI_MASK`).
pub const VLAN_PRESENT: u16 = 0x1000;

/// The tunnel header that a packet arrived with, or will leave with (`OVS_TUNNEL_KEY_ATTR_*`).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct TunnelKey {
    /// Tunnel key (VXLAN VNI, GRE key), host order.
    pub id: u64,
    /// Outer source address.
    pub src: [u8; 16],
    /// Outer destination address.
    pub dst: [u8; 16],
    /// Bits of [`tunnel_flags`].
    pub flags: u16,
    /// Outer UDP source port, 0 if chosen by the kernel.
    pub tp_src: u16,
    /// Outer UDP destination port, 0 for the device's own.
    pub tp_dst: u16,
    /// Outer TOS / traffic class.
    pub tos: u8,
    /// Outer TTL / hop limit.
    pub ttl: u8,
}

/// Bits of [`TunnelKey::flags`].
pub mod tunnel_flags {
    /// The outer addresses are IPv6.
    pub const IPV6: u16 = 1;
    /// Don't fragment.
    pub const DF: u16 = 2;
    /// Outer checksum present.
    pub const CSUM: u16 = 4;
    /// A key is present (always, for packets of ours).
    pub const KEY: u16 = 8;
}

/// Every header field that a flow may match on. See the module for representation.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Debug, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct FlowKey {
    /// Tunnel the packet came in by; all zero if none.
    pub tunnel: TunnelKey,
    /// Datapath port number of ingress (`OVS_KEY_ATTR_IN_PORT`).
    pub in_port: u32,
    /// Recirculation id, 0 for a packet fresh from its port (`OVS_KEY_ATTR_RECIRC_ID`).
    pub recirc_id: u32,
    /// IPv6 flow label, 20 bits.
    pub ipv6_label: u32,
    /// Source address of IPv4 or IPv6, or the sender protocol address of ARP.
    pub ip_src: [u8; 16],
    /// Destination address of IPv4 or IPv6, or the target protocol address of ARP.
    pub ip_dst: [u8; 16],
    /// Target address of a neighbour solicitation or advertisement, RFC 4861.
    pub nd_target: [u8; 16],
    /// Ethernet source.
    pub eth_src: MacAddr,
    /// Ethernet destination.
    pub eth_dst: MacAddr,
    /// ARP sender hardware address, or ND source link-layer option.
    pub arp_sha: MacAddr,
    /// ARP target hardware address, or ND target link-layer option.
    pub arp_tha: MacAddr,
    /// EtherType behind any VLAN tag; [`ethertype::LLC`] for 802.3 frames.
    pub eth_type: u16,
    /// TPID of the outermost VLAN tag, 0 if untagged.
    pub vlan_tpid: u16,
    /// PCP, VID and [`VLAN_PRESENT`] of the outermost tag; 0 if untagged.
    pub vlan_tci: u16,
    /// TPID of the second tag, 0 if there is none.
    pub inner_vlan_tpid: u16,
    /// PCP, VID and [`VLAN_PRESENT`] of the second tag.
    pub inner_vlan_tci: u16,
    /// TCP/UDP/SCTP source port, or ICMP type.
    pub tp_src: u16,
    /// TCP/UDP/SCTP destination port, or ICMP code.
    pub tp_dst: u16,
    /// TCP flags, 12 bits.
    pub tcp_flags: u16,
    /// IP protocol; for ARP the low byte of the operation, as the kernel keys it.
    pub ip_proto: u8,
    /// TOS / traffic class.
    pub ip_tos: u8,
    /// TTL / hop limit.
    pub ip_ttl: u8,
    /// One of [`frag`].
    pub ip_frag: u8,
}

/// Widens an address to the sixteen bytes that a [`FlowKey`] keeps.
pub fn ip_bytes(addr: IpAddr) -> [u8; 16] {
    match addr {
        IpAddr::V4(v4) => v4_bytes(v4),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// Widens an IPv4 address: the last four of sixteen bytes.
pub fn v4_bytes(addr: Ipv4Addr) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&addr.octets());
    bytes
}

/// The IPv4 address in the last four of sixteen bytes.
pub fn v4_addr(bytes: &[u8; 16]) -> Ipv4Addr {
    Ipv4Addr::new(bytes[12], bytes[13], bytes[14], bytes[15])
}

impl FlowKey {
    /// True for IPv4 packets.
    pub fn is_ipv4(&self) -> bool {
        self.eth_type == ethertype::IPV4
    }

    /// True for IPv6 packets.
    pub fn is_ipv6(&self) -> bool {
        self.eth_type == ethertype::IPV6
    }

    /// True for ARP packets.
    pub fn is_arp(&self) -> bool {
        self.eth_type == ethertype::ARP
    }

    /// VID of the outermost tag, if tagged.
    pub fn vlan_id(&self) -> Option<u16> {
        (self.vlan_tci & VLAN_PRESENT != 0).then_some(self.vlan_tci & 0x0fff)
    }

    /// IP (or ARP protocol) source address; `None` for other packets.
    pub fn src_ip(&self) -> Option<IpAddr> {
        self.address(&self.ip_src)
    }

    /// IP (or ARP protocol) destination address; `None` for other packets.
    pub fn dst_ip(&self) -> Option<IpAddr> {
        self.address(&self.ip_dst)
    }

    fn address(&self, bytes: &[u8; 16]) -> Option<IpAddr> {
        match self.eth_type {
            ethertype::IPV4 | ethertype::ARP => Some(IpAddr::V4(v4_addr(bytes))),
            ethertype::IPV6 => Some(IpAddr::V6(Ipv6Addr::from(*bytes))),
            _ => None,
        }
    }
}
