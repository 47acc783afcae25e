//! Static entries of bridges' tables: the last one written for a station or an address counts.

use super::Transaction;
use crate::{ArpEntry, MacEntry, ModelError};

impl Transaction {
    /// Puts a station behind a port, wherever an entry had it before.
    ///
    /// # Errors
    /// `Conflict` if that is where an entry has it already; `NotFound` bridge or port; `Invalid` entry.
    pub fn set_mac_entry(&mut self, entry: MacEntry) -> Result<(), ModelError> {
        if self.state.mac_entry(entry.id) == Some(&entry) {
            let MacEntry { bridge, vlan, mac, port, .. } = entry;
            let message = format!("{mac} is behind port {port} in VLAN {vlan} of bridge {bridge} already.");
            return Err(ModelError::conflict(message, [entry.id]));
        }
        self.create_or_update(entry)
    }

    /// Gives an address to a station, whichever had it before.
    ///
    /// # Errors
    /// `Conflict` if an entry gives it to that station already; `NotFound` bridge; `Invalid` entry.
    pub fn set_arp_entry(&mut self, entry: ArpEntry) -> Result<(), ModelError> {
        if self.state.arp_entry(entry.id) == Some(&entry) {
            let ArpEntry { bridge, address, mac, .. } = entry;
            let message = format!("{address} is of {mac} on bridge {bridge} already.");
            return Err(ModelError::conflict(message, [entry.id]));
        }
        self.create_or_update(entry)
    }
}
