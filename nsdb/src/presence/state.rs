//! The state of a host that its agent publishes, as it stands in the coordinator (JSON, so that it reads with any tool).

use std::net::IpAddr;

use packet::MacAddr;
use serde::{Deserialize, Serialize};

/// What an agent sees on its host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostState {
    /// Every interface of the agent's network namespace, ordered by name.
    pub interfaces: Vec<Interface>,
}

impl HostState {
    /// Addresses of all interfaces, without duplicates, in order of the interfaces.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let mut addresses = Vec::new();
        for address in self.interfaces.iter().flat_map(|interface| &interface.addresses) {
            if !addresses.contains(address) {
                addresses.push(*address);
            }
        }
        addresses
    }
}

/// A network interface of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// Kernel name, 1–15 characters.
    pub name: String,
    /// What sort of device it is.
    pub kind: InterfaceKind,
    /// Ethernet address, where it has one.
    #[serde(with = "mac_text", default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<MacAddr>,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// Administratively up.
    pub up: bool,
    /// A carrier is there.
    pub has_link: bool,
    /// Its IP addresses.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
    /// What stands behind it.
    pub endpoint: Endpoint,
    /// Kind of datapath port (`NETDEV`, `INTERNAL`, `VXLAN`, `GRE`…) if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port_type: Option<String>,
}

/// MidoNet `HostState.Interface.Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InterfaceKind {
    /// A device of hardware, or its stand-in.
    Physical,
    /// A software device: tap, veth, bridge.
    Virtual,
    /// A tunnel device.
    Tunnel,
    /// Anything else.
    #[serde(other)]
    Unknown,
}

/// MidoNet `HostState.Interface.Endpoint`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// A port of the datapath itself.
    Datapath,
    /// The physical network.
    Physical,
    /// A virtual machine or container.
    Vm,
    /// A GRE tunnel.
    Gre,
    /// A CAPWAP tunnel.
    Capwap,
    /// The loopback.
    Localhost,
    /// A tun or tap device without a machine behind it.
    Tuntap,
    /// Anything else.
    #[serde(other)]
    Unknown,
}

mod mac_text {
    use packet::MacAddr;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::ref_option)] // serde's signature
    pub(super) fn serialize<S: Serializer>(mac: &Option<MacAddr>, serializer: S) -> Result<S::Ok, S::Error> {
        match mac {
            Some(mac) => serializer.collect_str(mac),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<MacAddr>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(Error::custom)).transpose()
    }
}
