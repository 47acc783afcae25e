//! L2 insertions (MidoNet `L2Insertion`; midonet.md §2.9): services that a port's traffic is led through. No effect in
//! the datapath yet.

use packet::MacAddr;

use crate::{L2InsertionId, PortId};

/// Leads the traffic of a station behind a port through a service behind another port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct L2Insertion {
    /// Identity.
    pub id: L2InsertionId,
    /// The port whose traffic is inspected. The insertion goes with it.
    pub port: PortId,
    /// The port of the service. The insertion goes with it, too.
    pub service_port: PortId,
    /// VID by which the service tells the insertion from others, 1–4094; 0 for untagged.
    pub vlan: u16,
    /// Order among the insertions of the port, lowest first.
    pub position: i32,
    /// Traffic passes where the service is down.
    pub fail_open: bool,
    /// The station whose traffic is inspected.
    pub mac: MacAddr,
}
