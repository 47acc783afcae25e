//! The memory driver: a store inside the process, with any number of sessions, for tests.
//!
//! Outages and lost sessions can be played, deterministically: `interrupt` and `resume`.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use super::Stat;
use super::error::Result;
use super::local::{Journal, Local, Shared};
use super::tree::{SessionId, Write};

/// A session of a store in memory. The store is gone with its last session.
pub type Memory = Local<Volatile>;

impl Local<Volatile> {
    /// A new, empty store, and a first session of it under this owner's name.
    pub fn new(owner: &str) -> Self {
        Self::open_store(Volatile, Arc::default(), owner)
    }
}

/// The journal that keeps nothing.
#[derive(Debug)]
pub struct Volatile;

impl Journal for Volatile {
    fn endpoint(&self) -> String {
        "the store in memory".to_owned()
    }

    fn commit(&self, shared: &Shared, write: Write) -> BoxFuture<'static, Result<Stat>> {
        ready(shared.apply(&write)).boxed()
    }

    fn end_session(&self, shared: &Shared, session: SessionId) {
        // Ending a session has no precondition that could fail.
        shared.apply(&Write::EndSession { session }).ok();
    }
}
