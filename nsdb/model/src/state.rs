//! The whole topology at one version.
//!
//! Persistent: a clone is O(1) and shares everything with the original, so readers keep snapshots while writers make
//! the next version. Objects are iterated in the order of their ids, which is the same everywhere.
//!
//! A state may be [seen by](State::seen_by) a tenant; then it answers as if only what the tenant may see were there.
//!
//! `apply` takes what the commit log says as it is; that changes leave no dangling reference is the work of
//! [`Transaction`](crate::Transaction), which makes them.

use std::sync::Arc;

use imbl::OrdMap;

use crate::index::Index;
use crate::object::ObjectRef;
use crate::{
    ArpEntry, ArpEntryId, BgpNetwork, BgpNetworkId, BgpPeer, BgpPeerId, Bridge, BridgeId, Chain, ChainId,
    Change, ConfDocument, ConfDocumentId, DeviceId, DhcpSubnet, DhcpSubnet6, DhcpSubnet6Id, DhcpSubnetId,
    Document, HealthMonitor, HealthMonitorId, Host, HostId, IpAddrGroup, IpAddrGroupId, Kind, L2Insertion,
    L2InsertionId, LoadBalancer, LoadBalancerId, MacEntry, MacEntryId, Mirror, MirrorId, Object, ObjectKey,
    PeeringEntry, PeeringEntryId, Pool, PoolId, PoolMember, PoolMemberId, Port, PortGroup, PortGroupId,
    PortId, QosBandwidthRule, QosBandwidthRuleId, QosDscpRule, QosDscpRuleId, QosPolicy, QosPolicyId, Role,
    Route, RouteId, Router, RouterId, Rule, RuleId, ServiceContainer, ServiceContainerGroup,
    ServiceContainerGroupId, ServiceContainerId, TraceRequest, TraceRequestId, TunnelZone, TunnelZoneId,
    Version, Vip, VipId, Vtep, VtepId,
};

macro_rules! tables {
    ($($kind:ident, $id:ident, $one:ident, $many:ident);* $(;)?) => {
        /// All objects of the topology at one version, with the indexes over them.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct State {
            version: Version,
            $($many: OrdMap<$id, Arc<$kind>>,)*
            index: Index,
            /// The tenant through whose eyes the state is read; none for the operator's, who sees everything.
            viewer: Option<Arc<str>>,
        }

        impl State {
            $(
                #[doc = concat!("The ", stringify!($kind), " with this id.")]
                pub fn $one(&self, id: $id) -> Option<&$kind> {
                    self.$many.get(&id).map(Arc::as_ref).filter(|object| self.shows(*object))
                }

                #[doc = concat!("Every ", stringify!($kind), ", ordered by id.")]
                pub fn $many(&self) -> impl DoubleEndedIterator<Item = &$kind> + '_ {
                    self.$many.values().map(Arc::as_ref).filter(|object| self.shows(*object))
                }
            )*

            /// The object with this key, whoever looks.
            pub(crate) fn stored(&self, key: ObjectKey) -> Option<ObjectRef<'_>> {
                match key.kind {
                    $(Kind::$kind => self.$many.get(&$id(key.id)).map(|object| ObjectRef::$kind(object)),)*
                }
            }

            /// Keys of all objects, ordered.
            pub fn keys(&self) -> impl Iterator<Item = ObjectKey> + '_ {
                std::iter::empty()$(.chain(self.$many().map(|object| ObjectKey::from(object.id))))*
            }

            fn insert(&mut self, object: Object) {
                match object {
                    $(Object::$kind(object) => { self.$many.insert(object.id, Arc::new(object)); })*
                }
            }

            fn remove(&mut self, key: ObjectKey) {
                match key.kind {
                    $(Kind::$kind => { self.$many.remove(&$id(key.id)); })*
                }
            }
        }
    };
}

