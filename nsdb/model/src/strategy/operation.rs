//! Operations of a transaction as values.

use std::net::IpAddr;

use proptest::prelude::*;

use super::rule::rule;
use super::{Values, object};
use crate::{
    HostId, IpAddrGroupId, ModelError, Object, ObjectKey, PortGroupId, PortId, Rule, Transaction,
    TunnelZoneId,
};

/// One call of a [`Transaction`].
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each is named after the method that it calls")]
pub enum Operation {
    Create(Box<Object>),
    Update(Box<Object>),
    Delete(ObjectKey),
    Link(PortId, PortId),
    Unlink(PortId),
    Bind(PortId, HostId, String),
    Unbind(PortId),
    InsertRule(Box<Rule>, usize),
    AddGroupPort(PortGroupId, PortId),
    RemoveGroupPort(PortGroupId, PortId),
    AddAddress(IpAddrGroupId, IpAddr),
    RemoveAddress(IpAddrGroupId, IpAddr),
    AddZoneHost(TunnelZoneId, HostId, IpAddr),
    RemoveZoneHost(TunnelZoneId, HostId),
}

impl Operation {
    /// Calls the transaction.
    ///
    /// # Errors
    /// What the transaction says.
    pub fn run(&self, tx: &mut Transaction) -> Result<(), ModelError> {
        match self {
            Self::Create(object) => tx.create(object.as_ref().clone()),
            Self::Update(object) => tx.update(object.as_ref().clone()),
            Self::Delete(key) => tx.delete(*key),
            Self::Link(port, peer) => tx.link(*port, *peer),
            Self::Unlink(port) => tx.unlink(*port),
            Self::Bind(port, host, interface) => tx.bind(*port, *host, interface),
            Self::Unbind(port) => tx.unbind(*port),
            Self::InsertRule(rule, position) => tx.insert_rule(rule.as_ref().clone(), *position),
            Self::AddGroupPort(group, port) => tx.add_group_port(*group, *port),
            Self::RemoveGroupPort(group, port) => tx.remove_group_port(*group, *port),
            Self::AddAddress(group, address) => tx.add_address(*group, *address),
            Self::RemoveAddress(group, address) => tx.remove_address(*group, *address),
            Self::AddZoneHost(zone, host, address) => tx.add_zone_host(*zone, *host, *address),
            Self::RemoveZoneHost(zone, host) => tx.remove_zone_host(*zone, *host),
        }
    }
}

/// Operations on a small pool of ids, mostly creations.
pub fn operation() -> impl Strategy<Value = Operation> {
    let v = Values::Plausible;
    prop_oneof![
        12 => object(v).prop_map(|object| Operation::Create(Box::new(object))),
        2 => object(v).prop_map(|object| Operation::Update(Box::new(object))),
        2 => object(v).prop_map(|object| Operation::Delete(object.key())),
        6 => (v.id(), v.id()).prop_map(|(port, peer)| Operation::Link(port, peer)),
        1 => v.id().prop_map(Operation::Unlink),
        6 => (v.id(), v.id(), "tap[1-3]").prop_map(|(port, host, name)| Operation::Bind(port, host, name)),
        1 => v.id().prop_map(Operation::Unbind),
        3 => (rule(v), 0..5usize).prop_map(|(rule, at)| Operation::InsertRule(Box::new(rule), at)),
        1 => (v.id(), v.id()).prop_map(|(group, port)| Operation::AddGroupPort(group, port)),
        1 => (v.id(), v.id()).prop_map(|(group, port)| Operation::RemoveGroupPort(group, port)),
        1 => (v.id(), v.address()).prop_map(|(group, address)| Operation::AddAddress(group, address)),
        1 => (v.id(), v.address()).prop_map(|(group, address)| Operation::RemoveAddress(group, address)),
        2 => (v.id(), v.id(), v.address()).prop_map(|(zone, host, at)| Operation::AddZoneHost(zone, host, at)),
        1 => (v.id(), v.id()).prop_map(|(zone, host)| Operation::RemoveZoneHost(zone, host)),
    ]
}
