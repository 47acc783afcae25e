//! One run of an agent, and how to tell that a former run is over.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One run of an agent, as recorded beside its host id.
///
/// An agent locks a file in its state directory for as long as it lives. Whoever holds that same lock (same file, under
/// the same boot of the same kernel) therefore knows that every other instance that names it is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Random: no two runs share it.
    pub nonce: Uuid,
    /// The machine's name.
    pub machine: String,
    /// Process id.
    pub pid: u32,
    /// The boot of the kernel (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
    /// The locked file: its device and inode.
    pub lock: String,
}

impl Instance {
    /// This process, which holds an exclusive lock on a file of its state directory.
    ///
    /// # Errors
    /// When the file's identity or the kernel's boot id cannot be read.
    pub fn holding(lock: &File, machine: &str) -> io::Result<Self> {
        let metadata = lock.metadata()?;
        Ok(Self {
            nonce: Uuid::new_v4(),
            machine: machine.to_owned(),
            pid: std::process::id(),
            boot: std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned(),
            lock: format!("{:x}:{:x}", metadata.dev(), metadata.ino()),
        })
    }

    /// Whether the other instance must be dead, given that this one holds its lock.
    pub(super) fn proves_dead(&self, other: &Self) -> bool {
        self.boot == other.boot && self.lock == other.lock
    }

    /// Whether the other instance looks like this one before a reboot of its machine.
    pub(super) fn resembles(&self, other: &Self) -> bool {
        self.machine == other.machine && self.boot != other.boot && self.lock == other.lock
    }
}
