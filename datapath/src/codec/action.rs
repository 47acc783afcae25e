//! Actions (`OVS_ACTION_ATTR_*`).

use packet::{Action, DpPort, MacAddr, SetField};

use super::abi::{action as attr, key};
use super::tunnel;
use crate::netlink::{Attrs, Malformed, MsgWriter, be16, ne32, ne64};

/// Writes a list of actions. `upcall_pid` is where userspace actions go; the kernel wants one even when it
/// dispatches per CPU.
pub(crate) fn encode_actions(w: &mut MsgWriter, actions: &[Action], upcall_pid: u32) {
    for action in actions {
        match action {
            Action::Output(port) => w.u32(attr::OUTPUT, port.0),
            Action::Userspace { cookie } => {
                let nest = w.nest(attr::USERSPACE);
                w.u32(attr::USERSPACE_PID, upcall_pid);
                w.u64(attr::USERSPACE_USERDATA, *cookie);
                w.close(nest);
            }
            Action::Set(field) => encode_set(w, field),
            Action::SetTunnel(header) => {
                let set = w.nest(attr::SET);
                let nest = w.nest(key::TUNNEL);
                tunnel::encode(w, header, header.flags & packet::tunnel_flags::IPV6 != 0);
                w.close(nest);
                w.close(set);
            }
            Action::PushVlan { tpid, tci } => {
                let ([a, b], [c, d]) = (tpid.to_be_bytes(), tci.to_be_bytes());
                w.attr(attr::PUSH_VLAN, &[a, b, c, d]);
            }
            Action::PopVlan => w.attr(attr::POP_VLAN, &[]),
            Action::DecTtl { exception } => {
                let outer = w.nest(attr::DEC_TTL);
                let inner = w.nest(attr::DEC_TTL_ACTION);
                encode_actions(w, exception, upcall_pid);
                w.close(inner);
                w.close(outer);
            }
            Action::Drop { reason } => w.u32(attr::DROP, *reason),
        }
    }
}

/// A header's bytes and mask, built side by side (`SET_MASKED` wants zeros outside the mask).
struct Masked<const N: usize> {
    value: [u8; N],
    mask: [u8; N],
}

impl<const N: usize> Masked<N> {
    fn new() -> Self {
        Self { value: [0; N], mask: [0; N] }
    }

    fn set(mut self, at: usize, bytes: Option<&[u8]>) -> Self {
        if let Some(bytes) = bytes {
            self.value[at..at + bytes.len()].copy_from_slice(bytes);
            self.mask[at..at + bytes.len()].fill(0xff);
        }
        self
    }

    fn write(&self, w: &mut MsgWriter, kind: u16) {
        if self.mask.iter().all(|b| *b == 0) {
            return;
        }
        let set = w.nest(attr::SET_MASKED);
        let nest = w.nest(kind);
        w.raw(&self.value);
        w.raw(&self.mask);
        w.close(nest);
        w.close(set);
    }
}

fn encode_set(w: &mut MsgWriter, field: &SetField) {
    match field {
        SetField::Ethernet { src, dst } => {
            let masked = Masked::<12>::new().set(0, src.as_ref().map(|m| &m.0[..]));
            masked.set(6, dst.as_ref().map(|m| &m.0[..])).write(w, key::ETHERNET);
        }
        SetField::Ipv4 { src, dst, tos, ttl } => {
            let masked = Masked::<12>::new().set(0, src.as_ref().map(|a| &a[..]));
            let masked = masked.set(4, dst.as_ref().map(|a| &a[..]));
            masked
                .set(9, tos.map(|b| [b]).as_ref().map(|b| &b[..]))
                .set(10, ttl.map(|b| [b]).as_ref().map(|b| &b[..]))
                .write(w, key::IPV4);
        }
        SetField::Ipv6 { src, dst, tclass, hop_limit } => {
            let masked = Masked::<40>::new().set(0, src.as_ref().map(|a| &a[..]));
            let masked = masked.set(16, dst.as_ref().map(|a| &a[..]));
            masked
                .set(37, tclass.map(|b| [b]).as_ref().map(|b| &b[..]))
                .set(38, hop_limit.map(|b| [b]).as_ref().map(|b| &b[..]))
                .write(w, key::IPV6);
        }
        SetField::Tcp { src, dst } => ports(*src, *dst).write(w, key::TCP),
        SetField::Udp { src, dst } => ports(*src, *dst).write(w, key::UDP),
    }
}

