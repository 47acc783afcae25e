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
        Kind::Mirror => "Mirror",
        Kind::L2Insertion => "L2Insertion",
        Kind::TraceRequest => "TraceRequest",
        Kind::QosPolicy => "QOSPolicy",
        Kind::QosBandwidthRule => "QOSRuleBWLimit",
        Kind::QosDscpRule => "QOSRuleDSCP",
        Kind::ConfDocument => "Configuration",
    }
}

/// Where an object is, below the base. Configuration goes by names, not by ids.
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
        Kind::Mirror => "mirrors",
        Kind::L2Insertion => "l2insertions",
        Kind::TraceRequest => "traces",
        Kind::QosPolicy => "qos_policies",
        Kind::QosBandwidthRule => "qos_bw_limit_rules",
        Kind::QosDscpRule => "qos_dscp_rules",
        Kind::ConfDocument => return None,
    };
    Some(format!("{collection}/{}", key.id))
}
