//! Load balancers. They are stored and served; traffic is not balanced yet.

use model::{LoadBalancer, LoadBalancerId, ObjectKey, RouterId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{new_id, remove};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const BALANCER: Media = Media::new("LoadBalancer", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new().route("/load_balancers", list(BALANCER, all).merge(create::<View>(BALANCER, add))).route(
        "/load_balancers/{id}",
        one(BALANCER, get)
            .merge(update::<View>(BALANCER, replace))
            .merge(delete(|call| remove::<LoadBalancerId>(call, "id"))),
    )
}

/// A load balancer for the router that names it (`loadBalancerId`). It is stored and served; traffic is not balanced yet.
/// Deleted, it takes its pools along; its router cannot be deleted before.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// The router that names it. It is set there; a body may only repeat it.
    #[schema(read_only)]
    router_id: Option<Uuid>,
    /// Down, it balances nothing.
    #[schema(default = true)]
    admin_state_up: bool,
    #[schema(read_only)]
    router: Option<String>,
    /// The VIPs of its pools.
    #[schema(read_only)]
    vips: String,
    /// Its pools.
    #[schema(read_only)]
    pools: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, balancer: &LoadBalancer) -> View {
    let uri = call.links.to(format_args!("load_balancers/{}", balancer.id));
    let router = call.topology.balanced_router(balancer.id);
    View {
        id: balancer.id.0,
        router_id: router.map(Uuid::from),
        admin_state_up: balancer.admin_state_up,
        router: call.links.to_any("routers", router),
        vips: format!("{uri}/vips"),
        pools: format!("{uri}/pools"),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    Ok(call.topology.load_balancers().map(|balancer| view(call, balancer)).collect())
}

fn existing(call: &Call) -> Result<&LoadBalancer, Failure> {
    let id = call.id::<LoadBalancerId>("id")?;
    Ok(call.topology.load_balancer(id).ok_or(ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: LoadBalancerId, router: Option<RouterId>, fields: &mut Fields) -> LoadBalancer {
    let named = fields.id::<RouterId>("routerId");
    if fields.mentions("routerId") && named != router {
        fields.violation("routerId", "is set at the router (loadBalancerId), not here");
    }
    // The tenant is taken, for the operator to make one for a tenant, but not shown: the contract has no such property.
    LoadBalancer {
        id,
        tenant_id: fields.text("tenantId"),
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
    }
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let balancer = read(new_id(fields), None, fields);
    let location = call.links.to(format_args!("load_balancers/{}", balancer.id));
    Ok(Edit::new(move |tx| tx.create(balancer.clone())).at(location))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let id = existing(call)?.id;
    let balancer = read(id, call.topology.balanced_router(id), fields);
    Ok(Edit::new(move |tx| tx.update(balancer.clone())))
}
