//! A worker: one plain thread with its own upcall socket, simulator, executor and flows.
//!
//! Everything here runs on that thread. [`Worker::step`] is one turn of its loop and takes the clock as an argument, so
//! that tests turn it by hand. Times inside are milliseconds since the worker was made.

mod adoption;
mod arrival;
mod confirmation;
mod correction;
mod events;
mod forward;
mod housekeeping;
mod tally;

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Cache};
use crossbeam_channel::Receiver;
use datapath::{Executor, Features, PacketContext, Ufid, Upcall, UpcallSource};
use packet::{Action, FlowKey, FlowMask, TunnelKey};
use rustc_hash::FxHashMap;
use simulation::{Ingress, MaskMode, Simulator};

use self::arrival::Arrivals;
use self::confirmation::Question;
use self::events::Events;
use self::tally::Tallies;
use crate::admission::{Admitter, Budget};
use crate::counters::{ShellDrop, WorkerCounters};
use crate::expiry::Report;
use crate::flow_table::{FlowTable, NewFlow, TagChanges};
use crate::messages::{Corrections, Event, Injection, SharedMailbox};
use crate::snapshot::Snapshot;
use crate::waiting::WaitingRoom;
use crate::writer::{FlowWrite, SharedWriter};

/// Packets handed to the kernel at once: enough to share a system call, few enough not to delay the first.
const EXECUTE_BATCH: usize = 16;
/// Flows corrected or adopted per turn, so that upcalls stay served meanwhile.
const CORRECTIONS_PER_TURN: usize = 256;
/// Reports of other threads read per turn.
const REPORTS_PER_TURN: usize = 64;
/// Writes that a worker holds back while the writer's queue is full; beyond it no flows are made.
const MAX_UNSENT_WRITES: usize = 4096;
/// How soon a worker looks whether what it waits for has come.
const BUSY_TURN: Duration = Duration::from_millis(1);
/// Devices may answer each other this often because of one packet.
const MAX_GENERATIONS: u8 = 4;
/// Frames made by devices that wait to be simulated.
const MAX_GENERATED: usize = 1024;

/// What a worker is told when it is made.
#[derive(Clone, Debug)]
pub(crate) struct WorkerConfig {
    /// What the datapath can do.
    pub features: Features,
    /// Flows that have not been used for this long go.
    pub idle_timeout: Duration,
    /// Most flows of this worker.
    pub flow_limit: usize,
    /// First generation of its flows' names; should differ between lives of the agent.
    pub generation: u32,
    /// How wide its flows are.
    pub mask_mode: MaskMode,
    /// Its upcall budgets.
    pub budget: Budget,
}

/// A worker's ends of the queues and shared values.
pub(crate) struct WorkerLinks {
    /// What the control plane published last.
    pub snapshots: Arc<ArcSwap<Snapshot>>,
    /// What the control plane asks of this worker.
    pub mailbox: SharedMailbox,
    /// To the control plane.
    pub events: tokio::sync::mpsc::Sender<Event>,
    /// From the writer and the sweeper.
    pub reports: Receiver<Report>,
    /// By which its flows are written.
    pub writer: Arc<SharedWriter>,
    /// What the worker counts.
    pub counters: Arc<WorkerCounters>,
    /// Set once the snapshot is in sync: until then upcalls wait in their socket.
    pub in_sync: Arc<AtomicBool>,
}

/// A packet that outlives the buffer it came in.
#[derive(Clone, Debug)]
pub(crate) struct StoredPacket {
    frame: Vec<u8>,
    origin: Origin,
}

/// Where a packet came from.
#[derive(Clone, Copy, Debug)]
struct Origin {
    ingress: Ingress,
    in_port: u32,
    tunnel: TunnelKey,
    context: PacketContext,
    /// How many packets made by devices led to this one.
    generation: u8,
    /// When it is given up if it has to wait, if it has waited before.
    deadline: Option<u64>,
}

/// One worker.
pub(crate) struct Worker {
    source: Box<dyn UpcallSource>,
    core: Core,
}

