//! Reading a packet's description: `in_port(1),eth(src=..,dst=..),ipv4(src=..,dst=..),tcp(src=..,dst=..)`.
//!
//! What is left out is deduced from what is there (EtherType, protocol) or gets the value that a first packet of its
//! kind would have: TTL 64, an echo request, a SYN, an ARP request.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::TCP_FLAGS;
use super::fields::{Fields, items, number};
use crate::header::{icmp_type, icmpv6_type, tcp_flag};
use crate::{
    FlowKey, MacAddr, TunnelKey, VLAN_PRESENT, ethertype, frag, ip_bytes, ip_proto, tunnel_flags, v4_bytes,
};

/// The text does not describe a packet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseKeyError {
    /// Not of the form `name(..),name(..)`.
    #[error("cannot read `{0}`: write headers as name(..), separated by commas, every bracket closed")]
    Syntax(String),
    /// No such header.
    #[error(
        "`{0}` is not a header; known are in_port, tunnel, eth, eth_type, vlan, encap, arp, ipv4, ipv6, tcp, \
             tcp_flags, udp, sctp, icmp, icmpv6, nd"
    )]
    UnknownHeader(String),
    /// No such field in this header.
    #[error("{header} has no field `{field}`; it has {known}")]
    UnknownField {
        /// The header.
        header: String,
        /// What was written.
        field: String,
        /// Fields that the header has.
        known: String,
    },
    /// The value does not fit the field.
    #[error("{header}: `{value}` is no value for {field}: {expected} expected")]
    BadValue {
        /// The header.
        header: String,
        /// The field.
        field: String,
        /// What was written.
        value: String,
        /// What would do.
        expected: &'static str,
    },
    /// The same header or field twice.
    #[error("`{0}` is given twice")]
    Repeated(String),
    /// Two headers that no packet has together.
    #[error("{header} contradicts {what} {before:#x} given before: it means {meant:#x}")]
    Contradiction {
        /// The header that came second.
        header: String,
        /// EtherType or protocol.
        what: &'static str,
        /// The value that stood.
        before: u16,
        /// The value that the header stands for.
        meant: u16,
    },
    /// A header that the packet cannot have, by what was said of it elsewhere.
    #[error("the packet cannot have {header}: {reason}")]
    Misplaced {
        /// The header.
        header: String,
        /// Why not.
        reason: &'static str,
    },
    /// Nothing says what the packet is.
    #[error("the packet has no EtherType: add arp(..), ipv4(..), ipv6(..) or eth_type(0x..)")]
    NoType,
}

impl FromStr for FlowKey {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, ParseKeyError> {
        let mut reader = Reader::default();
        reader.list(text, 0)?;
        reader.finish()
    }
}

/// The key so far, and what it has been told rather than left to deduce.
#[derive(Default)]
struct Reader<'t> {
    key: FlowKey,
    /// Headers read, with the number of tags around them.
    seen: Vec<(&'t str, usize)>,
    eth_type: Option<u16>,
    protocol: Option<u8>,
    eth_src: Option<MacAddr>,
    eth_dst: Option<MacAddr>,
}

impl<'t> Reader<'t> {
    fn list(&mut self, text: &'t str, depth: usize) -> Result<(), ParseKeyError> {
        let headers = items(text)?;
        let is_tagged = headers.iter().any(|(name, _)| *name == "vlan");
        for (name, body) in headers {
            let once_a_level = matches!(name, "eth_type" | "vlan" | "encap");
            let is_same = |(seen, at): &(&str, usize)| *seen == name && (*at == depth || !once_a_level);
            if self.seen.iter().any(is_same) {
                return Err(ParseKeyError::Repeated(name.to_owned()));
            }
            self.seen.push((name, depth));
            match name {
                "encap" | "vlan" if depth > 1 => return Err(misplaced(name, "two VLAN tags are the most")),
                "encap" if !is_tagged => return Err(misplaced(name, "it goes with vlan(..) beside it")),
                "encap" => self.list(body, depth + 1)?,
                "vlan" => self.vlan(Fields::of(name, body)?, depth)?,
                "eth_type" => self.eth_type(body, is_tagged, depth)?,
                _ => self.header(name, body)?,
            }
        }
        Ok(())
    }

