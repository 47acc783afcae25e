//! DHCP subnets with their hosts.

use ipnetwork::{Ipv4Network, Ipv6Network};
use packet::MacAddr;
use prost::Message;

use super::field::{
    FieldError, address_v4, address_v6, id, id_bytes, mac, mac_bytes, number, prefix_message, required,
};
use super::wire::topology as wire;
use crate::{DhcpHost, DhcpHost6, DhcpOption, DhcpRoute, DhcpSubnet, DhcpSubnet6};

impl DhcpSubnet {
    /// How many bytes it takes where it is stored.
    pub(crate) fn stored_bytes(&self) -> usize {
        wire::DhcpSubnet::from(self).encoded_len()
    }
}

impl DhcpSubnet6 {
    /// How many bytes it takes where it is stored.
    pub(crate) fn stored_bytes(&self) -> usize {
        wire::DhcpSubnet6::from(self).encoded_len()
    }
}

impl From<&DhcpSubnet> for wire::DhcpSubnet {
    fn from(subnet: &DhcpSubnet) -> Self {
        let route = |route: &DhcpRoute| wire::DhcpRoute {
            destination: Some(prefix_message(route.destination.into())),
            gateway: route.gateway.octets().to_vec(),
        };
        Self {
            id: id_bytes(subnet.id),
            bridge: id_bytes(subnet.bridge),
            prefix: Some(prefix_message(subnet.prefix.into())),
            default_gateway: subnet.default_gateway.map(|address| address.octets().to_vec()),
            server: subnet.server.map(|address| address.octets().to_vec()),
            dns_servers: subnet.dns_servers.iter().map(|address| address.octets().to_vec()).collect(),
            interface_mtu: subnet.interface_mtu.map(u32::from),
            routes: subnet.routes.iter().map(route).collect(),
            hosts: subnet.hosts.iter().map(host_message).collect(),
            enabled: subnet.enabled,
        }
    }
}

impl TryFrom<wire::DhcpSubnet> for DhcpSubnet {
    type Error = FieldError;

    fn try_from(subnet: wire::DhcpSubnet) -> Result<Self, FieldError> {
        let optional = |field, bytes: Option<Vec<u8>>| bytes.map(|b| address_v4(field, &b)).transpose();
        Ok(Self {
            id: id("id", &subnet.id)?,
            bridge: id("bridge", &subnet.bridge)?,
            prefix: prefix_v4("prefix", subnet.prefix)?,
            default_gateway: optional("default_gateway", subnet.default_gateway)?,
            server: optional("server", subnet.server)?,
            dns_servers: subnet
                .dns_servers
                .iter()
                .map(|address| address_v4("dns_servers", address))
                .collect::<Result<_, _>>()?,
            interface_mtu: subnet.interface_mtu.map(|mtu| number("interface_mtu", mtu)).transpose()?,
            routes: subnet.routes.into_iter().map(DhcpRoute::try_from).collect::<Result<_, _>>()?,
            hosts: subnet.hosts.into_iter().map(host).collect::<Result<_, _>>()?,
            enabled: subnet.enabled,
        })
    }
}

impl TryFrom<wire::DhcpRoute> for DhcpRoute {
    type Error = FieldError;

    fn try_from(route: wire::DhcpRoute) -> Result<Self, FieldError> {
        Ok(Self {
            destination: prefix_v4("routes.destination", route.destination)?,
            gateway: address_v4("routes.gateway", &route.gateway)?,
        })
    }
}

fn host_message((mac, host): (&MacAddr, &DhcpHost)) -> wire::DhcpHost {
    let option =
        |option: &DhcpOption| wire::DhcpOption { name: option.name.clone(), value: option.value.clone() };
    wire::DhcpHost {
        mac: mac_bytes(*mac),
        address: host.address.octets().to_vec(),
        name: host.name.clone(),
        options: host.options.iter().map(option).collect(),
    }
}

fn host(host: wire::DhcpHost) -> Result<(MacAddr, DhcpHost), FieldError> {
    let option = |option: wire::DhcpOption| DhcpOption { name: option.name, value: option.value };
    let kept = DhcpHost {
        address: address_v4("hosts.address", &host.address)?,
        name: host.name,
        options: host.options.into_iter().map(option).collect(),
    };
    Ok((mac("hosts.mac", &host.mac)?, kept))
}

impl From<&DhcpSubnet6> for wire::DhcpSubnet6 {
    fn from(subnet: &DhcpSubnet6) -> Self {
        let host = |(client_id, host): (&String, &DhcpHost6)| wire::DhcpHost6 {
            client_id: client_id.clone(),
            address: host.address.octets().to_vec(),
            name: host.name.clone(),
        };
        Self {
            id: id_bytes(subnet.id),
            bridge: id_bytes(subnet.bridge),
            prefix: Some(prefix_message(subnet.prefix.into())),
            hosts: subnet.hosts.iter().map(host).collect(),
        }
    }
}

impl TryFrom<wire::DhcpSubnet6> for DhcpSubnet6 {
    type Error = FieldError;

    fn try_from(subnet: wire::DhcpSubnet6) -> Result<Self, FieldError> {
        let host = |host: wire::DhcpHost6| {
            let address = address_v6("hosts.address", &host.address)?;
            Ok((host.client_id, DhcpHost6 { address, name: host.name }))
        };
        Ok(Self {
            id: id("id", &subnet.id)?,
            bridge: id("bridge", &subnet.bridge)?,
            prefix: prefix_v6("prefix", subnet.prefix)?,
            hosts: subnet.hosts.into_iter().map(host).collect::<Result<_, FieldError>>()?,
        })
    }
}

fn prefix_v4(field: &'static str, prefix: Option<wire::Prefix>) -> Result<Ipv4Network, FieldError> {
    let prefix = required(field, prefix)?;
    let (address, length) = (address_v4(field, &prefix.address)?, number(field, prefix.length)?);
    Ipv4Network::new(address, length).map_err(|_| too_long(field, length))
}

fn prefix_v6(field: &'static str, prefix: Option<wire::Prefix>) -> Result<Ipv6Network, FieldError> {
    let prefix = required(field, prefix)?;
    let (address, length) = (address_v6(field, &prefix.address)?, number(field, prefix.length)?);
    Ipv6Network::new(address, length).map_err(|_| too_long(field, length))
}

fn too_long(field: &'static str, length: u8) -> FieldError {
    FieldError::new(field, format!("/{length} is too long a prefix"))
}
