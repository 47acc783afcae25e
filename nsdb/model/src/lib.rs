//! The virtual topology: ids, objects, documents, change sets, validation and referential integrity.
//!
//! Pure: values in, values out. Names and semantics follow MidoNet's model; every type says which of its fields it
//! stands for where the name differs.

#![forbid(unsafe_code)]

mod chain;
mod codec;
mod device;
mod document;
mod effect;
mod error;
mod group;
mod host;
mod ids;
mod index;
mod object;
mod port;
mod projection;
mod reach;
mod reference;
mod state;
#[cfg(feature = "proptest")]
pub mod strategy;
mod tenancy;
mod transaction;
mod validate;

pub use chain::{Chain, Condition, FragmentPolicy, MaskedMac, Match, Rule, RuleAction};
pub use codec::{DecodeError, LogEntry, decode_document, encode_document};
pub use device::{Bridge, NextHop, Route, Router};
pub use document::{
    BridgeDocument, ChainDocument, DeviceId, Document, DocumentKey, HostBinding, HostDocument, PortEntry,
    RouterDocument,
};
pub use effect::{Effect, Fate, effects};
pub use error::{ModelError, Violation};
pub use group::{IpAddrGroup, PortGroup};
pub use host::{Host, TunnelZone, TunnelZoneType};
pub use ids::{
    BridgeId, ChainId, HostId, IpAddrGroupId, PortGroupId, PortId, RouteId, RouterId, RuleId, TunnelZoneId,
};
pub use object::{Change, Kind, Object, ObjectKey, Version};
pub use port::{Binding, Port, PortDevice};
pub use projection::{affected_documents, all_documents, document};
pub use reach::{hosts_reaching, reach};
pub use reference::{Reference, Role};
pub use state::State;
pub use transaction::{Transaction, generated_mac};
