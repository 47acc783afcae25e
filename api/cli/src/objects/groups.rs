//! Groups of ports and of IP addresses.

use super::{Codec, Kind, NAME, PORT_REF, TENANT, TRUE_FALSE, open, read, write};

pub(crate) static PORT_GROUP: Kind = Kind {
    word: "pgroup",
    about: "ports that rules speak of by one name",
    template: "portGroupTemplate",
    attributes: &[&[
        TENANT,
        write("name", "name", NAME, "what people call it"),
        write(
            "stateful",
            "stateful",
            TRUE_FALSE,
            "true: its ports share connections, as uplinks of one network do",
        ),
    ]],
    children: &[open("member", &PORT_GROUP_MEMBER, "ports")],
    examples: &[
        "port-group create name uplinks stateful true",
        "port-group pgroup0 add member port router0:port0",
        "port-group pgroup0 delete member port router0:port0",
    ],
    ..Kind::PLAIN
};

static PORT_GROUP_MEMBER: Kind = Kind {
    word: "pgport",
    about: "a port in a group",
    key: "portId",
    attributes: &[&[
        read("port-group", "portGroupId", Codec::Reference("portGroups"), "the group"),
        write("port", "portId", PORT_REF, "the port"),
    ]],
    examples: &["port-group pgroup0 list member"],
    ..Kind::PLAIN
};

pub(crate) static IP_ADDRESS_GROUP: Kind = Kind {
    word: "ipg",
    about: "IP addresses that rules speak of by one name",
    template: "ipAddrGroupTemplate",
    attributes: &[&[write("name", "name", NAME, "what people call it")]],
    children: &[
        open("ip", &IP_ADDRESS, "addrs"),
        open("ipv4", &IP_ADDRESS, "addrs"),
        open("ipv6", &IP_ADDRESS, "addrs"),
    ],
    examples: &[
        "ip-address-group create name web",
        "ip-address-group ipg0 add ip address 10.0.0.9",
        "ip-address-group ipg0 delete ip address 10.0.0.9",
        "chain chain0 add rule ip-address-group-src ipg0 type accept",
    ],
    ..Kind::PLAIN
};

static IP_ADDRESS: Kind = Kind {
    word: "addr",
    about: "an address in a group",
    key: "addr",
    attributes: &[&[write("address", "addr", Codec::GroupAddress, "the address, of either version of IP")]],
    examples: &["ip-address-group ipg0 list ip"],
    ..Kind::PLAIN
};
