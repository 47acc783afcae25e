//! Flow keys and masks (`OVS_KEY_ATTR_*`).
//!
//! A mask is written with the attributes of its key: the kernel reads a mask only beside one. [`crate::effective_mask`]
//! makes masks that are legal to write.

use packet::{FlowKey, FlowMask, MacAddr, VLAN_PRESENT, ethertype, frag, ip_proto, tunnel_flags};

use super::abi::key as attr;
use super::tunnel;
use crate::netlink::{Attrs, Malformed, MsgWriter, be16, be32, ne32};

const RARP: u16 = 0x8035;
const MPLS_UNICAST: u16 = 0x8847;
const MPLS_MULTICAST: u16 = 0x8848;
/// Types of neighbour solicitation and advertisement (RFC 4861 §4.3, §4.4).
const ND_TYPES: [u16; 2] = [135, 136];

const SHORT: Malformed = Malformed("a flow key attribute is too short");

/// Reads a key as the kernel extracted it. Fields that [`FlowKey`] lacks (conntrack, marks, hashes) are passed over.
#[inline]
pub(crate) fn decode_key(attrs: Attrs<'_>) -> Result<FlowKey, Malformed> {
    // An 802.3 frame is one whose key has no EtherType.
    let mut key = FlowKey { eth_type: ethertype::LLC, ..FlowKey::default() };
    decode_into(&mut key, attrs, &mut |_| ())?;
    Ok(key)
}

/// Whether a mask has bits beside those of a [`FlowMask`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Completeness {
    /// The [`FlowMask`] is all of it.
    Whole,
    /// It has bits in fields that [`FlowKey`] lacks.
    Partial,
}

/// Reads the mask of `key`.
pub(crate) fn decode_mask(attrs: Attrs<'_>, key: &FlowKey) -> Result<(FlowMask, Completeness), Malformed> {
    let mut m = FlowKey::default();
    let mut foreign = false;
    decode_into(&mut m, attrs, &mut |payload| foreign |= payload.iter().any(|b| *b != 0))?;
    // The kernel stores 16 bits of the port, and says all ones in the others.
    m.in_port = if m.in_port & 0xffff == 0 { 0 } else { u32::MAX };
    m.tcp_flags &= 0x0fff;
    if key.vlan_tci & VLAN_PRESENT == 0 {
        (m.vlan_tpid, m.vlan_tci) = (0, 0xffff);
    }
    if key.inner_vlan_tci & VLAN_PRESENT == 0 {
        (m.inner_vlan_tpid, m.inner_vlan_tci) = (0, 0xffff);
    }
    m.tunnel.flags &= !tunnel_flags::IPV6;
    if tunnel::is_none(&key.tunnel) {
        m.tunnel = Default::default();
    } else if !tunnel::is_none(&m.tunnel) {
        m.tunnel.flags |= tunnel_flags::IPV6;
    }
    Ok((FlowMask(m), if foreign { Completeness::Partial } else { Completeness::Whole }))
}

/// Attributes of a key that [`FlowKey`] has no field for.
pub(crate) fn foreign_key_attrs(attrs: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let known = [
        attr::ENCAP,
        attr::IN_PORT,
        attr::ETHERNET,
        attr::VLAN,
        attr::ETHERTYPE,
        attr::IPV4,
        attr::IPV6,
        attr::TCP,
        attr::UDP,
        attr::ICMP,
        attr::ICMPV6,
        attr::ARP,
        attr::ND,
        attr::TUNNEL,
        attr::SCTP,
        attr::TCP_FLAGS,
        attr::RECIRC_ID,
    ];
    Attrs::new(attrs).map_while(Result::ok).filter(move |(kind, _)| !known.contains(kind))
}

/// Attributes of both key and mask. `key.eth_type` is what it shall be if there is no EtherType; `unknown` gets the payload of those that have no field.
#[inline]
fn decode_into(key: &mut FlowKey, attrs: Attrs<'_>, unknown: &mut dyn FnMut(&[u8])) -> Result<(), Malformed> {
    let absent = key.eth_type;
    for item in attrs {
        let (kind, p) = item?;
        match kind {
            attr::IN_PORT => key.in_port = ne32(p)?,
            attr::RECIRC_ID => key.recirc_id = ne32(p)?,
            attr::ETHERNET => {
                let p: &[u8; 12] = p.first_chunk().ok_or(SHORT)?;
                (key.eth_src, key.eth_dst) = (mac(&p[..6]), mac(&p[6..]));
            }
            attr::ETHERTYPE => key.eth_type = be16(p)?,
            attr::VLAN => key.vlan_tci = be16(p)?,
            attr::ENCAP => decode_encap(key, p, absent, unknown)?,
            attr::IPV4 => decode_ipv4(key, p)?,
            attr::IPV6 => decode_ipv6(key, p)?,
            attr::TCP | attr::UDP | attr::SCTP => (key.tp_src, key.tp_dst) = (be16(p)?, be16(&p[2..])?),
            attr::TCP_FLAGS => key.tcp_flags = be16(p)?,
            attr::ICMP | attr::ICMPV6 => {
                let [kind, code, ..] = p else { return Err(SHORT) };
                (key.tp_src, key.tp_dst) = ((*kind).into(), (*code).into());
            }
            attr::ARP => decode_arp(key, p)?,
            attr::ND => decode_nd(key, p)?,
            attr::TUNNEL => key.tunnel = tunnel::decode(Attrs::new(p))?,
            _ => unknown(p),
        }
    }
    Ok(())
}

