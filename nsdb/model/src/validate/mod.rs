//! The rules that each object keeps: for itself, for what it refers to, and for what must be unique.
//!
//! Violations name properties as the REST API does (midonet.md §3.4). All of an object are reported at once.

mod action;
mod balancer;
mod bgp;
mod condition;
mod container;
mod device;
mod dhcp;
mod host;
mod peering;
mod port;
mod service;
mod station;
mod unique;
mod vtep;

use std::net::IpAddr;

use ipnetwork::IpNetwork;

pub(crate) use host::interface_name;
pub(crate) use unique::unique;

use crate::mirror::mirror_hooks;
use crate::{MirrorId, ModelError, Object, ObjectKey, State, Violation};

/// Longest name, in characters.
const MAX_NAME: usize = 255;

/// Most mirrors in one place.
const MAX_MIRRORS: usize = 64;

/// Largest VLAN id in use (IEEE 802.1Q §9.6).
const MAX_VLAN: u16 = 4094;

/// Violations found so far in one object.
pub(crate) struct Checked {
    key: ObjectKey,
    violations: Vec<Violation>,
}

impl Checked {
    pub(crate) fn new(key: ObjectKey) -> Self {
        Self { key, violations: Vec::new() }
    }

    pub(crate) fn violation(&mut self, property: &'static str, message: impl Into<String>) {
        let violation = Violation::new(property, message);
        if !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }

    fn require(&mut self, holds: bool, property: &'static str, message: impl Into<String>) {
        if !holds {
            self.violation(property, message);
        }
    }

    fn text(&mut self, property: &'static str, text: Option<&str>) {
        let length = text.map_or(0, |t| t.chars().count());
        self.require(length <= MAX_NAME, property, format!("size must be between 0 and {MAX_NAME}"));
    }

    fn mirrors(&mut self, property: &'static str, mirrors: &[MirrorId]) {
        self.require(
            mirrors.len() <= MAX_MIRRORS,
            property,
            format!("must list at most {MAX_MIRRORS} mirrors"),
        );
    }

    /// An address of a machine that is reached over IPv4, which is all that is balanced and peered with so far.
    fn ipv4(&mut self, property: &'static str, address: IpAddr) {
        let message = format!("{address} is not the IPv4 address of a machine");
        self.require(address.is_ipv4() && is_unicast(address), property, message);
    }

    /// A number that clients of the API hold in 31 bits.
    fn number(&mut self, property: &'static str, number: u32) {
        let max = i32::MAX.unsigned_abs();
        self.require(number <= max, property, format!("must be between 0 and {max}"));
    }

    /// Checks a part that stands under one property: what is wrong with the part is told of that property.
    fn part(&mut self, property: &'static str, check: impl FnOnce(&mut Self)) {
        let mut part = Self::new(self.key);
        check(&mut part);
        for violation in part.violations {
            self.violation(property, violation.to_string());
        }
    }

    pub(crate) fn finish(self) -> Result<(), ModelError> {
        if self.violations.is_empty() {
            Ok(())
        } else {
            Err(ModelError::Invalid { key: self.key, violations: self.violations })
        }
    }
}

