//! Acknowledgements: which agents have applied a change that somebody waits for.
//!
//! ```text
//! API server: Store::commit_acknowledged ─▶ log entry names the documents ─▶ their roots bear its version as a mark
//! agent:      a document with a newer mark than acknowledged ─▶ applied ─▶ Acknowledgements: one ephemeral key
//! API server: Store::unacknowledged: the hosts that need the documents, alive, whose keys are missing
//! ```
//! Who does not ask causes none of this. The keys of one document stand under one prefix, so that a waiting server hears
//! of the documents that it waits for only; agents listen to none.
//!
//! **Documents that go.** Nobody acknowledges a removal. A host that needed a document which it needs no more finds that
//! out from another one: on the way from its own document there is a first one that named the next and names it no
//! more; the change touched that one too, and the host needs it still. So it is enough to wait for the documents
//! that a host needs after the change. The same holds for a port that is unbound: the host's document tells.

mod agent;
mod missing;

use model::{DocumentKey, HostId, Version};

use crate::documents::place;

pub use agent::Acknowledgements;
pub(crate) use missing::missing;

/// Where the acknowledgements of a document stand.
fn prefix(document: DocumentKey) -> String {
    format!("applied/{}", place(document))
}

/// The name of an acknowledgement under its document's prefix.
fn name(host: HostId, version: Version) -> String {
    format!("{host},{version}")
}

/// The host that acknowledges a document, and the version that it has applied at least; `None` for another name.
fn parse(name: &str) -> Option<(HostId, Version)> {
    let (host, version) = name.split_once(',')?;
    Some((host.parse().ok()?, version.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        #[test]
        fn a_name_parses_back(host: u128, version: Version) {
            let host = HostId(Uuid::from_u128(host));
            prop_assert_eq!(parse(&name(host, version)), Some((host, version)));
        }

        #[test]
        fn no_name_panics(name: String) {
            parse(&name);
        }
    }
}
