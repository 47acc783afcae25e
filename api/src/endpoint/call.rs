//! One request, and the network as it stands for it: the one place that says what a request sees.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use model::State;
use uuid::Uuid;

use super::Shared;
use crate::auth::{Authority, Caller, Identity};
use crate::failure::Failure;
use crate::links::Links;
use crate::live::Live;

/// Names with values, of a path or a query.
pub(super) type Parameters = Vec<(String, String)>;

/// One request, and the network as it stands for it.
#[derive(Clone)]
pub(crate) struct Call {
    /// The topology as the caller sees it; one version for the whole request.
    pub(crate) topology: State,
    /// Where the rest is.
    pub(crate) live: Arc<Live>,
    /// Makes `uri`s.
    pub(crate) links: Links,
    /// Who calls.
    pub(crate) caller: Caller,
    /// Who knows callers and tenants.
    pub(crate) authority: Arc<Authority>,
    /// What was asked for, below the base.
    place: String,
    path: Parameters,
    query: Parameters,
}

impl Call {
    /// An id of the path; there is nothing under one that is malformed.
    pub(crate) fn id<T: From<Uuid>>(&self, name: &str) -> Result<T, Failure> {
        let text = self.segment(name);
        text.parse::<Uuid>().map(T::from).map_err(|_| Failure::not_found("object", text))
    }

    /// A segment of the path, decoded.
    pub(crate) fn segment(&self, name: &str) -> &str {
        self.path.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// A filter of the query.
    pub(crate) fn filter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All parameters of the query, in order.
    pub(crate) fn query(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The address that was asked for, without its query.
    pub(crate) fn target(&self) -> String {
        self.links.to(format_args!("{}", self.place.trim_start_matches('/')))
    }

    /// Whether an object of this tenant is asked for.
    pub(crate) fn wants_tenant(&self, tenant: Option<&str>) -> bool {
        self.filter("tenant_id").is_none_or(|wanted| tenant == Some(wanted))
    }

    /// The call of a request, at the newest topology.
    pub(crate) async fn of(parts: &mut Parts, readiness: &Shared) -> Result<Self, Failure> {
        // Only the gate knows who calls; a request that has not passed it has no business here.
        let stranger = || Failure::unauthorized("Who calls is not known.");
        let caller = parts.extensions.get::<Identity>().ok_or_else(stranger)?.caller.clone();
        let authority = Arc::clone(parts.extensions.get::<Arc<Authority>>().ok_or_else(stranger)?);
        let live = readiness.borrow().live()?;
        let path = RawPathParams::from_request_parts(parts, &())
            .await
            .map_err(|_| Failure::new(StatusCode::NOT_FOUND, "The path is not valid UTF-8."))?;
        let path = path.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let query = Query::<Parameters>::try_from_uri(&parts.uri)
            .map_err(|error| Failure::bad_request(format!("The query cannot be read: {error}.")))?
            .0;
        let place = parts.uri.path().to_owned();
        let (topology, links) = (caller.view(live.store.snapshot()), Links::of(&parts.headers));
        Ok(Self { topology, live, links, caller, authority, place, path, query })
    }

    /// The same request upon what other servers have committed since, if they have.
    pub(super) async fn newer(&self) -> Option<Self> {
        let newest = self.live.store.newest().await.ok()?;
        (newest.version() > self.topology.version()).then(|| self.at(&newest))
    }

    /// The same request in a transaction that has come so far.
    pub(super) fn at(&self, topology: &State) -> Self {
        Self { topology: self.caller.view(topology.clone()), ..self.clone() }
    }

    /// The same request, were it of another path.
    pub(super) fn of_path(&self, path: Parameters) -> Self {
        Self { path, query: Vec::new(), ..self.clone() }
    }

    /// The same request, with addresses that do not depend on the host that was called.
    pub(super) fn anywhere(&self) -> Self {
        Self { links: Links::relative(), ..self.clone() }
    }
}
