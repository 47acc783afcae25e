//! Bridges.

use std::collections::BTreeSet;

use model::{Bridge, BridgeId, DeviceId};
use serde::Serialize;
use uuid::Uuid;

use super::{NONE, Routes, chain_uuid, new_id, refuse_reference, refuse_references};
use crate::endpoint::{Call, Edit, create, delete_existing, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const BRIDGE: Media = Media::new("Bridge", &[4, 5]);

pub(super) fn routes() -> Routes {
    Routes::new().route("/bridges", list(BRIDGE, all).merge(create(BRIDGE, add))).route(
        "/bridges/{id}",
        one(BRIDGE, get).merge(update(BRIDGE, replace)).merge(delete_existing(|call| {
            let id = call.id::<BridgeId>("id")?;
            Ok(Edit::new(move |tx| tx.delete(id)))
        })),
    )
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    id: Uuid,
    tenant_id: Option<String>,
    name: Option<String>,
    admin_state_up: bool,
    inbound_filter_id: Option<Uuid>,
    outbound_filter_id: Option<Uuid>,
    vx_lan_port_ids: Vec<Uuid>,
    inbound_mirror_ids: [Uuid; 0],
    outbound_mirror_ids: [Uuid; 0],
    qos_policy_id: Option<Uuid>,
    ports: String,
    inbound_filter: Option<String>,
    outbound_filter: Option<String>,
    peer_ports: String,
    vx_lan_ports: String,
    mac_table: String,
    arp_table: String,
    dhcp_subnets: String,
    dhcp_subnet6s: String,
    vlan_mac_table_template: String,
    mac_port_template: String,
    vlan_mac_port_template: String,
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
        inbound_mirror_ids: NONE,
        outbound_mirror_ids: NONE,
        qos_policy_id: None,
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

fn read(call: &Call, id: BridgeId, fields: &mut Fields) -> Result<Bridge, Failure> {
    let ports: BTreeSet<Uuid> = fields.list("vxLanPortIds", "a UUID").into_iter().collect();
    if fields.has_value("vxLanPortIds") && ports != vxlan_ports(call, id).collect() {
        fields.violation("vxLanPortIds", "follows from the bindings of VTEPs: leave it out");
    }
    refuse_reference(fields, "qosPolicyId", "QosPolicy")?;
    refuse_references(fields, "inboundMirrorIds", "Mirror")?;
    refuse_references(fields, "outboundMirrorIds", "Mirror")?;
    Ok(Bridge {
        id,
        tenant_id: fields.text("tenantId"),
        name: fields.text("name"),
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        inbound_filter: fields.id("inboundFilterId"),
        outbound_filter: fields.id("outboundFilterId"),
    })
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let bridge = read(call, new_id(fields), fields)?;
    let location = call.links.to(format_args!("bridges/{}", bridge.id));
    Ok(Edit::new(move |tx| tx.create(bridge.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let bridge = read(call, call.id("id")?, fields)?;
    Ok(Edit::new(move |tx| tx.update(bridge.clone())))
}
