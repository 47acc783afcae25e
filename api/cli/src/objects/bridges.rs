//! Bridges, their ports, and what they know of machines: DHCP, MAC and ARP entries.

use super::kinds::{
    IN_MIRRORS, OUT_MIRRORS, PORT_INFILTER, PORT_OUTFILTER, PORT_PEER, PORT_PLUGGED, PORT_STATE,
    POST_IN_FILTER_MIRRORS, PRE_OUT_FILTER_MIRRORS,
};
use super::{
    ADDRESS, ADDRESSES, Attribute, CHAIN_REF, Child, Codec, Kind, MAC, NAME, PORT_REF, Place, QOS_REF, STATE,
    TENANT, TRUE_FALSE, clear, inside, open, read, write,
};

pub(crate) static BRIDGE: Kind = Kind {
    word: "bridge",
    about: "a virtual switch: forwards frames by their MAC addresses",
    template: "bridgeTemplate",
    attributes: &[&[
        TENANT,
        write("name", "name", NAME, "what people call it"),
        write("state", "adminStateUp", STATE, "down: no packet passes"),
        clear("infilter", "inboundFilterId", CHAIN_REF, "chain for packets that enter"),
        clear("outfilter", "outboundFilterId", CHAIN_REF, "chain for packets that leave"),
        clear("qos-policy", "qosPolicyId", QOS_REF, "limits and marks of its ports' traffic"),
        IN_MIRRORS,
        OUT_MIRRORS,
    ]],
    children: &[
        Child {
            name: "port",
            kind: &BRIDGE_PORT,
            place: Place::At("ports"),
            preset: Some(&[("type", "Bridge")]),
        },
        open("dhcp", &DHCP, "dhcpSubnets"),
        open("dhcp6", &DHCP6, "dhcpSubnet6s"),
        open("mac-entry", &MAC_ENTRY, "macTable"),
        open("arp-entry", &ARP_ENTRY, "arpTable"),
    ],
    examples: &[
        "bridge create name red",
        "bridge bridge0 add port",
        "bridge bridge0 set infilter chain0",
        "bridge bridge0 add dhcp subnet 10.0.0.0/24 gw 10.0.0.1 server 10.0.0.2",
    ],
    ..Kind::PLAIN
};

pub(super) static BRIDGE_PORT: Kind = Kind {
    word: "port",
    about: "a port of a bridge: for an interface of a host, or for another device",
    template: "portTemplate",
    attributes: &[BRIDGE_PORT_ATTRIBUTES],
    examples: &[
        "bridge bridge0 add port",
        "bridge bridge0 add port vlan 7",
        "bridge bridge0 port port0 set state down",
        "router router0 port port0 set peer bridge0:port0",
        "host host0 add binding port bridge0:port0 interface tap0",
    ],
    ..Kind::PLAIN
};

pub(super) const BRIDGE_PORT_ATTRIBUTES: &[Attribute] = &[
    read("device", "deviceId", Codec::Reference("bridges"), "the bridge"),
    PORT_STATE,
    PORT_PLUGGED,
    PORT_INFILTER,
    PORT_OUTFILTER,
    write("vlan", "vlanId", Codec::Number, "VLAN whose frames pass here, untagged beyond; 0: any"),
    PORT_PEER,
    read("vtep", "vtepId", Codec::Reference("vteps"), "the hardware switch behind a VXLAN port"),
    read("vni", "vni", Codec::Number, "the VXLAN network identifier of a VXLAN port"),
    clear("qos-policy", "qosPolicyId", QOS_REF, "limits and marks of its traffic"),
    IN_MIRRORS,
    OUT_MIRRORS,
    POST_IN_FILTER_MIRRORS,
    PRE_OUT_FILTER_MIRRORS,
];

