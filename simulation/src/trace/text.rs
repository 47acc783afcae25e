//! A trace as text: one line a step, indented by the devices passed.

use std::fmt;

use model::{DeviceId, NextHop};

use super::{Answer, Hook, RouteResult, RuleResult, Step};
use crate::{Action, Need, Neighbour, Origin};

/// Steps as text, one a line.
#[derive(Clone, Copy, Debug)]
pub struct Transcript<'a>(pub &'a [Step]);

impl fmt::Display for Transcript<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut devices = 0usize;
        for step in self.0 {
            let depth = match step {
                Step::Entered { .. } => {
                    devices += 1;
                    0
                }
                Step::Rule { .. } | Step::ChainEnd { .. } => 2,
                _ => 1,
            };
            writeln!(f, "{:indent$}{step}", "", indent = (devices.max(1) - 1 + depth) * 2)?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entered { device, port } => write!(f, "enters {} by port {port}", Device(*device)),
            Self::Left { port } => write!(f, "leaves by port {port}"),
            Self::Chain { chain, hook } => write!(f, "chain {chain}: {hook}"),
            Self::Rule { rule, action, result, .. } => {
                write!(f, "rule {rule} ({}): {result}", ActionName(*action))
            }
            Self::ChainEnd { chain } => write!(f, "end of chain {chain}: no decision"),
            Self::Station { vlan, mac, port, .. } => {
                write!(f, "station {mac}{}: ", Vlan(*vlan))?;
                match port {
                    Some(port) => write!(f, "behind port {port}"),
                    None => f.write_str("unknown"),
                }
            }
            Self::Learned { vlan, mac, port, .. } => {
                write!(f, "learns station {mac}{} behind port {port}", Vlan(*vlan))
            }
            Self::Flood { .. } => f.write_str("floods"),
            Self::Route { prefix, source, origin, weight, next_hop, result, .. } => {
                write!(f, "route to {prefix}")?;
                if source.prefix() > 0 {
                    write!(f, " from {source}")?;
                }
                write!(f, " weight {weight} {} ({origin}): {result}", NextHopName(*next_hop))
            }
            Self::RouteChosen { origin, next_hop, .. } => {
                write!(f, "takes the route {} ({origin})", NextHopName(*next_hop))
            }
            Self::Neighbour { ip, known, .. } => match known {
                Some(Neighbour::Resolved(mac)) => write!(f, "neighbour {ip} is {mac}"),
                Some(Neighbour::Failed) => write!(f, "neighbour {ip} does not answer"),
                None => write!(f, "neighbour {ip} is not resolved"),
            },
            Self::Routed { src, dst } => write!(f, "decrements TTL, sets Ethernet {src} -> {dst}"),
            Self::VlanPushed { vid } => write!(f, "pushes VLAN {vid}"),
            Self::VlanPopped => f.write_str("pops the VLAN tag"),
            Self::Answered { port, answer } => write!(f, "answers by port {port}: {answer}"),
            Self::Output { port } => write!(f, "output by port {port}"),
            Self::Consumed => f.write_str("consumed"),
            Self::Dropped(reason) => write!(f, "dropped: {reason}"),
            Self::Stopped(Need::Document(key)) => write!(f, "waits for document {key:?}"),
            Self::Stopped(Need::Arp { target, port, .. }) => {
                write!(f, "waits for ARP of {target} by port {port}")
            }
        }
    }
}

struct Device(DeviceId);

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DeviceId::Bridge(id) => write!(f, "bridge {id}"),
            DeviceId::Router(id) => write!(f, "router {id}"),
        }
    }
}

struct Vlan(u16);

impl fmt::Display for Vlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 { Ok(()) } else { write!(f, " in VLAN {}", self.0) }
    }
}

struct ActionName(Action);

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())?;
        match self.0 {
            Action::Jump(chain) => write!(f, " {chain}"),
            _ => Ok(()),
        }
    }
}

struct NextHopName(NextHop);

impl fmt::Display for NextHopName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NextHop::Port { port, gateway: Some(gateway) } => write!(f, "via {gateway} by port {port}"),
            NextHop::Port { port, gateway: None } => write!(f, "connected by port {port}"),
            NextHop::Local { .. } => f.write_str("local"),
            NextHop::Blackhole => f.write_str("blackhole"),
            NextHop::Reject => f.write_str("reject"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configured(route) => write!(f, "route {route}"),
            Self::Implied(port) => write!(f, "implied by port {port}"),
        }
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortInbound(port) => write!(f, "inbound filter of port {port}"),
            Self::PortOutbound(port) => write!(f, "outbound filter of port {port}"),
            Self::DeviceInbound(device) => write!(f, "inbound filter of {}", Device(*device)),
            Self::DeviceOutbound(device) => write!(f, "outbound filter of {}", Device(*device)),
            Self::Forward(router) => write!(f, "forward chain of router {router}"),
            Self::LocalRedirect(router) => write!(f, "local redirect chain of router {router}"),
        }
    }
}

impl fmt::Display for RuleResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matched => f.write_str("matched"),
            Self::Failed(field) => write!(f, "no match on {field}"),
            Self::Inverted => f.write_str("all fields match, and the condition is inverted"),
            Self::VisitedBefore => f.write_str("matched, but that chain was evaluated already"),
            Self::NoConnection => f.write_str("no match: the packet is of no translated connection"),
        }
    }
}

impl fmt::Display for RouteResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Candidate => "candidate",
            Self::OtherSource => "source does not match",
            Self::PortUnusable => "port is not active",
            Self::Outweighed => "another one has precedence",
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ArpReply => f.write_str("ARP reply"),
            Self::EchoReply => f.write_str("ICMP echo reply"),
            Self::IcmpError(error) => {
                let (kind, code) = error.type_and_code();
                write!(f, "ICMP {error:?} (type {kind}, code {code})")
            }
        }
    }
}
