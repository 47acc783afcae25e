//! Documents: the topology as agents read it, one per device with everything the device needs to be simulated.
//!
//! A document is derived from the objects; the commit log's entries say what changed, documents say what is.

use crate::{
    ArpEntry, BgpNetwork, BgpPeer, Bridge, BridgeId, Chain, ChainId, ConfDocument, ConfDocumentId,
    DhcpSubnet, DhcpSubnet6, HealthMonitor, HealthMonitorId, Host, HostId, IpAddrGroup, IpAddrGroupId, Kind,
    L2Insertion, L2InsertionId, LoadBalancer, LoadBalancerId, MacEntry, Mirror, MirrorId, Object, ObjectKey,
    PeeringEntry, Pool, PoolId, PoolMember, Port, PortGroup, PortGroupId, PortId, QosBandwidthRule,
    QosDscpRule, QosPolicy, QosPolicyId, Route, Router, RouterId, Rule, ServiceContainer,
    ServiceContainerGroup, ServiceContainerGroupId, ServiceContainerId, TraceRequest, TraceRequestId,
    TunnelZone, TunnelZoneId, Vip, Vtep, VtepId,
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
    /// [`LoadBalancerDocument`]
    LoadBalancer(LoadBalancerId),
    /// [`PoolDocument`]
    Pool(PoolId),
    /// [`HealthMonitor`]
    HealthMonitor(HealthMonitorId),
    /// [`ServiceContainerGroup`]
    ServiceContainerGroup(ServiceContainerGroupId),
    /// [`ServiceContainer`]
    ServiceContainer(ServiceContainerId),
    /// [`Vtep`]
    Vtep(VtepId),
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
    /// A bridge with its ports and what else hangs on it.
    Bridge(BridgeDocument),
    /// A router with its ports and routes, and what it says over BGP.
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
    /// A load balancer and which pools it has.
    LoadBalancer(LoadBalancerDocument),
    /// A pool with its members and VIPs.
    Pool(PoolDocument),
    /// A health monitor.
    HealthMonitor(HealthMonitor),
    /// A service container group. Membership stands at the containers.
    ServiceContainerGroup(ServiceContainerGroup),
    /// A service container.
    ServiceContainer(ServiceContainer),
    /// A VTEP with its bindings. The ports that they make stand with their bridges.
    Vtep(Vtep),
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

/// A bridge with what hangs on it, each ordered by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgeDocument {
    /// The bridge.
    pub bridge: Bridge,
    /// Its ports.
    pub ports: Vec<PortEntry>,
    /// The IPv4 subnets that it serves by DHCP.
    pub dhcp_subnets: Vec<DhcpSubnet>,
    /// Its IPv6 subnets.
    pub dhcp_subnets6: Vec<DhcpSubnet6>,
    /// Static entries of its MAC table.
    pub mac_entries: Vec<MacEntry>,
    /// Static entries of its ARP table.
    pub arp_entries: Vec<ArpEntry>,
}

impl BridgeDocument {
    /// A bridge with ports and nothing else.
    pub fn of_ports(bridge: Bridge, ports: Vec<PortEntry>) -> Self {
        Self {
            bridge,
            ports,
            dhcp_subnets: Vec::new(),
            dhcp_subnets6: Vec::new(),
            mac_entries: Vec::new(),
            arp_entries: Vec::new(),
        }
    }

    fn into_objects(self) -> Vec<Object> {
        let ports = self.ports.into_iter().map(|entry| entry.port.into());
        let subnets = self.dhcp_subnets.into_iter().map(Object::from);
        let subnets6 = self.dhcp_subnets6.into_iter().map(Object::from);
        let stations = self.mac_entries.into_iter().map(Object::from);
        let addresses = self.arp_entries.into_iter().map(Object::from);
        with_parts(self.bridge, ports.chain(subnets).chain(subnets6).chain(stations).chain(addresses))
    }
}

/// A router with all that is part of it, each kind ordered by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterDocument {
    /// The router.
    pub router: Router,
    /// Its ports.
    pub ports: Vec<PortEntry>,
    /// Its configured routes.
    pub routes: Vec<Route>,
    /// Prefixes that it announces.
    pub bgp_networks: Vec<BgpNetwork>,
    /// Whom it speaks BGP with.
    pub bgp_peers: Vec<BgpPeer>,
    /// The lines of its ports' peering tables.
    pub peering: Vec<PeeringEntry>,
}

