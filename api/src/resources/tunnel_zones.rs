//! Tunnel zones and their member hosts.

use std::net::IpAddr;

use model::{HostId, TunnelZone, TunnelZoneId, TunnelZoneType};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::{address_text, new_id, remove};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};
use crate::openapi::choices;

const ZONE: Media = Media::new("TunnelZone", &[1]);
const MEMBER: Media = Media::new("TunnelZoneHost", &[1]).json(Json::Offered);

/// Encapsulations, as `type` names them.
const TYPES: &[(&str, TunnelZoneType)] =
    &[("gre", TunnelZoneType::Gre), ("vxlan", TunnelZoneType::Vxlan), ("vtep", TunnelZoneType::Vtep)];

fn types() -> Schema {
    choices("Encapsulation.", TYPES)
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/tunnel_zones", list(ZONE, all).merge(create::<View>(ZONE, add)))
        .route(
            "/tunnel_zones/{id}",
            one(ZONE, get)
                .merge(update::<View>(ZONE, replace))
                .merge(delete(|call| remove::<TunnelZoneId>(call, "id"))),
        )
        .route(
            "/tunnel_zones/{id}/hosts",
            list(MEMBER, members).merge(create::<MemberView>(MEMBER, add_member)),
        )
        .route(
            "/tunnel_zones/{id}/hosts/{host}",
            one(MEMBER, get_member).merge(delete(|call| {
                let (zone, host) = (call.id("id")?, call.id("host")?);
                Ok(Edit::new(move |tx| tx.remove_zone_host(zone, host)))
            })),
        )
}

/// Hosts that reach each other over the same underlay network, with its encapsulation.
#[derive(Serialize, ToSchema)]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Unique among zones, at most 255 bytes.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    #[serde(rename = "type")]
    #[schema(schema_with = types)]
    kind: &'static str,
    /// Its members.
    #[schema(read_only)]
    hosts: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, zone: &TunnelZone) -> View {
    let uri = call.links.to(format_args!("tunnel_zones/{}", zone.id));
    View {
        id: zone.id.0,
        name: zone.name.clone(),
        kind: TYPES.iter().find(|(_, kind)| *kind == zone.kind).map_or("vxlan", |(name, _)| name),
        hosts: format!("{uri}/hosts"),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.tunnel_zones().map(|zone| view(call, zone)).collect())
}

fn existing(call: &Call) -> Result<&TunnelZone, Failure> {
    let id = call.id::<TunnelZoneId>("id")?;
    Ok(call.topology.tunnel_zone(id).ok_or(model::ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: TunnelZoneId, fields: &mut Fields) -> TunnelZone {
    let name = fields.text("name");
    let name = fields.required("name", name);
    let kind = fields.choice("type", TYPES);
    if kind.is_none() {
        fields.missing("type");
    }
    TunnelZone { id, name, kind: kind.unwrap_or(TunnelZoneType::Vxlan), members: Default::default() }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let zone = read(new_id(fields), fields);
    let location = call.links.to(format_args!("tunnel_zones/{}", zone.id));
    Ok(Edit::new(move |tx| tx.create(zone.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let zone = read(call.id("id")?, fields);
    Ok(Edit::new(move |tx| tx.update(zone.clone())))
}

/// A host as a member of a tunnel zone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemberView {
    /// The zone.
    #[schema(read_only)]
    tunnel_zone_id: Uuid,
    /// The host.
    host_id: Uuid,
    /// The host's address in the underlay of this zone.
    ip_address: String,
    #[schema(read_only)]
    tunnel_zone: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    #[schema(read_only)]
    host: String,
}

fn member_view(call: &Call, zone: TunnelZoneId, host: HostId, address: IpAddr) -> MemberView {
    let links = &call.links;
    MemberView {
        tunnel_zone_id: zone.0,
        host_id: host.0,
        ip_address: address_text(address),
        tunnel_zone: links.to(format_args!("tunnel_zones/{zone}")),
        uri: links.to(format_args!("tunnel_zones/{zone}/hosts/{host}")),
        host: links.to(format_args!("hosts/{host}")),
    }
}

fn members(call: &Call) -> Result<Vec<MemberView>, Failure> {
    let zone = existing(call)?;
    Ok(zone.members.iter().map(|(host, address)| member_view(call, zone.id, *host, *address)).collect())
}

fn get_member(call: &Call) -> Result<MemberView, Failure> {
    let (zone, host) = (existing(call)?, call.id::<HostId>("host")?);
    let address = zone.members.get(&host).ok_or_else(|| Failure::not_found("TunnelZoneHost", host))?;
    Ok(member_view(call, zone.id, host, *address))
}

fn add_member(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let zone = call.id::<TunnelZoneId>("id")?;
    let host = fields.id::<HostId>("hostId");
    let host = fields.required("hostId", host);
    let address = fields.parsed::<IpAddr>("ipAddress", "an IP address");
    if address.is_none() {
        fields.missing("ipAddress");
    }
    let address = address.unwrap_or(IpAddr::from([0; 4]));
    let location = call.links.to(format_args!("tunnel_zones/{zone}/hosts/{host}"));
    Ok(Edit::new(move |tx| tx.add_zone_host(zone, host, address)).at(location))
}
