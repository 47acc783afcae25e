//! BGP (RFC 4271): whom a router speaks it with, and what it announces. It is kept and checked; no BGP is spoken yet.

use std::fmt;
use std::net::IpAddr;

use ipnetwork::IpNetwork;

use crate::{BgpNetworkId, BgpPeerId, Kind, Role, RouterId, State};

/// A prefix that a router announces to its peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BgpNetwork {
    /// Identity.
    pub id: BgpNetworkId,
    /// Router that announces it.
    pub router: RouterId,
    /// The prefix, IPv4, as it was given: it may have host bits.
    pub subnet: IpNetwork,
}

/// A router elsewhere that a router speaks BGP with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BgpPeer {
    /// Identity.
    pub id: BgpPeerId,
    /// Router that speaks with it.
    pub router: RouterId,
    /// Number of the peer's autonomous system; not 0.
    pub as_number: u32,
    /// Where the peer is reached, IPv4.
    pub address: IpAddr,
    /// Between two keepalives, in seconds, 5–3600.
    pub keep_alive: Option<u32>,
    /// Silence after which the session ends, in seconds, 5–7200.
    pub hold_time: Option<u32>,
    /// Between two attempts to connect, in seconds, 5–3600.
    pub connect_retry: Option<u32>,
    /// Key of the TCP MD5 signatures (RFC 2385).
    pub password: Option<Password>,
}

/// A secret. It is stored and served, but its `Debug` form, which logs show, hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl State {
    /// Prefixes that a router announces, ordered by id.
    pub fn bgp_networks_of(&self, router: RouterId) -> impl Iterator<Item = &BgpNetwork> + '_ {
        self.referring(router, Role::Owner, Kind::BgpNetwork).filter_map(|id| self.bgp_network(id))
    }

    /// Peers of a router, ordered by id.
    pub fn bgp_peers_of(&self, router: RouterId) -> impl Iterator<Item = &BgpPeer> + '_ {
        self.referring(router, Role::Owner, Kind::BgpPeer).filter_map(|id| self.bgp_peer(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_does_not_show_in_logs() {
        let peer = BgpPeer {
            id: BgpPeerId::default(),
            router: RouterId::default(),
            as_number: 65000,
            address: IpAddr::from([10, 0, 0, 9]),
            keep_alive: None,
            hold_time: None,
            connect_retry: None,
            password: Some(Password("geheim".to_owned())),
        };
        assert!(!format!("{peer:?}").contains("geheim"));
    }
}