struct Core {
    number: usize,
    config: WorkerConfig,
    started: Instant,
    /// When the last turn ended: the time at the begin of the next, as reading the clock is not free.
    last: Instant,
    snapshots: Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>,
    snapshot: Arc<Snapshot>,
    mailbox: SharedMailbox,
    reports: Receiver<Report>,
    writer: Arc<SharedWriter>,
    counters: Arc<WorkerCounters>,
    events: Events,
    simulator: Simulator,
    executor: Box<dyn Executor>,
    admitter: Admitter,
    table: FlowTable,
    tallies: Tallies,
    waiting: WaitingRoom,
    generated: VecDeque<StoredPacket>,
    to_correct: VecDeque<Ufid>,
    inherited: VecDeque<datapath::FlowDump>,
    deadlines: BinaryHeap<Reverse<(u64, Ufid)>>,
    victims: Vec<(Ufid, u64)>,
    arrivals: Arrivals,
    unsent: Vec<FlowWrite>,
    /// Flows that the datapath refused to delete, and when that is tried again at the earliest.
    undeleted: BTreeSet<Ufid>,
    delete_again_at: u64,
    scratch: Vec<u8>,
    memo: Option<Memo>,
    executing: usize,
    in_sync: Arc<AtomicBool>,
    /// All flows of a former life have been handed over: unknown ones may go.
    adopting: bool,
    /// What the control plane waits to be told.
    question: Option<Question>,
}

/// The last flow of the batch: the segments of one large packet come up one by one.
struct Memo {
    key: FlowKey,
    mask: FlowMask,
    actions: Vec<Action>,
}

impl Worker {
    /// A worker with no flows; `number` names it among the workers of the datapath.
    pub(crate) fn new(
        number: usize,
        config: WorkerConfig,
        source: Box<dyn UpcallSource>,
        executor: Box<dyn Executor>,
        links: WorkerLinks,
        now: Instant,
    ) -> Self {
        let snapshot = links.snapshots.load_full();
        let core = Core {
            number,
            started: now,
            last: now,
            snapshots: Cache::new(links.snapshots),
            snapshot,
            mailbox: links.mailbox,
            reports: links.reports,
            writer: links.writer,
            counters: links.counters,
            events: Events::new(links.events),
            simulator: Simulator::new(config.mask_mode),
            executor,
            admitter: Admitter::new(config.budget, now),
            table: FlowTable::new(number, config.flow_limit, config.generation),
            tallies: Tallies::default(),
            waiting: WaitingRoom::default(),
            generated: VecDeque::new(),
            to_correct: VecDeque::new(),
            inherited: VecDeque::new(),
            deadlines: BinaryHeap::new(),
            victims: Vec::new(),
            arrivals: Arrivals::default(),
            unsent: Vec::new(),
            undeleted: BTreeSet::new(),
            delete_again_at: 0,
            scratch: Vec::new(),
            memo: None,
            executing: 0,
            in_sync: links.in_sync,
            adopting: false,
            question: None,
            config,
        };
        Self { source, core }
    }

    /// One turn: takes over what the control plane published, serves upcalls for which it waits up to `timeout`, and
    /// does a bounded part of the other work. Before the first snapshot in sync, upcalls are left where they are.
    ///
    /// # Errors
    /// The upcall socket failed. The worker stays usable.
    pub(crate) fn step(
        &mut self,
        clock: &dyn Fn() -> Instant,
        timeout: Duration,
    ) -> Result<usize, datapath::Error> {
        let Self { source, core } = self;
        // Before the snapshot is taken: one that was in sync then is in hand after.
        let in_sync = core.in_sync.load(Ordering::Acquire);
        core.begin();
        if !in_sync {
            std::thread::sleep(timeout.min(BUSY_TURN));
            core.turn(clock());
            return Ok(0);
        }
        let timeout = core.patience(timeout);
        let mut received = None;
        let served = source.recv(timeout, &mut |upcall| {
            let now = *received.get_or_insert_with(clock);
            core.upcall(&upcall, now);
        });
        core.flush_executor();
        let now = clock();
        if let (Some(received), Ok(count)) = (received, &served) {
            core.counters.latency.record(now.saturating_duration_since(received), *count as u64);
        }
        core.turn(now);
        served
    }

    /// Reads the upcall socket's own counters into the worker's.
    pub(crate) fn read_socket_counters(&self) {
        let stats = self.source.stats();
        self.core.counters.upcall_overruns.set(stats.overruns);
        self.core.counters.upcalls_malformed.set(stats.malformed);
    }
}

impl Core {
    /// Takes the mail first and the snapshot after, so that corrections never run against an older one.
    fn begin(&mut self) {
        let now = self.last;
        let mail = self.mailbox.take();
        let latest = self.snapshots.load();
        let changed = !Arc::ptr_eq(latest, &self.snapshot);
        if changed {
            self.snapshot = Arc::clone(latest);
        }
        self.memo = None;
        if self.number == 0 {
            self.sync_arrivals(now);
        }
        if let Some(mail) = mail {
            self.plan_corrections(&mail.corrections);
            if let Some(round) = mail.confirm {
                self.ask(round);
            }
            for injection in mail.injections {
                self.inject(injection);
            }
        }
        if changed {
            self.resume_answered(now);
        }
        self.simulate_generated(now);
        self.flush_executor();
    }

