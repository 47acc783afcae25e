//! Ports of bridges and routers.

use std::collections::{BTreeMap, BTreeSet};

use ipnetwork::IpNetwork;
use model::{
    Binding, BridgeId, DeviceId, HostId, ModelError, Port, PortDevice, PortId, RouterId, State, Transaction,
    generated_mac,
};
use nsdb::tables::PortOwner;
use packet::MacAddr;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::port_addresses::AddressFields;
use super::{NONE, address_text, chain_uuid, new_id, refuse_reference, refuse_references};
use crate::endpoint::{
    Call, Edit, Endpoint, Gathering, Routes, awaited_list, awaited_one, create, delete, list, update, window,
};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;
use crate::openapi::choices;

const PORT: Media = Media::new("Port", &[3, 4]);

const BRIDGE_TYPES: &[(&str, ())] = &[("Bridge", ()), ("ExteriorBridge", ()), ("InteriorBridge", ())];
const ROUTER_TYPES: &[(&str, ())] = &[("Router", ()), ("ExteriorRouter", ()), ("InteriorRouter", ())];

fn types() -> Schema {
    let about = "The kind of its device; may be left out. Those with `Exterior` and `Interior` say the same as without.";
    choices(about, &[BRIDGE_TYPES, ROUTER_TYPES].concat())
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/ports", several(|call| Ok(asked(call, call.topology.ports()))))
        .route("/ports/{id}", single().merge(update::<View>(PORT, replace)))
        .route(
            "/bridges/{device}/ports",
            several(|call| of(call, bridge)).merge(create::<View>(PORT, add_to_bridge)),
        )
        .route(
            "/routers/{device}/ports",
            several(|call| of(call, router)).merge(create::<View>(PORT, add_to_router)),
        )
        .route("/bridges/{device}/ports/{id}", single())
        .route("/routers/{device}/ports/{id}", single())
        .route("/bridges/{device}/peer_ports", several(|call| peers(call, bridge)))
        .route("/routers/{device}/peer_ports", several(|call| peers(call, router)))
        .route("/bridges/{device}/vxlan_ports", list(PORT, |call| bridge(call).map(|_| Vec::<View>::new())))
}

fn single() -> Endpoint {
    let select = |call: &Call| {
        let id = call.id::<PortId>("id")?;
        Ok(Asked(vec![call.topology.port(id).ok_or(model::ObjectKey::from(id))?.id]))
    };
    awaited_one(PORT, select, active, one_view).merge(delete(|call| {
        let id = call.id::<PortId>("id")?;
        Ok(Edit::new(move |tx| tx.delete(id)))
    }))
}

