//! What can go wrong between the coordinator and the topology.

use crate::coordinator;

/// Why the store or a document could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The coordinator failed; its error says whether to retry.
    #[error(transparent)]
    Coordinator(#[from] coordinator::Error),
    /// A key holds what this release cannot read. Nothing was changed.
    #[error(
        "key {key} of the network state database cannot be read: {reason}; it was written by a newer release or is \
         damaged: run the newest release everywhere, or restore the database from a backup"
    )]
    Malformed {
        /// The key at fault.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// This process was cut off for so long that the history it would continue is compacted. It reads the topology anew.
    #[error("version {version} of the topology is compacted: read the topology anew")]
    Compacted {
        /// The version that is no more.
        version: model::Version,
    },
}

impl Error {
    pub(crate) fn malformed(key: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Malformed { key: key.into(), reason: reason.to_string() }
    }

    /// Whether a value was refused for what it is, so that only another value in its place can be written.
    pub(crate) fn is_too_large(&self) -> bool {
        matches!(self, Self::Coordinator(coordinator::Error::TooLarge { .. }))
    }

    /// Whether the coordinator is out of reach, as opposed to something being wrong.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Coordinator(error) if error.is_outage())
    }
}
