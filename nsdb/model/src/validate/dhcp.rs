//! DHCP subnets with their hosts.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};

use ipnetwork::{Ipv4Network, Ipv6Network};

use super::{Checked, MAX_NAME, is_unicast};
use crate::{BridgeId, DhcpHost, DhcpSubnet, DhcpSubnet6, ModelError, ObjectKey, State};

/// Smallest MTU that a machine may be told (RFC 2132 §5.1).
const MIN_MTU: u16 = 68;
/// Most addresses that fit into one option of 255 octets.
const MAX_DNS_SERVERS: usize = 63;
/// Most routes: what fits into an answer beside everything else.
const MAX_ROUTES: usize = 64;
/// Most hosts of one subnet…
const MAX_HOSTS: usize = 2000;
/// …and most bytes that it may take with them where it is stored: half of what fits under one key.
const MAX_SUBNET_BYTES: usize = 500_000;
/// Most further options of one host.
const MAX_OPTIONS: usize = 64;

pub(super) fn subnet(subnet: &DhcpSubnet, checked: &mut Checked) {
    let prefix = subnet.prefix;
    let network = prefix.network();
    checked.require(
        !network.is_multicast() && !network.is_loopback() && !network.is_broadcast(),
        "subnetPrefix",
        format!("{prefix} is not a network of machines"),
    );
    if let Some(server) = subnet.server {
        checked.require(
            is_unicast(server.into()),
            "serverAddr",
            format!("{server} is not a unicast address"),
        );
    }
    if let Some(gateway) = subnet.default_gateway {
        // In a network of one address the router is elsewhere.
        let is_router = is_machine_of(prefix, gateway) || prefix.prefix() == 32 && is_unicast(gateway.into());
        checked.require(
            is_router,
            "defaultGateway",
            format!("{gateway} is not an address of a machine in {prefix}"),
        );
    }
    checked.require(
        subnet.interface_mtu.is_none_or(|mtu| mtu == 0 || mtu >= MIN_MTU),
        "interfaceMTU",
        format!("must be between {MIN_MTU} and 65535, or 0 for none"),
    );
    dns_servers(&subnet.dns_servers, checked);
    routes(subnet, checked);
    size(subnet.hosts.len(), subnet.stored_bytes(), checked);
    for (mac, host) in &subnet.hosts {
        checked.require(mac.is_station(), "macAddr", format!("{mac} is not the address of a single station"));
        checked.require(
            prefix.contains(host.address),
            "subnetPrefix",
            format!("{prefix} does not have {}, which is kept for host {mac}", host.address),
        );
        self::host(prefix, host, checked);
    }
}

/// A subnet is stored in one piece.
fn size(hosts: usize, bytes: usize, checked: &mut Checked) {
    checked.require(
        hosts <= MAX_HOSTS,
        "hosts",
        format!("must be at most {MAX_HOSTS}: split the network into several subnets"),
    );
    checked.require(
        bytes <= MAX_SUBNET_BYTES,
        "hosts",
        format!(
            "take {bytes} bytes with the subnet, more than {MAX_SUBNET_BYTES}: shorten their names and options, or split \
             the network into several subnets"
        ),
    );
}

fn dns_servers(servers: &[Ipv4Addr], checked: &mut Checked) {
    checked.require(
        servers.len() <= MAX_DNS_SERVERS,
        "dnsServerAddrs",
        format!("size must be between 0 and {MAX_DNS_SERVERS}"),
    );
    for server in servers {
        checked.require(
            is_unicast((*server).into()),
            "dnsServerAddrs",
            format!("{server} is not a unicast address"),
        );
    }
}

fn routes(subnet: &DhcpSubnet, checked: &mut Checked) {
    checked.require(
        subnet.routes.len() <= MAX_ROUTES,
        "opt121Routes",
        format!("size must be between 0 and {MAX_ROUTES}"),
    );
    for route in &subnet.routes {
        checked.require(
            route.gateway.is_unspecified() || is_unicast(route.gateway.into()),
            "opt121Routes",
            format!("{} is not a unicast address", route.gateway),
        );
    }
}

