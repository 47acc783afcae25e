//! Ports: creation, update and membership in groups.

use packet::MacAddr;

use super::Transaction;
use crate::{ModelError, Port, PortDevice, PortGroupId, PortId, Violation};

/// Largest tunnel key: keys have 20 bits.
pub(crate) const MAX_TUNNEL_KEY: u32 = (1 << 20) - 1;

/// An Ethernet address for a router port: MidoNet's prefix AC:CA:BA with three random octets behind it.
pub fn generated_mac(random: [u8; 3]) -> MacAddr {
    let [a, b, c] = random;
    MacAddr([0xac, 0xca, 0xba, a, b, c])
}

impl Transaction {
    pub(super) fn create_port(&mut self, port: Port) -> Result<(), ModelError> {
        if port.vtep().is_some() {
            let message = "ports to VTEPs are made by the VTEPs' bindings";
            let violations = vec![Violation::new("type", message)];
            return Err(ModelError::Invalid { key: port.id.into(), violations });
        }
        let (id, peer, binding) = (port.id, port.peer, port.binding.clone());
        let tunnel_key = self.tunnel_key_for(&port)?;
        let port = Port { peer: None, binding: None, tunnel_key, ..port };
        self.put_checked(port.clone().into())?;
        self.sync_local_routes(None, &port)?;
        if let Some(peer) = peer {
            self.link(id, peer)?;
        }
        if let Some(binding) = binding {
            self.bind(id, binding.host, &binding.interface)?;
        }
        Ok(())
    }

    pub(super) fn update_port(&mut self, port: Port, old: &Port) -> Result<(), ModelError> {
        let port = Port {
            device: with_owner_of(port.device, old)?,
            peer: old.peer,
            binding: old.binding.clone(),
            port_groups: old.port_groups.clone(),
            tunnel_key: old.tunnel_key,
            ..port
        };
        self.put_checked(port.clone().into())?;
        self.sync_local_routes(Some(old), &port)
    }

    /// Makes a port a member of a group. Adding a member again changes nothing.
    ///
    /// # Errors
    /// `NotFound` port or group.
    pub fn add_group_port(&mut self, group: PortGroupId, port: PortId) -> Result<(), ModelError> {
        let mut port = self.existing_port(port)?;
        if port.port_groups.contains(&group) {
            return Ok(());
        }
        port.port_groups.push(group);
        self.put_checked(port.into())
    }

    /// Ends a port's membership in a group, if it is a member.
    ///
    /// # Errors
    /// `NotFound` port.
    pub fn remove_group_port(&mut self, group: PortGroupId, port: PortId) -> Result<(), ModelError> {
        let mut port = self.existing_port(port)?;
        port.port_groups.retain(|g| *g != group);
        self.put_checked(port.into())
    }

    pub(super) fn existing_port(&self, id: PortId) -> Result<Port, ModelError> {
        self.state.port(id).cloned().ok_or(ModelError::NotFound(id.into()))
    }

    pub(super) fn tunnel_key_for(&self, port: &Port) -> Result<u32, ModelError> {
        if port.tunnel_key != 0 {
            return Ok(port.tunnel_key);
        }
        let all_taken = || {
            ModelError::conflict(
                format!("All {MAX_TUNNEL_KEY} tunnel keys are in use; delete a port."),
                [port.id],
            )
        };
        self.state.free_tunnel_key(MAX_TUNNEL_KEY).ok_or_else(all_taken)
    }
}

fn with_owner_of(device: PortDevice, old: &Port) -> Result<PortDevice, ModelError> {
    match (device, &old.device) {
        (PortDevice::Bridge { vlan, .. }, &PortDevice::Bridge { bridge, .. }) => {
            Ok(PortDevice::Bridge { bridge, vlan })
        }
        (PortDevice::Router { mac, addresses, vtep, .. }, &PortDevice::Router { router, .. }) => {
            Ok(PortDevice::Router { router, mac, addresses, vtep })
        }
        (PortDevice::Vxlan { .. }, &PortDevice::Vxlan { bridge, vtep }) => {
            Ok(PortDevice::Vxlan { bridge, vtep })
        }
        _ => Err(ModelError::Invalid {
            key: old.id.into(),
            violations: vec![Violation::new(
                "type",
                "a port cannot change from one kind of device to another",
            )],
        }),
    }
}
