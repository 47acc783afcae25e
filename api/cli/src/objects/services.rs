//! What is done to traffic beside forwarding it: mirrors, service insertion, traces, QoS, service containers. And the
//! tenants and the state of the system.

use super::conditions::{MATCH, TRACED};
use super::{
    Attribute, Codec, HOST_REF, Kind, MAC, NAME, PORT_REF, TRUE_FALSE, clear, inside, open, read, write,
};

pub(crate) static MIRROR: Kind = Kind {
    word: "mirror",
    about: "copies packets to a port. Bridges, routers and ports name the mirrors that they have. No effect in the datapath yet",
    template: "mirrorTemplate",
    attributes: &[&[write("to-port", "toPortId", PORT_REF, "where copies go")]],
    children: &[inside("matches", &MIRROR_MATCH, "conditions")],
    examples: &[
        "mirror create to-port bridge0:port0",
        "mirror mirror0 add matches proto 6 dst-port 80",
        "bridge bridge1 set in-mirrors mirror0",
    ],
    ..Kind::PLAIN
};

static MIRROR_MATCH: Kind = Kind {
    word: "match",
    about: "which packets are copied: those that one of a mirror's matches is for",
    key: "",
    attributes: &[&MATCH],
    examples: &["mirror mirror0 list matches", "mirror mirror0 delete matches proto 6"],
    ..Kind::PLAIN
};

pub(crate) static L2_INSERTION: Kind = Kind {
    word: "l2insertion",
    about: "sends the traffic of a port through a service at another port. No effect in the datapath yet",
    template: "l2InsertionTemplate",
    attributes: &[&[
        write("port", "portId", PORT_REF, "whose traffic"),
        write("srv-port", "srvPortId", PORT_REF, "the port of the service"),
        write("vlan", "vlan", Codec::Number, "VLAN tag by which the service tells whose it is"),
        write("pos", "position", Codec::Number, "its place among those of the port"),
        write("fail-open", "failOpen", TRUE_FALSE, "true: traffic passes while the service is down"),
        write("mac", "mac", MAC, "the MAC address behind the port"),
    ]],
    examples: &["l2insertion create port bridge0:port0 srv-port bridge0:port1 vlan 10 mac 02:00:00:00:00:55"],
    ..Kind::PLAIN
};

pub(crate) static TRACE: Kind = Kind {
    word: "tr",
    about: "has agents tell what they do with packets at a bridge, a router or a port. No effect in the datapath yet",
    template: "traceRequestTemplate",
    attributes: &[
        &TRACED,
        &[
            write("name", "name", NAME, "what people call it"),
            write("port", "deviceId", Codec::Device("PORT", "ports"), "the port"),
            write("router", "deviceId", Codec::Device("ROUTER", "routers"), "the router"),
            write("bridge", "deviceId", Codec::Device("BRIDGE", "bridges"), "the bridge"),
            write("limit", "limit", Codec::Number, "after how many packets it ends"),
            write("enabled", "enabled", TRUE_FALSE, "whether it runs"),
        ],
    ],
    examples: &[
        "tracerequest create name pings bridge bridge0 proto 1 limit 10 enabled true",
        "tracerequest tr0 set enabled false",
    ],
    ..Kind::PLAIN
};

pub(crate) static QOS_POLICY: Kind = Kind {
    word: "qos-policy",
    about: "limits and marks of traffic, for ports and bridges that name it. No effect in the datapath yet",
    template: "qosPolicyTemplate",
    attributes: &[&[
        Attribute { field: "tenant_id", ..super::TENANT },
        clear("name", "name", NAME, "what people call it"),
        clear("description", "description", Codec::Text("TEXT"), "what it is for"),
        write("shared", "shared", TRUE_FALSE, "true: all tenants may use it"),
    ]],
    children: &[
        open("dscp-rule", &DSCP_RULE, "dscpRules"),
        open("bw-limit-rule", &BW_LIMIT_RULE, "bwLimitRules"),
    ],
    examples: &[
        "qos-policy create name gold",
        "qos-policy qos-policy0 add bw-limit-rule max-kbps 10000 max-burst-kb 1000",
        "bridge bridge0 port port0 set qos-policy qos-policy0",
    ],
    ..Kind::PLAIN
};

const POLICY: Attribute =
    write("policy", "policyId", Codec::Reference("qosPolicies"), "the QoS policy").asked();

