//! The virtual topology: ids, objects, documents, change sets, validation and referential integrity.
//!
//! Pure: values in, values out. Names and semantics follow MidoNet's model; every type says which of its fields it
//! stands for where the name differs.

#![forbid(unsafe_code)]

mod action;
mod balancer;
mod bgp;
mod chain;
mod codec;
mod conf;
mod container;
mod device;
mod dhcp;
mod document;
mod effect;
mod error;
mod group;
mod host;
mod ids;
mod index;
mod insertion;
mod mirror;
mod object;
mod peering;
mod port;
mod projection;
mod qos;
mod reach;
mod reference;
mod state;
mod station;
#[cfg(feature = "proptest")]
pub mod strategy;
mod tenancy;
mod trace;
mod transaction;
mod validate;
mod vtep;

pub use action::{FlowAction, L2Transform, Nat, NatSide, NatTarget, RuleAction};
pub use balancer::{
    HealthMonitor, HealthMonitorType, LbMethod, LoadBalancer, Pool, PoolMember, PoolProtocol,
    SessionPersistence, Vip,
};
pub use bgp::{BgpNetwork, BgpPeer, Password};
pub use chain::{Chain, Condition, FragmentPolicy, MaskedMac, Match, Rule};
pub use codec::{DecodeError, LogEntry, decode_document, encode_document};
pub use conf::{ConfDocument, ConfName};
pub use container::{ContainerPolicy, ServiceContainer, ServiceContainerGroup};
pub use device::{Bridge, NextHop, Route, Router};
pub use dhcp::{DhcpHost, DhcpHost6, DhcpOption, DhcpRoute, DhcpSubnet, DhcpSubnet6};
pub use document::{
    BridgeDocument, ChainDocument, DeviceId, Document, DocumentKey, HostBinding, HostDocument,
    LoadBalancerDocument, PoolDocument, PortEntry, QosPolicyDocument, RouterDocument,
};
pub use effect::{Effect, Fate, effects};
pub use error::{ModelError, Violation};
pub use group::{IpAddrGroup, PortGroup};
pub use host::{Host, TunnelZone, TunnelZoneType};
pub use ids::{
    ArpEntryId, BgpNetworkId, BgpPeerId, BridgeId, ChainId, ConfDocumentId, DhcpSubnet6Id, DhcpSubnetId,
    HealthMonitorId, HostId, IpAddrGroupId, L2InsertionId, LoadBalancerId, MacEntryId, MirrorId,
    PeeringEntryId, PoolId, PoolMemberId, PortGroupId, PortId, QosBandwidthRuleId, QosDscpRuleId,
    QosPolicyId, RouteId, RouterId, RuleId, ServiceContainerGroupId, ServiceContainerId, TraceRequestId,
    TunnelZoneId, VipId, VtepId,
};
pub use insertion::L2Insertion;
pub use mirror::{Mirror, Mirrors, PortMirrors};
pub use object::{Change, Kind, Object, ObjectKey, Version};
pub use peering::{PeeringEntry, RouterVtep};
pub use port::{Binding, Port, PortDevice};
pub use projection::{affected_documents, all_documents, document};
pub use qos::{QosBandwidthRule, QosDscpRule, QosPolicy};
pub use reach::{hosts_reaching, reach};
pub use reference::{Reference, Role};
pub use state::State;
pub use station::{ArpEntry, MacEntry};
pub use trace::{TraceDevice, TraceRequest};
pub use transaction::{Transaction, generated_mac};
pub use vtep::Vtep;
