//! References between objects: who names whom, in which role, and what becomes of it when the named object goes.
//!
//! One rule holds for everything that conditions and hooks refer to: *deleting an object has the effect of emptying it
//! first*. A filter that loses its chain accepts like an empty chain; a rule that loses a port, group or device
//! behaves as if the packet can never have to do with it again (see `transaction::rules`). A deletion therefore never
//! makes a rule match more packets than emptying the object would have.

use uuid::Uuid;

use crate::{
    ArpEntry, ArpEntryId, BgpNetwork, BgpNetworkId, BgpPeer, BgpPeerId, Bridge, BridgeId, Chain, ChainId,
    Condition, ConfDocument, ConfDocumentId, DeviceId, DhcpSubnet, DhcpSubnet6, DhcpSubnet6Id, DhcpSubnetId,
    HealthMonitor, HealthMonitorId, Host, HostId, IpAddrGroup, IpAddrGroupId, Kind, L2Insertion,
    L2InsertionId, LoadBalancer, LoadBalancerId, MacEntry, MacEntryId, Mirror, MirrorId, Mirrors, ObjectKey,
    PeeringEntry, PeeringEntryId, Pool, PoolId, PoolMember, PoolMemberId, Port, PortDevice, PortGroup,
    PortGroupId, PortId, QosBandwidthRule, QosBandwidthRuleId, QosDscpRule, QosDscpRuleId, QosPolicy,
    QosPolicyId, Route, RouteId, Router, RouterId, Rule, RuleAction, RuleId, ServiceContainer,
    ServiceContainerGroup, ServiceContainerGroupId, ServiceContainerId, TraceDevice, TraceRequest,
    TraceRequestId, TunnelZone, TunnelZoneId, Vip, VipId, Vtep, VtepId,
};

macro_rules! object_keys {
    ($($id:ident => $kind:ident),* $(,)?) => {$(
        impl From<$id> for ObjectKey {
            fn from(id: $id) -> Self {
                Self { kind: Kind::$kind, id: id.0 }
            }
        }
    )*};
}

object_keys! {
    BridgeId => Bridge,
    RouterId => Router,
    PortId => Port,
    RouteId => Route,
    ChainId => Chain,
    RuleId => Rule,
    PortGroupId => PortGroup,
    IpAddrGroupId => IpAddrGroup,
    HostId => Host,
    TunnelZoneId => TunnelZone,
    LoadBalancerId => LoadBalancer,
    PoolId => Pool,
    PoolMemberId => PoolMember,
    VipId => Vip,
    HealthMonitorId => HealthMonitor,
    BgpNetworkId => BgpNetwork,
    BgpPeerId => BgpPeer,
    ServiceContainerGroupId => ServiceContainerGroup,
    ServiceContainerId => ServiceContainer,
    PeeringEntryId => PeeringEntry,
    DhcpSubnetId => DhcpSubnet,
    DhcpSubnet6Id => DhcpSubnet6,
    MacEntryId => MacEntry,
    ArpEntryId => ArpEntry,
    VtepId => Vtep,
    MirrorId => Mirror,
    L2InsertionId => L2Insertion,
    TraceRequestId => TraceRequest,
    QosPolicyId => QosPolicy,
    QosBandwidthRuleId => QosBandwidthRule,
    QosDscpRuleId => QosDscpRule,
    ConfDocumentId => ConfDocument,
}

impl From<DeviceId> for ObjectKey {
    fn from(device: DeviceId) -> Self {
        match device {
            DeviceId::Bridge(id) => id.into(),
            DeviceId::Router(id) => id.into(),
        }
    }
}

impl From<TraceDevice> for ObjectKey {
    fn from(device: TraceDevice) -> Self {
        match device {
            TraceDevice::Bridge(id) => id.into(),
            TraceDevice::Router(id) => id.into(),
            TraceDevice::Port(id) => id.into(),
        }
    }
}

