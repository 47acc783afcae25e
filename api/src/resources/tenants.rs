//! Tenants, as the provider of authentication knows them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Tenant;
use crate::endpoint::{Asking, Call, Gathering, Routes, asked_list, awaited_one};
use crate::failure::Failure;
use crate::links::Links;
use crate::media::{Json, Media};

const TENANT: Media = Media::new("Tenant", &[2]).json(Json::Refused);
/// What is encoded of a tenant's id in an address (RFC 3986 §2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn routes() -> Routes {
    let id = |call: &Call| Ok(call.segment("tenant").to_owned());
    Routes::new()
        .route("/tenants", asked_list(TENANT, all))
        .route("/tenants/{tenant}", awaited_one(TENANT, id, find, one))
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
    let id = utf8_percent_encode(&tenant.id, ENCODED).to_string();
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

fn all(call: &Call) -> Asking<'_, View> {
    Box::pin(async move {
        let tenants = call.authority.tenants(&call.caller).await?;
        Ok(tenants.into_iter().map(|tenant| view(&call.links, tenant)).collect())
    })
}

/// What the provider says of a tenant.
type Found = Result<Option<Tenant>, Failure>;

fn find<'a>(call: &'a Call, id: &'a String) -> Gathering<'a, Found> {
    Box::pin(call.authority.tenant(&call.caller, id))
}

fn one(call: &Call, id: &String, found: &Found) -> Result<View, Failure> {
    let tenant = found.clone()?.ok_or_else(|| Failure::not_found("Tenant", id))?;
    Ok(view(&call.links, tenant))
}
