//! A worker on the memory datapath, turned by hand: one hypervisor with two guests on a bridge, and a second one behind
//! a tunnel.

mod confirmation;
mod restart;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crossbeam_channel::bounded;
use datapath::{Datapath, DumpDetail, FlowDump, MemoryDatapath, PortSpec, Ufid};
use model::{
    Bridge, BridgeDocument, BridgeId, Chain, ChainDocument, ChainId, Condition, Document, HostId, Match,
    NextHop, Port, PortDevice, PortEntry, PortId, Route, RouteId, Router, RouterDocument, RouterId, Rule,
    RuleAction, RuleId, TunnelZone, TunnelZoneId, TunnelZoneType,
};
use packet::build::Ipv4Packet;
use packet::{Action, DpPort, FlowKey, FlowMask, MacAddr, PacketView, TunnelKey};
use simulation::{MaskMode, Tag, Topology, Update};
use tokio::sync::mpsc;
use tunnel::{Encapsulation, Peers, PortKey};
use uuid::Uuid;

use super::{Worker, WorkerConfig, WorkerLinks};
use crate::admission::Budget;
use crate::counters::{SharedCounters, WorkerCounters};
use crate::expiry::Sweeper;
use crate::messages::{Event, Mailbox, SharedMailbox, Station};
use crate::snapshot::{LocalPort, PortClass, PortMap, Snapshot, TunnelPort, TunnelPorts};
use crate::writer::SharedWriter;
use crate::writer::stubborn::Stubborn;

const BRIDGE: BridgeId = BridgeId(Uuid::from_u128(0xb));
const ROUTER: RouterId = RouterId(Uuid::from_u128(0xa));
const CHAIN: ChainId = ChainId(Uuid::from_u128(0xc));
const ROUTER_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0xff, 1]);
const UPLINK_MAC: MacAddr = MacAddr([2, 0, 0, 0, 0xff, 2]);

fn host(n: u128) -> HostId {
    HostId(Uuid::from_u128(0x1000 + n))
}

fn port(n: u128) -> PortId {
    PortId(Uuid::from_u128(n))
}

fn mac(n: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, n])
}

fn addr(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, n)
}

/// A UDP frame between two guests of the bridge.
fn frame(from: u8, to: u8) -> Vec<u8> {
    Ipv4Packet::new(mac(from), mac(to), addr(from), addr(to)).udp(1000, 2000, b"midspan")
}

fn new_port(id: PortId, device: PortDevice) -> Port {
    Port {
        id,
        device,
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: None,
        outbound_filter: None,
        peer: None,
        binding: None,
        port_groups: Vec::new(),
        vif_id: None,
        tunnel_key: 0,
    }
}

/// One hypervisor: its part of the network, its datapath, one worker.
struct Hypervisor {
    host: HostId,
    dp: MemoryDatapath,
    worker: Worker,
    writer: Arc<SharedWriter>,
    sweeper: Sweeper,
    counters: Arc<WorkerCounters>,
    in_sync: Arc<AtomicBool>,
    /// The datapath deletes no flow.
    refuses_deletions: Arc<AtomicBool>,
    snapshots: Arc<ArcSwap<Snapshot>>,
    mailbox: SharedMailbox,
    events: mpsc::Receiver<Event>,
    topology: Topology,
    ports: Vec<LocalPort>,
    tunnels: TunnelPorts,
    peers: Arc<Peers>,
    now: Instant,
}

struct Settings {
    flow_limit: usize,
    budget: Budget,
    dp: MemoryDatapath,
    generation: u32,
    mask_mode: MaskMode,
}

impl Default for Settings {
    fn default() -> Self {
        let dp = MemoryDatapath::new("midspan", 1);
        Self { flow_limit: 100, budget: Budget::default(), dp, generation: 1, mask_mode: MaskMode::Megaflow }
    }
}

impl Hypervisor {
    fn new(n: u128) -> Self {
        Self::with(n, Settings::default())
    }

    fn with(n: u128, settings: Settings) -> Self {
        let now = Instant::now();
        let snapshot = Snapshot {
            host: host(n),
            topology: Arc::default(),
            ports: Arc::default(),
            peers: Arc::default(),
            tunnels: Arc::default(),
        };
        let snapshots = Arc::new(ArcSwap::from_pointee(snapshot));
        let mailbox = Arc::new(Mailbox::default());
        let counters = Arc::new(WorkerCounters::default());
        let shared = Arc::new(SharedCounters::default());
        let in_sync = Arc::new(AtomicBool::new(true));
        let (events, events_out) = mpsc::channel(64);
        let (reports, reports_out) = bounded(64);
        let Settings { flow_limit, budget, dp, generation, mask_mode } = settings;
        let config = WorkerConfig {
            features: *dp.features(),
            idle_timeout: Duration::from_secs(60),
            flow_limit,
            generation,
            mask_mode,
            budget,
        };
        let refuses_deletions = Arc::default();
        let flow_writer = Stubborn::boxed(dp.flow_writer().unwrap(), &refuses_deletions);
        let writer = Arc::new(SharedWriter::new(flow_writer, vec![reports.clone()], Arc::clone(&shared)));
        let links = WorkerLinks {
            snapshots: Arc::clone(&snapshots),
            mailbox: Arc::clone(&mailbox),
            events,
            reports: reports_out,
            writer: Arc::clone(&writer),
            counters: Arc::clone(&counters),
            in_sync: Arc::clone(&in_sync),
        };
        let (source, executor) = (dp.upcall_source(0).unwrap(), dp.executor().unwrap());
        let worker = Worker::new(0, config, source, executor, links, now);
        let sweeper = Sweeper::new(Arc::new(dp.clone()), vec![reports], shared);
        Self {
            host: host(n),
            dp,
            worker,
            writer,
            sweeper,
            counters,
            in_sync,
            refuses_deletions,
            snapshots,
            mailbox,
            events: events_out,
            topology: Topology::new(),
            ports: Vec::new(),
            tunnels: TunnelPorts::default(),
            peers: Arc::default(),
            now,
        }
    }

