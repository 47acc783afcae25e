//! Bindings of VTEPs' ports to bridges. The first one between a VTEP and a bridge makes the bridge's port to the VTEP, and
//! the last one takes it along. They are stored, validated and served: VTEPs are not told yet, and no traffic passes.

use axum::http::StatusCode;
use model::{BridgeId, Port, PortId, Vtep, VtepId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::vteps;
use crate::endpoint::{Call, Edit, Routes, create, delete_existing, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::links::segment;
use crate::media::{Json, Media};

const BINDING: Media = Media::new("VTEPBinding", &[2]).json(Json::Offered);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/vteps/{id}/bindings", list(BINDING, all).merge(create::<View>(BINDING, add)))
        .route(
            "/vteps/{id}/bindings/{port}/{vlan}",
            one(BINDING, get).merge(delete_existing(|call| {
                let (vtep, (port, vlan)) = (vteps::existing(call)?.id, named(call)?);
                Ok(Edit::new(move |tx| tx.unbind_vtep(vtep, &port, vlan)))
            })),
        )
        .route("/ports/{port}/vtep_bindings", list(BINDING, of_port))
        .route("/bridges/{device}/ports/{port}/vtep_bindings", list(BINDING, of_port))
}

/// A port and VLAN of a VTEP, bound to a bridge. It is kept; the VTEP is not told yet.
#[derive(Serialize, ToSchema)]
#[schema(as = VtepBinding)]
#[serde(rename_all = "camelCase")]
struct View {
    #[schema(read_only)]
    vtep_id: Uuid,
    /// Name of the VTEP's port, by which the VTEP knows it.
    port_name: String,
    /// VLAN on that port, 0 for untagged. A port and VLAN are bound once.
    vlan_id: u16,
    /// The bridge.
    network_id: Uuid,
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, vtep: &Vtep, (port_name, vlan): (&str, u16), bridge: BridgeId) -> View {
    View {
        vtep_id: vtep.id.0,
        port_name: port_name.to_owned(),
        vlan_id: vlan,
        network_id: bridge.0,
        uri: uri(call, vtep, port_name, vlan),
    }
}

fn uri(call: &Call, vtep: &Vtep, port_name: &str, vlan: u16) -> String {
    call.links.to(format_args!("vteps/{}/bindings/{}/{vlan}", vtep.id, segment(port_name)))
}

fn views(call: &Call, vtep: &Vtep, wanted: impl Fn(BridgeId) -> bool) -> Vec<View> {
    let bindings = vtep.bindings.iter().filter(|(_, bridge)| wanted(**bridge));
    bindings.map(|((port, vlan), bridge)| view(call, vtep, (port, *vlan), *bridge)).collect()
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(views(call, vteps::existing(call)?, |_| true))
}

/// Port and VLAN of the path.
fn named(call: &Call) -> Result<(String, u16), Failure> {
    let vlan = call.segment("vlan");
    let vlan = vlan.parse().map_err(|_| Failure::not_found("VLAN", vlan))?;
    Ok((call.segment("port").to_owned(), vlan))
}

fn get(call: &Call) -> Result<View, Failure> {
    let (vtep, named) = (vteps::existing(call)?, named(call)?);
    let bridge = vtep.bindings.get(&named);
    let missing = || Failure::not_found("VtepBinding", format!("{}/{}", named.0, named.1));
    Ok(view(call, vtep, (&named.0, named.1), *bridge.ok_or_else(missing)?))
}

/// The bindings that a bridge's port to a VTEP stands for. Other ports have none.
fn of_port(call: &Call) -> Result<Vec<View>, Failure> {
    let id = call.id::<PortId>("port")?;
    let port = call.topology.port(id).ok_or(model::ObjectKey::from(id))?;
    let vtep = port.vtep().and_then(|vtep| call.topology.vtep(vtep));
    let vtep = vtep.ok_or_else(|| Failure::not_found("VtepBinding", id))?;
    let bridge = Port::bridge(port);
    Ok(views(call, vtep, |bound| Some(bound) == bridge))
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let port_name = fields.text("portName");
    let port_name = fields.required("portName", port_name);
    let vlan = fields.number("vlanId", 0..=4094).unwrap_or(0);
    let bridge = fields.id::<BridgeId>("networkId");
    let bridge = fields.required("networkId", bridge);
    // A VTEP that is not there is a fault of the request, as in the contract.
    let id = call.id::<VtepId>("id")?;
    let vtep = call
        .topology
        .vtep(id)
        .ok_or_else(|| Failure::from(model::ObjectKey::from(id)).with_status(StatusCode::BAD_REQUEST))?;
    let (id, location) = (vtep.id, uri(call, vtep, &port_name, vlan));
    Ok(Edit::new(move |tx| tx.bind_vtep(id, &port_name, vlan, bridge)).at(location))
}
