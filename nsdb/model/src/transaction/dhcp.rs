//! The hosts that addresses are kept for in DHCP subnets.

use packet::MacAddr;

use super::Transaction;
use crate::{
    DhcpHost, DhcpHost6, DhcpSubnet, DhcpSubnet6, DhcpSubnet6Id, DhcpSubnetId, ModelError, ObjectKey,
    Violation,
};

impl Transaction {
    /// Keeps an address for a machine.
    ///
    /// # Errors
    /// `NotFound` subnet; `Invalid` host; `Conflict` if one is kept for the machine already.
    pub fn add_dhcp_host(
        &mut self,
        subnet: DhcpSubnetId,
        mac: MacAddr,
        host: DhcpHost,
    ) -> Result<(), ModelError> {
        let mut subnet = self.existing_subnet(subnet)?;
        inside(subnet.id, "ipAddr", subnet.prefix.contains(host.address), &host.address, &subnet.prefix)?;
        if subnet.hosts.insert(mac, host).is_some() {
            return Err(taken(subnet.id, &subnet.prefix, &mac));
        }
        self.put_checked(subnet.into())
    }

    /// Replaces what is kept for a machine, and perhaps the machine. Nothing happens if nothing is kept for it.
    ///
    /// # Errors
    /// `NotFound` subnet; `Invalid` host; `Conflict` if something is kept for the new machine already.
    pub fn update_dhcp_host(
        &mut self,
        subnet: DhcpSubnetId,
        mac: MacAddr,
        new_mac: MacAddr,
        host: DhcpHost,
    ) -> Result<(), ModelError> {
        self.all_or_nothing(|tx| {
            if !tx.existing_subnet(subnet)?.hosts.contains_key(&mac) {
                return Ok(());
            }
            tx.remove_dhcp_host(subnet, mac)?;
            tx.add_dhcp_host(subnet, new_mac, host)
        })
    }

    /// Gives up what is kept for a machine, if anything is.
    ///
    /// # Errors
    /// `NotFound` subnet.
    pub fn remove_dhcp_host(&mut self, subnet: DhcpSubnetId, mac: MacAddr) -> Result<(), ModelError> {
        let mut subnet = self.existing_subnet(subnet)?;
        if subnet.hosts.remove(&mac).is_some() {
            self.put(subnet.into());
        }
        Ok(())
    }

    /// Keeps an IPv6 address for a client.
    ///
    /// # Errors
    /// `NotFound` subnet; `Invalid` host; `Conflict` if one is kept for the client already.
    pub fn add_dhcp_host6(
        &mut self,
        subnet: DhcpSubnet6Id,
        client: &str,
        host: DhcpHost6,
    ) -> Result<(), ModelError> {
        let mut subnet = self.existing_subnet6(subnet)?;
        let (address, prefix) = (host.address, subnet.prefix);
        inside(subnet.id, "fixedAddress", prefix.contains(address), &address, &prefix)?;
        if subnet.hosts.insert(client.to_owned(), host).is_some() {
            return Err(taken(subnet.id, &prefix, &client));
        }
        self.put_checked(subnet.into())
    }

    /// Replaces what is kept for a client, and perhaps the client. Nothing happens if nothing is kept for it.
    ///
    /// # Errors
    /// `NotFound` subnet; `Invalid` host; `Conflict` if something is kept for the new client already.
    pub fn update_dhcp_host6(
        &mut self,
        subnet: DhcpSubnet6Id,
        client: &str,
        new_client: &str,
        host: DhcpHost6,
    ) -> Result<(), ModelError> {
        self.all_or_nothing(|tx| {
            if !tx.existing_subnet6(subnet)?.hosts.contains_key(client) {
                return Ok(());
            }
            tx.remove_dhcp_host6(subnet, client)?;
            tx.add_dhcp_host6(subnet, new_client, host)
        })
    }

    /// Gives up what is kept for a client, if anything is.
    ///
    /// # Errors
    /// `NotFound` subnet.
    pub fn remove_dhcp_host6(&mut self, subnet: DhcpSubnet6Id, client: &str) -> Result<(), ModelError> {
        let mut subnet = self.existing_subnet6(subnet)?;
        if subnet.hosts.remove(client).is_some() {
            self.put(subnet.into());
        }
        Ok(())
    }

    fn existing_subnet(&self, id: DhcpSubnetId) -> Result<DhcpSubnet, ModelError> {
        self.state.dhcp_subnet(id).cloned().ok_or(ModelError::NotFound(id.into()))
    }

    fn existing_subnet6(&self, id: DhcpSubnet6Id) -> Result<DhcpSubnet6, ModelError> {
        self.state.dhcp_subnet6(id).cloned().ok_or(ModelError::NotFound(id.into()))
    }
}

/// Refuses an address outside its subnet by the name that it has in a host, where the subnet's own check would blame the
/// subnet.
fn inside(
    subnet: impl Into<ObjectKey>,
    property: &'static str,
    holds: bool,
    address: &impl std::fmt::Display,
    prefix: &impl std::fmt::Display,
) -> Result<(), ModelError> {
    if holds {
        return Ok(());
    }
    let violations = vec![Violation::new(property, format!("{address} is not in the subnet {prefix}"))];
    Err(ModelError::Invalid { key: subnet.into(), violations })
}

fn taken(
    subnet: impl Into<ObjectKey>,
    prefix: &impl std::fmt::Display,
    host: &impl std::fmt::Display,
) -> ModelError {
    ModelError::conflict(format!("Subnet {prefix} has a host {host} already."), [subnet])
}