    /// A hypervisor with guests 1 and 2 on a bridge, both known to the bridge.
    fn with_two_guests() -> Self {
        let mut hv = Self::new(1);
        hv.set_up_two_guests();
        hv
    }

    fn set_up_two_guests(&mut self) {
        self.change(bridge(&[1, 2], None));
        for n in [1, 2] {
            self.plug(n);
            self.learn(n as u8, n);
        }
    }

    fn set_up_router(&mut self) {
        self.change(router(&GATES));
        self.plug(1);
        self.plug(2);
        self.change(Update::ArpLearned { router: ROUTER, ip: IpAddr::V4(addr(1)), mac: mac(1) });
    }

    fn update(&mut self, update: Update) -> Vec<Tag> {
        self.topology.update(update)
    }

    /// Applies an update and publishes it with its tags.
    fn change(&mut self, update: Update) {
        let tags = self.update(update);
        self.publish(&tags);
    }

    fn publish(&mut self, tags: &[Tag]) {
        self.publish_only(tags);
        self.turn();
    }

    /// Publishes, and nobody has looked yet.
    fn publish_only(&mut self, tags: &[Tag]) {
        let snapshot = self.next_snapshot();
        let older = self.snapshots.swap(Arc::clone(&snapshot));
        self.mailbox.correct(tags);
        self.mailbox.correct(&snapshot.shell_tags_since(&older));
    }

    fn next_snapshot(&self) -> Arc<Snapshot> {
        Arc::new(Snapshot {
            host: self.host,
            topology: Arc::new(self.topology.clone()),
            ports: Arc::new(PortMap::of(self.ports.iter().copied())),
            peers: Arc::clone(&self.peers),
            tunnels: Arc::new(self.tunnels.clone()),
        })
    }

    /// The port of this name in the datapath, added if need be.
    fn add_port(&self, name: &str) -> DpPort {
        let known = self.dp.ports().unwrap().into_iter().find(|info| info.name == name);
        known.map_or_else(|| self.dp.add_port(&PortSpec::netdev(name)).unwrap(), |info| info.no)
    }

    /// Binds the port numbered `n` to an interface here.
    fn plug(&mut self, n: u128) -> DpPort {
        let dp_port = self.add_port(&format!("tap{n}"));
        let key = PortKey::new(n as u32).unwrap();
        self.ports.push(LocalPort { port: port(n), dp_port, key, class: PortClass::Guest });
        let location = simulation::PortLocation { host: self.host, tunnel_key: key.wire().encode() };
        let tags = self.update(Update::PortLocated { port: port(n), location });
        self.publish(&tags);
        dp_port
    }

    /// The numbered one of two hypervisors that share a VXLAN zone, with a bridge that has port 1 on the first and port 2
    /// on the second.
    fn set_up_as_one_of_two(&mut self, n: u128) {
        let underlay = |n: u8| IpAddr::V4(Ipv4Addr::new(192, 168, 0, n));
        let zone = TunnelZone {
            id: ZONE,
            name: "underlay".to_owned(),
            kind: TunnelZoneType::Vxlan,
            members: [(host(1), underlay(1)), (host(2), underlay(2))].into(),
        };
        self.tunnels = TunnelPorts(vec![TunnelPort {
            encapsulation: Encapsulation::Vxlan,
            dp_port: self.add_port("vxlan"),
            local: underlay(n as u8),
        }]);
        self.peers = Arc::new(Peers::of(host(n), [&zone]));
        self.change(bridge(&[1, 2], None));
        self.plug(n);
        let other = 3 - n;
        let tunnel_key = PortKey::new(other as u32).unwrap().wire().encode();
        let location = simulation::PortLocation { host: host(other), tunnel_key };
        self.change(Update::PortLocated { port: port(other), location });
        self.learn(1, 1);
        self.learn(2, 2);
    }

    fn learn(&mut self, station: u8, at: u128) {
        self.change(Update::MacLearned { bridge: BRIDGE, vlan: 0, mac: mac(station), port: port(at) });
    }

    fn dp_port(&self, n: u128) -> DpPort {
        self.ports.iter().find(|local| local.port == port(n)).unwrap().dp_port
    }

    /// Lets everyone do what there is to do.
    fn turn(&mut self) {
        for _ in 0..4 {
            let now = self.now;
            self.worker.step(&|| now, Duration::ZERO).unwrap();
            self.writer.send_queued(Duration::ZERO);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.turn();
    }

    fn sweep(&mut self) {
        self.sweeper.sweep(self.now);
        self.turn();
    }

    fn send(&mut self, from: u128, frame: &[u8]) {
        assert!(self.dp.inject(self.dp_port(from), frame));
        self.turn();
    }

    fn received(&self, n: u128) -> Vec<Vec<u8>> {
        self.dp.take_output(self.dp_port(n)).into_iter().map(|output| output.frame).collect()
    }

    fn flows(&self) -> Vec<FlowDump> {
        let mut flows = Vec::new();
        self.dp.dump_flows(DumpDetail::Full, &mut |flow| flows.push(flow.clone())).unwrap();
        flows
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.try_recv().ok()).collect()
    }

    /// Dropped packets by id of the object at fault.
    fn culprit_counts(&self) -> BTreeMap<u128, u64> {
        let (culprits, _) = self.counters.culprits();
        culprits.into_iter().filter_map(|(drop, n)| Some((drop.culprit()?.as_u128(), n))).collect()
    }

    fn drops(&self) -> BTreeMap<&'static str, u64> {
        self.counters.drops().into_iter().collect()
    }
}

