//! Registration: puts an agent's host into the topology when it is not there yet.
//!
//! An agent holds no topology to validate against, and needs none: a new host refers to nothing and nothing refers to it.
//! The documents are left to the API servers, which follow the log.

use std::sync::Arc;

use model::{Change, Document, DocumentKey, Effect, Fate, Host, HostId, Object, ObjectKey, Version};
use uuid::Uuid;

use crate::Error;
use crate::coordinator::Coordinator;
use crate::documents::{DocumentReader, Read};
use crate::log::{self, Append, Entry};
use crate::progress::Progress;

/// Longest name of a host, in characters.
const MAX_NAME: usize = 255;

/// Makes sure that the topology has this host under this name, committing a change if it does not. Its other properties
/// are left as they are; a new host has weight 1 and no limits. Returns the version at which it was found or made.
///
/// # Errors
/// What the coordinator answers. Registering again is safe after any error.
pub async fn register_host(
    coordinator: &Arc<dyn Coordinator>,
    id: HostId,
    name: &str,
) -> Result<Version, Error> {
    let name: String = name.chars().take(MAX_NAME).collect();
    loop {
        let (version, found) = match find(coordinator, id).await {
            Err(Error::Compacted { .. }) => continue,
            found => found?,
        };
        if found.as_ref().is_some_and(|host| host.name.as_ref() == Some(&name)) {
            return Ok(version);
        }
        let fate = if found.is_some() { Fate::Updated } else { Fate::Created };
        let host = Host { name: Some(name.clone()), ..found.unwrap_or_else(|| new_host(id)) };
        let entry = Entry {
            id: Uuid::new_v4(),
            author: coordinator.owner().into(),
            changes: vec![Change::Put(Object::Host(host))],
            effects: vec![Effect { fate, before: None, after: None }],
            created: None,
        };
        if let Append::Committed(_) = log::append(&**coordinator, version + 1, &entry, None).await? {
            return Ok(version + 1);
        }
    }
}

/// The host as of the newest version.
async fn find(coordinator: &Arc<dyn Coordinator>, id: HostId) -> Result<(Version, Option<Host>), Error> {
    let mut version = Progress::read(&**coordinator).await?.applied;
    let document = DocumentReader::new(Arc::clone(coordinator), DocumentKey::Host(id)).read().await?;
    let mut host = match document {
        Read::Current { document, .. } => match Arc::unwrap_or_clone(document) {
            Document::Host(document) => Some(document.host),
            _ => None,
        },
        Read::Unchanged | Read::Absent => None,
    };
    let key: ObjectKey = id.into();
    while let Some(entry) = log::read(&**coordinator, version + 1).await? {
        version += 1;
        for change in entry.changes {
            match change {
                Change::Put(Object::Host(put)) if put.id == id => host = Some(put),
                Change::Delete(deleted) if deleted == key => host = None,
                _ => {}
            }
        }
    }
    if Progress::read(&**coordinator).await?.floor > version + 1 {
        return Err(Error::Compacted { version: version + 1 });
    }
    Ok((version, host))
}

fn new_host(id: HostId) -> Host {
    Host {
        id,
        name: None,
        flooding_proxy_weight: 1,
        container_weight: 1,
        container_limit: -1,
        enforce_container_limit: false,
    }
}
