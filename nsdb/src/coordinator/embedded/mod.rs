//! The embedded driver: a store for one process on one host, in a redb file.
//!
//! All keys are held in memory, read and verified once at the start; the file makes writes durable. One writer thread
//! commits the requests that have gathered while it was busy as one transaction, so an answered write is on the disk and
//! concurrent writers share its cost. Ephemeral keys live in memory only: they are gone with the process.

mod distrust;
mod file;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use self::file::StoreFile;
use self::writer::{Request, Writer};
use super::Stat;
use super::error::{Error, Result};
use super::local::{Journal, Local, Shared};
use super::tree::{SessionId, Write};

/// A session of a store in a file.
pub type Embedded = Local<Durable>;

impl Local<Durable> {
    /// Opens the store in a directory, making both if they do not exist, and a first session of it under this owner's
    /// name. Blocks while the file is read and verified.
    pub fn open(directory: &Path, owner: &str) -> Result<Self> {
        let (file, tree) = StoreFile::open(directory)?;
        let shared = Arc::new(Shared::with(tree));
        Ok(Self::open_store(Durable::start(file, &shared)?, shared, owner))
    }
}

/// The journal that a writer thread keeps.
pub struct Durable {
    endpoint: String,
    requests: Option<mpsc::Sender<Request>>,
    /// Sessions that ended and whose ephemeral keys the writer has yet to remove.
    ended: Arc<Mutex<Vec<SessionId>>>,
    thread: Option<JoinHandle<()>>,
}

/// Requests that wait for the writer; more make their senders wait.
const QUEUE: usize = 1024;

impl Durable {
    fn start(file: StoreFile, shared: &Arc<Shared>) -> Result<Self> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let ended = Arc::default();
        let endpoint = format!("the store {}", file.path().display());
        let path = file.path().to_owned();
        let writer = Writer::new(file, Arc::clone(shared), queue, Arc::clone(&ended));
        let thread =
            std::thread::Builder::new()
                .name("nsdb-writer".to_owned())
                .spawn(move || writer.run())
                .map_err(|error| Error::Storage { path, reason: format!("no writer thread: {error}") })?;
        Ok(Self { endpoint, requests: Some(requests), ended, thread: Some(thread) })
    }
}

impl Journal for Durable {
    fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    fn commit(&self, _shared: &Shared, write: Write) -> BoxFuture<'static, Result<Stat>> {
        let requests = self.requests.clone();
        async move {
            let (answer, answered) = oneshot::channel();
            let Some(requests) = requests else { return Err(Error::Closed) };
            requests.send(Request::Write { write, answer }).await.map_err(|_| Error::Closed)?;
            answered.await.unwrap_or(Err(Error::Closed))
        }
        .boxed()
    }

    fn end_session(&self, _shared: &Shared, session: SessionId) {
        self.ended.lock().push(session);
        if let Some(requests) = &self.requests {
            // A full queue wakes the writer just as well.
            requests.try_send(Request::SessionEnded).ok();
        }
    }
}

impl Drop for Durable {
    /// Waits for the writer to finish its queue and release the file.
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}
