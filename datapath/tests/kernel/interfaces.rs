//! Interfaces: listing, watching, tunnel devices.

use std::time::Duration;

use datapath::Error;
use datapath::links::{Monitor, TunnelDevice, ensure_tunnel, list};

use crate::run;

#[test]
#[ignore = "needs root and a network namespace of its own"]
fn interfaces_are_listed_with_their_addresses() {
    run("ip link add li0 type veth peer name li1");
    run("ip link set li0 address 02:00:00:00:77:01 mtu 1400 up");
    run("ip addr add 192.0.2.9/24 dev li0");
    let interfaces = list().unwrap();
    run("ip link del li0");
    let li0 = interfaces.iter().find(|interface| interface.name == "li0").unwrap();
    assert_eq!(li0.mac.unwrap().to_string(), "02:00:00:00:77:01");
    assert_eq!((li0.mtu, li0.up, li0.carrier, li0.kind.as_deref()), (1400, true, false, Some("veth")));
    assert_eq!(li0.addresses, ["192.0.2.9".parse::<std::net::IpAddr>().unwrap()]);
    assert!(interfaces.iter().any(|interface| interface.loopback && interface.kind.is_none()));
}

#[test]
#[ignore = "needs root and a network namespace of its own"]
fn changes_are_noticed() {
    let mut monitor = Monitor::open().unwrap();
    while monitor.wait(Duration::from_millis(50)).unwrap() {}
    run("ip link add mo0 type dummy");
    assert!(monitor.wait(Duration::from_secs(2)).unwrap(), "a new interface");
    run("ip addr add 192.0.2.10/24 dev mo0");
    assert!(monitor.wait(Duration::from_secs(2)).unwrap(), "a new address");
    run("ip link del mo0");
    assert!(monitor.wait(Duration::from_secs(2)).unwrap(), "an interface gone");
    assert!(!monitor.wait(Duration::from_millis(50)).unwrap());
}

#[test]
#[ignore = "needs root and a network namespace of its own"]
fn tunnel_devices_are_made_once() {
    for (name, device) in [
        ("tu-vxlan", TunnelDevice::Vxlan { port: 4799 }),
        ("tu-gre", TunnelDevice::Gre),
        ("tu-gre6", TunnelDevice::Gre6),
    ] {
        let made = ensure_tunnel(name, &device).unwrap();
        let found = ensure_tunnel(name, &device).unwrap();
        assert_eq!(made.ifindex, found.ifindex, "{name} is adopted");
        assert!(found.up, "{name}");
        let details = run(&format!("ip -d link show {name}"));
        assert!(details.contains("external"), "{details}");
        run(&format!("ip link del {name}"));
    }
}

#[test]
#[ignore = "needs root and a network namespace of its own"]
fn an_interface_of_another_kind_is_not_taken_for_a_tunnel() {
    run("ip link add tu0 type dummy");
    let refused = ensure_tunnel("tu0", &TunnelDevice::Gre);
    run("ip link del tu0");
    assert!(matches!(refused, Err(Error::DeviceUnfit(ref n)) if n == "tu0"), "{refused:?}");
}
