//! Routers.

use model::{Router, RouterId};
use serde::Serialize;
use uuid::Uuid;

use super::{NONE, Routes, chain_uuid, new_id, refuse_references};
use crate::endpoint::{Call, Edit, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const ROUTER: Media = Media::new("Router", &[3]);

pub(super) fn routes() -> Routes {
    Routes::new().route("/routers", list(ROUTER, all).merge(create(ROUTER, add))).route(
        "/routers/{id}",
        one(ROUTER, get).merge(update(ROUTER, replace)).merge(delete(|call| {
            let id = call.id::<RouterId>("id")?;
            Ok(Edit::new(move |tx| tx.delete(id)))
        })),
    )
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    id: Uuid,
    tenant_id: Option<String>,
    name: Option<String>,
    admin_state_up: bool,
    inbound_filter_id: Option<Uuid>,
    outbound_filter_id: Option<Uuid>,
    load_balancer_id: Option<Uuid>,
    as_number: u32,
    inbound_mirror_ids: [Uuid; 0],
    outbound_mirror_ids: [Uuid; 0],
    local_redirect_chain_id: Option<Uuid>,
    forward_chain_id: Option<Uuid>,
    ports: String,
    bgp_peers: String,
    inbound_filter: Option<String>,
    outbound_filter: Option<String>,
    peer_ports: String,
    load_balancer: Option<String>,
    bgp_networks: String,
    local_redirect_chain: Option<String>,
    forward_chain: Option<String>,
    routes: String,
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
        inbound_mirror_ids: NONE,
        outbound_mirror_ids: NONE,
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

fn read(id: RouterId, fields: &mut Fields) -> Result<Router, Failure> {
    refuse_references(fields, "inboundMirrorIds", "Mirror")?;
    refuse_references(fields, "outboundMirrorIds", "Mirror")?;
    Ok(Router {
        id,
        tenant_id: fields.text("tenantId"),
        name: fields.text("name"),
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        inbound_filter: fields.id("inboundFilterId"),
        outbound_filter: fields.id("outboundFilterId"),
        load_balancer: fields.id("loadBalancerId"),
        as_number: fields.number("asNumber", 0..=i64::from(u32::MAX)).unwrap_or(0),
        forward_chain: fields.id("forwardChainId"),
        local_redirect_chain: fields.id("localRedirectChainId"),
    })
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let router = read(new_id(fields), fields)?;
    let location = call.links.to(format_args!("routers/{}", router.id));
    Ok(Edit::new(move |tx| tx.create(router.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let router = read(call.id("id")?, fields)?;
    Ok(Edit::new(move |tx| tx.update(router.clone())))
}
