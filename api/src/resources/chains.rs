//! Chains: created, read and deleted; what changes is their rules.

use model::{Chain, ChainId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{new_id, remove};
use crate::endpoint::{Call, Edit, Routes, create, delete_existing, list, one};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::media::Media;

const CHAIN: Media = Media::new("Chain", &[1]);

pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/chains", list(CHAIN, all).merge(create::<View>(CHAIN, add)))
        .route("/chains/{id}", one(CHAIN, get).merge(delete_existing(|call| remove::<ChainId>(call, "id"))))
}

/// A list of rules, asked in their order. Deleted, it leaves no filter and no jump behind.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct View {
    /// Chosen by the client when it is created, or else by the server; it stays.
    id: Uuid,
    /// Whose it is: any text, at most 255 bytes.
    #[schema(max_length = 255)]
    tenant_id: Option<String>,
    /// Any text, at most 255 bytes.
    #[schema(max_length = 255)]
    name: Option<String>,
    /// Its rules, in order.
    #[schema(read_only)]
    rules: String,
    /// Its address.
    #[schema(read_only)]
    uri: String,
}

fn view(call: &Call, chain: &Chain) -> View {
    let uri = call.links.to(format_args!("chains/{}", chain.id));
    View {
        id: chain.id.0,
        tenant_id: chain.tenant_id.clone(),
        name: chain.name.clone(),
        rules: format!("{uri}/rules"),
        uri,
    }
}

fn all(call: &Call) -> Result<Vec<View>, Failure> {
    let wanted = call.topology.chains().filter(|c| call.wants_tenant(c.tenant_id.as_deref()));
    Ok(wanted.map(|chain| view(call, chain)).collect())
}

fn get(call: &Call) -> Result<View, Failure> {
    let id = call.id::<ChainId>("id")?;
    let chain = call.topology.chain(id).ok_or(model::ObjectKey::from(id))?;
    Ok(view(call, chain))
}

fn add(call: &Call, fields: &mut Fields) -> Result<Edit, Failure> {
    let chain = Chain {
        id: new_id(fields),
        tenant_id: fields.text("tenantId"),
        name: fields.text("name"),
        rules: Vec::new(),
    };
    let location = call.links.to(format_args!("chains/{}", chain.id));
    Ok(Edit::new(move |tx| tx.create(chain.clone())).at(location))
}
