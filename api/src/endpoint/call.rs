//! One request, and the network as it stands for it: the one place that says what a request sees.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use uuid::Uuid;

use super::Shared;
use crate::failure::Failure;
use crate::links::Links;
use crate::live::Live;

/// Names with values, of a path or a query.
type Parameters = Vec<(String, String)>;

/// One request, and the network as it stands for it.
pub(crate) struct Call {
    /// The topology; one version for the whole request.
    pub(crate) topology: model::State,
    /// Where the rest is.
    pub(crate) live: Arc<Live>,
    /// Makes `uri`s.
    pub(crate) links: Links,
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

    /// Whether an object of this tenant is asked for.
    pub(crate) fn wants_tenant(&self, tenant: Option<&str>) -> bool {
        self.filter("tenant_id").is_none_or(|wanted| tenant == Some(wanted))
    }

    /// The call of a request, at the newest topology.
    pub(super) async fn of(parts: &mut Parts, readiness: &Shared) -> Result<Self, Failure> {
        let live = readiness.borrow().live()?;
        let path = RawPathParams::from_request_parts(parts, &())
            .await
            .map_err(|_| Failure::new(StatusCode::NOT_FOUND, "The path is not valid UTF-8."))?;
        let path = path.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let query = Query::<Parameters>::try_from_uri(&parts.uri)
            .map_err(|error| Failure::bad_request(format!("The query cannot be read: {error}.")))?
            .0;
        Ok(Self { topology: live.store.snapshot(), live, links: Links::of(&parts.headers), path, query })
    }
}
