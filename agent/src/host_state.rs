//! What the agent publishes of its host: the interfaces, in the NSDB's words.

use std::collections::BTreeSet;

use datapath::links;
use nsdb::presence::{Endpoint, HostState, Interface, InterfaceKind};

use crate::control::InterfaceMap;

/// The state to publish; `tunnels` are the names of our tunnel devices.
pub(crate) fn of(interfaces: &InterfaceMap, tunnels: &BTreeSet<String>) -> HostState {
    HostState { interfaces: interfaces.values().map(|interface| describe(interface, tunnels)).collect() }
}

fn describe(interface: &links::Interface, tunnels: &BTreeSet<String>) -> Interface {
    let kind = interface.kind.as_deref();
    let ours = tunnels.contains(&interface.name);
    Interface {
        name: interface.name.clone(),
        kind: match kind {
            _ if interface.loopback => InterfaceKind::Virtual,
            None => InterfaceKind::Physical,
            Some("vxlan" | "gretap" | "ip6gretap" | "gre" | "geneve" | "ipip" | "sit") => {
                InterfaceKind::Tunnel
            }
            Some(_) => InterfaceKind::Virtual,
        },
        mac: interface.mac,
        mtu: interface.mtu,
        up: interface.up,
        has_link: interface.carrier,
        addresses: interface.addresses.clone(),
        endpoint: match kind {
            _ if interface.loopback => Endpoint::Localhost,
            _ if ours => Endpoint::Datapath,
            None => Endpoint::Physical,
            Some("openvswitch") => Endpoint::Datapath,
            Some("tun") => Endpoint::Tuntap,
            Some("veth") => Endpoint::Vm,
            Some("gre" | "gretap" | "ip6gretap") => Endpoint::Gre,
            Some(_) => Endpoint::Unknown,
        },
        port_type: match kind {
            Some("vxlan") if ours => Some("VXLAN".to_owned()),
            Some("gretap" | "ip6gretap") if ours => Some("GRE".to_owned()),
            Some("openvswitch") => Some("INTERNAL".to_owned()),
            _ => None,
        },
    }
}
