//! What can go wrong in the coordinator: one closed enum, each variant saying who is at fault and whether to retry.

use std::path::PathBuf;

/// Result of a coordinator operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Largest value that may be stored under a key, in bytes. Below ZooKeeper's 1 MiB frame, with room for its headers.
pub const MAX_VALUE_BYTES: usize = 1_000_000;

/// Why a coordinator operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `create` of a key that is there already, or an ephemeral key that another owner holds.
    #[error("key {key} exists already{}: choose another key, or read it and put", owned_by(.owner.as_deref()))]
    Exists {
        /// The key at fault.
        key: String,
        /// Who holds it, when it is ephemeral.
        owner: Option<String>,
    },
    /// The key does not stand at the version that the caller expected.
    #[error("key {key} is at {}, not at version {expected}: another writer was faster, read it again and retry", found_at(.found))]
    Conflict {
        /// The key at fault.
        key: String,
        /// The version that the caller expected.
        expected: u64,
        /// The version found where the driver knows it; `None` when the key is absent or the version unknown.
        found: Option<u64>,
    },
    /// The key is malformed, or the operation is not defined for it.
    #[error("key {key:?} refused: {reason}; this is a fault of the caller, do not retry")]
    Invalid {
        /// The key at fault.
        key: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// The value exceeds [`MAX_VALUE_BYTES`].
    #[error(
        "value of {bytes} bytes for key {key} exceeds the limit of {MAX_VALUE_BYTES} bytes: split it over several keys; do not retry"
    )]
    TooLarge {
        /// The key at fault.
        key: String,
        /// Size of the refused value.
        bytes: usize,
    },
    /// The store cannot be reached. The operation has certainly not been applied: retry later.
    #[error("{endpoint} is unavailable: {reason}; nothing was changed, retry later")]
    Unavailable {
        /// The server list or file.
        endpoint: String,
        /// What the last attempt met.
        reason: String,
    },
    /// A write was sent and the connection broke, or its deadline passed, before the answer came: it may or may not
    /// have been applied. Read the key back before retrying.
    #[error(
        "no answer from {endpoint} to a write of {key} ({reason}): it may or may not be applied, read it back before retrying"
    )]
    Uncertain {
        /// The server list or file.
        endpoint: String,
        /// The key written.
        key: String,
        /// What broke.
        reason: String,
    },
    /// A read got no answer within the deadline: retry later.
    #[error("{endpoint} did not answer a read of {key} within {millis} ms: retry later")]
    Timeout {
        /// The server list or file.
        endpoint: String,
        /// The key read.
        key: String,
        /// The deadline that passed.
        millis: u64,
    },
    /// The embedded store's file is damaged.
    #[error("the store {} is damaged ({reason}): stop the process, move the file away and restore it from a backup; do not retry", .path.display())]
    Corrupt {
        /// The damaged file.
        path: PathBuf,
        /// What the storage engine found.
        reason: String,
    },
    /// The embedded store is held by another process.
    #[error("the store {} is in use by another process: stop that process, or give this one a store of its own", .path.display())]
    InUse {
        /// The file in use.
        path: PathBuf,
    },
    /// The disk or quota under the embedded store is exhausted. Nothing was changed.
    #[error("no room for the store {} ({reason}): nothing was changed; free disk space, then retry", .path.display())]
    Full {
        /// The store's file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The embedded store's file or directory cannot be used.
    #[error("the store {} cannot be used ({reason}): check that the directory exists, its permissions and the disk", .path.display())]
    Storage {
        /// The store's file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The server refuses the operation: permissions or an answer that makes no sense.
    #[error(
        "{endpoint} refuses the operation on {key}: {reason}; check its access control and version, do not retry"
    )]
    Refused {
        /// The server list or file.
        endpoint: String,
        /// The key at fault.
        key: String,
        /// The server's reason.
        reason: String,
    },
    /// The address of the coordinator, or an option of it, is malformed.
    #[error("coordinator address {address:?} refused: {reason}; write HOST:PORT[,HOST:PORT...][/PATH]")]
    Address {
        /// The address as given.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// This coordinator was closed.
    #[error("the coordinator was closed by this process: do not retry")]
    Closed,
}

/// Whether and how an operation that failed may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same operation will fail again.
    Never,
    /// The same operation may succeed later; nothing was changed by this one.
    Later,
    /// Read the key first: what this operation knew is outdated, or it may have been applied.
    AfterReading,
}

impl Error {
    /// Whether and how to retry.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Exists { .. } | Self::Conflict { .. } | Self::Uncertain { .. } => Retry::AfterReading,
            Self::Unavailable { .. } | Self::Timeout { .. } | Self::Full { .. } => Retry::Later,
            Self::Invalid { .. }
            | Self::TooLarge { .. }
            | Self::Corrupt { .. }
            | Self::InUse { .. }
            | Self::Storage { .. }
            | Self::Refused { .. }
            | Self::Address { .. }
            | Self::Closed => Retry::Never,
        }
    }

    /// Whether the store is out of reach, as opposed to having answered: what an outage looks like to a caller.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Uncertain { .. } | Self::Timeout { .. })
    }
}

fn owned_by(owner: Option<&str>) -> String {
    owner.map(|owner| format!(", held by {owner}")).unwrap_or_default()
}

fn found_at(found: &Option<u64>) -> String {
    found.map_or_else(|| "another version or absent".to_owned(), |version| format!("version {version}"))
}
