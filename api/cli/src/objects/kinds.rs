//! The root of the topology, and the kinds that several families share.

use serde_json::Value;

use super::balancers::{HEALTH_MONITOR, LOAD_BALANCER, POOL_STATISTIC};
use super::bridges::{BRIDGE, BRIDGE_PORT, BRIDGE_PORT_ATTRIBUTES};
use super::chains::{CHAIN, RULE};
use super::groups::{IP_ADDRESS_GROUP, PORT_GROUP};
use super::hosts::{HOST, TUNNEL_ZONE};
use super::routers::{ROUTER, ROUTER_PORT, ROUTER_PORT_ATTRIBUTES};
use super::services::{
    CONTAINER, CONTAINER_GROUP, L2_INSERTION, MIRROR, QOS_POLICY, SYSTEM_STATE, TENANT_KIND, TRACE,
};
use super::vteps::VTEP;
use super::{
    Attribute, CHAIN_REF, Child, Codec, Kind, MIRROR_REFS, Place, STATE, YES_NO, clear, fixed, open, read,
    write,
};

pub(crate) static ROOT: Kind = Kind {
    about: "the whole topology",
    key: "uri",
    children: &[
        open("router", &ROUTER, "routers"),
        open("mirror", &MIRROR, "mirrors"),
        open("bridge", &BRIDGE, "bridges"),
        fixed("port", &PORT, "ports"),
        open("chain", &CHAIN, "chains"),
        fixed("rule", &RULE, "rules"),
        open("l2insertion", &L2_INSERTION, "l2insertions"),
        fixed("host", &HOST, "hosts"),
        open("port-group", &PORT_GROUP, "portGroups"),
        open("ip-address-group", &IP_ADDRESS_GROUP, "ipAddrGroups"),
        open("tunnel-zone", &TUNNEL_ZONE, "tunnelZones"),
        fixed("tenant", &TENANT_KIND, "tenants"),
        open("load-balancer", &LOAD_BALANCER, "loadBalancers"),
        open("health-monitor", &HEALTH_MONITOR, "healthMonitors"),
        open("pool-statistic", &POOL_STATISTIC, "poolStatistics"),
        open("vtep", &VTEP, "vteps"),
        open("tracerequest", &TRACE, "traceRequests"),
        open("container", &CONTAINER, "serviceContainers"),
        open("container-group", &CONTAINER_GROUP, "serviceContainerGroups"),
        open("qos-policy", &QOS_POLICY, "qosPolicies"),
        Child { name: "system-state", kind: &SYSTEM_STATE, place: Place::Only("systemState"), preset: None },
    ],
    examples: &["list bridge", "describe", "help bridge"],
    ..Kind::PLAIN
};

/// Any port: what it has, its device decides.
pub(crate) static PORT: Kind = Kind {
    word: "port",
    about: "a port of a bridge or a router",
    template: "portTemplate",
    attributes: &[BRIDGE_PORT_ATTRIBUTES, ROUTER_PORT_ATTRIBUTES],
    form: Some(port_form),
    examples: &["port list", "port 2f9… set state down"],
    ..Kind::PLAIN
};

fn port_form(port: &Value) -> &'static Kind {
    let kind = port.get("type").and_then(Value::as_str).unwrap_or_default();
    if kind.ends_with("Router") { &ROUTER_PORT } else { &BRIDGE_PORT }
}

/// What every port shows first, apart from its device.
pub(super) const PORT_STATE: Attribute = write("state", "adminStateUp", STATE, "down: no packet passes");
pub(super) const PORT_PLUGGED: Attribute =
    read("plugged", "active", YES_NO, "whether a host has it, with its interface there and up");
pub(super) const PORT_INFILTER: Attribute =
    clear("infilter", "inboundFilterId", CHAIN_REF, "chain for packets that enter by it");
pub(super) const PORT_OUTFILTER: Attribute =
    clear("outfilter", "outboundFilterId", CHAIN_REF, "chain for packets that leave by it");
pub(super) const PORT_PEER: Attribute =
    clear("peer", "peerId", Codec::Peer, "the port that it is linked to, as by a cable");

/// Mirrors of a bridge, a router or a port.
pub(super) const IN_MIRRORS: Attribute =
    clear("in-mirrors", "inboundMirrorIds", MIRROR_REFS, "mirrors of packets that enter");
pub(super) const OUT_MIRRORS: Attribute =
    clear("out-mirrors", "outboundMirrorIds", MIRROR_REFS, "mirrors of packets that leave");
pub(super) const POST_IN_FILTER_MIRRORS: Attribute = clear(
    "post-in-filter-mirrors",
    "postInFilterMirrorIds",
    MIRROR_REFS,
    "mirrors of what the inbound filter lets through",
);
pub(super) const PRE_OUT_FILTER_MIRRORS: Attribute = clear(
    "pre-out-filter-mirrors",
    "preOutFilterMirrorIds",
    MIRROR_REFS,
    "mirrors of what comes to the outbound filter",
);
