//! Mirrors, and the lists of them that bridges, routers and ports have. Stored, checked and served; no effect in the
//! datapath yet.

use model::{Mirror, MirrorId, Mirrors, PortMirrors};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{condition, new_id, remove};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const MIRROR: Media = Media::new("Mirror", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new().route("/mirrors", list(MIRROR, all).merge(create::<View>(MIRROR, add))).route(
        "/mirrors/{id}",
        one(MIRROR, get)
            .merge(update::<View>(MIRROR, replace))
            .merge(delete(|call| remove::<MirrorId>(call, "id"))),
    )
}

/// Copies packets out of a port: those that meet one of its conditions at a bridge, router or port that names the mirror.
/// It goes with the port. No effect in the datapath yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Where the copies go.
    to_port_id: Uuid,
    /// Packets that meet any of these are copied; without one, none are.
    conditions: Vec<condition::Alone>,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, mirror: &Mirror) -> View {
    View {
        id: mirror.id.0,
        to_port_id: mirror.to_port.0,
        conditions: mirror.conditions.iter().map(condition::alone).collect(),
        uri: call.links.to(format_args!("mirrors/{}", mirror.id)),
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.mirrors().map(|mirror| view(call, mirror)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<MirrorId>("id")?;
    let mirror = call.topology.mirror(id).ok_or(model::ObjectKey::from(id))?;
    Ok(view(call, mirror))
}

fn read(id: MirrorId, fields: &mut Fields) -> Mirror {
    let to_port = fields.id("toPortId");
    let to_port = fields.required("toPortId", to_port);
    Mirror { id, to_port, conditions: fields.objects("conditions", condition::read) }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let mirror = read(new_id(fields), fields);
    let location = call.links.to(format_args!("mirrors/{}", mirror.id));
    Ok(Edit::new(move |tx| tx.create(mirror.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let mirror = read(call.id("id")?, fields);
    Ok(Edit::new(move |tx| tx.update(mirror.clone())))
}

/// The mirrors of a bridge or router.
pub(super) fn read_hooks(fields: &mut Fields) -> Mirrors {
    Mirrors { inbound: hook(fields, "inboundMirrorIds"), outbound: hook(fields, "outboundMirrorIds") }
}

/// The mirrors of a port.
pub(super) fn read_port_hooks(fields: &mut Fields) -> PortMirrors {
    PortMirrors {
        inbound: hook(fields, "inboundMirrorIds"),
        outbound: hook(fields, "outboundMirrorIds"),
        post_in_filter: hook(fields, "postInFilterMirrorIds"),
        pre_out_filter: hook(fields, "preOutFilterMirrorIds"),
    }
}

fn hook(fields: &mut Fields, property: &str) -> Vec<MirrorId> {
    fields.list(property, "a UUID")
}
