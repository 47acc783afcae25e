//! What no two objects may share, and what stands in the way of a change.

use std::collections::BTreeMap;

use super::service::insertion_unique;
use super::{dhcp, station, vtep};
use crate::{
    BgpPeer, Kind, ModelError, Object, Port, PortDevice, Role, Router, RouterId, ServiceContainer,
    ServiceContainerId, State, TunnelZone,
};

/// Checks an object against the others of the state.
pub(crate) fn unique(state: &State, object: &Object) -> Result<(), ModelError> {
    match object {
        Object::Port(port) => {
            tunnel_key(state, port)?;
            vlan(state, port)?;
            station::entries_of(state, port)?;
            addresses(state, port)
        }
        Object::TunnelZone(zone) => {
            zone_name(state, zone)?;
            member_addresses(zone)
        }
        Object::Router(router) => load_balancer(state, router),
        Object::ServiceContainer(container) => container_port(state, container),
        Object::DhcpSubnet(subnet) => dhcp::unique(state, subnet),
        Object::DhcpSubnet6(subnet) => dhcp::unique6(state, subnet),
        Object::BgpPeer(peer) => bgp_peer(state, peer),
        Object::Vtep(new) => vtep::unique(state, new),
        Object::L2Insertion(insertion) => insertion_unique(state, insertion),
        _ => Ok(()),
    }
}

/// A load balancer works at one router.
fn load_balancer(state: &State, router: &Router) -> Result<(), ModelError> {
    let Some(balancer) = router.load_balancer else { return Ok(()) };
    let mut users = state.referring::<RouterId>(balancer, Role::LoadBalancer, Kind::Router);
    match users.find(|other| *other != router.id) {
        Some(other) => {
            let message = format!("Load balancer {balancer} belongs to router {other} already.");
            Err(ModelError::conflict(message, [other]))
        }
        None => Ok(()),
    }
}

/// One container runs at a port.
fn container_port(state: &State, container: &ServiceContainer) -> Result<(), ModelError> {
    let Some(port) = container.port else { return Ok(()) };
    let mut users = state.referring::<ServiceContainerId>(port, Role::Owner, Kind::ServiceContainer);
    match users.find(|other| *other != container.id) {
        Some(other) => {
            let message = format!("Port {port} belongs to service container {other} already.");
            Err(ModelError::conflict(message, [other]))
        }
        None => Ok(()),
    }
}

/// A router has one session with an address in one autonomous system.
fn bgp_peer(state: &State, peer: &BgpPeer) -> Result<(), ModelError> {
    let BgpPeer { router, address, as_number, .. } = peer;
    let same =
        |other: &&BgpPeer| other.id != peer.id && other.address == *address && other.as_number == *as_number;
    match state.bgp_peers_of(*router).find(same) {
        Some(other) => {
            let message =
                format!("{address} in AS {as_number} is peer {} of router {router} already.", other.id);
            Err(ModelError::conflict(message, [other.id]))
        }
        None => Ok(()),
    }
}

fn tunnel_key(state: &State, port: &Port) -> Result<(), ModelError> {
    match state.port_with_tunnel_key(port.tunnel_key) {
        Some(other) if other != port.id => {
            let message = format!("Tunnel key {} belongs to port {other}.", port.tunnel_key);
            Err(ModelError::conflict(message, [other]))
        }
        _ => Ok(()),
    }
}

fn vlan(state: &State, port: &Port) -> Result<(), ModelError> {
    let PortDevice::Bridge { bridge, vlan: Some(vid) } = port.device else { return Ok(()) };
    let has_vlan = |other: &&Port| {
        other.id != port.id && matches!(other.device, PortDevice::Bridge { vlan: Some(v), .. } if v == vid)
    };
    match siblings(state, port).find(has_vlan) {
        Some(other) => {
            let message = format!("VLAN {vid} of bridge {bridge} is carried by port {} already.", other.id);
            Err(ModelError::conflict(message, [other.id]))
        }
        None => Ok(()),
    }
}

fn addresses(state: &State, port: &Port) -> Result<(), ModelError> {
    let PortDevice::Router { router, addresses, .. } = &port.device else { return Ok(()) };
    for other in siblings(state, port).filter(|other| other.id != port.id) {
        let PortDevice::Router { addresses: taken, .. } = &other.device else { continue };
        if let Some(address) = addresses.iter().find(|a| taken.iter().any(|b| a.ip() == b.ip())) {
            let message =
                format!("Address {} of router {router} belongs to port {} already.", address.ip(), other.id);
            return Err(ModelError::conflict(message, [other.id]));
        }
    }
    Ok(())
}

fn siblings<'a>(state: &'a State, port: &Port) -> impl Iterator<Item = &'a Port> {
    state.device_ports(port.owner())
}

fn zone_name(state: &State, zone: &TunnelZone) -> Result<(), ModelError> {
    match state.tunnel_zone_named(&zone.name) {
        Some(other) if other.id != zone.id => {
            // As MidoNet says it.
            let message = "Tunnel zone name already exists.";
            Err(ModelError::conflict(message, [other.id]))
        }
        _ => Ok(()),
    }
}

fn member_addresses(zone: &TunnelZone) -> Result<(), ModelError> {
    let mut owners = BTreeMap::new();
    for (host, address) in &zone.members {
        if let Some(other) = owners.insert(address, host) {
            let message =
                format!("Hosts {other} and {host} of tunnel zone {} share address {address}.", zone.id);
            return Err(ModelError::conflict(message, [*other, *host]));
        }
    }
    Ok(())
}
