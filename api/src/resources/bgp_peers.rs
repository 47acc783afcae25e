//! Whom routers speak BGP with. They are stored and served; no BGP is spoken yet.

use model::{BgpPeer, BgpPeerId, ObjectKey, Password, RouterId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{address_text, new_id, remove, required_address};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const PEER: Media = Media::new("BgpPeer", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/routers/{router}/bgp_peers", list(PEER, of_router).merge(create::<View>(PEER, add)))
        .route("/routers/{router}/bgp_peers/{id}", delete(|call| remove::<BgpPeerId>(call, "id")))
        .route(
            "/bgp_peers/{id}",
            one(PEER, get)
                .merge(update::<View>(PEER, replace))
                .merge(delete(|call| remove::<BgpPeerId>(call, "id"))),
        )
}

/// A router elsewhere that a router speaks BGP with. It is stored and served; no BGP is spoken yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Number of the peer's autonomous system.
    #[schema(minimum = 1, maximum = 4294967295_u64)]
    as_number: u32,
    /// IPv4 address where the peer is reached.
    #[schema(format = "ipv4")]
    address: String,
    /// Between two keepalives, in seconds.
    #[schema(minimum = 5, maximum = 3600)]
    keep_alive: Option<u32>,
    /// Silence after which the session ends, in seconds.
    #[schema(minimum = 5, maximum = 7200)]
    hold_time: Option<u32>,
    /// Between two attempts to connect, in seconds.
    #[schema(minimum = 5, maximum = 3600)]
    connect_retry: Option<u32>,
    /// Key of the TCP MD5 signatures, at most 80 bytes.
    #[schema(max_length = 80)]
    password: Option<String>,
    /// The router that speaks with it.
    #[schema(read_only)]
    router: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, peer: &BgpPeer) -> View {
    View {
        id: peer.id.0,
        as_number: peer.as_number,
        address: address_text(peer.address),
        keep_alive: peer.keep_alive,
        hold_time: peer.hold_time,
        connect_retry: peer.connect_retry,
        password: peer.password.as_ref().map(|password| password.0.clone()),
        router: call.links.to(format_args!("routers/{}", peer.router)),
        uri: call.links.to(format_args!("bgp_peers/{}", peer.id)),
    }
}

fn of_router(call: &Call) -> Result<Vec<View>, Failure> {
    let id = call.id::<RouterId>("router")?;
    call.topology.router(id).ok_or(ObjectKey::from(id))?;
    Ok(call.topology.bgp_peers_of(id).map(|peer| view(call, peer)).collect())
}

fn existing(call: &Call) -> Result<&BgpPeer, Failure> {
    let id = call.id::<BgpPeerId>("id")?;
    Ok(call.topology.bgp_peer(id).ok_or(ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: BgpPeerId, router: RouterId, fields: &mut Fields) -> BgpPeer {
    BgpPeer {
        id,
        router,
        as_number: fields.number("asNumber", 1..=i64::from(u32::MAX)).unwrap_or_else(|| {
            fields.missing("asNumber");
            1
        }),
        address: required_address(fields, "address"),
        keep_alive: fields.number("keepAlive", 5..=3600),
        hold_time: fields.number("holdTime", 5..=7200),
        connect_retry: fields.number("connectRetry", 5..=3600),
        password: fields.text("password").map(Password),
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let peer = read(new_id(fields), call.id("router")?, fields);
    let location = call.links.to(format_args!("bgp_peers/{}", peer.id));
    Ok(Edit::new(move |tx| tx.create(peer.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let old = existing(call)?;
    let peer = read(old.id, old.router, fields);
    Ok(Edit::new(move |tx| tx.update(peer.clone())))
}
