//! Configuration in three layers: a TOML file, overridden by `MIDSPAN_*` variables, overridden by flags.
//!
//! Every flag of [`Settings`] is also a key of the file, under its long name. Unknown keys are errors.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use uuid::Uuid;

/// Where the file is looked for when `--config` is not given.
pub(crate) const DEFAULT_FILE: &str = "/etc/midspan/midspan.toml";

/// Who may use the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auth {
    /// Everybody who can reach the address.
    None,
}

/// What an operator can set, each value optional in each layer.
#[derive(Args, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Settings {
    /// ZooKeeper servers of the NSDB, HOST:PORT separated by commas
    #[arg(long, value_name = "HOST:PORT[,…]", env = "MIDSPAN_ZOOKEEPER")]
    pub zookeeper: Option<String>,
    /// Directory of the embedded NSDB, for one host without ZooKeeper
    #[arg(long, value_name = "DIR", env = "MIDSPAN_STORE")]
    pub store: Option<PathBuf>,
    /// Address of the REST API [default: 127.0.0.1:8181]
    #[arg(long, value_name = "ADDR:PORT", env = "MIDSPAN_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Who may use the REST API [default: none when listening on loopback]
    #[arg(long, value_enum, env = "MIDSPAN_AUTH")]
    pub auth: Option<Auth>,
    /// Directory of the agent's own state: host id, lock [default: /var/lib/midspan]
    #[arg(long, value_name = "DIR", env = "MIDSPAN_STATE")]
    pub state: Option<PathBuf>,
    /// Name of this host [default: the machine's]
    #[arg(long, value_name = "NAME", env = "MIDSPAN_NAME")]
    pub name: Option<String>,
    /// Id of this host [default: made once and kept in the state directory]
    #[arg(long, value_name = "UUID", env = "MIDSPAN_HOST_ID")]
    pub host_id: Option<Uuid>,
    /// Address of the agent's metrics, status and trace [default: 127.0.0.1:7300]
    #[arg(long, value_name = "ADDR:PORT", env = "MIDSPAN_METRICS")]
    pub metrics: Option<SocketAddr>,
    /// Name of the kernel datapath [default: midspan]
    #[arg(long, value_name = "NAME", env = "MIDSPAN_DATAPATH")]
    pub datapath: Option<String>,
}

/// Where the NSDB is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Nsdb {
    /// ZooKeeper servers, HOST:PORT separated by commas.
    ZooKeeper(String),
    /// Directory of the embedded store.
    Embedded(PathBuf),
}

impl Settings {
    /// Lays these settings (variables and flags) over those of a file. `explicit` is the file named by `--config`,
    /// which must exist; without it the default file is read if it is there.
    pub(crate) fn over_file(self, explicit: Option<&Path>) -> anyhow::Result<Self> {
        let path = explicit.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound && explicit.is_none() => return Ok(self),
            Err(e) => {
                return Err(e)
                    .with_context(|| format!("cannot read the configuration file {}", path.display()));
            }
        };
        let file: Self = toml::from_str(&text)
            .with_context(|| format!("the configuration file {} is not valid", path.display()))?;
        Ok(self.over(file))
    }

    fn over(self, below: Self) -> Self {
        // Choosing one kind of NSDB in a higher layer sets aside the other kind of the layer below.
        let chosen = self.zookeeper.is_some() || self.store.is_some();
        Self {
            zookeeper: if chosen { self.zookeeper } else { below.zookeeper },
            store: if chosen { self.store } else { below.store },
            listen: self.listen.or(below.listen),
            auth: self.auth.or(below.auth),
            state: self.state.or(below.state),
            name: self.name.or(below.name),
            host_id: self.host_id.or(below.host_id),
            metrics: self.metrics.or(below.metrics),
            datapath: self.datapath.or(below.datapath),
        }
    }

    /// The NSDB to use: exactly one of `zookeeper` and `store`.
    pub(crate) fn nsdb(&self) -> anyhow::Result<Nsdb> {
        match (&self.zookeeper, &self.store) {
            (Some(servers), None) => Ok(Nsdb::ZooKeeper(servers.clone())),
            (None, Some(directory)) => Ok(Nsdb::Embedded(directory.clone())),
            (Some(_), Some(_)) => bail!("`zookeeper` and `store` exclude each other: give one of them"),
            (None, None) => bail!(
                "no NSDB given: use --zookeeper HOST:PORT[,…], or --store DIR for one host (also as keys of {DEFAULT_FILE})"
            ),
        }
    }

    /// Address of the REST API.
    pub(crate) fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8181)))
    }

    /// Address of the agent's metrics, status and trace.
    pub(crate) fn metrics(&self) -> SocketAddr {
        self.metrics.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 7300)))
    }

    /// Directory of the agent's state.
    pub(crate) fn state(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(|| PathBuf::from("/var/lib/midspan"))
    }

    /// Name of the kernel datapath.
    pub(crate) fn datapath(&self) -> String {
        self.datapath.clone().unwrap_or_else(|| "midspan".to_owned())
    }

    /// Refuses to serve everybody by accident: open access beyond loopback must be asked for by name.
    pub(crate) fn check_auth(&self) -> anyhow::Result<()> {
        if self.auth.is_none() && !self.listen().ip().is_loopback() {
            bail!(
                "listening on {} without authentication must be asked for: add --auth none, or listen on 127.0.0.1",
                self.listen()
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn flags_win_over_the_file() {
        let file = parse("name = \"from-file\"\ndatapath = \"dp1\"").unwrap();
        let flags = Settings { name: Some("from-flag".into()), ..Settings::default() };
        let merged = flags.over(file);
        assert_eq!(merged.name.as_deref(), Some("from-flag"));
        assert_eq!(merged.datapath(), "dp1");
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        let error = parse("nmae = \"typo\"").unwrap_err().to_string();
        assert!(error.contains("nmae"), "{error}");
    }

    #[test]
    fn a_flag_for_one_nsdb_sets_aside_the_file_s_other() {
        let file = parse("zookeeper = \"zk:2181\"").unwrap();
        let flags = Settings { store: Some("/tmp/x".into()), ..Settings::default() };
        assert_eq!(flags.over(file).nsdb().unwrap(), Nsdb::Embedded("/tmp/x".into()));
    }

    #[test]
    fn an_nsdb_must_be_named() {
        let error = Settings::default().nsdb().unwrap_err().to_string();
        assert!(error.contains("--zookeeper") && error.contains("--store"), "{error}");
    }

    #[test]
    fn the_settings_that_the_api_takes_into_custody_are_keys_of_the_file() {
        for setting in api::AGENT_SETTINGS {
            let value = match setting.kind {
                api::SettingKind::Text => "text",
                api::SettingKind::Path => "/path",
                api::SettingKind::Address => "127.0.0.1:7300",
                api::SettingKind::Uuid => "00000000-0000-0000-0000-000000000001",
            };
            parse(&format!("{} = {value:?}", setting.key)).unwrap();
        }
    }

    #[test]
    fn open_access_beyond_loopback_must_be_asked_for() {
        let everywhere = Settings { listen: Some("0.0.0.0:8181".parse().unwrap()), ..Settings::default() };
        assert!(everywhere.check_auth().is_err());
        assert!(Settings { auth: Some(Auth::None), ..everywhere }.check_auth().is_ok());
        assert!(Settings::default().check_auth().is_ok());
    }
}
