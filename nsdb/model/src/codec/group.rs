//! Port groups and IP address groups.

use super::field::{FieldError, address, address_bytes, id, id_bytes, optional_id};
use super::wire::topology as wire;
use crate::{IpAddrGroup, PortGroup};

impl From<&PortGroup> for wire::PortGroup {
    fn from(group: &PortGroup) -> Self {
        Self {
            id: id_bytes(group.id),
            tenant_id: group.tenant_id.clone(),
            name: group.name.clone(),
            stateful: group.stateful,
        }
    }
}

impl TryFrom<wire::PortGroup> for PortGroup {
    type Error = FieldError;

    fn try_from(group: wire::PortGroup) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &group.id)?,
            tenant_id: group.tenant_id,
            name: group.name,
            stateful: group.stateful,
        })
    }
}

impl From<&IpAddrGroup> for wire::IpAddrGroup {
    fn from(group: &IpAddrGroup) -> Self {
        Self {
            id: id_bytes(group.id),
            name: group.name.clone(),
            tenant_id: group.tenant_id.clone(),
            addresses: group.addresses.iter().copied().map(address_bytes).collect(),
            inbound_chain: group.inbound_chain.map(id_bytes),
            outbound_chain: group.outbound_chain.map(id_bytes),
        }
    }
}

impl TryFrom<wire::IpAddrGroup> for IpAddrGroup {
    type Error = FieldError;

    fn try_from(group: wire::IpAddrGroup) -> Result<Self, FieldError> {
        let addresses = group.addresses.iter().map(|bytes| address("addresses", bytes));
        Ok(Self {
            id: id("id", &group.id)?,
            tenant_id: group.tenant_id,
            name: group.name,
            addresses: addresses.collect::<Result<_, _>>()?,
            inbound_chain: optional_id("inbound_chain", group.inbound_chain.as_deref())?,
            outbound_chain: optional_id("outbound_chain", group.outbound_chain.as_deref())?,
        })
    }
}