/// The part that a referenced object plays for the object that refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// What an object hangs on, and whose tenant it therefore is of: the device of a port, trace request, route or BGP
    /// peer, the chain of a rule, the bridge of a DHCP subnet or table entry, the load balancer of a pool, the pool of a
    /// member or VIP, the port of a service container, peering entry, mirror or insertion, the policy of a QoS rule.
    Owner,
    /// A chain hooked into a bridge, router, port or IP address group.
    Filter,
    /// The port at the other end of a port's cable.
    Peer,
    /// The host that a port is bound on.
    Binding,
    /// A group that a port is a member of.
    Group,
    /// The port of a route's next hop.
    NextHop,
    /// The chain that a rule jumps to.
    Jump,
    /// A port or group in a rule's condition.
    Condition,
    /// A device in a rule's condition. As the condition does not say whether it is a bridge or a router, it counts as
    /// a reference to either, and one of them must exist.
    Traversed,
    /// A host that is a member of a tunnel zone.
    Member,
    /// The load balancer that works at a router.
    LoadBalancer,
    /// What checks the members of a pool.
    HealthMonitor,
    /// The group that a service container is in.
    ContainerGroup,
    /// A port group or host that says where service containers run.
    Placement,
    /// The port that a static MAC table entry puts a station behind.
    Station,
    /// What a VTEP holds on to: its tunnel zone, the bridges bound to it and their ports to it; and for such a port, the
    /// VTEP.
    Vtep,
    /// A mirror hooked into a bridge, router or port.
    Mirror,
    /// The QoS policy of a bridge or port.
    Qos,
    /// The port of the service of an insertion.
    Service,
    /// The port that an L2 transformation redirects to.
    Target,
    /// The trace request that a rule traces for.
    Traced,
}

/// What deleting an object does to an object that refers to it (MidoNet's bindings; midonet.md §1.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnDelete {
    /// The referrer goes too.
    Cascade,
    /// The referrer stays, without the reference.
    Clear,
    /// The deletion is refused.
    Refuse,
}

impl Role {
    pub(crate) fn on_delete(self) -> OnDelete {
        match self {
            Self::Owner | Self::NextHop | Self::Jump | Self::Station | Self::ContainerGroup => {
                OnDelete::Cascade
            }
            Self::Service | Self::Traced => OnDelete::Cascade,
            Self::Filter | Self::Peer | Self::Group | Self::Condition | Self::Traversed | Self::Member => {
                OnDelete::Clear
            }
            Self::LoadBalancer | Self::HealthMonitor | Self::Placement => OnDelete::Clear,
            Self::Mirror | Self::Qos | Self::Target => OnDelete::Clear,
            Self::Binding | Self::Vtep => OnDelete::Refuse,
        }
    }
}

/// A reference that an object makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Part that the target plays.
    pub role: Role,
    /// What is referred to.
    pub target: ObjectKey,
    /// Property that holds the reference, by its name in the REST API.
    pub property: &'static str,
}

/// The references of an object, being collected.
pub(crate) struct References(pub(crate) Vec<Reference>);

impl References {
    fn add(&mut self, role: Role, property: &'static str, target: impl Into<ObjectKey>) {
        self.0.push(Reference { role, target: target.into(), property });
    }

    fn add_all<T: Into<ObjectKey>>(
        &mut self,
        role: Role,
        property: &'static str,
        targets: impl IntoIterator<Item = T>,
    ) {
        for target in targets {
            self.add(role, property, target);
        }
    }

    /// References of a part that stands under one property.
    fn add_part(&mut self, property: &'static str, part: &impl Refer) {
        let mut found = Self(Vec::new());
        part.refer(&mut found);
        self.0.extend(found.0.into_iter().map(|reference| Reference { property, ..reference }));
    }
}

/// An object that may refer to others.
pub(crate) trait Refer {
    fn refer(&self, found: &mut References);
}

impl Refer for Bridge {
    fn refer(&self, found: &mut References) {
        found.add_all(Role::Filter, "inboundFilterId", self.inbound_filter);
        found.add_all(Role::Filter, "outboundFilterId", self.outbound_filter);
        self.mirrors.refer(found);
        found.add_all(Role::Qos, "qosPolicyId", self.qos_policy);
    }
}

