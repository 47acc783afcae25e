//! The agent's own directory: its lock, the host's id, the tunnel keys of its ports, and what it learned from packets.
//!
//! One process holds the directory at a time. What is kept here lets a restarted agent be the same host, keep the keys
//! that its peers send to, and know who is there without being told by packets that its flows do not let come up.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use model::{HostId, PortId};
use simulation::Update;
use uuid::Uuid;

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateDirError {
    /// Another process has it.
    #[error(
        "the state directory {} is in use by another agent: stop that one, or give this one a directory of its own with --state",
        .0.display()
    )]
    InUse(PathBuf),
    /// The host id file holds something else.
    #[error("{} does not hold a UUID (`{found}`): correct it, or delete it to become a new host", .path.display())]
    BadHostId {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// The locked state directory.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    lock: File,
}

impl StateDir {
    /// Creates the directory if need be, and locks it until dropped.
    pub fn open(path: &Path) -> Result<Self, StateDirError> {
        fs::create_dir_all(path).map_err(|source| failed("create", path, source))?;
        let lock_path = path.join("lock");
        let lock = File::create(&lock_path).map_err(|source| failed("create", &lock_path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), lock }),
            Err(fs::TryLockError::WouldBlock) => Err(StateDirError::InUse(path.to_owned())),
            Err(fs::TryLockError::Error(source)) => Err(failed("lock", &lock_path, source)),
        }
    }

    /// The locked file: whoever holds its lock is this directory's only agent.
    pub fn lock(&self) -> &File {
        &self.lock
    }

    /// The host's id: the configured one, else the one kept here, else `fresh`, which is kept from now on.
    pub fn host_id(&self, configured: Option<Uuid>, fresh: Uuid) -> Result<HostId, StateDirError> {
        if let Some(id) = configured {
            return Ok(HostId(id));
        }
        let path = self.path.join("host-id");
        match fs::read_to_string(&path) {
            Ok(text) => text
                .trim()
                .parse()
                .map_err(|_| StateDirError::BadHostId { path, found: text.trim().to_owned() }),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.replace("host-id", format!("{fresh}\n").as_bytes())?;
                Ok(HostId(fresh))
            }
            Err(source) => Err(failed("read", &path, source)),
        }
    }

    /// The tunnel keys that the ports had. A damaged line costs that port its key, no more.
    pub fn tunnel_keys(&self) -> BTreeMap<PortId, u32> {
        let Ok(text) = fs::read_to_string(self.path.join("tunnel-keys")) else { return BTreeMap::new() };
        let parse = |line: &str| {
            let (port, key) = line.split_once(' ')?;
            Some((port.parse().ok()?, key.parse().ok()?))
        };
        text.lines().filter_map(parse).collect()
    }

    /// Keeps the tunnel keys of the ports.
    pub fn keep_tunnel_keys(&self, keys: &BTreeMap<PortId, u32>) -> Result<(), StateDirError> {
        let text: String = keys.iter().map(|(port, key)| format!("{port} {key}\n")).collect();
        self.replace("tunnel-keys", text.as_bytes())
    }

    /// Takes out the stations and neighbours that an agent which has just ended left: none if it ended `age` ago or
    /// before. A damaged line costs what it says, no more.
    pub fn take_learned(&self, age: Duration) -> Vec<Update> {
        let path = self.path.join("learned");
        let kept = || -> io::Result<(SystemTime, String)> {
            Ok((fs::metadata(&path)?.modified()?, fs::read_to_string(&path)?))
        };
        let Ok((written, text)) = kept() else { return Vec::new() };
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "cannot be removed, and is read again at the next start");
        }
        // A clock that was set back since is no measure.
        if written.elapsed().map_or(true, |elapsed| elapsed >= age) {
            return Vec::new();
        }
        text.lines().filter_map(parse_learned).collect()
    }

    /// Keeps stations and neighbours for an agent that is started soon; other updates are not learned.
    pub fn keep_learned(&self, learned: &[Update]) -> Result<(), StateDirError> {
        let text: String = learned.iter().filter_map(learned_line).collect();
        self.replace("learned", text.as_bytes())
    }

    /// Writes a file whole: after a crash it holds the old or the new content.
    fn replace(&self, name: &str, content: &[u8]) -> Result<(), StateDirError> {
        let path = self.path.join(name);
        let temporary = self.path.join(format!("{name}.new"));
        let write = || -> io::Result<()> {
            let mut file = File::create(&temporary)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&temporary, &path)
        };
        write().map_err(|source| failed("write", &path, source))
    }
}

