//! Service containers. They are stored and served; none runs yet.

use model::{ObjectKey, ServiceContainer, ServiceContainerGroupId, ServiceContainerId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{new_id, remove};
use crate::endpoint::{Call, Edit, Endpoint, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const CONTAINER: Media = Media::new("ServiceContainer", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/service_containers", list(CONTAINER, all).merge(create::<View>(CONTAINER, add)))
        .route("/service_containers/{id}", single())
        .route(
            "/service_container_groups/{group}/service_containers",
            list(CONTAINER, of_group).merge(create::<View>(CONTAINER, add_below)),
        )
        .route("/service_container_groups/{group}/service_containers/{id}", single())
}

fn single() -> Endpoint {
    one(CONTAINER, get)
        .merge(update::<View>(CONTAINER, replace))
        .merge(delete(|call| remove::<ServiceContainerId>(call, "id")))
}

/// A service that is to run in a namespace of a host, at a port of the virtual network. It is stored and served; it does
/// not run yet. An update pins it to a host (`hostId`), and changes nothing else.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// The group that says how it is placed. Below a group, that group.
    service_group_id: Option<Uuid>,
    /// What the service reads its configuration from, whatever the service takes that to be.
    configuration_id: Option<Uuid>,
    /// The port it runs at; no other container runs there. Deleted, it takes the container along.
    port_id: Option<Uuid>,
    /// Name of the service, such as `IPSEC`, `HAPROXY` or `QUAGGA`.
    #[schema(min_length = 1, max_length = 255)]
    service_type: String,
    /// `STOPPED`: it does not run yet. Null without a port, as it cannot run.
    #[schema(read_only)]
    status_code: Option<&'static str>,
    #[schema(read_only)]
    status_message: Option<String>,
    /// The host that it is pinned to; null to leave the choice to the group's policy. It needs a port.
    host_id: Option<Uuid>,
    /// The namespace it runs in.
    #[schema(read_only)]
    namespace_name: Option<String>,
    /// The interface that its port is bound to.
    #[schema(read_only)]
    interface_name: Option<String>,
    #[schema(read_only)]
    service_container_group: Option<String>,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    #[schema(read_only)]
    port: Option<String>,
}

fn view(call: &Call, container: &ServiceContainer) -> View {
    let links = &call.links;
    View {
        id: container.id.0,
        service_group_id: container.group.map(Uuid::from),
        configuration_id: container.configuration,
        port_id: container.port.map(Uuid::from),
        service_type: container.service_type.clone(),
        status_code: container.port.map(|_| "STOPPED"),
        status_message: None,
        host_id: container.host.map(Uuid::from),
        namespace_name: None,
        interface_name: None,
        service_container_group: links.to_any("service_container_groups", container.group),
        uri: links.to(format_args!("service_containers/{}", container.id)),
        port: links.to_any("ports", container.port),
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.service_containers().map(|container| view(call, container)).collect())
}

fn of_group(call: &Call) -> Result<Vec<View>, Failure> {
    let group = parent(call)?;
    Ok(call.topology.containers_of(group).map(|container| view(call, container)).collect())
}

fn parent(call: &Call) -> Result<ServiceContainerGroupId, Failure> {
    let id = call.id::<ServiceContainerGroupId>("group")?;
    Ok(call.topology.service_container_group(id).ok_or(ObjectKey::from(id))?.id)
}

fn existing(call: &Call) -> Result<&ServiceContainer, Failure> {
    let id = call.id::<ServiceContainerId>("id")?;
    Ok(call.topology.service_container(id).ok_or(ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(
    id: ServiceContainerId,
    group: Option<ServiceContainerGroupId>,
    fields: &mut Fields,
) -> ServiceContainer {
    let service_type = fields.text("serviceType");
    ServiceContainer {
        id,
        group,
        port: fields.id("portId"),
        configuration: fields.id("configurationId"),
        service_type: fields.required("serviceType", service_type),
        host: fields.id("hostId"),
    }
}

fn created(call: &Call, container: ServiceContainer) -> Edit {
    let location = call.links.to(format_args!("service_containers/{}", container.id));
    Edit::new(move |tx| tx.create(container.clone())).at(location)
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let group = fields.id("serviceGroupId");
    Ok(created(call, read(new_id(fields), group, fields)))
}

fn add_below(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let group = parent(call)?;
    Ok(created(call, read(new_id(fields), Some(group), fields)))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let id = existing(call)?.id;
    let group = fields.id("serviceGroupId");
    let container = read(id, group, fields);
    Ok(Edit::new(move |tx| tx.update(container.clone())))
}
