//! Packets over tunnels between two network namespaces, each with a datapath: keys and outer addresses, both ways.

use std::fs::File;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use datapath::links::{TunnelDevice, ensure_tunnel};
use datapath::{Datapath, KernelDatapath, PacketContext, PortSpec};
use nix::sched::{CloneFlags, setns};
use packet::{Action, FlowKey, PacketView, TunnelKey, ip_bytes, tunnel_flags};

use crate::run;
use crate::suite::frames::{self, frame};

/// Runs `f` on a thread in the network namespace `name`.
fn within<T: Send + 'static>(name: &str, f: impl FnOnce() -> T + Send + 'static) -> thread::JoinHandle<T> {
    let namespace = File::open(format!("/run/netns/{name}")).unwrap();
    thread::spawn(move || {
        setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
        f()
    })
}

/// Sends a packet with `device` from one namespace to the other, and checks what comes out there.
fn crosses(id: &str, device: TunnelDevice, src: &str, dst: &str) {
    let (near, far) = (format!("near-{id}"), format!("far-{id}"));
    for name in [&near, &far] {
        run(&format!("ip netns add {name}"));
        run(&format!("ip -n {name} link set lo up"));
    }
    run(&format!("ip link add eth0 netns {near} type veth peer name eth0 netns {far}"));
    for (name, address) in [(&near, src), (&far, dst)] {
        let (len, flags) = if address.contains(':') { (64, "nodad") } else { (24, "") };
        run(&format!("ip -n {name} link set eth0 up"));
        run(&format!("ip -n {name} addr add {address}/{len} dev eth0 {flags}"));
    }
    let header = TunnelKey {
        id: 0x0012_3456,
        src: ip_bytes(src.parse().unwrap()),
        dst: ip_bytes(dst.parse().unwrap()),
        flags: tunnel_flags::KEY | if dst.contains(':') { tunnel_flags::IPV6 } else { 0 },
        ttl: 61,
        tos: 0x28,
        ..TunnelKey::default()
    };
    let (ready, wait) = mpsc::channel();
    let receiver = within(&far, move || {
        let dp = KernelDatapath::create_or_adopt("far", 1).unwrap();
        ensure_tunnel("tunnel", &device).unwrap();
        let port = dp.add_port(&PortSpec::netdev("tunnel")).unwrap();
        let mut source = dp.upcall_source(0).unwrap();
        ready.send(()).unwrap();
        let mut got = None;
        for _ in 0..100 {
            let mut keep = |u: datapath::Upcall<'_>| {
                if u.key.in_port == port.0 {
                    got = Some((u.key, u.packet.to_vec()));
                }
            };
            source.recv(Duration::from_millis(50), &mut keep).unwrap();
            if got.is_some() {
                break;
            }
        }
        got
    });
    wait.recv().unwrap();
    let sent = frame(frames::UDP);
    let packet = sent.clone();
    within(&near, move || {
        let dp = KernelDatapath::create_or_adopt("near", 1).unwrap();
        ensure_tunnel("tunnel", &device).unwrap();
        let port = dp.add_port(&PortSpec::netdev("tunnel")).unwrap();
        let mut executor = dp.executor().unwrap();
        for _ in 0..5 {
            let actions = [Action::SetTunnel(header), Action::Output(port)];
            let executed = executor.execute(&packet, &FlowKey::default(), &actions, PacketContext::default());
            assert_eq!(executed.unwrap().refused, 0);
            thread::sleep(Duration::from_millis(100));
        }
    })
    .join()
    .unwrap();
    let (key, packet) = receiver.join().unwrap().expect("nothing came out of the tunnel");
    for name in [&near, &far] {
        run(&format!("ip netns del {name}"));
    }
    assert_eq!(packet, sent);
    let expected = *PacketView::parse(&sent, key.in_port, key.tunnel).unwrap().key();
    assert_eq!(key, expected, "the inner headers");
    let t = key.tunnel;
    assert_eq!((t.id, t.src, t.dst, t.ttl, t.tos), (header.id, header.src, header.dst, 61, 0x28));
    assert_eq!(t.flags & (tunnel_flags::KEY | tunnel_flags::IPV6), header.flags);
}

#[test]
#[ignore = "needs the kernel datapath"]
fn vxlan_carries_packets_and_keys() {
    crosses("vx", TunnelDevice::Vxlan { port: 4789 }, "172.16.0.1", "172.16.0.2");
}

#[test]
#[ignore = "needs the kernel datapath"]
fn vxlan_over_ipv6_carries_packets_and_keys() {
    crosses("vx6", TunnelDevice::Vxlan { port: 4789 }, "fd00::1", "fd00::2");
}

#[test]
#[ignore = "needs the kernel datapath"]
fn gre_carries_packets_and_keys() {
    crosses("gre", TunnelDevice::Gre, "172.16.0.1", "172.16.0.2");
}

#[test]
#[ignore = "needs the kernel datapath"]
fn gre_over_ipv6_carries_packets_and_keys() {
    crosses("gre6", TunnelDevice::Gre6, "fd00::1", "fd00::2");
}
