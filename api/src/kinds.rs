//! Kinds of object as the API names them.

use model::{Kind, ObjectKey};

/// The name of a kind: that of its media types, without the version.
pub(crate) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bridge => "Bridge",
        Kind::Router => "Router",
        Kind::Port => "Port",
        Kind::Route => "Route",
        Kind::Chain => "Chain",
        Kind::Rule => "Rule",
        Kind::PortGroup => "PortGroup",
        Kind::IpAddrGroup => "IpAddrGroup",
        Kind::Host => "Host",
        Kind::TunnelZone => "TunnelZone",
        Kind::LoadBalancer => "LoadBalancer",
        Kind::Pool => "Pool",
        Kind::PoolMember => "PoolMember",
        Kind::Vip => "VIP",
        Kind::HealthMonitor => "HealthMonitor",
        Kind::BgpNetwork => "BgpNetwork",
        Kind::BgpPeer => "BgpPeer",
        Kind::ServiceContainerGroup => "ServiceContainerGroup",
        Kind::ServiceContainer => "ServiceContainer",
        Kind::PeeringEntry => "MacIp",
        Kind::DhcpSubnet => "DhcpSubnet",
        Kind::DhcpSubnet6 => "DhcpV6Subnet",
        Kind::MacEntry => "MacPort",
        Kind::ArpEntry => "IP4Mac",
        Kind::Vtep => "VTEP",
        Kind::Mirror => "Mirror",
        Kind::L2Insertion => "L2Insertion",
        Kind::TraceRequest => "TraceRequest",
        Kind::QosPolicy => "QOSPolicy",
        Kind::QosBandwidthRule => "QOSRuleBWLimit",
        Kind::QosDscpRule => "QOSRuleDSCP",
        Kind::ConfDocument => "Configuration",
    }
}

/// Where an object is, below the base. Entries of tables, what is found by its name in its device, and configuration do
/// not go by their ids.
pub(crate) fn path(key: ObjectKey) -> Option<String> {
    let collection = match key.kind {
        Kind::Bridge => "bridges",
        Kind::Router => "routers",
        Kind::Port => "ports",
        Kind::Route => "routes",
        Kind::Chain => "chains",
        Kind::Rule => "rules",
        Kind::PortGroup => "port_groups",
        Kind::IpAddrGroup => "ip_addr_groups",
        Kind::Host => "hosts",
        Kind::TunnelZone => "tunnel_zones",
        Kind::LoadBalancer => "load_balancers",
        Kind::Pool => "pools",
        Kind::PoolMember => "pool_members",
        Kind::Vip => "vips",
        Kind::HealthMonitor => "health_monitors",
        Kind::BgpNetwork => "bgp_networks",
        Kind::BgpPeer => "bgp_peers",
        Kind::ServiceContainerGroup => "service_container_groups",
        Kind::ServiceContainer => "service_containers",
        Kind::Vtep => "vteps",
        Kind::Mirror => "mirrors",
        Kind::L2Insertion => "l2insertions",
        Kind::TraceRequest => "traces",
        Kind::QosPolicy => "qos_policies",
        Kind::QosBandwidthRule => "qos_bw_limit_rules",
        Kind::QosDscpRule => "qos_dscp_rules",
        Kind::DhcpSubnet | Kind::DhcpSubnet6 | Kind::MacEntry | Kind::ArpEntry => return None,
        Kind::PeeringEntry | Kind::ConfDocument => return None,
    };
    Some(format!("{collection}/{}", key.id))
}
