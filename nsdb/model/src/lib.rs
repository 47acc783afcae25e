//! The virtual topology: ids, objects, documents, change sets, validation and referential integrity.
//!
//! Pure: values in, values out. Names and semantics follow MidoNet's model; every type says which of its fields it
//! stands for where the name differs.

#![forbid(unsafe_code)]

mod action;
mod chain;
mod codec;
mod conf;
mod device;
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
mod port;
mod projection;
mod qos;
mod reference;
mod state;
#[cfg(feature = "proptest")]
pub mod strategy;
mod tenancy;
mod trace;
mod transaction;
mod validate;

pub use action::{FlowAction, L2Transform, Nat, NatSide, NatTarget, RuleAction};
pub use chain::{Chain, Condition, FragmentPolicy, MaskedMac, Match, Rule};
pub use codec::{DecodeError, LogEntry, decode_document, encode_document};
pub use conf::{ConfDocument, ConfName};
pub use device::{Bridge, NextHop, Route, Router};
pub use document::{
    BridgeDocument, ChainDocument, DeviceId, Document, DocumentKey, HostBinding, HostDocument, PortEntry,
    QosPolicyDocument, RouterDocument,
};
pub use effect::{Effect, Fate, effects};
pub use error::{ModelError, Violation};
pub use group::{IpAddrGroup, PortGroup};
pub use host::{Host, TunnelZone, TunnelZoneType};
pub use ids::{
    BridgeId, ChainId, ConfDocumentId, HostId, IpAddrGroupId, L2InsertionId, MirrorId, PortGroupId, PortId,
    QosBandwidthRuleId, QosDscpRuleId, QosPolicyId, RouteId, RouterId, RuleId, TraceRequestId, TunnelZoneId,
};
pub use insertion::L2Insertion;
pub use mirror::{Mirror, Mirrors, PortMirrors};
pub use object::{Change, Kind, Object, ObjectKey, Version};
pub use port::{Binding, Port, PortDevice};
pub use projection::{affected_documents, all_documents, document};
pub use qos::{QosBandwidthRule, QosDscpRule, QosPolicy};
pub use reference::{Reference, Role};
pub use state::State;
pub use trace::{TraceDevice, TraceRequest};
pub use transaction::{Transaction, generated_mac};
