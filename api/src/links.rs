//! Addresses of resources, absolute, under the scheme and host that the client called.

use std::fmt::Arguments;

use axum::http::{HeaderMap, HeaderName, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

/// Path under which the API stands.
pub(crate) const BASE: &str = "/midonet-api";
/// The scheme that the client called: said by a proxy that ends TLS before us, set by ourselves where we do.
pub(crate) const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What a segment of a path cannot hold as it is (RFC 3986 §2.3, §3.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Text as one segment of a path.
pub(crate) fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// Makes the `uri`s of one answer.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    root: String,
}

impl Links {
    /// Links under the request's `Host`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let is_tls = headers.get(X_FORWARDED_PROTO).is_some_and(|scheme| scheme == "https");
        let scheme = if is_tls { "https" } else { "http" };
        Self { root: format!("{scheme}://{host}{BASE}") }
    }

    /// Whether the client called by TLS.
    pub(crate) fn are_secure(&self) -> bool {
        self.root.starts_with("https:")
    }

    /// Links that are the same whatever host was called.
    pub(crate) fn relative() -> Self {
        Self { root: BASE.to_owned() }
    }

    /// The address of a path under the base, such as `bridges/{id}`.
    pub(crate) fn to(&self, path: Arguments<'_>) -> String {
        format!("{}/{path}", self.root)
    }

    /// The address of an object that may not be there.
    pub(crate) fn to_any(&self, collection: &str, id: Option<impl std::fmt::Display>) -> Option<String> {
        id.map(|id| self.to(format_args!("{collection}/{id}")))
    }

    /// What stands behind the base in an address, which may be given without host or without base: `/bridges/{id}`.
    pub(crate) fn path_of<'a>(&self, address: &'a str) -> &'a str {
        let path = address.strip_prefix(&self.root).or_else(|| address.strip_prefix(BASE)).unwrap_or(address);
        path.trim_end_matches('/')
    }
}
