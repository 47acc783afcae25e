//! VTEPs with their bindings.

use super::field::{FieldError, address_v4, id, id_bytes, number};
use super::wire::topology as wire;
use crate::{BridgeId, Vtep};

impl From<&Vtep> for wire::Vtep {
    fn from(vtep: &Vtep) -> Self {
        let binding = |((port_name, vlan), bridge): (&(String, u16), &BridgeId)| wire::VtepBinding {
            port_name: port_name.clone(),
            vlan: (*vlan).into(),
            bridge: id_bytes(*bridge),
        };
        Self {
            id: id_bytes(vtep.id),
            management_ip: vtep.management_ip.octets().to_vec(),
            management_port: vtep.management_port.into(),
            tunnel_zone: id_bytes(vtep.tunnel_zone),
            bindings: vtep.bindings.iter().map(binding).collect(),
        }
    }
}

impl TryFrom<wire::Vtep> for Vtep {
    type Error = FieldError;

    fn try_from(vtep: wire::Vtep) -> Result<Self, FieldError> {
        let binding = |binding: wire::VtepBinding| {
            let vlan = number("bindings.vlan", binding.vlan)?;
            Ok(((binding.port_name, vlan), id("bindings.bridge", &binding.bridge)?))
        };
        Ok(Self {
            id: id("id", &vtep.id)?,
            management_ip: address_v4("management_ip", &vtep.management_ip)?,
            management_port: number("management_port", vtep.management_port)?,
            tunnel_zone: id("tunnel_zone", &vtep.tunnel_zone)?,
            bindings: vtep.bindings.into_iter().map(binding).collect::<Result<_, FieldError>>()?,
        })
    }
}
