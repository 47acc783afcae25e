//! The ordered keys of a local store and what each write does to them: a pure state machine.
//!
//! It is the whole semantics of the memory and embedded drivers. Cloning is O(1), so that a driver may apply a batch to a
//! copy and publish the copy once it is durable.

use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;
use imbl::OrdMap;

use super::error::{Error, Result};
use super::key::parent;
use super::watch::Target;
use super::{Expect, Stat};

/// A session of a local store; the holder of ephemeral keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub(super) u64);

/// One key's content.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Bytes,
    pub(super) version: u64,
    pub(super) holder: Option<(SessionId, Arc<str>)>,
}

impl Node {
    pub(super) fn stat(&self) -> Stat {
        let owner = self.holder.as_ref().map(|(_, owner)| Arc::clone(owner));
        Stat { version: self.version, owner, created: None }
    }
}

/// A write, as validated by the driver (well-formed key, value within bounds).
#[derive(Debug, Clone)]
pub enum Write {
    Create { key: String, value: Bytes },
    Put { key: String, value: Bytes, expect: Expect },
    Delete { key: String, expect: Expect },
    DeleteTree { key: String },
    CreateEphemeral { key: String, value: Bytes, session: SessionId, owner: Arc<str> },
    EndSession { session: SessionId },
}

/// What a batch of writes changed.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Durable keys written (version, value) or removed, in order.
    pub(super) durable: Vec<(String, Option<(u64, Bytes)>)>,
    /// What to tell the watchers.
    pub(super) signals: Vec<Target>,
}

/// All keys, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    nodes: OrdMap<Arc<str>, Node>,
    last_version: u64,
}

impl Tree {
    /// Takes in a key as read back from disk.
    pub(super) fn restore(&mut self, key: &str, version: u64, value: Bytes) {
        self.last_version = self.last_version.max(version);
        self.nodes.insert(key.into(), Node { value, version, holder: None });
    }

    /// Makes sure that no version up to this one is given out again.
    pub(super) fn skip_versions(&mut self, last: u64) {
        self.last_version = self.last_version.max(last);
    }

    /// The newest version given out.
    pub(super) fn last_version(&self) -> u64 {
        self.last_version
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.nodes.get(key)
    }

