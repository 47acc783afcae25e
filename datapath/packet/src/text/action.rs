//! Actions as text: `set(ipv4(ttl=63)),2,push_vlan(vid=5,pcp=0),3`.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{List, OuterAddress, TUNNEL_FLAGS};
use crate::{Action, SetField, TunnelKey, ethertype};

/// Displays a list of actions; an empty one is `drop`.
#[derive(Clone, Copy, Debug)]
pub struct ActionsText<'a>(pub &'a [Action]);

impl fmt::Display for ActionsText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("drop");
        }
        let mut list = List::new(f);
        self.0.iter().try_for_each(|action| list.item(format_args!("{action}")))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output(port) => write!(f, "{}", port.0),
            Self::Userspace { cookie } => write!(f, "userspace(cookie={cookie:#x})"),
            Self::Set(field) => write!(f, "set({field})"),
            Self::SetTunnel(key) => write!(f, "set(tunnel({}))", TunnelText(key)),
            Self::PushVlan { tpid, tci } => {
                f.write_str("push_vlan(")?;
                if *tpid != ethertype::VLAN {
                    write!(f, "tpid={tpid:#06x},")?;
                }
                write!(f, "vid={},pcp={})", tci & 0xfff, tci >> 13)
            }
            Self::PopVlan => f.write_str("pop_vlan"),
            Self::DecTtl { exception } => write!(f, "dec_ttl(le_1({}))", ActionsText(exception)),
            Self::Drop { reason } => write!(f, "drop({reason})"),
        }
    }
}

impl fmt::Display for SetField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ethernet { src, dst } => {
                write!(f, "eth({})", Changes(&[("src", show(src)), ("dst", show(dst))]))
            }
            Self::Ipv4 { src, dst, tos, ttl } => {
                let (src, dst) = (src.map(Ipv4Addr::from), dst.map(Ipv4Addr::from));
                let tos = tos.map(|tos| format!("{tos:#x}"));
                let changes =
                    [("src", show(&src)), ("dst", show(&dst)), ("tos", show(&tos)), ("ttl", show(ttl))];
                write!(f, "ipv4({})", Changes(&changes))
            }
            Self::Ipv6 { src, dst, tclass, hop_limit } => {
                let (src, dst) = (src.map(Ipv6Addr::from), dst.map(Ipv6Addr::from));
                let tclass = tclass.map(|tclass| format!("{tclass:#x}"));
                let (src, dst) = (("src", show(&src)), ("dst", show(&dst)));
                let changes = [src, dst, ("tclass", show(&tclass)), ("hlimit", show(hop_limit))];
                write!(f, "ipv6({})", Changes(&changes))
            }
            Self::Tcp { src, dst } => {
                write!(f, "tcp({})", Changes(&[("src", show(src)), ("dst", show(dst))]))
            }
            Self::Udp { src, dst } => {
                write!(f, "udp({})", Changes(&[("src", show(src)), ("dst", show(dst))]))
            }
        }
    }
}

/// A value to be written over a field, or none.
type Change<'a> = Option<&'a dyn fmt::Display>;

fn show<T: fmt::Display>(value: &Option<T>) -> Change<'_> {
    value.as_ref().map(|value| value as &dyn fmt::Display)
}

struct Changes<'a>(&'a [(&'static str, Change<'a>)]);

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = List::new(f);
        let changes = self.0.iter().filter_map(|(name, value)| Some((name, (*value)?)));
        changes.into_iter().try_for_each(|(name, value)| list.item(format_args!("{name}={value}")))
    }
}

/// A tunnel header to send with; zeros are the device's own choice and left out.
struct TunnelText<'a>(&'a TunnelKey);

impl fmt::Display for TunnelText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.0;
        let mut list = List::new(f);
        list.item(format_args!("tun_id={:#x}", key.id))?;
        if key.src != [0; 16] {
            list.item(format_args!("src={}", OuterAddress(key, &key.src)))?;
        }
        list.item(format_args!("dst={}", OuterAddress(key, &key.dst)))?;
        for (name, value) in
            [("tos", key.tos.into()), ("ttl", key.ttl.into()), ("tp_src", key.tp_src), ("tp_dst", key.tp_dst)]
        {
            if value != 0 {
                list.item(format_args!("{name}={value}"))?;
            }
        }
        let names = TUNNEL_FLAGS.iter().filter(|(bit, _)| key.flags & bit != 0).map(|(_, name)| *name);
        list.item(format_args!("flags({})", names.collect::<Vec<_>>().join("|")))
    }
}
