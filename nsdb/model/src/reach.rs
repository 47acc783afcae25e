//! Reach: the documents that an agent needs, and the agents that need a document.
//!
//! An agent needs its host's document, and every document that a needed one names. [`reach`] follows the names from one
//! document on; [`hosts_reaching`] follows them back, so that it costs what lies on the way and not every host's reach.

use std::collections::BTreeSet;

use crate::projection::home;
use crate::{
    ChainId, Condition, DeviceId, Document, DocumentKey, HostId, Kind, Port, PortEntry, Rule, RuleAction,
    State,
};

/// The keys of all documents that can be reached from one, itself included, as far as `content` has them.
pub fn reach<'a>(
    start: DocumentKey,
    content: impl Fn(DocumentKey) -> Option<&'a Document>,
) -> BTreeSet<DocumentKey> {
    closure(start, |key| content(key).map(Document::references).unwrap_or_default())
}

/// The hosts from whose documents a document of `state` can be reached; none if there is no such document.
pub fn hosts_reaching(state: &State, key: DocumentKey) -> BTreeSet<HostId> {
    if !state.contains(key.into()) {
        return BTreeSet::new();
    }
    let host = |key| match key {
        DocumentKey::Host(host) => Some(host),
        _ => None,
    };
    closure(key, |key| referrers(state, key)).into_iter().filter_map(host).collect()
}

fn closure(start: DocumentKey, next: impl Fn(DocumentKey) -> Vec<DocumentKey>) -> BTreeSet<DocumentKey> {
    let mut reached = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(key) = open.pop() {
        open.extend(next(key).into_iter().filter(|key| reached.insert(*key)));
    }
    reached
}

impl Document {
    /// The documents that this one names, in no order and perhaps repeatedly. Port groups are never named: what an agent
    /// needs of them, their members, stands at the ports.
    pub fn references(&self) -> Vec<DocumentKey> {
        match self {
            Self::Host(d) => {
                let devices = d.bindings.iter().map(|binding| binding.device.into());
                devices.chain(d.tunnel_zones.iter().copied().map(DocumentKey::TunnelZone)).collect()
            }
            Self::Bridge(d) => {
                let own = [d.bridge.inbound_filter, d.bridge.outbound_filter];
                chains(own).chain(d.ports.iter().flat_map(port_references)).collect()
            }
            Self::Router(d) => {
                let r = &d.router;
                let own = [r.inbound_filter, r.outbound_filter, r.forward_chain, r.local_redirect_chain];
                chains(own).chain(d.ports.iter().flat_map(port_references)).collect()
            }
            Self::Chain(d) => d.rules.iter().flat_map(rule_references).collect(),
            Self::PortGroup(_) | Self::IpAddrGroup(_) | Self::TunnelZone(_) => Vec::new(),
            // Nothing in the datapath acts on these yet.
            Self::Vtep(_) | Self::LoadBalancer(_) | Self::Pool(_) | Self::HealthMonitor(_) => Vec::new(),
            Self::ServiceContainerGroup(_) | Self::ServiceContainer(_) | Self::Mirror(_) => Vec::new(),
            Self::L2Insertion(_) | Self::TraceRequest(_) | Self::QosPolicy(_) => Vec::new(),
            Self::ConfDocument(_) => Vec::new(),
        }
    }
}

fn chains(ids: impl IntoIterator<Item = Option<ChainId>>) -> impl Iterator<Item = DocumentKey> {
    ids.into_iter().flatten().map(DocumentKey::Chain)
}

fn port_references(entry: &PortEntry) -> impl Iterator<Item = DocumentKey> {
    let filters = chains([entry.port.inbound_filter, entry.port.outbound_filter]);
    filters.chain(entry.peer_device.map(DocumentKey::from))
}

fn rule_references(rule: &Rule) -> impl Iterator<Item = DocumentKey> {
    let jump = match rule.action {
        RuleAction::Jump(chain) => Some(DocumentKey::Chain(chain)),
        _ => None,
    };
    let Condition { ip_addr_group_src, ip_addr_group_dst, .. } = &rule.condition;
    let groups = [ip_addr_group_src, ip_addr_group_dst];
    jump.into_iter().chain(groups.into_iter().flatten().map(|group| DocumentKey::IpAddrGroup(group.value)))
}

/// The documents that name this one: [`Document::references`] the other way round.
fn referrers(state: &State, key: DocumentKey) -> Vec<DocumentKey> {
    match key {
        DocumentKey::Bridge(id) => device_referrers(state, DeviceId::Bridge(id)),
        DocumentKey::Router(id) => device_referrers(state, DeviceId::Router(id)),
        DocumentKey::Chain(id) => {
            // The chains of IP address groups have no effect yet.
            let hooked = state.filter_users(id).filter(|user| user.kind != Kind::IpAddrGroup);
            let users = hooked.filter_map(|user| home(state, user));
            users.chain(state.jump_rules(id).map(|rule| DocumentKey::Chain(rule.chain))).collect()
        }
        DocumentKey::IpAddrGroup(id) => {
            state.rules_on(id).map(|rule| DocumentKey::Chain(rule.chain)).collect()
        }
        DocumentKey::TunnelZone(id) => {
            let members = state.tunnel_zone(id).map(|zone| zone.members.keys());
            members.into_iter().flatten().copied().map(DocumentKey::Host).collect()
        }
        // Named by nothing that an agent holds.
        _ => Vec::new(),
    }
}

fn device_referrers(state: &State, device: DeviceId) -> Vec<DocumentKey> {
    let referrers = |port: &Port| {
        let host = port.binding.as_ref().map(|binding| DocumentKey::Host(binding.host));
        host.into_iter().chain(state.peer_device(port).map(DocumentKey::from))
    };
    state.device_ports(device).flat_map(referrers).collect()
}
