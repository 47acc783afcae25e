//! The store's file: what redb tables it has, how it is verified at the start, and how a transaction is written.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, StorageError, TableDefinition,
};

use super::distrust::DistrustedFile;
use crate::coordinator::error::{Error, Result};
use crate::coordinator::local::Shared;
use crate::coordinator::tree::Tree;

/// Key to version and value.
const KEYS: TableDefinition<&str, (u64, &[u8])> = TableDefinition::new("keys");
/// Facts about the store by name.
const FACTS: TableDefinition<&str, u64> = TableDefinition::new("facts");
/// The newest version given out.
const LAST_VERSION: &str = "last_version";
/// The layout of these tables.
const FORMAT: &str = "format";
const CURRENT_FORMAT: u64 = 1;

/// The values are in our own memory; the engine's cache need only serve its own pages.
const CACHE_BYTES: usize = 16 << 20;

pub(super) struct StoreFile {
    path: PathBuf,
    /// Absent after a failed write, until the file could be opened again.
    database: Option<Database>,
    /// Keys of a failed transaction: whether it reached the disk is not known, so the next one writes them as they are
    /// in memory.
    unsettled: BTreeSet<String>,
}

/// A durable change of one key: its new version and value, or its removal.
pub(super) type Change = (String, Option<(u64, Bytes)>);

impl StoreFile {
    /// Opens or creates `nsdb.redb` in a directory, verifies it and reads all keys.
    pub(super) fn open(directory: &Path) -> Result<(Self, Tree)> {
        let path = directory.join("nsdb.redb");
        std::fs::create_dir_all(directory).map_err(|error| storage_error(&path, &StorageError::Io(error)))?;
        let mut database = open_database(&path)?;
        let intact = database.check_integrity().map_err(|error| database_error(&path, error))?;
        if !intact {
            return Err(Error::Corrupt {
                path,
                reason: "its last transactions fail their checksums".to_owned(),
            });
        }
        let tree = load(&database).map_err(|error| any_error(&path, error))?;
        let tree = tree.map_err(|reason| Error::Corrupt { path: path.clone(), reason })?;
        Ok((Self { path, database: Some(database), unsettled: BTreeSet::new() }, tree))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a batch of changes as one durable transaction. After an error nothing of it shows, now or after a restart.
    pub(super) fn commit(&mut self, changes: &[Change], last_version: u64, published: &Shared) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let database = match self.database.take() {
            Some(database) => database,
            None => open_database(&self.path)?,
        };
        match write(&database, &self.unsettled, changes, last_version, &published.snapshot()) {
            Ok(()) => {
                self.unsettled.clear();
                self.database = Some(database);
                Ok(())
            }
            Err(error) => {
                self.unsettled.extend(changes.iter().map(|(key, _)| key.clone()));
                let error = any_error(&self.path, error);
                tracing::error!(%error, changes = changes.len(), "a transaction of the embedded store failed");
                Err(error)
            }
        }
    }
}

fn open_database(path: &Path) -> Result<Database> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = file.map_err(|error| storage_error(path, &StorageError::Io(error)))?;
    DistrustedFile::new(file)
        .and_then(|file| Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(file))
        .map_err(|error| database_error(path, error))
}

fn load(database: &Database) -> std::result::Result<std::result::Result<Tree, String>, redb::Error> {
    let write = database.begin_write()?;
    {
        let mut facts = write.open_table(FACTS)?;
        let format = facts.get(FORMAT)?.map(|format| format.value());
        match format {
            Some(CURRENT_FORMAT) => {}
            Some(other) => {
                return Ok(Err(format!("its format is {other}, this version reads {CURRENT_FORMAT}")));
            }
            None => drop(facts.insert(FORMAT, CURRENT_FORMAT)?),
        }
        write.open_table(KEYS)?;
    }
    write.commit()?;

    let read = database.begin_read()?;
    let mut tree = Tree::default();
    for entry in read.open_table(KEYS)?.iter()? {
        let (key, value) = entry?;
        let (version, bytes) = value.value();
        tree.restore(key.value(), version, Bytes::copy_from_slice(bytes));
    }
    if let Some(last) = read.open_table(FACTS)?.get(LAST_VERSION)? {
        tree.skip_versions(last.value());
    }
    Ok(Ok(tree))
}

fn write(
    database: &Database,
    unsettled: &BTreeSet<String>,
    changes: &[Change],
    last_version: u64,
    published: &Tree,
) -> std::result::Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut keys = transaction.open_table(KEYS)?;
        for key in unsettled {
            match published.get(key).filter(|node| node.holder.is_none()) {
                Some(node) => drop(keys.insert(key.as_str(), (node.version, node.value.as_ref()))?),
                None => drop(keys.remove(key.as_str())?),
            }
        }
        for (key, change) in changes {
            match change {
                Some((version, value)) => drop(keys.insert(key.as_str(), (*version, value.as_ref()))?),
                None => drop(keys.remove(key.as_str())?),
            }
        }
        transaction.open_table(FACTS)?.insert(LAST_VERSION, last_version)?;
    }
    transaction.commit()?;
    Ok(())
}

fn database_error(path: &Path, error: DatabaseError) -> Error {
    match error {
        DatabaseError::DatabaseAlreadyOpen => Error::InUse { path: path.to_owned() },
        DatabaseError::Storage(error) => storage_error(path, &error),
        other => Error::Corrupt { path: path.to_owned(), reason: other.to_string() },
    }
}

fn any_error(path: &Path, error: redb::Error) -> Error {
    match error {
        redb::Error::Io(error) => storage_error(path, &StorageError::Io(error)),
        redb::Error::PreviousIo => storage_error(path, &StorageError::PreviousIo),
        other => Error::Corrupt { path: path.to_owned(), reason: other.to_string() },
    }
}

fn storage_error(path: &Path, error: &StorageError) -> Error {
    let path = path.to_owned();
    let reason = error.to_string();
    match error {
        StorageError::Io(error) => match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Error::Full { path, reason }
            }
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Error::Corrupt { path, reason },
            _ => Error::Storage { path, reason },
        },
        StorageError::PreviousIo | StorageError::DatabaseClosed | StorageError::Unsupported => {
            Error::Storage { path, reason }
        }
        _ => Error::Corrupt { path, reason },
    }
}
