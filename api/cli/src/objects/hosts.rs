//! Hosts with their interfaces and bindings, and the tunnel zones that join them.

use super::{
    ADDRESS, ADDRESSES, Codec, HOST_REF, Kind, MAC, NAME, PORT_REF, TRUE_FALSE, fixed, open, read, write,
};

pub(crate) static HOST: Kind = Kind {
    word: "host",
    about: "a hypervisor with an agent. Comes by itself when its agent starts",
    template: "hostTemplate",
    attributes: &[&[
        read("name", "name", NAME, "its name"),
        read("alive", "alive", TRUE_FALSE, "whether its agent runs"),
        read("addresses", "addresses", ADDRESSES, "the addresses of its interfaces"),
        write(
            "flooding-proxy-weight",
            "floodingProxyWeight",
            Codec::Number,
            "its share in flooding for hardware switches; 0: none",
        ),
        write(
            "container-weight",
            "containerWeight",
            Codec::Number,
            "its share in service containers; 0: none",
        ),
        write(
            "container-limit",
            "containerLimit",
            Codec::Number,
            "how many service containers; -1: any number",
        ),
        write(
            "enforce-container-limit",
            "enforceContainerLimit",
            TRUE_FALSE,
            "true: those over the limit go elsewhere",
        ),
    ]],
    children: &[fixed("interface", &INTERFACE, "interfaces"), open("binding", &BINDING, "ports")],
    examples: &[
        "host list",
        "host host0 list interface",
        "host host0 add binding port bridge0:port0 interface tap0",
    ],
    ..Kind::PLAIN
};

static INTERFACE: Kind = Kind {
    word: "interface",
    about: "a network interface of a host",
    key: "name",
    attributes: &[&[
        read("iface", "name", NAME, "its name"),
        read("host_id", "hostId", HOST_REF, "the host"),
        read("status", "status", Codec::Number, "1: up, 2: with a carrier, 3: both"),
        read("addresses", "addresses", ADDRESSES, "its addresses"),
        read("mac", "mac", MAC, "its MAC address"),
        read("mtu", "mtu", Codec::Number, "its MTU"),
        read("type", "type", Codec::Text("TEXT"), "what it is: Physical, Virtual, Tunnel"),
        read("endpoint", "endpoint", Codec::Text("TEXT"), "what is behind it"),
    ]],
    examples: &["host host0 list interface", "host host0 interface eth0 show"],
    ..Kind::PLAIN
};

static BINDING: Kind = Kind {
    word: "binding",
    about: "a port of the topology at an interface of a host",
    key: "portId",
    attributes: &[&[
        read("host", "hostId", HOST_REF, "the host"),
        write("interface", "interfaceName", NAME, "the interface, which may come later"),
        write("port", "portId", PORT_REF, "the port"),
    ]],
    examples: &[
        "host host0 add binding port bridge0:port0 interface tap0",
        "host host0 list binding",
        "host host0 delete binding port bridge0:port0",
    ],
    ..Kind::PLAIN
};

pub(crate) static TUNNEL_ZONE: Kind = Kind {
    word: "tzone",
    about: "hosts that reach each other through tunnels of one kind. A host must be in one before its first binding",
    template: "tunnelZoneTemplate",
    attributes: &[&[
        write("name", "name", NAME, "what people call it"),
        write(
            "type",
            "type",
            Codec::Words(&[("gre", "gre"), ("vxlan", "vxlan"), ("vtep", "vtep")]),
            "the kind of tunnels",
        ),
    ]],
    children: &[open("member", &TUNNEL_ZONE_MEMBER, "hosts")],
    examples: &[
        "tunnel-zone create name underlay type vxlan",
        "tunnel-zone tzone0 add member host host0 address 192.0.2.1",
        "tunnel-zone tzone0 delete member host host0",
    ],
    ..Kind::PLAIN
};

static TUNNEL_ZONE_MEMBER: Kind = Kind {
    word: "memb",
    about: "a host in a tunnel zone",
    key: "hostId",
    attributes: &[&[
        read("zone", "tunnelZoneId", Codec::Reference("tunnelZones"), "the tunnel zone"),
        write("host", "hostId", HOST_REF, "the host"),
        write("address", "ipAddress", ADDRESS, "the address that the others send to"),
    ]],
    examples: &["tunnel-zone tzone0 list member"],
    ..Kind::PLAIN
};
