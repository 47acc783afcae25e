//! The common parts of messages: ids, addresses, prefixes, numbers. Each reader names the field that it reads.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::IpNetwork;
use packet::MacAddr;
use uuid::Uuid;

use super::wire::topology as wire;
use crate::Kind;

/// Why stored bytes cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stored {object}: {field}: {reason}")]
pub struct DecodeError {
    /// The message, and the object in it as far as it could be told.
    pub object: String,
    /// The field at fault, by its name in the proto file.
    pub field: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl DecodeError {
    /// Bytes that are not the message at all.
    pub(super) fn malformed(what: &str, error: &prost::DecodeError) -> Self {
        Self { object: what.to_owned(), field: "bytes", reason: error.to_string() }
    }

    /// A fault of the message itself, not of an object in it.
    pub(super) fn in_message(what: &str) -> impl Fn(FieldError) -> Self + '_ {
        move |error| Self { object: what.to_owned(), field: error.field, reason: error.reason }
    }
}

/// A [`DecodeError`] before it is known which object the field belongs to.
#[derive(Debug)]
pub struct FieldError {
    pub(super) field: &'static str,
    pub(super) reason: String,
}

impl FieldError {
    pub(super) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }

    /// An enum value or oneof case that is absent, or that this program does not know.
    pub(super) fn unknown(field: &'static str) -> Self {
        Self::new(field, "is missing, or of a kind that this program does not know")
    }

    pub(super) fn in_object(self, kind: Kind, id: &[u8]) -> DecodeError {
        let object = match Uuid::from_slice(id) {
            Ok(id) => format!("{kind} {id}"),
            Err(_) => kind.to_string(),
        };
        DecodeError { object, field: self.field, reason: self.reason }
    }
}

pub(super) fn required<T>(field: &'static str, value: Option<T>) -> Result<T, FieldError> {
    value.ok_or_else(|| FieldError::new(field, "is missing"))
}

pub(super) fn id_bytes(id: impl Into<Uuid>) -> Vec<u8> {
    id.into().as_bytes().to_vec()
}

pub(super) fn id<T: From<Uuid>>(field: &'static str, bytes: &[u8]) -> Result<T, FieldError> {
    Uuid::from_slice(bytes)
        .map(T::from)
        .map_err(|_| FieldError::new(field, format!("has {} octets instead of a UUID's 16", bytes.len())))
}

pub(super) fn optional_id<T: From<Uuid>>(
    field: &'static str,
    bytes: Option<&[u8]>,
) -> Result<Option<T>, FieldError> {
    bytes.map(|bytes| id(field, bytes)).transpose()
}

pub(super) fn ids<T: From<Uuid>>(field: &'static str, list: &[Vec<u8>]) -> Result<Vec<T>, FieldError> {
    list.iter().map(|bytes| id(field, bytes)).collect()
}

pub(super) fn ids_bytes<T: Into<Uuid> + Copy>(list: &[T]) -> Vec<Vec<u8>> {
    list.iter().copied().map(id_bytes).collect()
}

pub(super) fn address_bytes(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

pub(super) fn address(field: &'static str, bytes: &[u8]) -> Result<IpAddr, FieldError> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Ok(v4.into());
    }
    <[u8; 16]>::try_from(bytes).map(IpAddr::from).map_err(|_| {
        FieldError::new(field, format!("has {} octets instead of an IP address's 4 or 16", bytes.len()))
    })
}

pub(super) fn address_v4(field: &'static str, bytes: &[u8]) -> Result<Ipv4Addr, FieldError> {
    <[u8; 4]>::try_from(bytes).map(Ipv4Addr::from).map_err(|_| {
        FieldError::new(field, format!("has {} octets instead of an IPv4 address's 4", bytes.len()))
    })
}

pub(super) fn address_v6(field: &'static str, bytes: &[u8]) -> Result<Ipv6Addr, FieldError> {
    <[u8; 16]>::try_from(bytes).map(Ipv6Addr::from).map_err(|_| {
        FieldError::new(field, format!("has {} octets instead of an IPv6 address's 16", bytes.len()))
    })
}

pub(super) fn mac_bytes(mac: MacAddr) -> Vec<u8> {
    mac.0.to_vec()
}

pub(super) fn mac(field: &'static str, bytes: &[u8]) -> Result<MacAddr, FieldError> {
    <[u8; 6]>::try_from(bytes).map(MacAddr).map_err(|_| {
        FieldError::new(field, format!("has {} octets instead of a MAC address's 6", bytes.len()))
    })
}

pub(super) fn prefix_message(prefix: IpNetwork) -> wire::Prefix {
    wire::Prefix { address: address_bytes(prefix.ip()), length: prefix.prefix().into() }
}

pub(super) fn prefix(field: &'static str, prefix: Option<&wire::Prefix>) -> Result<IpNetwork, FieldError> {
    let prefix = required(field, prefix)?;
    let address = address(field, &prefix.address)?;
    let length = number(field, prefix.length)?;
    IpNetwork::new(address, length)
        .map_err(|_| FieldError::new(field, format!("/{length} is too long a prefix for {address}")))
}

/// Narrows a wire number to the type of the field.
pub(super) fn number<T: TryFrom<u32>>(field: &'static str, value: u32) -> Result<T, FieldError> {
    T::try_from(value).map_err(|_| FieldError::new(field, format!("{value} is out of range")))
}
