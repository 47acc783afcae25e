//! What is stored: log entries and documents as protobuf (proto/store.proto, proto/topology.proto).
//!
//! Encoding the same value gives the same bytes. Decoding never panics: bytes from a damaged store, or from a newer
//! program, give a [`DecodeError`] that says where and why.

mod action;
mod balancer;
mod bgp;
mod chain;
mod conf;
mod container;
mod device;
mod dhcp;
mod document;
mod field;
mod group;
mod host;
mod log;
mod object;
mod peering;
mod port;
mod qos;
mod service;
mod station;
mod vtep;

pub use document::{decode_document, encode_document};
pub use field::DecodeError;
pub use log::LogEntry;

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;

/// Types generated from proto/.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]
mod wire {
    pub mod topology {
        include!(concat!(env!("OUT_DIR"), "/midspan.topology.rs"));
    }
    pub mod store {
        include!(concat!(env!("OUT_DIR"), "/midspan.store.rs"));
    }
}

/// Checks the format number of a stored value.
fn check_format(what: &str, format: u32) -> Result<(), DecodeError> {
    let reason = match format {
        FORMAT => return Ok(()),
        0 => "is missing: these bytes are something else".to_owned(),
        newer => format!("{newer} is newer than this program reads ({FORMAT}): upgrade it"),
    };
    Err(DecodeError { object: what.to_owned(), field: "format", reason })
}
