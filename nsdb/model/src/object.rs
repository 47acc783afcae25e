//! Any topology object, and changes to the set of them.

use uuid::Uuid;

use crate::reference::{Refer, References};
use crate::{
    ArpEntry, BgpNetwork, BgpPeer, Bridge, Chain, ConfDocument, DhcpSubnet, DhcpSubnet6, HealthMonitor, Host,
    IpAddrGroup, L2Insertion, LoadBalancer, MacEntry, Mirror, PeeringEntry, Pool, PoolMember, Port,
    PortGroup, QosBandwidthRule, QosDscpRule, QosPolicy, Reference, Route, Router, Rule, ServiceContainer,
    ServiceContainerGroup, TraceRequest, TunnelZone, Vip, Vtep,
};

macro_rules! objects {
    ($($(#[$doc:meta])* $kind:ident),* $(,)?) => {
        /// The kinds of topology object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind, in order.
            pub const ALL: &[Self] = &[$(Self::$kind),*];
        }

        /// Any topology object.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Object {
            $($(#[$doc])* $kind($kind),)*
        }

        /// Any topology object, borrowed.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum ObjectRef<'a> {
            $($(#[$doc])* $kind(&'a $kind),)*
        }

        impl Object {
            /// Kind and id.
            pub fn key(&self) -> ObjectKey {
                self.borrowed().key()
            }

            /// All references that the object makes. A chain's list of its own rules is not among them: a rule names
            /// its chain.
            pub fn references(&self) -> Vec<Reference> {
                self.borrowed().references()
            }

            pub(crate) fn borrowed(&self) -> ObjectRef<'_> {
                match self {
                    $(Self::$kind(object) => ObjectRef::$kind(object),)*
                }
            }
        }

        impl ObjectRef<'_> {
            pub(crate) fn key(self) -> ObjectKey {
                match self {
                    $(Self::$kind(object) => ObjectKey { kind: Kind::$kind, id: object.id.0 },)*
                }
            }

            pub(crate) fn references(self) -> Vec<Reference> {
                let mut found = References(Vec::new());
                match self {
                    $(Self::$kind(object) => object.refer(&mut found),)*
                }
                found.0
            }

            pub(crate) fn cloned(self) -> Object {
                match self {
                    $(Self::$kind(object) => Object::$kind(object.clone()),)*
                }
            }
        }

        $(impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
                Self::$kind(object)
            }
        }

        impl<'a> From<&'a $kind> for ObjectRef<'a> {
            fn from(object: &'a $kind) -> Self {
                Self::$kind(object)
            }
        })*
    };
}

objects! {
    /// A virtual switch.
    Bridge,
    /// A virtual router.
    Router,
    /// A port.
    Port,
    /// A route.
    Route,
    /// A chain.
    Chain,
    /// A rule.
    Rule,
    /// A port group.
    PortGroup,
    /// An IP address group.
    IpAddrGroup,
    /// A hypervisor.
    Host,
    /// A tunnel zone.
    TunnelZone,
    /// A load balancer.
    LoadBalancer,
    /// A pool.
    Pool,
    /// A pool member.
    PoolMember,
    /// A VIP.
    Vip,
    /// A health monitor.
    HealthMonitor,
    /// A BGP network.
    BgpNetwork,
    /// A BGP peer.
    BgpPeer,
    /// A service container group.
    ServiceContainerGroup,
    /// A service container.
    ServiceContainer,
    /// An entry of a peering table.
    PeeringEntry,
    /// An IPv4 subnet served by DHCP.
    DhcpSubnet,
    /// An IPv6 subnet served by DHCP.
    DhcpSubnet6,
    /// A static entry of a MAC table.
    MacEntry,
    /// A static entry of an ARP table.
    ArpEntry,
    /// A hardware VTEP.
    Vtep,
    /// A mirror.
    Mirror,
    /// An L2 insertion.
    L2Insertion,
    /// A trace request.
    TraceRequest,
    /// A QoS policy.
    QosPolicy,
    /// A bandwidth limit of a QoS policy.
    QosBandwidthRule,
    /// A DSCP mark of a QoS policy.
    QosDscpRule,
    /// Configuration of agents.
    ConfDocument,
}

/// Identity of any object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// Kind.
    pub kind: Kind,
    /// Id.
    pub id: Uuid,
}

/// One step of a change: the object as it shall be, or gone. Applying a step twice is the same as once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all changes are puts")]
pub enum Change {
    /// Create or replace.
    Put(Object),
    /// Remove, if there.
    Delete(ObjectKey),
}

/// Version of the topology: the number of the commit log entry that made it. 0 is the empty topology.
pub type Version = u64;
