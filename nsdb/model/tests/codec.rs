//! What is stored can be read again, by us and by anybody who has the proto files; what cannot be read is said.

#![allow(clippy::expect_used, reason = "tests")]

use std::net::IpAddr;

use model::strategy::{document, log_entry};
use model::{
    ArpEntry, BgpNetwork, BgpPeer, Bridge, Change, Condition, ConfDocument, ConfName, ContainerPolicy,
    DeviceId, DhcpHost, DhcpHost6, DhcpOption, DhcpRoute, DhcpSubnet, DhcpSubnet6, Document, DocumentKey,
    FlowAction, FragmentPolicy, HealthMonitor, HealthMonitorType, Kind, L2Transform, LbMethod, LogEntry,
    MacEntry, MaskedMac, Match, Mirror, Nat, NatSide, NatTarget, NextHop, ObjectKey, Password, PeeringEntry,
    Pool, PoolDocument, PoolMember, PoolProtocol, Port, PortDevice, PortEntry, QosBandwidthRule, Route,
    Router, RouterDocument, RouterVtep, Rule, RuleAction, ServiceContainer, ServiceContainerGroup,
    SessionPersistence, TraceDevice, TraceRequest, Vip, Vtep, decode_document, encode_document,
};
use packet::MacAddr;
use proptest::prelude::*;
use prost_reflect::prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage};
use uuid::Uuid;

proptest! {
    #[test]
    fn documents_survive_the_round_trip(version in any::<u64>(), document in document()) {
        let bytes = encode_document(version, &document);
        prop_assert_eq!(decode_document(&bytes), Ok((version, document)));
    }

    #[test]
    fn log_entries_survive_the_round_trip(entry in log_entry()) {
        prop_assert_eq!(LogEntry::decode(&entry.encode()), Ok(entry));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in any::<Vec<u8>>()) {
        let _ = LogEntry::decode(&bytes);
        let _ = decode_document(&bytes);
    }

    #[test]
    fn no_damage_makes_the_decoder_panic(
        document in document(),
        entry in log_entry(),
        damage in any::<Vec<(prop::sample::Index, u8)>>(),
        length in any::<prop::sample::Index>(),
    ) {
        for mut bytes in [encode_document(1, &document), entry.encode()] {
            for (at, value) in &damage {
                let at = at.index(bytes.len().max(1));
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = *value;
                }
            }
            let _ = LogEntry::decode(&bytes);
            let _ = decode_document(&bytes);
            bytes.truncate(length.index(bytes.len() + 1));
            let _ = LogEntry::decode(&bytes);
            let _ = decode_document(&bytes);
        }
    }
}

// === Against the proto files, read by another implementation ===

/// Parses a message written by hand, as protobuf text, with the proto files alone.
fn by_hand(message: &str, text: &str) -> DynamicMessage {
    let proto = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let files = protox::compile(["store.proto"], [proto]).expect("the proto files compile");
    let pool = DescriptorPool::from_file_descriptor_set(files).expect("a complete set");
    let descriptor = pool.get_message_by_name(message).expect("the message exists");
    DynamicMessage::parse_text_format(descriptor, text).expect("valid text")
}

/// The text of a message as the proto files alone read it.
fn as_text(message: &DynamicMessage, bytes: &[u8]) -> String {
    DynamicMessage::decode(message.descriptor(), bytes).expect("bytes of the message").to_text_format()
}

fn id<T: From<Uuid>>(n: u128) -> T {
    Uuid::from_u128(n).into()
}

#[test]
fn a_log_entry_is_stored_as_the_proto_files_say() {
    let expected = LogEntry {
        version: 7,
        changes: vec![
            Change::Put(rule().into()),
            Change::Delete(ObjectKey { kind: Kind::TunnelZone, id: id(7) }),
        ],
        effects: Vec::new(),
        author: "api-1".to_owned(),
        committed_at_ms: 1_700_000_000_000,
        acknowledge: [DocumentKey::Chain(id(2)), DocumentKey::TunnelZone(id(7))].into(),
    };
    let written = by_hand("midspan.store.LogEntry", include_str!("golden/rule.txtpb"));
    assert_eq!(LogEntry::decode(&written.encode_to_vec()), Ok(expected.clone()));
    assert_eq!(as_text(&written, &expected.encode()), as_text(&written, &written.encode_to_vec()));
}

