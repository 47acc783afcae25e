//! The objects of every family, made, listed, changed and deleted, in the shapes that MidoNet has for them.

use serde_json::{Value, json};

use super::User;
use super::double::Double;
use crate::alias::Aliases;
use crate::report::Report;

async fn start() -> (Double, User) {
    let server = Double::start().await;
    let user = User::new(&server.url, Aliases::on());
    (server, user)
}

/// Says commands, each with what it prints.
async fn goes(user: &mut User, session: &[(&str, &str)]) {
    for (line, printed) in session {
        let happened = user.say(line).await;
        assert_eq!(happened.trim_end_matches('\n'), *printed, "{line}");
    }
}

/// The body that a command sends.
async fn sends(server: &Double, user: &mut User, line: &str) -> Value {
    server.changes();
    assert!(!matches!(user.report(line).await, Report::Many(..)), "{line}");
    let changes = server.changes();
    changes.into_iter().next_back().unwrap_or_else(|| panic!("{line} sends nothing")).2
}

#[tokio::test]
async fn dhcp_subnets_with_their_machines_and_routes() {
    let (server, mut user) = start().await;
    goes(&mut user, &[
        ("bridge create name red", "bridge0"),
        ("bridge bridge0 add dhcp subnet 10.0.0.0/24 gw 10.0.0.1 server 10.0.0.2 dns-servers 192.0.2.53,192.0.2.54 interface-mtu 1400",
            "gw 10.0.0.1 server 10.0.0.2 dns-servers 192.0.2.53,192.0.2.54 subnet 10.0.0.0/24 interface-mtu 1400"),
        ("bridge bridge0 dhcp subnet 10.0.0.0/24 add host name vm1 mac 02:00:00:00:00:01 address 10.0.0.11",
            "name vm1 address 10.0.0.11 mac 02:00:00:00:00:01"),
        ("bridge bridge0 dhcp 10.0.0.0/24 list host", "name vm1 address 10.0.0.11 mac 02:00:00:00:00:01"),
        ("bridge bridge0 dhcp 10.0.0.0/24 host mac 02:00:00:00:00:01 set address 10.0.0.12", ""),
        ("bridge bridge0 dhcp 10.0.0.0/24 host 02:00:00:00:00:01 show address", "10.0.0.12"),
        ("bridge bridge0 dhcp 10.0.0.0/24 add opt121-routes destination 10.1.0.0/16 gateway 10.0.0.9",
            "destination 10.1.0.0/16 gateway 10.0.0.9"),
        ("bridge bridge0 dhcp 10.0.0.0/24 opt121-routes 10.1.0.0/16 set gateway 10.0.0.8", ""),
        ("bridge bridge0 dhcp 10.0.0.0/24 list opt121-routes", "destination 10.1.0.0/16 gateway 10.0.0.8"),
    ]).await;
    let written = sends(
        &server,
        &mut user,
        "bridge bridge0 dhcp 10.0.0.0/24 delete opt121-routes destination 10.1.0.0/16",
    )
    .await;
    assert_eq!(written["opt121Routes"], json!([]));
    assert_eq!(written["dnsServerAddrs"], json!(["192.0.2.53", "192.0.2.54"]));
    goes(&mut user, &[
        ("bridge bridge0 dhcp 10.0.0.0/24 show", "dhcp gw 10.0.0.1 server 10.0.0.2 dns-servers 192.0.2.53,192.0.2.54 subnet 10.0.0.0/24 interface-mtu 1400"),
        ("bridge bridge0 dhcp 10.0.0.0/24 delete", ""),
        ("bridge bridge0 list dhcp", ""),
        ("bridge bridge0 add dhcp6 subnet fd00::/64", "subnet fd00::/64"),
        ("bridge bridge0 dhcp6 fd00:0:0:0::/64 add host name h client-id 00:01 address fd00::5", "name h address fd00::5 client-id 00:01"),
    ]).await;
}

