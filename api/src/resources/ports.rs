//! Ports of bridges and routers. Those to VTEPs (type `Vxlan`) come and go with the VTEPs' bindings; no traffic passes
//! them yet.

use std::collections::{BTreeMap, BTreeSet};

use ipnetwork::IpNetwork;
use model::{BridgeId, DeviceId, Port, PortDevice, PortId, RouterId};
use nsdb::tables::PortOwner;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::port_bodies::{add_to_bridge, add_to_router, replace};
use super::{address_text, chain_uuid, remove, uuids};
use crate::endpoint::{
    Call, Endpoint, Gathering, Routes, awaited_list, awaited_one, create, delete, update, window,
};
use crate::failure::Failure;
use crate::media::{Json, Media};
use crate::openapi::choices;

const PORT: Media = Media::new("Port", &[3, 4]);
/// Where the contract prefers the vendor's type.
const OTHERS: Media = PORT.json(Json::Offered);

pub(super) const BRIDGE_TYPES: &[(&str, ())] =
    &[("Bridge", ()), ("ExteriorBridge", ()), ("InteriorBridge", ())];
pub(super) const VXLAN_TYPES: &[(&str, ())] = &[("Vxlan", ())];
pub(super) const ROUTER_TYPES: &[(&str, ())] =
    &[("Router", ()), ("ExteriorRouter", ()), ("InteriorRouter", ())];

fn types() -> Schema {
    let about = "The kind of its device; may be left out. Those with `Exterior` and `Interior` say the same as without.";
    choices(about, &[BRIDGE_TYPES, ROUTER_TYPES].concat())
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/ports", several(PORT, |call| Ok(asked(call, call.topology.ports()))))
        .route("/ports/{id}", single().merge(update::<View>(PORT, replace)))
        .route(
            "/bridges/{device}/ports",
            several(PORT, |call| of(call, bridge)).merge(create::<View>(PORT, add_to_bridge)),
        )
        .route(
            "/routers/{device}/ports",
            several(PORT, |call| of(call, router)).merge(create::<View>(PORT, add_to_router)),
        )
        .route("/bridges/{device}/ports/{id}", single())
        .route("/routers/{device}/ports/{id}", single())
        .route("/bridges/{device}/peer_ports", several(OTHERS, |call| peers(call, bridge)))
        .route("/routers/{device}/peer_ports", several(OTHERS, |call| peers(call, router)))
        .route("/bridges/{device}/vxlan_ports", several(OTHERS, vxlan_ports))
}

fn single() -> Endpoint {
    let select = |call: &Call| {
        let id = call.id::<PortId>("id")?;
        Ok(Asked(vec![call.topology.port(id).ok_or(model::ObjectKey::from(id))?.id]))
    };
    awaited_one(PORT, select, active, one_view).merge(delete(|call| remove::<PortId>(call, "id")))
}

fn several(media: Media, select: fn(&Call) -> Result<Asked, Failure>) -> Endpoint {
    awaited_list(media, select, active, |call, ports, active| Ok(views(call, ports, active)))
}

fn bridge(call: &Call) -> Result<DeviceId, Failure> {
    let id = call.id::<BridgeId>("device")?;
    Ok(DeviceId::Bridge(call.topology.bridge(id).ok_or(model::ObjectKey::from(id))?.id))
}

fn router(call: &Call) -> Result<DeviceId, Failure> {
    let id = call.id::<RouterId>("device")?;
    Ok(DeviceId::Router(call.topology.router(id).ok_or(model::ObjectKey::from(id))?.id))
}

fn of(call: &Call, device: fn(&Call) -> Result<DeviceId, Failure>) -> Result<Asked, Failure> {
    Ok(asked(call, call.topology.device_ports(device(call)?)))
}

fn peers(call: &Call, device: fn(&Call) -> Result<DeviceId, Failure>) -> Result<Asked, Failure> {
    let peers: BTreeSet<PortId> = call.topology.device_ports(device(call)?).filter_map(|p| p.peer).collect();
    Ok(Asked(window(call, peers.into_iter().collect())))
}

fn vxlan_ports(call: &Call) -> Result<Asked, Failure> {
    Ok(asked(call, call.topology.device_ports(bridge(call)?).filter(|port| port.vtep().is_some())))
}

fn asked<'a>(call: &Call, ports: impl Iterator<Item = &'a Port>) -> Asked {
    Asked(window(call, ports.map(|port| port.id).collect()))
}

