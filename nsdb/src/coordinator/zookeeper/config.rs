//! Where ZooKeeper is, and where in it our keys are.

use std::sync::Arc;
use std::time::Duration;

use super::super::error::{Error, Result};
use super::super::key::check_key;
use super::value::MAX_OWNER_BYTES;

const DEFAULT_PORT: u16 = 2181;
/// The znode above all our keys.
const TOP: &str = "midspan";
/// Where connections prove themselves, below [`TOP`]. The dot keeps it apart from keys.
pub(super) const SESSIONS: &str = ".sessions";
/// The client takes whole seconds of two thirds of the session's time.
const MIN_SESSION: Duration = Duration::from_secs(2);

/// How a ZooKeeper session behaves.
#[derive(Debug, Clone, Copy)]
pub struct ZooKeeperOptions {
    /// How long the server keeps a session, and its ephemeral keys, without hearing from us. At least 2 s; the server
    /// may impose bounds of its own.
    pub session: Duration,
    /// How long one operation may take, waiting for a connection included.
    pub deadline: Duration,
}

impl Default for ZooKeeperOptions {
    fn default() -> Self {
        Self { session: Duration::from_secs(10), deadline: Duration::from_secs(5) }
    }
}

/// The whole configuration, checked.
#[derive(Debug)]
pub(super) struct Config {
    /// HOST:PORT each.
    pub(super) servers: Vec<String>,
    pub(super) root: Root,
    pub(super) owner: Arc<str>,
    pub(super) session: Duration,
    pub(super) deadline: Duration,
    /// As the user wrote it, for messages.
    pub(super) endpoint: String,
}

impl Config {
    /// Parses `HOST:PORT[,HOST:PORT…][/PATH]`.
    pub(super) fn new(address: &str, owner: &str, options: ZooKeeperOptions) -> Result<Self> {
        let refuse =
            |reason: &str| Err(Error::Address { address: address.to_owned(), reason: reason.to_owned() });
        let (hosts, chroot) = match address.split_once('/') {
            Some((hosts, chroot)) => (hosts, chroot.trim_end_matches('/')),
            None => (address, ""),
        };
        if !chroot.is_empty() && check_key(chroot).is_err() {
            return refuse("the path after the servers is malformed");
        }
        let mut servers = Vec::new();
        for host in hosts.split(',').map(str::trim) {
            match server(host) {
                Some(server) => servers.push(server),
                None => return refuse("each server is HOST:PORT"),
            }
        }
        if owner.is_empty() || owner.len() > MAX_OWNER_BYTES {
            return refuse("the owner's name must have 1 to 255 bytes");
        }
        if options.session < MIN_SESSION {
            return refuse("the session timeout must be 2 s or more");
        }
        Ok(Self {
            servers,
            root: Root::below(chroot),
            owner: owner.into(),
            session: options.session,
            deadline: options.deadline,
            endpoint: format!("ZooKeeper at {address}"),
        })
    }
}

/// `HOST[:PORT]` or `[IPV6][:PORT]` as `HOST:PORT`.
fn server(text: &str) -> Option<String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok().filter(|port| *port > 0)?),
        _ => (text, DEFAULT_PORT),
    };
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let well_formed = match bare {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && !host.contains([':', ' ', '[', ']', '@']),
    };
    well_formed.then(|| format!("{host}:{port}"))
}

/// The znode above all keys, as an absolute path.
#[derive(Debug, Clone)]
pub(super) struct Root(Arc<str>);

impl Root {
    fn below(chroot: &str) -> Self {
        if chroot.is_empty() {
            Self(format!("/{TOP}").into())
        } else {
            Self(format!("/{chroot}/{TOP}").into())
        }
    }

    /// The znode of a key, or of the root for the empty string.
    pub(super) fn path(&self, key: &str) -> String {
        if key.is_empty() { self.0.to_string() } else { format!("{}/{key}", self.0) }
    }

    /// The key of a znode.
    pub(super) fn key<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&*self.0)?;
        if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
    }

    /// Where a connection proves itself.
    pub(super) fn session_path(&self, name: &str) -> String {
        format!("{}/{SESSIONS}/{name}", self.0)
    }

    /// What must exist for that, from the top.
    pub(super) fn session_ancestors(&self) -> Vec<String> {
        let parent = format!("{}/{SESSIONS}", self.0);
        let ends = parent.match_indices('/').map(|(at, _)| at).skip(1).chain([parent.len()]);
        ends.map(|end| parent[..end].to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(address: &str) -> Result<Config> {
        Config::new(address, "host-a", ZooKeeperOptions::default())
    }

    #[test]
    fn servers_have_ports_and_may_have_a_path() {
        let config = parse("zk1:2182, zk2,[::1]:2183,[fe80::1],10.0.0.1:1/net/lab/").unwrap();
        assert_eq!(config.servers, ["zk1:2182", "zk2:2181", "[::1]:2183", "[fe80::1]:2181", "10.0.0.1:1"]);
        assert_eq!(config.root.path("log/1"), "/net/lab/midspan/log/1");
        assert_eq!(
            config.root.session_ancestors(),
            ["/net", "/net/lab", "/net/lab/midspan", "/net/lab/midspan/.sessions"]
        );
        assert_eq!(parse("zk1").unwrap().root.path(""), "/midspan");
    }

    #[test]
    fn paths_are_mapped_back_to_keys() {
        let root = parse("zk1").unwrap().root;
        assert_eq!(root.key("/midspan/log/1"), Some("log/1"));
        assert_eq!(root.key("/midspan"), Some(""));
        assert_eq!(root.key("/midspanner"), None);
        assert_eq!(root.key("/other"), None);
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for address in
            ["", "zk1:", "zk1:0", "zk1:99999", "zk1,,zk2", "::1", "[::g]:1", "zk1/a//b", "http://zk1:2181"]
        {
            assert!(matches!(parse(address), Err(Error::Address { .. })), "{address}");
        }
        let options = ZooKeeperOptions { session: Duration::from_secs(1), ..Default::default() };
        assert!(Config::new("zk1", "host-a", options).is_err());
        assert!(Config::new("zk1", "", ZooKeeperOptions::default()).is_err());
    }
}