/// What was read as EtherType so far was the TPID. A second ENCAP holds the inner tag.
fn decode_encap(
    key: &mut FlowKey,
    p: &[u8],
    absent: u16,
    unknown: &mut dyn FnMut(&[u8]),
) -> Result<(), Malformed> {
    let mut inner = FlowKey { eth_type: absent, ..FlowKey::default() };
    if key.inner_vlan_tpid != 0 || Attrs::new(p).find(attr::ENCAP).is_some_and(has_encap) {
        return Err(Malformed("more than two VLAN tags in a flow key"));
    }
    decode_into(&mut inner, Attrs::new(p), unknown)?;
    key.vlan_tpid = key.eth_type;
    (key.inner_vlan_tpid, key.inner_vlan_tci) = (inner.vlan_tpid, inner.vlan_tci);
    *key = FlowKey {
        tunnel: key.tunnel,
        in_port: key.in_port,
        recirc_id: key.recirc_id,
        eth_src: key.eth_src,
        eth_dst: key.eth_dst,
        vlan_tpid: key.vlan_tpid,
        vlan_tci: key.vlan_tci,
        inner_vlan_tpid: key.inner_vlan_tpid,
        inner_vlan_tci: key.inner_vlan_tci,
        ..inner
    };
    Ok(())
}

fn has_encap(p: &[u8]) -> bool {
    Attrs::new(p).find(attr::ENCAP).is_some()
}

#[inline]
fn mac(bytes: &[u8]) -> MacAddr {
    MacAddr(bytes.first_chunk().copied().unwrap_or_default())
}

#[inline]
fn decode_ipv4(key: &mut FlowKey, p: &[u8]) -> Result<(), Malformed> {
    let p: &[u8; 12] = p.first_chunk().ok_or(SHORT)?;
    key.ip_src[12..].copy_from_slice(&p[..4]);
    key.ip_dst[12..].copy_from_slice(&p[4..8]);
    [key.ip_proto, key.ip_tos, key.ip_ttl, key.ip_frag] = [p[8], p[9], p[10], p[11]];
    Ok(())
}

#[inline]
fn decode_ipv6(key: &mut FlowKey, p: &[u8]) -> Result<(), Malformed> {
    let p: &[u8; 40] = p.first_chunk().ok_or(SHORT)?;
    key.ip_src.copy_from_slice(&p[..16]);
    key.ip_dst.copy_from_slice(&p[16..32]);
    key.ipv6_label = be32(&p[32..])? & 0xf_ffff;
    [key.ip_proto, key.ip_tos, key.ip_ttl, key.ip_frag] = [p[36], p[37], p[38], p[39]];
    Ok(())
}

fn decode_arp(key: &mut FlowKey, p: &[u8]) -> Result<(), Malformed> {
    let p: &[u8; 22] = p.first_chunk().ok_or(SHORT)?;
    key.ip_src[12..].copy_from_slice(&p[..4]);
    key.ip_dst[12..].copy_from_slice(&p[4..8]);
    key.ip_proto = p[9];
    (key.arp_sha, key.arp_tha) = (mac(&p[10..16]), mac(&p[16..22]));
    Ok(())
}

fn decode_nd(key: &mut FlowKey, p: &[u8]) -> Result<(), Malformed> {
    let p: &[u8; 28] = p.first_chunk().ok_or(SHORT)?;
    key.nd_target.copy_from_slice(&p[..16]);
    (key.arp_sha, key.arp_tha) = (mac(&p[16..22]), mac(&p[22..28]));
    Ok(())
}

/// Writes the attributes of a key, all that the kernel expects of such a packet.
pub(crate) fn encode_key(w: &mut MsgWriter, key: &FlowKey) {
    encode_metadata(w, key);
    encode_headers(w, key, key, Part::Key);
}

/// Writes the mask `mask` of `key`. It must be an [`crate::effective_mask`].
pub(crate) fn encode_mask(w: &mut MsgWriter, key: &FlowKey, mask: &FlowMask) {
    let m = &mask.0;
    if m.in_port != 0 {
        w.u32(attr::IN_PORT, m.in_port);
    }
    if m.recirc_id != 0 {
        w.u32(attr::RECIRC_ID, m.recirc_id);
    }
    if !tunnel::is_none(&m.tunnel) {
        let nest = w.nest(attr::TUNNEL);
        tunnel::encode(w, &m.tunnel, key.tunnel.flags & tunnel_flags::IPV6 != 0);
        w.close(nest);
    }
    encode_headers(w, key, m, Part::Mask);
}

