//! DHCP subnets and the hosts in them.

use std::net::{Ipv4Addr, Ipv6Addr};

use model::{
    BridgeId, DhcpHost, DhcpHost6, DhcpOption, DhcpRoute, DhcpSubnet, DhcpSubnet6, DhcpSubnet6Id,
    DhcpSubnetId, ModelError, ObjectKey, Transaction,
};
use packet::MacAddr;

use crate::fixture::*;

fn v4(text: &str) -> Ipv4Addr {
    text.parse().expect("an address")
}

fn host(address: &str) -> DhcpHost {
    DhcpHost { address: v4(address), name: None, options: vec![] }
}

fn host6(address: &str) -> DhcpHost6 {
    DhcpHost6 { address: address.parse().expect("an address"), name: None }
}

/// Bridge 1 with subnet 10 (10.0.0.0/24) and IPv6 subnet 11 (fd00::/64).
fn begin_with_subnets() -> Transaction {
    let mut tx = begin_with_devices();
    tx.create(dhcp_subnet(10, 1, "10.0.0.0/24")).expect("a subnet");
    tx.create(dhcp_subnet6(11, 1, "fd00::/64")).expect("a subnet");
    tx
}

#[test]
fn a_subnet_needs_its_bridge() {
    let missing = ObjectKey::from(BridgeId(id(1)));
    assert_eq!(begin().create(dhcp_subnet(10, 1, "10.0.0.0/24")), Err(ModelError::NotFound(missing)));
    assert_eq!(begin().create(dhcp_subnet6(10, 1, "fd00::/64")), Err(ModelError::NotFound(missing)));
}

#[test]
fn a_bridge_takes_its_subnets_along() {
    let mut tx = begin_with_subnets();
    tx.delete(BridgeId(id(1))).expect("it is there");
    assert_eq!((tx.state().dhcp_subnets().count(), tx.state().dhcp_subnets6().count()), (0, 0));
}

#[test]
fn a_bridge_has_each_subnet_once() {
    let mut tx = begin_with_subnets();
    assert_eq!(conflict(tx.create(dhcp_subnet(20, 1, "10.0.0.7/24"))).1, [DhcpSubnetId(id(10)).into()]);
    assert_eq!(conflict(tx.create(dhcp_subnet6(21, 1, "fd00::7/64"))).1, [DhcpSubnet6Id(id(11)).into()]);
    tx.create(dhcp_subnet(20, 2, "10.0.0.0/24")).expect("another bridge");
    tx.create(dhcp_subnet(22, 1, "10.0.0.0/25")).expect("another subnet");
    conflict(tx.update(dhcp_subnet(22, 1, "10.0.0.0/24")));
}

#[test]
fn a_subnet_loses_its_host_bits() {
    let mut tx = begin_with_devices();
    let routes = vec![DhcpRoute { destination: "10.9.8.7/16".parse().unwrap(), gateway: v4("10.0.0.9") }];
    tx.create(DhcpSubnet { routes, ..dhcp_subnet(10, 1, "10.0.0.7/24") }).expect("valid");
    let subnet = tx.state().dhcp_subnet(id(10)).expect("created");
    assert_eq!(subnet.prefix.to_string(), "10.0.0.0/24");
    assert_eq!(subnet.routes[0].destination.to_string(), "10.9.0.0/16");
}

#[test]
fn a_subnet_is_of_machines_and_its_router_one_of_them() {
    let mut tx = begin_with_devices();
    let subnet = || dhcp_subnet(10, 1, "10.0.0.0/24");
    assert_eq!(violated(tx.create(dhcp_subnet(10, 1, "224.0.0.0/24"))), "subnetPrefix");
    assert_eq!(violated(tx.create(dhcp_subnet6(10, 1, "ff02::/64"))), "prefix");
    for gateway in ["10.0.1.1", "10.0.0.0", "10.0.0.255", "224.0.0.1"] {
        let wrong = DhcpSubnet { default_gateway: Some(v4(gateway)), ..subnet() };
        assert_eq!(violated(tx.create(wrong)), "defaultGateway", "{gateway}");
    }
    let elsewhere = DhcpSubnet { default_gateway: Some(v4("10.1.1.1")), ..dhcp_subnet(12, 1, "10.0.0.7/32") };
    tx.create(elsewhere).expect("the router of a single address is elsewhere");
    let wrong = DhcpSubnet { server: Some(v4("224.0.0.1")), ..subnet() };
    assert_eq!(violated(tx.create(wrong)), "serverAddr");
    let wrong = DhcpSubnet { dns_servers: vec![v4("8.8.8.8"), v4("0.0.0.0")], ..subnet() };
    assert_eq!(violated(tx.create(wrong)), "dnsServerAddrs");
    let wrong = DhcpSubnet { dns_servers: vec![v4("8.8.8.8"); 64], ..subnet() };
    assert_eq!(violated(tx.create(wrong)), "dnsServerAddrs");
}