fn learned_line(update: &Update) -> Option<String> {
    match update {
        Update::MacLearned { bridge, vlan, mac, port } => {
            Some(format!("station {bridge} {vlan} {mac} {port}\n"))
        }
        Update::ArpLearned { router, ip, mac } => Some(format!("neighbour {router} {ip} {mac}\n")),
        _ => None,
    }
}

fn parse_learned(line: &str) -> Option<Update> {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["station", bridge, vlan, mac, port] => Some(Update::MacLearned {
            bridge: bridge.parse().ok()?,
            vlan: vlan.parse().ok()?,
            mac: mac.parse().ok()?,
            port: port.parse().ok()?,
        }),
        ["neighbour", router, ip, mac] => Some(Update::ArpLearned {
            router: router.parse().ok()?,
            ip: ip.parse().ok()?,
            mac: mac.parse().ok()?,
        }),
        _ => None,
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> StateDirError {
    StateDirError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_id_is_made_once_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let first = StateDir::open(directory.path()).unwrap().host_id(None, Uuid::from_u128(1)).unwrap();
        let second = StateDir::open(directory.path()).unwrap().host_id(None, Uuid::from_u128(2)).unwrap();
        assert_eq!((first, second), (HostId(Uuid::from_u128(1)), HostId(Uuid::from_u128(1))));
    }

    #[test]
    fn a_configured_host_id_wins() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::open(directory.path()).unwrap();
        assert_eq!(
            state.host_id(Some(Uuid::from_u128(7)), Uuid::from_u128(1)).unwrap(),
            HostId(Uuid::from_u128(7))
        );
    }

    #[test]
    fn a_directory_serves_one_agent_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let _first = StateDir::open(directory.path()).unwrap();
        let error = StateDir::open(directory.path()).unwrap_err();
        assert!(matches!(error, StateDirError::InUse(_)), "{error}");
    }

    #[test]
    fn a_damaged_host_id_names_the_file() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("host-id"), "garbage").unwrap();
        let error =
            StateDir::open(directory.path()).unwrap().host_id(None, Uuid::nil()).unwrap_err().to_string();
        assert!(error.contains("host-id") && error.contains("garbage"), "{error}");
    }

    fn learned() -> Vec<Update> {
        let mac = packet::MacAddr([2, 0, 0, 0, 0, 1]);
        let bridge = model::BridgeId(Uuid::from_u128(1));
        let router = model::RouterId(Uuid::from_u128(2));
        let port = PortId(Uuid::from_u128(3));
        vec![
            Update::MacLearned { bridge, vlan: 7, mac, port },
            Update::ArpLearned { router, ip: "192.0.2.1".parse().unwrap(), mac },
            Update::ArpLearned { router, ip: "fe80::1".parse().unwrap(), mac },
        ]
    }

    #[test]
    fn what_was_learned_is_told_once_and_survives_damage_to_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::open(directory.path()).unwrap();
        assert_eq!(state.take_learned(Duration::MAX), []);
        state.keep_learned(&learned()).unwrap();
        let path = directory.path().join("learned");
        let damaged = fs::read_to_string(&path).unwrap().replacen("192.0.2.1", "192.0.2", 1);
        fs::write(&path, damaged).unwrap();
        let [station, _, neighbour] = <[Update; 3]>::try_from(learned()).unwrap();
        assert_eq!(state.take_learned(Duration::MAX), [station, neighbour]);
        assert_eq!(state.take_learned(Duration::MAX), []);
    }

    #[test]
    fn what_was_learned_long_ago_is_not_believed() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::open(directory.path()).unwrap();
        state.keep_learned(&learned()).unwrap();
        assert_eq!(state.take_learned(Duration::ZERO), []);
        assert_eq!(state.take_learned(Duration::MAX), [], "and is gone");
    }

    #[test]
    fn tunnel_keys_survive_a_restart_and_damage_to_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDir::open(directory.path()).unwrap();
        let keys = BTreeMap::from([(PortId(Uuid::from_u128(1)), 5), (PortId(Uuid::from_u128(2)), 9)]);
        state.keep_tunnel_keys(&keys).unwrap();
        assert_eq!(state.tunnel_keys(), keys);
        let path = directory.path().join("tunnel-keys");
        let damaged = fs::read_to_string(&path).unwrap().replacen(" 5", " x", 1);
        fs::write(&path, damaged).unwrap();
        assert_eq!(state.tunnel_keys(), BTreeMap::from([(PortId(Uuid::from_u128(2)), 9)]));
    }
}
