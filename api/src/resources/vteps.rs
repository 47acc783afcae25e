//! Hardware VTEPs. They are stored, validated and served: nobody connects to them yet, so that what only they themselves
//! can tell is not known, and no traffic passes.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::StatusCode;
use model::{Vtep, VtepId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{new_id, remove};
use crate::endpoint::{Call, Edit, Routes, create, delete_existing, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const VTEP: Media = Media::new("VTEP", &[2]);
/// The contract has these lists under the vendor's type only.
const PORTS: Media = Media::new("VTEPPort", &[1]).json(Json::Refused);

/// What is to be said of a VTEP that nobody is connected to.
const DISCONNECTED: &str = "DISCONNECTED";

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/vteps", list(VTEP, all).merge(create::<View>(VTEP, add)))
        .route("/vteps/{id}", one(VTEP, get).merge(delete_existing(|call| remove::<VtepId>(call, "id"))))
        .route("/vteps/{id}/ports", list(PORTS, ports))
}

/// A hardware VTEP: a switch that bridges are bound to. It is kept as given; nobody connects to it yet.
#[derive(Serialize, ToSchema)]
#[schema(as = Vtep)]
#[serde(rename_all = "camelCase")]
struct View {
    id: Uuid,
    /// Address of its OVSDB server; no two VTEPs have the same.
    management_ip: String,
    /// TCP port of its OVSDB server.
    management_port: u16,
    /// Tunnel zone of type `vtep`, whose hosts exchange traffic with it.
    tunnel_zone_id: Uuid,
    /// What the VTEP calls itself; null while it is not connected.
    #[schema(read_only)]
    name: Option<String>,
    /// What the VTEP says of itself; null while it is not connected.
    #[schema(read_only)]
    description: Option<String>,
    /// Whether the VTEP is connected; always `DISCONNECTED` for the time being.
    #[schema(read_only)]
    connection_state: &'static str,
    /// Addresses that the VTEP tunnels to; empty while it is not connected.
    #[schema(read_only)]
    tunnel_ip_addrs: Vec<String>,
    #[schema(read_only)]
    bindings: String,
    #[schema(read_only)]
    ports: String,
    #[schema(read_only)]
    vtep_binding_template: String,
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, vtep: &Vtep) -> View {
    let uri = call.links.to(format_args!("vteps/{}", vtep.id));
    View {
        id: vtep.id.0,
        management_ip: vtep.management_ip.to_string(),
        management_port: vtep.management_port,
        tunnel_zone_id: vtep.tunnel_zone.0,
        name: None,
        description: None,
        connection_state: DISCONNECTED,
        tunnel_ip_addrs: Vec::new(),
        bindings: format!("{uri}/bindings"),
        ports: format!("{uri}/ports"),
        vtep_binding_template: format!("{uri}/bindings/{{portName}}/{{vlanId}}"),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.vteps().map(|vtep| view(call, vtep)).collect())
}

/// The VTEP of the path.
pub(super) fn existing(call: &Call) -> Result<&Vtep, Failure> {
    let id = call.id::<VtepId>("id")?;
    Ok(call.topology.vtep(id).ok_or(model::ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

/// A port of a VTEP. There is none to be shown while VTEPs are not connected: it is they who know their ports.
#[derive(Serialize, ToSchema)]
#[schema(as = VtepPort)]
enum PortView {}

fn ports(call: &Call) -> Result<Vec<PortView>, Failure> {
    existing(call).map(|_| Vec::new())
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let management_ip = fields.parsed::<Ipv4Addr>("managementIp", "an IPv4 address");
    if management_ip.is_none() {
        fields.missing("managementIp");
    }
    let management_port = fields.number("managementPort", 1..=i64::from(u16::MAX));
    let tunnel_zone = fields.id("tunnelZoneId");
    let vtep = Vtep {
        id: new_id(fields),
        management_ip: management_ip.unwrap_or(Ipv4Addr::UNSPECIFIED),
        management_port: fields.required("managementPort", management_port),
        tunnel_zone: fields.required("tunnelZoneId", tunnel_zone),
        bindings: Default::default(),
    };
    refuse_address_of_host(call, vtep.management_ip)?;
    let location = call.links.to(format_args!("vteps/{}", vtep.id));
    Ok(Edit::new(move |tx| tx.create(vtep.clone())).at(location))
}

/// A VTEP is no hypervisor: traffic to its address must not end on one.
fn refuse_address_of_host(call: &Call, address: Ipv4Addr) -> Result<(), Failure> {
    let has_address = |id| {
        let state = call.live.hosts.state(id);
        state.is_some_and(|state| state.addresses().contains(&IpAddr::V4(address)))
    };
    match call.topology.hosts().find(|host| has_address(host.id)) {
        Some(host) => {
            let message = format!("Address {address} belongs to host {} already.", host.id);
            Err(Failure::new(StatusCode::CONFLICT, message))
        }
        None => Ok(()),
    }
}
