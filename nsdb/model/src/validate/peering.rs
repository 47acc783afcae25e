//! Peering tables, and the router ports that have them.

use super::Checked;
use crate::{PeeringEntry, RouterVtep, State};

/// Largest VXLAN network identifier.
const MAX_VNI: u32 = (1 << 24) - 1;

pub(super) fn vtep(vtep: &RouterVtep, checked: &mut Checked) {
    let within = vtep.vni.is_none_or(|vni| vni <= MAX_VNI);
    checked.require(within, "rtrPortVni", format!("must be between 0 and {MAX_VNI}"));
}

pub(super) fn entry(entry: &PeeringEntry, checked: &mut Checked) {
    checked.ipv4("ip", entry.address);
    checked.require(
        entry.mac.is_station(),
        "mac",
        format!("{} is not the address of a single station", entry.mac),
    );
    checked.require(
        entry.id == PeeringEntry::id_of(entry.port, entry.mac),
        "id",
        "must be the one that follows from port and MAC address",
    );
}

pub(super) fn entry_in_context(state: &State, entry: &PeeringEntry, checked: &mut Checked) {
    if let Some(port) = state.port(entry.port) {
        checked.require(
            port.router().is_some(),
            "portId",
            format!("port {} is not a router's: it has no peering table", port.id),
        );
    }
}
