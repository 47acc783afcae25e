//! What a request is answered when it fails: a status and an error body `{message, code}`, with `violations` where
//! properties of the body are at fault (media type `Error-v1`).

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{Kind, ModelError, ObjectKey};
use nsdb::store::CommitError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::kinds;

/// Media type of error bodies.
pub(crate) const ERROR_TYPE: &str = "application/vnd.org.midonet.Error-v1+json";
/// When a client may try again while the NSDB is out of reach.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a request is not answered as asked.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    message: String,
    violations: Vec<Violation>,
    /// Which operation of a bulk request failed, counted from 0.
    operation: Option<usize>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

/// A property of the body that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Violation {
    /// Its name; `tpDst.start` within another.
    pub(crate) property: String,
    /// What is wrong with it.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), violations: Vec::new(), operation: None, headers: Vec::new() }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn invalid(violations: Vec<Violation>) -> Self {
        let failure = Self::bad_request("Validation error(s) found");
        Self { violations, ..failure }
    }

    /// The object of the path, or one that the body names, is not there.
    pub(crate) fn not_found(class: &str, id: impl Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("There is no {class} with ID {id}."))
    }

    /// The NSDB is out of reach or not loaded yet.
    pub(crate) fn unavailable(message: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
            .with(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)))
    }

    /// Nobody is known by what the client shows. As recorded, these answers name a character set.
    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
            .with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic  realm=\"BASIC_AUTH_REALM\""))
            .with(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/vnd.org.midonet.Error-v1+json;charset=utf-8"),
            )
    }

    /// The client has to slow down: until `wait` is over.
    pub(crate) fn too_many(message: &str, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000) as u64;
        Self::new(StatusCode::TOO_MANY_REQUESTS, format!("{message}: try again in {seconds} s."))
            .with(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// A parameter of the query, or the like, that is at fault.
    pub(crate) fn parameter(name: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![Violation { property: name.to_owned(), message: message.into() }])
    }

    /// The object is not as `If-Match` says.
    pub(crate) fn moved(etag: impl Display) -> Self {
        let message =
            format!("The object is not as `If-Match` says: its `ETag` is {etag} now. Read it again.");
        Self::new(StatusCode::PRECONDITION_FAILED, message)
    }

    /// The same, of an operation of a bulk request.
    pub(crate) fn of_operation(self, index: usize) -> Self {
        Self { operation: Some(index), ..self }
    }

    /// The same under another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Sends a header along.
    pub(crate) fn with(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// The name of a kind in messages: that of MidoNet's model.
fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Bridge => "Network",
        Kind::IpAddrGroup => "IPAddrGroup",
        Kind::Vip => "Vip",
        Kind::Vtep => "Vtep",
        Kind::DhcpSubnet => "Dhcp",
        Kind::DhcpSubnet6 => "DhcpV6",
        Kind::QosPolicy => "QosPolicy",
        Kind::QosBandwidthRule => "QosRuleBandwidthLimit",
        Kind::QosDscpRule => "QosRuleDscp",
        other => kinds::name(other),
    }
}

impl From<ObjectKey> for Failure {
    fn from(key: ObjectKey) -> Self {
        Self::not_found(class(key.kind), key.id)
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Invalid { violations, .. } => Self::invalid(
                violations
                    .into_iter()
                    .map(|v| Violation { property: v.property.to_owned(), message: v.message })
                    .collect(),
            ),
            ModelError::NotFound(key) => key.into(),
            ModelError::Duplicate(key) => Self::new(
                StatusCode::CONFLICT,
                format!("A(n) {} with ID {} already exists.", class(key.kind), key.id),
            ),
            ModelError::Conflict { message, .. } => Self::new(StatusCode::CONFLICT, message),
            ModelError::Forbidden { message } => Self::new(StatusCode::FORBIDDEN, message),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<CommitError<Self>> for Failure {
    fn from(error: CommitError<Self>) -> Self {
        let message = error.to_string();
        match error {
            CommitError::Refused(failure) => failure,
            CommitError::Unavailable { retry_after, .. } => Self::unavailable(message, retry_after),
            CommitError::Uncertain => Self::unavailable(message, RETRY_AFTER),
            CommitError::TooLarge { .. } => Self::new(StatusCode::PAYLOAD_TOO_LARGE, message),
            CommitError::Failed(nsdb::Error::Coordinator(nsdb::coordinator::Error::Full { .. })) => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, message)
            }
            CommitError::Failed(_) => {
                tracing::error!(error = %message, "a change could not be committed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
            }
        }
    }
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorBody<'a> {
    /// For people: what is wrong, and what to do about it.
    message: &'a str,
    /// The status once more.
    code: u16,
    /// Every property of the body that is at fault.
    #[serde(skip_serializing_if = "<[Violation]>::is_empty")]
    violations: &'a [Violation],
    /// Which operation of a bulk request failed, counted from 0; nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<usize>,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = ErrorBody {
            message: &self.message,
            code: self.status.as_u16(),
            violations: &self.violations,
            operation: self.operation,
        };
        // A struct of strings and numbers always has a JSON form.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, ERROR_TYPE)], body).into_response();
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
