//! The writer thread: the only one to change the tree and the file. It commits what has gathered as one transaction.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::super::Stat;
use super::super::error::Result;
use super::super::local::Shared;
use super::super::tree::{Effects, SessionId, Write};
use super::file::StoreFile;

/// What the writer is asked.
pub(super) enum Request {
    /// Apply a write and answer when it is durable.
    Write { write: Write, answer: oneshot::Sender<Result<Stat>> },
    /// Look at the list of ended sessions.
    SessionEnded,
}

pub(super) struct Writer {
    file: StoreFile,
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Request>,
    ended: Arc<Mutex<Vec<SessionId>>>,
}

/// Most requests in one transaction.
const BATCH: usize = 1024;

impl Writer {
    pub(super) fn new(
        file: StoreFile,
        shared: Arc<Shared>,
        queue: mpsc::Receiver<Request>,
        ended: Arc<Mutex<Vec<SessionId>>>,
    ) -> Self {
        Self { file, shared, queue, ended }
    }

    /// Runs until every sender is gone.
    pub(super) fn run(mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(request) = self.queue.try_recv()
            {
                batch.push(request);
            }
            self.commit(batch);
        }
    }

    /// Applies a batch to a copy of the tree, makes it durable, publishes the copy and answers. If the file cannot be
    /// written, the copy is dropped and every request of the batch gets the reason.
    fn commit(&mut self, batch: Vec<Request>) {
        let mut tree = self.shared.snapshot();
        let mut effects = Effects::default();
        for session in self.ended.lock().drain(..) {
            // Ending a session has no precondition that could fail, and nothing of it is durable.
            tree.apply(&Write::EndSession { session }, &mut effects).ok();
        }
        if !effects.signals.is_empty() {
            self.shared.publish(tree.clone(), &effects);
            effects = Effects::default();
        }
        let mut answers = Vec::with_capacity(batch.len());
        for request in batch {
            if let Request::Write { write, answer } = request {
                answers.push((answer, tree.apply(&write, &mut effects)));
            }
        }
        let outcome = self.file.commit(&effects.durable, tree.last_version(), &self.shared);
        if outcome.is_ok() {
            self.shared.publish(tree, &effects);
        }
        for (answer, result) in answers {
            // A requester that went away does not mind.
            answer.send(outcome.clone().and(result)).ok();
        }
    }
}