/// Checks what an object says by itself.
pub(crate) fn object(object: &Object, checked: &mut Checked) {
    match object {
        Object::Bridge(bridge) => device::bridge(bridge, checked),
        Object::Router(router) => device::router(router, checked),
        Object::Port(port) => port::port(port, checked),
        Object::Route(route) => device::route(route, checked),
        Object::Chain(chain) => {
            checked.text("name", chain.name.as_deref());
            checked.text("tenantId", chain.tenant_id.as_deref());
        }
        Object::Rule(rule) => action::rule(rule, checked),
        Object::PortGroup(group) => {
            checked.text("name", group.name.as_deref());
            checked.text("tenantId", group.tenant_id.as_deref());
        }
        Object::IpAddrGroup(group) => {
            checked.text("name", group.name.as_deref());
            checked.text("tenantId", group.tenant_id.as_deref());
        }
        Object::Host(host) => host::host(host, checked),
        Object::TunnelZone(zone) => host::tunnel_zone(zone, checked),
        Object::LoadBalancer(balancer) => checked.text("tenantId", balancer.tenant_id.as_deref()),
        Object::PoolMember(member) => balancer::pool_member(member, checked),
        Object::Vip(vip) => checked.ipv4("address", vip.address),
        Object::HealthMonitor(monitor) => balancer::health_monitor(monitor, checked),
        Object::BgpNetwork(network) => bgp::network(network, checked),
        Object::BgpPeer(peer) => bgp::peer(peer, checked),
        Object::ServiceContainer(container) => container::container(container, checked),
        Object::PeeringEntry(entry) => peering::entry(entry, checked),
        Object::Pool(_) | Object::ServiceContainerGroup(_) => {}
        Object::DhcpSubnet(subnet) => dhcp::subnet(subnet, checked),
        Object::DhcpSubnet6(subnet) => dhcp::subnet6(subnet, checked),
        Object::MacEntry(entry) => station::mac_entry(entry, checked),
        Object::ArpEntry(entry) => station::arp_entry(entry, checked),
        Object::Vtep(vtep) => vtep::vtep(vtep, checked),
        Object::Mirror(mirror) => service::mirror(mirror, checked),
        Object::L2Insertion(insertion) => service::insertion(insertion, checked),
        Object::TraceRequest(request) => service::trace_request(request, checked),
        Object::QosPolicy(policy) => service::qos_policy(policy, checked),
        Object::QosBandwidthRule(rule) => service::qos_bandwidth_rule(rule, checked),
        Object::QosDscpRule(rule) => service::qos_dscp_rule(rule, checked),
        Object::ConfDocument(document) => service::conf_document(document, checked),
    }
}

/// Checks what depends on the objects that it refers to, as far as they exist.
pub(crate) fn in_context(state: &State, object: &Object, checked: &mut Checked) {
    match object {
        Object::Route(route) => device::route_in_context(state, route, checked),
        Object::MacEntry(entry) => station::mac_entry_in_context(state, entry, checked),
        Object::Vtep(vtep) => vtep::vtep_in_context(state, vtep, checked),
        Object::TunnelZone(zone) => vtep::zone_in_context(state, zone, checked),
        Object::PeeringEntry(entry) => peering::entry_in_context(state, entry, checked),
        _ => {}
    }
}

/// Brings an object into the form in which equal meanings are equal values: prefixes of routes without host bits, lists
/// that are sets without duplicates. Prefixes of conditions stay as they were given, as the REST API shows them so.
pub(crate) fn normalize(object: &mut Object) {
    for hook in mirror_hooks(object) {
        remove_duplicates(hook);
    }
    match object {
        Object::Route(route) => {
            route.source = network_of(route.source);
            route.destination = network_of(route.destination);
        }
        Object::Rule(rule) => condition::normalize(&mut rule.condition),
        Object::Mirror(mirror) => mirror.conditions.iter_mut().for_each(condition::normalize),
        Object::TraceRequest(request) => condition::normalize(&mut request.condition),
        Object::Port(port) => remove_duplicates(&mut port.port_groups),
        Object::DhcpSubnet(subnet) => dhcp::normalize(subnet),
        Object::DhcpSubnet6(subnet) => dhcp::normalize6(subnet),
        _ => {}
    }
}

fn remove_duplicates<T: PartialEq + Copy>(list: &mut Vec<T>) {
    let mut kept = Vec::with_capacity(list.len());
    list.retain(|item| {
        let new = !kept.contains(item);
        if new {
            kept.push(*item);
        }
        new
    });
}

fn network_of(prefix: IpNetwork) -> IpNetwork {
    IpNetwork::new(prefix.network(), prefix.prefix()).unwrap_or(prefix)
}

/// An address that a host or router interface may have.
fn is_unicast(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(address.is_unspecified() || address.is_multicast() || broadcast)
}
