//! Hosts and tunnel zones.

use super::field::{FieldError, address, address_bytes, id, id_bytes};
use super::wire::topology as wire;
use crate::{Host, TunnelZone, TunnelZoneType};

impl From<&Host> for wire::Host {
    fn from(host: &Host) -> Self {
        Self {
            id: id_bytes(host.id),
            name: host.name.clone(),
            flooding_proxy_weight: host.flooding_proxy_weight,
            container_weight: host.container_weight,
            container_limit: host.container_limit,
            enforce_container_limit: host.enforce_container_limit,
        }
    }
}

impl TryFrom<wire::Host> for Host {
    type Error = FieldError;

    fn try_from(host: wire::Host) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &host.id)?,
            name: host.name,
            flooding_proxy_weight: host.flooding_proxy_weight,
            container_weight: host.container_weight,
            container_limit: host.container_limit,
            enforce_container_limit: host.enforce_container_limit,
        })
    }
}

impl From<&TunnelZone> for wire::TunnelZone {
    fn from(zone: &TunnelZone) -> Self {
        let kind = match zone.kind {
            TunnelZoneType::Gre => wire::TunnelZoneType::Gre,
            TunnelZoneType::Vxlan => wire::TunnelZoneType::Vxlan,
            TunnelZoneType::Vtep => wire::TunnelZoneType::Vtep,
        };
        let member = |(host, address): (&crate::HostId, &std::net::IpAddr)| wire::ZoneMember {
            host: id_bytes(*host),
            address: address_bytes(*address),
        };
        Self {
            id: id_bytes(zone.id),
            name: zone.name.clone(),
            r#type: kind.into(),
            members: zone.members.iter().map(member).collect(),
        }
    }
}

impl TryFrom<wire::TunnelZone> for TunnelZone {
    type Error = FieldError;

    fn try_from(zone: wire::TunnelZone) -> Result<Self, FieldError> {
        let kind = match wire::TunnelZoneType::try_from(zone.r#type) {
            Ok(wire::TunnelZoneType::Gre) => TunnelZoneType::Gre,
            Ok(wire::TunnelZoneType::Vxlan) => TunnelZoneType::Vxlan,
            Ok(wire::TunnelZoneType::Vtep) => TunnelZoneType::Vtep,
            Ok(wire::TunnelZoneType::Unspecified) | Err(_) => return Err(FieldError::unknown("type")),
        };
        let member = |member: &wire::ZoneMember| {
            Ok((id("members.host", &member.host)?, address("members.address", &member.address)?))
        };
        Ok(Self {
            id: id("id", &zone.id)?,
            name: zone.name,
            kind,
            members: zone.members.iter().map(member).collect::<Result<_, FieldError>>()?,
        })
    }
}
