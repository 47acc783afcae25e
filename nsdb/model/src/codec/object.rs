//! Objects of any kind, their keys, and changes.

use super::field::{DecodeError, FieldError, id, id_bytes};
use super::wire::store as wire;
use super::wire::store::change::Step;
use super::wire::store::object::Kind as Any;
use crate::{Change, Kind, Object, ObjectKey};

macro_rules! objects {
    ($($kind:ident),* $(,)?) => {
        impl From<&Object> for wire::Object {
            fn from(object: &Object) -> Self {
                let kind = match object {
                    $(Object::$kind(object) => Any::$kind(object.into()),)*
                };
                Self { kind: Some(kind) }
            }
        }

        impl TryFrom<wire::Object> for Object {
            type Error = DecodeError;

            fn try_from(object: wire::Object) -> Result<Self, DecodeError> {
                match object.kind {
                    $(Some(Any::$kind(object)) => decode(Kind::$kind, object).map(Self::$kind),)*
                    None => Err(DecodeError::in_message("object")(FieldError::unknown("kind"))),
                }
            }
        }

        impl From<Kind> for wire::Kind {
            fn from(kind: Kind) -> Self {
                match kind {
                    $(Kind::$kind => Self::$kind,)*
                }
            }
        }

        impl TryFrom<wire::Kind> for Kind {
            type Error = FieldError;

            fn try_from(kind: wire::Kind) -> Result<Self, FieldError> {
                match kind {
                    $(wire::Kind::$kind => Ok(Self::$kind),)*
                    wire::Kind::Unspecified => Err(FieldError::unknown("kind")),
                }
            }
        }

        $(impl Identified for super::wire::topology::$kind {
            fn id(&self) -> &[u8] {
                &self.id
            }
        })*
    };
}

objects!(
    Bridge,
    Router,
    Port,
    Route,
    Chain,
    Rule,
    PortGroup,
    IpAddrGroup,
    Host,
    TunnelZone,
    LoadBalancer,
    Pool,
    PoolMember,
    Vip,
    HealthMonitor,
    BgpNetwork,
    BgpPeer,
    ServiceContainerGroup,
    ServiceContainer,
    PeeringEntry,
    DhcpSubnet,
    DhcpSubnet6,
    MacEntry,
    ArpEntry,
    Vtep,
    Mirror,
    L2Insertion,
    TraceRequest,
    QosPolicy,
    QosBandwidthRule,
    QosDscpRule,
    ConfDocument,
);

/// A message of an object.
pub(super) trait Identified {
    /// The octets of its id, whatever they are.
    fn id(&self) -> &[u8];
}

/// Reads an object; an error names it by the id that its message has.
pub(super) fn decode<W, T>(kind: Kind, message: W) -> Result<T, DecodeError>
where
    W: Identified,
    T: TryFrom<W, Error = FieldError>,
{
    let id = message.id().to_vec();
    T::try_from(message).map_err(|error| error.in_object(kind, &id))
}

/// Reads a list of objects of one kind.
pub(super) fn decode_all<W, T>(kind: Kind, messages: Vec<W>) -> Result<Vec<T>, DecodeError>
where
    W: Identified,
    T: TryFrom<W, Error = FieldError>,
{
    messages.into_iter().map(|message| decode(kind, message)).collect()
}

impl From<ObjectKey> for wire::ObjectKey {
    fn from(key: ObjectKey) -> Self {
        Self { kind: wire::Kind::from(key.kind).into(), id: id_bytes(key.id) }
    }
}

impl TryFrom<wire::ObjectKey> for ObjectKey {
    type Error = FieldError;

    fn try_from(key: wire::ObjectKey) -> Result<Self, FieldError> {
        let kind = wire::Kind::try_from(key.kind).map_err(|_| FieldError::unknown("kind"))?;
        Ok(Self { kind: kind.try_into()?, id: id("id", &key.id)? })
    }
}

impl From<&Change> for wire::Change {
    fn from(change: &Change) -> Self {
        let step = match change {
            Change::Put(object) => Step::Put(object.into()),
            Change::Delete(key) => Step::Delete((*key).into()),
        };
        Self { step: Some(step) }
    }
}

impl TryFrom<wire::Change> for Change {
    type Error = DecodeError;

    fn try_from(change: wire::Change) -> Result<Self, DecodeError> {
        let in_change = DecodeError::in_message("change");
        match change.step.ok_or_else(|| in_change(FieldError::unknown("step")))? {
            Step::Put(object) => object.try_into().map(Self::Put),
            Step::Delete(key) => key.try_into().map(Self::Delete).map_err(in_change),
        }
    }
}
