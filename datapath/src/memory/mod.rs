//! A datapath in this process, with the kernel's semantics: masked lookup, actions on bytes, upcalls, ports as queues.
//!
//! Any number of threads may use it; one lock guards table and ports, each upcall queue has its own. Time is the
//! process's monotonic clock, used for flow ages only.

mod handles;
mod queue;
mod table;
mod validate;

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use packet::apply::{Dropped, Sink, apply};
use packet::{Action, DpPort, FlowKey, PacketView, TunnelKey};
use parking_lot::Mutex;

use self::handles::{Announcer, Runner, Source, Writer, subscription};
use self::queue::{Queue, Queued};
use self::table::Table;
use crate::kernel::valid_name;
use crate::{
    Datapath, DatapathStats, Dispatch, DumpDetail, Error, Executed, Executor, Features, FlowDump, FlowWriter,
    PacketContext, PortEvent, PortEvents, PortInfo, PortKind, PortSpec, PortStats, Result, UpcallKind,
    UpcallSource,
};

/// Upcalls that wait per worker before more are lost.
const UPCALL_ROOM: usize = 4096;
/// Frames that wait per port for [`MemoryDatapath::take_output`] before more are dropped.
const OUTPUT_ROOM: usize = 65_536;
/// Upcalls handed over per `recv`, as in the kernel driver.
const BATCH: usize = 64;
/// `DP_MAX_PORTS`.
const MAX_PORTS: u32 = 65_535;

/// A frame that left by a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// The frame.
    pub frame: Vec<u8>,
    /// The tunnel header set for it, all zero if none.
    pub tunnel: TunnelKey,
}

/// A datapath in memory. Clones share it.
#[derive(Clone)]
pub struct MemoryDatapath {
    shared: Arc<Shared>,
}

struct Shared {
    name: String,
    features: Features,
    state: Mutex<State>,
    queues: Vec<Queue>,
}

#[derive(Default)]
struct State {
    table: Table,
    ports: BTreeMap<u32, Port>,
    /// `None` until one is made: then every interface exists.
    interfaces: Option<HashSet<String>>,
    hit: u64,
    missed: u64,
    lost: u64,
    mask_hit: u64,
    events: Vec<Announcer>,
}

struct Port {
    name: String,
    kind: PortKind,
    stats: PortStats,
    output: VecDeque<Output>,
}

impl Port {
    fn new(name: &str, kind: PortKind) -> Self {
        Self { name: name.to_owned(), kind, stats: PortStats::default(), output: VecDeque::new() }
    }

    fn info(&self, no: u32) -> PortInfo {
        PortInfo { no: DpPort(no), name: self.name.clone(), kind: self.kind, stats: self.stats, ifindex: 0 }
    }
}

impl MemoryDatapath {
    /// A datapath with its local port and `workers` upcall queues.
    pub fn new(name: &str, workers: usize) -> Self {
        let features = Features {
            dispatch: Dispatch::PerCpu,
            ufid: true,
            set_masked: true,
            dec_ttl: true,
            drop_reason: true,
            ..Features::default()
        };
        let mut state = State::default();
        state.ports.insert(0, Port::new(name, PortKind::Internal));
        let queues = (0..workers.max(1)).map(|_| Queue::new(UPCALL_ROOM)).collect();
        let shared = Shared { name: name.to_owned(), features, state: Mutex::new(state), queues };
        Self { shared: Arc::new(shared) }
    }

    /// A frame comes in by `port`. False if there is no such port.
    pub fn inject(&self, port: DpPort, frame: &[u8]) -> bool {
        self.inject_tunnelled(port, frame, TunnelKey::default())
    }

    /// A frame comes in by the tunnel device `port`, stripped of the tunnel header `tunnel`.
    pub fn inject_tunnelled(&self, port: DpPort, frame: &[u8], tunnel: TunnelKey) -> bool {
        let mut state = self.shared.state.lock();
        let Some(ingress) = state.ports.get_mut(&port.0) else { return false };
        ingress.stats.rx_packets += 1;
        ingress.stats.rx_bytes += frame.len() as u64;
        self.shared.receive(&mut state, port, frame, tunnel);
        true
    }

