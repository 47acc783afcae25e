//! Tenants, which are free text at the objects; and the login that any credentials pass.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use crate::endpoint::{Call, Content, Endpoint, Operation, Routes, Shared, json, list, one};
use crate::failure::Failure;
use crate::media::{Json, Media, Shape};

const TENANT: Media = Media::new("Tenant", &[2]).json(Json::Refused);
const TOKEN_MEDIA: Media = Media::new("Token", &[1]).json(Json::Refused);
const TOKEN_TYPE: &str = "application/vnd.org.midonet.Token-v1+json;charset=utf-8";
const ERROR_TYPE: &str = "application/vnd.org.midonet.Error-v1+json;charset=utf-8";
/// The token that stands for no authentication.
const TOKEN: &str = "00000000";
/// The tenant that is always there.
const ADMIN: &str = "admin";

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/login", login_by(HttpMethod::Get).merge(login_by(HttpMethod::Post)))
        .route("/tenants", list(TENANT, all))
        .route("/tenants/{tenant}", one(TENANT, |call| Ok(Tenant::view(call, call.segment("tenant")))))
}

/// A tenant: whoever owns objects, and the administrator.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Tenant {
    /// As it stands at objects.
    #[schema(read_only)]
    id: String,
    #[schema(read_only)]
    name: String,
    #[schema(read_only)]
    description: String,
    #[schema(read_only)]
    enabled: bool,
    /// Its routers.
    #[schema(read_only)]
    routers: String,
    /// Its bridges.
    #[schema(read_only)]
    bridges: String,
    /// Its chains.
    #[schema(read_only)]
    chains: String,
    /// Its port groups.
    #[schema(read_only)]
    port_groups: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

impl Tenant {
    fn view(call: &Call, id: &str) -> Self {
        let of = |kind: &str| call.links.to(format_args!("{kind}?tenant_id={id}"));
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            description: if id == ADMIN { "Admin Tenant".to_owned() } else { id.to_owned() },
            enabled: true,
            routers: of("routers"),
            bridges: of("bridges"),
            chains: of("chains"),
            port_groups: of("port_groups"),
            uri: call.links.to(format_args!("tenants/{id}")),
        }
    }
}

/// Those that own something, and the administrator.
fn all(call: &Call) -> Result<Vec<Tenant>, Failure> {
    let topology = &call.topology;
    let owners = topology
        .bridges()
        .map(|b| &b.tenant_id)
        .chain(topology.routers().map(|r| &r.tenant_id))
        .chain(topology.chains().map(|c| &c.tenant_id))
        .chain(topology.port_groups().map(|g| &g.tenant_id));
    let mut tenants: BTreeSet<&str> = owners.filter_map(Option::as_deref).collect();
    tenants.insert(ADMIN);
    Ok(tenants.into_iter().map(|id| Tenant::view(call, id)).collect())
}

/// A token to send as `X-Auth-Token`; also in the cookie that comes with it.
#[derive(Serialize, ToSchema)]
struct Token {
    /// The token.
    #[schema(read_only)]
    key: &'static str,
    /// When it ends to be valid.
    #[schema(read_only)]
    expires: Option<String>,
}

fn login_by(method: HttpMethod) -> Endpoint {
    let operation =
        Operation::new(method, StatusCode::OK).gives(Content::of::<Token>(TOKEN_MEDIA, Shape::One));
    Endpoint::new(operation, login)
        .note("Gives a token for the credentials in `Authorization` (Basic).")
        .fails(StatusCode::UNAUTHORIZED, "Credentials are missing.")
}

async fn login(State(_): State<Shared>, headers: HeaderMap) -> Result<Response, Failure> {
    let refuse = |message: &str| {
        Failure::new(StatusCode::UNAUTHORIZED, message)
            .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic  realm=\"BASIC_AUTH_REALM\""))
            .with(header::CONTENT_TYPE, HeaderValue::from_static(ERROR_TYPE))
    };
    let credentials =
        headers.get(header::AUTHORIZATION).ok_or_else(|| refuse("Authorization header is not set."))?;
    if !credentials.to_str().is_ok_and(|c| c.starts_with("Basic ")) {
        return Err(refuse("Authorization header must be of the Basic scheme."));
    }
    let mut response = json(TOKEN_TYPE, &Token { key: TOKEN, expires: None })?.into_response();
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::from_static("sessionId=00000000"));
    Ok(response)
}