static DSCP_RULE: Kind = Kind {
    word: "qos-dscp-rule",
    about: "marks packets",
    template: "qosDscpRuleTemplate",
    attributes: &[&[
        POLICY,
        write("dscp-mark", "dscpMark", Codec::Number, "differentiated services code point"),
    ]],
    examples: &["qos-policy qos-policy0 add dscp-rule dscp-mark 46"],
    ..Kind::PLAIN
};

static BW_LIMIT_RULE: Kind = Kind {
    word: "qos-bw-limit-rule",
    about: "limits the bandwidth of a port",
    template: "qosBwLimitRuleTemplate",
    attributes: &[&[
        POLICY,
        write("max-kbps", "maxKbps", Codec::Number, "kilobits a second"),
        clear("max-burst-kb", "maxBurstKb", Codec::Number, "kilobits at once"),
    ]],
    examples: &["qos-policy qos-policy0 add bw-limit-rule max-kbps 10000"],
    ..Kind::PLAIN
};

pub(crate) static CONTAINER: Kind = Kind {
    word: "container",
    about: "a service in a namespace of its own on one of the hosts, at a port. No effect in the datapath yet",
    template: "serviceContainerTemplate",
    attributes: &[&[
        write("container-group", "serviceGroupId", Codec::Reference("serviceContainerGroups"), "its group"),
        write("configuration", "configurationId", Codec::Text("ID"), "what configures it"),
        write("port", "portId", PORT_REF, "its port"),
        write("type", "serviceType", Codec::Text("IPSEC|HAPROXY|QUAGGA"), "the service"),
        write("status", "statusCode", CONTAINER_STATUS, "how far it is"),
        clear("host", "hostId", HOST_REF, "the host that runs it"),
        read("namespace", "namespaceName", NAME, "its namespace there"),
        read("interface", "interfaceName", NAME, "its interface there"),
        read("status-message", "statusMessage", Codec::Text("TEXT"), "what is to be said of its status")
            .asked(),
    ]],
    examples: &["container create container-group cgroup0 port router0:port0 type IPSEC"],
    ..Kind::PLAIN
};

const CONTAINER_STATUS: Codec = Codec::Words(&[
    ("STARTING", "STARTING"),
    ("RUNNING", "RUNNING"),
    ("STOPPING", "STOPPING"),
    ("STOPPED", "STOPPED"),
    ("ERROR", "ERROR"),
]);

pub(crate) static CONTAINER_GROUP: Kind = Kind {
    word: "cgroup",
    about: "service containers, and how hosts are chosen for them. No effect in the datapath yet",
    template: "serviceContainerGroupTemplate",
    attributes: &[&[
        write(
            "policy",
            "policy",
            Codec::Words(&[("WEIGHTED", "WEIGHTED"), ("LEAST", "LEAST")]),
            "how a host is chosen",
        ),
        write(
            "port-group",
            "portGroupId",
            Codec::Reference("portGroups"),
            "only hosts that have ports of it",
        ),
    ]],
    children: &[open("container", &CONTAINER, "serviceContainers")],
    examples: &["container-group create policy LEAST", "container-group cgroup0 list container"],
    ..Kind::PLAIN
};

pub(crate) static TENANT_KIND: Kind = Kind {
    word: "tenant",
    about: "an owner of objects. `sett TENANT` narrows a session to its objects",
    template: "tenantTemplate",
    attributes: &[&[
        read("tenant-id", "id", Codec::Text("TENANT"), "its id"),
        write("name", "name", NAME, "its name"),
        write("description", "description", Codec::Text("TEXT"), "what is said of it"),
        write("enabled", "enabled", TRUE_FALSE, "whether it may do anything"),
    ]],
    examples: &["tenant list", "sett 4f1c…", "cleart"],
    ..Kind::PLAIN
};

pub(crate) static SYSTEM_STATE: Kind = Kind {
    word: "system_state",
    about: "whether the system serves, and may be written to",
    key: "version",
    attributes: &[&[
        write("state", "state", Codec::Text("ACTIVE|UPGRADE"), "whether it serves"),
        write("availability", "availability", Codec::Text("READWRITE|READONLY"), "what may be done"),
    ]],
    examples: &["system-state show"],
    ..Kind::PLAIN
};
