//! ARP tables of bridges: the station that has each IPv4 address.
//!
//! Entries are static: they are written here and stay until they are deleted here. They are stored, validated and served:
//! bridges do not answer ARP requests from them yet. An address has one entry; writing it again with another station
//! replaces it.

use std::net::Ipv4Addr;

use model::{ArpEntry, BridgeId, ModelError};
use packet::MacAddr;
use serde::Serialize;
use utoipa::ToSchema;

use super::{bridge_of, key, mac_segment};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const ENTRY: Media = Media::new("IP4Mac", &[1]).json(Json::Offered);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/bridges/{bridge}/arp_table", list(ENTRY, all).merge(create::<View>(ENTRY, add)))
        .route("/bridges/{bridge}/arp_table/{entry}", one(ENTRY, get).merge(delete(remove)))
}

/// An entry of a bridge's ARP table. It is kept; bridges do not answer ARP requests from it yet.
#[derive(Serialize, ToSchema)]
#[schema(as = Ip4MacPair)]
struct View {
    /// The address.
    ip: String,
    /// Ethernet address of the station that has it.
    mac: String,
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, entry: &ArpEntry) -> View {
    View { ip: entry.address.to_string(), mac: entry.mac.to_string(), uri: uri(call, entry) }
}

fn uri(call: &Call, entry: &ArpEntry) -> String {
    let (bridge, address, mac) = (entry.bridge, entry.address, mac_segment(entry.mac));
    call.links.to(format_args!("bridges/{bridge}/arp_table/{address}_{mac}"))
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let mut entries: Vec<_> = call.topology.bridge_arp_entries(bridge_of(call)?).collect();
    entries.sort_by_key(|entry| entry.address);
    Ok(entries.into_iter().map(|entry| view(call, entry)).collect())
}

/// The entry of the path, `a.b.c.d_aa-bb-cc-dd-ee-ff`.
fn named(call: &Call) -> Result<ArpEntry, Failure> {
    let bridge = call.id::<BridgeId>("bridge")?;
    let text = call.segment("entry");
    let (address, mac) = text.split_once('_').unwrap_or((text, ""));
    let address = key(address, "an IPv4 address")?;
    Ok(ArpEntry::new(bridge, address, key(mac, "an Ethernet address with dashes")?))
}

fn get(call: &Call) -> Result<View, Failure> {
    let wanted = named(call)?;
    let found = call.topology.arp_entry(wanted.id).filter(|entry| **entry == wanted);
    let found = found.ok_or_else(|| Failure::not_found("IP4Mac", call.segment("entry")))?;
    Ok(view(call, found))
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let bridge = bridge_of(call)?;
    let address = fields.parsed::<Ipv4Addr>("ip", "an IPv4 address");
    if address.is_none() {
        fields.missing("ip");
    }
    let mac = fields.parsed::<MacAddr>("mac", "an Ethernet address");
    let mac = fields.required("mac", mac);
    let entry = ArpEntry::new(bridge, address.unwrap_or(Ipv4Addr::UNSPECIFIED), mac);
    let location = uri(call, &entry);
    Ok(Edit::new(move |tx| tx.set_arp_entry(entry)).at(location))
}

fn remove(call: &Call) -> Result<Edit, Failure> {
    let wanted = named(call)?;
    Ok(Edit::new(move |tx| match tx.state().arp_entry(wanted.id) {
        Some(entry) if *entry == wanted => tx.delete(wanted.id),
        _ => Err(ModelError::NotFound(wanted.id.into())),
    }))
}
