//! Members of pools. They are stored and served; traffic is not balanced yet.

use model::{ObjectKey, PoolId, PoolMember, PoolMemberId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{address_text, new_id, remove, required_address};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const MEMBER: Media = Media::new("PoolMember", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/pool_members", list(MEMBER, all).merge(create::<View>(MEMBER, add)))
        .route(
            "/pool_members/{id}",
            one(MEMBER, get)
                .merge(update::<View>(MEMBER, replace))
                .merge(delete(|call| remove::<PoolMemberId>(call, "id"))),
        )
        .route("/pools/{pool}/pool_members", list(MEMBER, of_pool).merge(create::<View>(MEMBER, add_below)))
        .route("/pools/{pool}/pool_members/{id}", delete(|call| remove::<PoolMemberId>(call, "id")))
}

/// A server in a pool. It is stored and served; traffic is not balanced yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Down, it gets no new connections.
    #[schema(default = true)]
    admin_state_up: bool,
    /// `ACTIVE`: nothing checks it yet.
    #[schema(read_only)]
    status: &'static str,
    /// The pool it is in. Below a pool, that pool.
    pool_id: Uuid,
    /// IPv4 address where it is reached.
    #[schema(format = "ipv4")]
    address: String,
    /// Port that it listens on; 0 if it is not set.
    #[schema(default = 0, maximum = 65535)]
    protocol_port: u16,
    /// Its share of connections, relative to the other members.
    #[schema(default = 1, minimum = 1, maximum = 2147483647)]
    weight: u32,
    /// Its address.
    #[schema(read_only)]
    uri: String,
    #[schema(read_only)]
    pool: String,
}

fn view(call: &Call, member: &PoolMember) -> View {
    View {
        id: member.id.0,
        admin_state_up: member.admin_state_up,
        status: "ACTIVE",
        pool_id: member.pool.0,
        address: address_text(member.address),
        protocol_port: member.protocol_port,
        weight: member.weight,
        uri: call.links.to(format_args!("pool_members/{}", member.id)),
        pool: call.links.to(format_args!("pools/{}", member.pool)),
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.pool_members().map(|member| view(call, member)).collect())
}

fn of_pool(call: &Call) -> Result<Vec<View>, Failure> {
    let pool = parent(call)?;
    Ok(call.topology.members_of(pool).map(|member| view(call, member)).collect())
}

fn parent(call: &Call) -> Result<PoolId, Failure> {
    let id = call.id::<PoolId>("pool")?;
    Ok(call.topology.pool(id).ok_or(ObjectKey::from(id))?.id)
}

fn existing(call: &Call) -> Result<&PoolMember, Failure> {
    let id = call.id::<PoolMemberId>("id")?;
    Ok(call.topology.pool_member(id).ok_or(ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: PoolMemberId, pool: PoolId, fields: &mut Fields) -> PoolMember {
    PoolMember {
        id,
        pool,
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        address: required_address(fields, "address"),
        protocol_port: fields.number("protocolPort", 0..=65535).unwrap_or(0),
        weight: fields.number("weight", 1..=i64::from(i32::MAX)).unwrap_or(1),
    }
}

fn named_pool(fields: &mut Fields) -> PoolId {
    let pool = fields.id("poolId");
    fields.required("poolId", pool)
}

fn created(call: &Call, member: PoolMember) -> Edit {
    let location = call.links.to(format_args!("pool_members/{}", member.id));
    Edit::new(move |tx| tx.create(member.clone())).at(location)
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
    let member = read(id, named_pool(fields), fields);
    Ok(Edit::new(move |tx| tx.update(member.clone())))
}
