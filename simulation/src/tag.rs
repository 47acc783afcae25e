//! Tags: the pieces of state that a flow depends on. A change names its tags; flows under them are simulated again.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use model::{BridgeId, ChainId, HostId, IpAddrGroupId, PortId, RouterId};
use packet::MacAddr;

/// A piece of state that a verdict depended on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// Own configuration of a bridge.
    Bridge(BridgeId),
    /// Own configuration of a router (not its routes).
    Router(RouterId),
    /// Configuration of a port, or where it is.
    Port(PortId),
    /// The set of ports that a bridge floods to.
    Flood(BridgeId),
    /// Where a station is on a bridge.
    Mac {
        /// The bridge.
        bridge: BridgeId,
        /// VID, 0 for untagged.
        vlan: u16,
        /// The station.
        mac: MacAddr,
    },
    /// The flow keeps alive what a bridge learned of this station. Where a station is, is no reason to simulate its own
    /// flows again; that it was forgotten is one, for they teach it.
    MacSource {
        /// The bridge.
        bridge: BridgeId,
        /// VID, 0 for untagged.
        vlan: u16,
        /// The station.
        mac: MacAddr,
    },
    /// The routes of a router for one destination prefix, present or absent.
    Route {
        /// The router.
        router: RouterId,
        /// Destination prefix; `0.0.0.0/0` or `::/0` also stands for "no route".
        prefix: IpNetwork,
    },
    /// A neighbour's hardware address.
    Arp {
        /// The router.
        router: RouterId,
        /// The neighbour.
        ip: IpAddr,
    },
    /// A chain's rules.
    Chain(ChainId),
    /// Members of an IP address group.
    IpAddrGroup(IpAddrGroupId),
    /// How a peer host is reached; set by the shell.
    TunnelRoute(HostId),
    /// A datapath port number; set by the shell.
    DpPort(u32),
}