    fn header(&mut self, name: &str, body: &str) -> Result<(), ParseKeyError> {
        match name {
            "in_port" => self.key.in_port = number(name, name, body)?,
            "recirc_id" => self.key.recirc_id = number(name, name, body)?,
            "tcp_flags" => {
                self.claim_protocol(name, ip_proto::TCP)?;
                self.key.tcp_flags = tcp_flags(body)?;
            }
            "tunnel" => self.key.tunnel = tunnel(Fields::of(name, body)?)?,
            "eth" => {
                let mut fields = Fields::of(name, body)?;
                self.eth_src = fields.take("src")?;
                self.eth_dst = fields.take("dst")?;
                fields.finish()?;
            }
            "arp" => self.arp(Fields::of(name, body)?)?,
            "ipv4" => self.ipv4(Fields::of(name, body)?)?,
            "ipv6" => self.ipv6(Fields::of(name, body)?)?,
            "tcp" => self.ports(Fields::of(name, body)?, ip_proto::TCP)?,
            "udp" => self.ports(Fields::of(name, body)?, ip_proto::UDP)?,
            "sctp" => self.ports(Fields::of(name, body)?, ip_proto::SCTP)?,
            "icmp" => self.icmp(Fields::of(name, body)?, ip_proto::ICMP, icmp_type::ECHO_REQUEST)?,
            "icmpv6" => self.icmp(Fields::of(name, body)?, ip_proto::ICMPV6, icmpv6_type::ECHO_REQUEST)?,
            "nd" => self.neighbour(Fields::of(name, body)?)?,
            _ => return Err(ParseKeyError::UnknownHeader(name.to_owned())),
        }
        Ok(())
    }

    /// Deduces what was not said.
    fn finish(mut self) -> Result<FlowKey, ParseKeyError> {
        let has = |name: &str| self.seen.iter().any(|(seen, _)| *seen == name);
        let (has_tcp, has_flags, has_icmp) = (has("tcp"), has("tcp_flags"), has("icmp") || has("icmpv6"));
        let has_ip = has("ipv4") || has("ipv6");
        self.key.eth_type = match (self.eth_type, self.protocol) {
            (Some(eth_type), _) => eth_type,
            (None, Some(ip_proto::ICMPV6)) => ethertype::IPV6,
            (None, Some(_)) => ethertype::IPV4,
            (None, None) => return Err(ParseKeyError::NoType),
        };
        let is_request = self.key.is_arp() && self.key.ip_proto <= 1;
        self.key.eth_src = self.eth_src.unwrap_or(MacAddr([2, 0, 0, 0, 0, 1]));
        let answerer = if is_request { MacAddr::BROADCAST } else { MacAddr([2, 0, 0, 0, 0, 2]) };
        self.key.eth_dst = self.eth_dst.unwrap_or(answerer);
        if self.key.is_ipv4() || self.key.is_ipv6() {
            self.key.ip_proto = self.protocol.unwrap_or_default();
        }
        if !has_ip && self.protocol.is_some() {
            self.key.ip_ttl = DEFAULT_TTL;
        }
        if has_tcp && !has_flags {
            self.key.tcp_flags = tcp_flag::SYN;
        }
        let is_whole = self.key.ip_frag != frag::LATER;
        if !has_icmp && is_whole {
            match self.key.ip_proto {
                ip_proto::ICMP if self.key.is_ipv4() => self.key.tp_src = icmp_type::ECHO_REQUEST.into(),
                ip_proto::ICMPV6 if self.key.is_ipv6() => self.key.tp_src = icmpv6_type::ECHO_REQUEST.into(),
                _ => {}
            }
        }
        if has("nd") && !has_icmp {
            self.key.tp_src = icmpv6_type::NEIGHBOUR_SOLICITATION.into();
        }
        self.check_transport()?;
        Ok(self.key)
    }

    fn claim_type(&mut self, header: &str, meant: u16) -> Result<(), ParseKeyError> {
        match self.eth_type.replace(meant) {
            Some(before) if before != meant => {
                let header = header.to_owned();
                Err(ParseKeyError::Contradiction { header, what: "the EtherType", before, meant })
            }
            _ => Ok(()),
        }
    }

