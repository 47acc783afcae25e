//! One request, and the network as it stands for it: the one place that says what a request sees.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use model::State;
use uuid::Uuid;

use super::{PAGE_AFTER, PAGE_SIZE, Shared};
use crate::failure::Failure;
use crate::links::Links;
use crate::live::Live;

/// Names with values, of a path or a query.
pub(super) type Parameters = Vec<(String, String)>;

/// One request, and the network as it stands for it.
#[derive(Clone)]
pub(crate) struct Call {
    /// The topology; one version for the whole request.
    pub(crate) topology: State,
    /// Where the rest is.
    pub(crate) live: Arc<Live>,
    /// Makes `uri`s.
    pub(crate) links: Links,
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

    /// Of all ids in their order, those that can be on the page that is asked for, and one more; all of them where
    /// something else than a page is asked for.
    pub(crate) fn window<T: Copy + Into<Uuid>>(&self, mut ids: Vec<T>) -> Vec<T> {
        if self.query().any(|(name, _)| name != PAGE_SIZE && name != PAGE_AFTER) {
            return ids;
        }
        if let Some(after) = self.filter(PAGE_AFTER).and_then(|after| after.parse::<Uuid>().ok()) {
            ids.drain(..ids.partition_point(|id| (*id).into() <= after));
        }
        if let Some(size) = self.filter(PAGE_SIZE).and_then(|size| size.parse::<usize>().ok()) {
            ids.truncate(size.saturating_add(1));
        }
        ids
    }

    /// The call of a request, at the newest topology.
    pub(crate) async fn of(parts: &mut Parts, readiness: &Shared) -> Result<Self, Failure> {
        let live = readiness.borrow().live()?;
        let path = RawPathParams::from_request_parts(parts, &())
            .await
            .map_err(|_| Failure::new(StatusCode::NOT_FOUND, "The path is not valid UTF-8."))?;
        let path = path.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let query = Query::<Parameters>::try_from_uri(&parts.uri)
            .map_err(|error| Failure::bad_request(format!("The query cannot be read: {error}.")))?
            .0;
        let place = parts.uri.path().to_owned();
        let (topology, links) = (live.store.snapshot(), Links::of(&parts.headers));
        Ok(Self { topology, live, links, place, path, query })
    }

    /// The same request in a transaction that has come so far.
    pub(super) fn at(&self, topology: &State) -> Self {
        Self { topology: topology.clone(), ..self.clone() }
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
