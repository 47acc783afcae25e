//! The resources, one file each: what they look like on the wire, how their bodies are read, where they stand.

mod address_groups;
mod application;
mod bgp_networks;
mod bgp_peers;
mod bindings;
mod bridges;
mod chains;
mod condition;
mod health_monitors;
mod hosts;
mod links;
mod load_balancers;
mod login;
mod peering_tables;
mod pool_members;
mod pools;
mod port_addresses;
mod port_groups;
mod ports;
mod routers;
mod routes;
mod rules;
mod service_container_groups;
mod service_containers;
mod tenants;
mod tunnel_zones;
mod vips;

use std::net::IpAddr;

use model::{ChainId, ObjectKey};
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
    ]
    .into_iter()
    .fold(Routes::new(), Routes::merge)
}

/// The id that the client chose, or a new one.
fn new_id<T: From<Uuid>>(fields: &mut Fields) -> T {
    fields.id("id").unwrap_or_else(|| T::from(Uuid::new_v4()))
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

/// The same for lists of references.
fn refuse_references(fields: &mut Fields, property: &str, class: &str) -> Result<(), Failure> {
    match fields.list::<Uuid>(property, "a UUID").first() {
        Some(id) => Err(Failure::not_found(class, id)),
        None => Ok(()),
    }
}