fn bridge(ports: &[u128], filter: Option<ChainId>) -> Update {
    let device = PortDevice::Bridge { bridge: BRIDGE, vlan: None };
    let entry = |n: &u128| {
        let mut port = new_port(port(*n), device.clone());
        port.binding = Some(model::Binding { host: host(1), interface: format!("tap{n}") });
        PortEntry { port, peer_device: None }
    };
    let bridge = Bridge {
        id: BRIDGE,
        tenant_id: None,
        name: None,
        admin_state_up: true,
        mirrors: Default::default(),
        qos_policy: None,
        inbound_filter: filter,
        outbound_filter: None,
    };
    Update::Put(Document::Bridge(BridgeDocument::of_ports(bridge, ports.iter().map(entry).collect())))
}

fn chain(rules: Vec<Rule>) -> Update {
    let chain =
        Chain { id: CHAIN, tenant_id: None, name: None, rules: rules.iter().map(|rule| rule.id).collect() };
    Update::Put(Document::Chain(ChainDocument { chain, rules }))
}

fn drop_udp_to(port: u16) -> Rule {
    let condition = Condition {
        nw_proto: Some(Match::is(17)),
        tp_dst: Some(Match::is(port..=port)),
        dl_type: Some(Match::is(0x0800)),
        ..Condition::default()
    };
    let id = RuleId(Uuid::from_u128(0xd));
    Rule { id, chain: CHAIN, condition, action: RuleAction::Drop, meter_name: None }
}

#[test]
fn the_first_packet_crosses_the_bridge_and_installs_a_flow_for_the_rest() {
    let mut hv = Hypervisor::with_two_guests();
    hv.send(1, &frame(1, 2));
    assert_eq!(hv.received(2), [frame(1, 2)]);
    assert!(hv.received(1).is_empty());

    let flows = hv.flows();
    assert_eq!(flows.len(), 1);
    let mask = flows[0].mask.unwrap();
    assert_eq!(flows[0].actions.as_deref(), Some(&[Action::Output(hv.dp_port(2))][..]));
    assert_eq!(mask.0.in_port, u32::MAX);
    assert_eq!(mask.0.eth_dst, MacAddr::BROADCAST, "a bridge consults the destination");
    assert_eq!(mask.0.ip_dst, [0; 16], "and nothing of the IP header");
    assert_eq!(mask.0.tp_dst, 0);

    hv.send(1, &frame(1, 2));
    assert_eq!(hv.received(2).len(), 1);
    assert_eq!(hv.counters.upcalls.get(), 1, "the second packet met the flow");
}

#[test]
fn packets_of_one_flow_in_one_batch_are_all_sent_and_install_it_once() {
    let mut hv = Hypervisor::with_two_guests();
    for _ in 0..40 {
        hv.dp.inject(hv.dp_port(1), &frame(1, 2));
    }
    hv.turn();
    assert_eq!(hv.received(2).len(), 40);
    assert_eq!(hv.flows().len(), 1);
    assert_eq!(hv.counters.flows_installed.get(), 1);
    assert_eq!(hv.counters.writes_existing.get(), 0);
}

#[test]
fn packets_wait_for_the_first_snapshot_in_sync_and_none_is_dropped() {
    let mut hv = Hypervisor::new(1);
    hv.in_sync.store(false, Ordering::Release);
    let early = hv.dp.add_port(&PortSpec::netdev("tap1")).unwrap();
    hv.dp.inject(early, &frame(1, 2));
    hv.turn();
    assert!(hv.flows().is_empty());
    hv.set_up_two_guests();
    hv.in_sync.store(true, Ordering::Release);
    hv.turn();
    assert_eq!(hv.received(2), [frame(1, 2)]);
    assert!(hv.drops().is_empty());
}

#[test]
fn in_exact_mode_each_connection_has_its_own_flow() {
    let mut hv = Hypervisor::with(1, Settings { mask_mode: MaskMode::Exact, ..Settings::default() });
    hv.set_up_two_guests();
    for source_port in [1000, 1001] {
        let template = Ipv4Packet::new(mac(1), mac(2), addr(1), addr(2));
        hv.send(1, &template.udp(source_port, 2000, b"midspan"));
    }
    let flows = hv.flows();
    assert_eq!(flows.len(), 2);
    assert!(flows.iter().all(|flow| flow.mask.unwrap().0.tp_src == u16::MAX));
}

#[test]
fn a_new_station_is_reported_and_kept_in_use_by_its_flow() {
    let mut hv = Hypervisor::new(1);
    hv.change(bridge(&[1, 2], None));
    hv.plug(1);
    hv.plug(2);
    hv.events();
    hv.send(1, &frame(1, 2));
    let station = Station { bridge: BRIDGE, vlan: 0, mac: mac(1) };
    let events = hv.events();
    assert!(events.contains(&Event::MacSeen { station, port: port(1) }), "{events:?}");
    assert!(events.contains(&Event::MacInUse(station)), "{events:?}");
    hv.pass(Duration::from_secs(61));
    hv.sweep();
    assert!(hv.flows().is_empty());
    assert!(hv.events().contains(&Event::MacUnused(station)));
}

#[test]
fn a_rule_corrects_the_flows_it_concerns_in_place_and_its_removal_does_too() {
    let mut hv = Hypervisor::with_two_guests();
    hv.update(chain(Vec::new()));
    hv.change(bridge(&[1, 2], Some(CHAIN)));
    hv.send(1, &frame(1, 2));
    hv.received(2);
    let before = hv.flows();

    hv.change(chain(vec![drop_udp_to(2000)]));
    let during = hv.flows();
    assert_eq!(during.len(), 1, "replaced at once, not left to come back as an upcall");
    assert!(matches!(during[0].actions.as_deref(), Some([] | [Action::Drop { .. }])));
    assert_ne!(during[0].mask, before[0].mask, "the rule consults ports, the old flow did not");
    hv.send(1, &frame(1, 2));
    assert!(hv.received(2).is_empty());
    assert_eq!(hv.counters.upcalls.get(), 1);

    hv.change(chain(Vec::new()));
    assert_eq!(hv.flows()[0].actions, before[0].actions);
    hv.send(1, &frame(1, 2));
    assert_eq!(hv.received(2).len(), 1);
    assert_eq!(hv.counters.upcalls.get(), 1);
}

