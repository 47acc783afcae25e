//! The file under the store's database, which is never taken for intact.
//!
//! redb verifies a file after a crash, and then reports damage as an error; a file that was closed cleanly it trusts, and
//! panics on damage. So its header is shown to redb as a crash would have left it: every opening verifies every page. If
//! the newest commit is damaged redb falls back to the one before, which after a clean close has the same keys.

use std::fs::File;
use std::io;
use std::ops::{Bound, Range};
use std::sync::atomic::{AtomicBool, Ordering};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

/// redb's file format, version 3: a magic number, then a byte of flags.
const MAGIC: Range<usize> = 0..9;
const FLAGS: usize = 9;
const RECOVERY_REQUIRED: u8 = 2;
const TWO_PHASE_COMMIT: u8 = 4;

/// A file whose header says, the first time it is read, that the last writer crashed.
#[derive(Debug)]
pub(super) struct DistrustedFile {
    file: FileBackend,
    unread: AtomicBool,
}

impl DistrustedFile {
    pub(super) fn new(file: File) -> Result<Self, DatabaseError> {
        Ok(Self { file: FileBackend::new(file)?, unread: AtomicBool::new(true) })
    }
}

impl StorageBackend for DistrustedFile {
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)?;
        let is_header = offset == 0 && out.len() > FLAGS && out[MAGIC].starts_with(b"redb");
        if is_header && self.unread.swap(false, Ordering::Relaxed) {
            out[FLAGS] = (out[FLAGS] | RECOVERY_REQUIRED) & !TWO_PHASE_COMMIT;
        }
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
