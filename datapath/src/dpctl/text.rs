//! Datapaths and flows as text, in the form that ovs-dpctl prints.

use std::fmt::Write as _;

use packet::text::{ActionsText, FlowText};
use packet::{FlowKey, FlowMask, ethertype, ip_proto};

use super::kind_name;
use crate::codec::abi::{action, key};
use crate::codec::{
    DatapathInfo, RawFlow, decode_action, decode_key, decode_mask, decode_ufid, foreign_key_attrs,
};
use crate::netlink::{Attrs, Malformed, ne16, ne32};
use crate::{FlowStats, PortInfo, PortKind};

/// How much to show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// What matters.
    Less,
    /// Flow identifiers, or the counters of each port.
    More,
}

/// `show`.
pub(super) fn datapath(info: &DatapathInfo, ports: &[PortInfo], detail: Detail) -> String {
    let s = &info.stats;
    let lookups = s.hit + s.missed;
    let per_packet = |n: u64| if lookups == 0 { 0.0 } else { n as f64 / lookups as f64 };
    let mut out = format!("system@{}:\n", info.name);
    let _ = writeln!(out, "  lookups: hit:{} missed:{} lost:{}", s.hit, s.missed, s.lost);
    let _ = writeln!(out, "  flows: {}", s.flows);
    let _ =
        writeln!(out, "  masks: hit:{} total:{} hit/pkt:{:.2}", s.mask_hit, s.masks, per_packet(s.mask_hit));
    // Kernels before 5.10 have no cache and count nothing.
    if s.cache_hit != 0 {
        let rate = 100.0 * per_packet(s.cache_hit);
        let _ = writeln!(out, "  cache: hit:{} hit-rate:{rate:.2}%", s.cache_hit);
    }
    if let Some(size) = info.masks_cache {
        let _ = writeln!(out, "  caches:\n    masks-cache: size:{size}");
    }
    for port in ports {
        let _ = write!(out, "  port {}: {}", port.no.0, port.name);
        let _ = match port.kind {
            PortKind::Netdev => writeln!(out),
            kind => writeln!(out, " ({})", kind_name(kind)),
        };
        if detail == Detail::More {
            port_counters(&mut out, port);
        }
    }
    out
}

fn port_counters(out: &mut String, port: &PortInfo) {
    let s = &port.stats;
    for (way, packets, errors, dropped) in
        [("RX", s.rx_packets, s.rx_errors, s.rx_dropped), ("TX", s.tx_packets, s.tx_errors, s.tx_dropped)]
    {
        let _ = writeln!(out, "    {way} packets:{packets} errors:{errors} dropped:{dropped}");
    }
    let _ = writeln!(out, "    RX bytes:{}  TX bytes:{}", s.rx_bytes, s.tx_bytes);
}

/// One line of `dump-flows`.
pub(super) fn flow(raw: &RawFlow<'_>, now_ms: u64, detail: Detail) -> Result<String, Malformed> {
    let mut out = String::new();
    if let (Detail::More, Some(ufid)) = (detail, raw.ufid) {
        let _ = match decode_ufid(ufid) {
            Some(ufid) => write!(out, "ufid:{ufid}, "),
            None => write!(out, "ufid:{}, ", hex(ufid)),
        };
    }
    let (key_attrs, mask_attrs) = (raw.key.unwrap_or(&[]), raw.mask.unwrap_or(&[]));
    let key = decode_key(Attrs::new(key_attrs))?;
    let mask = match raw.mask {
        Some(_) => decode_mask(Attrs::new(mask_attrs), &key)?.0,
        None => FlowMask::exact(),
    };
    let _ = write!(out, "{}", FlowText { key: &key, mask: &mask });
    for (kind, value) in foreign_key_attrs(key_attrs) {
        let bits = Attrs::new(mask_attrs).find(kind).unwrap_or(&[]);
        if raw.mask.is_none() || bits.iter().any(|b| *b != 0) {
            let separator = if out.is_empty() { "" } else { "," };
            let _ = write!(out, "{separator}{}({}/{})", key_name(kind), number(value), number(bits));
        }
    }
    counters(&mut out, &raw.stats(now_ms)?, &key);
    let _ = write!(out, ", actions:{}", Actions(raw.actions.unwrap_or(&[])));
    Ok(out)
}