#[tokio::test]
async fn mac_and_arp_entries() {
    let (server, mut user) = start().await;
    goes(
        &mut user,
        &[
            ("bridge create", "bridge0"),
            ("bridge bridge0 add port", "bridge0:port0"),
            (
                "bridge bridge0 add mac-entry mac 02:00:00:00:00:01 port bridge0:port0",
                "mac 02:00:00:00:00:01 port bridge0:port0 vlan 0",
            ),
            (
                "bridge bridge0 add arp-entry ip 10.0.0.5 mac 02:00:00:00:00:05",
                "ip 10.0.0.5 mac 02:00:00:00:00:05",
            ),
            (
                "bridge bridge0 list mac-entry port bridge0:port0",
                "mac 02:00:00:00:00:01 port bridge0:port0 vlan 0",
            ),
            ("bridge bridge0 delete mac-entry mac 02:00:00:00:00:01 port bridge0:port0", ""),
            ("bridge bridge0 list mac-entry", ""),
        ],
    )
    .await;
    let bridge = server.changes()[0].clone();
    assert_eq!((bridge.0.as_str(), bridge.1.as_str(), bridge.2), ("POST", "bridges", json!({})));
}

#[tokio::test]
async fn routers_with_bgp_and_tunnel_peers() {
    let (server, mut user) = start().await;
    goes(&mut user, &[
        ("router create name edge asn 64512", "router0"),
        ("router router0 show", "router router0 name edge state up asn 64512"),
        ("router router0 add bgp-peer asn 65000 address 192.0.2.1 hold-time 30 password geheim", "router0:bgp-peer0"),
        ("router router0 list bgp-peer", "bgp-peer bgp-peer0 asn 65000 address 192.0.2.1 hold-time 30"),
        ("router router0 bgp-peer bgp-peer0 set keep-alive 10", ""),
        ("router router0 bgp-peer bgp-peer0 show keep-alive", "10"),
        ("router router0 add bgp-network net 203.0.113.0/24", "router0:net0"),
        ("router router0 list bgp-network", "net net0 net 203.0.113.0/24"),
        ("router router0 delete bgp-network net0", ""),
        ("router router0 list bgp-network", ""),
        ("router router0 add port addresses 10.0.0.1/24,10.0.1.1/24 mac ac:ca:ba:00:00:07 vni 33", "router0:port0"),
        ("router router0 list port", "port port0 device router0 state up plugged no mac ac:ca:ba:00:00:07 vni 33 addresses 10.0.0.1/24,10.0.1.1/24"),
        ("router router0 port port0 add remote-peers mac 02:00:00:00:00:05 ip 192.0.2.9", "mac 02:00:00:00:00:05 ip 192.0.2.9"),
        ("router router0 add route dst 10.7.0.0/16 src 10.0.0.0/8 type blackhole weight 5", "router0:route0"),
        ("router router0 route route0 show", "route route0 type blackhole src 10.0.0.0/8 dst 10.7.0.0/16 weight 5 learned false"),
    ]).await;
    let port = sends(&server, &mut user, "router router0 add port address 10.0.2.1 net 10.0.2.0/24").await;
    assert_eq!(
        port,
        json!({"type": "Router", "portAddress": "10.0.2.1", "networkAddress": "10.0.2.0", "networkLength": 24})
    );
    let port = sends(&server, &mut user, "router router0 add port address 10.0.3.1/24").await;
    assert_eq!(port["portSubnet"], json!(["10.0.3.1/24"]));
    let cleared = sends(&server, &mut user, "router router0 port port0 clear addresses").await;
    assert_eq!(cleared["portSubnet"], json!([]));
}

