//! The fields of a [`FlowKey`] by name, for marking them in a [`crate::FlowMask`].

use std::mem::offset_of;
use std::ops::Range;

use crate::{FlowKey, TunnelKey};

/// One field that a flow may match on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Field {
    /// [`TunnelKey::id`].
    TunnelId,
    /// [`TunnelKey::src`].
    TunnelSrc,
    /// [`TunnelKey::dst`].
    TunnelDst,
    /// [`FlowKey::in_port`].
    InPort,
    /// [`FlowKey::recirc_id`].
    RecircId,
    /// [`FlowKey::ipv6_label`].
    Ipv6Label,
    /// [`FlowKey::ip_src`].
    IpSrc,
    /// [`FlowKey::ip_dst`].
    IpDst,
    /// [`FlowKey::nd_target`].
    NdTarget,
    /// [`FlowKey::eth_src`].
    EthSrc,
    /// [`FlowKey::eth_dst`].
    EthDst,
    /// [`FlowKey::arp_sha`].
    ArpSha,
    /// [`FlowKey::arp_tha`].
    ArpTha,
    /// [`FlowKey::eth_type`].
    EthType,
    /// [`FlowKey::vlan_tpid`].
    VlanTpid,
    /// [`FlowKey::vlan_tci`].
    VlanTci,
    /// [`FlowKey::inner_vlan_tpid`].
    InnerVlanTpid,
    /// [`FlowKey::inner_vlan_tci`].
    InnerVlanTci,
    /// [`FlowKey::tp_src`].
    TpSrc,
    /// [`FlowKey::tp_dst`].
    TpDst,
    /// [`FlowKey::tcp_flags`].
    TcpFlags,
    /// [`FlowKey::ip_proto`].
    IpProto,
    /// [`FlowKey::ip_tos`].
    IpTos,
    /// [`FlowKey::ip_ttl`].
    IpTtl,
    /// [`FlowKey::ip_frag`].
    IpFrag,
}

impl Field {
    /// Bytes of the field within a [`FlowKey`].
    #[inline]
    pub const fn range(self) -> Range<usize> {
        let (start, len) = match self {
            Self::TunnelId => (offset_of!(FlowKey, tunnel) + offset_of!(TunnelKey, id), 8),
            Self::TunnelSrc => (offset_of!(FlowKey, tunnel) + offset_of!(TunnelKey, src), 16),
            Self::TunnelDst => (offset_of!(FlowKey, tunnel) + offset_of!(TunnelKey, dst), 16),
            Self::InPort => (offset_of!(FlowKey, in_port), 4),
            Self::RecircId => (offset_of!(FlowKey, recirc_id), 4),
            Self::Ipv6Label => (offset_of!(FlowKey, ipv6_label), 4),
            Self::IpSrc => (offset_of!(FlowKey, ip_src), 16),
            Self::IpDst => (offset_of!(FlowKey, ip_dst), 16),
            Self::NdTarget => (offset_of!(FlowKey, nd_target), 16),
            Self::EthSrc => (offset_of!(FlowKey, eth_src), 6),
            Self::EthDst => (offset_of!(FlowKey, eth_dst), 6),
            Self::ArpSha => (offset_of!(FlowKey, arp_sha), 6),
            Self::ArpTha => (offset_of!(FlowKey, arp_tha), 6),
            Self::EthType => (offset_of!(FlowKey, eth_type), 2),
            Self::VlanTpid => (offset_of!(FlowKey, vlan_tpid), 2),
            Self::VlanTci => (offset_of!(FlowKey, vlan_tci), 2),
            Self::InnerVlanTpid => (offset_of!(FlowKey, inner_vlan_tpid), 2),
            Self::InnerVlanTci => (offset_of!(FlowKey, inner_vlan_tci), 2),
            Self::TpSrc => (offset_of!(FlowKey, tp_src), 2),
            Self::TpDst => (offset_of!(FlowKey, tp_dst), 2),
            Self::TcpFlags => (offset_of!(FlowKey, tcp_flags), 2),
            Self::IpProto => (offset_of!(FlowKey, ip_proto), 1),
            Self::IpTos => (offset_of!(FlowKey, ip_tos), 1),
            Self::IpTtl => (offset_of!(FlowKey, ip_ttl), 1),
            Self::IpFrag => (offset_of!(FlowKey, ip_frag), 1),
        };
        start..start + len
    }
}
