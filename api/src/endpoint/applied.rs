//! `?wait=applied`: a write that is answered once the agents concerned have applied it, or after a while with 202.
//!
//! A host is concerned if it is alive and needs a document that the change touched. It has applied the change when its
//! workers forward by it and the flows that it touches are corrected.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::{HostId, Transaction, Version};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Call, Content, json};
use crate::auth::Caller;
use crate::failure::Failure;
use crate::media::{Json, Media, Shape};

/// What a write waits for.
pub(crate) const WAIT: &str = "wait";
/// The one thing that it can wait for.
pub(crate) const APPLIED: &str = "applied";
/// How long it waits, in milliseconds.
pub(crate) const WAIT_MS: &str = "wait_ms";
/// How long it waits unless it says.
pub(crate) const PATIENCE_MS: u32 = 5_000;
/// The longest that it may wait.
pub(crate) const MAX_PATIENCE_MS: u32 = 30_000;

const NOT_APPLIED: Media = Media::plain("NotApplied", "application/json").json(Json::Refused);

/// What a write waits for before it is answered.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    /// That its change is durable.
    Durable,
    /// That agents have applied it too, for so long at most.
    Applied(Duration),
}

/// What a write has come to.
pub(super) struct Made<T> {
    /// The version that has its change.
    pub(super) version: Version,
    /// What the change returned.
    pub(super) value: T,
    /// Where it was to be in force and is not.
    pub(super) not_applied: Option<NotApplied>,
}

/// Said with 202: the change is committed, and not in force on every host that it concerns.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotApplied {
    /// For people.
    message: String,
    /// The status once more.
    code: u16,
    /// The version of the topology that has the change.
    version: u64,
    /// How many hosts had not applied it in time.
    missing: usize,
    /// Which, ordered by id. Only the operator is told.
    missing_hosts: Option<Vec<MissingHost>>,
}

/// A host that is alive and has not applied a change.
#[derive(Serialize, ToSchema)]
struct MissingHost {
    id: Uuid,
    name: Option<String>,
    /// Its address.
    uri: String,
}

impl Wait {
    /// What a request says.
    pub(super) fn of(call: &Call) -> Result<Self, Failure> {
        let millis = match (call.filter(WAIT), call.filter(WAIT_MS)) {
            (None, None) => return Ok(Self::Durable),
            (Some(APPLIED), None) => PATIENCE_MS,
            (Some(APPLIED), Some(text)) => {
                text.parse().ok().filter(|ms| *ms <= MAX_PATIENCE_MS).ok_or_else(|| {
                    let message = format!("must be a number of milliseconds from 0 to {MAX_PATIENCE_MS}");
                    Failure::parameter(WAIT_MS, message)
                })?
            }
            (None, Some(_)) => {
                return Err(Failure::parameter(WAIT_MS, format!("goes with `{WAIT}={APPLIED}` only")));
            }
            (Some(_), _) => {
                let message = format!("can only be `{APPLIED}`; leave it out not to wait");
                return Err(Failure::parameter(WAIT, message));
            }
        };
        Ok(Self::Applied(Duration::from_millis(millis.into())))
    }

    /// Makes a change, and waits.
    pub(super) async fn commit<T: Send + 'static>(
        self,
        call: &Call,
        change: impl FnMut(&mut Transaction) -> Result<T, Failure> + Send + 'static,
    ) -> Result<Made<T>, Failure> {
        let (store, hosts) = (&call.live.store, &call.live.hosts);
        let Self::Applied(patience) = self else {
            let (version, value) = store.commit(change).await?;
            return Ok(Made { version, value, not_applied: None });
        };
        let change = store.commit_acknowledged(change).await?;
        let missing = store.unacknowledged(&change, hosts, patience).await;
        let not_applied = (!missing.is_empty()).then(|| NotApplied::of(call, change.version, &missing));
        Ok(Made { version: change.version, value: change.value, not_applied })
    }
}

impl NotApplied {
    /// As the OpenAPI document tells it.
    pub(super) fn content() -> Content {
        Content::of::<Self>(NOT_APPLIED, Shape::One)
    }

    fn of(call: &Call, version: Version, missing: &BTreeSet<HostId>) -> Self {
        let host = |id: &HostId| MissingHost {
            id: id.0,
            name: call.live.store.snapshot().host(*id).and_then(|host| host.name.clone()),
            uri: call.links.to(format_args!("hosts/{id}")),
        };
        let missing_hosts = match call.caller {
            Caller::Operator => Some(missing.iter().map(host).collect()),
            Caller::Tenant { .. } => None,
        };
        let missing = missing.len();
        let message = format!("The change is committed, but {missing} host(s) have not applied it in time.");
        Self { message, code: StatusCode::ACCEPTED.as_u16(), version, missing, missing_hosts }
    }

    /// The answer to a single write.
    pub(super) fn answer(&self) -> Result<Response, Failure> {
        Ok((StatusCode::ACCEPTED, json("application/json", self)?).into_response())
    }
}
