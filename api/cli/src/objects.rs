//! The objects that commands speak of: one table each, of its attributes (with the JSON property behind them) and of
//! the collections below it. The root is an object like any other.

/// A kind of object.
#[derive(Debug)]
pub(crate) struct Kind {
    /// First word of its lines, and prefix of its aliases. Empty: it has neither.
    pub(crate) word: &'static str,
    /// Property by which one is told from another in its collection.
    pub(crate) key: &'static str,
    pub(crate) attributes: &'static [Attribute],
    pub(crate) children: &'static [Child],
}

/// A collection below an object.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static Kind,
    /// Property of the parent with the collection's address.
    pub(crate) link: &'static str,
    /// What every new object says of itself; `None` where none can be created.
    pub(crate) preset: Option<&'static [(&'static str, &'static str)]>,
}

/// One attribute of an object.
#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    /// Property in JSON.
    pub(crate) field: &'static str,
    pub(crate) codec: Codec,
    /// Property that negates it, where `!value` is possible.
    pub(crate) negation: Option<&'static str>,
    pub(crate) access: Access,
}

/// What can be done with an attribute beside showing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Read,
    /// It can be given when the object is created, and set.
    Write,
    /// It can also be cleared.
    Clear,
    /// It can be given, but is never shown: another attribute shows it.
    Hidden,
}