tables! {
    Bridge, BridgeId, bridge, bridges;
    Router, RouterId, router, routers;
    Port, PortId, port, ports;
    Route, RouteId, route, routes;
    Chain, ChainId, chain, chains;
    Rule, RuleId, rule, rules;
    PortGroup, PortGroupId, port_group, port_groups;
    IpAddrGroup, IpAddrGroupId, ip_addr_group, ip_addr_groups;
    Host, HostId, host, hosts;
    TunnelZone, TunnelZoneId, tunnel_zone, tunnel_zones;
    LoadBalancer, LoadBalancerId, load_balancer, load_balancers;
    Pool, PoolId, pool, pools;
    PoolMember, PoolMemberId, pool_member, pool_members;
    Vip, VipId, vip, vips;
    HealthMonitor, HealthMonitorId, health_monitor, health_monitors;
    BgpNetwork, BgpNetworkId, bgp_network, bgp_networks;
    BgpPeer, BgpPeerId, bgp_peer, bgp_peers;
    ServiceContainerGroup, ServiceContainerGroupId, service_container_group, service_container_groups;
    ServiceContainer, ServiceContainerId, service_container, service_containers;
    PeeringEntry, PeeringEntryId, peering_entry, peering_entries;
    DhcpSubnet, DhcpSubnetId, dhcp_subnet, dhcp_subnets;
    DhcpSubnet6, DhcpSubnet6Id, dhcp_subnet6, dhcp_subnets6;
    MacEntry, MacEntryId, mac_entry, mac_entries;
    ArpEntry, ArpEntryId, arp_entry, arp_entries;
    Vtep, VtepId, vtep, vteps;
    Mirror, MirrorId, mirror, mirrors;
    L2Insertion, L2InsertionId, l2_insertion, l2_insertions;
    TraceRequest, TraceRequestId, trace_request, trace_requests;
    QosPolicy, QosPolicyId, qos_policy, qos_policies;
    QosBandwidthRule, QosBandwidthRuleId, qos_bandwidth_rule, qos_bandwidth_rules;
    QosDscpRule, QosDscpRuleId, qos_dscp_rule, qos_dscp_rules;
    ConfDocument, ConfDocumentId, conf_document, conf_documents;
}

impl State {
    /// The empty topology, version 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// The topology that stands in `documents`, which must be all documents of one version.
    pub fn from_documents(version: Version, documents: impl IntoIterator<Item = Document>) -> Self {
        let mut state = Self { version, ..Self::default() };
        for object in documents.into_iter().flat_map(Document::into_objects) {
            state.put(object);
        }
        state
    }

    /// The version that the state stands at.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The same topology as a tenant sees it: what it may not see is not there, by whatever way it is asked for.
    pub fn seen_by(&self, tenant: &str) -> Self {
        Self { viewer: Some(tenant.into()), ..self.clone() }
    }

    /// A copy of the object with this key.
    pub fn object(&self, key: ObjectKey) -> Option<Object> {
        self.stored(key).filter(|object| self.shows(*object)).map(ObjectRef::cloned)
    }

    /// Whether there is an object with this key.
    pub fn contains(&self, key: ObjectKey) -> bool {
        self.stored(key).is_some_and(|object| self.shows(object))
    }