fn rule() -> Rule {
    let prefix = |text: &str| text.parse().expect("a prefix");
    Rule {
        id: id(1),
        chain: id(2),
        action: RuleAction::Jump(id(3)),
        meter_name: Some("web".to_owned()),
        condition: Condition {
            conjunction_inv: true,
            in_ports: Some(Match::is_not(vec![id(4), id(5)])),
            ip_addr_group_src: Some(Match::is(id(6))),
            dl_type: Some(Match::is(0x800)),
            dl_src: Some(Match::is(MaskedMac {
                addr: MacAddr([2, 0, 0, 0, 0, 1]),
                mask: MacAddr([0xff, 0xff, 0xff, 0, 0, 0]),
            })),
            nw_tos: Some(Match::is_not(0)),
            nw_proto: Some(Match::is(6)),
            nw_src: Some(Match::is(prefix("10.1.0.0/16"))),
            nw_dst: Some(Match::is_not(prefix("2001:db8::/32"))),
            tp_dst: Some(Match::is(80..=443)),
            fragment_policy: FragmentPolicy::Header,
            vlan: Some(9),
            ..Condition::default()
        },
    }
}

#[test]
fn actions_and_services_are_stored_as_the_proto_files_say() {
    let target =
        |first: [u8; 4], last: [u8; 4], ports| NatTarget { first: first.into(), last: last.into(), ports };
    let nat = RuleAction::Nat(Nat {
        side: NatSide::Destination,
        targets: vec![
            target([10, 0, 0, 5], [10, 0, 0, 9], Some(80..=88)),
            target([10, 0, 1, 5], [10, 0, 1, 5], None),
        ],
        flow_action: FlowAction::Continue,
    });
    let redirect = RuleAction::L2Transform(L2Transform {
        pop_vlan: true,
        push_vlan: 0x200a,
        target_port: Some(id(4)),
        ingress: false,
        fail_open: true,
        flow_action: FlowAction::Redirect,
    });
    let unfragmented = Condition { fragment_policy: FragmentPolicy::Unfragmented, ..Condition::default() };
    let ip = Condition { dl_type: Some(Match::is(0x800)), ..Condition::default() };
    let rule = |n, condition, action| Rule { id: id(n), chain: id(2), condition, action, meter_name: None };
    let expected = LogEntry {
        version: 8,
        changes: [
            rule(1, unfragmented, nat).into(),
            rule(3, Condition::default(), redirect).into(),
            Mirror { id: id(5), to_port: id(4), conditions: vec![ip] }.into(),
            TraceRequest {
                id: id(6),
                name: "tr".to_owned(),
                device: TraceDevice::Router(id(7)),
                condition: Default::default(),
                created_at_ms: 1_700_000_000_000,
                limit: 9,
                enabled: true,
            }
            .into(),
            QosBandwidthRule { id: id(8), policy: id(9), max_kbps: 3000, max_burst_kb: Some(200) }.into(),
            ConfDocument {
                id: id(10),
                name: ConfName::Template("gateway".to_owned()),
                template: None,
                settings: [("datapath".to_owned(), "midspan".to_owned())].into(),
            }
            .into(),
        ]
        .map(Change::Put)
        .to_vec(),
        effects: Vec::new(),
        author: "api-1".to_owned(),
        acknowledge: Default::default(),
        committed_at_ms: 1_700_000_000_000,
    };
    let written = by_hand("midspan.store.LogEntry", include_str!("golden/services.txtpb"));
    assert_eq!(LogEntry::decode(&written.encode_to_vec()), Ok(expected.clone()));
    assert_eq!(as_text(&written, &expected.encode()), as_text(&written, &written.encode_to_vec()));
}

