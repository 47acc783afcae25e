//! Tunnel keys (`OVS_TUNNEL_KEY_ATTR_*`), as part of a flow key, of a mask, and of the set-tunnel action.

use packet::{TunnelKey, tunnel_flags};
use zerocopy::IntoBytes;

use super::abi::tunnel as attr;
use crate::netlink::{Attrs, Malformed, MsgWriter, be16, be64};

/// Reads a nested tunnel key. [`tunnel_flags::IPV6`] is set by the addresses' family.
pub(super) fn decode(attrs: Attrs<'_>) -> Result<TunnelKey, Malformed> {
    let short = Malformed("a tunnel address is too short");
    let mut t = TunnelKey::default();
    for item in attrs {
        let (kind, payload) = item?;
        match kind {
            attr::ID => {
                t.id = be64(payload)?;
                t.flags |= tunnel_flags::KEY;
            }
            attr::IPV4_SRC => t.src[12..].copy_from_slice(payload.get(..4).ok_or(short)?),
            attr::IPV4_DST => t.dst[12..].copy_from_slice(payload.get(..4).ok_or(short)?),
            attr::IPV6_SRC => {
                t.src = *payload.first_chunk().ok_or(short)?;
                t.flags |= tunnel_flags::IPV6;
            }
            attr::IPV6_DST => {
                t.dst = *payload.first_chunk().ok_or(short)?;
                t.flags |= tunnel_flags::IPV6;
            }
            attr::TOS => t.tos = payload.first().copied().unwrap_or(0),
            attr::TTL => t.ttl = payload.first().copied().unwrap_or(0),
            attr::DONT_FRAGMENT => t.flags |= tunnel_flags::DF,
            attr::CSUM => t.flags |= tunnel_flags::CSUM,
            attr::TP_SRC => t.tp_src = be16(payload)?,
            attr::TP_DST => t.tp_dst = be16(payload)?,
            _ => {}
        }
    }
    Ok(t)
}

/// True for the key of a packet that came by no tunnel.
pub(super) fn is_none(t: &TunnelKey) -> bool {
    *t == TunnelKey::default()
}

/// Writes the fields of a tunnel key, or of its mask; `ipv6` is the family of the key's addresses.
///
/// Zero addresses and ports are left out: the kernel reads absence as zero. The TTL must always be there.
pub(super) fn encode(w: &mut MsgWriter, t: &TunnelKey, ipv6: bool) {
    if t.flags & tunnel_flags::KEY != 0 {
        w.attr(attr::ID, &t.id.to_be_bytes());
    }
    if ipv6 {
        optional(w, attr::IPV6_SRC, &t.src);
        optional(w, attr::IPV6_DST, &t.dst);
    } else {
        optional(w, attr::IPV4_SRC, &t.src[12..]);
        optional(w, attr::IPV4_DST, &t.dst[12..]);
    }
    optional(w, attr::TOS, &[t.tos]);
    w.u8(attr::TTL, t.ttl);
    for (flag, kind) in [(tunnel_flags::DF, attr::DONT_FRAGMENT), (tunnel_flags::CSUM, attr::CSUM)] {
        if t.flags & flag != 0 {
            w.attr(kind, &[]);
        }
    }
    optional(w, attr::TP_SRC, &t.tp_src.to_be_bytes());
    optional(w, attr::TP_DST, &t.tp_dst.to_be_bytes());
}

fn optional(w: &mut MsgWriter, kind: u16, payload: &[u8]) {
    if payload.as_bytes().iter().any(|b| *b != 0) {
        w.attr(kind, payload);
    }
}