static DHCP: Kind = Kind {
    word: "dhcp",
    about: "a subnet whose machines get their addresses by DHCP. No effect in the datapath yet",
    key: "subnetPrefix",
    attributes: &[&[
        write("gw", "defaultGateway", ADDRESS, "default gateway that machines are told"),
        write("server", "serverAddr", ADDRESS, "address of the DHCP server, which the bridge plays"),
        write("dns-servers", "dnsServerAddrs", ADDRESSES, "name servers that machines are told"),
        write("subnet", "subnetPrefix", Codec::Prefix("subnetLength"), "the subnet"),
        write("interface-mtu", "interfaceMTU", Codec::Number, "MTU that machines are told"),
        write("enabled", "enabled", TRUE_FALSE, "false: no request is answered").tables(),
    ]],
    children: &[inside("opt121-routes", &OPTION_121, "opt121Routes"), open("host", &DHCP_HOST, "hosts")],
    examples: &[
        "bridge bridge0 add dhcp subnet 10.0.0.0/24 gw 10.0.0.1 server 10.0.0.2",
        "bridge bridge0 dhcp subnet 10.0.0.0/24 add host name vm1 mac 02:00:00:00:00:01 address 10.0.0.11",
        "bridge bridge0 dhcp 10.0.0.0/24 set dns-servers 192.0.2.53,192.0.2.54",
        "bridge bridge0 dhcp 10.0.0.0/24 delete",
    ],
    ..Kind::PLAIN
};

static OPTION_121: Kind = Kind {
    word: "opt121-route",
    about: "a static route that machines are told (DHCP option 121)",
    key: "destinationPrefix",
    attributes: &[&[
        write("destination", "destinationPrefix", Codec::Prefix("destinationLength"), "where to"),
        write("gateway", "gatewayAddr", ADDRESS, "by which router"),
    ]],
    examples: &[
        "bridge bridge0 dhcp 10.0.0.0/24 add opt121-routes destination 10.1.0.0/16 gateway 10.0.0.9",
        "bridge bridge0 dhcp 10.0.0.0/24 delete opt121-routes destination 10.1.0.0/16",
    ],
    ..Kind::PLAIN
};

static DHCP_HOST: Kind = Kind {
    word: "dhcp-host",
    about: "a machine with the address that it is given",
    key: "macAddr",
    attributes: &[&[
        write("name", "name", NAME, "its name, which it is told"),
        write("address", "ipAddr", ADDRESS, "its address"),
        write("mac", "macAddr", MAC, "the MAC address that it asks from"),
    ]],
    examples: &[
        "bridge bridge0 dhcp 10.0.0.0/24 add host name vm1 mac 02:00:00:00:00:01 address 10.0.0.11",
        "bridge bridge0 dhcp 10.0.0.0/24 host 02:00:00:00:00:01 delete",
    ],
    ..Kind::PLAIN
};

static DHCP6: Kind = Kind {
    word: "dhcp6",
    about: "an IPv6 subnet with its machines. No effect in the datapath yet",
    key: "prefix",
    attributes: &[&[write("subnet", "prefix", Codec::Prefix("prefixLength"), "the subnet")]],
    children: &[open("host", &DHCP6_HOST, "hosts")],
    examples: &["bridge bridge0 add dhcp6 subnet fd00::/64"],
    ..Kind::PLAIN
};

static DHCP6_HOST: Kind = Kind {
    word: "dhcp6-host",
    about: "a machine of an IPv6 subnet with its address",
    key: "clientId",
    attributes: &[&[
        write("name", "name", NAME, "its name"),
        write("address", "fixedAddress", ADDRESS, "its address"),
        write("client-id", "clientId", Codec::Text("BYTES"), "the DHCP unique identifier that it asks with"),
    ]],
    examples: &["bridge bridge0 dhcp6 fd00::/64 add host name vm1 client-id 00:01 address fd00::5"],
    ..Kind::PLAIN
};

static MAC_ENTRY: Kind = Kind {
    word: "mac-entry",
    about: "a MAC address with the port behind which it is, learned or set",
    key: "macAddr",
    attributes: &[&[
        write("mac", "macAddr", MAC, "the MAC address"),
        write("port", "portId", PORT_REF, "the port"),
        write("vlan", "vlanId", Codec::Number, "the VLAN; 0: untagged"),
    ]],
    examples: &[
        "bridge bridge0 list mac-entry",
        "bridge bridge0 add mac-entry mac 02:00:00:00:00:01 port bridge0:port0",
        "bridge bridge0 delete mac-entry mac 02:00:00:00:00:01 port bridge0:port0",
    ],
    ..Kind::PLAIN
};

static ARP_ENTRY: Kind = Kind {
    word: "arp-entry",
    about: "an IP address with its MAC address, for which the bridge answers. No effect in the datapath yet",
    key: "ip",
    attributes: &[&[
        write("ip", "ip", ADDRESS, "the IP address"),
        write("mac", "mac", MAC, "the MAC address"),
    ]],
    examples: &["bridge bridge0 add arp-entry ip 10.0.0.5 mac 02:00:00:00:00:05"],
    ..Kind::PLAIN
};