    /// Transport headers go with what carries them.
    fn check_transport(&self) -> Result<(), ParseKeyError> {
        let is_neighbour = matches!(self.key.tp_src, 135 | 136);
        for (header, _) in &self.seen {
            let reason = match *header {
                "tcp" | "tcp_flags" | "udp" | "sctp" if !(self.key.is_ipv4() || self.key.is_ipv6()) => {
                    "it goes with IPv4 and IPv6 alone"
                }
                "icmp" if !self.key.is_ipv4() => "it goes with IPv4 alone",
                "icmpv6" | "nd" if !self.key.is_ipv6() => "it goes with IPv6 alone",
                "nd" if !is_neighbour => "it goes with icmpv6(type=135) or icmpv6(type=136)",
                "tcp" | "tcp_flags" | "udp" | "sctp" | "icmp" | "icmpv6" | "nd"
                    if self.key.ip_frag == frag::LATER =>
                {
                    "later fragments have no transport header"
                }
                _ => continue,
            };
            return Err(misplaced(header, reason));
        }
        Ok(())
    }

    fn claim_protocol(&mut self, header: &str, meant: u8) -> Result<(), ParseKeyError> {
        match self.protocol.replace(meant) {
            Some(before) if before != meant => {
                let (header, before, meant) = (header.to_owned(), before.into(), meant.into());
                Err(ParseKeyError::Contradiction { header, what: "the protocol", before, meant })
            }
            _ => Ok(()),
        }
    }

    /// Beside a tag of the same level the type may be the tag's own.
    fn eth_type(&mut self, body: &str, is_tagged: bool, depth: usize) -> Result<(), ParseKeyError> {
        let value = number("eth_type", "eth_type", body)?;
        if is_tagged && matches!(value, ethertype::VLAN | ethertype::QINQ) {
            *self.tag(depth).0 = value;
            return Ok(());
        }
        self.claim_type("eth_type", value)
    }

    fn tag(&mut self, depth: usize) -> (&mut u16, &mut u16) {
        match depth {
            0 => (&mut self.key.vlan_tpid, &mut self.key.vlan_tci),
            _ => (&mut self.key.inner_vlan_tpid, &mut self.key.inner_vlan_tci),
        }
    }

    fn vlan(&mut self, mut fields: Fields<'_>, depth: usize) -> Result<(), ParseKeyError> {
        let vid: u16 = fields.take_below("vid", 4096)?.unwrap_or_default();
        let pcp: u16 = fields.take_below("pcp", 8)?.unwrap_or_default();
        let (tpid, tci) = self.tag(depth);
        *tci = vid | pcp << 13 | VLAN_PRESENT;
        if *tpid == 0 {
            *tpid = ethertype::VLAN;
        }
        fields.finish()
    }

    fn arp(&mut self, mut fields: Fields<'_>) -> Result<(), ParseKeyError> {
        if self.eth_type != Some(ethertype::RARP) {
            self.claim_type("arp", ethertype::ARP)?;
        }
        self.key.ip_src = fields.take("sip")?.map_or([0; 16], v4_bytes);
        self.key.ip_dst = fields.take("tip")?.map_or([0; 16], v4_bytes);
        self.key.ip_proto = fields.take("op")?.unwrap_or(1);
        self.key.arp_sha = fields.take("sha")?.or(self.eth_src).unwrap_or_default();
        self.key.arp_tha = fields.take("tha")?.unwrap_or_default();
        fields.finish()
    }

    fn ipv4(&mut self, mut fields: Fields<'_>) -> Result<(), ParseKeyError> {
        self.claim_type("ipv4", ethertype::IPV4)?;
        self.key.ip_src = fields.take("src")?.map_or([0; 16], v4_bytes);
        self.key.ip_dst = fields.take("dst")?.map_or([0; 16], v4_bytes);
        self.hops(&mut fields, "tos", "ttl")?;
        fields.finish()
    }

    fn ipv6(&mut self, mut fields: Fields<'_>) -> Result<(), ParseKeyError> {
        self.claim_type("ipv6", ethertype::IPV6)?;
        let address = |given: Option<Ipv6Addr>| given.map_or([0; 16], |address| address.octets());
        self.key.ip_src = address(fields.take("src")?);
        self.key.ip_dst = address(fields.take("dst")?);
        self.key.ipv6_label = fields.take_below("label", 1 << 20)?.unwrap_or_default();
        self.hops(&mut fields, "tclass", "hlimit")?;
        fields.finish()
    }