fn host(prefix: Ipv4Network, host: &DhcpHost, checked: &mut Checked) {
    checked.require(
        !prefix.contains(host.address) || is_machine_of(prefix, host.address),
        "ipAddr",
        format!("{} is not an address of a machine in {prefix}", host.address),
    );
    checked.text("name", host.name.as_deref());
    checked.require(
        host.options.len() <= MAX_OPTIONS,
        "extraDhcpOpts",
        format!("size must be between 0 and {MAX_OPTIONS}"),
    );
    for option in &host.options {
        checked.require(
            (1..=MAX_NAME).contains(&option.name.chars().count()),
            "extraDhcpOpts",
            format!("size of optName must be between 1 and {MAX_NAME}"),
        );
        checked.require(
            option.value.chars().count() <= MAX_NAME,
            "extraDhcpOpts",
            format!("size of optValue must be between 0 and {MAX_NAME}"),
        );
    }
}

/// An address that a machine on the network can have: in it, and neither its own nor its broadcast address.
fn is_machine_of(prefix: Ipv4Network, address: Ipv4Addr) -> bool {
    let is_reserved = prefix.prefix() < 31 && (address == prefix.network() || address == prefix.broadcast());
    prefix.contains(address) && !is_reserved && is_unicast(address.into())
}

pub(super) fn subnet6(subnet: &DhcpSubnet6, checked: &mut Checked) {
    let prefix = subnet.prefix;
    checked.require(
        !prefix.network().is_multicast(),
        "prefix",
        format!("{prefix} is not a network of machines"),
    );
    size(subnet.hosts.len(), subnet.stored_bytes(), checked);
    for (client, host) in &subnet.hosts {
        checked.require(
            prefix.contains(host.address),
            "prefix",
            format!("{prefix} does not have {}, which is kept for client {client}", host.address),
        );
        checked.require(
            is_unicast(IpAddr::V6(host.address)),
            "fixedAddress",
            format!("{} is not a unicast address", host.address),
        );
        checked.text("name", host.name.as_deref());
        client_id(client, checked);
    }
}

/// A client id must be fit for an address of the API, where its colons are dashes.
fn client_id(client: &str, checked: &mut Checked) {
    let length = client.chars().count();
    let is_fit = client.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_'));
    checked.require(
        (1..=MAX_NAME).contains(&length) && is_fit,
        "clientId",
        format!("must be 1 to {MAX_NAME} letters, digits, dots and underlines, separated by colons"),
    );
}

pub(super) fn normalize(subnet: &mut DhcpSubnet) {
    subnet.prefix = network_of(subnet.prefix);
    for route in &mut subnet.routes {
        route.destination = network_of(route.destination);
    }
}

pub(super) fn normalize6(subnet: &mut DhcpSubnet6) {
    let prefix = subnet.prefix;
    subnet.prefix = Ipv6Network::new(prefix.network(), prefix.prefix()).unwrap_or(prefix);
}

fn network_of(prefix: Ipv4Network) -> Ipv4Network {
    Ipv4Network::new(prefix.network(), prefix.prefix()).unwrap_or(prefix)
}

/// A bridge has each subnet once.
pub(super) fn unique(state: &State, subnet: &DhcpSubnet) -> Result<(), ModelError> {
    let same = |other: &&DhcpSubnet| other.id != subnet.id && other.prefix == subnet.prefix;
    let other = state.bridge_dhcp_subnets(subnet.bridge).find(same);
    other.map_or(Ok(()), |other| Err(taken(subnet.bridge, &subnet.prefix, other.id)))
}

pub(super) fn unique6(state: &State, subnet: &DhcpSubnet6) -> Result<(), ModelError> {
    let same = |other: &&DhcpSubnet6| other.id != subnet.id && other.prefix == subnet.prefix;
    let other = state.bridge_dhcp_subnets6(subnet.bridge).find(same);
    other.map_or(Ok(()), |other| Err(taken(subnet.bridge, &subnet.prefix, other.id)))
}

fn taken(bridge: BridgeId, prefix: &impl Display, other: impl Display + Into<ObjectKey>) -> ModelError {
    let message = format!("Bridge {bridge} has subnet {prefix} already: {other}.");
    ModelError::conflict(message, [other])
}