fn several(select: fn(&Call) -> Result<Asked, Failure>) -> Endpoint {
    awaited_list(PORT, select, active, views)
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
    /// Mirrors of what enters it, before its filter.
    inbound_mirror_ids: [Uuid; 0],
    /// Mirrors of what leaves it, after its filter.
    outbound_mirror_ids: [Uuid; 0],
    /// Mirrors of what enters it, after its filter.
    post_in_filter_mirror_ids: [Uuid; 0],
    /// Mirrors of what leaves it, before its filter.
    pre_out_filter_mirror_ids: [Uuid; 0],
    /// L2 insertions before it.
    insertion_ids: [Uuid; 0],
    /// Its QoS policy.
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
        rtr_port_vni: Option<u32>,
        off_ramp_vxlan: Option<bool>,
        service_container_id: Option<Uuid>,
        #[schema(read_only)]
        bgp_status: Option<String>,
        #[schema(read_only)]
        service_container: Option<String>,
        #[schema(read_only)]
        peering_table: String,
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
    let (kind, device_id, device) = match port.owner() {
        DeviceId::Bridge(id) => ("Bridge", id.0, links.to(format_args!("bridges/{id}"))),
        DeviceId::Router(id) => ("Router", id.0, links.to(format_args!("routers/{id}"))),
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
        inbound_mirror_ids: NONE,
        outbound_mirror_ids: NONE,
        post_in_filter_mirror_ids: NONE,
        pre_out_filter_mirror_ids: NONE,
        insertion_ids: NONE,
        qos_policy_id: None,
        active,
        own: own_view(&port.device, format!("{device}/ports/{}/peering_table", port.id)),
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

fn own_view(device: &PortDevice, peering_table: String) -> Own {
    match device {
        PortDevice::Bridge { vlan, .. } => Own::Bridge { vlan_id: vlan.unwrap_or(0) },
        PortDevice::Router { mac, addresses, .. } => Own::Router {
            network_address: addresses.first().map(|a| address_text(a.network())),
            network_length: addresses.first().map_or(0, IpNetwork::prefix),
            port_subnet: addresses
                .iter()
                .map(|a| format!("{}/{}", address_text(a.ip()), a.prefix()))
                .collect(),
            port_address: addresses.first().map(|a| address_text(a.ip())),
            port_mac: mac.to_string(),
            rtr_port_vni: None,
            off_ramp_vxlan: None,
            service_container_id: None,
            bgp_status: None,
            service_container: None,
            peering_table,
        },
    }
}

/// What a body says that holds for any port.
#[derive(Clone)]
struct Common {
    admin_state_up: bool,
    inbound_filter: Option<model::ChainId>,
    outbound_filter: Option<model::ChainId>,
    vif_id: Option<Uuid>,
    binding: Said<Binding>,
    peer: Said<PortId>,
}

/// A cable, as a body may or may not speak of it.
#[derive(Clone)]
enum Said<T> {
    /// Not at all: it stays.
    Nothing,
    /// It goes.
    Null,
    /// It leads there.
    This(T),
}

fn read_common(fields: &mut Fields) -> Result<Common, Failure> {
    refuse_reference(fields, "qosPolicyId", "QosPolicy")?;
    for property in
        ["inboundMirrorIds", "outboundMirrorIds", "postInFilterMirrorIds", "preOutFilterMirrorIds"]
    {
        refuse_references(fields, property, "Mirror")?;
    }
    for property in ["rtrPortVni", "offRampVxlan"] {
        if fields.has_value(property) {
            fields.violation(property, "router VTEP ports are not supported yet: leave it out");
        }
    }
    refuse_references(fields, "insertionIds", "L2Insertion")?;
    refuse_reference(fields, "serviceContainerId", "ServiceContainer")?;
    Ok(Common {
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        inbound_filter: fields.id("inboundFilterId"),
        outbound_filter: fields.id("outboundFilterId"),
        vif_id: fields.id("vifId"),
        binding: read_binding(fields),
        peer: match fields.id("peerId") {
            Some(peer) => Said::This(peer),
            None if fields.mentions("peerId") => Said::Null,
            None => Said::Nothing,
        },
    })
}

fn read_binding(fields: &mut Fields) -> Said<Binding> {
    let (host, interface) = (fields.id::<HostId>("hostId"), fields.text("interfaceName"));
    match (host, interface) {
        (Some(host), Some(interface)) => Said::This(Binding { host, interface }),
        (None, None) if fields.mentions("hostId") || fields.mentions("interfaceName") => Said::Null,
        (None, None) => Said::Nothing,
        (Some(_), None) => {
            fields.missing("interfaceName");
            Said::Nothing
        }
        (None, Some(_)) => {
            fields.missing("hostId");
            Said::Nothing
        }
    }
}

impl Common {
    fn port(&self, id: PortId, device: PortDevice) -> Port {
        Port {
            id,
            device,
            admin_state_up: self.admin_state_up,
            inbound_filter: self.inbound_filter,
            outbound_filter: self.outbound_filter,
            peer: None,
            binding: None,
            port_groups: Vec::new(),
            vif_id: self.vif_id,
            tunnel_key: 0,
        }
    }

    /// Cables an existing port as the body says: off first, then on.
    fn cable(&self, tx: &mut Transaction, id: PortId) -> Result<(), ModelError> {
        let port = tx.state().port(id).ok_or(ModelError::NotFound(id.into()))?;
        let (peer, binding) = (port.peer, port.binding.clone());
        if self.peer.changes(peer.as_ref()) {
            tx.unlink(id)?;
        }
        if self.binding.changes(binding.as_ref()) {
            tx.unbind(id)?;
        }
        if let Said::This(peer) = &self.peer
            && self.peer.changes(tx.state().port(id).and_then(|p| p.peer).as_ref())
        {
            tx.link(id, *peer)?;
        }
        if let Said::This(binding) = &self.binding {
            tx.bind(id, binding.host, &binding.interface)?;
        }
        Ok(())
    }
}

impl<T: PartialEq> Said<T> {
    fn changes(&self, now: Option<&T>) -> bool {
        match self {
            Self::Nothing => false,
            Self::Null => now.is_some(),
            Self::This(wanted) => now != Some(wanted),
        }
    }
}

fn read_vlan(fields: &mut Fields) -> Option<u16> {
    fields.number::<u16>("vlanId", 0..=4094).filter(|vlan| *vlan != 0)
}

/// The address that was asked for, or one made of the random part of a new UUID.
fn new_mac() -> MacAddr {
    let [.., a, b, c] = *Uuid::new_v4().as_bytes();
    generated_mac([a, b, c])
}

fn add_to_bridge(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let bridge = call.id::<BridgeId>("device")?;
    fields.choice("type", BRIDGE_TYPES);
    let device = PortDevice::Bridge { bridge, vlan: read_vlan(fields) };
    let (id, common) = (new_id::<PortId>(fields), read_common(fields)?);
    let location = call.links.to(format_args!("ports/{id}"));
    Ok(Edit::new(move |tx| {
        tx.create(common.port(id, device.clone()))?;
        common.cable(tx, id)
    })
    .at(location))
}

fn add_to_router(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let router = call.id::<RouterId>("device")?;
    fields.choice("type", ROUTER_TYPES);
    let mac = fields.parsed("portMac", "an Ethernet address").unwrap_or_else(new_mac);
    let addresses = AddressFields::read(fields);
    let (id, common) = (new_id::<PortId>(fields), read_common(fields)?);
    let location = call.links.to(format_args!("ports/{id}"));
    Ok(Edit::new(move |tx| {
        let addresses = resolve(&addresses, &[], id)?;
        tx.create(common.port(id, PortDevice::Router { router, mac, addresses }))?;
        common.cable(tx, id)
    })
    .at(location))
}

fn resolve(fields: &AddressFields, old: &[IpNetwork], id: PortId) -> Result<Vec<IpNetwork>, ModelError> {
    fields
        .resolve(old)
        .map_err(|violation| ModelError::Invalid { key: id.into(), violations: vec![violation] })
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let id = call.id::<PortId>("id")?;
    let types = match &call.topology.port(id).ok_or(model::ObjectKey::from(id))?.device {
        PortDevice::Bridge { .. } => BRIDGE_TYPES,
        PortDevice::Router { .. } => ROUTER_TYPES,
    };
    fields.choice("type", types);
    let vlan = read_vlan(fields);
    let mac = fields.parsed("portMac", "an Ethernet address");
    let addresses = AddressFields::read(fields);
    let common = read_common(fields)?;
    Ok(Edit::new(move |tx| {
        let device = device_with(tx.state(), id, vlan, mac, &addresses)?;
        tx.update(common.port(id, device))?;
        common.cable(tx, id)
    }))
}

/// The port's device with what the body says of it.
fn device_with(
    state: &State,
    id: PortId,
    vlan: Option<u16>,
    mac: Option<MacAddr>,
    addresses: &AddressFields,
) -> Result<PortDevice, ModelError> {
    let port = state.port(id).ok_or(ModelError::NotFound(id.into()))?;
    Ok(match &port.device {
        PortDevice::Bridge { bridge, .. } => PortDevice::Bridge { bridge: *bridge, vlan },
        PortDevice::Router { router, mac: old_mac, addresses: old } => PortDevice::Router {
            router: *router,
            mac: mac.unwrap_or(*old_mac),
            addresses: resolve(addresses, old, id)?,
        },
    })
}
