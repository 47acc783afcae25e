//! Bindings of VTEP ports to bridges, and the ports of those bridges that come and go with them.

use super::Transaction;
use crate::{BridgeId, ModelError, Port, PortDevice, PortMirrors, Violation, Vtep, VtepId};

impl Transaction {
    /// Binds a port and VLAN of a VTEP to a bridge. The first binding makes the bridge's port to the VTEP. Whether the VTEP
    /// has a port of that name is not asked.
    ///
    /// # Errors
    /// `NotFound` VTEP; `Invalid` name, VLAN or (unknown) bridge; `Conflict` if the port and VLAN are bound already.
    pub fn bind_vtep(
        &mut self,
        vtep: VtepId,
        port_name: &str,
        vlan: u16,
        bridge: BridgeId,
    ) -> Result<(), ModelError> {
        let mut vtep = self.existing_vtep(vtep)?;
        if self.state.bridge(bridge).is_none() {
            let violations = vec![Violation::new("networkId", format!("there is no bridge {bridge}"))];
            return Err(ModelError::Invalid { key: vtep.id.into(), violations });
        }
        if let Some(bound) = vtep.bindings.insert((port_name.to_owned(), vlan), bridge) {
            let message = format!(
                "VLAN {vlan} of port {port_name} of VTEP {} is bound to bridge {bound} already.",
                vtep.id
            );
            return Err(ModelError::conflict(message, [bound]));
        }
        self.all_or_nothing(|tx| {
            tx.make_vxlan_port(vtep.id, bridge)?;
            tx.put_checked(vtep.into())
        })
    }

    /// Takes back a binding, if it is there. The last one of a bridge takes its port to the VTEP along.
    ///
    /// # Errors
    /// `NotFound` VTEP.
    pub fn unbind_vtep(&mut self, vtep: VtepId, port_name: &str, vlan: u16) -> Result<(), ModelError> {
        let mut vtep = self.existing_vtep(vtep)?;
        let Some(bridge) = vtep.bindings.remove(&(port_name.to_owned(), vlan)) else { return Ok(()) };
        let (port, is_last) = (Vtep::port_of(vtep.id, bridge), !vtep.bridges().contains(&bridge));
        self.put(vtep.into());
        if is_last {
            self.remove(port.into());
        }
        Ok(())
    }

    fn make_vxlan_port(&mut self, vtep: VtepId, bridge: BridgeId) -> Result<(), ModelError> {
        let (id, device) = (Vtep::port_of(vtep, bridge), PortDevice::Vxlan { bridge, vtep });
        match self.state.port(id) {
            Some(port) if port.device == device => return Ok(()),
            Some(_) => return Err(ModelError::Duplicate(id.into())),
            None => {}
        }
        let mut port = Port {
            id,
            device,
            admin_state_up: true,
            inbound_filter: None,
            outbound_filter: None,
            peer: None,
            binding: None,
            port_groups: Vec::new(),
            vif_id: None,
            tunnel_key: 0,
            mirrors: PortMirrors::default(),
            qos_policy: None,
        };
        port.tunnel_key = self.tunnel_key_for(&port)?;
        self.put_checked(port.into())
    }

    fn existing_vtep(&self, id: VtepId) -> Result<Vtep, ModelError> {
        self.state.vtep(id).cloned().ok_or(ModelError::NotFound(id.into()))
    }
}
