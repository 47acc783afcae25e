//! Pools of load balancers. They are stored and served; traffic is not balanced yet.

use axum::http::StatusCode;
use model::{HealthMonitorId, LbMethod, LoadBalancerId, ModelError, ObjectKey, Pool, PoolId, PoolProtocol};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Schema;
use uuid::Uuid;

use super::{new_id, remove, word};
use crate::endpoint::{Call, Edit, Routes, create, delete, list, one, update};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;
use crate::openapi::choices;

const POOL: Media = Media::new("Pool", &[1]);

const PROTOCOLS: &[(&str, PoolProtocol)] = &[("TCP", PoolProtocol::Tcp)];
const METHODS: &[(&str, LbMethod)] = &[("ROUND_ROBIN", LbMethod::RoundRobin)];

fn protocols() -> Schema {
    choices("What is balanced; may be left out.", PROTOCOLS)
}

fn methods() -> Schema {
    choices("How a member is chosen: by chance, in proportion to the members' weights.", METHODS)
}

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(
            "/pools",
            list(POOL, all)
                .query("hm_id", "Only pools whose members this health monitor checks.")
                .fails(StatusCode::BAD_REQUEST, "`hm_id` is not a UUID.")
                .merge(create::<View>(POOL, add)),
        )
        .route(
            "/pools/{id}",
            one(POOL, get)
                .merge(update::<View>(POOL, replace))
                .merge(delete(|call| remove::<PoolId>(call, "id"))),
        )
        .route(
            "/load_balancers/{balancer}/pools",
            list(POOL, of_balancer).merge(create::<View>(POOL, add_below)),
        )
        .route("/load_balancers/{balancer}/pools/{id}", delete(|call| remove::<PoolId>(call, "id")))
        .route("/health_monitors/{monitor}/pools", list(POOL, of_monitor))
}

/// Servers that do the same, and how connections are spread over them. It is stored and served; traffic is not balanced
/// yet. Deleted, it takes its members and VIPs along.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Down, it serves nothing.
    #[schema(default = true)]
    admin_state_up: bool,
    /// What checks its members; without one all are taken to be well.
    health_monitor_id: Option<Uuid>,
    /// The load balancer it belongs to; without one it serves nothing. Left out of an update, it stays; null, it goes.
    load_balancer_id: Option<Uuid>,
    #[schema(schema_with = protocols, required = false)]
    protocol: &'static str,
    #[schema(schema_with = methods)]
    lb_method: &'static str,
    /// `ACTIVE`: nothing says otherwise yet.
    #[schema(read_only)]
    status: &'static str,
    #[schema(read_only)]
    load_balancer: Option<String>,
    /// The VIPs that it serves.
    #[schema(read_only)]
    vips: String,
    /// Its members.
    #[schema(read_only)]
    pool_members: String,
    #[schema(read_only)]
    health_monitor: Option<String>,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, pool: &Pool) -> View {
    let links = &call.links;
    let uri = links.to(format_args!("pools/{}", pool.id));
    View {
        id: pool.id.0,
        admin_state_up: pool.admin_state_up,
        health_monitor_id: pool.health_monitor.map(Uuid::from),
        load_balancer_id: pool.load_balancer.map(Uuid::from),
        protocol: word(PROTOCOLS, pool.protocol),
        lb_method: word(METHODS, pool.lb_method),
        status: "ACTIVE",
        load_balancer: links.to_any("load_balancers", pool.load_balancer),
        vips: format!("{uri}/vips"),
        pool_members: format!("{uri}/pool_members"),
        health_monitor: links.to_any("health_monitors", pool.health_monitor),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let Some(monitor) = call.filter("hm_id") else {
        return Ok(call.topology.pools().map(|pool| view(call, pool)).collect());
    };
    let monitor = monitor
        .parse::<HealthMonitorId>()
        .map_err(|_| Failure::bad_request(format!("hm_id: `{monitor}` is not a UUID.")))?;
    Ok(call.topology.monitored_pools(monitor).map(|pool| view(call, pool)).collect())
}

fn of_balancer(call: &Call) -> Result<Vec<View>, Failure> {
    let id = call.id::<LoadBalancerId>("balancer")?;
    call.topology.load_balancer(id).ok_or(ObjectKey::from(id))?;
    Ok(call.topology.pools_of(id).map(|pool| view(call, pool)).collect())
}

fn of_monitor(call: &Call) -> Result<Vec<View>, Failure> {
    let id = call.id::<HealthMonitorId>("monitor")?;
    call.topology.health_monitor(id).ok_or(ObjectKey::from(id))?;
    Ok(call.topology.monitored_pools(id).map(|pool| view(call, pool)).collect())
}

fn existing(call: &Call) -> Result<&Pool, Failure> {
    let id = call.id::<PoolId>("id")?;
    Ok(call.topology.pool(id).ok_or(ObjectKey::from(id))?)
}

fn get(call: &Call) -> Result<View, Failure> {
    Ok(view(call, existing(call)?))
}

fn read(id: PoolId, load_balancer: Option<LoadBalancerId>, fields: &mut Fields) -> Pool {
    let lb_method = fields.choice("lbMethod", METHODS);
    if lb_method.is_none() {
        fields.missing("lbMethod");
    }
    Pool {
        id,
        load_balancer,
        health_monitor: fields.id("healthMonitorId"),
        admin_state_up: fields.flag("adminStateUp").unwrap_or(true),
        protocol: fields.choice("protocol", PROTOCOLS).unwrap_or(PoolProtocol::Tcp),
        lb_method: lb_method.unwrap_or(LbMethod::RoundRobin),
    }
}

fn created(call: &Call, pool: Pool) -> Edit {
    let location = call.links.to(format_args!("pools/{}", pool.id));
    Edit::new(move |tx| tx.create(pool.clone())).at(location)
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let balancer = fields.id("loadBalancerId");
    Ok(created(call, read(new_id(fields), balancer, fields)))
}

fn add_below(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let balancer = call.id("balancer")?;
    Ok(created(call, read(new_id(fields), Some(balancer), fields)))
}

fn replace(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let id = existing(call)?.id;
    let stays = !fields.mentions("loadBalancerId");
    let balancer = fields.id("loadBalancerId");
    let pool = read(id, balancer, fields);
    Ok(Edit::new(move |tx| {
        let old = tx.state().pool(id).ok_or(ModelError::NotFound(id.into()))?;
        let load_balancer = if stays { old.load_balancer } else { pool.load_balancer };
        tx.update(Pool { load_balancer, ..pool.clone() })
    }))
}