    /// The end of either IP header.
    fn hops(
        &mut self,
        fields: &mut Fields<'_>,
        tos: &'static str,
        ttl: &'static str,
    ) -> Result<(), ParseKeyError> {
        if let Some(protocol) = fields.take("proto")? {
            self.claim_protocol(fields.header(), protocol)?;
        }
        self.key.ip_tos = fields.take(tos)?.unwrap_or_default();
        self.key.ip_ttl = fields.take(ttl)?.unwrap_or(DEFAULT_TTL);
        let choices = [("no", frag::NONE), ("first", frag::FIRST), ("later", frag::LATER)];
        self.key.ip_frag = fields.choose("frag", &choices, "no, first or later")?.unwrap_or(frag::NONE);
        Ok(())
    }

    fn ports(&mut self, mut fields: Fields<'_>, protocol: u8) -> Result<(), ParseKeyError> {
        self.claim_protocol(fields.header(), protocol)?;
        self.key.tp_src = fields.take("src")?.unwrap_or_default();
        self.key.tp_dst = fields.take("dst")?.unwrap_or_default();
        fields.finish()
    }

    fn icmp(&mut self, mut fields: Fields<'_>, protocol: u8, echo: u8) -> Result<(), ParseKeyError> {
        self.claim_protocol(fields.header(), protocol)?;
        let kind: Option<u8> = fields.take("type")?;
        self.key.tp_src = kind.unwrap_or(echo).into();
        self.key.tp_dst = fields.take::<u8>("code")?.unwrap_or_default().into();
        fields.finish()
    }

    fn neighbour(&mut self, mut fields: Fields<'_>) -> Result<(), ParseKeyError> {
        self.claim_protocol("nd", ip_proto::ICMPV6)?;
        let target: Option<Ipv6Addr> = fields.take("target")?;
        self.key.nd_target = target.map_or([0; 16], |address| address.octets());
        self.key.arp_sha = fields.take("sll")?.unwrap_or_default();
        self.key.arp_tha = fields.take("tll")?.unwrap_or_default();
        fields.finish()
    }
}

const DEFAULT_TTL: u8 = 64;

fn misplaced(header: &str, reason: &'static str) -> ParseKeyError {
    ParseKeyError::Misplaced { header: header.to_owned(), reason }
}

/// `0`, a number, or names joined by `|`.
fn tcp_flags(body: &str) -> Result<u16, ParseKeyError> {
    let by_value = number::<u16>("tcp_flags", "flags", body).ok().filter(|flags| *flags < 0x1000);
    if let Some(flags) = by_value {
        return Ok(flags);
    }
    let bits = body.split('|').map(|name| {
        let by_number = || name.strip_prefix('[')?.strip_suffix(']')?.parse().ok().filter(|bit| *bit < 12);
        TCP_FLAGS.iter().position(|known| *known == name).or_else(by_number)
    });
    let flags = bits.map(|bit| bit.map(|bit| 1 << bit)).try_fold(0, |all, bit| Some(all | bit?));
    flags.ok_or_else(|| ParseKeyError::BadValue {
        header: "tcp_flags".to_owned(),
        field: "flags".to_owned(),
        value: body.to_owned(),
        expected: "0x.., or names like syn|ack",
    })
}

fn tunnel(mut fields: Fields<'_>) -> Result<TunnelKey, ParseKeyError> {
    let (src, dst): (Option<IpAddr>, Option<IpAddr>) = (fields.take("src")?, fields.take("dst")?);
    let is_v6 = [src, dst].iter().flatten().any(IpAddr::is_ipv6);
    let family = if is_v6 { tunnel_flags::IPV6 } else { 0 };
    let key = TunnelKey {
        id: fields.take("tun_id")?.unwrap_or_default(),
        src: src.map_or([0; 16], ip_bytes),
        dst: dst.map_or([0; 16], ip_bytes),
        flags: family | fields.tunnel_flags()?,
        tp_src: fields.take("tp_src")?.unwrap_or_default(),
        tp_dst: fields.take("tp_dst")?.unwrap_or_default(),
        tos: fields.take("tos")?.unwrap_or_default(),
        ttl: fields.take("ttl")?.unwrap_or_default(),
    };
    fields.finish()?;
    Ok(key)
}
