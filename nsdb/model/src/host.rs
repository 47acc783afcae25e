//! Hosts and the tunnel zones that connect them.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::{HostId, TunnelZoneId};

/// A hypervisor known to the network. Its interfaces and liveness are state, not topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Identity, chosen by the host's agent and kept in its state directory.
    pub id: HostId,
    /// Name, the machine's own unless configured.
    pub name: Option<String>,
    /// Weight in the choice of a flooding proxy; 0 never (MidoNet `floodingProxyWeight`).
    pub flooding_proxy_weight: u32,
    /// Weight in the placement of service containers (MidoNet `containerWeight`).
    pub container_weight: u32,
    /// Containers that the host takes at most, -1 for no limit.
    pub container_limit: i32,
    /// Whether the limit is enforced.
    pub enforce_container_limit: bool,
}

/// How hosts of a zone encapsulate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TunnelZoneType {
    /// GRE with key, RFC 2890.
    Gre,
    /// VXLAN, RFC 7348.
    Vxlan,
    /// Hardware VTEPs; no traffic between agents.
    Vtep,
}

/// A set of hosts that reach each other at the given addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelZone {
    /// Identity.
    pub id: TunnelZoneId,
    /// Name, unique, 1–255 characters.
    pub name: String,
    /// Encapsulation.
    pub kind: TunnelZoneType,
    /// Underlay address of each member.
    pub members: BTreeMap<HostId, IpAddr>,
}
