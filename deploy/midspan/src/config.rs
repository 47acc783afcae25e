//! Configuration in three layers: a TOML file, overridden by `MIDSPAN_*` variables, overridden by flags.
//!
//! Every flag of [`Settings`] is also a key of the file, under its long name; those of Keystone stand in a table of
//! their own. Unknown keys are errors.

mod keystone;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use api::auth;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use uuid::Uuid;

use keystone::Keystone;

/// Where the file is looked for when `--config` is not given.
pub(crate) const DEFAULT_FILE: &str = "/etc/midspan/midspan.toml";

/// Who may use the REST API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auth {
    /// Everybody who can reach the address.
    None,
    /// Those in the file of tokens.
    Tokens,
    /// Those with a role in Keystone.
    Keystone,
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
    /// Address of the REST API [default: 127.0.0.1:8181, unless there is --listen-tls]
    #[arg(long, value_name = "ADDR:PORT", env = "MIDSPAN_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Address of the REST API by HTTPS, instead of or beside --listen
    #[arg(long, value_name = "ADDR:PORT", env = "MIDSPAN_LISTEN_TLS")]
    pub listen_tls: Option<SocketAddr>,
    /// Certificate for HTTPS with its intermediate ones, PEM; read again when it changes
    #[arg(long, value_name = "FILE", env = "MIDSPAN_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// Key of the certificate, PEM
    #[arg(long, value_name = "FILE", env = "MIDSPAN_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Who may use the REST API [default: none when listening on loopback only]
    #[arg(long, value_enum, env = "MIDSPAN_AUTH")]
    pub auth: Option<Auth>,
    /// File of tokens for --auth tokens; read again when it changes [default: /etc/midspan/tokens.toml]
    #[arg(long, value_name = "FILE", env = "MIDSPAN_TOKENS")]
    pub tokens: Option<PathBuf>,
    #[command(flatten)]
    pub keystone: Keystone,
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
            listen_tls: self.listen_tls.or(below.listen_tls),
            tls_cert: self.tls_cert.or(below.tls_cert),
            tls_key: self.tls_key.or(below.tls_key),
            auth: self.auth.or(below.auth),
            tokens: self.tokens.or(below.tokens),
            keystone: self.keystone.over(below.keystone),
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

    /// Address of the REST API by plain HTTP; none where HTTPS alone is asked for.
    pub(crate) fn listen(&self) -> Option<SocketAddr> {
        let default = || self.listen_tls.is_none().then(|| SocketAddr::from(([127, 0, 0, 1], 8181)));
        self.listen.or_else(default)
    }

    /// Address of the REST API by HTTPS, with the files of certificate and key.
    pub(crate) fn listen_tls(&self) -> anyhow::Result<Option<(SocketAddr, PathBuf, PathBuf)>> {
        match (self.listen_tls, &self.tls_cert, &self.tls_key) {
            (None, None, None) => Ok(None),
            (Some(address), Some(certificate), Some(key)) => {
                Ok(Some((address, certificate.clone(), key.clone())))
            }
            _ => bail!("HTTPS needs all of --listen-tls ADDR:PORT, --tls-cert FILE and --tls-key FILE"),
        }
    }

    /// The file of tokens.
    pub(crate) fn tokens(&self) -> PathBuf {
        self.tokens.clone().unwrap_or_else(|| PathBuf::from("/etc/midspan/tokens.toml"))
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
        let addresses = [self.listen(), self.listen_tls];
        let beyond = addresses.into_iter().flatten().find(|address| !address.ip().is_loopback());
        match (self.auth, beyond) {
            (None, Some(address)) => bail!(
                "listening on {address} needs a choice of who may use the API: --auth tokens or --auth keystone; or --auth \
                 none, for everybody who can reach the address"
            ),
            _ => Ok(()),
        }
    }

    /// Who may use the REST API. Reads the files that say so.
    pub(crate) fn auth(&self) -> anyhow::Result<auth::Auth> {
        Ok(match self.auth {
            None | Some(Auth::None) => auth::Auth::None,
            Some(Auth::Tokens) => auth::Auth::Tokens(auth::Tokens::open(self.tokens()).context(
                "--auth tokens needs a file of tokens: `midspan api token NAME --role ROLE` adds a user to it",
            )?),
            Some(Auth::Keystone) => auth::Auth::Keystone(Box::new(auth::Keystone::new(self.keystone.config()?)?)),
        })
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
    fn access_beyond_loopback_must_be_chosen() {
        let everywhere = || Some("0.0.0.0:8181".parse().unwrap());
        let plain = Settings { listen: everywhere(), ..Settings::default() };
        let tls = Settings { listen_tls: everywhere(), ..Settings::default() };
        for settings in [plain, tls] {
            let error = settings.check_auth().unwrap_err().to_string();
            assert!(error.contains("--auth none") && error.contains("--auth tokens"), "{error}");
            for auth in [Auth::None, Auth::Tokens, Auth::Keystone] {
                assert!(Settings { auth: Some(auth), ..settings.clone() }.check_auth().is_ok());
            }
        }
        assert!(Settings::default().check_auth().is_ok());
    }

    #[test]
    fn https_alone_sets_the_plain_default_aside() {
        let tls = Settings { listen_tls: Some("127.0.0.1:8443".parse().unwrap()), ..Settings::default() };
        assert_eq!((tls.listen(), Settings::default().listen().map(|a| a.port())), (None, Some(8181)));
        assert!(tls.listen_tls().unwrap_err().to_string().contains("--tls-cert"));
    }

    #[test]
    fn keystone_has_a_table_of_its_own() {
        let file =
            parse("auth = \"keystone\"\n[keystone]\nurl = \"http://k/v3\"\nadmin-role = \"root\"").unwrap();
        assert_eq!(file.auth, Some(Auth::Keystone));
        let flags = Keystone { admin_role: Some("boss".into()), ..Keystone::default() };
        let merged = Settings { keystone: flags, ..Settings::default() }.over(file);
        assert_eq!(merged.keystone.url.as_deref(), Some("http://k/v3"));
        assert_eq!(merged.keystone.admin_role.as_deref(), Some("boss"));
        let error = parse("[keystone]\nurn = 1").unwrap_err().to_string();
        assert!(error.contains("urn"), "{error}");
    }
}
