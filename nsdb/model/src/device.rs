//! Bridges and routers.

use ipnetwork::IpNetwork;
use std::net::IpAddr;

use crate::{BridgeId, ChainId, LoadBalancerId, Mirrors, PortId, QosPolicyId, RouteId, RouterId};

/// A virtual switch (MidoNet `Network`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Identity.
    pub id: BridgeId,
    /// Owner, free text.
    pub tenant_id: Option<String>,
    /// Display name, at most 255 characters.
    pub name: Option<String>,
    /// A bridge that is down drops everything, silently.
    pub admin_state_up: bool,
    /// Mirrors of what enters and leaves.
    pub mirrors: Mirrors,
    /// Limits and marks for traffic of its ports that have no policy of their own.
    pub qos_policy: Option<QosPolicyId>,
    /// Chain applied to frames entering by any port, after the port's own.
    pub inbound_filter: Option<ChainId>,
    /// Chain applied to frames leaving by any port, before the port's own.
    pub outbound_filter: Option<ChainId>,
}

/// A virtual router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Router {
    /// Identity.
    pub id: RouterId,
    /// Owner, free text.
    pub tenant_id: Option<String>,
    /// Display name, at most 255 characters.
    pub name: Option<String>,
    /// A router that is down answers "administratively prohibited".
    pub admin_state_up: bool,
    /// Mirrors of what enters and leaves.
    pub mirrors: Mirrors,
    /// Chain applied before routing (pre-routing).
    pub inbound_filter: Option<ChainId>,
    /// Chain applied after routing (post-routing).
    pub outbound_filter: Option<ChainId>,
    /// What balances traffic to virtual addresses at this router; no other router has it.
    pub load_balancer: Option<LoadBalancerId>,
    /// The number of the router's autonomous system (RFC 6793); 0 for a router that speaks no BGP.
    pub as_number: u32,
    /// Chain applied between routing and post-routing to packets that are forwarded.
    pub forward_chain: Option<ChainId>,
    /// Chain applied to packets for the router's own addresses.
    pub local_redirect_chain: Option<ChainId>,
}

/// What a route does with a packet (MidoNet `Route.NextHop`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NextHop {
    /// Send out of a port, to the gateway or, without one, straight to the destination (connected).
    Port {
        /// Port of the same router.
        port: PortId,
        /// Next router on the port's network.
        gateway: Option<IpAddr>,
    },
    /// The address belongs to the router itself, on this port if given.
    Local {
        /// Port that has the address.
        port: Option<PortId>,
    },
    /// Drop silently.
    Blackhole,
    /// Drop with ICMP "administratively prohibited".
    Reject,
}

impl NextHop {
    /// The port that the next hop names, if any.
    pub fn port(&self) -> Option<PortId> {
        match *self {
            Self::Port { port, .. } => Some(port),
            Self::Local { port } => port,
            Self::Blackhole | Self::Reject => None,
        }
    }
}

/// A route of a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Identity.
    pub id: RouteId,
    /// Router it belongs to.
    pub router: RouterId,
    /// Source prefix that a packet must have.
    pub source: IpNetwork,
    /// Destination prefix that a packet must have; the longest wins.
    pub destination: IpNetwork,
    /// What to do with the packet.
    pub next_hop: NextHop,
    /// Among equally long prefixes the lowest weight wins; equal weights share by connection.
    pub weight: u32,
    /// Free text kept for clients (MidoNet `Route.attributes`).
    pub attributes: Option<String>,
}
