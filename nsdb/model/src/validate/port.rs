//! Ports, by themselves.

use ipnetwork::IpNetwork;

use super::{Checked, is_unicast, peering};
use crate::transaction::MAX_TUNNEL_KEY;
use crate::{Port, PortDevice, PortMirrors};

pub(super) fn port(port: &Port, checked: &mut Checked) {
    checked.require(
        (1..=MAX_TUNNEL_KEY).contains(&port.tunnel_key),
        "tunnelKey",
        format!("must be between 1 and {MAX_TUNNEL_KEY}"),
    );
    let PortMirrors { inbound, post_in_filter, pre_out_filter, outbound } = &port.mirrors;
    checked.mirrors("inboundMirrorIds", inbound);
    checked.mirrors("postInFilterMirrorIds", post_in_filter);
    checked.mirrors("preOutFilterMirrorIds", pre_out_filter);
    checked.mirrors("outboundMirrorIds", outbound);
    match &port.device {
        PortDevice::Bridge { vlan, .. } => {
            checked.require(
                vlan.is_none_or(|vid| (1..=4094).contains(&vid)),
                "vlanId",
                "must be between 1 and 4094",
            );
        }
        PortDevice::Router { mac, addresses, vtep, .. } => {
            peering::vtep(vtep, checked);
            checked.require(
                mac.is_station(),
                "portMac",
                format!("{mac} is not the address of a single station"),
            );
            checked.require(!addresses.is_empty(), "portAddress", "a router port needs an address");
            for address in addresses {
                port_address(address, checked);
            }
            let twice = |(i, a): (usize, &IpNetwork)| addresses[..i].iter().any(|b| a.ip() == b.ip());
            checked.require(
                !addresses.iter().enumerate().any(twice),
                "portSubnet",
                "names the same address twice",
            );
        }
        PortDevice::Vxlan { .. } => {}
    }
}

/// The address must be one that a machine on its network can have (RFC 1122 §3.2.1.3; /31: RFC 3021).
fn port_address(address: &IpNetwork, checked: &mut Checked) {
    let ip = address.ip();
    checked.require(
        is_unicast(ip) && !ip.is_loopback(),
        "portAddress",
        format!("{ip} is not an address for a port"),
    );
    match address {
        IpNetwork::V4(v4) if v4.prefix() < 31 => {
            checked.require(
                v4.ip() != v4.network(),
                "portAddress",
                format!("{ip} is the address of the network {address} itself"),
            );
            checked.require(
                v4.ip() != v4.broadcast(),
                "portAddress",
                format!("{ip} is the broadcast address of its network"),
            );
        }
        IpNetwork::V6(v6) if v6.prefix() < 127 => {
            checked.require(
                v6.ip() != v6.network(),
                "portAddress",
                format!("{ip} is the subnet-router anycast address of its network"),
            );
        }
        _ => {}
    }
}
