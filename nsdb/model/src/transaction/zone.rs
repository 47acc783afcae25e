//! Membership of hosts in tunnel zones.

use std::net::IpAddr;

use super::Transaction;
use crate::{HostId, ModelError, TunnelZone, TunnelZoneId};

impl Transaction {
    /// Makes a host a member of a zone, reached at `address` on the underlay.
    ///
    /// # Errors
    /// `NotFound` zone or host; `Invalid` address; `Conflict` if the host is a member already or another member has
    /// the address.
    pub fn add_zone_host(
        &mut self,
        zone: TunnelZoneId,
        host: HostId,
        address: IpAddr,
    ) -> Result<(), ModelError> {
        let mut zone = self.existing_zone(zone)?;
        if zone.members.contains_key(&host) {
            let message = format!("Host {host} is already a member of tunnel zone {}.", zone.id);
            return Err(ModelError::conflict(message, [host]));
        }
        zone.members.insert(host, address);
        self.put_checked(zone.into())
    }

    /// Ends a host's membership in a zone, if it is a member. Its bound ports stay bound.
    ///
    /// # Errors
    /// `NotFound` zone.
    pub fn remove_zone_host(&mut self, zone: TunnelZoneId, host: HostId) -> Result<(), ModelError> {
        let mut zone = self.existing_zone(zone)?;
        if zone.members.remove(&host).is_some() {
            self.put(zone.into());
        }
        Ok(())
    }

    fn existing_zone(&self, id: TunnelZoneId) -> Result<TunnelZone, ModelError> {
        self.state.tunnel_zone(id).cloned().ok_or(ModelError::NotFound(id.into()))
    }
}
