//! Peering tables of router ports that are VXLAN tunnel endpoints. They are stored and served; no router port is one yet.

use std::net::IpAddr;

use axum::http::StatusCode;
use model::{ObjectKey, PeeringEntry, PortId, RouterId};
use packet::MacAddr;
use serde::Serialize;
use utoipa::ToSchema;

use super::{address_text, required_address};
use crate::endpoint::{Call, Edit, Endpoint, Routes, create, delete, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const ENTRY: Media = Media::new("MacIp", &[1]).json(Json::Offered);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/routers/{router}/ports/{port}/peering_table", whole())
        .route("/routers/{router}/ports/{port}/peering_table/{pair}", single())
        .route("/ports/{port}/peering_table", whole())
        .route("/ports/{port}/peering_table/{pair}", single())
}

fn whole() -> Endpoint {
    list(ENTRY, all).merge(create::<View>(ENTRY, add))
}

fn single() -> Endpoint {
    one(ENTRY, get)
        .merge(delete(remove_line))
        .fails(StatusCode::BAD_REQUEST, "The last segment does not name two addresses.")
}

/// A line of a router port's peering table: behind which tunnel endpoint a station is. A table has one line for a
/// station; a second replaces it. It is stored and served; routers are not peered over VXLAN yet.
#[derive(Serialize, ToSchema)]
struct View {
    /// IPv4 address of the tunnel endpoint.
    #[schema(format = "ipv4")]
    ip: String,
    /// Ethernet address of the station.
    mac: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(table: &str, line: &PeeringEntry) -> View {
    View {
        ip: address_text(line.address),
        mac: line.mac.to_string(),
        uri: format!("{table}/{}", pair(line.address, line.mac)),
    }
}

/// A line's name in its table: addresses joined by `_`, the octets of the Ethernet address by `-`.
fn pair(address: IpAddr, mac: MacAddr) -> String {
    format!("{}_{}", address_text(address), mac.to_string().replace(':', "-"))
}

/// Reads a line's name; either address may come first.
fn parse_pair(text: &str) -> Result<(IpAddr, MacAddr), Failure> {
    let parse = |address: &str, mac: &str| Some((address.parse().ok()?, mac.parse().ok()?));
    text.split_once('_').and_then(|(a, b)| parse(a, b).or_else(|| parse(b, a))).ok_or_else(|| {
        Failure::bad_request(format!(
            "`{text}` is not an IP address and an Ethernet address, such as 192.0.2.1_02-00-00-00-00-01."
        ))
    })
}

/// The router port of the path, and the address of its table.
fn table(call: &Call) -> Result<(PortId, String), Failure> {
    let id = call.id::<PortId>("port")?;
    let router = call.topology.port(id).and_then(model::Port::router).ok_or(ObjectKey::from(id))?;
    if !call.segment("router").is_empty() && call.id::<RouterId>("router")? != router {
        return Err(ObjectKey::from(id).into());
    }
    Ok((id, call.links.to(format_args!("routers/{router}/ports/{id}/peering_table"))))
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let (port, table) = table(call)?;
    Ok(call.topology.peering_of(port).map(|line| view(&table, line)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let (address, mac) = parse_pair(call.segment("pair"))?;
    let (port, table) = table(call)?;
    let line = call.topology.peering_entry(PeeringEntry::id_of(port, mac));
    let line = line.filter(|line| line.address == address);
    line.map(|line| view(&table, line)).ok_or_else(|| Failure::not_found("MacIp", call.segment("pair")))
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let (port, table) = table(call)?;
    let address = required_address(fields, "ip");
    let mac = fields.parsed("mac", "an Ethernet address");
    let mac = fields.required("mac", mac);
    let line = PeeringEntry::new(port, mac, address);
    let location = format!("{table}/{}", pair(address, mac));
    Ok(Edit::new(move |tx| tx.create_or_update(line.clone())).at(location))
}

fn remove_line(call: &Call) -> Result<Edit, Failure> {
    let (address, mac) = parse_pair(call.segment("pair"))?;
    let id = PeeringEntry::id_of(table(call)?.0, mac);
    Ok(Edit::new(move |tx| match tx.state().peering_entry(id) {
        Some(line) if line.address == address => tx.delete(id),
        _ => Ok(()),
    }))
}