impl Refer for Mirrors {
    fn refer(&self, found: &mut References) {
        found.add_all(Role::Mirror, "inboundMirrorIds", self.inbound.iter().copied());
        found.add_all(Role::Mirror, "outboundMirrorIds", self.outbound.iter().copied());
    }
}

impl Refer for Router {
    fn refer(&self, found: &mut References) {
        found.add_all(Role::Filter, "inboundFilterId", self.inbound_filter);
        found.add_all(Role::Filter, "outboundFilterId", self.outbound_filter);
        found.add_all(Role::Filter, "forwardChainId", self.forward_chain);
        found.add_all(Role::Filter, "localRedirectChainId", self.local_redirect_chain);
        found.add_all(Role::LoadBalancer, "loadBalancerId", self.load_balancer);
        self.mirrors.refer(found);
    }
}

impl Refer for Port {
    fn refer(&self, found: &mut References) {
        found.add(Role::Owner, "deviceId", self.owner());
        found.add_all(Role::Filter, "inboundFilterId", self.inbound_filter);
        found.add_all(Role::Filter, "outboundFilterId", self.outbound_filter);
        found.add_all(Role::Peer, "peerId", self.peer);
        found.add_all(Role::Binding, "hostId", self.binding.as_ref().map(|b| b.host));
        found.add_all(Role::Group, "portGroupIds", self.port_groups.iter().copied());
        found.add_all(Role::Vtep, "vtepId", self.vtep());
        let mirrors = &self.mirrors;
        found.add_all(Role::Mirror, "inboundMirrorIds", mirrors.inbound.iter().copied());
        found.add_all(Role::Mirror, "outboundMirrorIds", mirrors.outbound.iter().copied());
        found.add_all(Role::Mirror, "postInFilterMirrorIds", mirrors.post_in_filter.iter().copied());
        found.add_all(Role::Mirror, "preOutFilterMirrorIds", mirrors.pre_out_filter.iter().copied());
        found.add_all(Role::Qos, "qosPolicyId", self.qos_policy);
    }
}

impl Refer for Route {
    fn refer(&self, found: &mut References) {
        found.add(Role::Owner, "routerId", self.router);
        found.add_all(Role::NextHop, "nextHopPort", self.next_hop.port());
    }
}

impl Refer for Rule {
    fn refer(&self, found: &mut References) {
        found.add(Role::Owner, "chainId", self.chain);
        match &self.action {
            RuleAction::Jump(chain) => found.add(Role::Jump, "jumpChainId", *chain),
            RuleAction::L2Transform(transform) => {
                found.add_all(Role::Target, "targetPortId", transform.target_port);
            }
            RuleAction::Trace { request, .. } => found.add(Role::Traced, "requestId", *request),
            _ => {}
        }
        self.condition.refer(found);
    }
}

impl Refer for Condition {
    fn refer(&self, found: &mut References) {
        let ports =
            |list: &Option<crate::Match<Vec<PortId>>>| list.clone().map(|m| m.value).unwrap_or_default();
        found.add_all(Role::Condition, "inPorts", ports(&self.in_ports));
        found.add_all(Role::Condition, "outPorts", ports(&self.out_ports));
        found.add_all(Role::Condition, "portGroup", self.port_group.map(|m| m.value));
        found.add_all(Role::Condition, "inPortGroup", self.in_port_group.map(|m| m.value));
        found.add_all(Role::Condition, "outPortGroup", self.out_port_group.map(|m| m.value));
        found.add_all(Role::Condition, "ipAddrGroupSrc", self.ip_addr_group_src.map(|m| m.value));
        found.add_all(Role::Condition, "ipAddrGroupDst", self.ip_addr_group_dst.map(|m| m.value));
        if let Some(device) = self.traversed_device {
            found.add(Role::Traversed, "traversedDevice", BridgeId(device.value));
            found.add(Role::Traversed, "traversedDevice", RouterId(device.value));
        }
    }
}

