//! MAC tables of bridges: the port that each station is behind, by VLAN.
//!
//! Lists show what bridges have learned, and over it the static entries, which are written here and stay until they are
//! deleted here. Static entries are stored, validated and served: bridges do not forward by them yet. One station has one
//! entry in a VLAN; writing it again with another port moves it. Learned entries cannot be deleted.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use model::{BridgeId, DeviceId, MacEntry, PortDevice, PortId};
use nsdb::tables::MacKey;
use packet::MacAddr;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{key, mac_segment};
use crate::endpoint::{
    Call, Edit, Endpoint, Gathering, Routes, awaited_list, awaited_one, create, delete_existing,
};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const ENTRY: Media = Media::new("MacPort", &[2]).json(Json::Offered);

/// Stations as a bridge has learned them.
type Learned = BTreeMap<MacKey, PortId>;

/// An entry as a path names it.
type Named = (BridgeId, MacKey, PortId);

/// The VLAN of frames without a tag.
const UNTAGGED: u16 = 0;

pub(super) fn routes() -> Routes {
    let table = || awaited_list(ENTRY, wanted, learned, all).merge(create::<View>(ENTRY, add));
    Routes::new()
        .route("/bridges/{bridge}/mac_table", table())
        .route("/bridges/{bridge}/vlans/{vlan}/mac_table", table())
        .route("/bridges/{bridge}/mac_table/{entry}", single())
        .route("/bridges/{bridge}/vlans/{vlan}/mac_table/{entry}", single())
}

fn single() -> Endpoint {
    awaited_one(ENTRY, named, learned_at, get).merge(delete_existing(remove))
}

/// An entry of a bridge's MAC table. Static entries are kept; bridges do not forward by them yet.
#[derive(Serialize, ToSchema)]
#[schema(as = MacPort)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Ethernet address of the station.
    mac_addr: String,
    /// Port of the bridge that the station is behind.
    port_id: Uuid,
    /// VLAN, 0 for untagged. The one of the path counts.
    vlan_id: u16,
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, bridge: BridgeId, station: MacKey, port: PortId) -> View {
    View {
        mac_addr: station.mac.to_string(),
        port_id: port.0,
        vlan_id: station.vlan,
        uri: uri(call, bridge, station, port),
    }
}

fn uri(call: &Call, bridge: BridgeId, station: MacKey, port: PortId) -> String {
    let entry = format!("{}_{port}", mac_segment(station.mac));
    match station.vlan {
        UNTAGGED => call.links.to(format_args!("bridges/{bridge}/mac_table/{entry}")),
        vlan => call.links.to(format_args!("bridges/{bridge}/vlans/{vlan}/mac_table/{entry}")),
    }
}

/// The VLAN of the path, if it has one.
fn vlan_of(call: &Call) -> Result<Option<u16>, Failure> {
    match call.segment("vlan") {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| Failure::not_found("VLAN", text)),
    }
}

/// A bridge, and perhaps one of its VLANs. Whether there is such a bridge is not asked: one that is not there has an empty
/// table, as in the contract.
fn wanted(call: &Call) -> Result<(BridgeId, Option<u16>), Failure> {
    Ok((call.id("bridge")?, vlan_of(call)?))
}

/// What a bridge has learned.
fn learned<'a>(call: &'a Call, (bridge, _): &'a (BridgeId, Option<u16>)) -> Gathering<'a, Learned> {
    Box::pin(async move { call.live.stations(*bridge).await.into_iter().collect() })
}

fn all(
    call: &Call,
    &(bridge, vlan): &(BridgeId, Option<u16>),
    learned: &Learned,
) -> Result<Vec<View>, Failure> {
    let mut table = learned.clone();
    table.retain(|_, port| call.topology.port(*port).is_some_and(|port| port.bridge() == Some(bridge)));
    let entries = call.topology.bridge_mac_entries(bridge);
    table.extend(entries.map(|entry| (MacKey { vlan: entry.vlan, mac: entry.mac }, entry.port)));
    if let Some(vlan) = vlan {
        table.retain(|station, _| station.vlan == vlan);
        if table.is_empty() {
            carried(call, bridge, vlan)?;
        }
    }
    Ok(table.into_iter().map(|(station, port)| view(call, bridge, station, port)).collect())
}

