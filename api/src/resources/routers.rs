//! Routers.

use model::{Router, RouterId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{chain_uuid, mirrors, new_id, remove, uuids};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const ROUTER: Media = Media::new("Router", &[3]);

pub(super) fn routes() -> Routes {
    Routes::new().route("/routers", list(ROUTER, all).merge(create::<View>(ROUTER, add))).route(
        "/routers/{id}",
        one(ROUTER, get)
            .merge(update::<View>(ROUTER, replace))
            .merge(delete(|call| remove::<RouterId>(call, "id"))),
    )
}

/// A virtual router for IPv4.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Whose it is: any text, at most 255 bytes.
    #[schema(max_length = 255)]
    tenant_id: Option<String>,
    /// Any text, at most 255 bytes.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// Down, it answers everything with ICMP "administratively prohibited".
    #[schema(default = true)]
    admin_state_up: bool,
    /// Chain that packets pass as they enter it.
    inbound_filter_id: Option<Uuid>,
    /// Chain that packets pass as they leave it.
    outbound_filter_id: Option<Uuid>,
    /// Its load balancer; no other router may name it. It does not balance traffic yet.
    load_balancer_id: Option<Uuid>,
    /// Number of its autonomous system (BGP), which it keeps for later: no BGP is spoken yet. 0 or -1 for none.
    #[schema(default = 0, minimum = -1, maximum = 4294967295_u64)]
    as_number: u32,
    /// Mirrors of what enters it. No effect in the datapath yet.
    inbound_mirror_ids: Vec<Uuid>,
    /// Mirrors of what leaves it. No effect in the datapath yet.
    outbound_mirror_ids: Vec<Uuid>,
    /// Chain that packets to its own addresses pass.
    local_redirect_chain_id: Option<Uuid>,
    /// Chain that packets pass between routing and the port they leave by.
    forward_chain_id: Option<Uuid>,
    /// Its ports.
    #[schema(read_only)]
    ports: String,
    /// Whom it speaks BGP with.
    #[schema(read_only)]
    bgp_peers: String,
    #[schema(read_only)]
    inbound_filter: Option<String>,
    #[schema(read_only)]
    outbound_filter: Option<String>,
    /// The ports at the other ends of its cables.
    #[schema(read_only)]
    peer_ports: String,
    #[schema(read_only)]
    load_balancer: Option<String>,
    /// The prefixes that it announces over BGP.
    #[schema(read_only)]
    bgp_networks: String,
    #[schema(read_only)]
    local_redirect_chain: Option<String>,
    #[schema(read_only)]
    forward_chain: Option<String>,
    /// Its routes.
    #[schema(read_only)]
    routes: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, router: &Router) -> View {
    let links = &call.links;
    let uri = links.to(format_args!("routers/{}", router.id));
    View {
        id: router.id.0,
        tenant_id: router.tenant_id.clone(),
        name: router.name.clone(),
        admin_state_up: router.admin_state_up,
        inbound_filter_id: chain_uuid(router.inbound_filter),
        outbound_filter_id: chain_uuid(router.outbound_filter),
        load_balancer_id: router.load_balancer.map(Uuid::from),
        as_number: router.as_number,
        inbound_mirror_ids: uuids(&router.mirrors.inbound),
        outbound_mirror_ids: uuids(&router.mirrors.outbound),
        local_redirect_chain_id: chain_uuid(router.local_redirect_chain),
        forward_chain_id: chain_uuid(router.forward_chain),
        ports: format!("{uri}/ports"),
        bgp_peers: format!("{uri}/bgp_peers"),
        inbound_filter: links.to_any("chains", router.inbound_filter),
        outbound_filter: links.to_any("chains", router.outbound_filter),
        peer_ports: format!("{uri}/peer_ports"),
        load_balancer: links.to_any("load_balancers", router.load_balancer),
        bgp_networks: format!("{uri}/bgp_networks"),
        local_redirect_chain: links.to_any("chains", router.local_redirect_chain),
        forward_chain: links.to_any("chains", router.forward_chain),
        routes: format!("{uri}/routes"),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let wanted = call.topology.routers().filter(|r| call.wants_tenant(r.tenant_id.as_deref()));
    Ok(wanted.map(|router| view(call, router)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<RouterId>("id")?;
    let router = call.topology.router(id).ok_or(model::ObjectKey::from(id))?;
    Ok(view(call, router))
}

fn read(id: RouterId, fields: &mut Fields) -> Router {
    // The contract also says -1 for none.
    let as_number = fields.number("asNumber", -1..=i64::from(u32::MAX)).unwrap_or(0_i64);
    Router {
        id,
        tenant_id: fields.text("tenantId"),
        name: fields.text("name"),
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        mirrors: mirrors::read_hooks(fields),
        inbound_filter: fields.id("inboundFilterId"),
        outbound_filter: fields.id("outboundFilterId"),
        load_balancer: fields.id("loadBalancerId"),
        as_number: u32::try_from(as_number).unwrap_or(0),
        forward_chain: fields.id("forwardChainId"),
        local_redirect_chain: fields.id("localRedirectChainId"),
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let router = read(new_id(fields), fields);
    let location = call.links.to(format_args!("routers/{}", router.id));
    Ok(Edit::new(move |tx| tx.create(router.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let router = read(call.id("id")?, fields);
    Ok(Edit::new(move |tx| tx.update(router.clone())))
}