fn ports(src: Option<u16>, dst: Option<u16>) -> Masked<4> {
    let (src, dst) = (src.map(u16::to_be_bytes), dst.map(u16::to_be_bytes));
    Masked::new().set(0, src.as_ref().map(|p| &p[..])).set(2, dst.as_ref().map(|p| &p[..]))
}

/// Reads a list of actions; `None` if [`Action`] cannot express one of them.
pub(crate) fn decode_actions(attrs: Attrs<'_>) -> Result<Option<Vec<Action>>, Malformed> {
    let mut actions = Vec::new();
    for item in attrs {
        let (kind, payload) = item?;
        match decode_action(kind, payload)? {
            Some(action) => actions.push(action),
            None => return Ok(None),
        }
    }
    Ok(Some(actions))
}

/// Reads one action; `None` if [`Action`] cannot express it.
pub(crate) fn decode_action(kind: u16, p: &[u8]) -> Result<Option<Action>, Malformed> {
    Ok(match kind {
        attr::OUTPUT => Some(Action::Output(DpPort(ne32(p)?))),
        attr::USERSPACE => decode_userspace(p),
        attr::SET_MASKED => match Attrs::new(p).next().transpose()? {
            Some((kind, p)) => decode_set(kind, p),
            None => None,
        },
        attr::SET => match Attrs::new(p).find(key::TUNNEL) {
            Some(p) => Some(Action::SetTunnel(tunnel::decode(Attrs::new(p))?)),
            None => None,
        },
        attr::PUSH_VLAN => {
            let tpid = be16(p)?;
            Some(Action::PushVlan { tpid, tci: be16(&p[2..])? })
        }
        attr::POP_VLAN => Some(Action::PopVlan),
        attr::DEC_TTL => {
            let exception = Attrs::new(p).find(attr::DEC_TTL_ACTION).unwrap_or(&[]);
            decode_actions(Attrs::new(exception))?.map(|exception| Action::DecTtl { exception })
        }
        attr::DROP => Some(Action::Drop { reason: ne32(p)? }),
        _ => None,
    })
}

fn decode_userspace(p: &[u8]) -> Option<Action> {
    let userdata = Attrs::new(p).find(attr::USERSPACE_USERDATA).filter(|p| p.len() == 8)?;
    Some(Action::Userspace { cookie: ne64(userdata).ok()? })
}

/// Reads the parts of a masked header, each of which must be masked whole or not at all.
struct Parts<'a> {
    value: &'a [u8],
    mask: &'a [u8],
    partial: bool,
}

impl<'a> Parts<'a> {
    fn new(payload: &'a [u8], size: usize) -> Option<Self> {
        let (value, mask) = payload.split_at_checked(size)?;
        (mask.len() == size).then_some(Self { value, mask, partial: false })
    }

    fn take<const N: usize>(&mut self, at: usize) -> Option<[u8; N]> {
        let mask = &self.mask[at..at + N];
        let set = mask.iter().all(|b| *b == 0xff);
        self.partial |= !set && mask.iter().any(|b| *b != 0);
        if set { self.value[at..at + N].try_into().ok() } else { None }
    }

    fn finish(&self, field: SetField) -> Option<Action> {
        (!self.partial).then_some(Action::Set(field))
    }
}

fn decode_set(kind: u16, payload: &[u8]) -> Option<Action> {
    match kind {
        key::ETHERNET => {
            let mut p = Parts::new(payload, 12)?;
            let field = SetField::Ethernet { src: p.take(0).map(MacAddr), dst: p.take(6).map(MacAddr) };
            p.finish(field)
        }
        key::IPV4 => {
            let mut p = Parts::new(payload, 12)?;
            let (tos, ttl) = (p.take(9).map(|[b]| b), p.take(10).map(|[b]| b));
            let field = SetField::Ipv4 { src: p.take(0), dst: p.take(4), tos, ttl };
            p.finish(field)
        }
        key::IPV6 => {
            let mut p = Parts::new(payload, 40)?;
            let (tclass, hop_limit) = (p.take(37).map(|[b]| b), p.take(38).map(|[b]| b));
            let label: Option<[u8; 4]> = p.take(32);
            let field = SetField::Ipv6 { src: p.take(0), dst: p.take(16), tclass, hop_limit };
            p.finish(field).filter(|_| label.is_none())
        }
        key::TCP | key::UDP => {
            let mut p = Parts::new(payload, 4)?;
            let (src, dst) = (p.take(0).map(u16::from_be_bytes), p.take(2).map(u16::from_be_bytes));
            p.finish(if kind == key::TCP { SetField::Tcp { src, dst } } else { SetField::Udp { src, dst } })
        }
        _ => None,
    }
}
