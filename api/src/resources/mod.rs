//! The resources, one file each: what they look like on the wire, how their bodies are read, where they stand.

mod address_groups;
mod application;
mod bindings;
mod bridges;
mod chains;
mod condition;
mod conf;
mod hosts;
mod insertions;
mod links;
mod login;
mod mirrors;
mod port_addresses;
mod port_groups;
mod ports;
mod qos_policies;
mod qos_rules;
mod routers;
mod routes;
mod rule_action;
mod rules;
mod tenants;
mod traces;
mod tunnel_zones;

use std::net::IpAddr;

use model::ChainId;
use uuid::Uuid;

use crate::endpoint::Routes;
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

/// Refuses references to objects of a kind that this release does not have: there can be none.
fn refuse_reference(fields: &mut Fields, property: &str, class: &str) -> Result<(), Failure> {
    match fields.id::<Uuid>(property) {
        Some(id) => Err(Failure::not_found(class, id)),
        None => Ok(()),
    }
}
