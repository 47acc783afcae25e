//! Bridges as the simulation reads them: flood lists, and the router ports that are cabled to them.

use std::net::IpAddr;
use std::sync::Arc;

use model::{Bridge as Config, BridgeDocument, BridgeId, ChainId, DeviceId, DocumentKey, PortId, RouterId};
use packet::MacAddr;

use super::{IdMap, Link, Port, PortKind};

/// A bridge, compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Its own configuration.
    pub config: BridgeConfig,
    /// Its ports, ordered by id.
    pub ports: Vec<PortId>,
    /// Ports that a frame for everybody leaves by: all but those that lead to a router.
    pub(crate) flood: Vec<FloodPort>,
    /// Router ports cabled to the bridge.
    pub(crate) routers: Vec<RouterPeer>,
    /// A peer device that is not loaded: until it is, nobody can tell whose an address is.
    pub(crate) missing: Option<DocumentKey>,
}

/// What a bridge itself is configured to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeConfig {
    /// Identity.
    pub id: BridgeId,
    /// A bridge that is down drops everything.
    pub admin_state_up: bool,
    /// Chain applied to frames entering by any port.
    pub inbound_filter: Option<ChainId>,
    /// Chain applied to frames leaving by any port.
    pub outbound_filter: Option<ChainId>,
}

/// A port that frames are flooded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FloodPort {
    pub(crate) port: PortId,
    /// Only frames of this VLAN.
    pub(crate) vlan: Option<u16>,
}

/// A router port at the other end of a bridge port's cable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RouterPeer {
    /// The bridge's port.
    pub(crate) port: PortId,
    pub(crate) router: RouterId,
    pub(crate) mac: MacAddr,
    pub(crate) addresses: Vec<IpAddr>,
}

impl From<&Config> for BridgeConfig {
    fn from(bridge: &Config) -> Self {
        Self {
            id: bridge.id,
            admin_state_up: bridge.admin_state_up,
            inbound_filter: bridge.inbound_filter,
            outbound_filter: bridge.outbound_filter,
        }
    }
}

impl Bridge {
    /// Compiles a document. Its ports, and those at the other end of their cables, are looked up in `ports`.
    pub(super) fn compile(document: &BridgeDocument, ports: &IdMap<PortId, Arc<Port>>) -> Self {
        let ids = document.ports.iter().map(|entry| entry.port.id).collect();
        Self::index(BridgeConfig::from(&document.bridge), ids, ports)
    }

    /// The same bridge after a device that it is cabled to has changed.
    pub(super) fn reindex(&self, ports: &IdMap<PortId, Arc<Port>>) -> Self {
        Self::index(self.config.clone(), self.ports.clone(), ports)
    }

    fn index(config: BridgeConfig, ids: Vec<PortId>, ports: &IdMap<PortId, Arc<Port>>) -> Self {
        let mut bridge = Self { config, ports: ids, flood: Vec::new(), routers: Vec::new(), missing: None };
        for port in bridge.ports.iter().filter_map(|id| ports.get(id)) {
            let PortKind::Bridge { vlan, .. } = port.kind else { continue };
            match port.link {
                Link::Unplugged => {}
                Link::Exterior => bridge.flood.push(FloodPort { port: port.id, vlan: None }),
                Link::Interior { device: Some(DeviceId::Router(router)), peer } => {
                    match ports.get(&peer).map(|peer| (peer.mac(), peer.addresses())) {
                        Some((Some(mac), addresses)) => bridge.routers.push(RouterPeer {
                            port: port.id,
                            router,
                            mac,
                            addresses: addresses.iter().map(ipnetwork::IpNetwork::ip).collect(),
                        }),
                        _ => bridge.missing = Some(DocumentKey::Router(router)),
                    }
                }
                Link::Interior { .. } => bridge.flood.push(FloodPort { port: port.id, vlan }),
            }
        }
        bridge
    }

    /// The router port with an Ethernet address.
    #[inline]
    pub(crate) fn router_by_mac(&self, mac: MacAddr) -> Option<&RouterPeer> {
        self.routers.iter().find(|peer| peer.mac == mac)
    }

    /// The router port with an IP address.
    #[inline]
    pub(crate) fn router_by_ip(&self, ip: IpAddr) -> Option<&RouterPeer> {
        self.routers.iter().find(|peer| peer.addresses.contains(&ip))
    }
}