#[test]
fn a_document_is_stored_as_the_proto_files_say() {
    let route = |n, source: &str, destination: &str, next_hop, weight, attributes: Option<&str>| Route {
        id: id(n),
        router: id(1),
        source: source.parse().expect("a prefix"),
        destination: destination.parse().expect("a prefix"),
        next_hop,
        weight,
        attributes: attributes.map(str::to_owned),
    };
    let gateway = Some(IpAddr::from([10, 0, 0, 254]));
    let expected = Document::Router(RouterDocument {
        router: Router {
            id: id(1),
            tenant_id: Some("t".to_owned()),
            name: Some(String::new()),
            admin_state_up: true,
            mirrors: Default::default(),
            inbound_filter: None,
            outbound_filter: None,
            load_balancer: Some(id(8)),
            as_number: 4_200_000_000,
            forward_chain: Some(id(2)),
            local_redirect_chain: None,
        },
        ports: vec![PortEntry { port: router_port(), peer_device: Some(DeviceId::Bridge(id(5))) }],
        routes: vec![
            route(6, "0.0.0.0/0", "192.168.0.0/16", NextHop::Port { port: id(3), gateway }, 100, None),
            route(7, "10.0.0.0/8", "10.7.0.0/16", NextHop::Reject, 0, Some("x")),
        ],
        bgp_networks: vec![BgpNetwork {
            id: id(9),
            router: id(1),
            subnet: "192.168.1.1/16".parse().expect("a prefix"),
        }],
        bgp_peers: vec![bgp_peer()],
        peering: vec![PeeringEntry {
            id: id(11),
            port: id(3),
            mac: MacAddr([2, 0, 0, 0, 0, 7]),
            address: [192, 0, 2, 7].into(),
        }],
    });
    let written = by_hand("midspan.store.Document", include_str!("golden/router.txtpb"));
    assert_eq!(decode_document(&written.encode_to_vec()), Ok((12, expected.clone())));
    let stored = encode_document(12, &expected);
    assert_eq!(as_text(&written, &stored), as_text(&written, &written.encode_to_vec()));
}

fn bgp_peer() -> BgpPeer {
    BgpPeer {
        id: id(10),
        router: id(1),
        as_number: 65001,
        address: [10, 0, 0, 9].into(),
        keep_alive: Some(60),
        hold_time: None,
        connect_retry: Some(120),
        password: Some(Password("secret".to_owned())),
    }
}

fn router_port() -> Port {
    Port {
        id: id(3),
        device: PortDevice::Router {
            router: id(1),
            mac: MacAddr([0xac, 0xca, 0xba, 0, 0, 1]),
            addresses: vec!["10.0.0.1/24".parse().expect("an address")],
            vtep: RouterVtep { vni: Some(77), off_ramp: Some(false) },
        },
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
        peer: Some(id(4)),
        binding: None,
        port_groups: vec![],
        vif_id: None,
        tunnel_key: (1 << 20) - 1,
    }
}

#[test]
fn a_pool_is_stored_as_the_proto_files_say() {
    let expected = Document::Pool(PoolDocument {
        pool: Pool {
            id: id(1),
            load_balancer: Some(id(2)),
            health_monitor: Some(id(3)),
            admin_state_up: true,
            protocol: PoolProtocol::Tcp,
            lb_method: LbMethod::RoundRobin,
        },
        members: vec![PoolMember {
            id: id(4),
            pool: id(1),
            admin_state_up: false,
            address: [10, 0, 0, 50].into(),
            protocol_port: 8080,
            weight: 5,
        }],
        vips: vec![Vip {
            id: id(5),
            pool: id(1),
            admin_state_up: true,
            address: [10, 0, 0, 100].into(),
            protocol_port: 80,
            session_persistence: Some(SessionPersistence::SourceIp),
        }],
    });
    let written = by_hand("midspan.store.Document", include_str!("golden/pool.txtpb"));
    assert_eq!(decode_document(&written.encode_to_vec()), Ok((7, expected.clone())));
    let stored = encode_document(7, &expected);
    assert_eq!(as_text(&written, &stored), as_text(&written, &written.encode_to_vec()));
}

