//! Routers, their ports, routes and BGP.

use super::kinds::{
    IN_MIRRORS, OUT_MIRRORS, PORT_INFILTER, PORT_OUTFILTER, PORT_PEER, PORT_PLUGGED, PORT_STATE,
    POST_IN_FILTER_MIRRORS, PRE_OUT_FILTER_MIRRORS,
};
use super::{
    ADDRESS, Attribute, CHAIN_REF, Child, Codec, Kind, MAC, NAME, Order, PORT_REF, Place, STATE, TENANT,
    TRUE_FALSE, clear, open, read, write,
};

pub(crate) static ROUTER: Kind = Kind {
    word: "router",
    about: "a virtual router: forwards packets by their IP addresses",
    template: "routerTemplate",
    attributes: &[&[
        TENANT,
        write("name", "name", NAME, "what people call it"),
        write("state", "adminStateUp", STATE, "down: no packet passes"),
        clear("infilter", "inboundFilterId", CHAIN_REF, "chain for packets that enter, before routing"),
        clear("outfilter", "outboundFilterId", CHAIN_REF, "chain for packets that leave, after routing"),
        clear("load-balancer", "loadBalancerId", Codec::Reference("loadBalancers"), "its load balancer"),
        write("asn", "asNumber", Codec::Number, "its BGP autonomous system; 0: no BGP"),
        IN_MIRRORS,
        OUT_MIRRORS,
        clear(
            "local-redirect-chain",
            "localRedirectChainId",
            CHAIN_REF,
            "chain for packets to the router itself",
        ),
        clear("forward-chain", "forwardChainId", CHAIN_REF, "chain for packets that it forwards"),
    ]],
    children: &[
        Child {
            name: "port",
            kind: &ROUTER_PORT,
            place: Place::At("ports"),
            preset: Some(&[("type", "Router")]),
        },
        open("route", &ROUTE, "routes"),
        open("bgp-network", &BGP_NETWORK, "bgpNetworks"),
        open("bgp-peer", &BGP_PEER, "bgpPeers"),
    ],
    examples: &[
        "router create name edge",
        "router router0 add port addresses 10.0.0.1/24",
        "router router0 add route src 0.0.0.0/0 dst 10.0.0.0/24 type normal port router0:port0",
        "router router0 clear infilter",
    ],
    ..Kind::PLAIN
};

pub(super) static ROUTER_PORT: Kind = Kind {
    word: "port",
    about: "a port of a router, with its addresses",
    template: "portTemplate",
    attributes: &[ROUTER_PORT_ATTRIBUTES],
    children: &[open("remote-peers", &REMOTE_PEER, "peeringTable")],
    examples: &[
        "router router0 add port addresses 10.0.0.1/24",
        "router router0 add port address 10.0.0.1 net 10.0.0.0/24",
        "router router0 port port0 set peer bridge0:port0",
        "router router0 port port0 clear peer",
    ],
    ..Kind::PLAIN
};

pub(super) const ROUTER_PORT_ATTRIBUTES: &[Attribute] = &[
    read("device", "deviceId", Codec::Reference("routers"), "the router"),
    PORT_STATE,
    PORT_PLUGGED,
    PORT_INFILTER,
    PORT_OUTFILTER,
    write("mac", "portMac", MAC, "its MAC address; chosen by the server if not given"),
    PORT_PEER,
    read("bgp-status", "bgpStatus", Codec::Text("TEXT"), "how its BGP sessions are").asked(),
    IN_MIRRORS,
    OUT_MIRRORS,
    POST_IN_FILTER_MIRRORS,
    PRE_OUT_FILTER_MIRRORS,
    write("vni", "rtrPortVni", Codec::Number, "VXLAN network identifier, of a port to another site"),
    write("vxlan-off-ramp", "offRampVxlan", TRUE_FALSE, "whether VXLAN ends at this port"),
    clear(
        "addresses",
        "portSubnet",
        Codec::List("ADDRESS/LENGTH"),
        "its addresses, with their networks' lengths",
    ),
    write("address", "portAddress", Codec::PortAddress, "its address, with its network's length or with net")
        .asked(),
    write("net", "networkAddress", Codec::Prefix("networkLength"), "the network of its address").asked(),
];

static ROUTE: Kind = Kind {
    word: "route",
    about: "where a router sends packets. The longest prefix of the destination wins, then the lowest weight",
    template: "routeTemplate",
    order: Order::Descending("dstNetworkLength"),
    attributes: &[&[
        write(
            "type",
            "type",
            Codec::Words(&[("normal", "Normal"), ("blackhole", "BlackHole"), ("reject", "Reject")]),
            "what becomes of packets: forwarded, dropped silently, or dropped with an ICMP error",
        ),
        write("src", "srcNetworkAddr", Codec::Prefix("srcNetworkLength"), "sources that it is for"),
        write("dst", "dstNetworkAddr", Codec::Prefix("dstNetworkLength"), "destinations that it is for"),
        write("gw", "nextHopGateway", ADDRESS, "the next router; none: destinations are neighbours"),
        write("port", "nextHopPort", PORT_REF, "the port by which packets leave"),
        write("weight", "weight", Codec::Number, "the lower is preferred"),
        write("learned", "learned", TRUE_FALSE, "whether BGP brought it"),
    ]],
    examples: &[
        "router router0 add route type normal src 0.0.0.0/0 dst 10.0.0.0/24 port router0:port0",
        "router router0 add route type normal src 0.0.0.0/0 dst 0.0.0.0/0 port router0:port1 gw 192.0.2.1",
        "router router0 list route",
        "router router0 delete route route0",
    ],
    ..Kind::PLAIN
};

static BGP_NETWORK: Kind = Kind {
    word: "net",
    about: "a network that a router announces to its BGP peers. No effect in the datapath yet",
    template: "bgpNetworkTemplate",
    attributes: &[&[write("net", "subnetAddress", Codec::Prefix("subnetLength"), "the network")]],
    examples: &["router router0 add bgp-network net 203.0.113.0/24"],
    ..Kind::PLAIN
};

static BGP_PEER: Kind = Kind {
    word: "bgp-peer",
    about: "a router of another network, with which a router of ours speaks BGP. No effect in the datapath yet",
    template: "bgpPeerTemplate",
    attributes: &[&[
        write("asn", "asNumber", Codec::Number, "its autonomous system"),
        write("address", "address", ADDRESS, "its address"),
        write("keep-alive", "keepAlive", Codec::Number, "seconds between signs of life"),
        write(
            "hold-time",
            "holdTime",
            Codec::Number,
            "seconds without a sign of life until the session ends",
        ),
        write("connect-retry", "connectRetry", Codec::Number, "seconds between attempts to connect"),
        write("password", "password", Codec::Text("PASSWORD"), "secret of both ends (TCP MD5)").asked(),
    ]],
    examples: &["router router0 set asn 64512", "router router0 add bgp-peer asn 65000 address 192.0.2.1"],
    ..Kind::PLAIN
};

static REMOTE_PEER: Kind = Kind {
    word: "remote-peer",
    about: "a MAC address at another site with the tunnel address that leads there. No effect in the datapath yet",
    key: "mac",
    attributes: &[&[
        write("mac", "mac", MAC, "the MAC address"),
        write("ip", "ip", ADDRESS, "the tunnel address"),
    ]],
    examples: &["router router0 port port0 add remote-peers mac 02:00:00:00:00:05 ip 192.0.2.9"],
    ..Kind::PLAIN
};