    /// Takes the frames that left by `port` so far, oldest first.
    pub fn take_output(&self, port: DpPort) -> Vec<Output> {
        let mut state = self.shared.state.lock();
        state.ports.get_mut(&port.0).map(|p| p.output.drain(..).collect()).unwrap_or_default()
    }

    /// Makes a network interface, to be added as a netdev port.
    ///
    /// Until the first call every interface is taken to exist; from then on only those made here.
    pub fn create_interface(&self, name: &str) {
        let mut state = self.shared.state.lock();
        state.interfaces.get_or_insert_default().insert(name.to_owned());
    }

    /// Deletes a network interface; if it is a port, the port is gone with it.
    pub fn delete_interface(&self, name: &str) {
        let mut state = self.shared.state.lock();
        if let Some(interfaces) = &mut state.interfaces {
            interfaces.remove(name);
        }
        let no = state.ports.iter().find(|(_, port)| port.name == name).map(|(no, _)| *no);
        if let Some(no) = no {
            state.ports.remove(&no);
            state.announce(&PortEvent::Removed { no: DpPort(no), name: name.to_owned() });
        }
    }
}

impl State {
    fn announce(&mut self, event: &PortEvent) {
        self.events.retain(|subscriber| subscriber.announce(event));
    }

    fn output(&mut self, port: DpPort, frame: &[u8], tunnel: TunnelKey) {
        let Some(egress) = self.ports.get_mut(&port.0) else { return };
        if egress.output.len() == OUTPUT_ROOM {
            egress.stats.tx_dropped += 1;
            return;
        }
        egress.stats.tx_packets += 1;
        egress.stats.tx_bytes += frame.len() as u64;
        egress.output.push_back(Output { frame: frame.to_vec(), tunnel });
    }
}

impl Shared {
    fn receive(&self, state: &mut State, port: DpPort, frame: &[u8], tunnel: TunnelKey) {
        let Ok(view) = PacketView::parse(frame, port.0, tunnel) else { return };
        let key = *view.key();
        let (flow, tried) = state.table.lookup(&key);
        state.mask_hit += tried as u64;
        let Some(flow) = flow else {
            state.missed += 1;
            return self.upcall(state, UpcallKind::Miss, &key, frame, None, PacketContext::default());
        };
        flow.count(frame.len(), key.tcp_flags, Instant::now());
        let actions = Arc::clone(&flow.actions);
        state.hit += 1;
        self.run(state, &actions, &key, frame, PacketContext::default());
    }

    fn upcall(
        &self,
        state: &mut State,
        kind: UpcallKind,
        key: &FlowKey,
        frame: &[u8],
        userdata: Option<u64>,
        context: PacketContext,
    ) {
        let queue = &self.queues[key.in_port as usize % self.queues.len()];
        let upcall = Queued { kind, key: *key, packet: frame.to_vec(), userdata, context };
        if !queue.push(upcall) {
            state.lost += 1;
        }
    }

    fn run(
        &self,
        state: &mut State,
        actions: &[Action],
        key: &FlowKey,
        frame: &[u8],
        context: PacketContext,
    ) {
        let mut sink = Forward { shared: self, state, context };
        apply(actions, &mut frame.to_vec(), key, &mut sink);
    }
}

/// Where the actions of one packet lead.
struct Forward<'a> {
    shared: &'a Shared,
    state: &'a mut State,
    context: PacketContext,
}

impl Sink for Forward<'_> {
    fn output(&mut self, port: DpPort, tunnel: Option<&TunnelKey>, frame: &[u8]) {
        self.state.output(port, frame, tunnel.copied().unwrap_or_default());
    }

    fn userspace(&mut self, cookie: u64, packet: &PacketView<'_>) {
        let (key, frame) = (packet.key(), packet.frame());
        self.shared.upcall(self.state, UpcallKind::Action, key, frame, Some(cookie), self.context);
    }

    fn dropped(&mut self, _cause: Dropped) {}
}

impl Datapath for MemoryDatapath {
    fn name(&self) -> &str {
        &self.shared.name
    }

    fn features(&self) -> &Features {
        &self.shared.features
    }

    fn workers(&self) -> usize {
        self.shared.queues.len()
    }