/// Writes only what is not in the packet itself: ingress port, recirculation, tunnel.
pub(crate) fn encode_metadata(w: &mut MsgWriter, key: &FlowKey) {
    w.u32(attr::IN_PORT, key.in_port);
    w.u32(attr::RECIRC_ID, key.recirc_id);
    if !tunnel::is_none(&key.tunnel) {
        let nest = w.nest(attr::TUNNEL);
        tunnel::encode(w, &key.tunnel, key.tunnel.flags & tunnel_flags::IPV6 != 0);
        w.close(nest);
    }
}

/// Which of the two is being written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Key,
    Mask,
}

/// Writes the bits `v` (of the key or of its mask) of every header that `key` has.
fn encode_headers(w: &mut MsgWriter, key: &FlowKey, v: &FlowKey, part: Part) {
    let mut ethernet = [0; 12];
    ethernet[..6].copy_from_slice(&v.eth_src.0);
    ethernet[6..].copy_from_slice(&v.eth_dst.0);
    w.attr(attr::ETHERNET, &ethernet);
    if key.vlan_tci & VLAN_PRESENT == 0 {
        return encode_payload(w, key, v, part);
    }
    w.be16(attr::ETHERTYPE, v.vlan_tpid);
    w.be16(attr::VLAN, v.vlan_tci);
    let outer = w.nest(attr::ENCAP);
    if key.inner_vlan_tci & VLAN_PRESENT == 0 {
        encode_payload(w, key, v, part);
    } else {
        w.be16(attr::ETHERTYPE, v.inner_vlan_tpid);
        w.be16(attr::VLAN, v.inner_vlan_tci);
        let inner = w.nest(attr::ENCAP);
        encode_payload(w, key, v, part);
        w.close(inner);
    }
    w.close(outer);
}

fn encode_payload(w: &mut MsgWriter, key: &FlowKey, v: &FlowKey, part: Part) {
    match part {
        Part::Key if key.eth_type == ethertype::LLC => return,
        Part::Mask if v.eth_type == 0 => return,
        _ => w.be16(attr::ETHERTYPE, v.eth_type),
    }
    match key.eth_type {
        ethertype::IPV4 => {
            let mut p = [0; 12];
            p[..4].copy_from_slice(&v.ip_src[12..]);
            p[4..8].copy_from_slice(&v.ip_dst[12..]);
            p[8..].copy_from_slice(&[v.ip_proto, v.ip_tos, v.ip_ttl, v.ip_frag]);
            w.attr(attr::IPV4, &p);
            encode_transport(w, key, v, part);
        }
        ethertype::IPV6 => {
            let mut p = [0; 40];
            p[..16].copy_from_slice(&v.ip_src);
            p[16..32].copy_from_slice(&v.ip_dst);
            p[32..36].copy_from_slice(&v.ipv6_label.to_be_bytes());
            p[36..].copy_from_slice(&[v.ip_proto, v.ip_tos, v.ip_ttl, v.ip_frag]);
            w.attr(attr::IPV6, &p);
            encode_transport(w, key, v, part);
        }
        ethertype::ARP | RARP => {
            let mut p = [0; 24];
            p[..4].copy_from_slice(&v.ip_src[12..]);
            p[4..8].copy_from_slice(&v.ip_dst[12..]);
            p[9] = v.ip_proto;
            p[10..16].copy_from_slice(&v.arp_sha.0);
            p[16..22].copy_from_slice(&v.arp_tha.0);
            w.attr(attr::ARP, &p);
        }
        // A label stack is expected; we match none of it.
        MPLS_UNICAST | MPLS_MULTICAST if part == Part::Key => w.attr(attr::MPLS, &[0; 4]),
        _ => {}
    }
}

/// The kernel takes a transport mask only where the protocol is matched whole.
fn encode_transport(w: &mut MsgWriter, key: &FlowKey, v: &FlowKey, part: Part) {
    if key.ip_frag == frag::LATER || (part == Part::Mask && v.ip_proto != 0xff) {
        return;
    }
    let mut ports = [0; 4];
    ports[..2].copy_from_slice(&v.tp_src.to_be_bytes());
    ports[2..].copy_from_slice(&v.tp_dst.to_be_bytes());
    let icmp = [v.tp_src as u8, v.tp_dst as u8];
    match key.ip_proto {
        ip_proto::TCP => {
            w.attr(attr::TCP, &ports);
            w.be16(attr::TCP_FLAGS, v.tcp_flags);
        }
        ip_proto::UDP => w.attr(attr::UDP, &ports),
        ip_proto::SCTP => w.attr(attr::SCTP, &ports),
        ip_proto::ICMP if key.is_ipv4() => w.attr(attr::ICMP, &icmp),
        ip_proto::ICMPV6 if key.is_ipv6() => {
            w.attr(attr::ICMPV6, &icmp);
            if ND_TYPES.contains(&key.tp_src) && (part == Part::Key || icmp[0] == 0xff) {
                encode_nd(w, v);
            }
        }
        _ => {}
    }
}

fn encode_nd(w: &mut MsgWriter, v: &FlowKey) {
    let mut p = [0; 28];
    p[..16].copy_from_slice(&v.nd_target);
    p[16..22].copy_from_slice(&v.arp_sha.0);
    p[22..].copy_from_slice(&v.arp_tha.0);
    w.attr(attr::ND, &p);
}
