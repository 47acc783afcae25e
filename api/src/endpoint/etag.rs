//! Entity tags (RFC 9110 §8.8.3) and the conditions on them.
//!
//! A tag is made of all that GET shows of an object, so it changes with everything that is seen of it, whoever changed
//! what: a chain deleted elsewhere takes a filter off a bridge, and the bridge has another tag. It is the same on every
//! server and under every host name that a server is called by.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use uuid::Uuid;

use super::Call;
use crate::failure::Failure;

/// What tags are made in: a fixed UUID, so that they differ from all other name-based ones.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d69_6473_7061_6e2d_6574_6167_0000_0001);

/// A strong entity tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ETag(Uuid);

impl ETag {
    /// The tag of what is shown.
    pub(super) fn of(view: &impl Serialize) -> Result<Self, Failure> {
        let shown = serde_json::to_vec(view)
            .map_err(|error| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        Ok(Self(Uuid::new_v5(&NAMESPACE, &shown)))
    }

    /// The tag as a header.
    pub(super) fn header(self) -> Option<(header::HeaderName, HeaderValue)> {
        Some((header::ETAG, HeaderValue::try_from(self.to_string()).ok()?))
    }

    /// Whether `If-None-Match` names it: then the client has what it asks for.
    pub(super) fn is_known(self, headers: &HeaderMap) -> bool {
        let weakened = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
        let own = self.to_string();
        tags(headers, &header::IF_NONE_MATCH).any(|tag| tag == "*" || weakened(tag) == own)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.simple())
    }
}

/// Tells the tag of what a call asks for, from a state of live things that was gathered before.
pub(super) type Tell = Box<dyn Fn(&Call) -> Result<ETag, Failure> + Send>;

/// What `If-Match` asks for, and how to find out. Asked inside the transaction that the write is made in.
pub(super) struct Condition {
    pub(super) wanted: Vec<String>,
    pub(super) tell: Tell,
}

impl Condition {
    /// The tags of `If-Match`, if there is one.
    pub(super) fn wanted(headers: &HeaderMap) -> Option<Vec<String>> {
        headers
            .contains_key(header::IF_MATCH)
            .then(|| tags(headers, &header::IF_MATCH).map(str::to_owned).collect())
    }

    /// Whether the object is as wanted.
    pub(super) fn check(&self, call: &Call) -> Result<(), Failure> {
        let now = (self.tell)(call)?;
        let text = now.to_string();
        if self.wanted.iter().any(|tag| tag == "*" || *tag == text) {
            Ok(())
        } else {
            Err(Failure::moved(now))
        }
    }
}

/// The tags that a header lists.
fn tags<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|tag| !tag.is_empty())
}