#[tokio::test]
async fn rules_of_every_type() {
    let (server, mut user) = start().await;
    goes(
        &mut user,
        &[
            ("chain create name guard", "chain0"),
            ("chain create name other", "chain1"),
            ("bridge create", "bridge0"),
            ("bridge bridge0 add port", "bridge0:port0"),
            ("ip-address-group create name web", "ipg0"),
            ("port-group create name uplinks", "pgroup0"),
        ],
    )
    .await;
    let chain = user.say("chain chain1 show id").await;
    for (line, body) in [
        ("type jump jump-to chain1", json!({"type": "jump", "jumpChainId": chain.trim_end()})),
        (
            "type dnat action continue target 10.0.0.5:80",
            json!({"type": "dnat", "flowAction": "continue",
            "natTargets": [{"addressFrom": "10.0.0.5", "addressTo": "10.0.0.5", "portFrom": 80, "portTo": 80}]}),
        ),
        ("type rev_dnat action return", json!({"type": "rev_dnat", "flowAction": "return"})),
        (
            "type l2_transform action accept push-vlan 10",
            json!({"type": "l2_transform", "flowAction": "accept", "pushVlan": 10}),
        ),
        (
            "type accept flow return-flow",
            json!({"type": "accept", "matchForwardFlow": false, "matchReturnFlow": true}),
        ),
        ("type return ethertype !0x0806", json!({"type": "return", "dlType": 2054, "invDlType": true})),
        ("type trace tracelimit 3", json!({"type": "trace", "limit": 3})),
        (
            "hw-src !02:00:00:00:00:01 hw-src-mask ffff.0000.0000 type drop",
            json!({"dlSrc": "02:00:00:00:00:01", "invDlSrc": true, "dlSrcMask": "ffff.0000.0000", "type": "drop"}),
        ),
    ] {
        assert_eq!(sends(&server, &mut user, &format!("chain chain0 add rule {line}")).await, body, "{line}");
    }
    goes(&mut user, &[
        ("chain chain1 add rule type redirect target-port bridge0:port0 ingress true fail-open false", "chain1:rule0"),
        ("chain chain1 add rule in-ports !bridge0:port0 port-group pgroup0 ip-address-group-src !ipg0 type accept", "chain1:rule1"),
        ("chain chain1 list rule",
            "rule rule1 inverted no port-group pgroup0 ip-address-group-src !ipg0 in-ports !bridge0:port0 fragment-policy any no-vlan false match-nw-dst-rewritten false pos 1 type accept\n\
             rule rule0 inverted no fragment-policy any no-vlan false match-nw-dst-rewritten false pos 2 type redirect action redirect target-port bridge0:port0 ingress true fail-open false"),
        ("chain chain1 list rule type redirect in-ports bridge0:port0", ""),
        ("chain chain1 rule rule1 show src-port", ""),
        ("chain chain1 rule rule1 show in-ports", "!bridge0:port0"),
        ("chain chain1 delete rule pos 1", ""),
        ("rule chain1:rule0 delete", ""),
        ("chain chain1 list rule", ""),
    ]).await;
}

#[tokio::test]
async fn load_balancers_from_the_monitor_to_the_virtual_address() {
    let (server, mut user) = start().await;
    goes(&mut user, &[
        ("router create", "router0"),
        ("load-balancer create", "lb0"),
        ("router router0 set load-balancer lb0", ""),
        ("router router0 show load-balancer", "lb lb0 state up"),
        ("load-balancer lb0 create pool lb-method ROUND_ROBIN protocol TCP", "lb0:pool0"),
        ("health-monitor create type TCP delay 5 timeout 10 max-retries 3", "hm0"),
        ("load-balancer lb0 pool pool0 set health-monitor hm0", ""),
        ("load-balancer lb0 pool list", "pool pool0 load-balancer lb0 health-monitor hm0 lb-method ROUND_ROBIN protocol TCP state up"),
        ("health-monitor hm0 pool list", "pool lb0:pool0 load-balancer lb0 health-monitor hm0 lb-method ROUND_ROBIN protocol TCP state up"),
        ("load-balancer lb0 pool pool0 create member address 10.0.0.9 protocol-port 80 weight 2", "lb0:pool0:pm0"),
        ("load-balancer lb0 pool pool0 member pm0 set state down status inactive", ""),
        ("load-balancer lb0 pool pool0 member pm0 show", "pm pm0 address 10.0.0.9 protocol-port 80 weight 2 state down status INACTIVE"),
        ("load-balancer lb0 pool pool0 create vip address 192.0.2.80 protocol-port 8080 persistence source_ip", "lb0:pool0:vip0"),
        ("load-balancer lb0 pool pool0 vip vip0 show", "vip vip0 load-balancer lb0 address 192.0.2.80 protocol-port 8080 persistence SOURCE_IP state up"),
        ("load-balancer lb0 list vip", "vip pool0:vip0 load-balancer lb0 address 192.0.2.80 protocol-port 8080 persistence SOURCE_IP state up"),
        ("load-balancer lb0 pool pool0 clear health-monitor", ""),
        ("load-balancer lb0 pool pool0 show health-monitor", ""),
        ("load-balancer lb0 add vip address 192.0.2.81", "vip: objects of this type are not created by hand"),
    ]).await;
    let vip = sends(&server, &mut user, "load-balancer lb0 pool pool0 vip vip0 set persistence NONE").await;
    assert_eq!(vip["sessionPersistence"], Value::Null);
}

