//! Making a mask legal for a key: the kernel refuses mask bits of fields that the key's packets do not have
//! (`match_validate` in net/openvswitch/flow_netlink.c), and matches some fields all or not at all.

use zerocopy::IntoBytes;

use crate::header::icmpv6_type;
use crate::{Field, FlowKey, FlowMask, TunnelKey, VLAN_PRESENT, ethertype, frag, ip_proto};

impl FlowMask {
    /// Fits the mask to the packets that agree with `key`.
    ///
    /// Bits of fields that those packets do not have are cleared; in exchange the fields that say so (EtherType,
    /// protocol, fragment) become exact, so that the megaflow never grows wider than what was consulted. Ingress port,
    /// EtherType, and what a tag announces are made exact once any bit of theirs is set; the presence of tags always
    /// is, because the kernel always matches it. Fitting twice changes nothing.
    pub fn clip_to(&mut self, key: &FlowKey) {
        self.clip_metadata(key);
        self.clip_tags(key);
        self.clip_network(key);
        self.clip_transport(key);
        self.add_prerequisites(key);
    }

    fn has(&self, field: Field) -> bool {
        self.0.as_bytes()[field.range()].iter().any(|byte| *byte != 0)
    }

    fn has_any(&self, fields: &[Field]) -> bool {
        fields.iter().any(|field| self.has(*field))
    }

    /// Clears fields that the key lacks; true if there was anything to clear.
    fn clear(&mut self, fields: &[Field]) -> bool {
        let consulted = self.has_any(fields);
        for field in fields {
            self.0.as_mut_bytes()[field.range()].fill(0);
        }
        consulted
    }

    fn clip_metadata(&mut self, key: &FlowKey) {
        if key.tunnel == TunnelKey::default() && self.0.tunnel != TunnelKey::default() {
            self.0.tunnel = TunnelKey::default();
            self.add(Field::InPort);
        }
        if self.has(Field::InPort) {
            self.add(Field::InPort);
        }
    }

    fn clip_tags(&mut self, key: &FlowKey) {
        let mask = &mut self.0;
        clip_tag(key.vlan_tci, &mut mask.vlan_tpid, &mut mask.vlan_tci);
        clip_tag(key.inner_vlan_tci, &mut mask.inner_vlan_tpid, &mut mask.inner_vlan_tci);
    }

    fn clip_network(&mut self, key: &FlowKey) {
        use Field::*;
        let consulted = match key.eth_type {
            ethertype::IPV4 => self.clear(&[Ipv6Label]),
            ethertype::IPV6 => {
                self.0.ipv6_label &= 0xf_ffff;
                false
            }
            ethertype::ARP | ethertype::RARP => self.clear(&[Ipv6Label, IpTos, IpTtl, IpFrag]),
            _ => self.clear(&[Ipv6Label, IpSrc, IpDst, IpProto, IpTos, IpTtl, IpFrag]),
        };
        if matches!(key.eth_type, ethertype::IPV4 | ethertype::ARP | ethertype::RARP) {
            self.0.ip_src[..12].fill(0);
            self.0.ip_dst[..12].fill(0);
        }
        if consulted {
            self.add(EthType);
        }
    }

    fn clip_transport(&mut self, key: &FlowKey) {
        use Field::*;
        let is_ip = key.is_ipv4() || key.is_ipv6();
        let whole = is_ip && key.ip_frag != frag::LATER;
        let transport = Transport::of(key).filter(|_| whole);
        let mut consulted = false;
        match transport {
            Some(Transport::Tcp) => self.0.tcp_flags &= 0x0fff,
            Some(Transport::Ports) => consulted |= self.clear(&[TcpFlags]),
            Some(Transport::Icmp | Transport::Neighbour) => {
                consulted |= self.clear(&[TcpFlags]);
                self.0.tp_src &= 0xff;
                self.0.tp_dst &= 0xff;
            }
            None => consulted |= self.clear(&[TpSrc, TpDst, TcpFlags]),
        }
        let is_arp = matches!(key.eth_type, ethertype::ARP | ethertype::RARP);
        let is_neighbour = transport == Some(Transport::Neighbour);
        if !is_neighbour {
            let asked = self.clear(&[NdTarget]) | (!is_arp && self.clear(&[ArpSha, ArpTha]));
            consulted |= asked;
            if asked && transport == Some(Transport::Icmp) {
                self.0.tp_src |= 0xff;
            }
        }
        if consulted {
            self.add(EthType);
            if is_ip {
                self.add_all(&[IpProto, IpFrag]);
            }
        }
    }

    /// Makes exact what decides whether the masked fields exist.
    fn add_prerequisites(&mut self, key: &FlowKey) {
        use Field::*;
        let is_ip = key.is_ipv4() || key.is_ipv6();
        if is_ip && self.has_any(&[TpSrc, TpDst, TcpFlags, NdTarget, ArpSha, ArpTha]) {
            self.add_all(&[IpProto, IpFrag]);
        }
        if self.has(NdTarget) || (is_ip && self.has_any(&[ArpSha, ArpTha])) {
            self.0.tp_src |= 0xff;
            self.0.tp_dst |= 0xff;
        }
        let network = [Ipv6Label, IpSrc, IpDst, IpProto, IpTos, IpTtl, IpFrag, ArpSha, ArpTha];
        if self.has(EthType) || self.has_any(&network) {
            self.add(EthType);
        }
    }
}

/// The presence of a tag is always matched; the TPID of one that is there is exact, of one that is not is nothing.
fn clip_tag(tci: u16, tpid_mask: &mut u16, tci_mask: &mut u16) {
    if tci & VLAN_PRESENT != 0 {
        *tci_mask |= VLAN_PRESENT;
        *tpid_mask = 0xffff;
    } else {
        *tci_mask = VLAN_PRESENT;
        *tpid_mask = 0;
    }
}

/// Which transport fields a key has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Tcp,
    Ports,
    Icmp,
    Neighbour,
}

impl Transport {
    fn of(key: &FlowKey) -> Option<Self> {
        match key.ip_proto {
            ip_proto::TCP => Some(Self::Tcp),
            ip_proto::UDP | ip_proto::SCTP => Some(Self::Ports),
            ip_proto::ICMP if key.is_ipv4() => Some(Self::Icmp),
            ip_proto::ICMPV6 if key.is_ipv6() && is_neighbour(key) => Some(Self::Neighbour),
            ip_proto::ICMPV6 if key.is_ipv6() => Some(Self::Icmp),
            _ => None,
        }
    }
}

fn is_neighbour(key: &FlowKey) -> bool {
    let kinds = [icmpv6_type::NEIGHBOUR_SOLICITATION, icmpv6_type::NEIGHBOUR_ADVERTISEMENT];
    kinds.iter().any(|kind| key.tp_src == u16::from(*kind))
}
