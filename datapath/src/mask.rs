//! Masks as a datapath will really hold them.
//!
//! The kernel accepts mask bits only on fields that the key has, matches some fields all or nothing, and checks actions
//! against the *masked* key. [`effective_mask`] makes any wish legal by clipping what the key does not have and by
//! narrowing, never by widening: a flow so changed is true wherever the wished one was. Both drivers use it, so they
//! hold the same flows.

use packet::{Action, FlowKey, FlowMask, SetField, VLAN_PRESENT, ethertype, frag, ip_proto, tunnel_flags};

const RARP: u16 = 0x8035;

/// The mask to install for `key` when `mask` is wished and `actions` shall run.
pub fn effective_mask(key: &FlowKey, mask: &FlowMask, actions: &[Action]) -> FlowMask {
    let mut wish = mask.0;
    narrow_for_actions(&mut wish, actions);
    let mut m = FlowKey { eth_src: wish.eth_src, eth_dst: wish.eth_dst, ..FlowKey::default() };
    m.in_port = all_or_nothing(wish.in_port, u32::MAX);
    m.recirc_id = wish.recirc_id;
    clip_tunnel(&mut m, &wish, key);
    clip_vlan(&mut m, &wish, key);
    clip_network(&mut m, &wish, key);
    FlowMask(m)
}

fn all_or_nothing<T: Default + PartialEq>(bits: T, all: T) -> T {
    if bits == T::default() { bits } else { all }
}

fn narrow_for_actions(wish: &mut FlowKey, actions: &[Action]) {
    for action in actions {
        match action {
            Action::Set(SetField::Ipv4 { .. } | SetField::Ipv6 { .. }) => wish.eth_type = 0xffff,
            Action::Set(SetField::Tcp { .. } | SetField::Udp { .. }) => {
                wish.eth_type = 0xffff;
                wish.ip_proto = 0xff;
            }
            Action::DecTtl { exception } => {
                wish.eth_type = 0xffff;
                narrow_for_actions(wish, exception);
            }
            _ => {}
        }
    }
}

/// Tunnel fields exist only for packets that came by a tunnel; the addresses' family is matched with any of them.
fn clip_tunnel(m: &mut FlowKey, wish: &FlowKey, key: &FlowKey) {
    use zerocopy::IntoBytes;
    if key.tunnel.as_bytes().iter().all(|b| *b == 0) || wish.tunnel.as_bytes().iter().all(|b| *b == 0) {
        return;
    }
    m.tunnel = wish.tunnel;
    m.tunnel.flags &= tunnel_flags::DF | tunnel_flags::CSUM | tunnel_flags::KEY;
    m.tunnel.flags |= tunnel_flags::IPV6;
    // The kernel matches the presence of a tunnel key together with its bits.
    let keyed = key.tunnel.flags & tunnel_flags::KEY != 0 && wish.tunnel.id != 0;
    m.tunnel.flags &= !tunnel_flags::KEY;
    if keyed {
        m.tunnel.flags |= tunnel_flags::KEY;
    } else {
        m.tunnel.id = 0;
    }
    if key.tunnel.flags & tunnel_flags::IPV6 == 0 {
        m.tunnel.src[..12].fill(0);
        m.tunnel.dst[..12].fill(0);
    }
}

/// The kernel always matches whether there is a tag, and of a tag the TPID.
fn clip_vlan(m: &mut FlowKey, wish: &FlowKey, key: &FlowKey) {
    if key.vlan_tci & VLAN_PRESENT == 0 {
        m.vlan_tci = 0xffff;
        m.inner_vlan_tci = 0xffff;
        return;
    }
    m.vlan_tpid = 0xffff;
    m.vlan_tci = wish.vlan_tci | VLAN_PRESENT;
    if key.inner_vlan_tci & VLAN_PRESENT == 0 {
        m.inner_vlan_tci = 0xffff;
    } else {
        m.inner_vlan_tpid = 0xffff;
        m.inner_vlan_tci = wish.inner_vlan_tci | VLAN_PRESENT;
    }
}

fn clip_network(m: &mut FlowKey, wish: &FlowKey, key: &FlowKey) {
    match key.eth_type {
        ethertype::IPV4 | ethertype::ARP | RARP => {
            m.ip_src[12..].copy_from_slice(&wish.ip_src[12..]);
            m.ip_dst[12..].copy_from_slice(&wish.ip_dst[12..]);
        }
        ethertype::IPV6 => {
            m.ip_src = wish.ip_src;
            m.ip_dst = wish.ip_dst;
            m.ipv6_label = wish.ipv6_label & 0xf_ffff;
        }
        _ => {}
    }
    match key.eth_type {
        ethertype::ARP | RARP => {
            m.ip_proto = wish.ip_proto;
            m.arp_sha = wish.arp_sha;
            m.arp_tha = wish.arp_tha;
        }
        ethertype::IPV4 | ethertype::IPV6 => {
            m.ip_proto = wish.ip_proto;
            m.ip_tos = wish.ip_tos;
            m.ip_ttl = wish.ip_ttl;
            m.ip_frag = wish.ip_frag;
            clip_transport(m, wish, key);
        }
        _ => {}
    }
    if wish.eth_type != 0 || *m != without_network(m) {
        m.eth_type = 0xffff;
    }
}

fn clip_transport(m: &mut FlowKey, wish: &FlowKey, key: &FlowKey) {
    let icmp = if key.is_ipv4() { ip_proto::ICMP } else { ip_proto::ICMPV6 };
    if key.ip_frag != frag::LATER {
        match key.ip_proto {
            ip_proto::TCP => {
                (m.tp_src, m.tp_dst) = (wish.tp_src, wish.tp_dst);
                m.tcp_flags = wish.tcp_flags & 0x0fff;
            }
            ip_proto::UDP | ip_proto::SCTP => (m.tp_src, m.tp_dst) = (wish.tp_src, wish.tp_dst),
            proto if proto == icmp => {
                (m.tp_src, m.tp_dst) = (wish.tp_src & 0xff, wish.tp_dst & 0xff);
                if icmp == ip_proto::ICMPV6 && matches!(key.tp_src, 135 | 136) {
                    (m.nd_target, m.arp_sha, m.arp_tha) = (wish.nd_target, wish.arp_sha, wish.arp_tha);
                    if (m.nd_target, m.arp_sha, m.arp_tha) != Default::default() {
                        m.tp_src = 0xff;
                    }
                }
            }
            _ => {}
        }
    }
    if (m.tp_src, m.tp_dst, m.tcp_flags) != (0, 0, 0) {
        m.ip_proto = 0xff;
    }
}

/// `m` without any bit that needs the EtherType to be matched.
fn without_network(m: &FlowKey) -> FlowKey {
    FlowKey {
        tunnel: m.tunnel,
        in_port: m.in_port,
        recirc_id: m.recirc_id,
        eth_src: m.eth_src,
        eth_dst: m.eth_dst,
        eth_type: m.eth_type,
        vlan_tpid: m.vlan_tpid,
        vlan_tci: m.vlan_tci,
        inner_vlan_tpid: m.inner_vlan_tpid,
        inner_vlan_tci: m.inner_vlan_tci,
        ..FlowKey::default()
    }
}
