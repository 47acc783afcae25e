//! Trace requests. Stored, checked and served; no effect in the datapath yet. To see the way of a packet now, ask the
//! agent: `midspan trace`.

use std::time::{SystemTime, UNIX_EPOCH};

use model::{DeviceId, State, TraceDevice, TraceRequest, TraceRequestId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::{condition, new_id, remove};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;
use crate::openapi::choices;

const REQUEST: Media = Media::new("TraceRequest", &[1]);

/// A device of a kind, by its id.
type ToDevice = fn(Uuid) -> TraceDevice;

/// Kinds of device, as `deviceType` names them.
const DEVICE_TYPES: &[(&str, ToDevice)] = &[
    ("BRIDGE", |id| TraceDevice::Bridge(id.into())),
    ("ROUTER", |id| TraceDevice::Router(id.into())),
    ("PORT", |id| TraceDevice::Port(id.into())),
];

fn device_types() -> Schema {
    choices("The kind of device that packets are traced at.", DEVICE_TYPES)
}

pub(super) fn routes() -> Routes {
    let listed = list(REQUEST, all).query("tenant_id", "Only requests on devices of this tenant.");
    Routes::new().route("/traces", listed.merge(create::<View>(REQUEST, add))).route(
        "/traces/{id}",
        one(REQUEST, get)
            .merge(update::<View>(REQUEST, replace))
            .merge(delete(|call| remove::<TraceRequestId>(call, "id"))),
    )
}

/// Asks for the way of packets that meet a condition to be told. It goes with its device. No effect in the datapath yet;
/// to see the way of a packet, ask the agent (`midspan trace`).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Any text, at most 255 characters.
    #[schema(max_length = 255)]
    name: String,
    #[schema(schema_with = device_types)]
    device_type: &'static str,
    /// The bridge, router or port that packets are traced at as they enter it.
    device_id: Uuid,
    condition: condition::Alone,
    /// When it was made, in milliseconds since 1970; now, if it is left out.
    #[schema(required = false, maximum = 9223372036854775807_u64)]
    creation_timestamp_ms: u64,
    /// Packets to trace at most.
    #[schema(default = 9223372036854775807_u64, maximum = 9223372036854775807_u64)]
    limit: u64,
    /// Whether it is active.
    #[schema(default = false)]
    enabled: bool,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, request: &TraceRequest) -> View {
    let (device_type, device_id) = match request.device {
        TraceDevice::Bridge(id) => ("BRIDGE", id.0),
        TraceDevice::Router(id) => ("ROUTER", id.0),
        TraceDevice::Port(id) => ("PORT", id.0),
    };
    View {
        id: request.id.0,
        name: request.name.clone(),
        device_type,
        device_id,
        condition: condition::alone(&request.condition),
        creation_timestamp_ms: request.created_at_ms,
        limit: request.limit,
        enabled: request.enabled,
        uri: call.links.to(format_args!("traces/{}", request.id)),
    }
}

/// The tenant of the bridge or router that a device is or is part of.
fn tenant_of(topology: &State, device: TraceDevice) -> Option<&str> {
    let device = match device {
        TraceDevice::Bridge(id) => DeviceId::Bridge(id),
        TraceDevice::Router(id) => DeviceId::Router(id),
        TraceDevice::Port(id) => topology.port(id)?.owner(),
    };
    match device {
        DeviceId::Bridge(id) => topology.bridge(id)?.tenant_id.as_deref(),
        DeviceId::Router(id) => topology.router(id)?.tenant_id.as_deref(),
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let of_tenant = |request: &&TraceRequest| call.wants_tenant(tenant_of(&call.topology, request.device));
    Ok(call.topology.trace_requests().filter(of_tenant).map(|request| view(call, request)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<TraceRequestId>("id")?;
    let request = call.topology.trace_request(id).ok_or(model::ObjectKey::from(id))?;
    Ok(view(call, request))
}

/// A request as a body describes it, and when it says that it was made.
fn read(id: TraceRequestId, fields: &mut Fields) -> (TraceRequest, Option<u64>) {
    let name = fields.text("name");
    let name = fields.required("name", name);
    let device_type = fields.choice("deviceType", DEVICE_TYPES);
    if device_type.is_none() {
        fields.missing("deviceType");
    }
    let device_id = fields.id::<Uuid>("deviceId");
    let device_id = fields.required("deviceId", device_id);
    let condition = fields.object("condition", condition::read);
    let condition = Box::new(fields.required("condition", condition));
    let made = fields.number("creationTimestampMs", 0..=i64::MAX);
    let request = TraceRequest {
        id,
        name,
        device: device_type.map_or(TraceDevice::Bridge(device_id.into()), |device| device(device_id)),
        condition,
        created_at_ms: made.unwrap_or_else(now_ms),
        limit: fields.number("limit", 0..=i64::MAX).unwrap_or(i64::MAX.unsigned_abs()),
        enabled: fields.flag("enabled").unwrap_or(false),
    };
    (request, made)
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_millis().try_into().unwrap_or(u64::MAX)
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let (request, _) = read(new_id(fields), fields);
    let location = call.links.to(format_args!("traces/{}", request.id));
    Ok(Edit::new(move |tx| tx.create(request.clone())).at(location))
}

/// When it was made stays as it is unless the body says otherwise.
fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let (request, made) = read(call.id("id")?, fields);
    Ok(Edit::new(move |tx| {
        let known = tx.state().trace_request(request.id).map(|known| known.created_at_ms);
        let created_at_ms = made.or(known).unwrap_or(request.created_at_ms);
        tx.update(TraceRequest { created_at_ms, ..request.clone() })
    }))
}