    fn ports(&self) -> Result<Vec<PortInfo>> {
        Ok(self.shared.state.lock().ports.iter().map(|(no, port)| port.info(*no)).collect())
    }

    fn add_port(&self, spec: &PortSpec) -> Result<DpPort> {
        valid_name(&spec.name)?;
        let mut state = self.shared.state.lock();
        if state.ports.values().any(|port| port.name == spec.name) {
            return Err(Error::PortExists(spec.name.clone()));
        }
        let exists = state.interfaces.as_ref().map(|interfaces| interfaces.contains(&spec.name));
        match spec.kind {
            PortKind::Netdev if exists == Some(false) => return Err(Error::NoSuchDevice(spec.name.clone())),
            PortKind::Internal if exists == Some(true) => return Err(Error::NameTaken(spec.name.clone())),
            _ => {}
        }
        let no = match spec.desired_no {
            Some(no) if no.0 < MAX_PORTS && !state.ports.contains_key(&no.0) => no.0,
            Some(_) => return Err(Error::PortExists(spec.name.clone())),
            None => (1..MAX_PORTS).find(|no| !state.ports.contains_key(no)).ok_or(Error::NoFreePort)?,
        };
        let port = Port::new(&spec.name, spec.kind);
        state.announce(&PortEvent::Added(port.info(no)));
        state.ports.insert(no, port);
        Ok(DpPort(no))
    }

    fn remove_port(&self, port: DpPort) -> Result<()> {
        let mut state = self.shared.state.lock();
        if port.0 == 0 {
            return Err(Error::LocalPort);
        }
        let gone = state.ports.remove(&port.0).ok_or(Error::NoSuchPort(port))?;
        state.announce(&PortEvent::Removed { no: port, name: gone.name });
        Ok(())
    }

    fn port_events(&self) -> Result<Box<dyn PortEvents>> {
        let (announcer, events) = subscription();
        self.shared.state.lock().events.push(announcer);
        Ok(Box::new(events))
    }

    fn stats(&self) -> Result<DatapathStats> {
        let state = self.shared.state.lock();
        Ok(DatapathStats {
            hit: state.hit,
            missed: state.missed,
            lost: state.lost,
            flows: state.table.flows() as u64,
            masks: state.table.masks() as u32,
            mask_hit: state.mask_hit,
            cache_hit: 0,
        })
    }

    fn upcall_source(&self, worker: usize) -> Result<Box<dyn UpcallSource>> {
        let queue = self.shared.queues.get(worker).filter(|queue| queue.take());
        queue.ok_or(Error::WorkerTaken(worker))?;
        Ok(Box::new(Source { shared: Arc::clone(&self.shared), worker, batch: Vec::new(), received: 0 }))
    }

    fn flow_writer(&self) -> Result<Box<dyn FlowWriter>> {
        Ok(Box::new(Writer { shared: Arc::clone(&self.shared), outcomes: Vec::new() }))
    }

    fn executor(&self) -> Result<Box<dyn Executor>> {
        Ok(Box::new(Runner { shared: Arc::clone(&self.shared), executed: Executed::default() }))
    }

    fn dump_flows(&self, detail: DumpDetail, each: &mut dyn FnMut(&FlowDump)) -> Result<usize> {
        let flows = self.shared.state.lock().table.dump(Instant::now());
        for mut flow in flows.iter().cloned() {
            if detail == DumpDetail::StatsOnly {
                (flow.key, flow.mask, flow.actions) = (None, None, None);
            }
            each(&flow);
        }
        Ok(flows.len())
    }

    fn retain_flows(&self, keep: &mut dyn FnMut(&FlowDump) -> bool) -> Result<usize> {
        let now = Instant::now();
        let flows = self.shared.state.lock().table.dump(now);
        let refused = flows.iter().filter(|flow| !keep(flow)).filter_map(|flow| flow.ufid);
        let mut deleted = 0;
        for ufid in refused.collect::<Vec<_>>() {
            deleted += usize::from(self.shared.state.lock().table.delete(ufid, now).is_ok());
        }
        Ok(deleted)
    }

    fn flush_flows(&self) -> Result<()> {
        self.shared.state.lock().table.clear();
        Ok(())
    }
}
