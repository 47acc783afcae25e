//! Hardware VTEPs: switches that bridges reach through VXLAN, and what is bound to them. They are kept and checked; no traffic
//! passes them yet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use uuid::Uuid;

use crate::{BridgeId, PortId, TunnelZoneId, VtepId};

/// A hardware VTEP (MidoNet `Vtep`). Its name, ports and tunnel addresses are its own to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vtep {
    /// Identity.
    pub id: VtepId,
    /// Address of its OVSDB server; unique.
    pub management_ip: Ipv4Addr,
    /// TCP port of its OVSDB server.
    pub management_port: u16,
    /// Zone of type VTEP, whose hosts exchange traffic with it.
    pub tunnel_zone: TunnelZoneId,
    /// The bridge behind each port and VLAN (0 for untagged) of the VTEP that one is bound to.
    pub bindings: BTreeMap<(String, u16), BridgeId>,
}

impl Vtep {
    /// The bridges that are bound to it.
    pub fn bridges(&self) -> BTreeSet<BridgeId> {
        self.bindings.values().copied().collect()
    }

    /// The id of the one port through which a bridge reaches a VTEP, named after both (UUID version 5 in the VTEP's
    /// namespace, RFC 9562 §5.5).
    pub fn port_of(vtep: VtepId, bridge: BridgeId) -> PortId {
        PortId(Uuid::new_v5(&vtep.0, bridge.0.as_bytes()))
    }
}