/// A load balancer and which pools it has, ordered by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancerDocument {
    /// The load balancer.
    pub load_balancer: LoadBalancer,
    /// Its pools.
    pub pools: Vec<PoolId>,
}

/// A pool with its members and VIPs, ordered by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolDocument {
    /// The pool.
    pub pool: Pool,
    /// Its members.
    pub members: Vec<PoolMember>,
    /// The VIPs that it serves.
    pub vips: Vec<Vip>,
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
            Kind::Vtep => Self::Vtep(VtepId(object.id)),
            Kind::LoadBalancer => Self::LoadBalancer(LoadBalancerId(object.id)),
            Kind::Pool => Self::Pool(PoolId(object.id)),
            Kind::HealthMonitor => Self::HealthMonitor(HealthMonitorId(object.id)),
            Kind::ServiceContainerGroup => Self::ServiceContainerGroup(ServiceContainerGroupId(object.id)),
            Kind::ServiceContainer => Self::ServiceContainer(ServiceContainerId(object.id)),
            Kind::Mirror => Self::Mirror(MirrorId(object.id)),
            Kind::L2Insertion => Self::L2Insertion(L2InsertionId(object.id)),
            Kind::TraceRequest => Self::TraceRequest(TraceRequestId(object.id)),
            Kind::QosPolicy => Self::QosPolicy(QosPolicyId(object.id)),
            Kind::ConfDocument => Self::ConfDocument(ConfDocumentId(object.id)),
            Kind::Port | Kind::Route | Kind::Rule => return None,
            Kind::DhcpSubnet | Kind::DhcpSubnet6 | Kind::MacEntry | Kind::ArpEntry => return None,
            Kind::PoolMember | Kind::Vip | Kind::BgpNetwork | Kind::BgpPeer => return None,
            Kind::PeeringEntry | Kind::QosBandwidthRule | Kind::QosDscpRule => return None,
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
            Self::LoadBalancer(d) => DocumentKey::LoadBalancer(d.load_balancer.id),
            Self::Pool(d) => DocumentKey::Pool(d.pool.id),
            Self::HealthMonitor(d) => DocumentKey::HealthMonitor(d.id),
            Self::ServiceContainerGroup(d) => DocumentKey::ServiceContainerGroup(d.id),
            Self::ServiceContainer(d) => DocumentKey::ServiceContainer(d.id),
            Self::Vtep(d) => DocumentKey::Vtep(d.id),
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
            Self::Bridge(d) => d.into_objects(),
            Self::Router(d) => {
                let ports = d.ports.into_iter().map(|entry| entry.port.into());
                let spoken = d.bgp_networks.into_iter().map(Object::from);
                let spoken = spoken.chain(d.bgp_peers.into_iter().map(Object::from));
                let parts = ports.chain(d.routes.into_iter().map(Object::from)).chain(spoken);
                with_parts(d.router, parts.chain(d.peering.into_iter().map(Object::from)))
            }
            Self::Chain(d) => with_parts(d.chain, d.rules.into_iter().map(Object::from)),
            Self::PortGroup(d) => vec![d.into()],
            Self::IpAddrGroup(d) => vec![d.into()],
            Self::Host(d) => vec![d.host.into()],
            Self::TunnelZone(d) => vec![d.into()],
            Self::LoadBalancer(d) => vec![d.load_balancer.into()],
            Self::Pool(d) => {
                let members = d.members.into_iter().map(Object::from);
                with_parts(d.pool, members.chain(d.vips.into_iter().map(Object::from)))
            }
            Self::HealthMonitor(d) => vec![d.into()],
            Self::ServiceContainerGroup(d) => vec![d.into()],
            Self::ServiceContainer(d) => vec![d.into()],
            Self::Vtep(d) => vec![d.into()],
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
            DocumentKey::Vtep(id) => id.into(),
            DocumentKey::LoadBalancer(id) => id.into(),
            DocumentKey::Pool(id) => id.into(),
            DocumentKey::HealthMonitor(id) => id.into(),
            DocumentKey::ServiceContainerGroup(id) => id.into(),
            DocumentKey::ServiceContainer(id) => id.into(),
            DocumentKey::Mirror(id) => id.into(),
            DocumentKey::L2Insertion(id) => id.into(),
            DocumentKey::TraceRequest(id) => id.into(),
            DocumentKey::QosPolicy(id) => id.into(),
            DocumentKey::ConfDocument(id) => id.into(),
        }
    }
}
