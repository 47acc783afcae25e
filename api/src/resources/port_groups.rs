//! Port groups and their members.

use std::collections::BTreeSet;

use model::{PortGroup, PortGroupId, PortId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{new_id, remove};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const GROUP: Media = Media::new("PortGroup", &[1]);
const MEMBER: Media = Media::new("PortGroupPort", &[1]).json(Json::Offered);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(
            "/port_groups",
            list(GROUP, all)
                .query("port_id", "Only groups that this port is in.")
                .merge(create::<View>(GROUP, add)),
        )
        .route(
            "/port_groups/{id}",
            one(GROUP, get)
                .merge(update::<View>(GROUP, replace))
                .merge(delete(|call| remove::<PortGroupId>(call, "id"))),
        )
        .route(
            "/port_groups/{id}/ports",
            list(MEMBER, members).merge(create::<MemberView>(MEMBER, add_member)),
        )
        .route(
            "/port_groups/{id}/ports/{port}",
            one(MEMBER, get_member).merge(delete(|call| {
                let (group, port) = (call.id("id")?, call.id("port")?);
                Ok(Edit::new(move |tx| tx.remove_group_port(group, port)))
            })),
        )
        .route("/ports/{port}/port_groups", list(MEMBER, of_port))
}

/// A set of ports, for the conditions of rules.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Whose it is: any text, at most 255 bytes.
    #[schema(max_length = 255)]
    tenant_id: Option<String>,
    /// Any text, at most 255 bytes.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// Whether its ports are ways of the same connections: what one port learns of a connection, all know.
    #[schema(default = false)]
    stateful: bool,
    /// Its members.
    #[schema(read_only)]
    ports: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, group: &PortGroup) -> View {
    let uri = call.links.to(format_args!("port_groups/{}", group.id));
    View {
        id: group.id.0,
        tenant_id: group.tenant_id.clone(),
        name: group.name.clone(),
        stateful: group.stateful,
        ports: format!("{uri}/ports"),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let of_port = |group: &&PortGroup| match call.filter("port_id").map(str::parse::<PortId>) {
        None => true,
        Some(Ok(port)) => call.topology.port(port).is_some_and(|p| p.port_groups.contains(&group.id)),
        Some(Err(_)) => false,
    };
    let wanted = call.topology.port_groups().filter(|g| call.wants_tenant(g.tenant_id.as_deref()));
    Ok(wanted.filter(of_port).map(|group| view(call, group)).collect())
}

fn existing(call: &Call) -> Result<&PortGroup, Failure> {
    let id = call.id::<PortGroupId>("id")?;
    Ok(call.topology.port_group(id).ok_or(model::ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: PortGroupId, fields: &mut Fields) -> PortGroup {
    PortGroup {
        id,
        tenant_id: fields.text("tenantId"),
        name: fields.text("name"),
        stateful: fields.flag("stateful").unwrap_or(false),
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let group = read(new_id(fields), fields);
    let location = call.links.to(format_args!("port_groups/{}", group.id));
    Ok(Edit::new(move |tx| tx.create(group.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let group = read(call.id("id")?, fields);
    Ok(Edit::new(move |tx| tx.update(group.clone())))
}

/// A port as a member of a port group.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemberView {
    /// The group.
    #[schema(read_only)]
    port_group_id: Uuid,
    /// The port.
    port_id: Uuid,
    #[schema(read_only)]
    port_group: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    #[schema(read_only)]
    port: String,
}

fn member_view(call: &Call, group: PortGroupId, port: PortId) -> MemberView {
    let links = &call.links;
    MemberView {
        port_group_id: group.0,
        port_id: port.0,
        port_group: links.to(format_args!("port_groups/{group}")),
        uri: links.to(format_args!("port_groups/{group}/ports/{port}")),
        port: links.to(format_args!("ports/{port}")),
    }
}

fn members(call: &Call) -> Result<Vec<MemberView>, Failure> {
    let group = existing(call)?.id;
    Ok(call.topology.group_ports(group).map(|port| member_view(call, group, port.id)).collect())
}

fn get_member(call: &Call) -> Result<MemberView, Failure> {
    let (group, port) = (existing(call)?.id, call.id::<PortId>("port")?);
    let is_member = call.topology.port(port).is_some_and(|p| p.port_groups.contains(&group));
    if is_member {
        Ok(member_view(call, group, port))
    } else {
        Err(Failure::not_found("PortGroupPort", port))
    }
}

fn of_port(call: &Call) -> Result<Vec<MemberView>, Failure> {
    let id = call.id::<PortId>("port")?;
    let port = call.topology.port(id).ok_or(model::ObjectKey::from(id))?;
    let groups: BTreeSet<PortGroupId> = port.port_groups.iter().copied().collect();
    Ok(groups.into_iter().map(|group| member_view(call, group, id)).collect())
}

fn add_member(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let group = call.id::<PortGroupId>("id")?;
    let port = fields.id::<PortId>("portId");
    let port = fields.required("portId", port);
    let location = call.links.to(format_args!("port_groups/{group}/ports/{port}"));
    Ok(Edit::new(move |tx| tx.add_group_port(group, port)).at(location))
}
