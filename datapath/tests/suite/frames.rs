//! Frames of every kind, named by what they are.

use packet::build::frame_of;
use packet::{FlowKey, PacketView, TunnelKey};

pub const TCP: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=6,tos=0,ttl=64),tcp(src=40000,dst=80),tcp_flags(syn)";
pub const UDP: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv4(src=10.0.0.1,dst=10.0.0.2,tos=0,ttl=64),udp(src=5000,dst=53)";
pub const UDP_NEIGHBOUR: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv4(src=10.0.0.1,dst=10.0.0.77,tos=0,ttl=64),udp(src=5000,dst=53)";
pub const UDP_ELSEWHERE: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv4(src=10.0.0.1,dst=10.9.0.2,tos=0,ttl=64),udp(src=5000,dst=53)";
pub const UDP_SPENT: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv4(src=10.0.0.1,dst=10.0.0.2,tos=0,ttl=1),udp(src=5000,dst=53)";
pub const PING: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv4(src=10.0.0.1,dst=10.0.0.2,tos=0,ttl=64),icmp(type=8,code=0)";
pub const ARP: &str = "eth(src=02:00:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=02:00:00:00:00:01,tha=00:00:00:00:00:00)";
pub const UDP6: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv6(src=fd00::1,dst=fd00::2,label=0x12345,tclass=0,hlimit=64),udp(src=5000,dst=53)";
pub const TCP6: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv6(src=fd00::1,dst=fd00::2,tclass=8,hlimit=64),tcp(src=40000,dst=80),tcp_flags(ack)";
pub const SOLICITATION: &str = "eth(src=02:00:00:00:00:01,dst=33:33:ff:00:00:02),ipv6(src=fd00::1,dst=ff02::1:ff00:2,hlimit=255),icmpv6(type=135,code=0),nd(target=fd00::2,sll=02:00:00:00:00:01)";
pub const FRAGMENT: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0,ttl=64,frag=later)";
pub const TAGGED: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x8100),vlan(vid=7,pcp=3),encap(ipv4(src=10.0.0.1,dst=10.0.0.2,tos=0,ttl=64),udp(src=5000,dst=53))";
pub const UNKNOWN_TYPE: &str = "eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x88b5)";

/// Frames without a tag, one of each kind.
pub const UNTAGGED: [&str; 11] =
    [TCP, UDP, UDP_SPENT, PING, ARP, UDP6, TCP6, SOLICITATION, FRAGMENT, UNKNOWN_TYPE, UDP_ELSEWHERE];

/// The bytes of a described frame, long enough that no driver pads it.
pub fn frame(text: &str) -> Vec<u8> {
    let key: FlowKey = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
    let frame = frame_of(&key, b"payload of a frame that needs no padding to sixty bytes..");
    PacketView::parse(&frame, 0, TunnelKey::default()).unwrap();
    frame
}
