//! The packet's fields behind a record of which were read: wildcarding by observation.
//!
//! Every read goes through [`Observed`], which marks the bits in the mask. A field that a device has overwritten is a
//! constant, so reading it marks nothing. EtherType and the fragment kind are matched by every flow (the kernel wants
//! them to make sense of the rest), so reading them needs no mark.

use std::net::IpAddr;

use packet::{Field, FlowKey, FlowMask, MacAddr, VLAN_PRESENT, frag};

use super::headers::Headers;

/// The flow key of the packet as it came, and the bits of it that were read.
pub(crate) struct Observed<'a> {
    pub(crate) key: &'a FlowKey,
    pub(crate) mask: FlowMask,
    /// The TTL was found to suffice, without a mark.
    ttl_sufficed: bool,
}

const VID: u16 = 0x0fff;

impl<'a> Observed<'a> {
    pub(crate) fn new(key: &'a FlowKey) -> Self {
        let mut mask = FlowMask::any();
        mask.add_all(&[Field::InPort, Field::RecircId, Field::EthType]);
        if is_ip(key) {
            mask.add(Field::IpFrag);
        }
        Self { key, mask, ttl_sufficed: false }
    }

    #[inline]
    pub(crate) fn eth_src(&mut self, headers: &Headers) -> MacAddr {
        match headers.ethernet {
            Some(ethernet) => ethernet.src,
            None => {
                self.mask.add(Field::EthSrc);
                self.key.eth_src
            }
        }
    }

    #[inline]
    pub(crate) fn eth_dst(&mut self, headers: &Headers) -> MacAddr {
        match headers.ethernet {
            Some(ethernet) => ethernet.dst,
            None => {
                self.mask.add(Field::EthDst);
                self.key.eth_dst
            }
        }
    }

    /// VID of the outermost tag, if there is one.
    #[inline]
    pub(crate) fn vid(&mut self, headers: &Headers) -> Option<u16> {
        if let Some(vid) = headers.vlan.pushed().last() {
            return Some(*vid);
        }
        let (tci, mask, field) = match headers.vlan.popped {
            0 => (self.key.vlan_tci, &mut self.mask.0.vlan_tci, Field::VlanTpid),
            1 => (self.key.inner_vlan_tci, &mut self.mask.0.inner_vlan_tci, Field::InnerVlanTpid),
            _ => return None,
        };
        *mask |= VLAN_PRESENT;
        if tci & VLAN_PRESENT == 0 {
            return None;
        }
        *mask |= VID;
        self.mask.add(field);
        Some(tci & VID)
    }

    /// How many tags the packet has now.
    pub(crate) fn tags(&mut self, headers: &Headers) -> usize {
        self.mask.0.vlan_tci |= VLAN_PRESENT;
        self.mask.0.inner_vlan_tci |= VLAN_PRESENT;
        let own =
            [self.key.vlan_tci, self.key.inner_vlan_tci].iter().filter(|t| **t & VLAN_PRESENT != 0).count();
        own.saturating_sub(usize::from(headers.vlan.popped)) + headers.vlan.pushed().len()
    }

    #[inline]
    pub(crate) fn eth_type(&self) -> u16 {
        self.key.eth_type
    }

    #[inline]
    pub(crate) fn is_ip(&self) -> bool {
        is_ip(self.key)
    }

    /// One of [`frag`]; packets that are not IP count as whole.
    #[inline]
    pub(crate) fn fragment(&self) -> u8 {
        if self.is_ip() { self.key.ip_frag } else { frag::NONE }
    }

    /// IP protocol, or the operation of ARP.
    #[inline]
    pub(crate) fn proto(&mut self) -> u8 {
        self.mask.add(Field::IpProto);
        self.key.ip_proto
    }

    #[inline]
    pub(crate) fn tos(&mut self) -> u8 {
        self.mask.add(Field::IpTos);
        self.key.ip_tos
    }

    /// TTL after the decrements so far. Marked only if it has run out: else a decrement in the datapath notices.
    #[inline]
    pub(crate) fn ttl_is_spent(&mut self, headers: &Headers) -> bool {
        let spent = self.key.ip_ttl.saturating_sub(headers.ttl_decrements) <= 1;
        if spent {
            self.mask.add(Field::IpTtl);
        } else {
            self.ttl_sufficed = true;
        }
        spent
    }

    /// Marks the TTL if it was found to suffice: for a verdict without the decrement that would notice otherwise.
    pub(crate) fn settle_ttl(&mut self) {
        if self.ttl_sufficed {
            self.mask.add(Field::IpTtl);
        }
    }

    /// Source port or ICMP type; `None` if the packet carries no transport header.
    #[inline]
    pub(crate) fn tp_src(&mut self) -> Option<u16> {
        self.transport(Field::TpSrc, self.key.tp_src)
    }

    /// Destination port or ICMP code; `None` if the packet carries no transport header.
    #[inline]
    pub(crate) fn tp_dst(&mut self) -> Option<u16> {
        self.transport(Field::TpDst, self.key.tp_dst)
    }

    #[inline]
    fn transport(&mut self, field: Field, value: u16) -> Option<u16> {
        use packet::ip_proto::{ICMP, ICMPV6, SCTP, TCP, UDP};
        if !self.is_ip() || self.key.ip_frag == frag::LATER {
            return None;
        }
        self.mask.add(Field::IpProto);
        if !matches!(self.key.ip_proto, TCP | UDP | SCTP | ICMP | ICMPV6) {
            return None;
        }
        self.mask.add(field);
        Some(value)
    }

    /// Source address (of ARP: the sender's), unmarked: mark with [`Self::ip_src_prefix`] what was read.
    #[inline]
    pub(crate) fn ip_src(&self) -> Option<IpAddr> {
        self.key.src_ip()
    }

    /// Destination address (of ARP: the target's), unmarked: mark with [`Self::ip_dst_prefix`] what was read.
    #[inline]
    pub(crate) fn ip_dst(&self) -> Option<IpAddr> {
        self.key.dst_ip()
    }

    /// Marks leading bits of the source address.
    #[inline]
    pub(crate) fn ip_src_prefix(&mut self, len: u8) {
        self.mask.add_prefix(Field::IpSrc, quantize(len, self.key), self.key);
    }

    /// Marks leading bits of the destination address.
    #[inline]
    pub(crate) fn ip_dst_prefix(&mut self, len: u8) {
        self.mask.add_prefix(Field::IpDst, quantize(len, self.key), self.key);
    }

    /// Marks what tells one connection from another.
    pub(crate) fn connection(&mut self) {
        self.mask.add_all(&[Field::IpSrc, Field::IpDst, Field::IpProto, Field::TpSrc, Field::TpDst]);
    }
}

fn is_ip(key: &FlowKey) -> bool {
    key.is_ipv4() || key.is_ipv6()
}

/// Rounds a prefix length up to one of few, so that masks stay few.
#[inline]
fn quantize(len: u8, key: &FlowKey) -> u8 {
    match len {
        0 => 0,
        _ if key.is_ipv6() => len.next_multiple_of(32),
        _ => len.next_multiple_of(8),
    }
}
