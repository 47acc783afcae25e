//! What hangs on bridges: DHCP subnets, table entries, VTEPs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::{Ipv4Network, Ipv6Network};
use packet::MacAddr;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::Values;
use crate::{
    ArpEntry, DhcpHost, DhcpHost6, DhcpOption, DhcpRoute, DhcpSubnet, DhcpSubnet6, MacEntry, PortDevice, Vtep,
};

/// The subnet of which most plausible addresses are.
const SUBNET: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 0);

pub(super) fn dhcp_subnet(v: Values) -> impl Strategy<Value = DhcpSubnet> {
    let prefix = match v {
        Values::Wild => prefix_v4(v).boxed(),
        Values::Plausible => (8..25u8).prop_map(|length| network_v4(SUBNET, length)).boxed(),
    };
    let addresses = (option::of(address_v4(v)), option::of(address_v4(v)), vec(address_v4(v), 0..3));
    let mtu = option::of(v.number(68..1500).prop_map(|mtu| mtu as u16));
    let route =
        (prefix_v4(v), address_v4(v)).prop_map(|(destination, gateway)| DhcpRoute { destination, gateway });
    let hosts = btree_map(v.mac(), dhcp_host(v), 0..3);
    (v.id(), v.id(), prefix, addresses, mtu, vec(route, 0..3), hosts, any::<bool>()).prop_map(
        |(id, bridge, prefix, addresses, interface_mtu, routes, hosts, enabled)| DhcpSubnet {
            id,
            bridge,
            prefix,
            default_gateway: addresses.0,
            server: addresses.1,
            dns_servers: addresses.2,
            interface_mtu,
            routes,
            hosts,
            enabled,
        },
    )
}

pub(super) fn dhcp_host(v: Values) -> impl Strategy<Value = DhcpHost> {
    let text = if v == Values::Wild { ".{0,30}" } else { "[a-z]{1,4}" };
    let option = (text, text).prop_map(|(name, value)| DhcpOption { name, value });
    (address_v4(v), v.text(), vec(option, 0..3)).prop_map(|(address, name, options)| DhcpHost {
        address,
        name,
        options,
    })
}

pub(super) fn dhcp_subnet6(v: Values) -> impl Strategy<Value = DhcpSubnet6> {
    let length = if v == Values::Wild { 0..129u8 } else { 32..65 };
    let prefix = (address_v6(v), length)
        .prop_map(|(address, length)| Ipv6Network::new(address, length).unwrap_or_else(|_| address.into()));
    (v.id(), v.id(), prefix, btree_map(client_id(v), dhcp_host6(v), 0..3))
        .prop_map(|(id, bridge, prefix, hosts)| DhcpSubnet6 { id, bridge, prefix, hosts })
}

pub(super) fn dhcp_host6(v: Values) -> impl Strategy<Value = DhcpHost6> {
    (address_v6(v), v.text()).prop_map(|(address, name)| DhcpHost6 { address, name })
}

pub(super) fn client_id(v: Values) -> impl Strategy<Value = String> {
    if v == Values::Wild { ".{0,20}" } else { "00:0[1-4]" }
}

/// Wild entries are not named after what they are unique by.
pub(super) fn mac_entry(v: Values) -> impl Strategy<Value = MacEntry> {
    let vlan = v.number(0..3).prop_map(|vid| vid as u16);
    (v.id(), v.id(), vlan, station(v), v.id()).prop_map(move |(id, bridge, vlan, mac, port)| match v {
        Values::Wild => MacEntry { id, bridge, vlan, mac, port },
        Values::Plausible => MacEntry::new(bridge, vlan, mac, port),
    })
}

/// As for [`mac_entry`].
pub(super) fn arp_entry(v: Values) -> impl Strategy<Value = ArpEntry> {
    (v.id(), v.id(), address_v4(v), station(v)).prop_map(move |(id, bridge, address, mac)| match v {
        Values::Wild => ArpEntry { id, bridge, address, mac },
        Values::Plausible => ArpEntry::new(bridge, address, mac),
    })
}

pub(super) fn vtep(v: Values) -> impl Strategy<Value = Vtep> {
    let port = v.number(6632..6634).prop_map(|port| port as u16);
    let bindings = btree_map((port_name(v), vlan(v)), v.id(), if v == Values::Wild { 0..4 } else { 0..1 });
    (v.id(), address_v4(v), port, v.id(), bindings).prop_map(
        |(id, management_ip, management_port, tunnel_zone, bindings)| Vtep {
            id,
            management_ip,
            management_port,
            tunnel_zone,
            bindings,
        },
    )
}

/// A port to a VTEP.
pub(super) fn vxlan_device(v: Values) -> impl Strategy<Value = PortDevice> {
    (v.id(), v.id()).prop_map(|(bridge, vtep)| PortDevice::Vxlan { bridge, vtep })
}

pub(super) fn port_name(v: Values) -> impl Strategy<Value = String> {
    if v == Values::Wild { ".{0,30}" } else { "eth[0-2]" }
}

pub(super) fn vlan(v: Values) -> impl Strategy<Value = u16> {
    v.number(0..3).prop_map(|vid| vid as u16)
}

fn station(v: Values) -> BoxedStrategy<MacAddr> {
    match v {
        Values::Wild => v.mac(),
        Values::Plausible => (1..4u8).prop_map(|n| MacAddr([2, 0, 0, 0, 0, n])).boxed(),
    }
}

fn address_v4(v: Values) -> BoxedStrategy<Ipv4Addr> {
    match v {
        Values::Wild => any::<u32>().prop_map(Ipv4Addr::from_bits).boxed(),
        Values::Plausible => v
            .address()
            .prop_filter_map("IPv4", |address| match address {
                IpAddr::V4(v4) => Some(v4),
                IpAddr::V6(_) => None,
            })
            .boxed(),
    }
}

fn address_v6(v: Values) -> BoxedStrategy<Ipv6Addr> {
    match v {
        Values::Wild => any::<u128>().prop_map(Ipv6Addr::from_bits).boxed(),
        Values::Plausible => (1..5u128).prop_map(|n| Ipv6Addr::from_bits((0xfd00 << 112) | n)).boxed(),
    }
}

fn prefix_v4(v: Values) -> impl Strategy<Value = Ipv4Network> {
    (address_v4(v), 0..=32u8).prop_map(|(address, length)| network_v4(address, length))
}

fn network_v4(address: Ipv4Addr, length: u8) -> Ipv4Network {
    Ipv4Network::new(address, length).unwrap_or_else(|_| address.into())
}
