//! Tenants, as the provider of authentication knows them.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use serde::Serialize;

use super::Routes;
use crate::auth::{Authority, Identity, Tenant};
use crate::endpoint::json;
use crate::failure::Failure;
use crate::links::Links;
use crate::media::{Json, Media, Shape};

const TENANT: Media = Media::new("Tenant", &[2]).json(Json::Refused);

pub(super) fn routes() -> Routes {
    Routes::new().route("/tenants", get(all)).route("/tenants/{id}", get(one))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    id: String,
    name: String,
    description: String,
    enabled: bool,
    routers: String,
    bridges: String,
    chains: String,
    port_groups: String,
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
