//! Reading the topology from its documents.

use std::collections::{BTreeMap, HashMap};
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
    /// Documents that do not say what the topology says, or may lack the mark that agents are to acknowledge them: a server
    /// crashed, or is at work. Each has the version of that mark, or 0.
    pub(super) outdated: BTreeMap<DocumentKey, Version>,
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
        let mut asked = BTreeMap::new();
        while let Some(entry) = log::read(&**coordinator, state.version() + 1).await? {
            let version = state.version() + 1;
            state.apply(version, &entry.changes);
            asked.extend(entry.acknowledge.into_iter().map(|key| (key, version)));
        }
        if Progress::read(&**coordinator).await?.floor <= state.version() + 1 {
            asked.retain(|key, _| state.contains((*key).into()));
            let outdated = outdated(&state, documents, asked);
            return Ok(Loaded { state, applied, outdated, tombstones });
        }
        tracing::info!("history was compacted while the topology was being read: reading again");
    }
    Err(Error::malformed("log", "entries are missing above its floor"))
}

/// The keys of documents that differ from what the state makes of them, and of those that agents were asked to
/// acknowledge.
fn outdated(
    state: &State,
    stored: Vec<Document>,
    asked: BTreeMap<DocumentKey, Version>,
) -> BTreeMap<DocumentKey, Version> {
    let mut stored: HashMap<DocumentKey, Document> =
        stored.into_iter().map(|document| (document.key(), document)).collect();
    let mut outdated = asked;
    for document in all_documents(state) {
        if stored.remove(&document.key()).as_ref() != Some(&document) {
            outdated.entry(document.key()).or_default();
        }
    }
    outdated.extend(stored.into_keys().map(|key| (key, 0)));
    outdated
}
