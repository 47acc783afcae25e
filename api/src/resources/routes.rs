//! Routes of routers: created, read and deleted; a route cannot be edited.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use model::{NextHop, PortId, Route, RouteId, RouterId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::{address_text, new_id, remove};
use crate::endpoint::{Call, Edit, Endpoint, Routes, create, delete, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};
use crate::openapi::choices;

const ROUTE: Media = Media::new("Route", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(
            "/routers/{id}/routes",
            list(ROUTE.json(Json::Offered), of_router).merge(create::<View>(ROUTE, add)),
        )
        .route("/routers/{id}/routes/{route}", single())
        .route("/routes/{route}", single())
}

fn single() -> Endpoint {
    one(ROUTE, get).merge(delete(|call| remove::<RouteId>(call, "route")))
}

/// A route of a router. The most specific one wins, by destination, then by source; then the lowest weight.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Its router.
    #[schema(read_only)]
    router_id: Uuid,
    /// The port that packets leave by; that of a Normal route.
    next_hop_port: Option<Uuid>,
    /// Any text.
    attributes: Option<String>,
    /// Destinations that it is for.
    dst_network_addr: String,
    /// Length of the prefix in bits; without it, the whole address.
    #[schema(default = 32, maximum = 128)]
    dst_network_length: u8,
    /// Sources that it is for.
    src_network_addr: String,
    /// Length of the prefix in bits; without it, the whole address.
    #[schema(default = 32, maximum = 128)]
    src_network_length: u8,
    /// Router to send to; without it, the destination is on the link.
    next_hop_gateway: Option<String>,
    /// Whether it came by BGP.
    #[schema(read_only)]
    learned: bool,
    #[serde(rename = "type")]
    #[schema(schema_with = types)]
    kind: &'static str,
    /// Among routes as specific, the lowest wins; equal ones share.
    #[schema(default = 0, maximum = 2147483647)]
    weight: u32,
    #[schema(read_only)]
    router: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

/// What a route does, as its `type` says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Normal,
    Local,
    BlackHole,
    Reject,
}

const TYPES: &[(&str, Type)] = &[
    ("Normal", Type::Normal),
    ("Local", Type::Local),
    ("BlackHole", Type::BlackHole),
    ("Reject", Type::Reject),
];

fn types() -> Schema {
    choices("What it does.", TYPES)
}

fn view(call: &Call, route: &Route) -> View {
    let (kind, gateway) = match route.next_hop {
        NextHop::Port { gateway, .. } => ("Normal", gateway),
        NextHop::Local { .. } => ("Local", None),
        NextHop::Blackhole => ("BlackHole", None),
        NextHop::Reject => ("Reject", None),
    };
    View {
        id: route.id.0,
        router_id: route.router.0,
        next_hop_port: route.next_hop.port().map(Uuid::from),
        attributes: route.attributes.clone(),
        dst_network_addr: address_text(route.destination.ip()),
        dst_network_length: route.destination.prefix(),
        src_network_addr: address_text(route.source.ip()),
        src_network_length: route.source.prefix(),
        next_hop_gateway: gateway.map(address_text),
        learned: false,
        kind,
        weight: route.weight,
        router: call.links.to(format_args!("routers/{}", route.router)),
        uri: call.links.to(format_args!("routes/{}", route.id)),
    }
}

fn of_router(call: &Call) -> Result<Vec<View>, Failure> {
    let id = call.id::<RouterId>("id")?;
    call.topology.router(id).ok_or(model::ObjectKey::from(id))?;
    Ok(call.topology.router_routes(id).map(|route| view(call, route)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<RouteId>("route")?;
    let route = call.topology.route(id).ok_or(model::ObjectKey::from(id))?;
    Ok(view(call, route))
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let route = Route {
        id: new_id(fields),
        router: call.id("id")?,
        source: prefix(fields, "srcNetworkAddr", "srcNetworkLength"),
        destination: prefix(fields, "dstNetworkAddr", "dstNetworkLength"),
        next_hop: next_hop(fields),
        weight: fields.number("weight", 0..=i64::from(i32::MAX)).unwrap_or(0),
        attributes: fields.text("attributes"),
    };
    let location = call.links.to(format_args!("routes/{}", route.id));
    Ok(Edit::new(move |tx| tx.create(route.clone())).at(location))
}

fn next_hop(fields: &mut Fields) -> NextHop {
    let kind = fields.choice("type", TYPES);
    if kind.is_none() {
        fields.missing("type");
    }
    let port = fields.id::<PortId>("nextHopPort");
    let gateway = fields.parsed::<IpAddr>("nextHopGateway", "an IP address");
    match kind {
        Some(Type::Normal) => NextHop::Port { port: fields.required("nextHopPort", port), gateway },
        Some(Type::Local) => NextHop::Local { port },
        Some(Type::Reject) => NextHop::Reject,
        Some(Type::BlackHole) | None => NextHop::Blackhole,
    }
}

/// A prefix given as address and length; without a length it is the address alone.
fn prefix(fields: &mut Fields, address: &str, length: &str) -> IpNetwork {
    let ip = fields.parsed::<IpAddr>(address, "an IP address");
    let bits = fields.number::<u8>(length, 0..=128);
    if ip.is_none() {
        fields.missing(address);
    }
    let ip = ip.unwrap_or(IpAddr::from([0; 4]));
    let whole = IpNetwork::from(ip);
    let Some(bits) = bits else { return whole };
    IpNetwork::new(ip, bits).unwrap_or_else(|_| {
        fields.violation(length, format!("must be between 0 and {}", whole.prefix()));
        whole
    })
}