#[test]
fn a_station_that_moves_costs_one_modification() {
    let mut hv = Hypervisor::with_two_guests();
    hv.change(bridge(&[1, 2, 3], None));
    hv.plug(3);
    hv.send(1, &frame(1, 2));
    let ufid = hv.flows()[0].ufid;
    hv.learn(2, 3);
    let flows = hv.flows();
    assert_eq!((flows.len(), flows[0].ufid), (1, ufid));
    assert_eq!(flows[0].actions.as_deref(), Some(&[Action::Output(hv.dp_port(3))][..]));
    assert_eq!(hv.counters.flows_modified.get(), 1);
}

#[test]
fn unrelated_changes_touch_no_flow() {
    let mut hv = Hypervisor::with_two_guests();
    hv.send(1, &frame(1, 2));
    let corrected = hv.counters.flows_corrected.get();
    hv.learn(77, 2);
    hv.change(chain(vec![drop_udp_to(53)]));
    assert_eq!(hv.counters.flows_corrected.get(), corrected);
}

#[test]
fn a_flow_of_a_port_that_is_unplugged_is_deleted() {
    let mut hv = Hypervisor::with_two_guests();
    hv.send(1, &frame(1, 2));
    let gone = hv.dp_port(1);
    hv.ports.retain(|local| local.dp_port != gone);
    hv.publish(&[]);
    assert!(hv.flows().is_empty());
}

#[test]
fn idle_flows_expire_and_used_ones_do_not() {
    let mut hv = Hypervisor::with_two_guests();
    hv.send(1, &frame(1, 2));
    hv.send(2, &frame(2, 1));
    hv.pass(Duration::from_secs(61));
    hv.send(1, &frame(1, 2));
    hv.sweep();
    let flows = hv.flows();
    assert_eq!(flows.len(), 1, "the flow back was idle");
    assert_eq!(flows[0].key.unwrap().in_port, hv.dp_port(1).0);
}

#[test]
fn drop_flows_go_after_their_time_though_used() {
    let mut hv = Hypervisor::with_two_guests();
    hv.update(chain(vec![drop_udp_to(2000)]));
    hv.change(bridge(&[1, 2], Some(CHAIN)));
    hv.send(1, &frame(1, 2));
    assert_eq!(hv.flows().len(), 1);
    assert_eq!(hv.drops()["rule"], 1);
    hv.send(1, &frame(1, 2));
    hv.pass(Duration::from_secs(6));
    assert!(hv.flows().is_empty());
    let (culprits, unrecorded) = hv.counters.culprits();
    assert_eq!((culprits[0].0.culprit(), unrecorded), (Some(Uuid::from_u128(0xd)), 0));
}

fn drop_udp_by(rule: u128, port: u16) -> Rule {
    Rule { id: RuleId(Uuid::from_u128(rule)), ..drop_udp_to(port) }
}

#[test]
fn packets_that_a_drop_flow_drops_are_counted_by_sweeps_and_at_its_end() {
    let mut hv = Hypervisor::with_two_guests();
    hv.update(chain(vec![drop_udp_to(2000)]));
    hv.change(bridge(&[1, 2], Some(CHAIN)));
    for _ in 0..4 {
        hv.send(1, &frame(1, 2));
    }
    assert_eq!((hv.counters.upcalls.get(), hv.drops()["rule"]), (1, 1));
    hv.sweep();
    assert_eq!(hv.drops()["rule"], 4, "one came up, three met the flow");
    hv.sweep();
    assert_eq!(hv.drops()["rule"], 4);
    hv.send(1, &frame(1, 2));
    hv.send(1, &frame(1, 2));
    hv.pass(Duration::from_secs(6));
    assert!(hv.flows().is_empty());
    assert_eq!(hv.drops()["rule"], 6);
    assert_eq!(hv.culprit_counts(), BTreeMap::from([(0xd, 6)]));
}

#[test]
fn a_flow_that_becomes_a_drop_and_back_counts_only_what_it_dropped() {
    let mut hv = Hypervisor::with_two_guests();
    hv.update(chain(vec![drop_udp_to(3000)]));
    hv.change(bridge(&[1, 2], Some(CHAIN)));
    for _ in 0..4 {
        hv.send(1, &frame(1, 2));
    }
    hv.change(chain(vec![drop_udp_to(2000)]));
    assert_eq!((hv.counters.flows_modified.get(), hv.counters.flows_installed.get()), (1, 1), "in place");
    hv.send(1, &frame(1, 2));
    hv.send(1, &frame(1, 2));
    hv.sweep();
    assert_eq!(hv.drops()["rule"], 2);
    hv.send(1, &frame(1, 2));
    hv.change(chain(vec![drop_udp_to(3000)]));
    for _ in 0..3 {
        hv.send(1, &frame(1, 2));
    }
    hv.sweep();
    assert_eq!(hv.drops()["rule"], 3);
    assert_eq!((hv.received(2).len(), hv.counters.upcalls.get()), (7, 1));
}

#[test]
fn each_rule_answers_for_the_packets_it_dropped() {
    let mut hv = Hypervisor::with_two_guests();
    hv.update(chain(vec![drop_udp_by(0xa, 2000)]));
    hv.change(bridge(&[1, 2], Some(CHAIN)));
    hv.send(1, &frame(1, 2));
    hv.send(1, &frame(1, 2));
    hv.change(chain(vec![drop_udp_by(0xb, 2000)]));
    for _ in 0..3 {
        hv.send(1, &frame(1, 2));
    }
    hv.sweep();
    assert_eq!(hv.counters.upcalls.get(), 1);
    assert_eq!(hv.culprit_counts(), BTreeMap::from([(0xa, 2), (0xb, 3)]));
}

