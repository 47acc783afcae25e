//! IP address groups and their addresses.

use std::net::IpAddr;

use model::{IpAddrGroup, IpAddrGroupId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{NONE, address_text, chain_uuid, new_id, remove};
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
            one(GROUP, get).merge(delete(|call| remove::<IpAddrGroupId>(call, "id"))),
        )
        .route(
            "/ip_addr_groups/{id}/ip_addrs",
            list(ADDRESS, addresses).merge(create::<AddressView>(ADDRESS, add_address)),
        )
        .route(
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
    /// Any text, 1 to 255 bytes.
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    name: Option<String>,
    /// Its addresses once more.
    ip_addr_ports: Vec<AddressPorts>,
    /// A chain that a cloud platform made for what enters by ports of the group; not applied.
    inbound_chain_id: Option<Uuid>,
    /// The same for what leaves.
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

/// An address of a group.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = IpAddrPort)]
struct AddressPorts {
    /// The address; IPv6 in eight groups when it is read.
    ip_address: String,
    /// Always empty.
    #[schema(read_only)]
    port_ids: [Uuid; 0],
}

fn view(call: &Call, group: &IpAddrGroup) -> View {
    let uri = call.links.to(format_args!("ip_addr_groups/{}", group.id));
    View {
        id: group.id.0,
        name: group.name.clone(),
        ip_addr_ports: group
            .addresses
            .iter()
            .map(|address| AddressPorts { ip_address: address_text(*address), port_ids: NONE })
            .collect(),
        inbound_chain_id: chain_uuid(group.inbound_chain),
        outbound_chain_id: chain_uuid(group.outbound_chain),
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
    if name.as_ref().is_some_and(String::is_empty) {
        fields.violation("name", "size must be between 1 and 255");
    }
    let name = fields.required("name", name);
    let group = IpAddrGroup {
        id: new_id(fields),
        // Taken, for the operator to make a group for a tenant, but not shown: the contract has no such property.
        tenant_id: fields.text("tenantId"),
        name: Some(name),
        inbound_chain: fields.id("inboundChainId"),
        outbound_chain: fields.id("outboundChainId"),
        addresses: fields.objects("ipAddrPorts", member).into_iter().flatten().collect(),
    };
    let location = call.links.to(format_args!("ip_addr_groups/{}", group.id));
    Ok(Edit::new(move |tx| tx.create(group.clone())).at(location))
}

/// An address that a new group has from the start.
fn member(fields: &mut Fields) -> Option<IpAddr> {
    if !fields.list::<Uuid>("portIds", "a UUID").is_empty() {
        fields.violation("portIds", "cannot be given: addresses of a group are not tied to ports");
    }
    let address = fields.parsed("ipAddress", "an IP address");
    if address.is_none() {
        fields.missing("ipAddress");
    }
    address
}

/// An address as a member of an IP address group.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AddressView {
    /// IP version, 4 or 6; what the address says if it is left out.
    #[schema(minimum = 4, maximum = 6)]
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

/// Where an address is, which can be written in several ways.
fn address_uri(links: &Links, group: IpAddrGroupId, version: u8, address: &str) -> String {
    let address = address.replace(':', "%3A");
    links.to(format_args!("ip_addr_groups/{group}/versions/{version}/ip_addrs/{address}"))
}

fn version_of(address: IpAddr) -> u8 {
    if address.is_ipv4() { 4 } else { 6 }
}

fn address_view(call: &Call, group: IpAddrGroupId, address: IpAddr) -> AddressView {
    AddressView {
        version: version_of(address),
        addr: address_text(address),
        ip_addr_group_id: group.0,
        ip_addr_group: call.links.to(format_args!("ip_addr_groups/{group}")),
        uri: address_uri(&call.links, group, version_of(address), &address_text(address)),
    }
}

fn addresses(call: &Call) -> Result<Vec<AddressView>, Failure> {
    let group = existing(call)?;
    Ok(group.addresses.iter().map(|address| address_view(call, group.id, *address)).collect())
}

/// The address of the path. The version before it must be one, but need not be the address's.
fn address_of(call: &Call) -> Result<IpAddr, Failure> {
    let version = call.segment("version");
    match version.parse::<i32>() {
        Ok(4 | 6) => {}
        Ok(_) => return Err(Failure::bad_request(format!("{version} is not an IP version: it is 4 or 6."))),
        Err(_) => return Err(Failure::not_found("IpAddrGroupAddr", version)),
    }
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
    let text = fields.text("addr");
    let address = text.as_ref().and_then(|_| fields.parsed::<IpAddr>("addr", "an IP address"));
    if address.is_none() {
        fields.missing("addr");
    }
    let address = address.unwrap_or(IpAddr::from([0; 4]));
    let version = fields.number("version", 4..=6).unwrap_or(version_of(address));
    if version == 5 {
        fields.violation("version", "must be 4 or 6");
    }
    let location = address_uri(&call.links, group, version, &text.unwrap_or_default());
    Ok(Edit::new(move |tx| tx.add_address(group, address)).at(location))
}