#[test]
fn monitors_and_containers_are_stored_as_the_proto_files_say() {
    let monitor = HealthMonitor {
        id: id(1),
        tenant_id: Some("t".to_owned()),
        admin_state_up: true,
        kind: HealthMonitorType::Tcp,
        delay: 5,
        timeout: 10,
        max_retries: 3,
    };
    let group = ServiceContainerGroup { id: id(2), policy: ContainerPolicy::Least, port_group: Some(id(3)) };
    let container = ServiceContainer {
        id: id(4),
        group: Some(id(2)),
        port: Some(id(5)),
        configuration: Some(id(6)),
        service_type: "IPSEC".to_owned(),
        host: Some(id(7)),
    };
    let expected = LogEntry {
        version: 9,
        changes: vec![
            Change::Put(monitor.into()),
            Change::Put(group.into()),
            Change::Put(container.into()),
            Change::Delete(ObjectKey { kind: Kind::PeeringEntry, id: id(8) }),
        ],
        effects: Vec::new(),
        author: "api-1".to_owned(),
        acknowledge: Default::default(),
        committed_at_ms: 1,
    };
    let written = by_hand("midspan.store.LogEntry", include_str!("golden/containers.txtpb"));
    assert_eq!(LogEntry::decode(&written.encode_to_vec()), Ok(expected.clone()));
    assert_eq!(as_text(&written, &expected.encode()), as_text(&written, &written.encode_to_vec()));
}

// === What is wrong is said ===

fn error_of(text: &str) -> String {
    let stored = by_hand("midspan.store.Document", text).encode_to_vec();
    decode_document(&stored).expect_err("it is wrong").to_string()
}

const BRIDGE: &str = r#"id: "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01""#;

