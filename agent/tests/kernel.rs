//! The data path on the real kernel datapath, with a control plane of thirty lines: run by `tests/lab/run-kernel-tests`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is the test's failure")]

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use agent::counters::WorkerCounters;
use agent::messages::{Event, Injection};
use agent::{Forwarding, ForwardingConfig, LocalPort, PortClass, PortMap, Snapshot, TunnelPort, TunnelPorts};
use datapath::{Datapath, DumpDetail, FlowDump, KernelDatapath, PortSpec};
use model::{
    Binding, Bridge, BridgeDocument, BridgeId, Document, HostId, NextHop, Port, PortDevice, PortEntry,
    PortId, Route, RouteId, Router, RouterDocument, RouterId, TunnelZone, TunnelZoneId, TunnelZoneType,
};
use packet::MacAddr;
use simulation::{Ingress, MaskMode, Need, PortLocation, Tag, Topology, Update};
use tunnel::{Encapsulation, Peers, PortKey};
use uuid::Uuid;

const HOST: HostId = HostId(Uuid::from_u128(1));
const BRIDGE: BridgeId = BridgeId(Uuid::from_u128(0xb));
const ROUTER: RouterId = RouterId(Uuid::from_u128(0xa));

fn port_id(n: u8) -> PortId {
    PortId(Uuid::from_u128(u128::from(n)))
}

fn ip(args: &str) {
    let status = Command::new("ip").args(args.split_whitespace()).status().expect("ip");
    assert!(status.success(), "ip {args}");
}

/// Makes the guest `n` in a namespace of its own, with its interface `tapN` here.
fn guest(n: u8, address: &str, gateway: Option<&str>) {
    ip(&format!("netns add vm{n}"));
    ip(&format!("link add tap{n} type veth peer name eth0 netns vm{n}"));
    ip(&format!("link set tap{n} up"));
    ip(&format!("-n vm{n} link set eth0 address 02:00:00:00:00:{n:02x} up"));
    ip(&format!("-n vm{n} addr add {address} dev eth0"));
    if let Some(gateway) = gateway {
        ip(&format!("-n vm{n} route add default via {gateway}"));
    }
}

fn guest_gone(n: u8) {
    ip(&format!("link del tap{n}"));
    ip(&format!("netns del vm{n}"));
}

/// Pings from a guest and returns what ping said.
fn ping(from: u8, to: &str, args: &str) -> String {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &format!("vm{from}"), "ping", "-n"]).args(args.split_whitespace()).arg(to);
    String::from_utf8_lossy(&command.output().expect("ping").stdout).into_owned()
}

fn new_port(n: u8, device: PortDevice) -> PortEntry {
    let port = Port {
        id: port_id(n),
        device,
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
        peer: None,
        binding: Some(Binding { host: HOST, interface: format!("tap{n}") }),
        port_groups: Vec::new(),
        vif_id: None,
        tunnel_key: 0,
    };
    PortEntry { port, peer_device: None }
}

fn bridge(ports: &[u8]) -> Update {
    let bridge = Bridge {
        id: BRIDGE,
        tenant_id: None,
        name: None,
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
    };
    let device = PortDevice::Bridge { bridge: BRIDGE, vlan: None };
    let ports = ports.iter().map(|n| new_port(*n, device.clone())).collect();
    Update::Put(Document::Bridge(BridgeDocument::of_ports(bridge, ports)))
}

