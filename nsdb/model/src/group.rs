//! Port groups and IP address groups: sets that rules refer to.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::{ChainId, IpAddrGroupId, PortGroupId};

/// A set of ports; membership stands at the ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortGroup {
    /// Identity.
    pub id: PortGroupId,
    /// Owner, free text.
    pub tenant_id: Option<String>,
    /// Display name, at most 255 characters.
    pub name: Option<String>,
    /// Members share flow state, for asymmetric paths.
    pub stateful: bool,
}

/// A set of IP addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpAddrGroup {
    /// Identity.
    pub id: IpAddrGroupId,
    /// Owner, free text. Not part of MidoNet's `IPAddrGroup`: without it no tenant could have a group of its own.
    pub tenant_id: Option<String>,
    /// Display name, at most 255 characters.
    pub name: Option<String>,
    /// Chain that a cloud platform made for what enters by ports of the group; kept for it, not applied.
    pub inbound_chain: Option<ChainId>,
    /// The same for what leaves.
    pub outbound_chain: Option<ChainId>,
    /// Members.
    pub addresses: BTreeSet<IpAddr>,
}