impl Refer for TunnelZone {
    fn refer(&self, found: &mut References) {
        found.add_all(Role::Member, "hostId", self.members.keys().copied());
    }
}

impl Refer for Pool {
    fn refer(&self, found: &mut References) {
        found.add_all(Role::Owner, "loadBalancerId", self.load_balancer);
        found.add_all(Role::HealthMonitor, "healthMonitorId", self.health_monitor);
    }
}

impl Refer for ServiceContainerGroup {
    fn refer(&self, found: &mut References) {
        found.add_all(Role::Placement, "portGroupId", self.port_group);
    }
}

impl Refer for ServiceContainer {
    fn refer(&self, found: &mut References) {
        found.add_all(Role::Owner, "portId", self.port);
        found.add_all(Role::ContainerGroup, "serviceGroupId", self.group);
        found.add_all(Role::Placement, "hostId", self.host);
    }
}

macro_rules! refer_to_owner {
    ($($kind:ident, $property:literal, $owner:ident);* $(;)?) => {$(
        impl Refer for $kind {
            fn refer(&self, found: &mut References) {
                found.add(Role::Owner, $property, self.$owner);
            }
        }
    )*};
}

refer_to_owner! {
    PoolMember, "poolId", pool;
    Vip, "poolId", pool;
    BgpNetwork, "routerId", router;
    BgpPeer, "routerId", router;
    PeeringEntry, "portId", port;
    DhcpSubnet, "bridgeId", bridge;
    DhcpSubnet6, "bridgeId", bridge;
    ArpEntry, "bridgeId", bridge;
    QosBandwidthRule, "policyId", policy;
    QosDscpRule, "policyId", policy;
}

impl Refer for MacEntry {
    fn refer(&self, found: &mut References) {
        found.add(Role::Owner, "bridgeId", self.bridge);
        found.add(Role::Station, "portId", self.port);
    }
}

impl Refer for Vtep {
    fn refer(&self, found: &mut References) {
        found.add(Role::Vtep, "tunnelZoneId", self.tunnel_zone);
        let bridges = self.bridges();
        found.add_all(Role::Vtep, "networkId", bridges.iter().copied());
        found.add_all(Role::Vtep, "networkId", bridges.iter().map(|bridge| Self::port_of(self.id, *bridge)));
    }
}

impl Refer for IpAddrGroup {
    fn refer(&self, found: &mut References) {
        found.add_all(Role::Filter, "inboundChainId", self.inbound_chain);
        found.add_all(Role::Filter, "outboundChainId", self.outbound_chain);
    }
}

impl Refer for Mirror {
    fn refer(&self, found: &mut References) {
        found.add(Role::Owner, "toPortId", self.to_port);
        for condition in &self.conditions {
            found.add_part("conditions", condition);
        }
    }
}

impl Refer for L2Insertion {
    fn refer(&self, found: &mut References) {
        found.add(Role::Owner, "portId", self.port);
        found.add(Role::Service, "srvPortId", self.service_port);
    }
}

impl Refer for TraceRequest {
    fn refer(&self, found: &mut References) {
        found.add(Role::Owner, "deviceId", self.device);
        found.add_part("condition", &*self.condition);
    }
}

macro_rules! refer_to_nothing {
    ($($kind:ident),*) => {$(
        impl Refer for $kind {
            fn refer(&self, _: &mut References) {}
        }
    )*};
}

refer_to_nothing!(Chain, PortGroup, Host, LoadBalancer, HealthMonitor, QosPolicy, ConfDocument);

impl Port {
    /// The device that the port is part of.
    pub fn owner(&self) -> DeviceId {
        match self.device {
            PortDevice::Bridge { bridge, .. } | PortDevice::Vxlan { bridge, .. } => DeviceId::Bridge(bridge),
            PortDevice::Router { router, .. } => DeviceId::Router(router),
        }
    }
}

/// Smallest and largest key in the order of keys, to bound ranges.
pub(crate) const MIN_ID: Uuid = Uuid::nil();
pub(crate) const MAX_ID: Uuid = Uuid::max();
