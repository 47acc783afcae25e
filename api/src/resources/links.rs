//! Virtual cables between ports.

use model::PortId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::endpoint::{Call, Edit, Routes, create, delete, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const LINK: Media = Media::new("PortLink", &[1]).json(Json::Offered);

pub(super) fn routes() -> Routes {
    Routes::new().route(
        "/ports/{id}/link",
        one(LINK, get).merge(create::<View>(LINK, add)).merge(delete(|call| {
            let port = call.id::<PortId>("id")?;
            Ok(Edit::new(move |tx| tx.unlink(port)))
        })),
    )
}

/// A virtual cable between two ports.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// One end.
    #[schema(read_only)]
    port_id: Uuid,
    /// The other end: a port of another device that is neither linked nor bound.
    peer_id: Uuid,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    #[schema(read_only)]
    port: String,
    #[schema(read_only)]
    peer: String,
}

fn get(call: &Call) -> Result<View, Failure> {
    let port = call.id::<PortId>("id")?;
    let peer = call.topology.port(port).ok_or(model::ObjectKey::from(port))?.peer;
    let peer = peer.ok_or_else(|| Failure::not_found("Link", port))?;
    let to = |id: PortId| call.links.to(format_args!("ports/{id}"));
    Ok(View { port_id: port.0, peer_id: peer.0, uri: to(port) + "/link", port: to(port), peer: to(peer) })
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let port = call.id::<PortId>("id")?;
    let peer = fields.id::<PortId>("peerId");
    let peer = fields.required("peerId", peer);
    Ok(Edit::new(move |tx| tx.link(port, peer)))
}