    fn turn(&mut self, now: Instant) {
        self.last = now;
        self.simulate_generated(now);
        self.flush_executor();
        self.read_reports(now);
        self.correct_some(now);
        self.adopt_some(now);
        self.expire(now);
        self.events.settle();
        self.send_writes();
        self.answer();
        self.counters.flows.set(self.table.len() as u64);
        self.counters.waiting.set(self.waiting.len() as u64);
    }

    /// How long to wait for upcalls: not at all with work in hand, shortly if someone else's move is awaited.
    fn patience(&self, idle: Duration) -> Duration {
        if !self.to_correct.is_empty() || !self.inherited.is_empty() || !self.reports.is_empty() {
            Duration::ZERO
        } else if !self.unsent.is_empty()
            || !self.undeleted.is_empty()
            || self.waiting.len() > 0
            || self.events.owes()
            || self.question.is_some()
        {
            idle.min(BUSY_TURN)
        } else {
            idle
        }
    }

    fn plan_corrections(&mut self, corrections: &Corrections) {
        match corrections {
            Corrections::None => {}
            Corrections::All => {
                self.to_correct.clear();
                self.to_correct.extend(self.table.iter().map(|(ufid, _)| ufid));
                self.all_to_correct();
            }
            Corrections::Tagged(tags) => {
                let mut planned: FxHashMap<Ufid, ()> = FxHashMap::default();
                for ufid in tags.iter().flat_map(|tag| self.table.under(tag)) {
                    if planned.insert(ufid, ()).is_none() {
                        self.to_correct.push_back(ufid);
                    }
                }
                // Named so often that each flow has its turn twice: once is enough.
                if self.to_correct.len() > 2 * self.table.limit() {
                    self.plan_corrections(&Corrections::All);
                }
            }
        }
    }

    fn inject(&mut self, injection: Injection) {
        let origin = Origin::made(injection.ingress, 0);
        self.generated.push_back(StoredPacket { frame: injection.frame, origin });
    }

    fn flush_executor(&mut self) {
        if self.executing == 0 {
            return;
        }
        self.executing = 0;
        match self.executor.flush() {
            Ok(executed) => {
                self.counters.executed.add(executed.done as u64);
                for _ in 0..executed.refused {
                    self.counters.dropped(ShellDrop::ExecuteFailed);
                }
                if let Some(error) = executed.first_error {
                    tracing::trace!(%error, refused = executed.refused, "the datapath refused packets");
                }
            }
            Err(error) => {
                self.counters.dropped(ShellDrop::ExecuteFailed);
                tracing::warn!(%error, "packets could not be handed to the datapath");
            }
        }
    }

    fn send_writes(&mut self) {
        if self.unsent.is_empty() {
            return;
        }
        if let Err(unsent) = self.writer.write(std::mem::take(&mut self.unsent)) {
            self.unsent = unsent;
        }
    }

    fn insert(&mut self, flow: &NewFlow<'_>, now: Instant) -> Option<Ufid> {
        let now_ms = self.ms(now);
        if self.table.len() >= self.table.limit() {
            self.evict(now);
        }
        let mut changes = TagChanges::default();
        let inserted = self.table.insert(flow, now_ms, &mut changes);
        self.events.say_stations(&changes);
        let Ok(ufid) = inserted else {
            self.counters.flows_over_limit.one_more();
            return None;
        };
        self.watch_deadline(ufid, flow.life);
        Some(ufid)
    }

    fn ms(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.started).as_millis()).unwrap_or(u64::MAX)
    }
}

impl Origin {
    /// A packet made by a device of this host, or by the control plane.
    fn made(ingress: Ingress, generation: u8) -> Self {
        Self {
            ingress,
            in_port: 0,
            tunnel: TunnelKey::default(),
            context: PacketContext::default(),
            generation,
            deadline: None,
        }
    }

    fn of(upcall: &Upcall<'_>, ingress: Ingress) -> Self {
        Self {
            ingress,
            in_port: upcall.key.in_port,
            tunnel: upcall.key.tunnel,
            context: upcall.context,
            generation: 0,
            deadline: None,
        }
    }
}

#[cfg(test)]
mod tests;
