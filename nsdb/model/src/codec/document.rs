//! Documents.

use prost::Message;

use super::field::{DecodeError, FieldError, id, id_bytes, ids, required};
use super::object::decode;
use super::wire::store as wire;
use super::wire::store::device_id::Kind as WireDevice;
use super::wire::store::document::Body;
use super::{FORMAT, check_format};
use crate::{
    BridgeDocument, ChainDocument, DeviceId, Document, HostBinding, HostDocument, Kind, PortEntry,
    QosPolicyDocument, RouterDocument, Version,
};

/// A document, standing at `version` of the topology, as it is stored.
pub fn encode_document(version: Version, document: &Document) -> Vec<u8> {
    let body = match document {
        Document::Bridge(d) => Body::Bridge(d.into()),
        Document::Router(d) => Body::Router(d.into()),
        Document::Chain(d) => Body::Chain(d.into()),
        Document::PortGroup(d) => Body::PortGroup(d.into()),
        Document::IpAddrGroup(d) => Body::IpAddrGroup(d.into()),
        Document::Host(d) => Body::Host(d.into()),
        Document::TunnelZone(d) => Body::TunnelZone(d.into()),
        Document::Mirror(d) => Body::Mirror(d.into()),
        Document::L2Insertion(d) => Body::L2Insertion(d.into()),
        Document::TraceRequest(d) => Body::TraceRequest(d.into()),
        Document::QosPolicy(d) => Body::QosPolicy(d.into()),
        Document::ConfDocument(d) => Body::ConfDocument(d.into()),
    };
    wire::Document { format: FORMAT, version, body: Some(body) }.encode_to_vec()
}

/// Reads a stored document and the version that it stands at.
///
/// # Errors
/// Bytes that are no document, or one of a newer format.
pub fn decode_document(bytes: &[u8]) -> Result<(Version, Document), DecodeError> {
    let stored = wire::Document::decode(bytes).map_err(|error| DecodeError::malformed("document", &error))?;
    check_format("document", stored.format)?;
    let body = stored.body.ok_or_else(|| DecodeError::in_message("document")(FieldError::unknown("body")))?;
    let document = match body {
        Body::Bridge(d) => Document::Bridge(bridge(d)?),
        Body::Router(d) => Document::Router(router(d)?),
        Body::Chain(d) => Document::Chain(chain(d)?),
        Body::PortGroup(d) => Document::PortGroup(decode(Kind::PortGroup, d)?),
        Body::IpAddrGroup(d) => Document::IpAddrGroup(decode(Kind::IpAddrGroup, d)?),
        Body::Host(d) => Document::Host(host(d)?),
        Body::TunnelZone(d) => Document::TunnelZone(decode(Kind::TunnelZone, d)?),
        Body::Mirror(d) => Document::Mirror(decode(Kind::Mirror, d)?),
        Body::L2Insertion(d) => Document::L2Insertion(decode(Kind::L2Insertion, d)?),
        Body::TraceRequest(d) => Document::TraceRequest(decode(Kind::TraceRequest, d)?),
        Body::QosPolicy(d) => Document::QosPolicy(qos_policy(d)?),
        Body::ConfDocument(d) => Document::ConfDocument(decode(Kind::ConfDocument, d)?),
    };
    Ok((stored.version, document))
}

impl From<&BridgeDocument> for wire::BridgeDocument {
    fn from(document: &BridgeDocument) -> Self {
        Self {
            bridge: Some((&document.bridge).into()),
            ports: document.ports.iter().map(Into::into).collect(),
        }
    }
}

fn bridge(document: wire::BridgeDocument) -> Result<BridgeDocument, DecodeError> {
    let head = required("bridge", document.bridge).map_err(DecodeError::in_message("bridge document"))?;
    Ok(BridgeDocument { bridge: decode(Kind::Bridge, head)?, ports: ports(document.ports)? })
}

impl From<&RouterDocument> for wire::RouterDocument {
    fn from(document: &RouterDocument) -> Self {
        Self {
            router: Some((&document.router).into()),
            ports: document.ports.iter().map(Into::into).collect(),
            routes: document.routes.iter().map(Into::into).collect(),
        }
    }
}

fn router(document: wire::RouterDocument) -> Result<RouterDocument, DecodeError> {
    let head = required("router", document.router).map_err(DecodeError::in_message("router document"))?;
    let routes = document.routes.into_iter().map(|route| decode(Kind::Route, route));
    Ok(RouterDocument {
        router: decode(Kind::Router, head)?,
        ports: ports(document.ports)?,
        routes: routes.collect::<Result<_, _>>()?,
    })
}

