//! The resources, one file each: what they look like on the wire, how their bodies are read, where they stand.

mod address_groups;
mod application;
mod arp_table;
mod bgp_networks;
mod bgp_peers;
mod bindings;
mod bridges;
mod chains;
mod condition;
mod conf;
mod dhcp;
mod dhcp6;
mod dhcp_hosts;
mod health_monitors;
mod hosts;
mod insertions;
mod links;
mod load_balancers;
mod login;
mod mac_table;
mod mirrors;
mod peering_tables;
mod pool_members;
mod pools;
mod port_addresses;
mod port_bodies;
mod port_groups;
mod ports;
mod qos_policies;
mod qos_rules;
mod routers;
mod routes;
mod rule_action;
mod rules;
mod service_container_groups;
mod service_containers;
mod tenants;
mod traces;
mod tunnel_zones;
mod vips;
mod vtep_bindings;
mod vteps;

use std::net::IpAddr;
use std::str::FromStr;

use model::{BridgeId, ChainId, ObjectKey};
use packet::MacAddr;
use uuid::Uuid;

use crate::endpoint::{Call, Edit, Routes};
use crate::failure::Failure;
use crate::fields::Fields;

/// Of a list of a kind that is not there yet: nothing.
const NONE: [Uuid; 0] = [];

/// Every resource, without the base path.
pub(crate) fn routes() -> Routes {
    [
        application::routes(),
        login::routes(),
        tenants::routes(),
        bridges::routes(),
        routers::routes(),
        ports::routes(),
        links::routes(),
        routes::routes(),
        chains::routes(),
        rules::routes(),
        port_groups::routes(),
        address_groups::routes(),
        hosts::routes(),
        bindings::routes(),
        tunnel_zones::routes(),
        load_balancers::routes(),
        pools::routes(),
        pool_members::routes(),
        vips::routes(),
        health_monitors::routes(),
        bgp_networks::routes(),
        bgp_peers::routes(),
        peering_tables::routes(),
        service_container_groups::routes(),
        service_containers::routes(),
        dhcp::routes(),
        dhcp_hosts::routes(),
        dhcp6::routes(),
        mac_table::routes(),
        arp_table::routes(),
        vteps::routes(),
        vtep_bindings::routes(),
        mirrors::routes(),
        insertions::routes(),
        traces::routes(),
        qos_policies::routes(),
        qos_rules::routes(),
        conf::routes(),
    ]
    .into_iter()
    .fold(Routes::new(), Routes::merge)
}

/// The id that the client chose, or a new one.
fn new_id<T: From<Uuid>>(fields: &mut Fields) -> T {
    fields.id("id").unwrap_or_else(|| T::from(Uuid::new_v4()))
}

/// The bridge of the path, which must be there.
fn bridge_of(call: &Call) -> Result<BridgeId, Failure> {
    let id = call.id::<BridgeId>("bridge")?;
    Ok(call.topology.bridge(id).ok_or(ObjectKey::from(id))?.id)
}

/// A part of the path that is an address or the like. One that is malformed is no mere name of nothing, but a mistake.
fn key<T: FromStr>(text: &str, what: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::bad_request(format!("`{text}` is not {what}.")))
}

/// An Ethernet address as a part of a path.
fn mac_segment(mac: MacAddr) -> String {
    mac.to_string().replace(':', "-")
}

/// Ids as the wire knows them.
fn uuids<T: Into<Uuid> + Copy>(ids: &[T]) -> Vec<Uuid> {
    ids.iter().copied().map(Into::into).collect()
}

/// The uuid of a chain that may not be there.
fn chain_uuid(chain: Option<ChainId>) -> Option<Uuid> {
    chain.map(Uuid::from)
}

/// An address as Java writes it: IPv6 in eight groups, none left out.
fn address_text(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => v6.segments().map(|group| format!("{group:x}")).join(":"),
    }
}

/// An IP address that must be there; the unspecified one stands in for one that is not, and the body is refused.
fn required_address(fields: &mut Fields, property: &str) -> IpAddr {
    let address = fields.parsed::<IpAddr>(property, "an IP address");
    if address.is_none() {
        fields.missing(property);
    }
    address.unwrap_or(IpAddr::from([0; 4]))
}

/// Deletes the object whose id is in the path.
fn remove<T>(call: &Call, segment: &str) -> Result<Edit, Failure>
where
    T: From<Uuid> + Into<ObjectKey> + Copy + Send + 'static,
{
    let id = call.id::<T>(segment)?;
    Ok(Edit::new(move |tx| tx.delete(id)))
}

/// The word that stands for a value.
fn word<T: PartialEq + Copy>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, other)| *other == value).map_or("", |(word, _)| word)
}

/// Refuses references to objects of a kind that this release does not have: there can be none.
fn refuse_reference(fields: &mut Fields, property: &str, class: &str) -> Result<(), Failure> {
    match fields.id::<Uuid>(property) {
        Some(id) => Err(Failure::not_found(class, id)),
        None => Ok(()),
    }
}
