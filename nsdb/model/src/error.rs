//! Why a change to the topology is refused.

use std::fmt;

use crate::{Kind, ObjectKey};

/// One property of an object that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// The property, by its name in the REST API.
    pub property: &'static str,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl Violation {
    /// A violation of `property`.
    pub fn new(property: &'static str, message: impl Into<String>) -> Self {
        Self { property, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property, self.message)
    }
}

/// Why a transaction refuses an operation. The operation has then had no effect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The object itself is wrong; trying again does not help.
    #[error("{key} is invalid: {}", join(violations))]
    Invalid {
        /// The object.
        key: ObjectKey,
        /// All that is wrong with it, at least one.
        violations: Vec<Violation>,
    },
    /// The object to work on, or one that it refers to, does not exist.
    #[error("there is no {0}")]
    NotFound(ObjectKey),
    /// There is an object with this id already.
    #[error("{0} already exists")]
    Duplicate(ObjectKey),
    /// The operation contradicts other objects; it can succeed once they are changed.
    #[error("{message}")]
    Conflict {
        /// What is in the way, as a sentence.
        message: String,
        /// The objects in the way.
        keys: Vec<ObjectKey>,
    },
    /// The tenant on whose behalf the operation was tried may not do it.
    #[error("{message}")]
    Forbidden {
        /// What is not allowed, as a sentence.
        message: String,
    },
}

impl ModelError {
    pub(crate) fn conflict<K: Into<ObjectKey>>(
        message: impl Into<String>,
        keys: impl IntoIterator<Item = K>,
    ) -> Self {
        Self::Conflict { message: message.into(), keys: keys.into_iter().map(Into::into).collect() }
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::Forbidden { message: message.into() }
    }
}

fn join(violations: &[Violation]) -> String {
    violations.iter().map(Violation::to_string).collect::<Vec<_>>().join("; ")
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bridge => "bridge",
            Self::Router => "router",
            Self::Port => "port",
            Self::Route => "route",
            Self::Chain => "chain",
            Self::Rule => "rule",
            Self::PortGroup => "port group",
            Self::IpAddrGroup => "IP address group",
            Self::Host => "host",
            Self::TunnelZone => "tunnel zone",
            Self::LoadBalancer => "load balancer",
            Self::Pool => "pool",
            Self::PoolMember => "pool member",
            Self::Vip => "VIP",
            Self::HealthMonitor => "health monitor",
            Self::BgpNetwork => "BGP network",
            Self::BgpPeer => "BGP peer",
            Self::ServiceContainerGroup => "service container group",
            Self::ServiceContainer => "service container",
            Self::PeeringEntry => "peering entry",
            Self::DhcpSubnet => "DHCP subnet",
            Self::DhcpSubnet6 => "DHCPv6 subnet",
            Self::MacEntry => "MAC table entry",
            Self::ArpEntry => "ARP table entry",
            Self::Vtep => "VTEP",
            Self::Mirror => "mirror",
            Self::L2Insertion => "L2 insertion",
            Self::TraceRequest => "trace request",
            Self::QosPolicy => "QoS policy",
            Self::QosBandwidthRule => "QoS bandwidth rule",
            Self::QosDscpRule => "QoS DSCP rule",
            Self::ConfDocument => "configuration document",
        })
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}
