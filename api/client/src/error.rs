//! What can go wrong with a request.

use std::fmt;

use hyper::StatusCode;
use serde_json::Value;

/// Why a request has no answer, or not the one hoped for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The URL is of no use.
    #[error("`{url}` is not a URL that can be called: {reason}")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The token cannot stand in a header.
    #[error("the authentication token has characters that a header cannot carry")]
    Token,
    /// It is not known whom to trust with TLS.
    #[error("the certificates of {of} cannot be used: {reason}")]
    Trust {
        /// The file, or where else they come from.
        of: String,
        /// What is wrong with them.
        reason: String,
    },
    /// Nobody answered. The request may have been carried out if the connection broke late.
    #[error("{url} cannot be reached: {reason}")]
    Unreachable {
        /// What was called.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The server refused.
    #[error(transparent)]
    Refused(Refusal),
    /// The answer is not what its status promises.
    #[error("the answer of the server cannot be understood: {0}")]
    Malformed(String),
}

/// The error body of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Status of the answer.
    pub status: StatusCode,
    /// What the server says.
    pub message: String,
    /// The properties of the body that are at fault.
    pub violations: Vec<Violation>,
    /// The answer as it came.
    pub body: String,
}

/// A property that the server does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Name of the property.
    pub property: String,
    /// What is wrong with it.
    pub message: String,
}

impl Refusal {
    pub(crate) fn of(status: StatusCode, body: &[u8]) -> Self {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let json: Value = serde_json::from_slice(body).unwrap_or_default();
        let violation = |value: &Value| {
            Some(Violation { property: text(value, "property")?, message: text(value, "message")? })
        };
        let violations = json.get("violations").and_then(Value::as_array);
        let violations = violations.into_iter().flatten().filter_map(violation).collect();
        let body = String::from_utf8_lossy(body).trim().to_owned();
        Self { status, message: text(&json, "message").unwrap_or_else(|| body.clone()), violations, body }
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            "" => write!(f, "{}", self.status)?,
            message => write!(f, "{message} ({})", self.status)?,
        }
        self.violations.iter().try_for_each(|v| write!(f, "\n  {}: {}", v.property, v.message))
    }
}
