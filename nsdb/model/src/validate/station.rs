//! Static entries of bridges' tables.

use super::{Checked, MAX_VLAN, is_unicast};
use crate::{ArpEntry, Kind, MacEntry, MacEntryId, ModelError, Port, PortDevice, Role, State};

pub(super) fn mac_entry(entry: &MacEntry, checked: &mut Checked) {
    let MacEntry { id, bridge, vlan, mac, .. } = *entry;
    checked.require(mac.is_station(), "macAddr", format!("{mac} is not the address of a single station"));
    checked.require(vlan <= MAX_VLAN, "vlanId", format!("must be between 0 and {MAX_VLAN}"));
    let own = MacEntry::id_of(bridge, vlan, mac);
    checked.require(id == own, "id", format!("must be {own}, after the bridge, the VLAN and the station"));
}

/// The port must be one of the bridge, and carry the VLAN if it carries but one.
pub(super) fn mac_entry_in_context(state: &State, entry: &MacEntry, checked: &mut Checked) {
    let Some(port) = state.port(entry.port) else { return };
    checked.require(
        port.bridge() == Some(entry.bridge),
        "portId",
        format!("port {} is not a port of bridge {}", port.id, entry.bridge),
    );
    if let PortDevice::Bridge { vlan: Some(carried), .. } = port.device {
        checked.require(
            carried == entry.vlan,
            "vlanId",
            format!("must be {carried}, the VLAN that port {} carries", port.id),
        );
    }
}

/// A port that carries but one VLAN has stations in no other.
pub(super) fn entries_of(state: &State, port: &Port) -> Result<(), ModelError> {
    let PortDevice::Bridge { vlan: Some(carried), .. } = port.device else { return Ok(()) };
    let entries = state.referring(port.id, Role::Station, Kind::MacEntry);
    let stray: Vec<MacEntryId> =
        entries.filter(|id| state.mac_entry(*id).is_some_and(|entry| entry.vlan != carried)).collect();
    if stray.is_empty() {
        return Ok(());
    }
    let message =
        format!("Port {} has stations in other VLANs than {carried}: remove their entries.", port.id);
    Err(ModelError::conflict(message, stray))
}

pub(super) fn arp_entry(entry: &ArpEntry, checked: &mut Checked) {
    let ArpEntry { id, bridge, address, mac } = *entry;
    checked.require(
        is_unicast(address.into()),
        "ip",
        format!("{address} is not an address that a station can have"),
    );
    checked.require(mac.is_station(), "mac", format!("{mac} is not the address of a single station"));
    let own = ArpEntry::id_of(bridge, address);
    checked.require(id == own, "id", format!("must be {own}, after the bridge and the address"));
}
