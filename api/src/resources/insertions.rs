//! L2 insertions. Stored, checked and served; no effect in the datapath yet.

use model::{L2Insertion, L2InsertionId, PortId};
use packet::MacAddr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{new_id, remove};
use crate::endpoint::{Call, Edit, Routes, create, delete_existing, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const INSERTION: Media = Media::new("L2Insertion", &[1]);

pub(super) fn routes() -> Routes {
    let listed = list(INSERTION, all)
        .query("port_id", "Only insertions that inspect this port.")
        .query("port", "The same as `port_id`.")
        .query("srv_port", "Only insertions whose service is behind this port.");
    Routes::new().route("/l2insertions", listed.merge(create::<View>(INSERTION, add))).route(
        "/l2insertions/{id}",
        one(INSERTION, get)
            .merge(update::<View>(INSERTION, replace))
            .merge(delete_existing(|call| remove::<L2InsertionId>(call, "id"))),
    )
}

/// Leads the traffic of a station behind a port through a service behind another port. It goes with either port. No effect
/// in the datapath yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// The port whose traffic is inspected; it cannot serve another insertion.
    port_id: Uuid,
    /// The port of the service; it cannot be inspected itself.
    srv_port_id: Uuid,
    /// VLAN by which the service tells this insertion from others; 0 for none.
    #[schema(default = 0, maximum = 4094)]
    vlan: u16,
    /// Order among the insertions of a port, lowest first.
    #[schema(default = 0)]
    position: i32,
    /// Traffic passes where the service is down.
    #[schema(default = false)]
    fail_open: bool,
    /// Ethernet address of the station.
    mac: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, insertion: &L2Insertion) -> View {
    View {
        id: insertion.id.0,
        port_id: insertion.port.0,
        srv_port_id: insertion.service_port.0,
        vlan: insertion.vlan,
        position: insertion.position,
        fail_open: insertion.fail_open,
        mac: insertion.mac.to_string(),
        uri: call.links.to(format_args!("l2insertions/{}", insertion.id)),
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let asked_for =
        |name, port: PortId| call.filter(name).is_none_or(|wanted| wanted.parse::<PortId>() == Ok(port));
    let wanted = call.topology.l2_insertions().filter(|insertion| {
        asked_for("port_id", insertion.port)
            && asked_for("port", insertion.port)
            && asked_for("srv_port", insertion.service_port)
    });
    Ok(wanted.map(|insertion| view(call, insertion)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<L2InsertionId>("id")?;
    let insertion = call.topology.l2_insertion(id).ok_or(model::ObjectKey::from(id))?;
    Ok(view(call, insertion))
}

fn read(id: L2InsertionId, fields: &mut Fields) -> L2Insertion {
    let (port, service_port) = (fields.id("portId"), fields.id("srvPortId"));
    let mac = fields.parsed("mac", "an Ethernet address");
    if mac.is_none() {
        fields.missing("mac");
    }
    L2Insertion {
        id,
        port: fields.required("portId", port),
        service_port: fields.required("srvPortId", service_port),
        vlan: fields.number("vlan", 0..=4094).unwrap_or(0),
        position: fields.number("position", i32::MIN.into()..=i32::MAX.into()).unwrap_or(0),
        fail_open: fields.flag("failOpen").unwrap_or(false),
        mac: mac.unwrap_or(MacAddr::ZERO),
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let insertion = read(new_id(fields), fields);
    let location = call.links.to(format_args!("l2insertions/{}", insertion.id));
    Ok(Edit::new(move |tx| tx.create(insertion.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let insertion = read(call.id("id")?, fields);
    Ok(Edit::new(move |tx| tx.update(insertion.clone())))
}