fn counters(out: &mut String, stats: &FlowStats, key: &FlowKey) {
    let _ = write!(out, ", packets:{}, bytes:{}, used:", stats.packets, stats.bytes);
    let _ = match stats.used_ms_ago {
        Some(ms) => write!(out, "{}.{:03}s", ms / 1000, ms % 1000),
        None => write!(out, "never"),
    };
    let is_tcp = matches!(key.eth_type, ethertype::IPV4 | ethertype::IPV6) && key.ip_proto == ip_proto::TCP;
    if is_tcp || stats.tcp_flags != 0 {
        let letters = "FSRP.UEC".chars().enumerate().filter(|(bit, _)| stats.tcp_flags >> bit & 1 != 0);
        let letters: String = letters.map(|(_, letter)| letter).collect();
        if !letters.is_empty() {
            let _ = write!(out, ", flags:{letters}");
        }
    }
}

/// Names of the key attributes that [`FlowKey`] does not hold.
fn key_name(kind: u16) -> String {
    let name = match kind {
        2 => "skb_priority",
        15 => "skb_mark",
        19 => "dp_hash",
        key::MPLS => "mpls",
        22 => "ct_state",
        23 => "ct_zone",
        24 => "ct_mark",
        25 => "ct_label",
        26 => "ct_tuple4",
        27 => "ct_tuple6",
        28 => "nsh",
        32 => "ipv6_exthdrs",
        _ => return format!("key{kind}"),
    };
    name.to_owned()
}

/// Host-order numbers as such, anything else as bytes.
fn number(payload: &[u8]) -> String {
    match payload.len() {
        2 => ne16(payload).map_or_else(|_| hex(payload), |n| format!("{n:#x}")),
        4 => ne32(payload).map_or_else(|_| hex(payload), |n| format!("{n:#x}")),
        _ => hex(payload),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A list of actions, those that [`packet::Action`] lacks included.
struct Actions<'a>(&'a [u8]);

impl std::fmt::Display for Actions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("drop");
        }
        for (i, item) in Attrs::new(self.0).map_while(Result::ok).enumerate() {
            let (kind, payload) = item;
            f.write_str(if i == 0 { "" } else { "," })?;
            match decode_action(kind, payload) {
                Ok(Some(known)) => write!(f, "{}", ActionsText(&[known]))?,
                _ => foreign_action(f, kind, payload)?,
            }
        }
        Ok(())
    }
}

fn foreign_action(f: &mut std::fmt::Formatter<'_>, kind: u16, payload: &[u8]) -> std::fmt::Result {
    let name = match kind {
        action::CLONE => return write!(f, "clone({})", Actions(payload)),
        16 => return f.write_str("ct_clear"),
        15 => return f.write_str("pop_eth"),
        18 => return f.write_str("pop_nsh"),
        action::USERSPACE => "userspace",
        action::SET | action::SET_MASKED => "set",
        6 => "sample",
        7 => "recirc",
        8 => "hash",
        9 => "push_mpls",
        10 => "pop_mpls",
        action::CT => "ct",
        13 => "trunc",
        14 => "push_eth",
        17 => "push_nsh",
        19 => "meter",
        action::CHECK_PKT_LEN => "check_pkt_len",
        22 => "add_mpls",
        action::DEC_TTL => "dec_ttl",
        action::PSAMPLE => "psample",
        _ => return write!(f, "action{kind}({})", hex(payload)),
    };
    write!(f, "{name}({})", number(payload))
}