#[test]
fn a_sweep_during_a_change_attributes_nothing_wrongly() {
    let mut hv = Hypervisor::with_two_guests();
    hv.update(chain(vec![drop_udp_to(3000)]));
    hv.change(bridge(&[1, 2], Some(CHAIN)));
    hv.send(1, &frame(1, 2));
    assert!(hv.dp.inject(hv.dp_port(1), &frame(1, 2)));
    let tags = hv.update(chain(vec![drop_udp_to(2000)]));
    hv.publish_only(&tags);
    let now = hv.now;
    hv.worker.step(&|| now, Duration::ZERO).unwrap();
    hv.sweeper.sweep(now);
    hv.worker.step(&|| now, Duration::ZERO).unwrap();
    assert!(hv.drops().is_empty(), "the change is not written yet");
    hv.turn();
    hv.send(1, &frame(1, 2));
    hv.sweep();
    assert_eq!(hv.drops()["rule"], 1);
}

#[test]
fn drops_of_a_former_life_are_not_counted_again() {
    let mut hv = Hypervisor::with_two_guests();
    hv.update(chain(vec![drop_udp_to(2000)]));
    hv.change(bridge(&[1, 2], Some(CHAIN)));
    for _ in 0..4 {
        hv.send(1, &frame(1, 2));
    }
    let mut hv = restarted(hv);
    hv.update(chain(vec![drop_udp_to(2000)]));
    hv.change(bridge(&[1, 2], Some(CHAIN)));
    hv.plug(1);
    hv.plug(2);
    hv.learn(1, 1);
    hv.learn(2, 2);
    hv.sweeper.inherit().unwrap();
    hv.turn();
    assert_eq!(hv.counters.flows_adopted.get(), 1);
    hv.send(1, &frame(1, 2));
    hv.sweep();
    assert_eq!(hv.drops()["rule"], 1);
}

#[test]
fn stations_that_found_no_room_in_the_queue_are_told_later() {
    let mut hv = Hypervisor::with_two_guests();
    hv.events();
    for station in 10..90 {
        hv.send(1, &frame(station, 2));
    }
    let mut use_of: BTreeMap<MacAddr, i32> = BTreeMap::new();
    let mut events = hv.events();
    assert_eq!(events.len(), 64, "the queue was full");
    // Some go out of use again before there was room to say that they were in use.
    hv.pass(Duration::from_secs(120));
    hv.sweep();
    assert!(hv.flows().is_empty());
    for station in 50..90 {
        hv.send(1, &frame(station, 2));
    }
    loop {
        let more = hv.events();
        if more.is_empty() {
            break;
        }
        events.extend(more);
        hv.turn();
    }
    for event in &events {
        match event {
            Event::MacSeen { station, .. } => {
                use_of.entry(station.mac).or_default();
            }
            Event::MacInUse(station) => *use_of.get_mut(&station.mac).expect("seen before in use") += 1,
            Event::MacUnused(station) => *use_of.get_mut(&station.mac).expect("seen before") -= 1,
            other => panic!("{other:?}"),
        }
    }
    let expected: BTreeMap<_, _> = (10..90).map(|n| (mac(n), i32::from(n >= 50))).collect();
    assert_eq!(use_of, expected);
    assert_eq!(hv.counters.events_lost.get(), 0);
}

#[test]
fn at_the_limit_packets_are_still_forwarded() {
    let mut hv = Hypervisor::with(1, Settings { flow_limit: 2, ..Settings::default() });
    hv.set_up_two_guests();
    for station in 10..20 {
        hv.learn(station, 2);
        hv.send(1, &frame(1, station));
    }
    assert_eq!(hv.received(2).len(), 10);
    assert_eq!(hv.flows().len(), 2);
    assert_eq!(hv.counters.flows_over_limit.get(), 8);
}

#[test]
fn the_least_recently_used_flow_makes_room() {
    let mut hv = Hypervisor::with(1, Settings { flow_limit: 2, ..Settings::default() });
    hv.set_up_two_guests();
    hv.learn(10, 2);
    hv.send(1, &frame(1, 2));
    hv.pass(Duration::from_millis(10));
    hv.send(2, &frame(2, 1));
    hv.pass(Duration::from_secs(5));
    hv.send(1, &frame(1, 2));
    hv.sweep();
    hv.pass(Duration::from_millis(10));
    hv.send(1, &frame(1, 10));
    let ports: Vec<_> = hv.flows().iter().map(|flow| flow.key.unwrap().in_port).collect();
    assert_eq!(ports, [hv.dp_port(1).0; 2], "the flow of guest 2 was unused for longest");
    assert_eq!(hv.counters.flows_evicted.get(), 1);
}

#[test]
fn flows_deleted_by_someone_else_come_back() {
    let mut hv = Hypervisor::with_two_guests();
    hv.send(1, &frame(1, 2));
    hv.dp.flush_flows().unwrap();
    hv.pass(Duration::from_secs(3));
    hv.send(1, &frame(1, 2));
    assert_eq!(hv.received(2).len(), 2);
    assert_eq!(hv.flows().len(), 1, "installed again on the next upcall");

    hv.dp.flush_flows().unwrap();
    hv.pass(Duration::from_secs(3));
    hv.sweep();
    assert_eq!(hv.counters.flows.get(), 0, "and forgotten by the next dump if there is none");
}

/// The ports of the router.
const GATES: [(u128, MacAddr, &str); 2] =
    [(1, ROUTER_MAC, "10.0.0.254/24"), (2, UPLINK_MAC, "10.0.1.254/24")];

