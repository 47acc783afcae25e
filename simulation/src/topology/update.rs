//! Changes to a topology: what the shell reports, in the words of the NSDB's documents and state tables.

use std::net::IpAddr;

use model::{BridgeId, Document, DocumentKey, HostId, PortId, RouterId};
use packet::MacAddr;

/// One change of what is known. Applying the same change twice is the same as once, and names no tags again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "few are under way at once")]
pub enum Update {
    /// A document is there, or is another than it was.
    Put(Document),
    /// A document is gone, and with a device's all that was learned of the device: stations or neighbours, and where its
    /// ports are.
    Removed(DocumentKey),
    /// A station is behind a port of a bridge.
    MacLearned {
        /// The bridge.
        bridge: BridgeId,
        /// VID, 0 for untagged.
        vlan: u16,
        /// The station.
        mac: MacAddr,
        /// Port of that bridge.
        port: PortId,
    },
    /// Nobody knows any more where a station is.
    MacForgotten {
        /// The bridge.
        bridge: BridgeId,
        /// VID, 0 for untagged.
        vlan: u16,
        /// The station.
        mac: MacAddr,
    },
    /// A neighbour's hardware address is known.
    ArpLearned {
        /// The router.
        router: RouterId,
        /// The neighbour.
        ip: IpAddr,
        /// Its address.
        mac: MacAddr,
    },
    /// A neighbour did not answer: packets to it are host unreachable until it is learned or forgotten.
    ArpFailed {
        /// The router.
        router: RouterId,
        /// The neighbour.
        ip: IpAddr,
    },
    /// Nothing is known of a neighbour any more.
    ArpForgotten {
        /// The router.
        router: RouterId,
        /// The neighbour.
        ip: IpAddr,
    },
    /// An exterior port is plugged in on a host: it is active.
    PortLocated {
        /// The port.
        port: PortId,
        /// Where it is.
        location: PortLocation,
    },
    /// An exterior port is nowhere: it is inactive.
    PortLost {
        /// The port.
        port: PortId,
    },
}

/// Where an active exterior port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortLocation {
    /// Host that has the interface.
    pub host: HostId,
    /// Key under which that host takes packets for the port, 24 bits.
    pub tunnel_key: u32,
}
