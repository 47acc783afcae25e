//! Hosts and their interfaces. A host comes by itself, with its agent; what can be written are its weights.

use std::sync::Arc;

use axum::http::StatusCode;
use model::{Host, HostId};
use nsdb::presence::{Endpoint, HostState, Interface, InterfaceKind};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::address_text;
use crate::endpoint::{Call, Edit, Routes, delete_existing, list, one, update_with};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const HOST: Media = Media::new("Host", &[3]);
const INTERFACE: Media = Media::new("Interface", &[1]).json(Json::Offered);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/hosts", list(HOST, all))
        .route(
            "/hosts/{id}",
            one(HOST, get)
                .merge(update_with::<View>(HOST, StatusCode::OK, replace))
                .merge(delete_existing(remove).fails(StatusCode::FORBIDDEN, "It is alive.")),
        )
        .route("/hosts/{id}/interfaces", list(INTERFACE, interfaces))
        .route("/hosts/{id}/interfaces/{name}", one(INTERFACE, interface))
}

/// A hypervisor. It comes with its agent; what can be written are its weights.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by its agent.
    #[schema(read_only)]
    id: Uuid,
    /// The machine's name.
    #[schema(read_only)]
    name: Option<String>,
    /// All addresses of its interfaces, while it is alive.
    #[schema(read_only)]
    addresses: Vec<String>,
    /// Its interfaces, while it is alive.
    #[schema(read_only)]
    host_interfaces: Vec<InterfaceView>,
    /// Whether its agent runs and reaches the network state database.
    #[schema(read_only)]
    alive: bool,
    /// Chance to be the flooding proxy of a VTEP tunnel zone, among its hosts; 0 for never.
    #[schema(default = 1, maximum = 2147483647)]
    flooding_proxy_weight: u32,
    /// Chance to be given service containers; 0 for never.
    #[schema(default = 1, maximum = 2147483647)]
    container_weight: u32,
    /// Most service containers it may have; -1 for any number.
    #[schema(default = -1, minimum = -1)]
    container_limit: i32,
    /// Whether containers above the limit are taken away.
    #[schema(default = false)]
    enforce_container_limit: bool,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    /// Its interfaces.
    #[schema(read_only)]
    interfaces: String,
    /// The ports bound on it.
    #[schema(read_only)]
    ports: String,
}

/// A network interface of a host, as its agent sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Interface)]
struct InterfaceView {
    /// The host.
    #[schema(read_only)]
    host_id: Uuid,
    /// Unique on the host.
    #[schema(read_only)]
    name: String,
    /// Its Ethernet address.
    #[schema(read_only)]
    mac: Option<String>,
    /// Its MTU in bytes.
    #[schema(read_only)]
    mtu: u32,
    /// Physical, Virtual, Tunnel or Unknown.
    #[serde(rename = "type")]
    #[schema(read_only)]
    kind: &'static str,
    /// What is behind it: DATAPATH, PHYSICAL, VM, GRE, CAPWAP, LOCALHOST, TUNTAP or UNKNOWN.
    #[schema(read_only)]
    endpoint: &'static str,
    /// Kind of datapath port, if it is one.
    #[schema(read_only)]
    port_type: Option<String>,
    /// Its addresses.
    #[schema(read_only)]
    addresses: Vec<String>,
    /// Bit 0: it is up; bit 1: it has a carrier.
    #[schema(read_only)]
    status: u8,
    /// Its address.
    #[schema(read_only)]
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