fn router(targets: &[(u128, MacAddr, &str)]) -> Update {
    let entry = |(n, mac, network): &(u128, MacAddr, &str)| {
        let device = PortDevice::Router {
            router: ROUTER,
            mac: *mac,
            addresses: vec![network.parse().unwrap()],
            vtep: Default::default(),
        };
        let mut port = new_port(port(*n), device);
        port.binding = Some(model::Binding { host: host(1), interface: format!("tap{n}") });
        PortEntry { port, peer_device: None }
    };
    let route = |(n, _, network): &(u128, MacAddr, &str)| {
        let network: ipnetwork::IpNetwork = network.parse().unwrap();
        Route {
            id: RouteId(Uuid::from_u128(0x100 + n)),
            router: ROUTER,
            source: "0.0.0.0/0".parse().unwrap(),
            destination: ipnetwork::IpNetwork::new(network.network(), network.prefix()).unwrap(),
            next_hop: NextHop::Port { port: port(*n), gateway: None },
            weight: 0,
            attributes: None,
        }
    };
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
    let ports = targets.iter().map(entry).collect();
    let routes = targets.iter().map(route).collect();
    Update::Put(Document::Router(RouterDocument {
        router,
        ports,
        routes,
        bgp_networks: vec![],
        bgp_peers: vec![],
        peering: vec![],
    }))
}

/// A router with guest 1 in 10.0.0.0/24 and a neighbour in 10.0.1.0/24 behind port 2.
fn routed() -> Hypervisor {
    let mut hv = Hypervisor::new(1);
    hv.set_up_router();
    hv.events();
    hv
}

fn routed_frame(ttl: u8) -> Vec<u8> {
    let mut template = Ipv4Packet::new(mac(1), ROUTER_MAC, addr(1), Ipv4Addr::new(10, 0, 1, 9));
    template.ttl = ttl;
    template.udp(1000, 2000, b"midspan")
}

#[test]
fn a_packet_waits_for_its_neighbour_and_is_sent_when_it_is_known() {
    let mut hv = routed();
    hv.send(1, &routed_frame(64));
    assert!(hv.received(2).is_empty());
    assert_eq!(hv.counters.waiting.get(), 1);
    let needs = hv.events();
    assert!(
        needs.iter().any(|event| matches!(event, Event::Needed(simulation::Need::Arp { .. }))),
        "{needs:?}"
    );

    hv.change(Update::ArpLearned { router: ROUTER, ip: IpAddr::V4(Ipv4Addr::new(10, 0, 1, 9)), mac: mac(9) });
    let out = hv.received(2);
    assert_eq!(out.len(), 1);
    let view = PacketView::parse(&out[0], 0, TunnelKey::default()).unwrap();
    assert_eq!((view.key().eth_src, view.key().eth_dst, view.key().ip_ttl), (UPLINK_MAC, mac(9), 63));
    assert_eq!(hv.counters.waiting.get(), 0);
    assert_eq!(hv.flows().len(), 1);
}

#[test]
fn a_sender_whose_flow_was_running_is_told_when_it_is_refused() {
    let mut hv = routed();
    hv.change(Update::ArpLearned { router: ROUTER, ip: IpAddr::V4(Ipv4Addr::new(10, 0, 1, 9)), mac: mac(9) });
    hv.send(1, &routed_frame(64));
    assert_eq!(hv.received(2).len(), 1);

    let Update::Put(Document::Router(mut document)) = router(&GATES) else { unreachable!() };
    document.router.admin_state_up = false;
    hv.change(Update::Put(Document::Router(document)));
    hv.send(1, &routed_frame(64));
    let answers = hv.received(1);
    assert_eq!(answers.len(), 1);
    let view = PacketView::parse(&answers[0], 0, TunnelKey::default()).unwrap();
    assert_eq!((view.key().ip_proto, view.key().tp_src, view.key().tp_dst), (1, 3, 13));
}

#[test]
fn a_neighbour_that_does_not_answer_gives_host_unreachable() {
    let mut hv = routed();
    hv.send(1, &routed_frame(64));
    hv.change(Update::ArpFailed { router: ROUTER, ip: IpAddr::V4(Ipv4Addr::new(10, 0, 1, 9)) });
    let answers = hv.received(1);
    assert_eq!(answers.len(), 1);
    let view = PacketView::parse(&answers[0], 0, TunnelKey::default()).unwrap();
    assert_eq!((view.key().ip_proto, view.key().tp_src, view.key().tp_dst), (1, 3, 1));
}

#[test]
fn a_packet_that_waits_too_long_is_dropped_and_counted() {
    let mut hv = routed();
    hv.send(1, &routed_frame(64));
    hv.pass(Duration::from_millis(3001));
    assert_eq!(hv.counters.waiting.get(), 0);
    assert_eq!(hv.drops()["waited_too_long"], 1);
}

#[test]
fn a_ttl_that_runs_out_in_the_datapath_is_answered() {
    let mut hv = routed();
    hv.change(Update::ArpLearned { router: ROUTER, ip: IpAddr::V4(Ipv4Addr::new(10, 0, 1, 9)), mac: mac(9) });
    hv.send(1, &routed_frame(64));
    assert_eq!(hv.received(2).len(), 1);
    let flow = &hv.flows()[0];
    assert_eq!(flow.mask.unwrap().0.ip_ttl, 0, "one flow for every TTL");

    hv.send(1, &routed_frame(1));
    assert!(hv.received(2).is_empty());
    let answers = hv.received(1);
    assert_eq!(answers.len(), 1);
    let view = PacketView::parse(&answers[0], 0, TunnelKey::default()).unwrap();
    assert_eq!((view.key().ip_proto, view.key().tp_src), (1, 11));
}

#[test]
fn arp_for_the_router_is_answered_without_a_flow() {
    let mut hv = routed();
    let request = packet::build::arp_request((mac(1), addr(1)), addr(254));
    hv.send(1, &request);
    let answers = hv.received(1);
    assert_eq!(answers, [packet::build::arp_reply((ROUTER_MAC, addr(254)), (mac(1), addr(1)))]);
    assert!(hv.flows().is_empty());
}

const ZONE: TunnelZoneId = TunnelZoneId(Uuid::from_u128(0x2));

