//! Why a command failed, told so that it can be put right.

use std::fmt::{self, Display};

use api_client::{Error as ClientError, Refusal};

use crate::codec::ValueError;
use crate::grammar::{Assignment, SyntaxError};
use crate::objects::Kind;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    #[error(transparent)]
    Value(#[from] ValueError),
    #[error("User error: {0} is a read-only attribute.")]
    ReadOnly(&'static str),
    #[error("User error: {0} cannot be cleared.")]
    NotClearable(&'static str),
    #[error("User error: this {kind} has no {attribute}.")]
    NotApplicable { kind: &'static str, attribute: &'static str },
    #[error("There is no {kind} {which} here.")]
    Missing { kind: &'static str, which: String },
    #[error("There are {count} of {kind} {which} here: say more of the one that is meant.")]
    Ambiguous { kind: &'static str, which: String, count: usize },
    #[error("The server does not offer {0}.")]
    NotOffered(String),
    #[error("A {0} cannot be changed: delete it and create another.")]
    Unchangeable(&'static str),
    #[error("Invalid credential: {0}")]
    Credential(String),
    #[error(transparent)]
    Refused(Refused),
    #[error("{0}\n  Where the API is, --midonet-url, MIDO_API_URL or api_url in ~/.midspanrc say.")]
    Unreachable(ClientError),
    #[error(transparent)]
    Client(ClientError),
}

/// What the server refused, with the attributes at fault under the names that commands have for them.
#[derive(Debug)]
pub(crate) struct Refused {
    refusal: Refusal,
    /// Attribute, its value in the command, what is wrong.
    faults: Vec<(String, Option<String>, String)>,
}

impl Error {
    /// What the server says, in the words of a command that gave these values to an object of this kind.
    pub(crate) fn of(error: ClientError, kind: &Kind, given: &[Assignment]) -> Self {
        let refusal = match error {
            ClientError::Refused(refusal) if refusal.status.as_u16() == 401 => {
                return Self::Credential(refusal.message);
            }
            ClientError::Refused(refusal) => refusal,
            error @ ClientError::Unreachable { .. } => return Self::Unreachable(error),
            error => return Self::Client(error),
        };
        let fault = |violation: &api_client::Violation| {
            let attribute = kind.attribute_behind(&violation.property);
            let given = given.iter().find(|a| Some(a.attribute.name) == attribute.map(|a| a.name));
            let name = attribute.map_or(violation.property.as_str(), |attribute| attribute.name);
            (name.to_owned(), given.map(|a| a.value.clone()), violation.message.clone())
        };
        let faults = refusal.violations.iter().map(fault).collect();
        Self::Refused(Refused { refusal, faults })
    }

    /// Whether the server has no such thing.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.refusal.status.as_u16() == 404)
    }

    /// Whether the server takes no such request there.
    pub(crate) fn is_not_allowed(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.refusal.status.as_u16() == 405)
    }
}

impl From<ClientError> for Error {
    fn from(error: ClientError) -> Self {
        Self::of(error, &Kind::PLAIN, &[])
    }
}

impl std::error::Error for Refused {}

impl Display for Refused {
    /// The answer as it is, which scripts may look for, and below it what concerns single attributes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refusal.body.trim() {
            "" => write!(f, "Internal error: {}", self.refusal.status)?,
            body => write!(f, "Internal error: {body}")?,
        }
        self.faults.iter().try_for_each(|(name, value, message)| match value {
            Some(value) => write!(f, "\n  {name} {value}: {message}"),
            None => write!(f, "\n  {name}: {message}"),
        })
    }
}
