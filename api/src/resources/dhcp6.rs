//! IPv6 subnets of bridges, and the hosts that addresses are kept for in them. They are stored, validated and served for
//! clients of the API: no machine is answered by DHCPv6 yet.

use std::net::{IpAddr, Ipv6Addr};

use ipnetwork::Ipv6Network;
use model::{BridgeId, DhcpHost6, DhcpSubnet6, DhcpSubnet6Id};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{address_text, bridge_of};
use crate::endpoint::{Call, Edit, Routes, create, delete_existing, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::links::segment;
use crate::media::{Json, Media};

const SUBNET: Media = Media::new("DhcpV6Subnet", &[1]).json(Json::Offered);
const HOST: Media = Media::new("DhcpV6Host", &[1]).json(Json::Offered);
/// The contract has lists under the vendor's types only.
const SUBNETS: Media = SUBNET.json(Json::Refused);
const HOSTS: Media = HOST.json(Json::Refused);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/bridges/{bridge}/dhcpV6", list(SUBNETS, all).merge(create::<View>(SUBNET, add)))
        .route(
            "/bridges/{bridge}/dhcpV6/{subnet}",
            one(SUBNET, get).merge(update::<View>(SUBNET, replace)).merge(delete_existing(|call| {
                let id = existing(call)?.id;
                Ok(Edit::new(move |tx| tx.delete(id)))
            })),
        )
        .route(
            "/bridges/{bridge}/dhcpV6/{subnet}/hostsV6",
            list(HOSTS, hosts).merge(create::<HostView>(HOST, add_host)),
        )
        .route(
            "/bridges/{bridge}/dhcpV6/{subnet}/hostsV6/{host}",
            one(HOST, get_host).merge(update::<HostView>(HOST, replace_host)).merge(delete_existing(
                |call| {
                    let (subnet, client, _) = existing_host(call)?;
                    let subnet = subnet.id;
                    Ok(Edit::new(move |tx| tx.remove_dhcp_host6(subnet, &client)))
                },
            )),
        )
}

/// An IPv6 subnet of a bridge. It is kept as given; no machine is answered by DHCPv6 yet.
#[derive(Serialize, ToSchema)]
#[schema(as = DhcpV6Subnet)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Address of the network; bits behind its length are dropped. With the length it is the subnet's name in paths.
    prefix: String,
    /// Length of the network's prefix, in bits.
    prefix_length: u8,
    /// The hosts that addresses are kept for.
    #[schema(read_only)]
    hosts: String,
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, subnet: &DhcpSubnet6) -> View {
    let uri = uri(call, subnet.bridge, subnet.prefix);
    View {
        prefix: address_text(subnet.prefix.ip().into()),
        prefix_length: subnet.prefix.prefix(),
        hosts: format!("{uri}/hostsV6"),
        uri,
    }
}

fn uri(call: &Call, bridge: BridgeId, prefix: Ipv6Network) -> String {
    let (network, length) = (address_text(IpAddr::V6(prefix.network())), prefix.prefix());
    call.links.to(format_args!("bridges/{bridge}/dhcpV6/{network}_{length}"))
}