/// Two hypervisors, each [set up](Hypervisor::set_up_as_one_of_two) as one of the two.
fn two_hypervisors() -> (Hypervisor, Hypervisor) {
    let hypervisors = [1, 2].map(|n| {
        let mut hv = Hypervisor::new(n);
        hv.set_up_as_one_of_two(n);
        hv
    });
    hypervisors.into()
}

/// Carries what left one hypervisor's tunnel device to the other's.
fn carry(from: &Hypervisor, to: &mut Hypervisor) -> usize {
    let (out, into) = (from.tunnels.0[0].dp_port, to.tunnels.0[0].dp_port);
    let frames = from.dp.take_output(out);
    for output in &frames {
        let TunnelKey { id, src, dst, flags, ttl, .. } = output.tunnel;
        let header = TunnelKey { id, src, dst, flags, ttl, ..TunnelKey::default() };
        assert!(to.dp.inject_tunnelled(into, &output.frame, header));
    }
    to.turn();
    frames.len()
}

#[test]
fn a_packet_for_a_remote_port_crosses_the_tunnel_and_needs_no_simulation_there() {
    let (mut one, mut two) = two_hypervisors();
    one.send(1, &frame(1, 2));
    let sent = one.dp.take_output(one.tunnels.0[0].dp_port);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].tunnel.id, 0x10_0002, "kind port, key of port 2 on its host");
    assert_eq!(packet::v4_addr(&sent[0].tunnel.dst), Ipv4Addr::new(192, 168, 0, 2));

    one.send(1, &frame(1, 2));
    assert_eq!(carry(&one, &mut two), 1);
    assert_eq!(two.received(2), [frame(1, 2)]);
    assert_eq!(two.counters.upcalls.get(), 0, "the flow for the port's key was there before");
}

#[test]
fn a_packet_that_comes_before_its_arrival_flow_is_served() {
    let (mut one, mut two) = two_hypervisors();
    two.dp.flush_flows().unwrap();
    one.send(1, &frame(1, 2));
    assert_eq!(carry(&one, &mut two), 1);
    assert_eq!(two.received(2), [frame(1, 2)]);
    two.pass(Duration::from_secs(3));
    two.sweep();
    assert_eq!(two.flows().len(), 1, "the next dump finds it missing and puts it back");
}

#[test]
fn arrival_flows_come_and_go_with_the_local_ports() {
    let (_, mut two) = two_hypervisors();
    assert_eq!(two.flows().len(), 1);
    two.ports.clear();
    two.publish(&[]);
    assert!(two.flows().is_empty());
}

#[test]
fn an_unknown_tunnel_key_is_a_counted_drop() {
    let (_, mut two) = two_hypervisors();
    let header =
        TunnelKey { id: 0x10_0077, ttl: 64, flags: packet::tunnel_flags::KEY, ..TunnelKey::default() };
    two.dp.inject_tunnelled(two.tunnels.0[0].dp_port, &frame(1, 2), header);
    two.turn();
    assert_eq!(two.drops()["unknown_tunnel_key"], 1);
}

#[test]
fn a_peer_that_moves_corrects_the_flows_to_it() {
    let (mut one, _) = two_hypervisors();
    one.send(1, &frame(1, 2));
    let zone = TunnelZone {
        id: ZONE,
        name: "underlay".to_owned(),
        kind: TunnelZoneType::Vxlan,
        members: [(host(1), "192.168.0.1"), (host(2), "192.168.0.22")]
            .map(|(host, addr)| (host, addr.parse().unwrap()))
            .into(),
    };
    one.peers = Arc::new(Peers::of(host(1), [&zone]));
    one.publish(&[]);
    let flows = one.flows();
    let to_peer = flows.iter().find(|flow| flow.key.unwrap().in_port == one.dp_port(1).0).unwrap();
    let Some([Action::SetTunnel(header), Action::Output(_)]) = to_peer.actions.as_deref() else {
        panic!("{to_peer:?}")
    };
    assert_eq!(packet::v4_addr(&header.dst), Ipv4Addr::new(192, 168, 0, 22));
}

/// The next life of the agent on the same datapath.
fn restarted(hv: Hypervisor) -> Hypervisor {
    let dp = hv.dp.clone();
    drop(hv);
    Hypervisor::with(1, Settings { dp, generation: 1000, ..Settings::default() })
}

#[test]
fn a_restarted_agent_adopts_flows_that_are_still_true() {
    let mut hv = Hypervisor::with_two_guests();
    hv.send(1, &frame(1, 2));
    let before = hv.flows();
    let mut hv = restarted(hv);
    hv.set_up_two_guests();
    assert_eq!(hv.flows(), before, "nothing is touched until the agent is in sync");
    assert_eq!(hv.sweeper.inherit().unwrap(), 1);
    hv.turn();
    assert_eq!(hv.flows(), before);
    assert_eq!(hv.counters.flows_adopted.get(), 1);

    hv.send(1, &frame(1, 2));
    assert_eq!(hv.counters.upcalls.get(), 0);
    hv.change(bridge(&[1, 2, 3], None));
    hv.plug(3);
    hv.learn(2, 3);
    assert_eq!(hv.flows()[0].actions.as_deref(), Some(&[Action::Output(hv.dp_port(3))][..]));
}

#[test]
fn a_restarted_agent_corrects_and_deletes_flows_that_are_not_true_any_more() {
    let mut hv = Hypervisor::with_two_guests();
    hv.send(1, &frame(1, 2));
    hv.send(2, &frame(2, 1));
    let mut hv = restarted(hv);
    hv.change(bridge(&[1, 3], None));
    hv.plug(1);
    hv.plug(3);
    hv.learn(1, 1);
    hv.learn(2, 3);
    hv.sweeper.inherit().unwrap();
    hv.turn();
    let flows = hv.flows();
    assert_eq!(flows.len(), 1, "port 2 is not bound any more");
    assert_eq!(flows[0].actions.as_deref(), Some(&[Action::Output(hv.dp_port(3))][..]));
}

