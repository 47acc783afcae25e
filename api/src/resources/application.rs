//! The root: where everything is; and the state of the system.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::Routes;
use crate::endpoint::{Call, json, one};
use crate::failure::Failure;
use crate::links::Links;
use crate::live::Readiness;
use crate::media::{Json, Media, Shape};

const APPLICATION: Media = Media::new("Application", &[5]).json(Json::Offered);
const SYSTEM_STATE: Media = Media::new("SystemState", &[2]).json(Json::Offered);

/// Property of the root, path under the base.
const LINKS: &[(&str, &str)] = &[
    ("bgpNetworkTemplate", "bgp_networks/{id}"),
    ("bgpPeerTemplate", "bgp_peers/{id}"),
    ("bridges", "bridges"),
    ("bridgeTemplate", "bridges/{id}"),
    ("chains", "chains"),
    ("chainTemplate", "chains/{id}"),
    ("healthMonitors", "health_monitors"),
    ("healthMonitorTemplate", "health_monitors/{id}"),
    ("hosts", "hosts"),
    ("hostTemplate", "hosts/{id}"),
    ("ipAddrGroups", "ip_addr_groups"),
    ("ipAddrGroupTemplate", "ip_addr_groups/{id}"),
    ("l2insertions", "l2insertions"),
    ("l2InsertionTemplate", "l2insertions/{id}"),
    ("loadBalancers", "load_balancers"),
    ("loadBalancerTemplate", "load_balancers/{id}"),
    ("mirrors", "mirrors"),
    ("mirrorTemplate", "mirrors/{id}"),
    ("neutron", "neutron"),
    ("poolMembers", "pool_members"),
    ("poolMemberTemplate", "pool_members/{id}"),
    ("pools", "pools"),
    ("poolTemplate", "pools/{id}"),
    ("portGroups", "port_groups"),
    ("portGroupTemplate", "port_groups/{id}"),
    ("ports", "ports"),
    ("portTemplate", "ports/{id}"),
    ("qosBwLimitRuleTemplate", "qos_bw_limit_rules/{id}"),
    ("qosDscpRuleTemplate", "qos_dscp_rules/{id}"),
    ("qosPolicies", "qos_policies"),
    ("qosPolicyTemplate", "qos_policies/{id}"),
    ("routers", "routers"),
    ("routerTemplate", "routers/{id}"),
    ("routeTemplate", "routes/{id}"),
    ("ruleTemplate", "rules/{id}"),
    ("serviceContainerGroups", "service_container_groups"),
    ("serviceContainerGroupTemplate", "service_container_groups/{id}"),
    ("serviceContainers", "service_containers"),
    ("serviceContainerTemplate", "service_containers/{id}"),
    ("systemState", "system_state"),
    ("tenants", "tenants"),
    ("tenantTemplate", "tenants/{id}"),
    ("traceRequests", "traces"),
    ("traceRequestTemplate", "traces/{id}"),
    ("tunnelZones", "tunnel_zones"),
    ("tunnelZoneTemplate", "tunnel_zones/{id}"),
    ("vips", "vips"),
    ("vipTemplate", "vips/{id}"),
    ("vteps", "vteps"),
    ("vtepTemplate", "vteps/{id}"),
];

pub(super) fn routes() -> Routes {
    Routes::new().route("/", get(application)).route("/system_state", one(SYSTEM_STATE, system_state))
}

/// Needs no topology: a client can begin while it is being loaded.
async fn application(
    State(_): State<watch::Receiver<Readiness>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    // The reference answers 405 here where it answers 406 elsewhere.
    let media_type = APPLICATION
        .choose(Shape::One, &headers)
        .map_err(|failure| failure.with_status(StatusCode::METHOD_NOT_ALLOWED))?;
    let links = Links::of(&headers);
    let mut body = Map::new();
    body.insert("uri".to_owned(), links.to(format_args!("")).into());
    body.insert("version".to_owned(), "v5.0".into());
    body.extend(
        LINKS.iter().map(|(name, path)| ((*name).to_owned(), links.to(format_args!("{path}")).into())),
    );
    json(&media_type, &Value::Object(body))
}

#[derive(Serialize)]
struct SystemState {
    state: &'static str,
    availability: &'static str,
    version: &'static str,
    information: Option<String>,
}

fn system_state(call: &Call) -> Result<SystemState, Failure> {
    let available = call.live.store.is_available();
    Ok(SystemState {
        state: "ACTIVE",
        availability: if available { "READWRITE" } else { "READONLY" },
        version: "5.0.0",
        information: (!available)
            .then(|| "The network state database is out of reach: reads are served from memory.".to_owned()),
    })
}
