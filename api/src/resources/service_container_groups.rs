//! Groups of service containers: how these are placed on hosts. They are stored and served; no container runs yet.

use model::{ContainerPolicy, ObjectKey, ServiceContainerGroup, ServiceContainerGroupId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::{new_id, refuse_reference, remove, word};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;
use crate::openapi::choices;

const GROUP: Media = Media::new("ServiceContainerGroup", &[1]);

const POLICIES: &[(&str, ContainerPolicy)] =
    &[("WEIGHTED", ContainerPolicy::Weighted), ("LEAST", ContainerPolicy::Least)];

fn policies() -> Schema {
    choices(
        "How a host is chosen: by chance, in proportion to the hosts' container weights, or the one with the fewest containers. May be left out: `WEIGHTED`.",
        POLICIES,
    )
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/service_container_groups", list(GROUP, all).merge(create::<View>(GROUP, add)))
        .route(
            "/service_container_groups/{id}",
            one(GROUP, get)
                .merge(update::<View>(GROUP, replace))
                .merge(delete(|call| remove::<ServiceContainerGroupId>(call, "id"))),
        )
}

/// Service containers that are placed alike. It is stored and served; no container runs yet. Deleted, it takes its
/// containers along.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    #[schema(schema_with = policies, required = false)]
    policy: &'static str,
    /// Always null: there are no host groups.
    host_group_id: Option<Uuid>,
    /// Port group whose ports' hosts are eligible; without it every host is.
    port_group_id: Option<Uuid>,
    /// Its containers.
    #[schema(read_only)]
    service_container_ids: Vec<Uuid>,
    /// Its containers.
    #[schema(read_only)]
    service_containers: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, group: &ServiceContainerGroup) -> View {
    let uri = call.links.to(format_args!("service_container_groups/{}", group.id));
    View {
        id: group.id.0,
        policy: word(POLICIES, group.policy),
        host_group_id: None,
        port_group_id: group.port_group.map(Uuid::from),
        service_container_ids: call
            .topology
            .containers_of(group.id)
            .map(|container| container.id.0)
            .collect(),
        service_containers: format!("{uri}/service_containers"),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.service_container_groups().map(|group| view(call, group)).collect())
}

fn existing(call: &Call) -> Result<&ServiceContainerGroup, Failure> {
    let id = call.id::<ServiceContainerGroupId>("id")?;
    Ok(call.topology.service_container_group(id).ok_or(ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: ServiceContainerGroupId, fields: &mut Fields) -> Result<ServiceContainerGroup, Failure> {
    refuse_reference(fields, "hostGroupId", "HostGroup")?;
    Ok(ServiceContainerGroup {
        id,
        policy: fields.choice("policy", POLICIES).unwrap_or_default(),
        port_group: fields.id("portGroupId"),
    })
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let group = read(new_id(fields), fields)?;
    let location = call.links.to(format_args!("service_container_groups/{}", group.id));
    Ok(Edit::new(move |tx| tx.create(group.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let group = read(existing(call)?.id, fields)?;
    Ok(Edit::new(move |tx| tx.update(group.clone())))
}
