//! `?wait=applied`: a write that is answered once the agents concerned have applied it, or after a while with 202.
//!
//! A host is concerned if it is alive and needs a document that the change touched. It has applied the change when its
//! workers forward by it and the flows that it touches are corrected.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::{HostId, ModelError, Transaction, Version};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::endpoint::{Call, json};
use crate::failure::Failure;

/// How long is waited unless the request says.
const PATIENCE_MS: u64 = 5_000;
/// The longest that a request may ask to be waited.
const MAX_PATIENCE_MS: u64 = 30_000;

/// What is answered with 202 (`application/json`): the change is committed, and not in force on these hosts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotApplied {
    /// For people.
    message: String,
    /// 202
    code: u16,
    /// The version of the topology that has the change.
    version: Version,
    /// The hosts that had not applied it in time, ordered by id.
    missing_hosts: Vec<MissingHost>,
}

/// A host that is alive and has not applied a change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MissingHost {
    id: Uuid,
    name: Option<String>,
    /// Address of the host's resource.
    uri: String,
}

/// Commits a change and answers with `status`; where the request says `wait=applied`, when agents have applied it.
pub(crate) async fn commit(
    call: &Call,
    change: impl FnMut(&mut Transaction) -> Result<(), ModelError> + Send + 'static,
    status: StatusCode,
) -> Result<Response, Failure> {
    let live = &call.live;
    let Some(patience) = patience(call)? else {
        live.store.commit(change).await?;
        return Ok(status.into_response());
    };
    let change = live.store.commit_acknowledged(change).await?;
    let missing = live.store.unacknowledged(&change, &live.hosts, patience).await;
    if missing.is_empty() {
        return Ok(status.into_response());
    }
    let answer = json("application/json", &not_applied(call, change.version, &missing))?;
    Ok((StatusCode::ACCEPTED, answer).into_response())
}

/// How long the request wants to wait; `None` if it does not.
fn patience(call: &Call) -> Result<Option<Duration>, Failure> {
    let millis = match (call.filter("wait"), call.filter("wait_ms")) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(Failure::bad_request("`wait_ms` belongs to `wait=applied`: send both, or neither."));
        }
        (Some("applied"), None) => PATIENCE_MS,
        (Some("applied"), Some(millis)) => {
            let millis = millis.parse().ok().filter(|millis| *millis <= MAX_PATIENCE_MS);
            millis.ok_or_else(|| {
                let message =
                    format!("`wait_ms` must be a number of milliseconds from 0 to {MAX_PATIENCE_MS}.");
                Failure::bad_request(message)
            })?
        }
        (Some(_), _) => {
            return Err(Failure::bad_request("`wait` can only be `applied`; leave it out not to wait."));
        }
    };
    Ok(Some(Duration::from_millis(millis)))
}

fn not_applied(call: &Call, version: Version, missing: &BTreeSet<HostId>) -> NotApplied {
    let topology = call.live.store.snapshot();
    let host = |id: &HostId| MissingHost {
        id: id.0,
        name: topology.host(*id).and_then(|host| host.name.clone()),
        uri: call.links.to(format_args!("hosts/{id}")),
    };
    NotApplied {
        message: format!(
            "The change is committed, but {} host(s) have not applied it in time.",
            missing.len()
        ),
        code: StatusCode::ACCEPTED.as_u16(),
        version,
        missing_hosts: missing.iter().map(host).collect(),
    }
}
