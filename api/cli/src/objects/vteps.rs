//! Hardware switches with VXLAN tunnel endpoints.

use super::{ADDRESS, Codec, Kind, NAME, fixed, open, read, write};

pub(crate) static VTEP: Kind = Kind {
    word: "vtep",
    about: "a hardware switch whose ports join bridges by VXLAN. No effect in the datapath yet",
    template: "vtepTemplate",
    attributes: &[&[
        read("name", "name", NAME, "its name"),
        read("description", "description", Codec::Text("TEXT"), "what it says of itself"),
        write("management-ip", "managementIp", ADDRESS, "where it is configured"),
        write("management-port", "managementPort", Codec::Number, "at which TCP port"),
        write("tunnel-zone", "tunnelZoneId", Codec::Reference("tunnelZones"), "a tunnel zone of type vtep"),
        read("connection-state", "connectionState", Codec::Text("TEXT"), "whether it is reached"),
    ]],
    children: &[open("binding", &VTEP_BINDING, "bindings"), fixed("port", &VTEP_PORT, "ports")],
    examples: &[
        "vtep create management-ip 192.0.2.4 management-port 6632 tunnel-zone tzone0",
        "vtep management-ip 192.0.2.4 add binding physical-port in1 vlan 142 network-id 5806710a-…",
        "vtep management-ip 192.0.2.4 delete binding physical-port in1 vlan 142",
    ],
    ..Kind::PLAIN
};

static VTEP_BINDING: Kind = Kind {
    word: "binding",
    about: "a VLAN at a port of a hardware switch, joined to a bridge",
    key: "portName",
    attributes: &[&[
        read("management-ip", "mgmtIp", ADDRESS, "the switch"),
        write("physical-port", "portName", NAME, "its port"),
        write("vlan", "vlanId", Codec::Number, "the VLAN"),
        write("network-id", "networkId", Codec::Reference("bridges"), "the bridge"),
    ]],
    examples: &[
        "vtep vtep0 list binding",
        "vtep vtep0 add binding physical-port in1 vlan 142 network-id bridge0",
    ],
    ..Kind::PLAIN
};

static VTEP_PORT: Kind = Kind {
    word: "port",
    about: "a port of a hardware switch",
    key: "name",
    attributes: &[&[
        read("name", "name", NAME, "its name"),
        read("description", "description", Codec::Text("TEXT"), "what the switch says of it"),
    ]],
    examples: &["vtep vtep0 list port"],
    ..Kind::PLAIN
};
