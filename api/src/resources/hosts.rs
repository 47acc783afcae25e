//! Hosts and their interfaces. A host comes by itself, with its agent; what can be written are its weights.

use std::sync::Arc;

use axum::http::StatusCode;
use model::{Host, HostId};
use nsdb::presence::{Endpoint, HostState, Interface, InterfaceKind};
use serde::Serialize;
use uuid::Uuid;

use super::{Routes, address_text};
use crate::endpoint::{Call, Edit, delete, list, one, update_with};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const HOST: Media = Media::new("Host", &[3]);
const INTERFACE: Media = Media::new("Interface", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/hosts", list(HOST, all))
        .route(
            "/hosts/{id}",
            one(HOST, get).merge(update_with(HOST, StatusCode::OK, replace)).merge(delete(remove)),
        )
        .route("/hosts/{id}/interfaces", list(INTERFACE, interfaces))
        .route("/hosts/{id}/interfaces/{name}", one(INTERFACE, interface))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    id: Uuid,
    name: Option<String>,
    addresses: Vec<String>,
    host_interfaces: Vec<InterfaceView>,
    alive: bool,
    flooding_proxy_weight: u32,
    container_weight: u32,
    container_limit: i32,
    enforce_container_limit: bool,
    uri: String,
    interfaces: String,
    ports: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InterfaceView {
    host_id: Uuid,
    name: String,
    mac: Option<String>,
    mtu: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    endpoint: &'static str,
    port_type: Option<String>,
    addresses: Vec<String>,
    status: u8,
    uri: String,
}

fn view(call: &Call, host: &Host) -> View {
    let uri = call.links.to(format_args!("hosts/{}", host.id));
    let state = state(call, host.id);
    View {
        id: host.id.0,
        name: host.name.clone(),
        addresses: state.addresses().into_iter().map(address_text).collect(),
        host_interfaces: state.interfaces.iter().map(|i| interface_view(call, host.id, i)).collect(),
        alive: call.live.hosts.is_alive(host.id),
        flooding_proxy_weight: host.flooding_proxy_weight,
        container_weight: host.container_weight,
        container_limit: host.container_limit,
        enforce_container_limit: host.enforce_container_limit,
        interfaces: format!("{uri}/interfaces"),
        ports: format!("{uri}/ports"),
        uri,
    }
}

fn interface_view(call: &Call, host: HostId, interface: &Interface) -> InterfaceView {
    InterfaceView {
        host_id: host.0,
        name: interface.name.clone(),
        mac: interface.mac.map(|mac| mac.to_string()),
        mtu: interface.mtu,
        kind: match interface.kind {
            InterfaceKind::Physical => "Physical",
            InterfaceKind::Virtual => "Virtual",
            InterfaceKind::Tunnel => "Tunnel",
            InterfaceKind::Unknown => "Unknown",
        },
        endpoint: match interface.endpoint {
            Endpoint::Datapath => "DATAPATH",
            Endpoint::Physical => "PHYSICAL",
            Endpoint::Vm => "VM",
            Endpoint::Gre => "GRE",
            Endpoint::Capwap => "CAPWAP",
            Endpoint::Localhost => "LOCALHOST",
            Endpoint::Tuntap => "TUNTAP",
            Endpoint::Unknown => "UNKNOWN",
        },
        port_type: interface.port_type.clone(),
        addresses: interface.addresses.iter().map(|a| address_text(*a)).collect(),
        // Bit 0: up; bit 1: carrier.
        status: u8::from(interface.up) | u8::from(interface.has_link) << 1,
        uri: call.links.to(format_args!("hosts/{host}/interfaces/{}", interface.name)),
    }
}

/// What the host's agent published; nothing while it is not alive.
fn state(call: &Call, host: HostId) -> Arc<HostState> {
    call.live.hosts.state(host).unwrap_or_default()
}

fn existing(call: &Call) -> Result<&Host, Failure> {
    let id = call.id::<HostId>("id")?;
    Ok(call.topology.host(id).ok_or(model::ObjectKey::from(id))?)
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.hosts().map(|host| view(call, host)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let id = existing(call)?.id;
    let weights = 0..=i64::from(i32::MAX);
    let flooding_proxy_weight = fields.number("floodingProxyWeight", weights.clone()).unwrap_or(1);
    let container_weight = fields.number("containerWeight", weights).unwrap_or(1);
    let container_limit = fields.number("containerLimit", -1..=i64::from(i32::MAX)).unwrap_or(-1);
    let enforce_container_limit = fields.flag("enforceContainerLimit").unwrap_or(false);
    Ok(Edit::new(move |tx| {
        let name = tx.state().host(id).and_then(|host| host.name.clone());
        tx.update(Host {
            id,
            name,
            flooding_proxy_weight,
            container_weight,
            container_limit,
            enforce_container_limit,
        })
    }))
}

fn remove(call: &Call) -> Result<Edit, Failure> {
    let id = existing(call)?.id;
    if call.live.hosts.is_alive(id) {
        let message = format!("Host {id} is alive: stop its agent before deleting it.");
        return Err(Failure::new(StatusCode::FORBIDDEN, message));
    }
    Ok(Edit::new(move |tx| tx.delete(id)))
}

fn interfaces(call: &Call) -> Result<Vec<InterfaceView>, Failure> {
    let host = existing(call)?.id;
    Ok(state(call, host).interfaces.iter().map(|i| interface_view(call, host, i)).collect())
}

fn interface(call: &Call) -> Result<InterfaceView, Failure> {
    let (host, name) = (existing(call)?.id, call.segment("name"));
    let state = state(call, host);
    let found = state.interfaces.iter().find(|i| i.name == name);
    found.map(|i| interface_view(call, host, i)).ok_or_else(|| Failure::not_found("Interface", name))
}
