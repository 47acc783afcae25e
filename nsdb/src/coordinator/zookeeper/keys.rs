//! The trait's operations on znodes, over one link: each may take several requests.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use zookeeper_async::{CreateMode, Stat as ZkStat, ZkError};

use super::config::SESSIONS;
use super::link::{Failure, Link};
use super::value::{self, Content};
use crate::coordinator::error::Error;
use crate::coordinator::key::parent;
use crate::coordinator::{Expect, Stat};

/// Marks the versions of ephemeral keys, so that a put can refuse them without another request.
const EPHEMERAL_VERSION: u64 = 1 << 63;

/// Deletions of one tree that are under way at once.
const DELETIONS: usize = 16;

/// Why an operation ended on this link.
pub(super) enum Fault {
    /// A request has no proper answer.
    Link(Failure),
    /// The operation has its result.
    Final(Error),
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Link(failure)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

type Outcome<T> = Result<T, Fault>;

/// A key as found.
enum Found {
    Absent,
    Directory(ZkStat),
    Key(Bytes, Stat, ZkStat),
}

impl Link {
    pub(super) async fn read_key(self: &Arc<Self>, key: &str) -> Outcome<Option<(Bytes, Stat)>> {
        match self.find(key).await? {
            Found::Key(value, stat, _) => Ok(Some((value, stat))),
            Found::Absent | Found::Directory(_) => Ok(None),
        }
    }

    pub(super) async fn create_key(self: &Arc<Self>, key: &str, value: &Bytes) -> Outcome<Stat> {
        let data = value::durable(value);
        loop {
            match self.create(key, data.clone(), CreateMode::Persistent).await {
                Ok(stat) => return Ok(durable_stat(&stat)),
                Err(Failure::Server(ZkError::NodeExists)) => match self.find(key).await? {
                    Found::Absent => {}
                    Found::Key(_, stat, _) => return Err(exists(key, &stat)),
                    Found::Directory(directory) => {
                        match self.set(key, data.clone(), Some(directory.version)).await {
                            Ok(stat) => return Ok(durable_stat(&stat)),
                            Err(Failure::Server(ZkError::BadVersion | ZkError::NoNode)) => {}
                            Err(failure) => return Err(failure.into()),
                        }
                    }
                },
                Err(failure) => self.make_way(key, failure).await?,
            }
        }
    }

    pub(super) async fn put_key(self: &Arc<Self>, key: &str, value: &Bytes, expect: Expect) -> Outcome<Stat> {
        let data = value::durable(value);
        loop {
            let version = match expect {
                Expect::Version(version) if version & EPHEMERAL_VERSION != 0 => {
                    return Err(is_ephemeral(key));
                }
                Expect::Version(version) => match i32::try_from(version) {
                    Ok(version) => Some(version),
                    Err(_) => return Err(conflict(key, version, None)),
                },
                Expect::Any => match self.exists(key, false).await? {
                    Some(stat) if stat.is_ephemeral() => return Err(is_ephemeral(key)),
                    Some(_) => None,
                    None => match self.create(key, data.clone(), CreateMode::Persistent).await {
                        Ok(stat) => return Ok(durable_stat(&stat)),
                        Err(Failure::Server(ZkError::NodeExists)) => continue,
                        Err(failure) => {
                            self.make_way(key, failure).await?;
                            continue;
                        }
                    },
                },
            };
            match (self.set(key, data.clone(), version).await, expect) {
                (Ok(stat), _) => return Ok(durable_stat(&stat)),
                (Err(Failure::Server(ZkError::NoNode)), Expect::Any) => {}
                (Err(Failure::Server(ZkError::NoNode | ZkError::BadVersion)), Expect::Version(version)) => {
                    return Err(conflict(key, version, self.version_of(key).await?));
                }
                (Err(failure), _) => return Err(failure.into()),
            }
        }
    }

    pub(super) async fn delete_key(self: &Arc<Self>, key: &str, expect: Expect) -> Outcome<()> {
        let version = match expect {
            Expect::Any => None,
            Expect::Version(version) => match i32::try_from(version & !EPHEMERAL_VERSION) {
                Ok(version) => Some(version),
                Err(_) => return Err(conflict(key, version, None)),
            },
        };
        loop {
            let failure = match self.delete(key, version).await {
                Ok(()) => return Ok(()),
                Err(Failure::Server(ZkError::NotEmpty)) => match self.find(key).await? {
                    Found::Key(_, stat, _)
                        if version.is_some() && expect != Expect::Version(stat.version) =>
                    {
                        Failure::Server(ZkError::BadVersion)
                    }
                    // What is below it stays, so the znode stays, as a directory.
                    Found::Key(_, _, stat) => match self.set(key, Vec::new(), Some(stat.version)).await {
                        Ok(_) => return Ok(()),
                        Err(Failure::Server(ZkError::BadVersion | ZkError::NoNode)) => continue,
                        Err(failure) => failure,
                    },
                    Found::Absent | Found::Directory(_) => Failure::Server(ZkError::NoNode),
                },
                Err(failure) => failure,
            };
            return match (failure, expect) {
                (Failure::Server(ZkError::NoNode), Expect::Any) => Ok(()),
                (Failure::Server(ZkError::NoNode | ZkError::BadVersion), Expect::Version(version)) => {
                    Err(conflict(key, version, self.version_of(key).await?))
                }
                (failure, _) => Err(failure.into()),
            };
        }
    }

