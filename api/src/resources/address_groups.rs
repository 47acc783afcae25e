//! IP address groups and their addresses.

use std::net::IpAddr;

use model::{IpAddrGroup, IpAddrGroupId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{NONE, address_text, new_id};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::links::Links;
use crate::media::{Json, Media};

const GROUP: Media = Media::new("IpAddrGroup", &[1]);
const ADDRESS: Media = Media::new("IpAddrGroupAddr", &[1]).json(Json::Offered);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/ip_addr_groups", list(GROUP, all).merge(create::<View>(GROUP, add)))
        .route(
            "/ip_addr_groups/{id}",
            one(GROUP, get).merge(delete(|call| {
                let id = call.id::<IpAddrGroupId>("id")?;
                Ok(Edit::new(move |tx| tx.delete(id)))
            })),
        )
        .route(
            "/ip_addr_groups/{id}/ip_addrs",
            list(ADDRESS, addresses).merge(create::<AddressView>(ADDRESS, add_address)),
        )
        .route(
            // The version says nothing that the address does not; the reference ignores it.
            "/ip_addr_groups/{id}/versions/{version}/ip_addrs/{address}",
            one(ADDRESS, get_address).merge(delete(|call| {
                let (group, address) = (call.id("id")?, address_of(call)?);
                Ok(Edit::new(move |tx| tx.remove_address(group, address)))
            })),
        )
}

/// A set of IP addresses, for the conditions of rules.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Any text, at most 255 bytes.
    #[schema(value_type = String, max_length = 255)]
    name: Option<String>,
    /// Always empty.
    #[schema(read_only)]
    ip_addr_ports: [Uuid; 0],
    /// Always null.
    #[schema(read_only)]
    inbound_chain_id: Option<Uuid>,
    /// Always null.
    #[schema(read_only)]
    outbound_chain_id: Option<Uuid>,
    /// The rules whose conditions name it.
    #[schema(read_only)]
    rule_ids: Vec<Uuid>,
    /// Its addresses.
    #[schema(read_only)]
    addrs: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, group: &IpAddrGroup) -> View {
    let uri = call.links.to(format_args!("ip_addr_groups/{}", group.id));
    View {
        id: group.id.0,
        name: group.name.clone(),
        ip_addr_ports: NONE,
        inbound_chain_id: None,
        outbound_chain_id: None,
        rule_ids: call.topology.rules_on(group.id).map(|rule| rule.id.0).collect(),
        addrs: format!("{uri}/ip_addrs"),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.ip_addr_groups().map(|group| view(call, group)).collect())
}

fn existing(call: &Call) -> Result<&IpAddrGroup, Failure> {
    let id = call.id::<IpAddrGroupId>("id")?;
    Ok(call.topology.ip_addr_group(id).ok_or(model::ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let name = fields.text("name");
    let name = fields.required("name", name);
    let group = IpAddrGroup { id: new_id(fields), name: Some(name), addresses: Default::default() };
    let location = call.links.to(format_args!("ip_addr_groups/{}", group.id));
    Ok(Edit::new(move |tx| tx.create(group.clone())).at(location))
}

/// An address as a member of an IP address group.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AddressView {
    /// IP version, 4 or 6.
    #[schema(read_only)]
    version: u8,
    /// The address; IPv6 in eight groups when it is read.
    addr: String,
    /// The group.
    #[schema(read_only)]
    ip_addr_group_id: Uuid,
    #[schema(read_only)]
    ip_addr_group: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn address_uri(links: &Links, group: IpAddrGroupId, address: IpAddr) -> String {
    let version = if address.is_ipv4() { 4 } else { 6 };
    let address = address_text(address).replace(':', "%3A");
    links.to(format_args!("ip_addr_groups/{group}/versions/{version}/ip_addrs/{address}"))
}

fn address_view(call: &Call, group: IpAddrGroupId, address: IpAddr) -> AddressView {
    AddressView {
        version: if address.is_ipv4() { 4 } else { 6 },
        addr: address_text(address),
        ip_addr_group_id: group.0,
        ip_addr_group: call.links.to(format_args!("ip_addr_groups/{group}")),
        uri: address_uri(&call.links, group, address),
    }
}

fn addresses(call: &Call) -> Result<Vec<AddressView>, Failure> {
    let group = existing(call)?;
    Ok(group.addresses.iter().map(|address| address_view(call, group.id, *address)).collect())
}

fn address_of(call: &Call) -> Result<IpAddr, Failure> {
    let text = call.segment("address");
    text.parse().map_err(|_| Failure::not_found("IpAddrGroupAddr", text))
}

fn get_address(call: &Call) -> Result<AddressView, Failure> {
    let (group, address) = (existing(call)?, address_of(call)?);
    let is_member = group.addresses.contains(&address);
    let missing = || Failure::not_found("IpAddrGroupAddr", address_text(address));
    is_member.then(|| address_view(call, group.id, address)).ok_or_else(missing)
}

fn add_address(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let group = call.id::<IpAddrGroupId>("id")?;
    let address = fields.parsed::<IpAddr>("addr", "an IP address");
    if address.is_none() {
        fields.missing("addr");
    }
    let address = address.unwrap_or(IpAddr::from([0; 4]));
    Ok(Edit::new(move |tx| tx.add_address(group, address)).at(address_uri(&call.links, group, address)))
}
