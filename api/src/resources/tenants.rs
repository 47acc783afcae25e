//! Tenants, as the provider of authentication knows them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use crate::auth::{Authority, Identity, Tenant};
use crate::endpoint::{Content, Endpoint, Operation, Routes, json};
use crate::failure::Failure;
use crate::links::Links;
use crate::media::{Json, Media, Shape};

const TENANT: Media = Media::new("Tenant", &[2]).json(Json::Refused);

pub(super) fn routes() -> Routes {
    let reading =
        |shape| Operation::new(HttpMethod::Get, StatusCode::OK).gives(Content::of::<View>(TENANT, shape));
    Routes::new()
        .route("/tenants", Endpoint::new(reading(Shape::Collection), all))
        .route("/tenants/{tenant}", Endpoint::new(reading(Shape::One), one))
}

/// A tenant, as the provider of authentication knows it: a project of Keystone's, or one that the file of tokens names.
/// Without authentication every name is one, and the administrator's is listed.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
#[serde(rename_all = "camelCase")]
struct View {
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

fn view(links: &Links, tenant: Tenant) -> View {
    let id = &tenant.id;
    let of = |kind: &str| links.to(format_args!("{kind}?tenant_id={id}"));
    View {
        routers: of("routers"),
        bridges: of("bridges"),
        chains: of("chains"),
        port_groups: of("port_groups"),
        uri: links.to(format_args!("tenants/{id}")),
        id: tenant.id,
        name: tenant.name,
        description: tenant.description,
        enabled: tenant.enabled,
    }
}

async fn all(
    Extension(authority): Extension<Arc<Authority>>,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let media_type = TENANT.choose(Shape::Collection, &headers)?;
    let links = Links::of(&headers);
    let tenants = authority.tenants(&identity.caller).await?;
    json(&media_type, &tenants.into_iter().map(|tenant| view(&links, tenant)).collect::<Vec<_>>())
}

async fn one(
    Extension(authority): Extension<Arc<Authority>>,
    Extension(identity): Extension<Identity>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let media_type = TENANT.choose(Shape::One, &headers)?;
    let tenant = authority.tenant(&identity.caller, &id).await?;
    let tenant = tenant.ok_or_else(|| Failure::not_found("Tenant", &id))?;
    json(&media_type, &view(&Links::of(&headers), tenant))
}
