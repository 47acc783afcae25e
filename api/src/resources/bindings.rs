//! Bindings of ports to interfaces of hosts.

use model::{Binding, HostId, PortId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::endpoint::{Call, Edit, Routes, create, delete, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const BINDING: Media = Media::new("HostInterfacePort", &[1]).json(Json::Offered);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/hosts/{id}/ports", list(BINDING, of_host).merge(create::<View>(BINDING, bind)))
        .route(
            "/hosts/{id}/ports/{port}",
            one(BINDING, get).merge(delete(|call| {
                let (host, port) = (call.id::<HostId>("id")?, call.id::<PortId>("port")?);
                Ok(Edit::new(move |tx| {
                    let bound_here = tx
                        .state()
                        .port(port)
                        .and_then(|p| p.binding.as_ref())
                        .is_some_and(|b| b.host == host);
                    if bound_here { tx.unbind(port) } else { Ok(()) }
                }))
            })),
        )
}

/// A port plugged into an interface of a host.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// The port.
    port_id: Uuid,
    /// The host, which must be in a tunnel zone.
    #[schema(read_only)]
    host_id: Uuid,
    /// Name of the interface: at most 15 bytes, and not bound to another port.
    #[schema(max_length = 15)]
    interface_name: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    #[schema(read_only)]
    host: String,
    #[schema(read_only)]
    port: String,
}

fn view(call: &Call, port: PortId, binding: &Binding) -> View {
    let (links, host) = (&call.links, binding.host);
    View {
        port_id: port.0,
        host_id: host.0,
        interface_name: binding.interface.clone(),
        uri: links.to(format_args!("hosts/{host}/ports/{port}")),
        host: links.to(format_args!("hosts/{host}")),
        port: links.to(format_args!("ports/{port}")),
    }
}

fn existing_host(call: &Call) -> Result<HostId, Failure> {
    let id = call.id::<HostId>("id")?;
    Ok(call.topology.host(id).ok_or(model::ObjectKey::from(id))?.id)
}

fn of_host(call: &Call) -> Result<Vec<View>, Failure> {
    let host = existing_host(call)?;
    let bound = call.topology.host_ports(host);
    Ok(bound.filter_map(|port| Some(view(call, port.id, port.binding.as_ref()?))).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let (host, id) = (existing_host(call)?, call.id::<PortId>("port")?);
    let binding = call.topology.port(id).and_then(|port| port.binding.as_ref()).filter(|b| b.host == host);
    binding.map(|binding| view(call, id, binding)).ok_or_else(|| Failure::not_found("HostInterfacePort", id))
}

fn bind(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let host = existing_host(call)?;
    let port = fields.id::<PortId>("portId");
    let port = fields.required("portId", port);
    let interface = fields.text("interfaceName");
    let interface = fields.required("interfaceName", interface);
    let location = call.links.to(format_args!("hosts/{host}/ports/{port}"));
    Ok(Edit::new(move |tx| tx.bind(port, host, &interface)).at(location))
}