/// A router with port N at 10.0.N.254/24.
fn router(ports: &[u8]) -> Update {
    let router = Router {
        id: ROUTER,
        tenant_id: None,
        name: None,
        admin_state_up: true,
        mirrors: Default::default(),
        inbound_filter: None,
        outbound_filter: None,
        load_balancer: None,
        as_number: 0,
        forward_chain: None,
        local_redirect_chain: None,
    };
    let entry = |n: &u8| {
        let addresses = vec![format!("10.0.{n}.254/24").parse().unwrap()];
        new_port(
            *n,
            PortDevice::Router {
                router: ROUTER,
                mac: MacAddr([2, 0, 0, 0, 0xff, *n]),
                addresses,
                vtep: Default::default(),
            },
        )
    };
    let route = |n: &u8| Route {
        id: RouteId(Uuid::from_u128(0x100 + u128::from(*n))),
        router: ROUTER,
        source: "0.0.0.0/0".parse().unwrap(),
        destination: format!("10.0.{n}.0/24").parse().unwrap(),
        next_hop: NextHop::Port { port: port_id(*n), gateway: None },
        weight: 0,
        attributes: None,
    };
    let (entries, routes) = (ports.iter().map(entry).collect(), ports.iter().map(route).collect());
    Update::Put(Document::Router(RouterDocument {
        router,
        ports: entries,
        routes,
        bgp_networks: vec![],
        bgp_peers: vec![],
        peering: vec![],
    }))
}

/// One hypervisor: a kernel datapath, the data path on it, and a control plane that learns and resolves.
struct Hypervisor {
    datapath: Arc<dyn Datapath>,
    stop: Arc<AtomicBool>,
    control: Option<JoinHandle<Forwarding>>,
    forwarding: Option<Forwarding>,
}

impl Hypervisor {
    fn start(guests: &[u8], updates: &[Update]) -> Self {
        Self::start_with(HOST, guests, updates, Peers::default(), &[], MaskMode::Megaflow)
    }

    /// Starts in the network namespace of the calling thread.
    fn start_with(
        host: HostId,
        guests: &[u8],
        updates: &[Update],
        peers: Peers,
        tunnels: &[(&str, Encapsulation, IpAddr)],
        mask_mode: MaskMode,
    ) -> Self {
        let kernel = KernelDatapath::create_or_adopt("midspan", 1).expect("a kernel datapath");
        let datapath: Arc<dyn Datapath> = Arc::new(kernel);
        let known: BTreeMap<_, _> =
            datapath.ports().unwrap().into_iter().map(|info| (info.name, info.no)).collect();
        let port_of = |name: &str| {
            let known = known.get(name).copied();
            known.unwrap_or_else(|| datapath.add_port(&PortSpec::netdev(name)).unwrap())
        };
        let mut topology = Topology::new();
        for update in updates {
            topology.update(update.clone());
        }
        let ports: Vec<LocalPort> = guests
            .iter()
            .map(|n| {
                let dp_port = port_of(&format!("tap{n}"));
                let key = PortKey::new(u32::from(*n)).unwrap();
                let location = PortLocation { host, tunnel_key: key.wire().encode() };
                topology.update(Update::PortLocated { port: port_id(*n), location });
                LocalPort { port: port_id(*n), dp_port, key, class: PortClass::Guest }
            })
            .collect();
        let tunnels = tunnels.iter().map(|(name, encapsulation, local)| TunnelPort {
            encapsulation: *encapsulation,
            dp_port: port_of(name),
            local: *local,
        });
        let tunnels = TunnelPorts(tunnels.collect());
        let snapshot = Snapshot {
            host,
            topology: Arc::new(topology),
            ports: Arc::new(PortMap::of(ports)),
            peers: Arc::new(peers),
            tunnels: Arc::new(tunnels),
        };
        let generation = Instant::now().elapsed().subsec_nanos() ^ std::process::id();
        let config = ForwardingConfig {
            generation,
            mask_mode,
            sweep_interval: Duration::from_millis(500),
            idle_timeout: Duration::from_secs(2),
            ..ForwardingConfig::default()
        };
        let (forwarding, events) =
            Forwarding::start(&config, &datapath, snapshot).expect("the data path starts");
        forwarding.adopt_flows();
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let control = thread::spawn(move || control(forwarding, events, &stopping));
        Self { datapath, stop, control: Some(control), forwarding: None }
    }

    fn flows(&self) -> Vec<FlowDump> {
        let mut flows = Vec::new();
        self.datapath.dump_flows(DumpDetail::Full, &mut |flow| flows.push(flow.clone())).unwrap();
        flows
    }