/// A port of a bridge or router: linked to another port, bound to an interface of a host, or free.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    #[serde(rename = "type")]
    #[schema(schema_with = types, required = false)]
    kind: &'static str,
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Down, nothing passes it.
    #[schema(default = true)]
    admin_state_up: bool,
    /// Chain that packets pass as they enter its device by it.
    inbound_filter_id: Option<Uuid>,
    /// Chain that packets pass as they leave its device by it.
    outbound_filter_id: Option<Uuid>,
    /// Its number in the whole network, 20 bits.
    #[schema(read_only)]
    tunnel_key: u32,
    /// Id of what is plugged in, for the client.
    vif_id: Option<Uuid>,
    /// The host it is bound on. Left out together with `interfaceName`, the binding stays; both null, it goes.
    host_id: Option<Uuid>,
    /// The interface it is bound to.
    interface_name: Option<String>,
    /// The port it is linked to. Left out, the link stays; null, it goes.
    peer_id: Option<Uuid>,
    /// Mirrors of what enters it, before its filter. No effect in the datapath yet, like the others.
    inbound_mirror_ids: Vec<Uuid>,
    /// Mirrors of what leaves it, after its filter.
    outbound_mirror_ids: Vec<Uuid>,
    /// Mirrors of what enters it, after its filter.
    post_in_filter_mirror_ids: Vec<Uuid>,
    /// Mirrors of what leaves it, before its filter.
    pre_out_filter_mirror_ids: Vec<Uuid>,
    /// L2 insertions that inspect its traffic. No effect in the datapath yet.
    #[schema(read_only)]
    insertion_ids: Vec<Uuid>,
    /// Its QoS policy. No effect in the datapath yet.
    qos_policy_id: Option<Uuid>,
    /// Whether it is plugged into a datapath: bound, on a host that is alive, with the interface up.
    #[schema(read_only)]
    active: bool,
    #[serde(flatten)]
    #[schema(inline)]
    own: Own,
    #[schema(read_only)]
    device: String,
    /// Its bridge or router.
    #[schema(read_only)]
    device_id: Uuid,
    /// Its cable.
    #[schema(read_only)]
    link: String,
    #[schema(read_only)]
    inbound_filter: Option<String>,
    #[schema(read_only)]
    outbound_filter: Option<String>,
    #[schema(read_only)]
    peer: Option<String>,
    /// Its binding.
    #[schema(read_only)]
    host_interface_port: Option<String>,
    /// The port groups it is in.
    #[schema(read_only)]
    port_groups: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    #[schema(read_only)]
    host: Option<String>,
}

/// What only one kind of port has.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum Own {
    #[serde(rename_all = "camelCase")]
    Bridge {
        /// VLAN of the frames that pass it, tagged on the bridge's side; 0 for all.
        #[schema(default = 0, maximum = 4094)]
        vlan_id: u16,
    },
    #[serde(rename_all = "camelCase")]
    Router {
        /// Network of the first address.
        network_address: Option<String>,
        /// Its length in bits.
        #[schema(default = 24, maximum = 128)]
        network_length: u8,
        /// All its addresses, each with the length of its network: `10.0.0.1/24`.
        port_subnet: Vec<String>,
        /// The first address.
        port_address: Option<String>,
        /// Its Ethernet address; made by the server if it is left out.
        #[schema(required = false)]
        port_mac: String,
        /// VXLAN network identifier that makes it a tunnel endpoint. It is stored and served; it tunnels nothing yet.
        #[schema(maximum = 16777215)]
        rtr_port_vni: Option<u32>,
        /// Whether packets leave the overlay at this endpoint. It is stored and served; it tunnels nothing yet.
        off_ramp_vxlan: Option<bool>,
        /// The service container that names it.
        #[schema(read_only)]
        service_container_id: Option<Uuid>,
        /// Always null: no BGP is spoken yet.
        #[schema(read_only)]
        bgp_status: Option<String>,
        #[schema(read_only)]
        service_container: Option<String>,
        /// Where the stations behind other tunnel endpoints are.
        #[schema(read_only)]
        peering_table: String,
    },
    #[serde(rename_all = "camelCase")]
    Vxlan {
        /// The VTEP that it leads to.
        #[schema(read_only)]
        vtep_id: Uuid,
    },
}

/// The ports that are asked for.
struct Asked(Vec<PortId>);

/// The active ports of devices.
type Active = BTreeMap<DeviceId, Vec<(PortId, PortOwner)>>;

