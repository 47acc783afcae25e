//! Documents.

use prost::Message;

use super::field::{DecodeError, FieldError, id, id_bytes, ids, required};
use super::object::{decode, decode_all};
use super::wire::store as wire;
use super::wire::store::device_id::Kind as WireDevice;
use super::wire::store::document::Body;
use super::{FORMAT, check_format};
use crate::{
    BridgeDocument, ChainDocument, DeviceId, Document, HostBinding, HostDocument, Kind, LoadBalancerDocument,
    PoolDocument, PortEntry, QosPolicyDocument, RouterDocument, Version,
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
        Document::LoadBalancer(d) => Body::LoadBalancer(d.into()),
        Document::Pool(d) => Body::Pool(d.into()),
        Document::HealthMonitor(d) => Body::HealthMonitor(d.into()),
        Document::ServiceContainerGroup(d) => Body::ServiceContainerGroup(d.into()),
        Document::ServiceContainer(d) => Body::ServiceContainer(d.into()),
        Document::Vtep(d) => Body::Vtep(d.into()),
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
        Body::LoadBalancer(d) => Document::LoadBalancer(load_balancer(d)?),
        Body::Pool(d) => Document::Pool(pool(d)?),
        Body::HealthMonitor(d) => Document::HealthMonitor(decode(Kind::HealthMonitor, d)?),
        Body::ServiceContainerGroup(d) => {
            Document::ServiceContainerGroup(decode(Kind::ServiceContainerGroup, d)?)
        }
        Body::ServiceContainer(d) => Document::ServiceContainer(decode(Kind::ServiceContainer, d)?),
        Body::Vtep(d) => Document::Vtep(decode(Kind::Vtep, d)?),
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
            dhcp_subnets: document.dhcp_subnets.iter().map(Into::into).collect(),
            dhcp_subnets6: document.dhcp_subnets6.iter().map(Into::into).collect(),
            mac_entries: document.mac_entries.iter().map(Into::into).collect(),
            arp_entries: document.arp_entries.iter().map(Into::into).collect(),
        }
    }
}

fn bridge(document: wire::BridgeDocument) -> Result<BridgeDocument, DecodeError> {
    let head = required("bridge", document.bridge).map_err(DecodeError::in_message("bridge document"))?;
    Ok(BridgeDocument {
        bridge: decode(Kind::Bridge, head)?,
        ports: ports(document.ports)?,
        dhcp_subnets: decode_all(Kind::DhcpSubnet, document.dhcp_subnets)?,
        dhcp_subnets6: decode_all(Kind::DhcpSubnet6, document.dhcp_subnets6)?,
        mac_entries: decode_all(Kind::MacEntry, document.mac_entries)?,
        arp_entries: decode_all(Kind::ArpEntry, document.arp_entries)?,
    })
}

impl From<&RouterDocument> for wire::RouterDocument {
    fn from(document: &RouterDocument) -> Self {
        Self {
            router: Some((&document.router).into()),
            ports: document.ports.iter().map(Into::into).collect(),
            routes: document.routes.iter().map(Into::into).collect(),
            bgp_networks: document.bgp_networks.iter().map(Into::into).collect(),
            bgp_peers: document.bgp_peers.iter().map(Into::into).collect(),
            peering: document.peering.iter().map(Into::into).collect(),
        }
    }
}

fn router(document: wire::RouterDocument) -> Result<RouterDocument, DecodeError> {
    let head = required("router", document.router).map_err(DecodeError::in_message("router document"))?;
    Ok(RouterDocument {
        router: decode(Kind::Router, head)?,
        ports: ports(document.ports)?,
        routes: decode_all(Kind::Route, document.routes)?,
        bgp_networks: decode_all(Kind::BgpNetwork, document.bgp_networks)?,
        bgp_peers: decode_all(Kind::BgpPeer, document.bgp_peers)?,
        peering: decode_all(Kind::PeeringEntry, document.peering)?,
    })
}

impl From<&ChainDocument> for wire::ChainDocument {
    fn from(document: &ChainDocument) -> Self {
        Self { chain: Some((&document.chain).into()), rules: document.rules.iter().map(Into::into).collect() }
    }
}

fn chain(document: wire::ChainDocument) -> Result<ChainDocument, DecodeError> {
    let head = required("chain", document.chain).map_err(DecodeError::in_message("chain document"))?;
    Ok(ChainDocument { chain: decode(Kind::Chain, head)?, rules: decode_all(Kind::Rule, document.rules)? })
}

impl From<&LoadBalancerDocument> for wire::LoadBalancerDocument {
    fn from(document: &LoadBalancerDocument) -> Self {
        Self {
            load_balancer: Some((&document.load_balancer).into()),
            pools: document.pools.iter().copied().map(id_bytes).collect(),
        }
    }
}

fn load_balancer(document: wire::LoadBalancerDocument) -> Result<LoadBalancerDocument, DecodeError> {
    let in_document = DecodeError::in_message("load balancer document");
    let head = required("load_balancer", document.load_balancer).map_err(&in_document)?;
    Ok(LoadBalancerDocument {
        load_balancer: decode(Kind::LoadBalancer, head)?,
        pools: ids("pools", &document.pools).map_err(&in_document)?,
    })
}

impl From<&PoolDocument> for wire::PoolDocument {
    fn from(document: &PoolDocument) -> Self {
        Self {
            pool: Some((&document.pool).into()),
            members: document.members.iter().map(Into::into).collect(),
            vips: document.vips.iter().map(Into::into).collect(),
        }
    }
}

fn pool(document: wire::PoolDocument) -> Result<PoolDocument, DecodeError> {
    let head = required("pool", document.pool).map_err(DecodeError::in_message("pool document"))?;
    Ok(PoolDocument {
        pool: decode(Kind::Pool, head)?,
        members: decode_all(Kind::PoolMember, document.members)?,
        vips: decode_all(Kind::Vip, document.vips)?,
    })
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
    Ok(QosPolicyDocument {
        policy: decode(Kind::QosPolicy, head)?,
        bandwidth_rules: decode_all(Kind::QosBandwidthRule, document.bandwidth_rules)?,
        dscp_rules: decode_all(Kind::QosDscpRule, document.dscp_rules)?,
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
