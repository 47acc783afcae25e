//! Documents: the topology as agents read it, one per device with everything the device needs to be simulated.
//!
//! A document is derived from the objects; the commit log's entries say what changed, documents say what is.

use crate::{
    Bridge, BridgeId, Chain, ChainId, Host, HostId, IpAddrGroup, IpAddrGroupId, Kind, Object, ObjectKey,
    Port, PortGroup, PortGroupId, PortId, Route, Router, RouterId, Rule, TunnelZone, TunnelZoneId,
};

/// A bridge or a router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceId {
    /// A bridge.
    Bridge(BridgeId),
    /// A router.
    Router(RouterId),
}

/// Identity of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKey {
    /// [`BridgeDocument`]
    Bridge(BridgeId),
    /// [`RouterDocument`]
    Router(RouterId),
    /// [`ChainDocument`]
    Chain(ChainId),
    /// [`PortGroup`]
    PortGroup(PortGroupId),
    /// [`IpAddrGroup`]
    IpAddrGroup(IpAddrGroupId),
    /// [`HostDocument`]
    Host(HostId),
    /// [`TunnelZone`]
    TunnelZone(TunnelZoneId),
}

/// A document of any kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// A bridge with its ports.
    Bridge(BridgeDocument),
    /// A router with its ports and routes.
    Router(RouterDocument),
    /// A chain with its rules.
    Chain(ChainDocument),
    /// A port group. Membership stands at the ports.
    PortGroup(PortGroup),
    /// An IP address group with its members.
    IpAddrGroup(IpAddrGroup),
    /// A host with its bindings and zones.
    Host(HostDocument),
    /// A tunnel zone with its members.
    TunnelZone(TunnelZone),
}

/// A port and the device at the other end of its cable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortEntry {
    /// The port.
    pub port: Port,
    /// Device of the peer port, if the port has a peer.
    pub peer_device: Option<DeviceId>,
}

/// A bridge with its ports, ordered by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeDocument {
    /// The bridge.
    pub bridge: Bridge,
    /// Its ports.
    pub ports: Vec<PortEntry>,
}

/// A router with its ports and routes, ordered by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterDocument {
    /// The router.
    pub router: Router,
    /// Its ports.
    pub ports: Vec<PortEntry>,
    /// Its configured routes.
    pub routes: Vec<Route>,
}

/// A chain with its rules in order of evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainDocument {
    /// The chain.
    pub chain: Chain,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// A port bound to an interface of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostBinding {
    /// The port.
    pub port: PortId,
    /// Device that the port is part of.
    pub device: DeviceId,
    /// Interface name on the host.
    pub interface: String,
}

/// What a host's agent has to do: the root of everything that it loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostDocument {
    /// The host.
    pub host: Host,
    /// Ports bound to its interfaces, ordered by port id.
    pub bindings: Vec<HostBinding>,
    /// Zones that it is a member of, ordered by id.
    pub tunnel_zones: Vec<TunnelZoneId>,
}

impl DocumentKey {
    /// The document that has this object at its head; `None` for an object that is part of another's document.
    pub fn headed_by(object: ObjectKey) -> Option<Self> {
        Some(match object.kind {
            Kind::Bridge => Self::Bridge(BridgeId(object.id)),
            Kind::Router => Self::Router(RouterId(object.id)),
            Kind::Chain => Self::Chain(ChainId(object.id)),
            Kind::PortGroup => Self::PortGroup(PortGroupId(object.id)),
            Kind::IpAddrGroup => Self::IpAddrGroup(IpAddrGroupId(object.id)),
            Kind::Host => Self::Host(HostId(object.id)),
            Kind::TunnelZone => Self::TunnelZone(TunnelZoneId(object.id)),
            Kind::Port | Kind::Route | Kind::Rule => return None,
        })
    }
}

impl Document {
    /// Identity of the document.
    pub fn key(&self) -> DocumentKey {
        match self {
            Self::Bridge(d) => DocumentKey::Bridge(d.bridge.id),
            Self::Router(d) => DocumentKey::Router(d.router.id),
            Self::Chain(d) => DocumentKey::Chain(d.chain.id),
            Self::PortGroup(d) => DocumentKey::PortGroup(d.id),
            Self::IpAddrGroup(d) => DocumentKey::IpAddrGroup(d.id),
            Self::Host(d) => DocumentKey::Host(d.host.id),
            Self::TunnelZone(d) => DocumentKey::TunnelZone(d.id),
        }
    }

    /// The objects that the document is the home of. Every object of a topology stands in exactly one document, so
    /// that all documents together are all of the topology.
    pub fn into_objects(self) -> Vec<Object> {
        match self {
            Self::Bridge(d) => with_parts(d.bridge, d.ports.into_iter().map(|entry| entry.port.into())),
            Self::Router(d) => {
                let ports = d.ports.into_iter().map(|entry| entry.port.into());
                with_parts(d.router, ports.chain(d.routes.into_iter().map(Object::from)))
            }
            Self::Chain(d) => with_parts(d.chain, d.rules.into_iter().map(Object::from)),
            Self::PortGroup(d) => vec![d.into()],
            Self::IpAddrGroup(d) => vec![d.into()],
            Self::Host(d) => vec![d.host.into()],
            Self::TunnelZone(d) => vec![d.into()],
        }
    }
}

fn with_parts(head: impl Into<Object>, parts: impl Iterator<Item = Object>) -> Vec<Object> {
    std::iter::once(head.into()).chain(parts).collect()
}

impl From<DeviceId> for DocumentKey {
    fn from(device: DeviceId) -> Self {
        match device {
            DeviceId::Bridge(id) => Self::Bridge(id),
            DeviceId::Router(id) => Self::Router(id),
        }
    }
}

impl From<DocumentKey> for ObjectKey {
    /// The object at the head of the document.
    fn from(key: DocumentKey) -> Self {
        match key {
            DocumentKey::Bridge(id) => id.into(),
            DocumentKey::Router(id) => id.into(),
            DocumentKey::Chain(id) => id.into(),
            DocumentKey::PortGroup(id) => id.into(),
            DocumentKey::IpAddrGroup(id) => id.into(),
            DocumentKey::Host(id) => id.into(),
            DocumentKey::TunnelZone(id) => id.into(),
        }
    }
}
