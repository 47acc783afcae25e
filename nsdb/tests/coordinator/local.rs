//! The drivers inside this process: memory and embedded.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use nsdb::coordinator::{Coordinator, Embedded, Memory};
use tempfile::TempDir;

use crate::conformance::{Backend, Session, conform};

struct InMemory(Memory);

impl Backend for InMemory {
    fn session(&self, owner: &'static str) -> BoxFuture<'_, Session> {
        async move { Arc::new(self.0.session(owner)) as Arc<dyn Coordinator> }.boxed()
    }
}

struct InFile {
    store: Embedded,
    _directory: TempDir,
}

impl InFile {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { store: Embedded::open(directory.path(), "host-0").unwrap(), _directory: directory }
    }
}

impl Backend for InFile {
    fn session(&self, owner: &'static str) -> BoxFuture<'_, Session> {
        async move { Arc::new(self.store.session(owner)) as Arc<dyn Coordinator> }.boxed()
    }
}

conform!(memory, InMemory(Memory::new("host-0")));
conform!(embedded, InFile::new());
