//! Any topology object, and changes to the set of them.

use uuid::Uuid;

use crate::{
    BgpNetwork, BgpPeer, Bridge, Chain, HealthMonitor, Host, IpAddrGroup, LoadBalancer, PeeringEntry, Pool,
    PoolMember, Port, PortGroup, Route, Router, Rule, ServiceContainer, ServiceContainerGroup, TunnelZone,
    Vip,
};

macro_rules! objects {
    ($($(#[$doc:meta])* $kind:ident),* $(,)?) => {
        /// The kinds of topology object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        /// Any topology object.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Object {
            $($(#[$doc])* $kind($kind),)*
        }

        impl Object {
            /// Kind and id.
            pub fn key(&self) -> ObjectKey {
                match self {
                    $(Self::$kind(object) => ObjectKey { kind: Kind::$kind, id: object.id.0 },)*
                }
            }
        }

        $(impl From<$kind> for Object {
            fn from(object: $kind) -> Self {
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