#[test]
fn an_mtu_is_at_least_what_every_machine_takes() {
    let mut tx = begin_with_devices();
    let with = |mtu| DhcpSubnet { interface_mtu: Some(mtu), ..dhcp_subnet(10, 1, "10.0.0.0/24") };
    for mtu in [1, 67] {
        assert_eq!(violated(tx.create(with(mtu))), "interfaceMTU");
    }
    for mtu in [0, 68, 65535] {
        tx.create_or_update(with(mtu)).expect("an MTU, or 0 for none");
    }
}

#[test]
fn a_route_has_a_router_or_is_on_link() {
    let mut tx = begin_with_devices();
    let with = |gateway| {
        let routes = vec![DhcpRoute { destination: "10.1.0.0/16".parse().unwrap(), gateway: v4(gateway) }];
        DhcpSubnet { routes, ..dhcp_subnet(10, 1, "10.0.0.0/24") }
    };
    assert_eq!(violated(tx.create(with("224.0.0.1"))), "opt121Routes");
    tx.create(with("0.0.0.0")).expect("on-link");
}

#[test]
fn an_update_keeps_bridge_and_hosts() {
    let mut tx = begin_with_subnets();
    tx.add_dhcp_host(id(10), mac(1), host("10.0.0.5")).expect("a host");
    tx.add_dhcp_host6(id(11), "00:01", host6("fd00::5")).expect("a host");
    tx.update(DhcpSubnet { enabled: false, ..dhcp_subnet(10, 2, "10.0.0.0/16") }).expect("valid");
    tx.update(dhcp_subnet6(11, 2, "fd00::/80")).expect("valid");
    let subnet = tx.state().dhcp_subnet(id(10)).expect("it is there");
    assert_eq!((subnet.bridge, subnet.prefix.prefix(), subnet.enabled), (id(1), 16, false));
    assert_eq!(subnet.hosts[&mac(1)], host("10.0.0.5"));
    let subnet = tx.state().dhcp_subnet6(id(11)).expect("it is there");
    assert_eq!((subnet.bridge, subnet.prefix.prefix(), subnet.hosts.len()), (id(1), 80, 1));
}

#[test]
fn a_subnet_does_not_move_away_from_its_hosts() {
    let mut tx = begin_with_subnets();
    tx.add_dhcp_host(id(10), mac(1), host("10.0.0.5")).expect("a host");
    tx.add_dhcp_host6(id(11), "00:01", host6("fd00::5")).expect("a host");
    assert_eq!(violated(tx.update(dhcp_subnet(10, 1, "10.0.9.0/24"))), "subnetPrefix");
    assert_eq!(violated(tx.update(dhcp_subnet6(11, 1, "fd01::/64"))), "prefix");
}

#[test]
fn a_host_has_an_address_of_its_subnet() {
    let mut tx = begin_with_subnets();
    for address in ["10.0.1.5", "10.0.0.0", "10.0.0.255"] {
        assert_eq!(violated(tx.add_dhcp_host(id(10), mac(1), host(address))), "ipAddr", "{address}");
    }
    for station in [MacAddr::ZERO, MacAddr::BROADCAST] {
        assert_eq!(violated(tx.add_dhcp_host(id(10), station, host("10.0.0.5"))), "macAddr");
    }
    assert_eq!(violated(tx.add_dhcp_host6(id(11), "00:01", host6("fd01::5"))), "fixedAddress");
    for client in ["", "a-b", "a/b", "\u{e4}"] {
        assert_eq!(violated(tx.add_dhcp_host6(id(11), client, host6("fd00::5"))), "clientId", "{client}");
    }
    let missing = ObjectKey::from(DhcpSubnetId(id(9)));
    let nowhere = tx.add_dhcp_host(id(9), mac(1), host("10.0.0.5"));
    assert_eq!(nowhere, Err(ModelError::NotFound(missing)));
}

#[test]
fn an_option_of_a_host_has_a_name() {
    let mut tx = begin_with_subnets();
    let with = |name: &str, value: &str| {
        let option = DhcpOption { name: name.to_owned(), value: value.to_owned() };
        DhcpHost { options: vec![option], ..host("10.0.0.5") }
    };
    assert_eq!(violated(tx.add_dhcp_host(id(10), mac(1), with("", "x"))), "extraDhcpOpts");
    let long = "x".repeat(256);
    assert_eq!(violated(tx.add_dhcp_host(id(10), mac(1), with("mtu", &long))), "extraDhcpOpts");
    tx.add_dhcp_host(id(10), mac(1), with("mtu", "1400")).expect("valid");
}