#[tokio::test]
async fn mirrors_with_their_matches() {
    let (server, mut user) = start().await;
    goes(&mut user, &[
        ("bridge create", "bridge0"),
        ("bridge bridge0 add port", "bridge0:port0"),
        ("mirror create to-port bridge0:port0", "mirror0"),
        ("mirror mirror0 show", "mirror mirror0 to-port bridge0:port0"),
        ("mirror mirror0 add matches ethertype 2048 proto 6", "ethertype 2048 proto 6"),
        ("mirror mirror0 add matches src !10.0.0.0/8", "src !10.0.0.0/8"),
        ("mirror mirror0 list matches", "ethertype 2048 proto 6\nsrc !10.0.0.0/8"),
        ("mirror mirror0 matches proto 6 set proto 17", ""),
        ("mirror mirror0 matches proto 17 show", "match ethertype 2048 proto 17"),
        ("bridge bridge0 set in-mirrors mirror0", ""),
        ("bridge bridge0 show in-mirrors", "mirror0"),
        ("bridge bridge0 clear in-mirrors", ""),
        ("bridge bridge0 port port0 set post-in-filter-mirrors mirror0 out-mirrors mirror0", ""),
        ("bridge bridge0 port list", "port port0 device bridge0 state up plugged no vlan 0 out-mirrors mirror0 post-in-filter-mirrors mirror0"),
    ]).await;
    let left = sends(&server, &mut user, "mirror mirror0 delete matches proto 17").await;
    assert_eq!(left["conditions"], json!([{"nwSrcAddress": "10.0.0.0", "nwSrcLength": 8, "invNwSrc": true}]));
}

#[tokio::test]
async fn insertions_traces_and_qos() {
    let (server, mut user) = start().await;
    goes(&mut user, &[
        ("bridge create", "bridge0"),
        ("bridge bridge0 add port", "bridge0:port0"),
        ("bridge bridge0 add port", "bridge0:port1"),
        ("l2insertion create port bridge0:port0 srv-port bridge0:port1 vlan 10 pos 1 fail-open true mac 02:00:00:00:00:55", "l2insertion0"),
        ("l2insertion list", "l2insertion l2insertion0 port bridge0:port0 srv-port bridge0:port1 vlan 10 pos 1 fail-open true mac 02:00:00:00:00:55"),
        ("tracerequest create name pings bridge bridge0 proto 1 limit 10", "tr0"),
        ("tracerequest tr0 show", "tr tr0 inverted no proto 1 fragment-policy any no-vlan false match-nw-dst-rewritten false name pings bridge bridge0 limit 10 enabled false"),
        ("tracerequest list proto 6", ""),
        ("qos-policy create name gold description 'for the best' shared false", "qos-policy0"),
        ("qos-policy qos-policy0 add bw-limit-rule max-kbps 10000 max-burst-kb 1000", "qos-policy0:qos-bw-limit-rule0"),
        ("qos-policy qos-policy0 add dscp-rule dscp-mark 46", "qos-policy0:qos-dscp-rule0"),
        ("qos-policy qos-policy0 list bw-limit-rule", "qos-bw-limit-rule qos-bw-limit-rule0 max-kbps 10000 max-burst-kb 1000"),
        ("qos-policy qos-policy0 dscp-rule qos-dscp-rule0 set dscp-mark 12", ""),
        ("qos-policy qos-policy0 list dscp-rule", "qos-dscp-rule qos-dscp-rule0 dscp-mark 12"),
        ("qos-policy qos-policy0 clear description", ""),
        ("qos-policy list", "qos-policy qos-policy0 name gold shared false"),
        ("bridge bridge0 port port0 set qos-policy qos-policy0", ""),
        ("bridge bridge0 port port0 show qos-policy", "qos-policy qos-policy0 name gold shared false"),
    ]).await;
    let trace = sends(&server, &mut user, "tracerequest tr0 set enabled true proto 17").await;
    assert_eq!((&trace["enabled"], &trace["condition"]["nwProto"]), (&json!(true), &json!(17)));
    assert_eq!(trace["condition"]["fragmentPolicy"], "any");
    let policy = sends(&server, &mut user, "qos-policy create tenant t").await;
    assert_eq!(policy, json!({"tenant_id": "t"}));
}

