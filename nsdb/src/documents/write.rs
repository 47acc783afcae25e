//! Writing documents: idempotent, in any order, by any server.

use std::collections::HashSet;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use model::{Document, DocumentKey, Version};
use uuid::Uuid;

use super::root::{Body, Root};
use super::{pages, path};
use crate::Error;
use crate::coordinator::{self, Coordinator, Expect, Retry};
use crate::progress::Progress;

/// Pages of a document that are created or deleted at once.
const CONCURRENT_PAGES: usize = 8;

/// Makes a document be what it is at this version, unless it stands at this or a newer version already. `None` if it does
/// not exist at this version.
pub(crate) async fn write_document(
    coordinator: &dyn Coordinator,
    key: DocumentKey,
    version: Version,
    document: Option<Document>,
) -> Result<(), Error> {
    let path = path(key);
    let paged = document.map(pages::cut);
    let mut wrote_pages = false;
    loop {
        let found = coordinator.get(&path).await?;
        let Some((value, stat)) = found else {
            let first = if paged.is_some() { Root::pending(version) } else { Root::gone(version) };
            match coordinator.create(&path, first.encode()).await {
                Ok(_) if paged.is_none() => return Ok(()),
                Ok(_) => continue,
                Err(error) if error.retry() == Retry::AfterReading => continue,
                Err(error) => return Err(error.into()),
            }
        };
        let old = Root::decode(&value).ok_or_else(|| Error::malformed(&path, "it has no header"))?;
        if old.stamp >= version && old.body != Body::Pending {
            if wrote_pages {
                sweep_pages(coordinator, &path, &old).await?;
            }
            return Ok(());
        }
        let new = match &paged {
            None => Root::gone(version),
            Some(paged) => {
                let names = name_pages(version, &paged.pages, &old);
                wrote_pages |= write_pages(coordinator, &path, &names, &paged.pages, &old).await?;
                Root { stamp: version, body: Body::Live { pages: names, content: paged.root.clone() } }
            }
        };
        if old.body == Body::Pending && Progress::read(coordinator).await?.floor > version {
            // Too late to say whether it was deleted since: others have long written what is true.
            ignore_lost_race(coordinator.delete(&path, Expect::Version(stat.version)).await)?;
            return Err(Error::Compacted { version });
        }
        match coordinator.put(&path, new.encode(), Expect::Version(stat.version)).await {
            Ok(_) if old.pages().is_empty() && !wrote_pages => return Ok(()),
            Ok(_) => return sweep_pages(coordinator, &path, &new).await,
            Err(error) if error.retry() == Retry::AfterReading => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Removes what is left of a document that was deleted (or never finished) at or below `floor`. If that was later, tells
/// when.
pub(crate) async fn collect_tombstone(
    coordinator: &dyn Coordinator,
    key: DocumentKey,
    floor: Version,
) -> Result<Option<Version>, Error> {
    let path = path(key);
    let Some((value, stat)) = coordinator.get(&path).await? else { return Ok(None) };
    let root = Root::decode(&value).ok_or_else(|| Error::malformed(&path, "it has no header"))?;
    if matches!(root.body, Body::Live { .. }) {
        return Ok(None);
    }
    if root.stamp > floor {
        return Ok(Some(root.stamp));
    }
    sweep_pages(coordinator, &path, &root).await?;
    ignore_lost_race(coordinator.delete(&path, Expect::Version(stat.version)).await)?;
    Ok(None)
}

/// Names pages by version and content, keeping the names of those that the old root has already.
fn name_pages(version: Version, pages: &[Bytes], old: &Root) -> Vec<String> {
    let content = |page: &Bytes| Uuid::new_v5(&Uuid::nil(), page).simple().to_string();
    let known = |content: &str| old.pages().iter().find(|name| name.ends_with(content)).cloned();
    pages
        .iter()
        .map(|page| {
            let content = content(page);
            known(&content).unwrap_or_else(|| format!("{version}-{content}"))
        })
        .collect()
}

/// Creates the pages that the old root does not have; whether there were any.
async fn write_pages(
    coordinator: &dyn Coordinator,
    path: &str,
    names: &[String],
    pages: &[Bytes],
    old: &Root,
) -> Result<bool, Error> {
    let known: HashSet<&String> = old.pages().iter().collect();
    let new = names.iter().zip(pages).filter(|(name, _)| !known.contains(name));
    let creations = new.map(|(name, page)| async move {
        match coordinator.create(&format!("{path}/{name}"), page.clone()).await {
            Ok(_) | Err(coordinator::Error::Exists { .. }) => Ok(()),
            Err(error) => Err(Error::from(error)),
        }
    });
    let creations: Vec<_> = creations.collect();
    let wrote = !creations.is_empty();
    stream::iter(creations).buffer_unordered(CONCURRENT_PAGES).try_collect::<()>().await?;
    Ok(wrote)
}

/// Deletes the pages that neither the root lists nor a newer one can list.
async fn sweep_pages(coordinator: &dyn Coordinator, path: &str, root: &Root) -> Result<(), Error> {
    let listed: HashSet<&String> = root.pages().iter().collect();
    let is_old = |name: &String| {
        let version = name.split_once('-').and_then(|(version, _)| version.parse::<Version>().ok());
        !listed.contains(name) && version.is_none_or(|version| version <= root.stamp)
    };
    let old = coordinator.list(path).await?.into_iter().filter(is_old);
    let deletions: Vec<_> = old
        .map(|name| async move { coordinator.delete(&format!("{path}/{name}"), Expect::Any).await })
        .collect();
    stream::iter(deletions).buffer_unordered(CONCURRENT_PAGES).try_collect::<()>().await?;
    Ok(())
}

fn ignore_lost_race(deleted: coordinator::Result<()>) -> Result<(), Error> {
    match deleted {
        Err(coordinator::Error::Conflict { .. }) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
