//! Hosts that addresses are kept for in DHCP subnets. As the subnets, they have no effect yet.

use std::net::Ipv4Addr;

use model::{DhcpHost, DhcpOption, DhcpSubnet};
use packet::MacAddr;
use serde::Serialize;
use utoipa::ToSchema;

use super::{dhcp, key};
use crate::endpoint::{Call, Edit, Routes, create, delete_existing, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};

const HOST: Media = Media::new("DhcpHost", &[2]).json(Json::Offered);
/// The contract has lists under the vendor's type only.
const HOSTS: Media = HOST.json(Json::Refused);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/bridges/{bridge}/dhcp/{subnet}/hosts", list(HOSTS, all).merge(create::<View>(HOST, add)))
        .route(
            "/bridges/{bridge}/dhcp/{subnet}/hosts/{host}",
            one(HOST, get).merge(update::<View>(HOST, replace)).merge(delete_existing(|call| {
                let (subnet, mac, _) = existing(call)?;
                let subnet = subnet.id;
                Ok(Edit::new(move |tx| tx.remove_dhcp_host(subnet, mac)))
            })),
        )
}

/// A host that an address is kept for. It is stored; no machine is answered by DHCP yet.
#[derive(Serialize, ToSchema)]
#[schema(as = DhcpHost)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Ethernet address of the host, its name in paths. A subnet has each once.
    mac_addr: String,
    /// The address kept for it, in the subnet.
    ip_addr: String,
    name: Option<String>,
    /// Further options for it.
    extra_dhcp_opts: Vec<OptionView>,
    #[schema(read_only)]
    uri: String,
}

/// A DHCP option.
#[derive(Serialize, ToSchema)]
#[schema(as = ExtraDhcpOpt)]
#[serde(rename_all = "camelCase")]
struct OptionView {
    opt_name: String,
    opt_value: String,
}

fn view(call: &Call, subnet: &DhcpSubnet, mac: MacAddr, host: &DhcpHost) -> View {
    let option =
        |option: &DhcpOption| OptionView { opt_name: option.name.clone(), opt_value: option.value.clone() };
    View {
        mac_addr: mac.to_string(),
        ip_addr: host.address.to_string(),
        name: host.name.clone(),
        extra_dhcp_opts: host.options.iter().map(option).collect(),
        uri: uri(call, subnet, mac),
    }
}

fn uri(call: &Call, subnet: &DhcpSubnet, mac: MacAddr) -> String {
    format!("{}/hosts/{mac}", dhcp::uri(call, subnet.bridge, subnet.prefix))
}

fn existing(call: &Call) -> Result<(&DhcpSubnet, MacAddr, &DhcpHost), Failure> {
    let subnet = dhcp::existing(call)?;
    let mac = key(call.segment("host"), "an Ethernet address")?;
    let host = subnet.hosts.get(&mac).ok_or_else(|| Failure::not_found("DhcpHost", mac))?;
    Ok((subnet, mac, host))
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let subnet = dhcp::existing(call)?;
    Ok(subnet.hosts.iter().map(|(mac, host)| view(call, subnet, *mac, host)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let (subnet, mac, host) = existing(call)?;
    Ok(view(call, subnet, mac, host))
}

fn read(fields: &mut Fields) -> DhcpHost {
    let address = fields.parsed::<Ipv4Addr>("ipAddr", "an IPv4 address");
    if address.is_none() {
        fields.missing("ipAddr");
    }
    DhcpHost {
        address: address.unwrap_or(Ipv4Addr::UNSPECIFIED),
        name: fields.text("name"),
        options: fields.objects("extraDhcpOpts", |option| {
            let (name, value) = (option.text("optName"), option.text("optValue"));
            DhcpOption { name: option.required("optName", name), value: option.required("optValue", value) }
        }),
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let subnet = dhcp::existing(call)?;
    let mac = fields.parsed::<MacAddr>("macAddr", "an Ethernet address");
    let (mac, host) = (fields.required("macAddr", mac), read(fields));
    let (id, location) = (subnet.id, uri(call, subnet, mac));
    Ok(Edit::new(move |tx| tx.add_dhcp_host(id, mac, host.clone())).at(location))
}

/// A body with another Ethernet address gives what is kept to another machine.
fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let (subnet, mac, _) = existing(call)?;
    let new_mac = fields.parsed::<MacAddr>("macAddr", "an Ethernet address").unwrap_or(mac);
    let (id, host) = (subnet.id, read(fields));
    Ok(Edit::new(move |tx| tx.update_dhcp_host(id, mac, new_mac, host.clone())))
}