#[test]
fn an_address_is_kept_for_a_machine_once() {
    let mut tx = begin_with_subnets();
    tx.add_dhcp_host(id(10), mac(1), host("10.0.0.5")).expect("a host");
    let again = tx.add_dhcp_host(id(10), mac(1), host("10.0.0.6"));
    assert_eq!(conflict(again).1, [DhcpSubnetId(id(10)).into()]);
    tx.add_dhcp_host6(id(11), "00:01", host6("fd00::5")).expect("a host");
    conflict(tx.add_dhcp_host6(id(11), "00:01", host6("fd00::6")));
}

#[test]
fn a_host_can_become_another_machine_s_but_takes_nothing_from_one() {
    let mut tx = begin_with_subnets();
    tx.add_dhcp_host(id(10), mac(1), host("10.0.0.5")).expect("a host");
    tx.add_dhcp_host(id(10), mac(2), host("10.0.0.6")).expect("a host");
    conflict(tx.update_dhcp_host(id(10), mac(1), mac(2), host("10.0.0.5")));
    tx.update_dhcp_host(id(10), mac(1), mac(3), host("10.0.0.7")).expect("valid");
    tx.update_dhcp_host(id(10), mac(9), mac(4), host("10.0.0.9")).expect("nothing is kept for it");
    let hosts = &tx.state().dhcp_subnet(id(10)).expect("it is there").hosts;
    assert_eq!(hosts.keys().copied().collect::<Vec<_>>(), [mac(2), mac(3)]);
    tx.add_dhcp_host6(id(11), "00:01", host6("fd00::5")).expect("a host");
    tx.update_dhcp_host6(id(11), "00:01", "00:02", host6("fd00::6")).expect("valid");
    let hosts = &tx.state().dhcp_subnet6(id(11)).expect("it is there").hosts;
    assert_eq!(hosts["00:02"].address, "fd00::6".parse::<Ipv6Addr>().unwrap());
}

#[test]
fn hosts_leave_quietly() {
    let mut tx = begin_with_subnets();
    tx.add_dhcp_host(id(10), mac(1), host("10.0.0.5")).expect("a host");
    tx.add_dhcp_host6(id(11), "00:01", host6("fd00::5")).expect("a host");
    for _ in 0..2 {
        tx.remove_dhcp_host(id(10), mac(1)).expect("the subnet is there");
        tx.remove_dhcp_host6(id(11), "00:01").expect("the subnet is there");
    }
    assert!(tx.state().dhcp_subnet(id(10)).expect("it stays").hosts.is_empty());
}

#[test]
fn a_subnet_has_at_most_2000_hosts() {
    let station = |n: u16| MacAddr([2, 0, 0, 0, (n >> 8) as u8, n as u8]);
    let host = |n: u16| DhcpHost {
        address: Ipv4Addr::from_bits(0x0a00_0100 + u32::from(n)),
        name: None,
        options: vec![],
    };
    let hosts = (0..2000).map(|n| (station(n), host(n))).collect();
    let mut tx = begin_with_devices();
    tx.create(DhcpSubnet { hosts, ..dhcp_subnet(20, 1, "10.0.0.0/16") }).expect("2000 are fine");
    assert_eq!(violated(tx.add_dhcp_host(id(20), station(2000), host(2000))), "hosts");
}

#[test]
fn what_the_hosts_of_a_subnet_say_is_bounded() {
    let option = DhcpOption { name: "n".repeat(200), value: "v".repeat(200) };
    let station =
        |n: u8| (mac(n), DhcpHost { address: v4("10.0.1.1"), name: None, options: vec![option.clone(); 64] });
    let hosts = (0..18).map(station).collect();
    let mut tx = begin_with_devices();
    tx.create(DhcpSubnet { hosts, ..dhcp_subnet(20, 1, "10.0.0.0/16") }).expect("it is below the bound");
    let hosts = (0..20).map(station).collect();
    assert_eq!(
        violated(tx.create(DhcpSubnet { id: id(21), hosts, ..dhcp_subnet(21, 1, "10.0.0.0/15") })),
        "hosts"
    );
}

#[test]
fn what_the_clients_of_a_subnet_say_is_bounded() {
    let client = |n: u32| {
        let address = Ipv6Addr::from_bits((0xfd_u128 << 120) + u128::from(n) + 1);
        (format!("{n:0255}"), DhcpHost6 { address, name: Some("n".repeat(255)) })
    };
    let mut tx = begin_with_devices();
    let subnet = dhcp_subnet6(20, 1, "fd00::/64");
    let hosts = (0..1000).map(client).collect();
    assert_eq!(violated(tx.create(DhcpSubnet6 { hosts, ..subnet })), "hosts");
}