#[test]
fn a_short_id_names_the_field() {
    let error = error_of(r#"format: 1 bridge { bridge { id: "abc" } }"#);
    assert_eq!(error, "stored bridge: id: has 3 octets instead of a UUID's 16");
}

#[test]
fn a_bad_reference_names_the_object() {
    let error = error_of(&format!(r#"format: 1 bridge {{ bridge {{ {BRIDGE} inbound_filter: "" }} }}"#));
    assert_eq!(
        error,
        "stored bridge 00000000-0000-0000-0000-000000000001: inbound_filter: has 0 octets instead of a UUID's 16"
    );
}

#[test]
fn a_number_out_of_range_is_refused() {
    let port = format!(
        "ports {{ port {{ {BRIDGE} bridge {{ {} vlan: 65536 }} }} }}",
        BRIDGE.replace("id", "bridge")
    );
    let error = error_of(&format!("format: 1 bridge {{ bridge {{ {BRIDGE} }} {port} }}"));
    assert_eq!(error, "stored port 00000000-0000-0000-0000-000000000001: bridge.vlan: 65536 is out of range");
}

#[test]
fn a_missing_case_is_refused() {
    let error = error_of(&format!("format: 1 tunnel_zone {{ {BRIDGE} name: \"z\" type: 17 }}"));
    assert!(error.ends_with("type: is missing, or of a kind that this program does not know"), "{error}");
}

#[test]
fn a_newer_format_asks_for_an_upgrade() {
    let error = error_of(&format!("format: 2 bridge {{ bridge {{ {BRIDGE} }} }}"));
    assert_eq!(error, "stored document: format: 2 is newer than this program reads (1): upgrade it");
}

#[test]
fn bytes_of_something_else_are_refused() {
    assert!(decode_document(b"").is_err());
    assert!(LogEntry::decode(b"{\"json\": true}").is_err());
}

#[test]
fn fields_of_a_later_program_are_passed_over() {
    let bridge = Bridge {
        id: id(1),
        tenant_id: None,
        name: None,
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
    };
    let document = Document::Bridge(model::BridgeDocument::of_ports(bridge, vec![]));
    let mut bytes = encode_document(3, &document);
    bytes.extend([0xf8, 0x07, 0x2a]); // field 127, varint 42
    assert_eq!(decode_document(&bytes), Ok((3, document)));
}

// === What hangs on bridges ===

/// The document, stored, is the text; and the text, read, is the document.
fn assert_stored_as(expected: &Document, text: &str) {
    let written = by_hand("midspan.store.Document", text);
    assert_eq!(decode_document(&written.encode_to_vec()), Ok((12, expected.clone())));
    let stored = encode_document(12, expected);
    assert_eq!(as_text(&written, &stored), as_text(&written, &written.encode_to_vec()));
}

#[test]
fn a_bridge_is_stored_with_what_hangs_on_it() {
    let bridge = Bridge {
        id: id(1),
        tenant_id: None,
        name: None,
        admin_state_up: true,
        inbound_filter: None,
        outbound_filter: None,
        mirrors: Default::default(),
        qos_policy: None,
    };
    let port = Port {
        id: id(2),
        device: PortDevice::Vxlan { bridge: id(1), vtep: id(3) },
        peer: None,
        tunnel_key: 9,
        ..router_port()
    };
    let route =
        DhcpRoute { destination: "10.1.0.0/16".parse().expect("a prefix"), gateway: [10, 0, 0, 9].into() };
    let option = DhcpOption { name: "tftp-server".to_owned(), value: "1.2.3.4".to_owned() };
    let host = DhcpHost { address: [10, 0, 0, 11].into(), name: Some("h".to_owned()), options: vec![option] };
    let host6 = DhcpHost6 { address: "fd00::5".parse().expect("an address"), name: None };
    let station = MacAddr([2, 0, 0, 0, 0, 1]);
    let expected = Document::Bridge(model::BridgeDocument {
        dhcp_subnets: vec![DhcpSubnet {
            id: id(4),
            bridge: id(1),
            prefix: "10.0.0.0/24".parse().expect("a prefix"),
            default_gateway: Some([10, 0, 0, 1].into()),
            server: Some([10, 0, 0, 2].into()),
            dns_servers: vec![[8, 8, 8, 8].into()],
            interface_mtu: Some(1400),
            routes: vec![route],
            hosts: [(station, host)].into(),
            enabled: true,
        }],
        dhcp_subnets6: vec![DhcpSubnet6 {
            id: id(5),
            bridge: id(1),
            prefix: "fd00::/64".parse().expect("a prefix"),
            hosts: [("00:01".to_owned(), host6)].into(),
        }],
        mac_entries: vec![MacEntry { id: id(6), bridge: id(1), vlan: 10, mac: station, port: id(2) }],
        arp_entries: vec![ArpEntry {
            id: id(7),
            bridge: id(1),
            address: [10, 0, 0, 11].into(),
            mac: station,
        }],
        ..model::BridgeDocument::of_ports(bridge, vec![PortEntry { port, peer_device: None }])
    });
    assert_stored_as(&expected, include_str!("golden/bridge.txtpb"));
}

#[test]
fn a_vtep_is_stored_with_its_bindings() {
    let expected = Document::Vtep(Vtep {
        id: id(3),
        management_ip: [10, 9, 0, 1].into(),
        management_port: 6632,
        tunnel_zone: id(8),
        bindings: [(("eth0".to_owned(), 10), id(1)), (("eth1".to_owned(), 0), id(1))].into(),
    });
    assert_stored_as(&expected, include_str!("golden/vtep.txtpb"));
}

#[test]
fn an_address_of_the_other_ip_version_is_refused() {
    let subnet = format!(
        r#"dhcp_subnets {{ {BRIDGE} {} prefix {{ address: "\x0a\x00\x00\x00" length: 8 }} server: "six" }}"#,
        BRIDGE.replace("id", "bridge")
    );
    let error = error_of(&format!("format: 1 bridge {{ bridge {{ {BRIDGE} }} {subnet} }}"));
    assert!(error.ends_with("server: has 3 octets instead of an IPv4 address's 4"), "{error}");
}
