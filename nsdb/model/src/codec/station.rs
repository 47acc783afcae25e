//! Static entries of bridges' tables.

use super::field::{FieldError, address_v4, id, id_bytes, mac, mac_bytes, number};
use super::wire::topology as wire;
use crate::{ArpEntry, MacEntry};

impl From<&MacEntry> for wire::MacEntry {
    fn from(entry: &MacEntry) -> Self {
        Self {
            id: id_bytes(entry.id),
            bridge: id_bytes(entry.bridge),
            vlan: entry.vlan.into(),
            mac: mac_bytes(entry.mac),
            port: id_bytes(entry.port),
        }
    }
}

impl TryFrom<wire::MacEntry> for MacEntry {
    type Error = FieldError;

    fn try_from(entry: wire::MacEntry) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &entry.id)?,
            bridge: id("bridge", &entry.bridge)?,
            vlan: number("vlan", entry.vlan)?,
            mac: mac("mac", &entry.mac)?,
            port: id("port", &entry.port)?,
        })
    }
}

impl From<&ArpEntry> for wire::ArpEntry {
    fn from(entry: &ArpEntry) -> Self {
        Self {
            id: id_bytes(entry.id),
            bridge: id_bytes(entry.bridge),
            address: entry.address.octets().to_vec(),
            mac: mac_bytes(entry.mac),
        }
    }
}

impl TryFrom<wire::ArpEntry> for ArpEntry {
    type Error = FieldError;

    fn try_from(entry: wire::ArpEntry) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &entry.id)?,
            bridge: id("bridge", &entry.bridge)?,
            address: address_v4("address", &entry.address)?,
            mac: mac("mac", &entry.mac)?,
        })
    }
}
