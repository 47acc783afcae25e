//! Routers as the simulation reads them: configuration and a trie of routes.
//!
//! The routes of a router are those of its document and two implied kinds: each port address is local, and the
//! network of each port address is connected. An implied route yields to an explicit one for the same prefix.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnetwork::IpNetwork;
use model::{ChainId, NextHop, PortId, RouteId, Router as Config, RouterDocument, RouterId};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Port;
use super::trie::{Found, Trie};

/// A router, compiled.
#[derive(Clone, Debug)]
pub struct Router {
    /// Its own configuration.
    pub config: RouterConfig,
    /// Its ports, ordered by id.
    pub ports: Vec<PortId>,
    v4: Trie<Destination>,
    v6: Trie<Destination>,
}

/// What a router itself is configured to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterConfig {
    /// Identity.
    pub id: RouterId,
    /// A router that is down answers "administratively prohibited".
    pub admin_state_up: bool,
    /// Chain applied before routing.
    pub inbound_filter: Option<ChainId>,
    /// Chain applied after routing.
    pub outbound_filter: Option<ChainId>,
    /// Chain applied between routing and post-routing to packets that are forwarded.
    pub forward_chain: Option<ChainId>,
    /// Chain applied to packets for the router's own addresses.
    pub local_redirect_chain: Option<ChainId>,
}

/// The routes of one destination prefix, in order of preference: explicit before implied, then by weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) prefix: IpNetwork,
    pub(crate) routes: SmallVec<[RouteEntry; 1]>,
}

/// A route of a destination prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteEntry {
    pub(crate) origin: Origin,
    pub(crate) weight: u32,
    pub(crate) source: IpNetwork,
    pub(crate) next_hop: NextHop,
}

/// Where a route comes from. The order is the order of preference among equal prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A route of the router's document.
    Configured(RouteId),
    /// Implied by an address of a port.
    Implied(PortId),
}

impl Origin {
    /// The configured route.
    pub fn route(self) -> Option<RouteId> {
        match self {
            Self::Configured(route) => Some(route),
            Self::Implied(_) => None,
        }
    }
}

impl RouteEntry {
    /// Routes of equal rank share the traffic.
    pub(crate) fn rank(&self) -> (u8, u32) {
        match self.origin {
            Origin::Configured(_) => (0, self.weight),
            Origin::Implied(_) => (1, 0),
        }
    }
}

impl From<&Config> for RouterConfig {
    fn from(router: &Config) -> Self {
        Self {
            id: router.id,
            admin_state_up: router.admin_state_up,
            inbound_filter: router.inbound_filter,
            outbound_filter: router.outbound_filter,
            forward_chain: router.forward_chain,
            local_redirect_chain: router.local_redirect_chain,
        }
    }
}

impl Router {
    pub(super) fn compile(document: &RouterDocument, ports: &[Arc<Port>]) -> Self {
        let mut destinations: FxHashMap<IpNetwork, Destination> = FxHashMap::default();
        let mut add = |prefix: IpNetwork, entry: RouteEntry| {
            let prefix = network(prefix);
            let empty = || Destination { prefix, routes: SmallVec::new() };
            destinations.entry(prefix).or_insert_with(empty).routes.push(entry);
        };
        for route in &document.routes {
            let origin = Origin::Configured(route.id);
            let source = network(route.source);
            add(
                route.destination,
                RouteEntry { origin, weight: route.weight, source, next_hop: route.next_hop },
            );
        }
        for port in ports {
            for address in port.addresses() {
                let (origin, source) = (Origin::Implied(port.id), any_of(address.ip()));
                let local = NextHop::Local { port: Some(port.id) };
                let connected = NextHop::Port { port: port.id, gateway: None };
                let host = IpNetwork::from(address.ip());
                add(host, RouteEntry { origin, weight: 0, source, next_hop: local });
                if network(*address) != host {
                    add(*address, RouteEntry { origin, weight: 0, source, next_hop: connected });
                }
            }
        }
        for destination in destinations.values_mut() {
            destination.routes.sort_by_key(|route| (route.rank(), route.origin));
        }
        let (v4, v6): (Vec<_>, Vec<_>) = destinations.into_values().partition(|d| d.prefix.is_ipv4());
        Self {
            config: RouterConfig::from(&document.router),
            ports: ports.iter().map(|port| port.id).collect(),
            v4: Trie::build(v4.into_iter().map(keyed)),
            v6: Trie::build(v6.into_iter().map(keyed)),
        }
    }

    /// The routes of the longest prefix that covers an address (shorter ones follow from it), and how many leading
    /// bits of the address decided that.
    #[inline]
    pub(crate) fn lookup(&self, addr: IpAddr) -> (Option<Found<'_, Destination>>, u8) {
        match addr {
            IpAddr::V4(_) => self.v4.lookup(left_aligned(addr)),
            IpAddr::V6(_) => self.v6.lookup(left_aligned(addr)),
        }
    }

    /// Every destination prefix with its routes.
    pub(super) fn destinations(&self) -> impl Iterator<Item = &Destination> {
        self.v4.values().chain(self.v6.values())
    }

    /// The destination of exactly this prefix.
    pub(super) fn destination(&self, prefix: IpNetwork) -> Option<&Destination> {
        self.covering(prefix).filter(|found| found.prefix == prefix)
    }

    /// The destination with the longest prefix that covers all of `prefix`.
    pub(super) fn covering(&self, prefix: IpNetwork) -> Option<&Destination> {
        let trie = if prefix.is_ipv4() { &self.v4 } else { &self.v6 };
        trie.covering(left_aligned(prefix.ip()), prefix.prefix())
    }
}

fn keyed(destination: Destination) -> (u128, u8, Destination) {
    let prefix = destination.prefix;
    (left_aligned(prefix.ip()), prefix.prefix(), destination)
}

/// An address in the leading bits of 128.
#[inline]
pub(crate) fn left_aligned(addr: IpAddr) -> u128 {
    match addr {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// A prefix without the host bits that it may have been written with.
pub(crate) fn network(prefix: IpNetwork) -> IpNetwork {
    IpNetwork::new(prefix.network(), prefix.prefix()).unwrap_or(prefix)
}

/// The empty prefix of the family of an address.
pub(crate) fn any_of(addr: IpAddr) -> IpNetwork {
    let unspecified = match addr {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    IpNetwork::new(unspecified, 0).unwrap_or_else(|_| IpNetwork::from(unspecified))
}
