//! A flow's key under its mask: fields that the mask leaves out are left out, partly masked ones carry the mask.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{List, OuterAddress, TCP_FLAGS, TUNNEL_FLAGS};
use crate::{
    FlowKey, FlowMask, MacAddr, TunnelKey, VLAN_PRESENT, ethertype, frag, ip_proto, tunnel_flags, v4_addr,
};

/// Displays a key as far as a mask goes.
#[derive(Clone, Copy, Debug)]
pub struct FlowText<'a> {
    /// Values.
    pub key: &'a FlowKey,
    /// Bits of the values that count.
    pub mask: &'a FlowMask,
}

impl fmt::Display for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FlowText { key: self, mask: &FlowMask::exact() }.fmt(f)
    }
}

impl fmt::Display for FlowText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, mask) = (self.key, &self.mask.0);
        let mut list = List::new(f);
        if mask.recirc_id != 0 {
            list.item(format_args!("recirc_id({:#x})", key.recirc_id))?;
        }
        if key.tunnel != TunnelKey::default() && mask.tunnel != TunnelKey::default() {
            list.item(format_args!("tunnel({})", Tunnel(&key.tunnel, &mask.tunnel)))?;
        }
        if mask.in_port != 0 {
            list.item(format_args!("in_port({})", key.in_port))?;
        }
        let eth = Group::new().mac("src", key.eth_src, mask.eth_src).mac("dst", key.eth_dst, mask.eth_dst);
        list.group("eth", &eth)?;
        behind_addresses(&mut list, self, 0)
    }
}

/// What follows `depth` tags, in the form `eth_type(0x8100),vlan(..),encap(..)` if it is another tag.
fn behind_addresses(list: &mut List<'_, '_>, flow: &FlowText<'_>, depth: usize) -> fmt::Result {
    let (key, mask) = (flow.key, &flow.mask.0);
    let (tpid, tci, tci_mask) = match depth {
        0 => (key.vlan_tpid, key.vlan_tci, mask.vlan_tci),
        1 => (key.inner_vlan_tpid, key.inner_vlan_tci, mask.inner_vlan_tci),
        _ => (0, 0, 0),
    };
    if tci & VLAN_PRESENT == 0 {
        return network(list, key, mask);
    }
    let vlan = Group::new().number("vid", (tci & 0xfff).into(), (tci_mask & 0xfff).into(), 0xfff).number(
        "pcp",
        (tci >> 13).into(),
        (tci_mask >> 13).into(),
        7,
    );
    list.item(format_args!("eth_type({tpid:#06x})"))?;
    list.item(format_args!("vlan({})", vlan.0))?;
    list.item(format_args!("encap({})", Encapsulated(flow, depth + 1)))
}

struct Encapsulated<'a>(&'a FlowText<'a>, usize);

impl fmt::Display for Encapsulated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        behind_addresses(&mut List::new(f), self.0, self.1)
    }
}

/// EtherType, network and transport layer.
fn network(list: &mut List<'_, '_>, key: &FlowKey, mask: &FlowKey) -> fmt::Result {
    if mask.eth_type == 0 {
        return Ok(());
    }
    list.item(format_args!("eth_type({:#06x})", key.eth_type))?;
    let (src, dst) = ((&key.ip_src, &mask.ip_src), (&key.ip_dst, &mask.ip_dst));
    let proto = (u32::from(key.ip_proto), u32::from(mask.ip_proto));
    match key.eth_type {
        ethertype::IPV4 => {
            let group = Group::new().v4("src", src).v4("dst", dst).number("proto", proto.0, proto.1, 0xff);
            list.group("ipv4", &group.hops(key, mask, "tos", "ttl"))?;
        }
        ethertype::IPV6 => {
            let group = Group::new()
                .v6("src", src)
                .v6("dst", dst)
                .hex("label", key.ipv6_label, mask.ipv6_label, 0xf_ffff)
                .number("proto", proto.0, proto.1, 0xff);
            list.group("ipv6", &group.hops(key, mask, "tclass", "hlimit"))?;
        }
        ethertype::ARP | ethertype::RARP => {
            let group = Group::new().v4("sip", src).v4("tip", dst).number("op", proto.0, proto.1, 0xff);
            let group = group.mac("sha", key.arp_sha, mask.arp_sha).mac("tha", key.arp_tha, mask.arp_tha);
            return list.group("arp", &group);
        }
        _ => return Ok(()),
    }
    transport(list, key, mask)
}

