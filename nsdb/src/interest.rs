//! Interest: the documents that one agent wants, kept current by one watch per document.
//!
//! Each wanted document has a small task: it reads the document, tells the consumer, and sleeps until the document's own
//! watch signals. Documents that nobody wants cost nothing. After an outage the new epoch signals every watch; a task
//! then compares versions, and reads and tells only what moved.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::{Document, DocumentKey, Version};
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::coordinator::{Coordinator, Watch};
use crate::documents::{DocumentReader, Read};

/// Reads in flight at once: small enough for the coordinator's reply buffers, large enough to load a host quickly.
const CONCURRENT_READS: usize = 16;
/// Events that may wait for the consumer; beyond, documents are read no further until it catches up.
const QUEUED_EVENTS: usize = 256;
/// After a read that failed, the next one starts this long after, unless the watch signals.
const RETRY: Duration = Duration::from_millis(500);

/// What becomes of a wanted document.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Read for the first time since it was wanted.
    Loaded {
        /// Which document.
        key: DocumentKey,
        /// Version of the topology that the document is current for, at least.
        version: Version,
        /// The newest version at which agents were asked to acknowledge it; 0 if nobody can be waiting for that.
        acknowledge: Version,
        /// Its content.
        document: Arc<Document>,
    },
    /// Read again after a change.
    Changed {
        /// Which document.
        key: DocumentKey,
        /// Version of the topology that the document is current for, at least.
        version: Version,
        /// The newest version at which agents were asked to acknowledge it; 0 if nobody can be waiting for that.
        acknowledge: Version,
        /// Its content.
        document: Arc<Document>,
    },
    /// There is no such document, or not any more. It stays wanted, and is loaded if it appears.
    Gone {
        /// Which document.
        key: DocumentKey,
    },
}

/// The set of wanted documents. Its methods never wait and may be called from any thread.
pub struct Interest {
    shared: Arc<Shared>,
    runtime: Handle,
    wanted: Mutex<HashMap<DocumentKey, AbortHandle>>,
}

struct Shared {
    coordinator: Arc<dyn Coordinator>,
    reads: Semaphore,
    events: mpsc::Sender<Event>,
}

impl Interest {
    /// Wants nothing yet. To be called within a tokio runtime, which runs the reads. Events of a document come in order;
    /// one or two events may still come for a document already dropped.
    pub fn new(coordinator: Arc<dyn Coordinator>) -> (Self, mpsc::Receiver<Event>) {
        let (events, receiver) = mpsc::channel(QUEUED_EVENTS);
        let shared = Arc::new(Shared { coordinator, reads: Semaphore::new(CONCURRENT_READS), events });
        (Self { shared, runtime: Handle::current(), wanted: Mutex::default() }, receiver)
    }

    /// Wants a document from now on. Wanting it twice is wanting it once.
    pub fn want(&self, key: DocumentKey) {
        let mut wanted = self.wanted.lock();
        wanted
            .entry(key)
            .or_insert_with(|| self.runtime.spawn(follow(Arc::clone(&self.shared), key)).abort_handle());
    }

    /// Wants a document no more.
    pub fn drop(&self, key: DocumentKey) {
        if let Some(task) = self.wanted.lock().remove(&key) {
            task.abort();
        }
    }

    /// How many documents are wanted.
    pub fn len(&self) -> usize {
        self.wanted.lock().len()
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.wanted.lock().is_empty()
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        self.wanted.get_mut().drain().for_each(|(_, task)| task.abort());
    }
}

/// Follows one document until aborted or the consumer is gone.
async fn follow(shared: Arc<Shared>, key: DocumentKey) {
    let mut reader = DocumentReader::new(Arc::clone(&shared.coordinator), key);
    let mut watch = subscribe(&shared, &reader).await;
    let mut told: Option<bool> = None;
    loop {
        watch.take_changed();
        let read = {
            let Ok(_permit) = shared.reads.acquire().await else { return };
            reader.read().await
        };
        let event = match read {
            Ok(Read::Unchanged) => None,
            Ok(Read::Current { version, acknowledge, document }) if told == Some(true) => {
                Some(Event::Changed { key, version, acknowledge, document })
            }
            Ok(Read::Current { version, acknowledge, document }) => {
                Some(Event::Loaded { key, version, acknowledge, document })
            }
            Ok(Read::Absent) if told == Some(false) => None,
            Ok(Read::Absent) => Some(Event::Gone { key }),
            Err(error) if error.is_outage() => {
                timeout(RETRY, watch.changed()).await.ok();
                continue;
            }
            Err(error) => {
                tracing::error!(?key, %error, "a document cannot be read: what was there before stays in force");
                None
            }
        };
        if let Some(event) = event {
            told = Some(!matches!(event, Event::Gone { .. }));
            if shared.events.send(event).await.is_err() {
                return;
            }
        }
        watch.changed().await;
    }
}

async fn subscribe(shared: &Shared, reader: &DocumentReader) -> Watch {
    loop {
        match shared.coordinator.watch_value(reader.path()).await {
            Ok(watch) => return watch,
            Err(_) => sleep(RETRY).await,
        }
    }
}