    /// Stops the control plane, to read counters.
    fn counters(&mut self) -> (u64, BTreeMap<&'static str, u64>) {
        if let Some(control) = self.control.take() {
            self.stop.store(true, Ordering::Relaxed);
            self.forwarding = Some(control.join().expect("control plane"));
        }
        let workers = self.forwarding.as_ref().unwrap().worker_counters();
        let upcalls = workers.iter().map(|worker| worker.upcalls.get()).sum();
        (upcalls, workers.iter().flat_map(|worker| worker.drops()).collect())
    }
}

/// Learns stations and neighbours and resolves the latter, until told to stop.
fn control(
    forwarding: Forwarding,
    mut events: tokio::sync::mpsc::Receiver<Event>,
    stop: &AtomicBool,
) -> Forwarding {
    while !stop.load(Ordering::Relaxed) {
        let Ok(event) = events.try_recv() else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        let update = match event {
            Event::MacSeen { station, port } => {
                Update::MacLearned { bridge: station.bridge, vlan: station.vlan, mac: station.mac, port }
            }
            Event::ArpSeen { router, ip, mac, .. } => Update::ArpLearned { router, ip, mac },
            Event::Needed(Need::Arp { port, target: IpAddr::V4(target), .. }) => {
                let IpAddr::V4(own) = own_address(&forwarding, port, target) else { continue };
                let mac = forwarding.snapshot().topology.port(port).unwrap().mac().unwrap();
                let frame = packet::build::arp_request((mac, own), target);
                forwarding.inject(Injection { ingress: Ingress::Emit(port), frame }).unwrap();
                continue;
            }
            _ => continue,
        };
        publish(&forwarding, update);
    }
    forwarding
}

fn own_address(forwarding: &Forwarding, port: PortId, target: Ipv4Addr) -> IpAddr {
    forwarding.snapshot().topology.port(port).unwrap().address_towards(IpAddr::V4(target)).unwrap()
}

fn publish(forwarding: &Forwarding, update: Update) {
    let mut snapshot = Snapshot::clone(&forwarding.snapshot());
    let mut topology = Topology::clone(&snapshot.topology);
    let tags: Vec<Tag> = topology.update(update);
    snapshot.topology = Arc::new(topology);
    forwarding.publish(snapshot, &tags);
}

#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn guests_on_one_bridge_reach_each_other_and_the_flows_expire() {
    guest(1, "10.0.0.1/24", None);
    guest(2, "10.0.0.2/24", None);
    let mut hv = Hypervisor::start(&[1, 2], &[bridge(&[1, 2])]);
    let said = ping(1, "10.0.0.2", "-c 50 -i 0.02 -W 1");
    assert!(said.contains(" 0% packet loss"), "{said}");
    let flows = hv.flows();
    let unicast = flows.iter().filter(|flow| flow.actions.as_ref().is_some_and(|actions| actions.len() == 1));
    assert!(unicast.count() >= 2, "{flows:#?}");
    thread::sleep(Duration::from_secs(4));
    assert!(
        hv.flows().iter().all(|flow| flow.stats.used_ms_ago.is_none_or(|ago| ago < 3000)),
        "idle flows go"
    );
    let (upcalls, drops) = hv.counters();
    assert!(upcalls < 40, "{upcalls} upcalls for 50 pings: {drops:?}");
    drop(hv);
    KernelDatapath::delete("midspan").unwrap();
    guest_gone(1);
    guest_gone(2);
}

#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn a_router_resolves_forwards_and_answers() {
    guest(1, "10.0.1.1/24", Some("10.0.1.254"));
    guest(2, "10.0.2.1/24", Some("10.0.2.254"));
    let mut hv = Hypervisor::start(&[1, 2], &[router(&[1, 2])]);
    let own = ping(1, "10.0.1.254", "-c 1 -W 2");
    assert!(own.contains(" 0% packet loss"), "the router's own address: {own}");
    let across = ping(1, "10.0.2.1", "-c 50 -i 0.02 -W 2");
    assert!(across.contains(" 0% packet loss") && across.contains("ttl=63"), "{across}");
    let expired = ping(1, "10.0.2.1", "-c 1 -t 1 -W 2");
    assert!(expired.contains("Time to live exceeded"), "{expired}");
    let nowhere = ping(1, "10.9.9.9", "-c 1 -W 2");
    assert!(nowhere.contains("Net Unreachable"), "{nowhere}");
    let (_, drops) = hv.counters();
    assert_eq!(drops.get("execute_failed"), None, "{drops:?}");
    drop(hv);
    KernelDatapath::delete("midspan").unwrap();
    guest_gone(1);
    guest_gone(2);
}