/// Refuses a VLAN that nothing in the bridge has to do with: no static entry, and no port that carries it.
fn carried(call: &Call, bridge: BridgeId, vlan: u16) -> Result<(), Failure> {
    call.topology.bridge(bridge).ok_or(model::ObjectKey::from(bridge))?;
    let carries =
        |device: &PortDevice| matches!(device, PortDevice::Bridge { vlan: Some(v), .. } if *v == vlan);
    let mut ports = call.topology.device_ports(DeviceId::Bridge(bridge));
    let is_known = vlan == UNTAGGED
        || call.topology.bridge_mac_entries(bridge).any(|entry| entry.vlan == vlan)
        || ports.any(|port| carries(&port.device));
    if is_known {
        return Ok(());
    }
    let message = format!("Bridge {bridge} has no VLAN {vlan}.");
    Err(Failure::new(StatusCode::NOT_FOUND, message))
}

/// The entry of the path, `aa-bb-cc-dd-ee-ff_port`.
fn named(call: &Call) -> Result<Named, Failure> {
    let (bridge, vlan) = wanted(call)?;
    let text = call.segment("entry");
    let (mac, port) = text.split_once('_').unwrap_or((text, ""));
    let mac: MacAddr = key(mac, "an Ethernet address with dashes")?;
    let port = key::<Uuid>(port, "the id of a port")?.into();
    Ok((bridge, MacKey { vlan: vlan.unwrap_or(UNTAGGED), mac }, port))
}

/// Where a bridge has learned a station to be.
fn learned_at<'a>(call: &'a Call, (bridge, station, _): &'a Named) -> Gathering<'a, Option<PortId>> {
    Box::pin(call.live.station(*bridge, *station))
}

fn get(call: &Call, &(bridge, station, port): &Named, learned: &Option<PortId>) -> Result<View, Failure> {
    let entry = call.topology.mac_entry(MacEntry::id_of(bridge, station.vlan, station.mac));
    // What is learned is known to the bridge, not to whoever asks: it counts where the port is seen, as in the list.
    let is_of_bridge =
        |port: &PortId| call.topology.port(*port).is_some_and(|port| port.bridge() == Some(bridge));
    match entry.map(|entry| entry.port).or(learned.filter(is_of_bridge)) {
        Some(found) if found == port => Ok(view(call, bridge, station, port)),
        _ => Err(Failure::not_found("MacPort", call.segment("entry"))),
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let bridge = call.id::<BridgeId>("bridge")?;
    let mac = fields.parsed::<MacAddr>("macAddr", "an Ethernet address");
    let mac = fields.required("macAddr", mac);
    let port = fields.id::<PortId>("portId");
    let port = fields.required("portId", port);
    let said = fields.number("vlanId", 0..=4094);
    let vlan = vlan_of(call)?.or(said).unwrap_or(UNTAGGED);
    // Also where there is no such bridge, as in the contract.
    if call.topology.port(port).is_some_and(|found| found.bridge() != Some(bridge)) {
        fields.violation("portId", format!("port {port} is not a port of bridge {bridge}"));
    }
    let entry = MacEntry::new(bridge, vlan, mac, port);
    let location = uri(call, bridge, MacKey { vlan, mac }, port);
    Ok(Edit::new(move |tx| tx.set_mac_entry(entry)).at(location))
}

/// An entry that is not there is deleted already, unless it is said to be in a VLAN that is not there either.
fn remove(call: &Call) -> Result<Edit, Failure> {
    let (bridge, station, port) = named(call)?;
    carried(call, bridge, station.vlan)?;
    let id = MacEntry::id_of(bridge, station.vlan, station.mac);
    Ok(Edit::new(move |tx| match tx.state().mac_entry(id) {
        Some(entry) if entry.port == port => tx.delete(id),
        _ => Ok(()),
    }))
}
