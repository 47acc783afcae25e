//! Mirrors, L2 insertions and trace requests.

use super::field::{FieldError, id, id_bytes, mac, mac_bytes, number, required};
use super::wire::topology as wire;
use super::wire::topology::trace_request::Device as WireDevice;
use crate::{Condition, L2Insertion, Mirror, TraceDevice, TraceRequest};

impl From<&Mirror> for wire::Mirror {
    fn from(mirror: &Mirror) -> Self {
        Self {
            id: id_bytes(mirror.id),
            to_port: id_bytes(mirror.to_port),
            conditions: mirror.conditions.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<wire::Mirror> for Mirror {
    type Error = FieldError;

    fn try_from(mirror: wire::Mirror) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &mirror.id)?,
            to_port: id("to_port", &mirror.to_port)?,
            conditions: mirror.conditions.into_iter().map(Condition::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl From<&L2Insertion> for wire::L2Insertion {
    fn from(insertion: &L2Insertion) -> Self {
        Self {
            id: id_bytes(insertion.id),
            port: id_bytes(insertion.port),
            service_port: id_bytes(insertion.service_port),
            vlan: insertion.vlan.into(),
            position: insertion.position,
            fail_open: insertion.fail_open,
            mac: mac_bytes(insertion.mac),
        }
    }
}

impl TryFrom<wire::L2Insertion> for L2Insertion {
    type Error = FieldError;

    fn try_from(insertion: wire::L2Insertion) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &insertion.id)?,
            port: id("port", &insertion.port)?,
            service_port: id("service_port", &insertion.service_port)?,
            vlan: number("vlan", insertion.vlan)?,
            position: insertion.position,
            fail_open: insertion.fail_open,
            mac: mac("mac", &insertion.mac)?,
        })
    }
}

impl From<&TraceRequest> for wire::TraceRequest {
    fn from(request: &TraceRequest) -> Self {
        Self {
            id: id_bytes(request.id),
            name: request.name.clone(),
            condition: Some((&*request.condition).into()),
            created_at_ms: request.created_at_ms,
            limit: request.limit,
            enabled: request.enabled,
            device: Some(match request.device {
                TraceDevice::Bridge(bridge) => WireDevice::Bridge(id_bytes(bridge)),
                TraceDevice::Router(router) => WireDevice::Router(id_bytes(router)),
                TraceDevice::Port(port) => WireDevice::Port(id_bytes(port)),
            }),
        }
    }
}

impl TryFrom<wire::TraceRequest> for TraceRequest {
    type Error = FieldError;

    fn try_from(request: wire::TraceRequest) -> Result<Self, FieldError> {
        Ok(Self {
            id: id("id", &request.id)?,
            name: request.name,
            condition: Box::new(required("condition", request.condition)?.try_into()?),
            created_at_ms: request.created_at_ms,
            limit: request.limit,
            enabled: request.enabled,
            device: match request.device.ok_or_else(|| FieldError::unknown("device"))? {
                WireDevice::Bridge(bridge) => TraceDevice::Bridge(id("bridge", &bridge)?),
                WireDevice::Router(router) => TraceDevice::Router(id("router", &router)?),
                WireDevice::Port(port) => TraceDevice::Port(id("port", &port)?),
            },
        })
    }
}
