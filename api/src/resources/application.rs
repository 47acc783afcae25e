//! The root: where everything is; and the state of the system.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::openapi::{HttpMethod, ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::endpoint::{Call, Content, Endpoint, Operation, Routes, Shared, json, one};
use crate::failure::Failure;
use crate::links::Links;
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
    let root = Operation::new(HttpMethod::Get, StatusCode::OK)
        .gives(Content::of::<Application>(APPLICATION, Shape::One));
    Routes::new()
        .route(
            "/",
            Endpoint::new(root, application)
                .fails(StatusCode::METHOD_NOT_ALLOWED, "Nothing that `Accept` names can be given."),
        )
        .route("/system_state", one(SYSTEM_STATE, system_state))
}

/// The root, whose properties are those of [`LINKS`].
struct Application;

impl ToSchema for Application {}

impl PartialSchema for Application {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let about = "Where everything is. In a template, what is in braces is to be replaced.";
        let object = ObjectBuilder::new().description(Some(about)).property("uri", text());
        let object = object.property("version", text().description(Some("Of the contract.")));
        let object = LINKS.iter().fold(object, |object, (name, _)| object.property(*name, text()));
        RefOr::T(object.into())
    }
}

/// Needs no topology: a client can begin while it is being loaded.
async fn application(State(_): State<Shared>, headers: HeaderMap) -> Result<Response, Failure> {
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

/// How the system is.
#[derive(Serialize, ToSchema)]
struct SystemState {
    /// `ACTIVE`.
    #[schema(read_only)]
    state: &'static str,
    /// `READWRITE`, or `READONLY` while the network state database is out of reach.
    #[schema(read_only)]
    availability: &'static str,
    /// Of the contract.
    #[schema(read_only)]
    version: &'static str,
    /// What an operator should know.
    #[schema(read_only)]
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