    /// The names directly under a prefix, sorted.
    pub(super) fn list(&self, prefix: &str) -> Vec<String> {
        let base = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let mut names: Vec<String> = Vec::new();
        let mut from = base.clone();
        while let Some(key) = self.next_key(&from).filter(|key| key.starts_with(&base)) {
            match key[base.len()..].split_once('/') {
                None => {
                    names.push(key[base.len()..].to_owned());
                    from = format!("{key}\0");
                }
                Some((name, _)) => {
                    names.push(name.to_owned());
                    from = format!("{base}{name}0"); // '0' follows '/': past everything below this name
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Applies one write, all of it or nothing.
    pub(super) fn apply(&mut self, write: &Write, effects: &mut Effects) -> Result<Stat> {
        match write {
            Write::Create { key, value } => {
                if let Some(node) = self.nodes.get(key.as_str()) {
                    return Err(exists(key, node));
                }
                self.check_ancestors(key)?;
                Ok(self.insert(key, value.clone(), None, effects))
            }
            Write::Put { key, value, expect } => {
                let node = self.nodes.get(key.as_str());
                check_version(key, node, *expect)?;
                match node {
                    Some(node) if node.holder.is_some() => {
                        return Err(invalid(key, "it is ephemeral: use create_ephemeral"));
                    }
                    Some(_) => {}
                    None => self.check_ancestors(key)?,
                }
                Ok(self.insert(key, value.clone(), None, effects))
            }
            Write::Delete { key, expect } => {
                check_version(key, self.nodes.get(key.as_str()), *expect)?;
                self.remove(key, effects);
                Ok(self.no_stat())
            }
            Write::DeleteTree { key } => {
                for key in self.subtree(key) {
                    self.remove(&key, effects);
                }
                Ok(self.no_stat())
            }
            Write::CreateEphemeral { key, value, session, owner } => {
                match self.nodes.get(key.as_str()) {
                    Some(node) if node.holder.as_ref().is_none_or(|(_, holder)| holder != owner) => {
                        return Err(exists(key, node));
                    }
                    Some(_) => {}
                    None => self.check_ancestors(key)?,
                }
                if self.next_key(&format!("{key}/")).is_some_and(|next| is_below(next, key)) {
                    return Err(invalid(key, "there are keys below it: an ephemeral key has none"));
                }
                Ok(self.insert(key, value.clone(), Some((*session, Arc::clone(owner))), effects))
            }
            Write::EndSession { session } => {
                let held = |node: &Node| node.holder.as_ref().is_some_and(|(holder, _)| holder == session);
                let keys: Vec<_> = self
                    .nodes
                    .iter()
                    .filter(|(_, node)| held(node))
                    .map(|(key, _)| Arc::clone(key))
                    .collect();
                for key in keys {
                    self.remove(&key, effects);
                }
                Ok(self.no_stat())
            }
        }
    }

    fn insert(
        &mut self,
        key: &str,
        value: Bytes,
        holder: Option<(SessionId, Arc<str>)>,
        effects: &mut Effects,
    ) -> Stat {
        self.last_version += 1;
        let node = Node { value, version: self.last_version, holder };
        let stat = node.stat();
        if node.holder.is_none() {
            effects.durable.push((key.to_owned(), Some((node.version, node.value.clone()))));
        }
        if !self.nodes.contains_key(key) {
            self.signal_ancestors(key, effects);
        }
        effects.signals.push(Target::Value(key.to_owned()));
        self.nodes.insert(key.into(), node);
        stat
    }

    fn remove(&mut self, key: &str, effects: &mut Effects) {
        let Some(node) = self.nodes.remove(key) else { return };
        if node.holder.is_none() {
            effects.durable.push((key.to_owned(), None));
        }
        effects.signals.push(Target::Value(key.to_owned()));
        self.signal_ancestors(key, effects);
    }

    /// Signals the prefixes whose list of names changes when `key`, not in the tree at this moment, comes or goes.
    fn signal_ancestors(&self, key: &str, effects: &mut Effects) {
        let mut name = key;
        while !name.is_empty() && !self.is_listed(name) {
            name = parent(name);
            effects.signals.push(Target::Children(name.to_owned()));
        }
    }

    /// Whether a name shows up in its parent's list.
    fn is_listed(&self, key: &str) -> bool {
        self.nodes.contains_key(key)
            || self.next_key(&format!("{key}/")).is_some_and(|next| is_below(next, key))
    }

    fn next_key(&self, from: &str) -> Option<&Arc<str>> {
        let bounds: (Bound<&str>, Bound<&str>) = (Bound::Included(from), Bound::Unbounded);
        self.nodes.range::<_, str>(bounds).next().map(|(key, _)| key)
    }

    fn subtree(&self, key: &str) -> Vec<Arc<str>> {
        let own = self.nodes.get_key_value(key).map(|(key, _)| Arc::clone(key));
        let base = format!("{key}/");
        let bounds: (Bound<&str>, Bound<&str>) = (Bound::Included(&base), Bound::Unbounded);
        let below = self.nodes.range::<_, str>(bounds).map(|(key, _)| key);
        below.take_while(|below| below.starts_with(&base)).cloned().chain(own).collect()
    }

    fn check_ancestors(&self, key: &str) -> Result<()> {
        let mut above = parent(key);
        while !above.is_empty() {
            if self.nodes.get(above).is_some_and(|node| node.holder.is_some()) {
                return Err(invalid(key, "the key above it is ephemeral, nothing can be below that"));
            }
            above = parent(above);
        }
        Ok(())
    }

    fn no_stat(&self) -> Stat {
        Stat { version: self.last_version, owner: None, created: None }
    }
}

fn is_below(key: &str, prefix: &str) -> bool {
    key.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
}

fn check_version(key: &str, node: Option<&Node>, expect: Expect) -> Result<()> {
    let found = node.map(|node| node.version);
    match expect {
        Expect::Version(expected) if found != Some(expected) => {
            Err(Error::Conflict { key: key.to_owned(), expected, found })
        }
        _ => Ok(()),
    }
}

fn exists(key: &str, node: &Node) -> Error {
    let owner = node.holder.as_ref().map(|(_, owner)| owner.as_ref().to_owned());
    Error::Exists { key: key.to_owned(), owner }
}

fn invalid(key: &str, reason: &'static str) -> Error {
    Error::Invalid { key: key.to_owned(), reason }
}
