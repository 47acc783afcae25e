//! Documents: the topology as agents read it, one per device with everything the device needs to be simulated.
//!
//! A document is derived from the objects; the commit log's entries say what changed, documents say what is.

use crate::{
    Bridge, BridgeId, Chain, ChainId, ConfDocument, ConfDocumentId, Host, HostId, IpAddrGroup, IpAddrGroupId,
    L2Insertion, L2InsertionId, Mirror, MirrorId, Object, Port, PortGroup, PortGroupId, PortId,
    QosBandwidthRule, QosDscpRule, QosPolicy, QosPolicyId, Route, Router, RouterId, Rule, TraceRequest,
    TraceRequestId, TunnelZone, TunnelZoneId,
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
    /// [`Mirror`]
    Mirror(MirrorId),
    /// [`L2Insertion`]
    L2Insertion(L2InsertionId),
    /// [`TraceRequest`]
    TraceRequest(TraceRequestId),
    /// [`QosPolicyDocument`]
    QosPolicy(QosPolicyId),
    /// [`ConfDocument`]
    ConfDocument(ConfDocumentId),
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
    /// A mirror. Where it is hooked in stands at the devices and ports.
    Mirror(Mirror),
    /// An L2 insertion.
    L2Insertion(L2Insertion),
    /// A trace request.
    TraceRequest(TraceRequest),
    /// A QoS policy with its rules.
    QosPolicy(QosPolicyDocument),
    /// Configuration of agents.
    ConfDocument(ConfDocument),
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

/// A QoS policy with its rules, ordered by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QosPolicyDocument {
    /// The policy.
    pub policy: QosPolicy,
    /// Its bandwidth limits.
    pub bandwidth_rules: Vec<QosBandwidthRule>,
    /// Its DSCP marks.
    pub dscp_rules: Vec<QosDscpRule>,
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
            Self::Mirror(d) => DocumentKey::Mirror(d.id),
            Self::L2Insertion(d) => DocumentKey::L2Insertion(d.id),
            Self::TraceRequest(d) => DocumentKey::TraceRequest(d.id),
            Self::QosPolicy(d) => DocumentKey::QosPolicy(d.policy.id),
            Self::ConfDocument(d) => DocumentKey::ConfDocument(d.id),
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
            Self::Mirror(d) => vec![d.into()],
            Self::L2Insertion(d) => vec![d.into()],
            Self::TraceRequest(d) => vec![d.into()],
            Self::QosPolicy(d) => {
                let limits = d.bandwidth_rules.into_iter().map(Object::from);
                with_parts(d.policy, limits.chain(d.dscp_rules.into_iter().map(Object::from)))
            }
            Self::ConfDocument(d) => vec![d.into()],
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