fn transport(list: &mut List<'_, '_>, key: &FlowKey, mask: &FlowKey) -> fmt::Result {
    if key.ip_frag == frag::LATER {
        return Ok(());
    }
    let (a, b) = match key.ip_proto {
        ip_proto::TCP | ip_proto::UDP | ip_proto::SCTP => ("src", "dst"),
        _ => ("type", "code"),
    };
    let exact = if a == "src" { 0xffff } else { 0xff };
    let group = Group::new().number(a, key.tp_src.into(), u32::from(mask.tp_src) & exact, exact).number(
        b,
        key.tp_dst.into(),
        u32::from(mask.tp_dst) & exact,
        exact,
    );
    match key.ip_proto {
        ip_proto::TCP => {
            list.group("tcp", &group)?;
            list.group("tcp_flags", &Group::new().tcp_flags(key.tcp_flags, mask.tcp_flags))
        }
        ip_proto::UDP => list.group("udp", &group),
        ip_proto::SCTP => list.group("sctp", &group),
        ip_proto::ICMP if key.is_ipv4() => list.group("icmp", &group),
        ip_proto::ICMPV6 if key.is_ipv6() => {
            list.group("icmpv6", &group)?;
            let nd = Group::new().v6("target", (&key.nd_target, &mask.nd_target));
            let nd = nd.mac("sll", key.arp_sha, mask.arp_sha).mac("tll", key.arp_tha, mask.arp_tha);
            let is_neighbour = matches!(key.tp_src, 135 | 136);
            if is_neighbour { list.group("nd", &nd) } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

struct Tunnel<'a>(&'a TunnelKey, &'a TunnelKey);

impl fmt::Display for Tunnel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(key, mask) = self;
        let mut list = List::new(f);
        if mask.id != 0 {
            list.item(format_args!("tun_id={:#x}", key.id))?;
        }
        if mask.src != [0; 16] {
            list.item(format_args!("src={}", OuterAddress(key, &key.src)))?;
        }
        if mask.dst != [0; 16] {
            list.item(format_args!("dst={}", OuterAddress(key, &key.dst)))?;
        }
        let numbers = Group::new()
            .hex("tos", key.tos.into(), mask.tos.into(), 0xff)
            .number("ttl", key.ttl.into(), mask.ttl.into(), 0xff)
            .number("tp_src", key.tp_src.into(), mask.tp_src.into(), 0xffff)
            .number("tp_dst", key.tp_dst.into(), mask.tp_dst.into(), 0xffff);
        if !numbers.0.is_empty() {
            list.item(format_args!("{}", numbers.0))?;
        }
        if mask.flags & !tunnel_flags::IPV6 != 0 {
            let sign = |bit| if key.flags & bit != 0 { '+' } else { '-' };
            let bits = TUNNEL_FLAGS.iter().filter(|(bit, _)| mask.flags & bit != 0);
            let flags: String = bits.map(|(bit, name)| format!("{}{name}", sign(*bit))).collect();
            list.item(format_args!("flags({flags})"))?;
        }
        Ok(())
    }
}

impl List<'_, '_> {
    /// One `name(..)`, unless it is empty.
    fn group(&mut self, name: &str, group: &Group) -> fmt::Result {
        if group.0.is_empty() { Ok(()) } else { self.item(format_args!("{name}({})", group.0)) }
    }
}

/// What stands between the brackets of one header: `src=..,dst=..`.
struct Group(String);

impl Group {
    fn new() -> Self {
        Self(String::new())
    }

    /// Appends `name=value`, with `/mask` if that is neither nothing nor everything.
    fn field(mut self, name: &str, value: &dyn fmt::Display, mask: Masked<'_>) -> Self {
        let text = match mask {
            Masked::Nothing => return self,
            Masked::Everything => format!("{name}={value}"),
            Masked::Partly(mask) => format!("{name}={value}/{mask}"),
        };
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&text);
        self
    }

    fn mac(self, name: &str, value: MacAddr, mask: MacAddr) -> Self {
        self.field(name, &value, Masked::of(mask == MacAddr::ZERO, mask == MacAddr::BROADCAST, &mask))
    }

    fn v4(self, name: &str, (value, mask): (&[u8; 16], &[u8; 16])) -> Self {
        let mask = v4_addr(mask);
        let covered = Masked::of(mask.is_unspecified(), mask == Ipv4Addr::BROADCAST, &mask);
        self.field(name, &v4_addr(value), covered)
    }

    fn v6(self, name: &str, (value, mask): (&[u8; 16], &[u8; 16])) -> Self {
        let shown = Ipv6Addr::from(*mask);
        let covered = Masked::of(*mask == [0; 16], *mask == [0xff; 16], &shown);
        self.field(name, &Ipv6Addr::from(*value), covered)
    }

    fn number(self, name: &str, value: u32, mask: u32, exact: u32) -> Self {
        let shown = format!("{mask:#x}");
        self.field(name, &value, Masked::of(mask == 0, mask & exact == exact, &shown))
    }

    fn hex(self, name: &str, value: u32, mask: u32, exact: u32) -> Self {
        let shown = format!("{:#x}", mask & exact);
        self.field(name, &format!("{value:#x}"), Masked::of(mask == 0, mask & exact == exact, &shown))
    }

    /// The end of either IP header.
    fn hops(self, key: &FlowKey, mask: &FlowKey, tos: &str, ttl: &str) -> Self {
        let fragment = match key.ip_frag {
            frag::NONE => "no",
            frag::FIRST => "first",
            _ => "later",
        };
        let group = self.hex(tos, key.ip_tos.into(), mask.ip_tos.into(), 0xff);
        let group = group.number(ttl, key.ip_ttl.into(), mask.ip_ttl.into(), 0xff);
        let consulted = mask.ip_frag != 0;
        group.field("frag", &fragment, if consulted { Masked::Everything } else { Masked::Nothing })
    }

    /// `syn|ack` if every flag counts, `+syn-ack` if some do.
    fn tcp_flags(mut self, flags: u16, mask: u16) -> Self {
        let named =
            |bit: usize| TCP_FLAGS.get(bit).map_or_else(|| format!("[{bit}]"), |name| (*name).to_owned());
        let bits = (0..12).filter(|bit| mask >> bit & 1 != 0);
        if mask & 0xfff != 0xfff {
            let sign = |bit: usize| if flags >> bit & 1 != 0 { '+' } else { '-' };
            self.0 = bits.map(|bit| format!("{}{}", sign(bit), named(bit))).collect();
        } else if flags == 0 {
            self.0.push('0');
        } else {
            self.0 = bits.filter(|bit| flags >> bit & 1 != 0).map(named).collect::<Vec<_>>().join("|");
        }
        self
    }
}

/// How much of a field counts.
#[derive(Clone, Copy)]
enum Masked<'a> {
    Nothing,
    Everything,
    Partly(&'a dyn fmt::Display),
}

impl<'a> Masked<'a> {
    fn of(is_nothing: bool, is_everything: bool, mask: &'a dyn fmt::Display) -> Self {
        match (is_nothing, is_everything) {
            (true, _) => Self::Nothing,
            (_, true) => Self::Everything,
            _ => Self::Partly(mask),
        }
    }
}
