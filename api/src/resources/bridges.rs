//! Bridges.

use std::collections::BTreeSet;

use model::{Bridge, BridgeId, DeviceId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{chain_uuid, mirrors, new_id, remove, uuids};
use crate::endpoint::{Call, Edit, Routes, create, delete_existing, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const BRIDGE: Media = Media::new("Bridge", &[4, 5]);

pub(super) fn routes() -> Routes {
    Routes::new().route("/bridges", list(BRIDGE, all).merge(create::<View>(BRIDGE, add))).route(
        "/bridges/{id}",
        one(BRIDGE, get)
            .merge(update::<View>(BRIDGE, replace))
            .merge(delete_existing(|call| remove::<BridgeId>(call, "id"))),
    )
}

/// A virtual switch. Its ports reach each other; it learns where stations are, by VLAN.
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
    /// Down, it forwards nothing.
    #[schema(default = true)]
    admin_state_up: bool,
    /// Chain that frames pass as they enter it.
    inbound_filter_id: Option<Uuid>,
    /// Chain that frames pass as they leave it.
    outbound_filter_id: Option<Uuid>,
    /// Its ports to hardware VTEPs.
    #[schema(read_only)]
    vx_lan_port_ids: Vec<Uuid>,
    /// Mirrors of what enters it. No effect in the datapath yet.
    inbound_mirror_ids: Vec<Uuid>,
    /// Mirrors of what leaves it. No effect in the datapath yet.
    outbound_mirror_ids: Vec<Uuid>,
    /// QoS policy of its ports that have none of their own. No effect in the datapath yet.
    qos_policy_id: Option<Uuid>,
    /// Its ports.
    #[schema(read_only)]
    ports: String,
    #[schema(read_only)]
    inbound_filter: Option<String>,
    #[schema(read_only)]
    outbound_filter: Option<String>,
    /// The ports at the other ends of its cables.
    #[schema(read_only)]
    peer_ports: String,
    #[schema(read_only)]
    vx_lan_ports: String,
    /// Where stations are.
    #[schema(read_only)]
    mac_table: String,
    /// Which station has which IPv4 address.
    #[schema(read_only)]
    arp_table: String,
    #[schema(read_only)]
    dhcp_subnets: String,
    #[schema(read_only)]
    dhcp_subnet6s: String,
    #[schema(read_only)]
    vlan_mac_table_template: String,
    #[schema(read_only)]
    mac_port_template: String,
    #[schema(read_only)]
    vlan_mac_port_template: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, bridge: &Bridge) -> View {
    let links = &call.links;
    let uri = links.to(format_args!("bridges/{}", bridge.id));
    View {
        id: bridge.id.0,
        tenant_id: bridge.tenant_id.clone(),
        name: bridge.name.clone(),
        admin_state_up: bridge.admin_state_up,
        inbound_filter_id: chain_uuid(bridge.inbound_filter),
        outbound_filter_id: chain_uuid(bridge.outbound_filter),
        vx_lan_port_ids: vxlan_ports(call, bridge.id).collect(),
        inbound_mirror_ids: uuids(&bridge.mirrors.inbound),
        outbound_mirror_ids: uuids(&bridge.mirrors.outbound),
        qos_policy_id: bridge.qos_policy.map(Uuid::from),
        ports: format!("{uri}/ports"),
        inbound_filter: links.to_any("chains", bridge.inbound_filter),
        outbound_filter: links.to_any("chains", bridge.outbound_filter),
        peer_ports: format!("{uri}/peer_ports"),
        vx_lan_ports: format!("{uri}/vxlan_ports"),
        mac_table: format!("{uri}/mac_table"),
        arp_table: format!("{uri}/arp_table"),
        dhcp_subnets: format!("{uri}/dhcp"),
        dhcp_subnet6s: format!("{uri}/dhcpV6"),
        vlan_mac_table_template: format!("{uri}/vlans/{{vlanId}}/mac_table"),
        mac_port_template: format!("{uri}/mac_table/{{macAddress}}_{{portId}}"),
        vlan_mac_port_template: format!("{uri}/vlans/{{vlanId}}/mac_table/{{macAddress}}_{{portId}}"),
        uri,
    }
}

/// The bridge's ports to VTEPs.
fn vxlan_ports(call: &Call, bridge: BridgeId) -> impl Iterator<Item = Uuid> {
    let ports = call.topology.device_ports(DeviceId::Bridge(bridge));
    ports.filter(|port| port.vtep().is_some()).map(|port| port.id.0)
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let wanted = call.topology.bridges().filter(|b| call.wants_tenant(b.tenant_id.as_deref()));
    Ok(wanted.map(|bridge| view(call, bridge)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<BridgeId>("id")?;
    let bridge = call.topology.bridge(id).ok_or(model::ObjectKey::from(id))?;
    Ok(view(call, bridge))
}

fn read(call: &Call, id: BridgeId, fields: &mut Fields) -> Bridge {
    let ports: BTreeSet<Uuid> = fields.list("vxLanPortIds", "a UUID").into_iter().collect();
    if fields.has_value("vxLanPortIds") && ports != vxlan_ports(call, id).collect() {
        fields.violation("vxLanPortIds", "follows from the bindings of VTEPs: leave it out");
    }
    Bridge {
        id,
        tenant_id: fields.text("tenantId"),
        name: fields.text("name"),
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        mirrors: mirrors::read_hooks(fields),
        qos_policy: fields.id("qosPolicyId"),
        inbound_filter: fields.id("inboundFilterId"),
        outbound_filter: fields.id("outboundFilterId"),
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let bridge = read(call, new_id(fields), fields);
    let location = call.links.to(format_args!("bridges/{}", bridge.id));
    Ok(Edit::new(move |tx| tx.create(bridge.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let bridge = read(call, call.id("id")?, fields);
    Ok(Edit::new(move |tx| tx.update(bridge.clone())))
}
