//! Routers that are peers over VXLAN: router ports that are tunnel endpoints, and their peering tables, which say
//! behind which endpoint an Ethernet address is. They are kept and checked; nothing is tunnelled yet.

use std::net::IpAddr;

use packet::MacAddr;
use uuid::Uuid;

use crate::{Kind, PeeringEntryId, PortId, Role, State};

/// What makes a router port a VXLAN tunnel endpoint (RFC 7348).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RouterVtep {
    /// VXLAN network identifier, 24 bits (MidoNet `rtrPortVni`).
    pub vni: Option<u32>,
    /// Whether packets leave the overlay here, encapsulated (MidoNet `offRampVxlan`).
    pub off_ramp: Option<bool>,
}

/// One line of a router port's peering table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeeringEntry {
    /// Identity: it follows from port and address, so that a table has one line for an Ethernet address.
    pub id: PeeringEntryId,
    /// The router port that has the table.
    pub port: PortId,
    /// Ethernet address of a station on the other side.
    pub mac: MacAddr,
    /// Address of the tunnel endpoint that the station is behind, IPv4.
    pub address: IpAddr,
}

impl PeeringEntry {
    /// The line for an Ethernet address.
    pub fn new(port: PortId, mac: MacAddr, address: IpAddr) -> Self {
        Self { id: Self::id_of(port, mac), port, mac, address }
    }

    /// The identity of the line for an Ethernet address (UUID version 5 in the port's namespace, RFC 9562 §5.5).
    pub fn id_of(port: PortId, mac: MacAddr) -> PeeringEntryId {
        PeeringEntryId(Uuid::new_v5(&port.0, &mac.0))
    }
}

impl State {
    /// The peering table of a router port.
    pub fn peering_of(&self, port: PortId) -> impl Iterator<Item = &PeeringEntry> + '_ {
        self.referring(port, Role::Owner, Kind::PeeringEntry).filter_map(|id| self.peering_entry(id))
    }
}
