//! Lines of peering tables.

use super::field::{FieldError, address, address_bytes, id, id_bytes, mac, mac_bytes};
use super::wire::topology as wire;
use crate::PeeringEntry;

impl From<&PeeringEntry> for wire::PeeringEntry {
    fn from(entry: &PeeringEntry) -> Self {
        Self {
            id: id_bytes(entry.id),
            port: id_bytes(entry.port),
            mac: mac_bytes(entry.mac),
            address: address_bytes(entry.address),
        }
    }
}

impl TryFrom<wire::PeeringEntry> for PeeringEntry {
    type Error = FieldError;

    fn try_from(entry: wire::PeeringEntry) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &entry.id)?,
            port: id("port", &entry.port)?,
            mac: mac("mac", &entry.mac)?,
            address: address("address", &entry.address)?,
        })
    }
}