/// Only bound ports can be active, so only the tables of their devices are asked.
fn active<'a>(call: &'a Call, asked: &'a Asked) -> Gathering<'a, Active> {
    let exterior = asked.0.iter().filter_map(|id| call.topology.port(*id)).filter(|port| port.is_exterior());
    let devices: BTreeSet<DeviceId> = exterior.map(Port::owner).collect();
    Box::pin(async move {
        let mut active = Active::new();
        for device in devices {
            active.insert(device, call.live.active(device).await);
        }
        active
    })
}

fn views(call: &Call, asked: &Asked, active: &Active) -> Vec<View> {
    let is_active = |port: &Port| {
        let bound_to = port.binding.as_ref().map(|binding| binding.host);
        active.get(&port.owner()).into_iter().flatten().any(|(id, owner)| {
            *id == port.id && Some(owner.host) == bound_to && call.live.hosts.is_alive(owner.host)
        })
    };
    let ports = asked.0.iter().filter_map(|id| call.topology.port(*id));
    ports.map(|port| view(call, port, is_active(port))).collect()
}

/// Shows the one port that was found.
fn one_view(call: &Call, asked: &Asked, active: &Active) -> Result<View, Failure> {
    views(call, asked, active).pop().ok_or_else(|| Failure::not_found("Port", call.segment("id")))
}

fn view(call: &Call, port: &Port, active: bool) -> View {
    let links = &call.links;
    let uri = links.to(format_args!("ports/{}", port.id));
    let kind = match port.device {
        PortDevice::Bridge { .. } => "Bridge",
        PortDevice::Router { .. } => "Router",
        PortDevice::Vxlan { .. } => "Vxlan",
    };
    let (device_id, device) = match port.owner() {
        DeviceId::Bridge(id) => (id.0, links.to(format_args!("bridges/{id}"))),
        DeviceId::Router(id) => (id.0, links.to(format_args!("routers/{id}"))),
    };
    let binding = port.binding.as_ref();
    View {
        kind,
        id: port.id.0,
        admin_state_up: port.admin_state_up,
        inbound_filter_id: chain_uuid(port.inbound_filter),
        outbound_filter_id: chain_uuid(port.outbound_filter),
        tunnel_key: port.tunnel_key,
        vif_id: port.vif_id,
        host_id: binding.map(|b| b.host.0),
        interface_name: binding.map(|b| b.interface.clone()),
        peer_id: port.peer.map(Uuid::from),
        inbound_mirror_ids: uuids(&port.mirrors.inbound),
        outbound_mirror_ids: uuids(&port.mirrors.outbound),
        post_in_filter_mirror_ids: uuids(&port.mirrors.post_in_filter),
        pre_out_filter_mirror_ids: uuids(&port.mirrors.pre_out_filter),
        insertion_ids: call.topology.port_insertions(port.id).map(|insertion| insertion.id.0).collect(),
        qos_policy_id: port.qos_policy.map(Uuid::from),
        active,
        own: own_view(call, port, format!("{device}/ports/{}/peering_table", port.id)),
        device,
        device_id,
        link: format!("{uri}/link"),
        inbound_filter: links.to_any("chains", port.inbound_filter),
        outbound_filter: links.to_any("chains", port.outbound_filter),
        peer: links.to_any("ports", port.peer),
        host_interface_port: binding.map(|b| links.to(format_args!("hosts/{}/ports/{}", b.host, port.id))),
        port_groups: format!("{uri}/port_groups"),
        host: links.to_any("hosts", binding.map(|b| b.host)),
        uri,
    }
}

fn own_view(call: &Call, port: &Port, peering_table: String) -> Own {
    let container = call.topology.container_at(port.id);
    match &port.device {
        PortDevice::Bridge { vlan, .. } => Own::Bridge { vlan_id: vlan.unwrap_or(0) },
        PortDevice::Vxlan { vtep, .. } => Own::Vxlan { vtep_id: vtep.0 },
        PortDevice::Router { mac, addresses, vtep, .. } => Own::Router {
            network_address: addresses.first().map(|a| address_text(a.network())),
            network_length: addresses.first().map_or(0, IpNetwork::prefix),
            port_subnet: addresses
                .iter()
                .map(|a| format!("{}/{}", address_text(a.ip()), a.prefix()))
                .collect(),
            port_address: addresses.first().map(|a| address_text(a.ip())),
            port_mac: mac.to_string(),
            rtr_port_vni: vtep.vni,
            off_ramp_vxlan: vtep.off_ramp,
            service_container_id: container.map(Uuid::from),
            bgp_status: None,
            service_container: call.links.to_any("service_containers", container),
            peering_table,
        },
    }
}