    fn shows<'a>(&self, object: impl Into<ObjectRef<'a>>) -> bool {
        self.viewer.as_deref().is_none_or(|tenant| self.is_visible(object.into(), tenant))
    }

    /// Takes over a log entry: afterwards each object named is as the last change says, and the version is `version`.
    /// Applying an entry again changes nothing.
    pub fn apply(&mut self, version: Version, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Put(object) => self.put(object.clone()),
                Change::Delete(key) => self.delete(*key),
            }
        }
        self.version = version;
    }

    pub(crate) fn put(&mut self, object: Object) {
        self.delete(object.key());
        self.index.insert(&object);
        self.insert(object);
    }

    pub(crate) fn delete(&mut self, key: ObjectKey) {
        if let Some(object) = self.stored(key).map(ObjectRef::cloned) {
            self.index.remove(&object);
            self.remove(key);
        }
    }

    /// Objects that refer to `target`, with the part it plays for them, ordered by role and key.
    pub fn referrers(&self, target: impl Into<ObjectKey>) -> impl Iterator<Item = (Role, ObjectKey)> + '_ {
        self.index
            .referrers(target.into())
            .filter(|(_, source)| self.viewer.is_none() || self.contains(*source))
    }

    /// The bridge or router with this id.
    pub fn device(&self, id: uuid::Uuid) -> Option<DeviceId> {
        let bridge = self.bridge(BridgeId(id)).map(|bridge| DeviceId::Bridge(bridge.id));
        bridge.or_else(|| self.router(RouterId(id)).map(|router| DeviceId::Router(router.id)))
    }

    /// Ports of a bridge or router, ordered by id.
    pub fn device_ports(&self, device: DeviceId) -> impl Iterator<Item = &Port> + '_ {
        self.ports_where(device.into(), Role::Owner)
    }

    /// Routes of a router, ordered by id.
    pub fn router_routes(&self, router: RouterId) -> impl Iterator<Item = &Route> + '_ {
        self.referring(router, Role::Owner, Kind::Route).filter_map(|id| self.route(id))
    }

    /// Rules of a chain in order of evaluation.
    pub fn chain_rules(&self, chain: ChainId) -> impl Iterator<Item = &Rule> + '_ {
        self.chain(chain).into_iter().flat_map(|c| &c.rules).filter_map(|id| self.rule(*id))
    }

    /// Bridges, routers, ports and IP address groups that have a chain as a filter or other hook.
    pub fn filter_users(&self, chain: ChainId) -> impl Iterator<Item = ObjectKey> + '_ {
        self.referrers(chain).filter(|(role, _)| *role == Role::Filter).map(|(_, user)| user)
    }

    /// Rules that jump to a chain, ordered by id.
    pub fn jump_rules(&self, chain: ChainId) -> impl Iterator<Item = &Rule> + '_ {
        self.rules_where(chain.into(), Role::Jump)
    }

    /// Rules whose condition names a port or group, ordered by id.
    pub fn rules_on(&self, target: impl Into<ObjectKey>) -> impl Iterator<Item = &Rule> + '_ {
        self.rules_where(target.into(), Role::Condition)
    }

    /// Members of a port group, ordered by id.
    pub fn group_ports(&self, group: PortGroupId) -> impl Iterator<Item = &Port> + '_ {
        self.ports_where(group.into(), Role::Group)
    }

    /// Insertions whose traffic is taken out at a port, ordered by id.
    pub fn port_insertions(&self, port: PortId) -> impl Iterator<Item = &L2Insertion> + '_ {
        self.referring(port, Role::Owner, Kind::L2Insertion).filter_map(|id| self.l2_insertion(id))
    }

    /// Insertions whose service is behind a port, ordered by id.
    pub fn service_insertions(&self, port: PortId) -> impl Iterator<Item = &L2Insertion> + '_ {
        self.referring(port, Role::Service, Kind::L2Insertion).filter_map(|id| self.l2_insertion(id))
    }

    /// Bandwidth limits of a QoS policy, ordered by id.
    pub fn policy_bandwidth_rules(
        &self,
        policy: QosPolicyId,
    ) -> impl Iterator<Item = &QosBandwidthRule> + '_ {
        self.referring(policy, Role::Owner, Kind::QosBandwidthRule)
            .filter_map(|id| self.qos_bandwidth_rule(id))
    }

    /// DSCP marks of a QoS policy, ordered by id.
    pub fn policy_dscp_rules(&self, policy: QosPolicyId) -> impl Iterator<Item = &QosDscpRule> + '_ {
        self.referring(policy, Role::Owner, Kind::QosDscpRule).filter_map(|id| self.qos_dscp_rule(id))
    }

    /// Ports bound on a host, ordered by id.
    pub fn host_ports(&self, host: HostId) -> impl Iterator<Item = &Port> + '_ {
        self.ports_where(host.into(), Role::Binding)
    }

    /// The port bound to an interface of a host.
    pub fn bound_port(&self, host: HostId, interface: &str) -> Option<&Port> {
        self.port(self.index.bound_port(host, interface)?)
    }

    /// Zones that a host is a member of, ordered by id.
    pub fn host_zones(&self, host: HostId) -> impl Iterator<Item = &TunnelZone> + '_ {
        self.referring(host, Role::Member, Kind::TunnelZone).filter_map(|id| self.tunnel_zone(id))
    }

    /// The tunnel zone with this name.
    pub fn tunnel_zone_named(&self, name: &str) -> Option<&TunnelZone> {
        self.tunnel_zone(self.index.zone_named(name)?)
    }

    /// IPv4 subnets that a bridge serves by DHCP, ordered by id.
    pub fn bridge_dhcp_subnets(&self, bridge: BridgeId) -> impl Iterator<Item = &DhcpSubnet> + '_ {
        self.referring(bridge, Role::Owner, Kind::DhcpSubnet).filter_map(|id| self.dhcp_subnet(id))
    }

    /// IPv6 subnets of a bridge, ordered by id.
    pub fn bridge_dhcp_subnets6(&self, bridge: BridgeId) -> impl Iterator<Item = &DhcpSubnet6> + '_ {
        self.referring(bridge, Role::Owner, Kind::DhcpSubnet6).filter_map(|id| self.dhcp_subnet6(id))
    }

    /// Static entries of a bridge's MAC table, ordered by id.
    pub fn bridge_mac_entries(&self, bridge: BridgeId) -> impl Iterator<Item = &MacEntry> + '_ {
        self.referring(bridge, Role::Owner, Kind::MacEntry).filter_map(|id| self.mac_entry(id))
    }

    /// Static entries of a bridge's ARP table, ordered by id.
    pub fn bridge_arp_entries(&self, bridge: BridgeId) -> impl Iterator<Item = &ArpEntry> + '_ {
        self.referring(bridge, Role::Owner, Kind::ArpEntry).filter_map(|id| self.arp_entry(id))
    }

    /// VTEPs of a tunnel zone, ordered by id.
    pub fn zone_vteps(&self, zone: TunnelZoneId) -> impl Iterator<Item = &Vtep> + '_ {
        self.referring(zone, Role::Vtep, Kind::Vtep).filter_map(|id| self.vtep(id))
    }

    /// The device at the other end of a port's cable.
    pub fn peer_device(&self, port: &Port) -> Option<DeviceId> {
        Some(self.port(port.peer?)?.owner())
    }

    pub(crate) fn port_with_tunnel_key(&self, key: u32) -> Option<PortId> {
        self.index.port_with_tunnel_key(key).filter(|id| self.port(*id).is_some())
    }

    pub(crate) fn free_tunnel_key(&self, max: u32) -> Option<u32> {
        self.index.free_tunnel_key(max)
    }

    /// Ids of the objects of one kind that refer to `target` in one role, in order.
    pub(crate) fn referring<T: From<uuid::Uuid>>(
        &self,
        target: impl Into<ObjectKey>,
        role: Role,
        kind: Kind,
    ) -> impl Iterator<Item = T> {
        let ids = self.index.referrers_of(target.into(), role, kind);
        ids.filter(move |id| self.viewer.is_none() || self.contains(ObjectKey { kind, id: *id })).map(T::from)
    }

    fn ports_where(&self, target: ObjectKey, role: Role) -> impl Iterator<Item = &Port> + '_ {
        self.referring(target, role, Kind::Port).filter_map(|id| self.port(id))
    }

    fn rules_where(&self, target: ObjectKey, role: Role) -> impl Iterator<Item = &Rule> + '_ {
        self.referring(target, role, Kind::Rule).filter_map(|id| self.rule(id))
    }
}
