//! Something of every kind for every tenant, and what goes into the paths and bodies of requests about it.

use serde_json::{Value, json};

use super::Guarded;
use crate::tests::{HOST, NOTHING};

/// Something of every kind: each tenant's own, and the operator's.
pub(super) async fn furnish(guarded: &Guarded) {
    for token in [&guarded.t1, &guarded.t2] {
        let bridge = guarded.create(token, "/bridges", json!({"name": "b"})).await;
        let router = guarded.create(token, "/routers", json!({"name": "r"})).await;
        let chain = guarded.create(token, "/chains", json!({"name": "c"})).await;
        let rule = json!({"type": "drop", "nwProto": 6});
        guarded.create(token, &format!("/chains/{chain}/rules"), rule).await;
        let port = guarded.create(token, &format!("/bridges/{bridge}/ports"), json!({})).await;
        let addresses = json!({"portSubnet": ["10.0.0.1/24"]});
        let inner = guarded.create(token, &format!("/routers/{router}/ports"), addresses).await;
        let link =
            guarded.write(token, "POST", &format!("/ports/{port}/link"), json!({"peerId": inner})).await;
        assert_eq!(link.status, 201, "{}", link.body);
        let group = guarded.create(token, "/port_groups", json!({"name": "g"})).await;
        guarded.create(token, &format!("/port_groups/{group}/ports"), json!({"portId": port})).await;
        let addresses = guarded.create(token, "/ip_addr_groups", json!({"name": "a"})).await;
        let path = format!("/ip_addr_groups/{addresses}/ip_addrs");
        guarded.create(token, &path, json!({"addr": "10.0.0.7"})).await;
        furnish_router(guarded, token, &router, &inner).await;
        furnish_bridge(guarded, token, &bridge, &port).await;
        furnish_services(guarded, token, &port).await;
    }
    let zone =
        guarded.create(&guarded.operator, "/tunnel_zones", json!({"name": "z", "type": "vxlan"})).await;
    let member = json!({"hostId": HOST, "ipAddress": "172.16.0.1"});
    guarded.create(&guarded.operator, &format!("/tunnel_zones/{zone}/hosts"), member).await;
    let bridge = guarded.create(&guarded.operator, "/bridges", json!({"name": "provider"})).await;
    let port = guarded.create(&guarded.operator, &format!("/bridges/{bridge}/ports"), json!({})).await;
    let binding = json!({"portId": port, "interfaceName": "eth0"});
    guarded.create(&guarded.operator, &format!("/hosts/{HOST}/ports"), binding).await;
    guarded.create(&guarded.operator, "/service_container_groups", json!({})).await;
    let zone = json!({"name": "v", "type": "vtep"});
    let zone = guarded.create(&guarded.operator, "/tunnel_zones", zone).await;
    let vtep = json!({"managementIp": "172.16.0.9", "managementPort": 6632, "tunnelZoneId": zone});
    let vtep = guarded.create(&guarded.operator, "/vteps", vtep).await;
    let binding = json!({"portName": "eth0", "vlanId": 0, "networkId": bridge});
    guarded.create(&guarded.operator, &format!("/vteps/{vtep}/bindings"), binding).await;
    let headers = [("x-auth-token", guarded.operator.as_str()), ("content-type", "text/plain")];
    let conf =
        guarded.server.send("POST", &format!("/conf/nodes/{HOST}"), &headers, "datapath = \"dp1\"").await;
    assert_eq!(conf.status, 200, "{}", conf.body);
}

/// What hangs on a router with a port.
async fn furnish_router(guarded: &Guarded, token: &str, router: &str, port: &str) {
    let monitor = json!({"type": "TCP", "delay": 5, "timeout": 5, "maxRetries": 2});
    let monitor = guarded.create(token, "/health_monitors", monitor).await;
    let balancer = guarded.create(token, "/load_balancers", json!({})).await;
    let at = json!({"name": "r", "loadBalancerId": balancer});
    assert_eq!(guarded.write(token, "PUT", &format!("/routers/{router}"), at).await.status, 204);
    let pool = json!({"lbMethod": "ROUND_ROBIN", "protocol": "TCP", "healthMonitorId": monitor});
    let pool = guarded.create(token, &format!("/load_balancers/{balancer}/pools"), pool).await;
    let end = json!({"address": "10.0.0.9", "protocolPort": 80, "weight": 1});
    guarded.create(token, &format!("/pools/{pool}/pool_members"), end.clone()).await;
    guarded.create(token, &format!("/pools/{pool}/vips"), end).await;
    let network = json!({"subnetAddress": "10.0.0.0", "subnetLength": 24});
    guarded.create(token, &format!("/routers/{router}/bgp_networks"), network).await;
    let peer = json!({"address": "10.0.0.2", "asNumber": 65000});
    guarded.create(token, &format!("/routers/{router}/bgp_peers"), peer).await;
    let line = json!({"ip": "10.0.0.2", "mac": "02:00:00:00:00:02"});
    guarded.create(token, &format!("/ports/{port}/peering_table"), line).await;
    guarded.create(token, "/service_containers", json!({"portId": port, "serviceType": "IPSEC"})).await;
}