/// How a value stands in a command and in JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Codec {
    /// The same text.
    Text,
    /// A whole number, decimal or 0x….
    Number,
    /// Two words for true and false.
    Flag(&'static str, &'static str),
    /// One of several words: ours, and that of the API.
    Words(&'static [(&'static str, &'static str)]),
    /// The id of an object of the collection under this property of the root.
    Reference(&'static str),
    /// Ids of ports, separated by commas.
    Ports,
    /// Texts, separated by commas.
    List,
    /// Address and prefix length; the length in a property of its own.
    Prefix(&'static str),
    /// A number or two with a dash between.
    Range,
    /// An address of a port, with or without the prefix length of its network.
    PortAddress,
    /// The port at the other end of a cable, which is linked rather than set.
    Peer,
}

use Access::{Clear, Hidden, Read, Write};
use Codec::{Flag, List, Number, Peer, PortAddress, Ports, Prefix, Range, Reference, Text, Words};

const STATE: Codec = Flag("up", "down");
const YES_NO: Codec = Flag("yes", "no");
const TRUE_FALSE: Codec = Flag("true", "false");
const CHAIN_REF: Codec = Reference("chains");
const PORT_REF: Codec = Reference("ports");
const HOST_REF: Codec = Reference("hosts");
const GROUP_REF: Codec = Reference("portGroups");
const ADDRESS_GROUP_REF: Codec = Reference("ipAddrGroups");

const fn attribute(name: &'static str, field: &'static str, codec: Codec, access: Access) -> Attribute {
    Attribute { name, field, codec, negation: None, access }
}

/// An attribute of a condition that `!` negates.
const fn negatable(name: &'static str, field: &'static str, codec: Codec, flag: &'static str) -> Attribute {
    Attribute { name, field, codec, negation: Some(flag), access: Write }
}

const fn child(
    name: &'static str,
    kind: &'static Kind,
    link: &'static str,
    preset: Option<&'static [(&'static str, &'static str)]>,
) -> Child {
    Child { name, kind, link, preset }
}

pub(crate) static ROOT: Kind = Kind {
    word: "",
    key: "uri",
    attributes: &[],
    children: &[
        child("bridge", &BRIDGE, "bridges", Some(&[])),
        child("router", &ROUTER, "routers", Some(&[])),
        child("port", &PORT, "ports", None),
        child("chain", &CHAIN, "chains", Some(&[])),
        child("rule", &RULE, "rules", None),
        child("host", &HOST, "hosts", None),
        child("port-group", &PORT_GROUP, "portGroups", Some(&[])),
        child("ip-address-group", &IP_ADDRESS_GROUP, "ipAddrGroups", Some(&[])),
        child("tunnel-zone", &TUNNEL_ZONE, "tunnelZones", Some(&[])),
        child("tenant", &TENANT, "tenants", None),
    ],
};

pub(crate) static BRIDGE: Kind = Kind {
    word: "bridge",
    key: "id",
    attributes: &[
        attribute("tenant", "tenantId", Text, Write),
        attribute("name", "name", Text, Write),
        attribute("state", "adminStateUp", STATE, Write),
        attribute("infilter", "inboundFilterId", CHAIN_REF, Clear),
        attribute("outfilter", "outboundFilterId", CHAIN_REF, Clear),
    ],
    children: &[child("port", &PORT, "ports", Some(&[("type", "Bridge")]))],
};

pub(crate) static ROUTER: Kind = Kind {
    word: "router",
    key: "id",
    attributes: &[
        attribute("tenant", "tenantId", Text, Write),
        attribute("name", "name", Text, Write),
        attribute("state", "adminStateUp", STATE, Write),
        attribute("infilter", "inboundFilterId", CHAIN_REF, Clear),
        attribute("outfilter", "outboundFilterId", CHAIN_REF, Clear),
        attribute("local-redirect-chain", "localRedirectChainId", CHAIN_REF, Clear),
        attribute("forward-chain", "forwardChainId", CHAIN_REF, Clear),
    ],
    children: &[
        child("port", &PORT, "ports", Some(&[("type", "Router")])),
        child("route", &ROUTE, "routes", Some(&[])),
    ],
};

pub(crate) static PORT: Kind = Kind {
    word: "port",
    key: "id",
    attributes: &[
        // The device is a bridge or a router; its kind is told by the address that stands beside it.
        attribute("device", "deviceId", Reference("bridges"), Read),
        attribute("state", "adminStateUp", STATE, Write),
        attribute("plugged", "active", YES_NO, Read),
        attribute("infilter", "inboundFilterId", CHAIN_REF, Clear),
        attribute("outfilter", "outboundFilterId", CHAIN_REF, Clear),
        attribute("mac", "portMac", Text, Write),
        attribute("vlan", "vlanId", Number, Write),
        attribute("peer", "peerId", Peer, Clear),
        attribute("addresses", "portSubnet", List, Write),
        attribute("address", "portAddress", PortAddress, Hidden),
        attribute("net", "networkAddress", Prefix("networkLength"), Hidden),
    ],
    children: &[],
};

pub(crate) static ROUTE: Kind = Kind {
    word: "route",
    key: "id",
    attributes: &[
        attribute(
            "type",
            "type",
            Words(&[("normal", "Normal"), ("blackhole", "BlackHole"), ("reject", "Reject")]),
            Write,
        ),
        attribute("src", "srcNetworkAddr", Prefix("srcNetworkLength"), Write),
        attribute("dst", "dstNetworkAddr", Prefix("dstNetworkLength"), Write),
        attribute("gw", "nextHopGateway", Text, Write),
        attribute("port", "nextHopPort", PORT_REF, Write),
        attribute("weight", "weight", Number, Write),
        attribute("learned", "learned", TRUE_FALSE, Read),
    ],
    children: &[],
};

pub(crate) static CHAIN: Kind = Kind {
    word: "chain",
    key: "id",
    attributes: &[attribute("tenant", "tenantId", Text, Write), attribute("name", "name", Text, Write)],
    children: &[child("rule", &RULE, "rules", Some(&[]))],
};

pub(crate) static RULE: Kind = Kind {
    word: "rule",
    key: "id",
    attributes: &[
        attribute("inverted", "condInvert", YES_NO, Write),
        negatable("hw-src", "dlSrc", Text, "invDlSrc"),
        attribute("hw-src-mask", "dlSrcMask", Text, Write),
        negatable("hw-dst", "dlDst", Text, "invDlDst"),
        attribute("hw-dst-mask", "dlDstMask", Text, Write),
        negatable("ethertype", "dlType", Number, "invDlType"),
        negatable("src", "nwSrcAddress", Prefix("nwSrcLength"), "invNwSrc"),
        negatable("dst", "nwDstAddress", Prefix("nwDstLength"), "invNwDst"),
        negatable("proto", "nwProto", Number, "invNwProto"),
        negatable("tos", "nwTos", Number, "invNwTos"),
        negatable("src-port", "tpSrc", Range, "invTpSrc"),
        negatable("dst-port", "tpDst", Range, "invTpDst"),
        negatable("port-group", "portGroup", GROUP_REF, "invPortGroup"),
        negatable("in-port-group", "inPortGroup", GROUP_REF, "invInPortGroup"),
        negatable("out-port-group", "outPortGroup", GROUP_REF, "invOutPortGroup"),
        negatable("ip-address-group-src", "ipAddrGroupSrc", ADDRESS_GROUP_REF, "invIpAddrGroupSrc"),
        negatable("ip-address-group-dst", "ipAddrGroupDst", ADDRESS_GROUP_REF, "invIpAddrGroupDst"),
        negatable("in-ports", "inPorts", Ports, "invInPorts"),
        negatable("out-ports", "outPorts", Ports, "invOutPorts"),
        attribute(
            "fragment-policy",
            "fragmentPolicy",
            Words(&[
                ("any", "any"),
                ("header", "header"),
                ("nonheader", "nonheader"),
                ("unfragmented", "unfragmented"),
            ]),
            Write,
        ),
        attribute("no-vlan", "noVlan", TRUE_FALSE, Write),
        attribute("vlan", "vlan", Number, Write),
        negatable("icmp-data-src", "icmpDataSrcIpAddress", Prefix("icmpDataSrcIpLength"), "invIcmpDataSrcIp"),
        negatable("icmp-data-dst", "icmpDataDstIpAddress", Prefix("icmpDataDstIpLength"), "invIcmpDataDstIp"),
        attribute("match-nw-dst-rewritten", "matchNwDstRewritten", TRUE_FALSE, Write),
        attribute("pos", "position", Number, Write),
        attribute("type", "type", Text, Write),
        attribute("jump-to", "jumpChainId", CHAIN_REF, Write),
    ],
    children: &[],
};

pub(crate) static HOST: Kind = Kind {
    word: "host",
    key: "id",
    attributes: &[
        attribute("name", "name", Text, Read),
        attribute("alive", "alive", TRUE_FALSE, Read),
        attribute("addresses", "addresses", List, Read),
        attribute("flooding-proxy-weight", "floodingProxyWeight", Number, Write),
        attribute("container-weight", "containerWeight", Number, Write),
        attribute("container-limit", "containerLimit", Number, Write),
        attribute("enforce-container-limit", "enforceContainerLimit", TRUE_FALSE, Write),
    ],
    children: &[
        child("interface", &INTERFACE, "interfaces", None),
        child("binding", &BINDING, "ports", Some(&[])),
    ],
};

pub(crate) static INTERFACE: Kind = Kind {
    word: "",
    key: "name",
    attributes: &[
        attribute("iface", "name", Text, Read),
        attribute("host_id", "hostId", HOST_REF, Read),
        attribute("status", "status", Number, Read),
        attribute("addresses", "addresses", List, Read),
        attribute("mac", "mac", Text, Read),
        attribute("mtu", "mtu", Number, Read),
        attribute("type", "type", Text, Read),
        attribute("endpoint", "endpoint", Text, Read),
    ],
    children: &[],
};

pub(crate) static BINDING: Kind = Kind {
    word: "",
    key: "portId",
    attributes: &[
        attribute("host", "hostId", HOST_REF, Read),
        attribute("interface", "interfaceName", Text, Write),
        attribute("port", "portId", PORT_REF, Write),
    ],
    children: &[],
};

pub(crate) static PORT_GROUP: Kind = Kind {
    word: "pgroup",
    key: "id",
    attributes: &[
        attribute("tenant", "tenantId", Text, Write),
        attribute("name", "name", Text, Write),
        attribute("stateful", "stateful", TRUE_FALSE, Write),
    ],
    children: &[child("member", &PORT_GROUP_MEMBER, "ports", Some(&[]))],
};

pub(crate) static PORT_GROUP_MEMBER: Kind = Kind {
    word: "",
    key: "portId",
    attributes: &[
        attribute("port-group", "portGroupId", GROUP_REF, Read),
        attribute("port", "portId", PORT_REF, Write),
    ],
    children: &[],
};

pub(crate) static IP_ADDRESS_GROUP: Kind = Kind {
    word: "ipg",
    key: "id",
    attributes: &[attribute("name", "name", Text, Write)],
    children: &[
        child("ip", &IP_ADDRESS, "addrs", Some(&[])),
        child("ipv4", &IP_ADDRESS, "addrs", Some(&[])),
        child("ipv6", &IP_ADDRESS, "addrs", Some(&[])),
    ],
};

pub(crate) static IP_ADDRESS: Kind =
    Kind { word: "", key: "addr", attributes: &[attribute("address", "addr", Text, Write)], children: &[] };

pub(crate) static TUNNEL_ZONE: Kind = Kind {
    word: "tzone",
    key: "id",
    attributes: &[
        attribute("name", "name", Text, Write),
        attribute("type", "type", Words(&[("gre", "gre"), ("vxlan", "vxlan"), ("vtep", "vtep")]), Write),
    ],
    children: &[child("member", &TUNNEL_ZONE_MEMBER, "hosts", Some(&[]))],
};

pub(crate) static TUNNEL_ZONE_MEMBER: Kind = Kind {
    word: "",
    key: "hostId",
    attributes: &[
        attribute("zone", "tunnelZoneId", Reference("tunnelZones"), Read),
        attribute("host", "hostId", HOST_REF, Write),
        attribute("address", "ipAddress", Text, Write),
    ],
    children: &[],
};

pub(crate) static TENANT: Kind = Kind {
    word: "tenant",
    key: "id",
    attributes: &[
        attribute("name", "name", Text, Read),
        attribute("description", "description", Text, Read),
        attribute("enabled", "enabled", TRUE_FALSE, Read),
    ],
    children: &[],
};

impl Kind {
    pub(crate) fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub(crate) fn child(&self, name: &str) -> Option<&'static Child> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The kind of the objects under a property of the root.
    pub(crate) fn under(link: &str) -> &'static Self {
        ROOT.children.iter().find(|child| child.link == link).map_or(&ROOT, |child| child.kind)
    }

    /// The attribute that says which one of its collection an object is.
    pub(crate) fn key_attribute(&self) -> Option<&'static Attribute> {
        self.attributes.iter().find(|attribute| attribute.field == self.key)
    }
}

impl Attribute {
    pub(crate) fn is_writable(&self) -> bool {
        !matches!(self.access, Read)
    }
}
