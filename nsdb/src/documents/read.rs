//! Reading documents.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream;
use model::{Document, DocumentKey, Version};

use super::root::{Body, Mark, Root};
use super::{KINDS, key_of, pages, path};
use crate::Error;
use crate::coordinator::Coordinator;

/// Reads in flight at once when all documents are listed.
const CONCURRENT_READS: usize = 16;
/// A document that changes faster than its pages can be read is given up for the moment after so many attempts.
const ATTEMPTS: usize = 8;

/// What a reader finds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Read {
    /// The same as the last time.
    Unchanged,
    /// The document, current for this version at least; `acknowledge` is the newest version at which agents were asked to
    /// acknowledge it, 0 if nobody can be waiting for that.
    Current { version: Version, acknowledge: Version, document: Arc<Document> },
    /// There is none.
    Absent,
}

/// Reads one document again and again, fetching only what changed.
pub(crate) struct DocumentReader {
    coordinator: Arc<dyn Coordinator>,
    path: String,
    /// Stamp of the last document told; `None` if it was absent.
    stamp: Option<Version>,
    /// The pages of the last document told.
    pages: HashMap<String, Bytes>,
}

impl DocumentReader {
    /// Has read nothing yet.
    pub(crate) fn new(coordinator: Arc<dyn Coordinator>, key: DocumentKey) -> Self {
        Self { coordinator, path: path(key), stamp: None, pages: HashMap::new() }
    }

    /// The key whose watch tells of changes.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Reads the document as it stands.
    pub(crate) async fn read(&mut self) -> Result<Read, Error> {
        for _ in 0..ATTEMPTS {
            let root = match self.coordinator.get(&self.path).await? {
                Some((value, _)) => Root::decode(&value).ok_or_else(|| self.malformed("it has no header"))?,
                None => Root::gone(0),
            };
            let Body::Live { mark, pages, content } = root.body else {
                (self.stamp, self.pages) = (None, HashMap::new());
                return Ok(Read::Absent);
            };
            if self.stamp == Some(root.stamp) {
                return Ok(Read::Unchanged);
            }
            if let Some(read) = self.fetch(&pages).await? {
                let parts = pages.iter().filter_map(|name| read.get(name));
                let document = pages::join(&content, parts).map_err(|error| self.malformed(error))?;
                (self.stamp, self.pages) = (Some(root.stamp), read);
                let acknowledge = mark.filter(Mark::is_awaited).map_or(0, |mark| mark.version);
                let (version, document) = (root.stamp, Arc::new(document));
                return Ok(Read::Current { version, acknowledge, document });
            }
        }
        Ok(Read::Unchanged)
    }

    /// The pages of these names; `None` if one is gone, because the root has moved on.
    async fn fetch(&self, names: &[String]) -> Result<Option<HashMap<String, Bytes>>, Error> {
        let mut read = HashMap::with_capacity(names.len());
        for name in names {
            let page = match self.pages.get(name) {
                Some(page) => page.clone(),
                None => match self.coordinator.get(&format!("{}/{name}", self.path)).await? {
                    Some((page, _)) => page,
                    None => return Ok(None),
                },
            };
            read.insert(name.clone(), page);
        }
        Ok(Some(read))
    }

    fn malformed(&self, reason: impl std::fmt::Display) -> Error {
        Error::malformed(&self.path, reason)
    }
}

/// Everything that stands under `doc`: the documents, and the stamps of those that are no more or not yet.
#[derive(Debug, Default)]
pub(crate) struct Everything {
    pub(crate) documents: Vec<Document>,
    pub(crate) tombstones: Vec<(Version, DocumentKey)>,
}

/// Reads all documents, each as it stands when its turn comes.
pub(crate) async fn read_all(coordinator: &Arc<dyn Coordinator>) -> Result<Everything, Error> {
    let mut keys = Vec::new();
    for kind in KINDS {
        let names = coordinator.list(&format!("doc/{kind}")).await?;
        keys.extend(names.iter().filter_map(|name| key_of(kind, name)));
    }
    let mut reads = stream::iter(keys)
        .map(|key| async move { read_one(coordinator, key).await.map(|found| (key, found)) })
        .buffer_unordered(CONCURRENT_READS);
    let mut everything = Everything::default();
    while let Some(read) = reads.next().await {
        match read? {
            (_, Found::Document(document)) => everything.documents.push(Arc::unwrap_or_clone(document)),
            (key, Found::Tombstone(stamp)) => everything.tombstones.push((stamp, key)),
            (_, Found::Nothing) => {}
        }
    }
    Ok(everything)
}

enum Found {
    Document(Arc<Document>),
    Tombstone(Version),
    Nothing,
}

async fn read_one(coordinator: &Arc<dyn Coordinator>, key: DocumentKey) -> Result<Found, Error> {
    let mut reader = DocumentReader::new(Arc::clone(coordinator), key);
    loop {
        match reader.read().await? {
            Read::Current { document, .. } => return Ok(Found::Document(document)),
            Read::Unchanged => {}
            Read::Absent => break,
        }
    }
    let root = coordinator.get(&path(key)).await?.and_then(|(value, _)| Root::decode(&value));
    Ok(match root {
        Some(Root { stamp, body: Body::Gone | Body::Pending }) => Found::Tombstone(stamp),
        // Created since: the log has it.
        Some(Root { body: Body::Live { .. }, .. }) | None => Found::Nothing,
    })
}
