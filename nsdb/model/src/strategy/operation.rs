//! Operations of a transaction as values.

use std::net::IpAddr;

use packet::MacAddr;
use proptest::prelude::*;

use super::rule::rule;
use super::switching::{arp_entry, client_id, dhcp_host, dhcp_host6, mac_entry, port_name, vlan};
use super::{Values, object};
use crate::{
    ArpEntry, BridgeId, DhcpHost, DhcpHost6, DhcpSubnet6Id, DhcpSubnetId, HostId, IpAddrGroupId, MacEntry,
    ModelError, Object, ObjectKey, PortGroupId, PortId, Rule, Transaction, TunnelZoneId, VtepId,
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
    AddDhcpHost(DhcpSubnetId, MacAddr, DhcpHost),
    UpdateDhcpHost(DhcpSubnetId, MacAddr, MacAddr, DhcpHost),
    RemoveDhcpHost(DhcpSubnetId, MacAddr),
    AddDhcpHost6(DhcpSubnet6Id, String, DhcpHost6),
    UpdateDhcpHost6(DhcpSubnet6Id, String, String, DhcpHost6),
    RemoveDhcpHost6(DhcpSubnet6Id, String),
    SetMacEntry(MacEntry),
    SetArpEntry(ArpEntry),
    BindVtep(VtepId, String, u16, BridgeId),
    UnbindVtep(VtepId, String, u16),
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
            Self::AddDhcpHost(subnet, mac, host) => tx.add_dhcp_host(*subnet, *mac, host.clone()),
            Self::UpdateDhcpHost(subnet, mac, new, host) => {
                tx.update_dhcp_host(*subnet, *mac, *new, host.clone())
            }
            Self::RemoveDhcpHost(subnet, mac) => tx.remove_dhcp_host(*subnet, *mac),
            Self::AddDhcpHost6(subnet, client, host) => tx.add_dhcp_host6(*subnet, client, host.clone()),
            Self::UpdateDhcpHost6(subnet, client, new, host) => {
                tx.update_dhcp_host6(*subnet, client, new, host.clone())
            }
            Self::RemoveDhcpHost6(subnet, client) => tx.remove_dhcp_host6(*subnet, client),
            Self::SetMacEntry(entry) => tx.set_mac_entry(*entry),
            Self::SetArpEntry(entry) => tx.set_arp_entry(*entry),
            Self::BindVtep(vtep, port, vlan, bridge) => tx.bind_vtep(*vtep, port, *vlan, *bridge),
            Self::UnbindVtep(vtep, port, vlan) => tx.unbind_vtep(*vtep, port, *vlan),
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
        8 => (v.id(), v.id()).prop_map(|(port, peer)| Operation::Link(port, peer)),
        1 => v.id().prop_map(Operation::Unlink),
        9 => (v.id(), v.id(), "tap[1-3]").prop_map(|(port, host, name)| Operation::Bind(port, host, name)),
        1 => v.id().prop_map(Operation::Unbind),
        3 => (rule(v), 0..5usize).prop_map(|(rule, at)| Operation::InsertRule(Box::new(rule), at)),
        1 => (v.id(), v.id()).prop_map(|(group, port)| Operation::AddGroupPort(group, port)),
        1 => (v.id(), v.id()).prop_map(|(group, port)| Operation::RemoveGroupPort(group, port)),
        1 => (v.id(), v.address()).prop_map(|(group, address)| Operation::AddAddress(group, address)),
        1 => (v.id(), v.address()).prop_map(|(group, address)| Operation::RemoveAddress(group, address)),
        2 => (v.id(), v.id(), v.address()).prop_map(|(zone, host, at)| Operation::AddZoneHost(zone, host, at)),
        1 => (v.id(), v.id()).prop_map(|(zone, host)| Operation::RemoveZoneHost(zone, host)),
        8 => on_bridges(),
    ]
}

/// Operations on what hangs on bridges.
fn on_bridges() -> impl Strategy<Value = Operation> {
    let v = Values::Plausible;
    let mac = || (1..4u8).prop_map(|n| MacAddr([2, 0, 0, 0, 0, n]));
    prop_oneof![
        2 => (v.id(), mac(), dhcp_host(v)).prop_map(|(subnet, mac, h)| Operation::AddDhcpHost(subnet, mac, h)),
        1 => (v.id(), mac(), mac(), dhcp_host(v))
            .prop_map(|(subnet, mac, new, h)| Operation::UpdateDhcpHost(subnet, mac, new, h)),
        1 => (v.id(), mac()).prop_map(|(subnet, mac)| Operation::RemoveDhcpHost(subnet, mac)),
        2 => (v.id(), client_id(v), dhcp_host6(v))
            .prop_map(|(subnet, client, h)| Operation::AddDhcpHost6(subnet, client, h)),
        1 => (v.id(), client_id(v), client_id(v), dhcp_host6(v))
            .prop_map(|(subnet, client, new, h)| Operation::UpdateDhcpHost6(subnet, client, new, h)),
        1 => (v.id(), client_id(v)).prop_map(|(subnet, c)| Operation::RemoveDhcpHost6(subnet, c)),
        2 => mac_entry(v).prop_map(Operation::SetMacEntry),
        1 => arp_entry(v).prop_map(Operation::SetArpEntry),
        12 => (v.id(), port_name(v), vlan(v), v.id())
            .prop_map(|(vtep, port, vlan, bridge)| Operation::BindVtep(vtep, port, vlan, bridge)),
        1 => (v.id(), port_name(v), vlan(v)).prop_map(|(vtep, p, vlan)| Operation::UnbindVtep(vtep, p, vlan)),
    ]
}
