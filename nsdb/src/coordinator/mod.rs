//! The coordinator: ordered keys shared by every process of the system, with watches and ephemeral keys.
//!
//! One trait, three drivers with the same semantics (one conformance suite holds them to it): [`Memory`] for tests,
//! [`Embedded`] for a single host, [`ZooKeeper`] in production. The trait promises no more than the weakest can keep:
//! no multi-key transactions, no ordering between watches, no watch or ephemeral key that outlives a lost session
//! without the consumer's doing. Instead it publishes an *epoch*: see [`Status`].

mod embedded;
mod error;
mod key;
mod local;
mod memory;
mod tree;
mod watch;
mod zookeeper;

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::time::Instant;

pub use embedded::Embedded;
pub use error::{Error, MAX_VALUE_BYTES, Result, Retry};
pub use key::MAX_KEY_BYTES;
pub use local::Resume;
pub use memory::Memory;
pub use watch::Watch;
pub use zookeeper::{ZooKeeper, ZooKeeperOptions};

/// A pending coordinator operation. Every one ends by its driver's deadline.
pub type Operation<'a, T> = BoxFuture<'a, Result<T>>;

/// Ordered keys, watches and ephemeral keys, shared between processes.
///
/// **Keys** are slash paths without slashes at either end, such as `log/0000000001`; at most [`MAX_KEY_BYTES`] bytes.
/// What lies above a key comes into being by itself and may stay listed, empty, after its last key is gone.
/// **Values** are opaque, at most [`MAX_VALUE_BYTES`].
///
/// Operations of one coordinator see the effects of its own earlier completed operations.
pub trait Coordinator: Send + Sync + 'static {
    /// Creates a key that does not exist yet. Fails with [`Error::Exists`].
    fn create<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat>;

    /// Reads a key; `None` if there is no such key.
    fn get<'a>(&'a self, key: &'a str) -> Operation<'a, Option<(Bytes, Stat)>>;

    /// Writes a key that is not ephemeral. With [`Expect::Any`] it is created when absent; with [`Expect::Version`] it
    /// must stand at that version, else [`Error::Conflict`].
    fn put<'a>(&'a self, key: &'a str, value: Bytes, expect: Expect) -> Operation<'a, Stat>;

    /// Deletes one key; keys below it stay. With [`Expect::Any`] absence is success; with [`Expect::Version`] the key must
    /// stand at that version, else [`Error::Conflict`].
    fn delete<'a>(&'a self, key: &'a str, expect: Expect) -> Operation<'a, ()>;

    /// Deletes a key and everything below it, not atomically: repeat it after an error. Absence is success.
    fn delete_tree<'a>(&'a self, key: &'a str) -> Operation<'a, ()>;

    /// The names directly under a prefix (the empty string is the root), sorted; empty if there is no such prefix.
    fn list<'a>(&'a self, prefix: &'a str) -> Operation<'a, Vec<String>>;

    /// Creates a key that vanishes with this coordinator's session. If the key is an ephemeral one of the same
    /// [`owner`](Coordinator::owner), of this or a former session, it is replaced; anything else is [`Error::Exists`].
    /// Nothing can be created below it.
    fn create_ephemeral<'a>(&'a self, key: &'a str, value: Bytes) -> Operation<'a, Stat>;

    /// Watches one key, present or not, from now on. Take the watch first, then read.
    fn watch_value<'a>(&'a self, key: &'a str) -> Operation<'a, Watch>;

    /// Watches the names directly under a prefix, present or not, from now on. Take the watch first, then list.
    fn watch_children<'a>(&'a self, prefix: &'a str) -> Operation<'a, Watch>;

    /// The state of the session, from now on.
    fn status(&self) -> tokio::sync::watch::Receiver<Status>;

    /// The name under which ephemeral keys are created: the host's id.
    fn owner(&self) -> &str;

    /// Ends the session: its ephemeral keys vanish at once where the store can be reached. Later operations fail with
    /// [`Error::Closed`].
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// The state of a coordinator's session.
///
/// Each return to a usable session starts a new epoch, the first one being 1. A consumer that sees the epoch move must
/// read again what it holds and create its ephemeral keys again; watches need nothing, they signal by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// How many usable sessions or connections there have been; 0 until the first.
    pub epoch: u64,
    /// Whether operations can be expected to succeed now.
    pub connected: bool,
    /// When `connected` took its value.
    pub since: Instant,
    /// The server list or file.
    pub endpoint: Arc<str>,
    /// Why it is not connected; empty when it is.
    pub reason: Arc<str>,
}

/// What is known of a key beside its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Changes with every write of the key. Opaque: only equality means something, and only while the key is not deleted.
    pub version: u64,
    /// Who created the key, if it is ephemeral.
    pub owner: Option<Arc<str>>,
    /// When the key was created (where others were below it already: the first of these), by a clock that every change of
    /// the store moves on by one at least; `None` of a driver that has no such clock.
    pub created: Option<u64>,
}

/// What a writer expects of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Any state.
    Any,
    /// This version of [`Stat`].
    Version(u64),
}
