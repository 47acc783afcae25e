//! The rules that each object keeps: for itself, for what it refers to, and for what must be unique.
//!
//! Violations name properties as the REST API does (midonet.md §3.4). All of an object are reported at once.

mod action;
mod condition;
mod device;
mod host;
mod port;
mod service;
mod unique;

use std::net::IpAddr;

use ipnetwork::IpNetwork;

pub(crate) use host::interface_name;
pub(crate) use unique::unique;

use crate::mirror::mirror_hooks;
use crate::{ModelError, Object, ObjectKey, State, Violation};

/// Longest name, in characters.
const MAX_NAME: usize = 255;

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
    if let Object::Route(route) = object {
        device::route_in_context(state, route, checked);
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
