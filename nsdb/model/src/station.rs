//! Static entries of a bridge's MAC and ARP tables: stations that are where an operator says, learned or not.
//! They are kept and checked; bridges do not forward or answer by them yet.
//!
//! Each entry is an object of its own, so that a big table makes nothing else big, and is named after what it is unique
//! by (UUID version 5 in the bridge's namespace, RFC 9562 §5.5): there is one per station, and it is found without an
//! index.

use std::net::Ipv4Addr;

use packet::MacAddr;
use uuid::Uuid;

use crate::{ArpEntryId, BridgeId, MacEntryId, PortId};

/// A static entry of a MAC table: the port that a station is behind (MidoNet `mac_table`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacEntry {
    /// Identity; see [`MacEntry::id_of`].
    pub id: MacEntryId,
    /// Bridge whose table it is in.
    pub bridge: BridgeId,
    /// VLAN, 0 for untagged.
    pub vlan: u16,
    /// The station.
    pub mac: MacAddr,
    /// Port of the same bridge.
    pub port: PortId,
}

impl MacEntry {
    /// An entry for a station.
    pub fn new(bridge: BridgeId, vlan: u16, mac: MacAddr, port: PortId) -> Self {
        Self { id: Self::id_of(bridge, vlan, mac), bridge, vlan, mac, port }
    }

    /// The id of the one entry that a station can have.
    pub fn id_of(bridge: BridgeId, vlan: u16, mac: MacAddr) -> MacEntryId {
        MacEntryId(Uuid::new_v5(&bridge.0, format!("mac {vlan} {mac}").as_bytes()))
    }
}

/// A static entry of a bridge's ARP table: the station that has an address (MidoNet `ip4_mac_table`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpEntry {
    /// Identity; see [`ArpEntry::id_of`].
    pub id: ArpEntryId,
    /// Bridge whose table it is in.
    pub bridge: BridgeId,
    /// The address.
    pub address: Ipv4Addr,
    /// The station.
    pub mac: MacAddr,
}

impl ArpEntry {
    /// An entry for an address.
    pub fn new(bridge: BridgeId, address: Ipv4Addr, mac: MacAddr) -> Self {
        Self { id: Self::id_of(bridge, address), bridge, address, mac }
    }

    /// The id of the one entry that an address can have.
    pub fn id_of(bridge: BridgeId, address: Ipv4Addr) -> ArpEntryId {
        ArpEntryId(Uuid::new_v5(&bridge.0, format!("arp {address}").as_bytes()))
    }
}