#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn flows_outlive_the_data_path_and_are_adopted_by_the_next() {
    guest(1, "10.0.0.1/24", None);
    guest(2, "10.0.0.2/24", None);
    let start = || Hypervisor::start(&[1, 2], &[bridge(&[1, 2]), learned_station(1), learned_station(2)]);
    restarts_amid_pings(start(), start, "10.0.0.2");
    KernelDatapath::delete("midspan").unwrap();
    guest_gone(1);
    guest_gone(2);
}

fn learned_station(n: u8) -> Update {
    learned_in_vlan(0, n)
}

fn learned_in_vlan(vlan: u16, n: u8) -> Update {
    Update::MacLearned { bridge: BRIDGE, vlan, mac: MacAddr([2, 0, 0, 0, 0, n]), port: port_id(n) }
}

/// Runs something in a network namespace.
fn in_netns<T: Send>(name: &str, body: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let netns = File::open(format!("/var/run/netns/{name}")).unwrap();
            nix::sched::setns(netns, nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
            body()
        });
        thread.join().unwrap()
    })
}

/// A VLAN of the guests' own.
const VLAN: u16 = 5;

/// Two hypervisors in namespaces of their own, guest N on hypervisor N, both on one bridge.
struct Pair {
    kind: TunnelZoneType,
    encapsulation: Encapsulation,
}

impl Pair {
    fn make(kind: TunnelZoneType, encapsulation: Encapsulation, device: &str) -> Self {
        ip("netns add hv1");
        ip("netns add hv2");
        ip("-n hv1 link add eth0 mtu 1600 type veth peer name eth0 mtu 1600 netns hv2");
        for n in [1, 2] {
            ip(&format!("-n hv{n} addr add 172.16.0.{n}/24 dev eth0"));
            ip(&format!("-n hv{n} link set eth0 up"));
            ip(&format!("-n hv{n} link set lo up"));
            ip(&format!("-n hv{n} link add tun0 type {device}"));
            // The datapath drops what exceeds a port's MTU, whatever the underlay can carry.
            ip(&format!("-n hv{n} link set tun0 mtu 65000 up"));
            guest(n, &format!("10.0.0.{n}/24"), None);
            ip(&format!("link set tap{n} netns hv{n}"));
            ip(&format!("-n hv{n} link set tap{n} up"));
        }
        Self { kind, encapsulation }
    }

    fn start(&self, n: u8) -> Hypervisor {
        let host = |n: u8| HostId(Uuid::from_u128(u128::from(n)));
        let underlay = |n: u8| IpAddr::V4(Ipv4Addr::new(172, 16, 0, n));
        let zone = TunnelZone {
            id: TunnelZoneId(Uuid::from_u128(7)),
            name: "underlay".to_owned(),
            kind: self.kind,
            members: [(host(1), underlay(1)), (host(2), underlay(2))].into(),
        };
        let other = 3 - n;
        let tunnel_key = PortKey::new(u32::from(other)).unwrap().wire().encode();
        let location = PortLocation { host: host(other), tunnel_key };
        let updates = [
            bridge(&[1, 2]),
            Update::PortLocated { port: port_id(other), location },
            learned_station(1),
            learned_station(2),
            learned_in_vlan(VLAN, 1),
            learned_in_vlan(VLAN, 2),
        ];
        let peers = Peers::of(host(n), [&zone]);
        let tunnels = [("tun0", self.encapsulation, underlay(n))];
        in_netns(&format!("hv{n}"), || {
            Hypervisor::start_with(host(n), &[n], &updates, peers, &tunnels, MaskMode::Megaflow)
        })
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        for n in [1, 2] {
            in_netns(&format!("hv{n}"), || KernelDatapath::delete("midspan").unwrap());
            ip(&format!("netns del vm{n}"));
            ip(&format!("netns del hv{n}"));
        }
    }
}

