//! DHCP subnets of bridges: what machines on a bridge are told about their network, and the addresses kept for them.
//!
//! Subnets are kept and checked; no requests are answered by them yet.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnetwork::{Ipv4Network, Ipv6Network};
use packet::MacAddr;

use crate::{BridgeId, DhcpSubnet6Id, DhcpSubnetId};

/// An IPv4 subnet that a bridge serves by DHCP (MidoNet `Dhcp`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpSubnet {
    /// Identity.
    pub id: DhcpSubnetId,
    /// Bridge that it is served on.
    pub bridge: BridgeId,
    /// The network, without host bits; unique on the bridge.
    pub prefix: Ipv4Network,
    /// Router of the network (option 3). In the network, unless that has one address only.
    pub default_gateway: Option<Ipv4Addr>,
    /// Address that the server calls itself by (option 54).
    pub server: Option<Ipv4Addr>,
    /// Name servers, the preferred one first (option 6).
    pub dns_servers: Vec<Ipv4Addr>,
    /// MTU for interfaces, in octets (option 26): 68 or more; 0, as none, leaves it to the tunnels.
    pub interface_mtu: Option<u16>,
    /// Classless static routes (option 121, RFC 3442).
    pub routes: Vec<DhcpRoute>,
    /// The machines that addresses are kept for.
    pub hosts: BTreeMap<MacAddr, DhcpHost>,
    /// A subnet that is not enabled stays silent.
    pub enabled: bool,
}

/// A route given to machines (MidoNet `Opt121Route`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DhcpRoute {
    /// Where it leads, without host bits.
    pub destination: Ipv4Network,
    /// Next hop; 0.0.0.0 for on-link.
    pub gateway: Ipv4Addr,
}

/// What is kept for one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpHost {
    /// Its address, in the subnet.
    pub address: Ipv4Addr,
    /// Its name.
    pub name: Option<String>,
    /// Further options, by name.
    pub options: Vec<DhcpOption>,
}

/// A DHCP option by name, with its value as text (MidoNet `ExtraDhcpOpt`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DhcpOption {
    /// Name or number of the option.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// An IPv6 subnet of a bridge (MidoNet `DhcpV6`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpSubnet6 {
    /// Identity.
    pub id: DhcpSubnet6Id,
    /// Bridge that it belongs to.
    pub bridge: BridgeId,
    /// The network, without host bits; unique on the bridge.
    pub prefix: Ipv6Network,
    /// The machines that addresses are kept for, by client id: the DUID as text, its octets separated by colons.
    pub hosts: BTreeMap<String, DhcpHost6>,
}

/// What is kept for one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpHost6 {
    /// Its address, in the subnet.
    pub address: Ipv6Addr,
    /// Its name.
    pub name: Option<String>,
}
