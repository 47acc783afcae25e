//! VIPs: virtual addresses that pools serve. They are stored and served; traffic is not balanced yet.

use model::{LoadBalancerId, ObjectKey, PoolId, SessionPersistence, Vip, VipId};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::{address_text, new_id, remove, required_address, word};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::{Json, Media};
use crate::openapi::choices_or_null;

const VIP: Media = Media::new("VIP", &[1]).json(Json::Offered);

const PERSISTENCES: &[(&str, SessionPersistence)] = &[("SOURCE_IP", SessionPersistence::SourceIp)];

fn persistences() -> Schema {
    choices_or_null("What keeps a client with its member: its address; null for nothing.", PERSISTENCES)
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/vips", list(VIP, all).merge(create::<View>(VIP, add)))
        .route(
            "/vips/{id}",
            one(VIP, get)
                .merge(update::<View>(VIP, replace))
                .merge(delete(|call| remove::<VipId>(call, "id"))),
        )
        .route("/pools/{pool}/vips", list(VIP, of_pool).merge(create::<View>(VIP, add_below)))
        .route("/pools/{pool}/vips/{id}", delete(|call| remove::<VipId>(call, "id")))
        .route("/load_balancers/{balancer}/vips", list(VIP, of_balancer))
}

/// A virtual address and port that a pool serves. It is stored and served; traffic is not balanced yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Down, it matches nothing.
    #[schema(default = true)]
    admin_state_up: bool,
    /// The load balancer of its pool.
    #[schema(read_only)]
    load_balancer_id: Option<Uuid>,
    /// The pool that serves it. Below a pool, that pool.
    pool_id: Uuid,
    /// IPv4 address that clients connect to.
    #[schema(format = "ipv4")]
    address: String,
    /// Port that clients connect to; 0 if it is not set, and then it matches nothing.
    #[schema(default = 0, maximum = 65535)]
    protocol_port: u16,
    #[schema(schema_with = persistences, required = false)]
    session_persistence: Option<&'static str>,
    #[schema(read_only)]
    load_balancer: Option<String>,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    #[schema(read_only)]
    pool: String,
}

fn view(call: &Call, vip: &Vip) -> View {
    let links = &call.links;
    let balancer = call.topology.pool(vip.pool).and_then(|pool| pool.load_balancer);
    View {
        id: vip.id.0,
        admin_state_up: vip.admin_state_up,
        load_balancer_id: balancer.map(Uuid::from),
        pool_id: vip.pool.0,
        address: address_text(vip.address),
        protocol_port: vip.protocol_port,
        session_persistence: vip.session_persistence.map(|kind| word(PERSISTENCES, kind)),
        load_balancer: links.to_any("load_balancers", balancer),
        uri: links.to(format_args!("vips/{}", vip.id)),
        pool: links.to(format_args!("pools/{}", vip.pool)),
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.vips().map(|vip| view(call, vip)).collect())
}

fn of_pool(call: &Call) -> Result<Vec<View>, Failure> {
    let pool = parent(call)?;
    Ok(call.topology.vips_of(pool).map(|vip| view(call, vip)).collect())
}

fn of_balancer(call: &Call) -> Result<Vec<View>, Failure> {
    let id = call.id::<LoadBalancerId>("balancer")?;
    call.topology.load_balancer(id).ok_or(ObjectKey::from(id))?;
    let vips = call.topology.pools_of(id).flat_map(|pool| call.topology.vips_of(pool.id));
    Ok(vips.map(|vip| view(call, vip)).collect())
}

fn parent(call: &Call) -> Result<PoolId, Failure> {
    let id = call.id::<PoolId>("pool")?;
    Ok(call.topology.pool(id).ok_or(ObjectKey::from(id))?.id)
}

fn existing(call: &Call) -> Result<&Vip, Failure> {
    let id = call.id::<VipId>("id")?;
    Ok(call.topology.vip(id).ok_or(ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: VipId, pool: PoolId, fields: &mut Fields) -> Vip {
    // It is that of the pool, whatever is said; but it must be an id.
    fields.id::<LoadBalancerId>("loadBalancerId");
    Vip {
        id,
        pool,
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        address: required_address(fields, "address"),
        protocol_port: fields.number("protocolPort", 0..=65535).unwrap_or(0),
        session_persistence: fields.choice("sessionPersistence", PERSISTENCES),
    }
}

fn named_pool(fields: &mut Fields) -> PoolId {
    let pool = fields.id("poolId");
    fields.required("poolId", pool)
}

fn created(call: &Call, vip: Vip) -> Edit {
    let location = call.links.to(format_args!("vips/{}", vip.id));
    Edit::new(move |tx| tx.create(vip.clone())).at(location)
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let pool = named_pool(fields);
    Ok(created(call, read(new_id(fields), pool, fields)))
}

fn add_below(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let pool = parent(call)?;
    Ok(created(call, read(new_id(fields), pool, fields)))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let id = existing(call)?.id;
    let vip = read(id, named_pool(fields), fields);
    Ok(Edit::new(move |tx| tx.update(vip.clone())))
}