fn crosses_two_hypervisors(kind: TunnelZoneType, encapsulation: Encapsulation, device: &str) {
    let pair = Pair::make(kind, encapsulation, device);
    let mut hypervisors = [1, 2].map(|n| pair.start(n));
    let said = ping(1, "10.0.0.2", "-c 50 -i 0.02 -W 1");
    assert!(said.contains(" 0% packet loss"), "{said}");
    let big = ping(1, "10.0.0.2", "-c 3 -i 0.1 -s 1472 -M do -W 1");
    assert!(big.contains(" 0% packet loss"), "a full frame of 1500 bytes: {big}");
    for hv in &mut hypervisors {
        let arrivals = hv.flows().into_iter().filter(|flow| flow.key.is_some_and(|key| key.tunnel.id != 0));
        let arrivals: Vec<_> = arrivals.collect();
        assert_eq!(arrivals.len(), 1, "{arrivals:#?}");
        assert!(arrivals[0].stats.packets > 50, "{arrivals:#?}");
        let (upcalls, drops) = hv.counters();
        assert!(upcalls < 20, "{upcalls} upcalls: {drops:?}");
    }
}

/// Ends one hypervisor's data path and starts the next amid pings; the next, which is returned, must take all flows as
/// they are.
fn restarts_amid_pings(first: Hypervisor, next: impl FnOnce() -> Hypervisor, to: &'static str) -> Hypervisor {
    let warm = ping(1, to, "-c 5 -i 0.02 -W 1");
    assert!(warm.contains(" 0% packet loss"), "{warm}");
    let pinging = thread::spawn(move || ping(1, to, "-c 200 -i 0.01 -W 1"));
    thread::sleep(Duration::from_millis(300));
    drop(first);
    thread::sleep(Duration::from_millis(300));
    let mut second = next();
    let said = pinging.join().unwrap();
    assert!(said.contains(" 0% packet loss"), "{said}");
    second.counters();
    let forwarding = second.forwarding.as_ref().unwrap();
    let count = |of: fn(&WorkerCounters) -> u64| -> u64 {
        forwarding.worker_counters().iter().map(|worker| of(worker)).sum()
    };
    // The pings may be over before the flows are read.
    let deadline = Instant::now() + Duration::from_secs(5);
    while count(|worker| worker.flows_adopted.get()) < 2 {
        assert!(Instant::now() < deadline, "the flows are adopted");
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(count(|worker| worker.flows_modified.get()), 0, "and none had to be changed");
    assert_eq!(count(|worker| worker.writes_failed.get()), 0);
    second
}

#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn routed_flows_outlive_the_data_path_and_are_adopted_by_the_next() {
    guest(1, "10.0.1.1/24", Some("10.0.1.254"));
    guest(2, "10.0.2.1/24", Some("10.0.2.254"));
    let neighbour = |n: u8| Update::ArpLearned {
        router: ROUTER,
        ip: IpAddr::V4(Ipv4Addr::new(10, 0, n, 1)),
        mac: MacAddr([2, 0, 0, 0, 0, n]),
    };
    let start = || Hypervisor::start(&[1, 2], &[router(&[1, 2]), neighbour(1), neighbour(2)]);
    restarts_amid_pings(start(), start, "10.0.2.1");
    KernelDatapath::delete("midspan").unwrap();
    guest_gone(1);
    guest_gone(2);
}

/// As after SIGTERM: the neighbours' entries have gone with the session.
#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn routed_flows_go_on_while_the_next_data_path_asks_for_their_neighbours() {
    guest(1, "10.0.1.1/24", Some("10.0.1.254"));
    guest(2, "10.0.2.1/24", Some("10.0.2.254"));
    let start = || Hypervisor::start(&[1, 2], &[router(&[1, 2])]);
    restarts_amid_pings(start(), start, "10.0.2.1");
    KernelDatapath::delete("midspan").unwrap();
    guest_gone(1);
    guest_gone(2);
}

