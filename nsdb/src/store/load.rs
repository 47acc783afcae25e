//! Reading the topology from its documents.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use model::{Document, DocumentKey, State, Version, all_documents};

use crate::coordinator::Coordinator;
use crate::documents::{self, Everything};
use crate::progress::Progress;
use crate::{Error, log};

/// Compaction may overtake the reading, but hardly so often.
const ATTEMPTS: usize = 10;

/// What the coordinator says.
pub(super) struct Loaded {
    /// The topology at the newest version found.
    pub(super) state: State,
    /// Version that the documents are known to be current for.
    pub(super) applied: Version,
    /// Documents that do not say what the topology says: a server crashed, or is at work.
    pub(super) outdated: BTreeSet<DocumentKey>,
    /// Documents that are no more, or were never finished.
    pub(super) tombstones: Vec<(Version, DocumentKey)>,
}

/// Reads all documents, then the log's entries that they may lack.
///
/// Every document is current for `applied` at least and may be newer. As changes put whole objects, running the entries
/// from there on over a mixture of versions ends in the true state, once past the newest version in the mixture; and that
/// is in the log, for it was committed before it was written to a document.
pub(super) async fn load(coordinator: &Arc<dyn Coordinator>) -> Result<Loaded, Error> {
    for _ in 0..ATTEMPTS {
        let applied = Progress::read(&**coordinator).await?.applied;
        let Everything { documents, tombstones } = documents::read_all(coordinator).await?;
        let mut state = State::from_documents(applied, documents.iter().cloned());
        while let Some(entry) = log::read(&**coordinator, state.version() + 1).await? {
            state.apply(state.version() + 1, &entry.changes);
        }
        if Progress::read(&**coordinator).await?.floor <= state.version() + 1 {
            let outdated = outdated(&state, documents);
            return Ok(Loaded { state, applied, outdated, tombstones });
        }
        tracing::info!("history was compacted while the topology was being read: reading again");
    }
    Err(Error::malformed("log", "entries are missing above its floor"))
}

/// The keys of documents that differ from what the state makes of them.
fn outdated(state: &State, stored: Vec<Document>) -> BTreeSet<DocumentKey> {
    let mut stored: HashMap<DocumentKey, Document> =
        stored.into_iter().map(|document| (document.key(), document)).collect();
    let mut outdated = BTreeSet::new();
    for document in all_documents(state) {
        if stored.remove(&document.key()).as_ref() != Some(&document) {
            outdated.insert(document.key());
        }
    }
    outdated.extend(stored.into_keys());
    outdated
}