#[test]
fn a_restarted_agent_adopts_routed_flows() {
    let mut hv = routed();
    let far = Update::ArpLearned { router: ROUTER, ip: IpAddr::V4(Ipv4Addr::new(10, 0, 1, 9)), mac: mac(9) };
    hv.change(far.clone());
    hv.send(1, &routed_frame(64));
    let before = hv.flows();
    assert_eq!(before.len(), 1);
    let mut hv = restarted(hv);
    hv.set_up_router();
    hv.change(far);
    hv.sweeper.inherit().unwrap();
    hv.turn();
    assert_eq!(hv.flows(), before);
    assert_eq!((hv.counters.flows_adopted.get(), hv.counters.flows_modified.get()), (1, 0));
}

#[test]
fn a_port_that_keeps_flooding_is_shut_in_the_datapath_for_a_while() {
    let mut budget = Budget { flood: 20, ..Budget::default() };
    budget.port.burst = 10.0;
    budget.port.per_second = 10.0;
    let mut hv = Hypervisor::with(1, Settings { budget, ..Settings::default() });
    hv.set_up_two_guests();
    for station in 0..40 {
        hv.dp.inject(hv.dp_port(1), &frame(1, 100 + station));
    }
    hv.turn();
    let shut = hv.flows().into_iter().filter(|flow| flow.mask.unwrap().0.eth_dst == MacAddr::ZERO).count();
    assert_eq!(shut, 1);
    let upcalls = hv.counters.upcalls.get();
    hv.send(1, &frame(1, 99));
    assert_eq!(hv.counters.upcalls.get(), upcalls);
    hv.pass(Duration::from_millis(1500));
    hv.send(1, &frame(1, 2));
    assert!(hv.received(2).contains(&frame(1, 2)));
}

#[test]
fn a_port_that_floods_loses_its_own_packets_only() {
    let mut budget = Budget { flood: 1000, ..Budget::default() };
    budget.port.burst = 10.0;
    budget.port.per_second = 10.0;
    let mut hv = Hypervisor::with(1, Settings { budget, ..Settings::default() });
    hv.set_up_two_guests();
    for station in 0..50 {
        hv.dp.inject(hv.dp_port(1), &frame(1, 100 + station));
    }
    hv.dp.inject(hv.dp_port(2), &frame(2, 1));
    hv.turn();
    assert_eq!(hv.drops()["admission_guest"], 40);
    assert!(hv.received(1).contains(&frame(2, 1)));
}

#[test]
fn a_frame_from_an_unbound_port_is_dropped_until_it_is_bound() {
    let mut hv = Hypervisor::with_two_guests();
    let stray = hv.dp.add_port(&PortSpec::netdev("tap3")).unwrap();
    hv.dp.inject(stray, &frame(3, 2));
    hv.turn();
    assert_eq!(hv.drops()["unbound_port"], 1);
    hv.change(bridge(&[1, 2, 3], None));
    hv.plug(3);
    hv.dp.inject(stray, &frame(3, 2));
    hv.turn();
    assert_eq!(hv.received(2), [frame(3, 2)], "the binding corrected the drop flow");
}

/// Puts a flow into the datapath behind the worker's back.
fn put_foreign(hv: &Hypervisor, ufid: Ufid, key: &FlowKey, mask: &FlowMask) {
    let mut writer = hv.dp.flow_writer().unwrap();
    writer.put(ufid, key, mask, &[]);
    writer.flush(&mut |outcome| panic!("{outcome:?}"));
}

#[test]
fn a_flow_that_someone_else_installed_first_is_left_to_them() {
    let mut hv = Hypervisor::with_two_guests();
    hv.send(1, &frame(1, 2));
    let FlowDump { key, mask, .. } = hv.flows().remove(0);
    hv.pass(Duration::from_secs(61));
    hv.sweep();
    assert!(hv.flows().is_empty());

    hv.dp.inject(hv.dp_port(1), &frame(1, 2));
    put_foreign(&hv, Ufid(7), &key.unwrap(), &mask.unwrap());
    hv.turn();
    assert_eq!(hv.received(2).len(), 2, "the packet was executed all the same");
    assert_eq!(hv.counters.writes_existing.get(), 1);
    assert_eq!(hv.counters.flows.get(), 0);
}

#[test]
fn a_correction_of_a_flow_that_the_datapath_lost_puts_it_back() {
    let mut hv = Hypervisor::with_two_guests();
    hv.change(bridge(&[1, 2, 3], None));
    hv.plug(3);
    hv.send(1, &frame(1, 2));
    hv.dp.flush_flows().unwrap();
    hv.learn(2, 3);
    assert_eq!(hv.counters.writes_missing.get(), 1);
    let flows = hv.flows();
    assert_eq!(flows.len(), 1);
    assert_eq!(flows[0].actions.as_deref(), Some(&[Action::Output(hv.dp_port(3))][..]));
}

#[test]
fn stale_flows_of_ours_are_deleted_once_adoption_is_over_and_foreign_ones_stay() {
    let mut hv = Hypervisor::with_two_guests();
    let key = |n: u8| FlowKey { eth_src: mac(n), in_port: 99, ..FlowKey::default() };
    let mut mask = FlowMask::any();
    mask.0.eth_src = MacAddr::BROADCAST;
    mask.0.in_port = u32::MAX;
    let (stale, foreign) = (Ufid::of_slot(50, 4711), Ufid(7));
    put_foreign(&hv, stale, &key(50), &mask);
    put_foreign(&hv, foreign, &key(51), &mask);
    hv.sweep();
    assert_eq!(hv.flows().len(), 2, "not before the agent is in sync");
    hv.sweeper.inherit().unwrap();
    hv.turn();
    hv.sweep();
    let left: Vec<_> = hv.flows().iter().map(|flow| flow.ufid).collect();
    assert_eq!(left, [Some(foreign)]);
}