/// What hangs on a bridge with a port.
async fn furnish_bridge(guarded: &Guarded, token: &str, bridge: &str, port: &str) {
    for (part, body) in [
        ("dhcp", json!({"subnetPrefix": "10.0.0.0", "subnetLength": 24})),
        (
            "dhcp/10.0.0.0_24/hosts",
            json!({"macAddr": "02:00:00:00:00:02", "ipAddr": "10.0.0.2", "name": "h"}),
        ),
        ("dhcpV6", json!({"prefix": "fd00::", "prefixLength": 64})),
        ("dhcpV6/fd00::_64/hostsV6", json!({"clientId": "00:01", "fixedAddress": "fd00::5", "name": "h"})),
        ("mac_table", json!({"macAddr": "02:00:00:00:00:02", "portId": port})),
        ("arp_table", json!({"mac": "02:00:00:00:00:02", "ip": "10.0.0.2"})),
    ] {
        guarded.create(token, &format!("/bridges/{bridge}/{part}"), body).await;
    }
}

/// What watches a port of a bridge, or acts on its traffic.
async fn furnish_services(guarded: &Guarded, token: &str, port: &str) {
    guarded.create(token, "/mirrors", json!({"toPortId": port})).await;
    let bridge = guarded.create(token, "/bridges", json!({"name": "services"})).await;
    let service = guarded.create(token, &format!("/bridges/{bridge}/ports"), json!({})).await;
    let insertion = json!({"portId": port, "srvPortId": service, "mac": "02:00:00:00:00:55"});
    guarded.create(token, "/l2insertions", insertion).await;
    let request =
        json!({"name": "t", "deviceType": "PORT", "deviceId": port, "condition": {}, "enabled": false});
    guarded.create(token, "/traces", request).await;
    let policy = guarded.create(token, "/qos_policies", json!({"name": "q"})).await;
    let limits = format!("/qos_policies/{policy}/qos_bw_limit_rules");
    guarded.create(token, &limits, json!({"maxKbps": 3000, "maxBurstKb": 200})).await;
    guarded.create(token, &format!("/qos_policies/{policy}/qos_dscp_rules"), json!({"dscpMark": 46})).await;
}

/// A path with an id in the place of every one that it names, and what else is a name in its.
pub(super) fn with_id(path: &str, id: &str) -> String {
    let station = format!("02-00-00-00-00-02_{id}");
    let mut above = "";
    let segments = path.split('/').map(|segment| {
        let name = match (above, segment) {
            (_, "{version}") => "4",
            (_, "{vlan}") => "0",
            (_, "{address}") => "10.0.0.7",
            (_, "{pair}") | ("arp_table", "{entry}") => "10.0.0.2_02-00-00-00-00-02",
            (_, "{entry}") => &station,
            ("dhcp", "{subnet}") => "10.0.0.0_24",
            (_, "{subnet}") => "fd00::_64",
            ("hosts", "{host}") if path.contains("/dhcp/") => "02:00:00:00:00:02",
            (_, segment) if segment.starts_with('{') => id,
            (_, segment) => segment,
        };
        above = segment;
        name.to_owned()
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A body that would do if what the path names were the caller's.
pub(super) fn body_for(path: &str) -> Value {
    match path.rsplit('/').next().unwrap() {
        "rules" => json!({"type": "drop"}),
        "routes" => json!({"type": "BlackHole", "srcNetworkAddr": "0.0.0.0", "srcNetworkLength": 0,
                           "dstNetworkAddr": "10.0.0.0", "dstNetworkLength": 8}),
        "ip_addrs" => json!({"addr": "10.0.0.8"}),
        "pools" => json!({"lbMethod": "ROUND_ROBIN", "protocol": "TCP"}),
        "pool_members" | "vips" => json!({"address": "10.0.0.8", "protocolPort": 80, "weight": 1}),
        "bgp_networks" => json!({"subnetAddress": "10.8.0.0", "subnetLength": 24}),
        "bgp_peers" => json!({"address": "10.0.0.8", "asNumber": 65001}),
        "peering_table" => json!({"ip": "10.0.0.8", "mac": "02:00:00:00:00:08"}),
        "dhcp" | "{subnet}" if !path.contains("dhcpV6") => {
            json!({"subnetPrefix": "10.8.0.0", "subnetLength": 24})
        }
        "hosts" if path.contains("/dhcp/") => {
            json!({"macAddr": "02:00:00:00:00:08", "ipAddr": "10.0.0.8", "name": "h"})
        }
        "dhcpV6" => json!({"prefix": "fd08::", "prefixLength": 64}),
        "hostsV6" => json!({"clientId": "00:08", "fixedAddress": "fd00::8", "name": "h"}),
        "mac_table" => {
            json!({"macAddr": "02:00:00:00:00:08", "portId": NOTHING})
        }
        "arp_table" => json!({"mac": "02:00:00:00:00:08", "ip": "10.0.0.8"}),
        "qos_bw_limit_rules" => json!({"maxKbps": 1, "maxBurstKb": 1}),
        "qos_dscp_rules" => json!({"dscpMark": 4}),
        "service_containers" => json!({"serviceType": "IPSEC"}),
        _ if path.starts_with("/l2insertions") => {
            json!({"portId": NOTHING, "srvPortId": NOTHING, "mac": "02:00:00:00:00:08"})
        }
        _ if path.starts_with("/mirrors") => json!({"toPortId": NOTHING}),
        _ if path.starts_with("/traces") => json!({"name": "n", "deviceType": "PORT", "deviceId": NOTHING,
                                                   "condition": {}, "enabled": false}),
        _ if path.contains("/routers/") && path.ends_with("/ports") => json!({"portSubnet": ["10.9.0.1/24"]}),
        _ => json!({"name": "n", "portId": NOTHING,
                    "peerId": NOTHING}),
    }
}