/// The subnet of the path, `address_length`.
fn existing(call: &Call) -> Result<&DhcpSubnet6, Failure> {
    let bridge = bridge_of(call)?;
    let text = call.segment("subnet");
    let (address, length) = text.split_once('_').unwrap_or((text, "128"));
    let malformed = || Failure::bad_request(format!("`{text}` is not a subnet: write address_length."));
    let address: Ipv6Addr = address.parse().map_err(|_| malformed())?;
    let length = length.parse().map_err(|_| malformed())?;
    let wanted = Ipv6Network::new(address, length).map_err(|_| malformed())?;
    let is_wanted = |subnet: &&DhcpSubnet6| {
        (subnet.prefix.ip(), subnet.prefix.prefix()) == (wanted.network(), wanted.prefix())
    };
    let found = call.topology.bridge_dhcp_subnets6(bridge).find(is_wanted);
    found.ok_or_else(|| Failure::not_found("DhcpV6", wanted))
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let bridge = bridge_of(call)?;
    Ok(call.topology.bridge_dhcp_subnets6(bridge).map(|subnet| view(call, subnet)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: DhcpSubnet6Id, bridge: BridgeId, fields: &mut Fields) -> DhcpSubnet6 {
    let ip = fields.parsed::<Ipv6Addr>("prefix", "an IPv6 address");
    if ip.is_none() {
        fields.missing("prefix");
    }
    let bits = fields.number::<u8>("prefixLength", 0..=128);
    let bits = fields.required("prefixLength", bits);
    let ip = ip.unwrap_or(Ipv6Addr::UNSPECIFIED);
    let prefix = Ipv6Network::new(ip, bits).unwrap_or_else(|_| ip.into());
    DhcpSubnet6 { id, bridge, prefix, hosts: Default::default() }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let subnet = read(Uuid::new_v4().into(), bridge_of(call)?, fields);
    let location = uri(call, subnet.bridge, subnet.prefix);
    Ok(Edit::new(move |tx| tx.create(subnet.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let old = existing(call)?;
    let subnet = read(old.id, old.bridge, fields);
    Ok(Edit::new(move |tx| tx.update(subnet.clone())))
}

/// A host that an IPv6 address is kept for. It is stored; no machine is answered by DHCPv6 yet.
#[derive(Serialize, ToSchema)]
#[schema(as = DhcpV6Host)]
#[serde(rename_all = "camelCase")]
struct HostView {
    /// DUID of the client as text, its octets separated by colons; with dashes for colons its name in paths. A subnet has
    /// each once.
    client_id: String,
    /// The address kept for it, in the subnet.
    fixed_address: String,
    name: Option<String>,
    #[schema(read_only)]
    uri: String,
}

fn host_view(call: &Call, subnet: &DhcpSubnet6, client: &str, host: &DhcpHost6) -> HostView {
    HostView {
        client_id: client.to_owned(),
        fixed_address: address_text(host.address.into()),
        name: host.name.clone(),
        uri: host_uri(call, subnet, client),
    }
}

fn host_uri(call: &Call, subnet: &DhcpSubnet6, client: &str) -> String {
    let client = client.replace(':', "-");
    format!("{}/hostsV6/{}", uri(call, subnet.bridge, subnet.prefix), segment(&client))
}

fn existing_host(call: &Call) -> Result<(&DhcpSubnet6, String, &DhcpHost6), Failure> {
    let subnet = existing(call)?;
    let client = call.segment("host").replace('-', ":");
    let host = subnet.hosts.get(&client).ok_or_else(|| Failure::not_found("DhcpV6Host", &client))?;
    Ok((subnet, client, host))
}

fn hosts(call: &Call) -> Result<Vec<HostView>, Failure> {
    let subnet = existing(call)?;
    Ok(subnet.hosts.iter().map(|(client, host)| host_view(call, subnet, client, host)).collect())
}

fn get_host(call: &Call) -> Result<HostView, Failure> {
    let (subnet, client, host) = existing_host(call)?;
    Ok(host_view(call, subnet, &client, host))
}

/// Dashes, which paths have for colons, are taken for colons everywhere.
fn read_client(fields: &mut Fields) -> Option<String> {
    fields.text("clientId").map(|client| client.replace('-', ":"))
}

fn read_host(fields: &mut Fields) -> DhcpHost6 {
    let address = fields.parsed::<Ipv6Addr>("fixedAddress", "an IPv6 address");
    if address.is_none() {
        fields.missing("fixedAddress");
    }
    DhcpHost6 { address: address.unwrap_or(Ipv6Addr::UNSPECIFIED), name: fields.text("name") }
}

fn add_host(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let subnet = existing(call)?;
    let client = read_client(fields);
    let (client, host) = (fields.required("clientId", client), read_host(fields));
    let (id, location) = (subnet.id, host_uri(call, subnet, &client));
    Ok(Edit::new(move |tx| tx.add_dhcp_host6(id, &client, host.clone())).at(location))
}

/// A body with another client id gives what is kept to another client.
fn replace_host(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let (subnet, client, _) = existing_host(call)?;
    let new_client = read_client(fields).unwrap_or_else(|| client.clone());
    let (id, host) = (subnet.id, read_host(fields));
    Ok(Edit::new(move |tx| tx.update_dhcp_host6(id, &client, &new_client, host.clone())))
}
