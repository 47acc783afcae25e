//! Prefixes that routers announce over BGP: created, read and deleted. They are stored and served; no BGP is spoken yet.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use model::{BgpNetwork, BgpNetworkId, ObjectKey, RouterId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{address_text, new_id, remove, required_address};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const NETWORK: Media = Media::new("BgpNetwork", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/routers/{router}/bgp_networks", list(NETWORK, of_router).merge(create::<View>(NETWORK, add)))
        .route("/routers/{router}/bgp_networks/{id}", delete(|call| remove::<BgpNetworkId>(call, "id")))
        .route(
            "/bgp_networks/{id}",
            one(NETWORK, get).merge(delete(|call| remove::<BgpNetworkId>(call, "id"))),
        )
}

/// A prefix that a router announces to its BGP peers. It is stored and served; no BGP is spoken yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// IPv4 address of the network.
    #[schema(format = "ipv4")]
    subnet_address: String,
    /// Its length in bits.
    #[schema(default = 0, maximum = 32)]
    subnet_length: u8,
    /// The router that announces it.
    #[schema(read_only)]
    router: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, network: &BgpNetwork) -> View {
    View {
        id: network.id.0,
        subnet_address: address_text(network.subnet.ip()),
        subnet_length: network.subnet.prefix(),
        router: call.links.to(format_args!("routers/{}", network.router)),
        uri: call.links.to(format_args!("bgp_networks/{}", network.id)),
    }
}

fn of_router(call: &Call) -> Result<Vec<View>, Failure> {
    let id = call.id::<RouterId>("router")?;
    call.topology.router(id).ok_or(ObjectKey::from(id))?;
    Ok(call.topology.bgp_networks_of(id).map(|network| view(call, network)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<BgpNetworkId>("id")?;
    let network = call.topology.bgp_network(id).ok_or(ObjectKey::from(id))?;
    Ok(view(call, network))
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let network = BgpNetwork { id: new_id(fields), router: call.id("router")?, subnet: subnet(fields) };
    let location = call.links.to(format_args!("bgp_networks/{}", network.id));
    Ok(Edit::new(move |tx| tx.create(network.clone())).at(location))
}

fn subnet(fields: &mut Fields) -> IpNetwork {
    let address: IpAddr = required_address(fields, "subnetAddress");
    let length = fields.number::<u8>("subnetLength", 0..=32).unwrap_or(0);
    IpNetwork::new(address, length).unwrap_or(address.into())
}