impl From<&ChainDocument> for wire::ChainDocument {
    fn from(document: &ChainDocument) -> Self {
        Self { chain: Some((&document.chain).into()), rules: document.rules.iter().map(Into::into).collect() }
    }
}

fn chain(document: wire::ChainDocument) -> Result<ChainDocument, DecodeError> {
    let head = required("chain", document.chain).map_err(DecodeError::in_message("chain document"))?;
    let rules = document.rules.into_iter().map(|rule| decode(Kind::Rule, rule));
    Ok(ChainDocument { chain: decode(Kind::Chain, head)?, rules: rules.collect::<Result<_, _>>()? })
}

impl From<&QosPolicyDocument> for wire::QosPolicyDocument {
    fn from(document: &QosPolicyDocument) -> Self {
        Self {
            policy: Some((&document.policy).into()),
            bandwidth_rules: document.bandwidth_rules.iter().map(Into::into).collect(),
            dscp_rules: document.dscp_rules.iter().map(Into::into).collect(),
        }
    }
}

fn qos_policy(document: wire::QosPolicyDocument) -> Result<QosPolicyDocument, DecodeError> {
    let head = required("policy", document.policy).map_err(DecodeError::in_message("QoS policy document"))?;
    let limits = document.bandwidth_rules.into_iter().map(|rule| decode(Kind::QosBandwidthRule, rule));
    let marks = document.dscp_rules.into_iter().map(|rule| decode(Kind::QosDscpRule, rule));
    Ok(QosPolicyDocument {
        policy: decode(Kind::QosPolicy, head)?,
        bandwidth_rules: limits.collect::<Result<_, _>>()?,
        dscp_rules: marks.collect::<Result<_, _>>()?,
    })
}

impl From<&HostDocument> for wire::HostDocument {
    fn from(document: &HostDocument) -> Self {
        let binding = |binding: &HostBinding| wire::HostBinding {
            port: id_bytes(binding.port),
            device: Some(binding.device.into()),
            interface: binding.interface.clone(),
        };
        Self {
            host: Some((&document.host).into()),
            bindings: document.bindings.iter().map(binding).collect(),
            tunnel_zones: document.tunnel_zones.iter().copied().map(id_bytes).collect(),
        }
    }
}

fn host(document: wire::HostDocument) -> Result<HostDocument, DecodeError> {
    let in_document = DecodeError::in_message("host document");
    let head = required("host", document.host).map_err(&in_document)?;
    let bindings = document.bindings.into_iter().map(HostBinding::try_from);
    Ok(HostDocument {
        host: decode(Kind::Host, head)?,
        bindings: bindings.collect::<Result<_, _>>().map_err(&in_document)?,
        tunnel_zones: ids("tunnel_zones", &document.tunnel_zones).map_err(&in_document)?,
    })
}

impl TryFrom<wire::HostBinding> for HostBinding {
    type Error = FieldError;

    fn try_from(binding: wire::HostBinding) -> Result<Self, FieldError> {
        Ok(Self {
            port: id("bindings.port", &binding.port)?,
            device: required("bindings.device", binding.device)?.try_into()?,
            interface: binding.interface,
        })
    }
}

impl From<&PortEntry> for wire::PortEntry {
    fn from(entry: &PortEntry) -> Self {
        Self { port: Some((&entry.port).into()), peer_device: entry.peer_device.map(Into::into) }
    }
}

fn ports(entries: Vec<wire::PortEntry>) -> Result<Vec<PortEntry>, DecodeError> {
    let in_entry = DecodeError::in_message("port entry");
    let read = |entry: wire::PortEntry| {
        let port = required("port", entry.port).map_err(&in_entry)?;
        let peer_device = entry.peer_device.map(DeviceId::try_from).transpose();
        let id = port.id.clone();
        Ok(PortEntry {
            port: decode(Kind::Port, port)?,
            peer_device: peer_device.map_err(|error| error.in_object(Kind::Port, &id))?,
        })
    };
    entries.into_iter().map(read).collect()
}

impl From<DeviceId> for wire::DeviceId {
    fn from(device: DeviceId) -> Self {
        let kind = match device {
            DeviceId::Bridge(bridge) => WireDevice::Bridge(id_bytes(bridge)),
            DeviceId::Router(router) => WireDevice::Router(id_bytes(router)),
        };
        Self { kind: Some(kind) }
    }
}

impl TryFrom<wire::DeviceId> for DeviceId {
    type Error = FieldError;

    fn try_from(device: wire::DeviceId) -> Result<Self, FieldError> {
        match device.kind {
            Some(WireDevice::Bridge(bridge)) => id("device.bridge", &bridge).map(Self::Bridge),
            Some(WireDevice::Router(router)) => id("device.router", &router).map(Self::Router),
            None => Err(FieldError::unknown("device")),
        }
    }
}
