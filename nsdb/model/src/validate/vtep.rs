//! VTEPs, and the tunnel zones that they are in.

use super::{Checked, MAX_NAME, MAX_VLAN, is_unicast};
use crate::{ModelError, State, TunnelZone, TunnelZoneType, Vtep};

pub(super) fn vtep(vtep: &Vtep, checked: &mut Checked) {
    checked.require(
        is_unicast(vtep.management_ip.into()),
        "managementIp",
        format!("{} is not a unicast address", vtep.management_ip),
    );
    checked.require(vtep.management_port > 0, "managementPort", "must be between 1 and 65535");
    for (port_name, vlan) in vtep.bindings.keys() {
        checked.require(
            (1..=MAX_NAME).contains(&port_name.chars().count()),
            "portName",
            format!("size must be between 1 and {MAX_NAME}"),
        );
        checked.require(*vlan <= MAX_VLAN, "vlanId", format!("must be between 0 and {MAX_VLAN}"));
    }
}

pub(super) fn vtep_in_context(state: &State, vtep: &Vtep, checked: &mut Checked) {
    let Some(zone) = state.tunnel_zone(vtep.tunnel_zone) else { return };
    checked.require(
        zone.kind == TunnelZoneType::Vtep,
        "tunnelZoneId",
        format!("tunnel zone {} is not of type vtep", zone.id),
    );
}

/// A zone of VTEPs stays one.
pub(super) fn zone_in_context(state: &State, zone: &TunnelZone, checked: &mut Checked) {
    if let Some(vtep) = state.zone_vteps(zone.id).next() {
        checked.require(
            zone.kind == TunnelZoneType::Vtep,
            "type",
            format!("must be vtep while VTEP {} is in the zone", vtep.id),
        );
    }
}

/// A VTEP is managed at an address of its own.
pub(super) fn unique(state: &State, vtep: &Vtep) -> Result<(), ModelError> {
    let same = |other: &&Vtep| other.id != vtep.id && other.management_ip == vtep.management_ip;
    match state.vteps().find(same) {
        Some(other) => {
            let message = format!("VTEP {} is managed at {} already.", other.id, vtep.management_ip);
            Err(ModelError::conflict(message, [other.id]))
        }
        None => Ok(()),
    }
}
