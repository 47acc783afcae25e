//! Load balancers: pools of servers behind virtual addresses.

use super::{ADDRESS, Attribute, Codec, Kind, STATE, clear, fixed, open, write};

const LOAD_BALANCER_REF: Codec = Codec::Reference("loadBalancers");
const TCP: Codec = Codec::Words(&[("TCP", "TCP")]);
const ACTIVITY: Codec = Codec::Words(&[("ACTIVE", "ACTIVE"), ("INACTIVE", "INACTIVE")]);
const SERVING: Attribute = write("state", "adminStateUp", STATE, "down: takes no new connections");
const SERVICE_PORT: Attribute = write("protocol-port", "protocolPort", Codec::Number, "the TCP port");

pub(crate) static LOAD_BALANCER: Kind = Kind {
    word: "lb",
    about: "spreads connections over servers, on the router that it is given to. No effect in the datapath yet",
    template: "loadBalancerTemplate",
    attributes: &[&[
        write("router", "routerId", Codec::Reference("routers"), "the router"),
        write("state", "adminStateUp", STATE, "down: takes no connections"),
    ]],
    children: &[open("pool", &POOL, "pools"), fixed("vip", &VIP, "vips")],
    examples: &[
        "load-balancer create",
        "load-balancer lb0 create pool lb-method ROUND_ROBIN",
        "load-balancer lb0 pool pool0 create member address 10.0.0.9 protocol-port 80",
        "load-balancer lb0 pool pool0 create vip address 192.0.2.80 protocol-port 80",
        "router router0 set load-balancer lb0",
    ],
    ..Kind::PLAIN
};

static POOL: Kind = Kind {
    word: "pool",
    about: "servers that do the same. No effect in the datapath yet",
    template: "poolTemplate",
    attributes: &[&[
        write("load-balancer", "loadBalancerId", LOAD_BALANCER_REF, "the load balancer"),
        clear(
            "health-monitor",
            "healthMonitorId",
            Codec::Reference("healthMonitors"),
            "what finds out who lives",
        ),
        write(
            "lb-method",
            "lbMethod",
            Codec::Words(&[("ROUND_ROBIN", "ROUND_ROBIN")]),
            "how a server is chosen",
        ),
        write("protocol", "protocol", TCP, "the protocol"),
        SERVING,
    ]],
    children: &[open("member", &POOL_MEMBER, "poolMembers"), open("vip", &VIP, "vips")],
    examples: &[
        "load-balancer lb0 create pool lb-method ROUND_ROBIN",
        "load-balancer lb0 pool pool0 set health-monitor hm0",
        "load-balancer lb0 pool pool0 list member",
    ],
    ..Kind::PLAIN
};

static POOL_MEMBER: Kind = Kind {
    word: "pm",
    about: "a server of a pool. No effect in the datapath yet",
    template: "poolMemberTemplate",
    attributes: &[&[
        write("address", "address", ADDRESS, "its address"),
        SERVICE_PORT,
        write("weight", "weight", Codec::Number, "its share of the connections"),
        SERVING,
        write("status", "status", ACTIVITY, "whether it lives"),
    ]],
    examples: &["load-balancer lb0 pool pool0 create member address 10.0.0.9 protocol-port 80 weight 2"],
    ..Kind::PLAIN
};

static VIP: Kind = Kind {
    word: "vip",
    about: "a virtual address that clients connect to. No effect in the datapath yet",
    template: "vipTemplate",
    attributes: &[&[
        write("load-balancer", "loadBalancerId", LOAD_BALANCER_REF, "the load balancer"),
        write("address", "address", ADDRESS, "the address"),
        SERVICE_PORT,
        write("persistence", "sessionPersistence", PERSISTENCE, "SOURCE_IP: a client keeps its server"),
        SERVING,
    ]],
    examples: &[
        "load-balancer lb0 pool pool0 create vip address 192.0.2.80 protocol-port 80 persistence SOURCE_IP",
    ],
    ..Kind::PLAIN
};

/// `NONE` is no persistence at all.
const PERSISTENCE: Codec = Codec::Words(&[("SOURCE_IP", "SOURCE_IP"), ("NONE", "")]);

pub(crate) static HEALTH_MONITOR: Kind = Kind {
    word: "hm",
    about: "finds out which servers of pools live. No effect in the datapath yet",
    template: "healthMonitorTemplate",
    attributes: &[&[
        write("delay", "delay", Codec::Number, "seconds between attempts"),
        write("timeout", "timeout", Codec::Number, "seconds until an attempt has failed"),
        write("max-retries", "maxRetries", Codec::Number, "failed attempts until a server is dead"),
        write("state", "adminStateUp", STATE, "down: nothing is attempted"),
        write("status", "status", ACTIVITY, "whether it runs"),
        write("type", "type", TCP, "how it attempts"),
    ]],
    children: &[open("pool", &POOL, "pools")],
    examples: &["health-monitor create type TCP delay 5 timeout 10 max-retries 3"],
    ..Kind::PLAIN
};

pub(crate) static POOL_STATISTIC: Kind = Kind {
    word: "ps",
    about: "what has gone through a pool",
    attributes: &[&[
        write("bytes-in", "bytesIn", Codec::Number, "bytes to the servers"),
        write("bytes-out", "bytesOut", Codec::Number, "bytes from the servers"),
        write("active-connections", "activeConnections", Codec::Number, "connections now"),
        write("total-connections", "totalConnections", Codec::Number, "connections ever"),
        write("pool", "poolId", Codec::Reference("pools"), "the pool"),
    ]],
    ..Kind::PLAIN
};