#[tokio::test]
async fn switches_and_containers() {
    let (server, mut user) = start().await;
    goes(&mut user, &[
        ("tunnel-zone create name switches type vtep", "tzone0"),
        ("bridge create", "bridge0"),
        ("vtep create management-ip 192.0.2.4 management-port 6632 tunnel-zone tzone0", "vtep0"),
        ("vtep list", "vtep vtep0 name switch management-ip 192.0.2.4 management-port 6632 tunnel-zone tzone0 connection-state CONNECTED"),
        ("vtep management-ip 192.0.2.4 show name", "switch"),
        ("vtep management-ip 192.0.2.4 add binding physical-port in1 vlan 142 network-id bridge0", "physical-port in1 vlan 142 network-id bridge0"),
        ("vtep vtep0 list binding", "physical-port in1 vlan 142 network-id bridge0"),
        ("vtep management-ip 192.0.2.4 delete binding physical-port in1 vlan 142 network-id bridge0", ""),
        ("vtep vtep0 list binding", ""),
        ("router create", "router0"),
        ("router router0 add port addresses 10.0.0.1/24", "router0:port0"),
        ("container-group create policy LEAST", "cgroup0"),
        ("container create container-group cgroup0 port router0:port0 type IPSEC", "container0"),
        ("container list", "container container0 container-group cgroup0 port router0:port0 type IPSEC status STOPPED"),
        ("container-group cgroup0 add container type QUAGGA", "cgroup0:container0"),
    ]).await;
    let host = server.has("hosts", &json!({}));
    let container = sends(&server, &mut user, &format!("container container0 set host {host}")).await;
    assert_eq!(container["hostId"], host.as_str());
    let container = sends(&server, &mut user, "container container0 clear host").await;
    assert_eq!(container["hostId"], Value::Null);
}

#[tokio::test]
async fn hosts_tenants_and_the_state_of_the_system() {
    let (server, mut user) = start().await;
    let host = server.has("hosts", &json!({}));
    server.has(&format!("hosts/{host}/interfaces"), &json!({}));
    server.has("tenants", &json!({}));
    goes(&mut user, &[
        ("host list", "host host0 name hv1 alive true addresses fe80:0:0:0:78a9:3bff:fe9a:a7ff flooding-proxy-weight 1 container-weight 1 container-limit -1 enforce-container-limit false"),
        ("host host0 list interface", "iface eth0 host_id host0 status 3 addresses 172.16.0.1,fe80:0:0:0:60b5:6bff:fede:136a mac 62:b5:6b:de:13:6a mtu 1600 type Physical endpoint UNKNOWN"),
        ("host host0 interface eth0 show mtu", "1600"),
        ("tenant list", "tenant-id admin name admin description \"Admin Tenant\" enabled true"),
        ("tenant tenant-id admin show", "tenant tenant-id admin name admin description \"Admin Tenant\" enabled true"),
        ("system-state show", "system_state state ACTIVE availability READWRITE"),
        ("show system-state availability", "READWRITE"),
        ("ip-address-group create name web", "ipg0"),
        ("ip-address-group ipg0 add ipv6 address fd00::1", "address fd00::1"),
        ("ip-address-group ipg0 delete ip address fd00:0:0:0:0:0:0:1", ""),
        ("ip-address-group ipg0 list ip", ""),
    ]).await;
    let weights = sends(
        &server,
        &mut user,
        "host host0 set container-weight 2 container-limit 3 enforce-container-limit true",
    )
    .await;
    let weight = |name: &str| weights[name].clone();
    assert_eq!(
        [weight("containerWeight"), weight("containerLimit"), weight("enforceContainerLimit")],
        [json!(2), json!(3), json!(true)]
    );
}
