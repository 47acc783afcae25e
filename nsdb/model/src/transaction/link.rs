//! Cables: links between ports and bindings of ports to interfaces.
//!
//! A port is unplugged, linked (interior) or bound (exterior), never both of the latter.

use super::Transaction;
use crate::validate::{Checked, interface_name};
use crate::{Binding, HostId, ModelError, PortId};

impl Transaction {
    /// Links two ports of different devices with a virtual cable.
    ///
    /// # Errors
    /// `NotFound` port; `Conflict` if one of them is linked, bound or a port to a VTEP, or both are of the same device.
    pub fn link(&mut self, port: PortId, peer: PortId) -> Result<(), ModelError> {
        let mut a = self.existing_port(port)?;
        let mut b = self.existing_port(peer)?;
        let in_the_way: Vec<_> = [&a, &b].into_iter().filter(|p| !p.is_free()).map(|p| p.id).collect();
        if !in_the_way.is_empty() || a.owner() == b.owner() {
            let keys = if in_the_way.is_empty() { vec![port, peer] } else { in_the_way };
            return Err(ModelError::conflict("Ports are not linkable.", keys));
        }
        a.peer = Some(peer);
        b.peer = Some(port);
        self.put(a.into());
        self.put(b.into());
        Ok(())
    }

    /// Takes the virtual cable off a port, at both ends. Nothing happens to a port that is not linked.
    ///
    /// # Errors
    /// `NotFound` port.
    pub fn unlink(&mut self, port: PortId) -> Result<(), ModelError> {
        let mut port = self.existing_port(port)?;
        if let Some(peer) = port.peer.take() {
            if let Some(mut peer) = self.state.port(peer).cloned() {
                peer.peer = None;
                self.put(peer.into());
            }
            self.put(port.into());
        }
        Ok(())
    }

    /// Binds a port to an interface of a host. Binding it again where it is bound changes nothing. Neither the
    /// interface need exist nor the host be alive.
    ///
    /// # Errors
    /// `NotFound` port or host; `Invalid` interface name; `Conflict` if the port is linked, bound elsewhere or a port to
    /// a VTEP, the interface carries another port, or the host is in no tunnel zone.
    pub fn bind(&mut self, port: PortId, host: HostId, interface: &str) -> Result<(), ModelError> {
        let mut port = self.existing_port(port)?;
        let binding = Binding { host, interface: interface.to_owned() };
        if port.binding.as_ref() == Some(&binding) {
            return Ok(());
        }
        if self.state.host(host).is_none() {
            return Err(ModelError::NotFound(host.into()));
        }
        let mut checked = Checked::new(port.id.into());
        interface_name(interface, &mut checked);
        checked.finish()?;
        if let Some(peer) = port.peer {
            return Err(ModelError::conflict(
                format!("Port {} is linked to port {peer}; unlink it before binding.", port.id),
                [peer],
            ));
        }
        if let Some(vtep) = port.vtep() {
            return Err(ModelError::conflict(
                format!("Port {} leads to VTEP {vtep}; it takes no interface.", port.id),
                [vtep],
            ));
        }
        if let Some(old) = &port.binding {
            return Err(ModelError::conflict(
                format!(
                    "Port {} is already bound to interface {} of host {}.",
                    port.id, old.interface, old.host
                ),
                [port.id],
            ));
        }
        if let Some(other) = self.state.bound_port(host, interface) {
            return Err(ModelError::conflict(
                format!("Interface {interface} of host {host} is already bound to port {}.", other.id),
                [other.id],
            ));
        }
        if self.state.host_zones(host).next().is_none() {
            return Err(ModelError::conflict(
                format!("Host {host} is in no tunnel zone; add it to one before binding ports."),
                [host],
            ));
        }
        port.binding = Some(binding);
        self.put(port.into());
        Ok(())
    }

    /// Ends a port's binding, if it is bound.
    ///
    /// # Errors
    /// `NotFound` port.
    pub fn unbind(&mut self, port: PortId) -> Result<(), ModelError> {
        let mut port = self.existing_port(port)?;
        if port.binding.take().is_some() {
            self.put(port.into());
        }
        Ok(())
    }
}