#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn flows_for_tagged_and_untagged_arrivals_are_adopted_side_by_side() {
    let pair = Pair::make(TunnelZoneType::Vxlan, Encapsulation::Vxlan, "vxlan external dstport 4789");
    for n in [1, 2] {
        ip(&format!("-n vm{n} link add link eth0 name eth0.{VLAN} type vlan id {VLAN}"));
        ip(&format!("-n vm{n} addr add 10.0.5.{n}/24 dev eth0.{VLAN}"));
        ip(&format!("-n vm{n} link set eth0.{VLAN} up"));
    }
    let (first, _other) = (pair.start(1), pair.start(2));
    assert!(ping(1, "10.0.0.2", "-c 5 -i 0.02 -W 1").contains(" 0% packet loss"));
    let second = restarts_amid_pings(first, || pair.start(1), "10.0.5.2");
    assert!(ping(1, "10.0.0.2", "-c 5 -i 0.02 -W 1").contains(" 0% packet loss"));
    let mut arrivals = second.flows();
    arrivals.retain(|flow| flow.key.is_some_and(|key| key.tunnel.id != 0));
    let packets = |tagged: bool| -> u64 {
        let of = |flow: &&FlowDump| flow.key.is_some_and(|key| (key.vlan_tci != 0) == tagged);
        arrivals.iter().filter(of).map(|flow| flow.stats.packets).sum()
    };
    assert!(
        packets(false) >= 9 && packets(true) >= 200,
        "adopted, and met by what came after: {arrivals:#?}"
    );
}

#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn tunnelled_flows_outlive_the_data_path_and_are_adopted_by_the_next() {
    let pair = Pair::make(TunnelZoneType::Vxlan, Encapsulation::Vxlan, "vxlan external dstport 4789");
    let _other = pair.start(2);
    restarts_amid_pings(pair.start(1), || pair.start(1), "10.0.0.2");
}

#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn guests_on_two_hypervisors_reach_each_other_over_vxlan() {
    crosses_two_hypervisors(TunnelZoneType::Vxlan, Encapsulation::Vxlan, "vxlan external dstport 4789");
}

#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn guests_on_two_hypervisors_reach_each_other_over_gre() {
    crosses_two_hypervisors(TunnelZoneType::Gre, Encapsulation::Gre, "gretap external");
}

#[test]
#[ignore = "needs the kernel datapath: tests/lab/run-kernel-tests"]
fn every_first_packet_of_many_connections_arrives() {
    const CONNECTIONS: usize = 3000;
    guest(1, "10.0.0.1/24", None);
    guest(2, "10.0.0.2/24", None);
    let updates = [bridge(&[1, 2])];
    let mut hv = Hypervisor::start_with(HOST, &[1, 2], &updates, Peers::default(), &[], MaskMode::Exact);
    assert!(ping(1, "10.0.0.2", "-c 3 -i 0.1 -W 1").contains(" 0% packet loss"));
    let receiver = thread::spawn(|| {
        in_netns("vm2", || {
            let socket = UdpSocket::bind("10.0.0.2:4000").unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            let mut buffer = [0; 64];
            (0..CONNECTIONS).take_while(|_| socket.recv(&mut buffer).is_ok()).count()
        })
    });
    thread::sleep(Duration::from_millis(200));
    let took = in_netns("vm1", || {
        let began = Instant::now();
        for at_once in 0..CONNECTIONS / 50 {
            for _ in 0..50 {
                let socket = UdpSocket::bind("10.0.0.1:0").unwrap();
                socket.send_to(b"midspan", "10.0.0.2:4000").unwrap();
            }
            // 2500 connections a second.
            let next = began + Duration::from_millis(20) * (at_once as u32 + 1);
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        began.elapsed()
    });
    let received = receiver.join().unwrap();
    let (upcalls, drops) = hv.counters();
    println!("{received} of {CONNECTIONS} connections in {took:?}, {upcalls} upcalls");
    assert_eq!(received, CONNECTIONS, "{upcalls} upcalls, drops: {drops:?}");
    drop(hv);
    KernelDatapath::delete("midspan").unwrap();
    guest_gone(1);
    guest_gone(2);
}
