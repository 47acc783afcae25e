//! Keys, masks and actions as text and back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use packet::text::{ActionsText, FlowText};
use packet::{
    Action, DpPort, Field, FlowKey, FlowMask, MacAddr, SetField, TunnelKey, tunnel_flags, v4_bytes,
};

const UDP: &str = "recirc_id(0x0),in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),\
                   ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=0x0,ttl=64,frag=no),udp(src=53,dst=5001)";

fn read(text: &str) -> FlowKey {
    text.parse().unwrap()
}

fn error(text: &str) -> String {
    text.parse::<FlowKey>().unwrap_err().to_string()
}

#[test]
fn a_key_is_written_in_full_and_read_back() {
    assert_eq!(read(UDP).to_string(), UDP);
    for text in [
        "recirc_id(0x0),in_port(1),eth(src=02:00:00:00:00:01,dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),\
         arp(sip=10.0.0.1,tip=10.0.0.2,op=1,sha=02:00:00:00:00:01,tha=00:00:00:00:00:00)",
        "recirc_id(0x0),in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x88a8),vlan(vid=5,pcp=1),\
         encap(eth_type(0x8100),vlan(vid=6,pcp=0),encap(eth_type(0x0800),ipv4(src=1.1.1.1,dst=2.2.2.2,proto=6,\
         tos=0x0,ttl=1,frag=first),tcp(src=1,dst=2),tcp_flags(syn|ack)))",
        "recirc_id(0x0),tunnel(tun_id=0x100005,src=192.0.2.1,dst=192.0.2.2,tos=0x0,ttl=64,tp_src=0,tp_dst=4789,\
         flags(+df-csum+key)),in_port(2),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x86dd),\
         ipv6(src=fe80::1,dst=ff02::2,label=0x12,proto=58,tclass=0x0,hlimit=255,frag=no),icmpv6(type=135,code=0),\
         nd(target=fe80::2,sll=02:00:00:00:00:01,tll=00:00:00:00:00:00)",
    ] {
        assert_eq!(read(text).to_string(), text);
    }
}

#[test]
fn a_flow_shows_what_its_mask_looked_at() {
    let key = read(UDP);
    let mut mask = FlowMask::any();
    mask.add_all(&[Field::InPort, Field::EthDst, Field::IpProto]);
    mask.add_prefix(Field::IpDst, 8, &key);
    mask.0.tp_dst = 0xff00;
    mask.clip_to(&key);
    assert_eq!(
        FlowText { key: &key, mask: &mask }.to_string(),
        "in_port(1),eth(dst=02:00:00:00:00:02),eth_type(0x0800),ipv4(dst=10.0.0.2/255.0.0.0,proto=17,frag=no),\
         udp(dst=5001/0xff00)"
    );
}

#[test]
fn a_short_description_is_completed() {
    let key = read("ipv4(src=10.0.0.1,dst=10.0.1.5),tcp(dst=80)");
    assert_eq!((key.eth_type, key.ip_proto, key.ip_ttl, key.tp_dst, key.tcp_flags), (0x0800, 6, 64, 80, 2));
    let ping = read("in_port(4),icmp(),ipv4(dst=10.0.1.5)");
    assert_eq!((ping.in_port, ping.ip_proto, ping.tp_src), (4, 1, 8));
    let arp = read("eth(src=02:00:00:00:00:09),arp(tip=10.0.0.1)");
    assert_eq!(
        (arp.eth_dst, arp.ip_proto, arp.arp_sha),
        (MacAddr::BROADCAST, 1, MacAddr([2, 0, 0, 0, 0, 9]))
    );
    let tagged = read("vlan(vid=100),ipv4(dst=1.2.3.4)");
    assert_eq!((tagged.vlan_id(), tagged.vlan_tpid, tagged.eth_type), (Some(100), 0x8100, 0x0800));
    assert_eq!(read("tcp(dst=1),tcp_flags(ack|fin)").tcp_flags, 0x11);
}

#[test]
fn errors_name_the_header_and_the_remedy() {
    assert_eq!(
        error("ipv4(src=10.0.0.300)"),
        "ipv4: `10.0.0.300` is no value for src: an IPv4 address such as 10.0.0.1 (a packet has no mask) expected"
    );
    assert_eq!(
        error("ipv4(source=10.0.0.3)"),
        "ipv4 has no field `source`; it has src, dst, proto, tos, ttl, frag"
    );
    assert_eq!(
        error("ipv4(proto=17),tcp(dst=1)"),
        "tcp contradicts the protocol 0x11 given before: it means 0x6"
    );
    assert_eq!(error("ipv4(),ipv6()"), "ipv6 contradicts the EtherType 0x800 given before: it means 0x86dd");
    assert_eq!(error("udp(dst=1),udp(dst=2)"), "`udp` is given twice");
    assert_eq!(error("udp(dst=1,dst=2)"), "`udp dst` is given twice");
    assert!(error("gre(key=1)").starts_with("`gre` is not a header; known are in_port,"));
    assert!(error("eth(src=02:00:00:00:00:09)").starts_with("the packet has no EtherType"));
    assert!(error("vlan(vid=4096),ipv4()").contains("a smaller number"));
    for text in ["ipv4(", "ipv4)", "ipv4", "ipv4(src)", "ipv4(),,udp()", "encap(encap(encap(ipv4())))"] {
        assert!(text.parse::<FlowKey>().is_err(), "{text}");
    }
}

#[test]
fn actions_read_like_ovs_dpctl() {
    assert_eq!(ActionsText(&[]).to_string(), "drop");
    let tunnel = TunnelKey {
        id: 5,
        dst: v4_bytes("192.0.2.2".parse().unwrap()),
        ttl: 64,
        flags: tunnel_flags::KEY | tunnel_flags::DF,
        ..TunnelKey::default()
    };
    let actions = [
        Action::Set(SetField::Ethernet { src: Some(MacAddr([2, 0, 0, 0, 0, 1])), dst: None }),
        Action::Set(SetField::Ipv4 { src: None, dst: Some([10, 0, 0, 9]), tos: Some(4), ttl: Some(63) }),
        Action::DecTtl { exception: vec![Action::Userspace { cookie: 7 }] },
        Action::PushVlan { tpid: 0x8100, tci: 0x1064 },
        Action::Output(DpPort(3)),
        Action::PopVlan,
        Action::SetTunnel(tunnel),
        Action::Output(DpPort(2)),
    ];
    assert_eq!(
        ActionsText(&actions).to_string(),
        "set(eth(src=02:00:00:00:00:01)),set(ipv4(dst=10.0.0.9,tos=0x4,ttl=63)),\
         dec_ttl(le_1(userspace(cookie=0x7))),push_vlan(vid=100,pcp=0),3,pop_vlan,\
         set(tunnel(tun_id=0x5,dst=192.0.2.2,ttl=64,flags(df|key))),2"
    );
}
