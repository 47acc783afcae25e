//! Identifiers: one UUID newtype per kind of object, so that a bridge's id cannot stand where a port's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

id_types! {
    /// A virtual switch.
    BridgeId,
    /// A virtual router.
    RouterId,
    /// A port of any device.
    PortId,
    /// A route of a router.
    RouteId,
    /// A list of rules.
    ChainId,
    /// A rule of a chain.
    RuleId,
    /// A set of ports.
    PortGroupId,
    /// A set of IP addresses.
    IpAddrGroupId,
    /// A hypervisor.
    HostId,
    /// A set of hosts that tunnel to each other.
    TunnelZoneId,
    /// A load balancer.
    LoadBalancerId,
    /// A pool of a load balancer.
    PoolId,
    /// A server in a pool.
    PoolMemberId,
    /// A virtual address that is served by a pool.
    VipId,
    /// A way to check the members of pools.
    HealthMonitorId,
    /// A prefix that a router announces.
    BgpNetworkId,
    /// A router that a router speaks BGP with.
    BgpPeerId,
    /// A set of service containers that are placed alike.
    ServiceContainerGroupId,
    /// A service that runs at a port.
    ServiceContainerId,
    /// An entry of a router port's peering table.
    PeeringEntryId,
    /// An IPv4 subnet served by DHCP.
    DhcpSubnetId,
    /// An IPv6 subnet served by DHCP.
    DhcpSubnet6Id,
    /// A static entry of a MAC table.
    MacEntryId,
    /// A static entry of an ARP table.
    ArpEntryId,
    /// A hardware VTEP.
    VtepId,
    /// A copier of packets.
    MirrorId,
    /// A service that a port's traffic is led through.
    L2InsertionId,
    /// A wish to see packets on their way.
    TraceRequestId,
    /// A set of limits and marks.
    QosPolicyId,
    /// A limit of bandwidth.
    QosBandwidthRuleId,
    /// A mark of the traffic class.
    QosDscpRuleId,
    /// Configuration of agents.
    ConfDocumentId,
}