    /// Deletes a key and what is below it, from the leaves.
    pub(super) fn delete_below(self: &Arc<Self>, key: String) -> BoxFuture<'static, Outcome<()>> {
        let link = Arc::clone(self);
        async move {
            loop {
                match link.delete(&key, None).await {
                    Ok(()) | Err(Failure::Server(ZkError::NoNode)) => return Ok(()),
                    Err(Failure::Server(ZkError::NotEmpty)) => {}
                    Err(failure) => return Err(failure.into()),
                }
                let names = link.children(&key, false).await?.unwrap_or_default();
                stream::iter(names)
                    .map(|name| link.delete_below(format!("{key}/{name}")))
                    .buffer_unordered(DELETIONS)
                    .try_collect::<()>()
                    .await?;
            }
        }
        .boxed()
    }

    pub(super) async fn list_names(self: &Arc<Self>, prefix: &str) -> Outcome<Vec<String>> {
        let mut names = self.children(prefix, false).await?.unwrap_or_default();
        if prefix.is_empty() {
            names.retain(|name| name != SESSIONS);
        }
        names.sort_unstable();
        Ok(names)
    }

    pub(super) async fn create_ephemeral_key(
        self: &Arc<Self>,
        key: &str,
        value: &Bytes,
        owner: &str,
    ) -> Outcome<Stat> {
        let data = value::ephemeral(owner, value);
        let stat = |stat: &ZkStat| ephemeral_stat(stat, owner);
        loop {
            match self.create(key, data.clone(), CreateMode::Ephemeral).await {
                Ok(created) => return Ok(stat(&created)),
                Err(Failure::Server(ZkError::NodeExists)) => {}
                Err(failure) => {
                    self.make_way(key, failure).await?;
                    continue;
                }
            }
            let renewed = match self.find(key).await? {
                Found::Absent => continue,
                Found::Directory(directory) if directory.num_children > 0 => {
                    let reason = "there are keys below it: an ephemeral key has none";
                    return Err(Error::Invalid { key: key.to_owned(), reason }.into());
                }
                Found::Directory(directory) => self.delete(key, Some(directory.version)).await.map(|()| None),
                Found::Key(_, found, _) if found.owner.as_deref() != Some(owner) => {
                    return Err(exists(key, &found));
                }
                Found::Key(_, _, ours) if ours.ephemeral_owner == self.session() => {
                    self.set(key, data.clone(), Some(ours.version)).await.map(Some)
                }
                // It belongs to a former session of ours, and would go when that expires.
                Found::Key(_, _, stale) => self.delete(key, Some(stale.version)).await.map(|()| None),
            };
            match renewed {
                Ok(Some(renewed)) => return Ok(stat(&renewed)),
                Ok(None) => {}
                Err(Failure::Server(ZkError::NoNode | ZkError::BadVersion | ZkError::NotEmpty)) => {}
                Err(failure) => return Err(failure.into()),
            }
        }
    }

    async fn find(self: &Arc<Self>, key: &str) -> Outcome<Found> {
        let Some((data, stat)) = self.get(key).await? else { return Ok(Found::Absent) };
        match value::decode(data) {
            Content::Directory => Ok(Found::Directory(stat)),
            Content::Durable(value) => Ok(Found::Key(value, durable_stat(&stat), stat)),
            Content::Ephemeral { owner, value } => {
                let known = ephemeral_stat(&stat, &owner);
                Ok(Found::Key(value, known, stat))
            }
            Content::Foreign => Err(Failure::Server(ZkError::DataInconsistency).into()),
        }
    }

    async fn version_of(self: &Arc<Self>, key: &str) -> Outcome<Option<u64>> {
        Ok(self.read_key(key).await?.map(|(_, stat)| stat.version))
    }

    /// Makes the directories above a key whose creation failed for want of them; passes on any other failure.
    async fn make_way(self: &Arc<Self>, key: &str, failure: Failure) -> Outcome<()> {
        let mut missing = match failure {
            Failure::Server(ZkError::NoNode) => vec![parent(key)],
            Failure::Server(ZkError::NoChildrenForEphemerals) => return Err(below_ephemeral(key)),
            failure => return Err(failure.into()),
        };
        while let Some(directory) = missing.last().copied() {
            match self.create(directory, Vec::new(), CreateMode::Persistent).await {
                Ok(_) | Err(Failure::Server(ZkError::NodeExists)) => drop(missing.pop()),
                Err(Failure::Server(ZkError::NoNode)) if !directory.is_empty() => {
                    missing.push(parent(directory));
                }
                Err(Failure::Server(ZkError::NoChildrenForEphemerals)) => return Err(below_ephemeral(key)),
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(())
    }
}

fn durable_stat(stat: &ZkStat) -> Stat {
    Stat { version: u64::from(stat.version.cast_unsigned()), owner: None, created: created(stat) }
}

fn ephemeral_stat(stat: &ZkStat, owner: &str) -> Stat {
    let version = u64::from(stat.version.cast_unsigned()) | EPHEMERAL_VERSION;
    Stat { version, owner: Some(owner.into()), created: created(stat) }
}

/// The transaction that created a znode. Their numbers rise by one, and from one leader to the next by more.
fn created(stat: &ZkStat) -> Option<u64> {
    u64::try_from(stat.czxid).ok()
}

fn exists(key: &str, found: &Stat) -> Fault {
    Error::Exists { key: key.to_owned(), owner: found.owner.as_deref().map(ToOwned::to_owned) }.into()
}

fn conflict(key: &str, expected: u64, found: Option<u64>) -> Fault {
    Error::Conflict { key: key.to_owned(), expected, found }.into()
}

fn is_ephemeral(key: &str) -> Fault {
    Error::Invalid { key: key.to_owned(), reason: "it is ephemeral: use create_ephemeral" }.into()
}

fn below_ephemeral(key: &str) -> Fault {
    let reason = "the key above it is ephemeral, nothing can be below that";
    Error::Invalid { key: key.to_owned(), reason }.into()
}
