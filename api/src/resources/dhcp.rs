//! DHCP subnets of bridges. They are stored, validated and served for clients of the API: no machine is answered by DHCP
//! yet.

use std::net::Ipv4Addr;

use ipnetwork::Ipv4Network;
use model::{BridgeId, DhcpRoute, DhcpSubnet, DhcpSubnetId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::bridge_of;
use crate::endpoint::{Call, Edit, Routes, create, delete_existing, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const SUBNET: Media = Media::new("DhcpSubnet", &[2]).json(Json::Offered);
/// The contract has lists under the vendor's type only.
const SUBNETS: Media = SUBNET.json(Json::Refused);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/bridges/{bridge}/dhcp", list(SUBNETS, all).merge(create::<View>(SUBNET, add)))
        .route(
            "/bridges/{bridge}/dhcp/{subnet}",
            one(SUBNET, get).merge(update::<View>(SUBNET, replace)).merge(delete_existing(|call| {
                let id = existing(call)?.id;
                Ok(Edit::new(move |tx| tx.delete(id)))
            })),
        )
}

/// An IPv4 subnet of a bridge, for DHCP. It is kept as given; no machine is answered by DHCP yet.
#[derive(Serialize, ToSchema)]
#[schema(as = DhcpSubnet)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Address of the network; bits behind its length are dropped. With the length it is the subnet's name in paths.
    subnet_prefix: String,
    /// Length of the network's prefix, in bits.
    subnet_length: u8,
    /// Router of the network (option 3), one of its addresses.
    default_gateway: Option<String>,
    /// Address that the server calls itself by (option 54).
    server_addr: Option<String>,
    /// Name servers (option 6), the preferred one first; null for none.
    dns_server_addrs: Option<Vec<String>>,
    /// MTU for interfaces (option 26): 68 to 65535, or 0 to leave it to the tunnels, as null does.
    #[serde(rename = "interfaceMTU")]
    interface_mtu: Option<u16>,
    /// Classless static routes (option 121).
    opt121_routes: Vec<RouteView>,
    /// A subnet that is not enabled is not served. True unless said.
    enabled: bool,
    /// The hosts that addresses are kept for.
    #[schema(read_only)]
    hosts: String,
    #[schema(read_only)]
    uri: String,
}

/// A classless static route (RFC 3442).
#[derive(Serialize, ToSchema)]
#[schema(as = DhcpOption121)]
#[serde(rename_all = "camelCase")]
struct RouteView {
    destination_prefix: String,
    destination_length: u8,
    /// Next hop; 0.0.0.0 for on-link.
    gateway_addr: String,
}

fn view(call: &Call, subnet: &DhcpSubnet) -> View {
    let uri = uri(call, subnet.bridge, subnet.prefix);
    let route = |route: &DhcpRoute| RouteView {
        destination_prefix: route.destination.ip().to_string(),
        destination_length: route.destination.prefix(),
        gateway_addr: route.gateway.to_string(),
    };
    let dns_servers: Vec<_> = subnet.dns_servers.iter().map(Ipv4Addr::to_string).collect();
    View {
        subnet_prefix: subnet.prefix.ip().to_string(),
        subnet_length: subnet.prefix.prefix(),
        default_gateway: subnet.default_gateway.map(|address| address.to_string()),
        server_addr: subnet.server.map(|address| address.to_string()),
        dns_server_addrs: (!dns_servers.is_empty()).then_some(dns_servers),
        interface_mtu: subnet.interface_mtu,
        opt121_routes: subnet.routes.iter().map(route).collect(),
        enabled: subnet.enabled,
        hosts: format!("{uri}/hosts"),
        uri,
    }
}

/// Where a subnet is.
pub(super) fn uri(call: &Call, bridge: BridgeId, prefix: Ipv4Network) -> String {
    let network = network_of(prefix);
    call.links.to(format_args!("bridges/{bridge}/dhcp/{}_{}", network.ip(), network.prefix()))
}

fn network_of(prefix: Ipv4Network) -> Ipv4Network {
    Ipv4Network::new(prefix.network(), prefix.prefix()).unwrap_or(prefix)
}

/// The subnet of the path, `a.b.c.d_length`.
pub(super) fn existing(call: &Call) -> Result<&DhcpSubnet, Failure> {
    let bridge = bridge_of(call)?;
    let text = call.segment("subnet");
    let (address, length) = text.split_once('_').unwrap_or((text, "32"));
    let malformed = || Failure::bad_request(format!("`{text}` is not a subnet: write a.b.c.d_length."));
    let address: Ipv4Addr = address.parse().map_err(|_| malformed())?;
    let length = length.parse().map_err(|_| malformed())?;
    let wanted = network_of(Ipv4Network::new(address, length).map_err(|_| malformed())?);
    let found = call.topology.bridge_dhcp_subnets(bridge).find(|subnet| subnet.prefix == wanted);
    found.ok_or_else(|| Failure::not_found("Dhcp", wanted))
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let bridge = bridge_of(call)?;
    Ok(call.topology.bridge_dhcp_subnets(bridge).map(|subnet| view(call, subnet)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: DhcpSubnetId, bridge: BridgeId, fields: &mut Fields) -> DhcpSubnet {
    let address = |fields: &mut Fields, property| fields.parsed(property, "an IPv4 address");
    DhcpSubnet {
        id,
        bridge,
        prefix: prefix(fields, "subnetPrefix", "subnetLength"),
        default_gateway: address(fields, "defaultGateway"),
        server: address(fields, "serverAddr"),
        dns_servers: fields.list("dnsServerAddrs", "an IPv4 address"),
        interface_mtu: fields.number("interfaceMTU", 0..=i64::from(u16::MAX)),
        routes: fields.objects("opt121Routes", |route| DhcpRoute {
            destination: prefix(route, "destinationPrefix", "destinationLength"),
            gateway: address(route, "gatewayAddr").unwrap_or_else(|| {
                route.missing("gatewayAddr");
                Ipv4Addr::UNSPECIFIED
            }),
        }),
        hosts: Default::default(),
        enabled: fields.flag("enabled").unwrap_or(true),
    }
}

/// A network given as address and length, both of which must be there.
fn prefix(fields: &mut Fields, address: &str, length: &str) -> Ipv4Network {
    let ip = fields.parsed::<Ipv4Addr>(address, "an IPv4 address");
    if ip.is_none() {
        fields.missing(address);
    }
    let bits = fields.number::<u8>(length, 0..=32);
    let bits = fields.required(length, bits);
    let ip = ip.unwrap_or(Ipv4Addr::UNSPECIFIED);
    Ipv4Network::new(ip, bits).unwrap_or_else(|_| ip.into())
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    // Bodies have no id: a subnet's name is its network.
    let subnet = read(Uuid::new_v4().into(), bridge_of(call)?, fields);
    let location = uri(call, subnet.bridge, subnet.prefix);
    Ok(Edit::new(move |tx| tx.create(subnet.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let old = existing(call)?;
    let subnet = read(old.id, old.bridge, fields);
    Ok(Edit::new(move |tx| tx.update(subnet.clone())))
}
