//! Why a packet was dropped: one closed enum, the same for verdicts, metrics and traces.

use std::fmt;
use std::time::Duration;

use model::{BridgeId, PortId, RouteId, RouterId, RuleId};

use crate::Lifetime;

/// Life of a flow that drops what the topology says to drop.
const DELIBERATE: Duration = Duration::from_secs(5);
/// Life of a flow that drops for want of something: it may have come meanwhile, and senders expect ICMP errors again;
/// well below a second, so that each packet of a ping once a second gets its own.
const FAILURE: Duration = Duration::from_millis(750);

/// Why a packet was dropped, and who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// A drop rule matched.
    Rule(RuleId),
    /// A reject rule matched.
    RuleReject(RuleId),
    /// A rule matched that translates addresses or transforms the frame, which is not carried out yet: the packet must
    /// not go on as it is.
    NeedsTranslation(RuleId),
    /// The bridge is administratively down.
    BridgeDown(BridgeId),
    /// The router is administratively down.
    RouterDown(RouterId),
    /// The port is administratively down.
    PortDown(PortId),
    /// The port is neither bound nor linked, or the host that has it is not there.
    PortInactive(PortId),
    /// The port does not exist (any more).
    PortUnknown(PortId),
    /// The source address is a group address or zero.
    BadSourceMac(PortId),
    /// The bridge would send the frame out where it came in.
    Hairpin(BridgeId),
    /// The frame's VLAN is not carried by the port.
    VlanMismatch(PortId),
    /// A flood had nowhere to go.
    NoFloodTarget(BridgeId),
    /// The destination address is not the router port's.
    NotForRouter(PortId),
    /// The router does not handle this protocol.
    UnsupportedProtocol(RouterId),
    /// No route to the destination.
    NoRoute(RouterId),
    /// A blackhole route matched.
    RouteBlackhole(RouteId),
    /// A reject route matched.
    RouteReject(RouteId),
    /// Traffic for one of the router's own addresses that the router has no service for.
    LocalUnserved(RouterId),
    /// The TTL ran out.
    TtlExceeded(RouterId),
    /// The next hop did not answer ARP.
    NeighbourUnresolved(RouterId),
    /// The packet passed more devices than allowed.
    TooManyDevices,
    /// The headers are not well-formed.
    Malformed,
}

impl DropReason {
    /// Name of the reason for metrics and traces, without the id at fault.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Rule(_) => "rule",
            Self::RuleReject(_) => "rule_reject",
            Self::NeedsTranslation(_) => "needs_translation",
            Self::BridgeDown(_) => "bridge_down",
            Self::RouterDown(_) => "router_down",
            Self::PortDown(_) => "port_down",
            Self::PortInactive(_) => "port_inactive",
            Self::PortUnknown(_) => "port_unknown",
            Self::BadSourceMac(_) => "bad_source_mac",
            Self::Hairpin(_) => "hairpin",
            Self::VlanMismatch(_) => "vlan_mismatch",
            Self::NoFloodTarget(_) => "no_flood_target",
            Self::NotForRouter(_) => "not_for_router",
            Self::UnsupportedProtocol(_) => "unsupported_protocol",
            Self::NoRoute(_) => "no_route",
            Self::RouteBlackhole(_) => "route_blackhole",
            Self::RouteReject(_) => "route_reject",
            Self::LocalUnserved(_) => "local_unserved",
            Self::TtlExceeded(_) => "ttl_exceeded",
            Self::NeighbourUnresolved(_) => "neighbour_unresolved",
            Self::TooManyDevices => "too_many_devices",
            Self::Malformed => "malformed",
        }
    }

    /// How long a flow that drops for this reason lives: short, so that a drop is noticed and counted again.
    pub fn lifetime(&self) -> Lifetime {
        Lifetime::Hard(match self {
            Self::Rule(_)
            | Self::NeedsTranslation(_)
            | Self::BridgeDown(_)
            | Self::PortDown(_)
            | Self::BadSourceMac(_)
            | Self::VlanMismatch(_)
            | Self::NotForRouter(_)
            | Self::UnsupportedProtocol(_)
            | Self::RouteBlackhole(_)
            | Self::LocalUnserved(_)
            | Self::Malformed => DELIBERATE,
            Self::RuleReject(_)
            | Self::RouterDown(_)
            | Self::PortInactive(_)
            | Self::PortUnknown(_)
            | Self::Hairpin(_)
            | Self::NoFloodTarget(_)
            | Self::NoRoute(_)
            | Self::RouteReject(_)
            | Self::TtlExceeded(_)
            | Self::NeighbourUnresolved(_)
            | Self::TooManyDevices => FAILURE,
        })
    }

    /// Whether a router tells the sender by ICMP, where it may.
    pub fn is_told(&self) -> bool {
        matches!(
            self,
            Self::RuleReject(_)
                | Self::RouterDown(_)
                | Self::PortDown(_)
                | Self::NoRoute(_)
                | Self::RouteReject(_)
                | Self::TtlExceeded(_)
                | Self::NeighbourUnresolved(_)
        )
    }

    /// Id of the rule, route, port or device at fault, if one is.
    pub fn culprit(&self) -> Option<uuid::Uuid> {
        match *self {
            Self::Rule(id) | Self::RuleReject(id) | Self::NeedsTranslation(id) => Some(id.0),
            Self::BridgeDown(id) | Self::Hairpin(id) | Self::NoFloodTarget(id) => Some(id.0),
            Self::RouterDown(id)
            | Self::UnsupportedProtocol(id)
            | Self::NoRoute(id)
            | Self::LocalUnserved(id)
            | Self::TtlExceeded(id)
            | Self::NeighbourUnresolved(id) => Some(id.0),
            Self::PortDown(id)
            | Self::PortInactive(id)
            | Self::PortUnknown(id)
            | Self::BadSourceMac(id)
            | Self::VlanMismatch(id)
            | Self::NotForRouter(id) => Some(id.0),
            Self::RouteBlackhole(id) | Self::RouteReject(id) => Some(id.0),
            Self::TooManyDevices | Self::Malformed => None,
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.culprit() {
            Some(id) => write!(f, "{} ({id})", self.label()),
            None => f.write_str(self.label()),
        }
    }
}
