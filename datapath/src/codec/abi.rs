//! Numbers of `include/uapi/linux/openvswitch.h`, under its own names.

#![allow(missing_docs, reason = "the kernel header documents them")]

pub(crate) mod family {
    pub(crate) const DATAPATH: &str = "ovs_datapath";
    pub(crate) const VPORT: &str = "ovs_vport";
    pub(crate) const FLOW: &str = "ovs_flow";
    pub(crate) const PACKET: &str = "ovs_packet";
    pub(crate) const METER: &str = "ovs_meter";
    pub(crate) const DATAPATH_VERSION: u8 = 2;
    pub(crate) const VERSION: u8 = 1;
}

/// Commands that the datapath, vport and flow families share.
pub(crate) mod cmd {
    pub(crate) const NEW: u8 = 1;
    pub(crate) const DEL: u8 = 2;
    pub(crate) const GET: u8 = 3;
    pub(crate) const SET: u8 = 4;
    pub(crate) const PACKET_MISS: u8 = 1;
    pub(crate) const PACKET_ACTION: u8 = 2;
    pub(crate) const PACKET_EXECUTE: u8 = 3;
    pub(crate) const METER_FEATURES: u8 = 1;
}

pub(crate) mod dp {
    pub(crate) const NAME: u16 = 1;
    pub(crate) const UPCALL_PID: u16 = 2;
    pub(crate) const STATS: u16 = 3;
    pub(crate) const MEGAFLOW_STATS: u16 = 4;
    pub(crate) const USER_FEATURES: u16 = 5;
    pub(crate) const MASKS_CACHE_SIZE: u16 = 7;
    pub(crate) const PER_CPU_PIDS: u16 = 8;
    pub(crate) const F_UNALIGNED: u32 = 1;
    pub(crate) const F_VPORT_PIDS: u32 = 2;
    pub(crate) const F_DISPATCH_UPCALL_PER_CPU: u32 = 8;
}

pub(crate) mod vport {
    pub(crate) const PORT_NO: u16 = 1;
    pub(crate) const TYPE: u16 = 2;
    pub(crate) const NAME: u16 = 3;
    pub(crate) const UPCALL_PID: u16 = 5;
    pub(crate) const STATS: u16 = 6;
    pub(crate) const IFINDEX: u16 = 8;
    pub(crate) const TYPE_NETDEV: u32 = 1;
    pub(crate) const TYPE_INTERNAL: u32 = 2;
}

pub(crate) mod flow {
    pub(crate) const KEY: u16 = 1;
    pub(crate) const ACTIONS: u16 = 2;
    pub(crate) const STATS: u16 = 3;
    pub(crate) const TCP_FLAGS: u16 = 4;
    pub(crate) const USED: u16 = 5;
    pub(crate) const MASK: u16 = 7;
    pub(crate) const PROBE: u16 = 8;
    pub(crate) const UFID: u16 = 9;
    pub(crate) const UFID_FLAGS: u16 = 10;
    pub(crate) const OMIT_ALL: u32 = 7;
}

pub(crate) mod packet {
    pub(crate) const PACKET: u16 = 1;
    pub(crate) const KEY: u16 = 2;
    pub(crate) const ACTIONS: u16 = 3;
    pub(crate) const USERDATA: u16 = 4;
    pub(crate) const MRU: u16 = 9;
    pub(crate) const HASH: u16 = 11;
}

pub(crate) mod key {
    pub(crate) const ENCAP: u16 = 1;
    pub(crate) const IN_PORT: u16 = 3;
    pub(crate) const ETHERNET: u16 = 4;
    pub(crate) const VLAN: u16 = 5;
    pub(crate) const ETHERTYPE: u16 = 6;
    pub(crate) const IPV4: u16 = 7;
    pub(crate) const IPV6: u16 = 8;
    pub(crate) const TCP: u16 = 9;
    pub(crate) const UDP: u16 = 10;
    pub(crate) const ICMP: u16 = 11;
    pub(crate) const ICMPV6: u16 = 12;
    pub(crate) const ARP: u16 = 13;
    pub(crate) const ND: u16 = 14;
    pub(crate) const TUNNEL: u16 = 16;
    pub(crate) const SCTP: u16 = 17;
    pub(crate) const TCP_FLAGS: u16 = 18;
    pub(crate) const RECIRC_ID: u16 = 20;
    pub(crate) const MPLS: u16 = 21;
}

pub(crate) mod tunnel {
    pub(crate) const ID: u16 = 0;
    pub(crate) const IPV4_SRC: u16 = 1;
    pub(crate) const IPV4_DST: u16 = 2;
    pub(crate) const TOS: u16 = 3;
    pub(crate) const TTL: u16 = 4;
    pub(crate) const DONT_FRAGMENT: u16 = 5;
    pub(crate) const CSUM: u16 = 6;
    pub(crate) const TP_SRC: u16 = 9;
    pub(crate) const TP_DST: u16 = 10;
    pub(crate) const IPV6_SRC: u16 = 12;
    pub(crate) const IPV6_DST: u16 = 13;
}

pub(crate) mod action {
    pub(crate) const OUTPUT: u16 = 1;
    pub(crate) const USERSPACE: u16 = 2;
    pub(crate) const SET: u16 = 3;
    pub(crate) const PUSH_VLAN: u16 = 4;
    pub(crate) const POP_VLAN: u16 = 5;
    pub(crate) const SET_MASKED: u16 = 11;
    pub(crate) const CT: u16 = 12;
    pub(crate) const CLONE: u16 = 20;
    pub(crate) const CHECK_PKT_LEN: u16 = 21;
    pub(crate) const DEC_TTL: u16 = 23;
    pub(crate) const DROP: u16 = 24;
    pub(crate) const PSAMPLE: u16 = 25;
    pub(crate) const USERSPACE_PID: u16 = 1;
    pub(crate) const USERSPACE_USERDATA: u16 = 2;
    pub(crate) const CT_ZONE: u16 = 2;
    pub(crate) const CHECK_PKT_LEN_LEN: u16 = 1;
    pub(crate) const CHECK_PKT_LEN_GREATER: u16 = 2;
    pub(crate) const CHECK_PKT_LEN_LESS_EQUAL: u16 = 3;
    pub(crate) const DEC_TTL_ACTION: u16 = 1;
    pub(crate) const PSAMPLE_GROUP: u16 = 1;
}
