//! The settings of agents that the API takes into custody: those of an agent's configuration file, by the same names.

use std::net::SocketAddr;

use uuid::Uuid;

/// A setting of agents.
#[derive(Clone, Copy, Debug)]
pub struct AgentSetting {
    /// Key in the configuration file.
    pub key: &'static str,
    /// What values it takes.
    pub kind: SettingKind,
    /// What holds when it is not set, unless the agent finds out.
    pub default: Option<&'static str>,
    /// What it means.
    pub meaning: &'static str,
}

/// What values a setting takes, all written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Any text but none.
    Text,
    /// An absolute path.
    Path,
    /// An IP address with a port.
    Address,
    /// A UUID.
    Uuid,
}

/// Every setting of agents.
pub const AGENT_SETTINGS: &[AgentSetting] = &[
    AgentSetting {
        key: "zookeeper",
        kind: SettingKind::Text,
        default: None,
        meaning: "ZooKeeper servers of the NSDB, HOST:PORT separated by commas",
    },
    AgentSetting {
        key: "state",
        kind: SettingKind::Path,
        default: Some("/var/lib/midspan"),
        meaning: "Directory of the agent's own state: host id, lock",
    },
    AgentSetting { key: "name", kind: SettingKind::Text, default: None, meaning: "Name of the host" },
    AgentSetting { key: "host-id", kind: SettingKind::Uuid, default: None, meaning: "Id of the host" },
    AgentSetting {
        key: "metrics",
        kind: SettingKind::Address,
        default: Some("127.0.0.1:7300"),
        meaning: "Address of the agent's metrics, status and trace",
    },
    AgentSetting {
        key: "datapath",
        kind: SettingKind::Text,
        default: Some("midspan"),
        meaning: "Name of the kernel datapath",
    },
];

impl SettingKind {
    /// What a value must be.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Path => "an absolute path",
            Self::Address => "ADDR:PORT",
            Self::Uuid => "a UUID",
        }
    }

    /// Whether the setting can have this value.
    pub(crate) fn takes(self, value: &str) -> bool {
        match self {
            Self::Text => !value.is_empty(),
            Self::Path => value.starts_with('/'),
            Self::Address => value.parse::<SocketAddr>().is_ok(),
            Self::Uuid => value.parse::<Uuid>().is_ok(),
        }
    }
}
