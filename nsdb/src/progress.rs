//! The `progress` key: how far documents are written, and how far history is compacted. Both only ever grow.
//!
//! Its rules: every document is current for `applied` at least; entries of the log below `floor` may be deleted, and so may
//! tombstones of documents that were deleted at or below `floor`. `floor` is written before anything is deleted for it.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use model::Version;

use crate::Error;
use crate::coordinator::{self, Coordinator, Expect};

const KEY: &str = "progress";

/// How far the store has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The documents are current for this version at least.
    pub(crate) applied: Version,
    /// The oldest version whose log entry is kept.
    pub(crate) floor: Version,
}

impl Progress {
    /// Reads the key; the beginning of time if there is none.
    pub(crate) async fn read(coordinator: &dyn Coordinator) -> Result<Self, Error> {
        Ok(read(coordinator).await?.0)
    }

    /// Raises the marks to these at least, and returns how they stand then and how they stood before.
    pub(crate) async fn raise(
        coordinator: &dyn Coordinator,
        raised: impl Fn(Self) -> Self,
    ) -> Result<(Self, Self), Error> {
        loop {
            let (before, version) = read(coordinator).await?;
            let wanted = raised(before);
            let after =
                Self { applied: before.applied.max(wanted.applied), floor: before.floor.max(wanted.floor) };
            if after == before {
                return Ok((before, after));
            }
            let value = Bytes::from(after.to_string());
            let written = match version {
                Some(version) => coordinator.put(KEY, value, Expect::Version(version)).await,
                None => coordinator.create(KEY, value).await,
            };
            match written {
                Ok(_) => return Ok((before, after)),
                Err(error) if error.retry() == coordinator::Retry::AfterReading => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

async fn read(coordinator: &dyn Coordinator) -> Result<(Progress, Option<u64>), Error> {
    let Some((value, stat)) = coordinator.get(KEY).await? else { return Ok((Progress::default(), None)) };
    let text = std::str::from_utf8(&value).unwrap_or_default();
    let progress = text.parse().map_err(|()| Error::malformed(KEY, "it is not `applied=N floor=N`"))?;
    Ok((progress, Some(stat.version)))
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "applied={} floor={}", self.applied, self.floor)
    }
}

impl FromStr for Progress {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (applied, floor) = text.split_once(' ').ok_or(())?;
        let number = |text: &str, name| text.strip_prefix(name).and_then(|n| n.parse().ok()).ok_or(());
        Ok(Self { applied: number(applied, "applied=")?, floor: number(floor, "floor=")? })
    }
}
