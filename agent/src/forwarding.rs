//! The data path as a whole: its threads (workers, the flow writer, the sweeper) and the handle by which the control
//! plane drives them.
//!
//! Dropping the handle stops the threads and leaves the datapath and its flows as they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use datapath::{Datapath, Waker};
use simulation::{MaskMode, Tag};
use tokio::sync::mpsc;

use crate::admission::Budget;
use crate::counters::{SharedCounters, WorkerCounters};
use crate::expiry::Sweeper;
use crate::messages::{Event, Injection, Mailbox, SharedMailbox};
use crate::snapshot::Snapshot;
use crate::worker::{Worker, WorkerConfig, WorkerLinks};
use crate::writer::{SharedWriter, Writes};

/// Reports that wait for a worker.
const REPORT_QUEUE: usize = 256;
/// Events that wait for the control plane.
const EVENT_QUEUE: usize = 8192;
/// How long a worker without upcalls or mail sleeps before it looks at its deadlines.
const IDLE_TURN: Duration = Duration::from_millis(100);
/// Shortest time between two flow dumps.
const MIN_SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// A dump is followed by a pause of so many times its duration, so that few flows are counted soon and many cheaply.
const SWEEP_SHARE: u32 = 100;
/// How long other threads sleep before they look whether to stop.
const STOP_TURN: Duration = Duration::from_millis(200);
/// Pause after the upcall socket failed.
const FAILURE_PAUSE: Duration = Duration::from_millis(100);
/// Turns of a worker between two readings of the socket's counters.
const COUNTER_TURNS: u32 = 64;

/// Settings of the data path.
#[derive(Clone, Debug)]
pub struct ForwardingConfig {
    /// Flows that have not been used for this long go.
    pub idle_timeout: Duration,
    /// Longest time between two flow dumps.
    pub sweep_interval: Duration,
    /// Most flows, over all workers.
    pub flow_limit: usize,
    /// First generation of flow names: random, so that lives of the agent differ.
    pub generation: u32,
    /// How wide flows are: [`MaskMode::Exact`] gives each connection its own.
    pub mask_mode: MaskMode,
    /// Upcall budgets of each worker.
    pub budget: Budget,
}

impl Default for ForwardingConfig {
    fn default() -> Self {
        Self {
            idle_timeout: Duration::from_secs(60),
            sweep_interval: Duration::from_secs(5),
            flow_limit: 200_000,
            generation: 0,
            mask_mode: MaskMode::Megaflow,
            budget: Budget::default(),
        }
    }
}

/// The data path could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The datapath refused a socket.
    #[error(transparent)]
    Datapath(#[from] datapath::Error),
    /// The system refused a thread.
    #[error("cannot start a thread: {0}; raise the limit on processes (ulimit -u, TasksMax=)")]
    Thread(#[from] std::io::Error),
}

/// The running data path.
pub struct Forwarding {
    snapshots: Arc<ArcSwap<Snapshot>>,
    mailboxes: Vec<SharedMailbox>,
    wakers: Vec<Box<dyn Waker>>,
    workers: Vec<Arc<WorkerCounters>>,
    shared: Arc<SharedCounters>,
    writer: Arc<SharedWriter>,
    sweeper: Sender<SweeperOrder>,
    in_sync: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

enum SweeperOrder {
    Inherit,
}

impl Forwarding {
    /// Starts all threads on a datapath, with a first snapshot. The receiver hears what the workers have to say.
    ///
    /// Packets that miss wait in the datapath's upcall sockets until [`Forwarding::adopt_flows`]: so none is dropped,
    /// and no flow made, for want of knowledge.
    ///
    /// # Errors
    /// The datapath or the system refuses; nothing runs then.
    pub fn start(
        config: &ForwardingConfig,
        datapath: &Arc<dyn Datapath>,
        snapshot: Snapshot,
    ) -> Result<(Self, mpsc::Receiver<Event>), StartError> {
        let count = datapath.workers();
        let (events, events_out) = mpsc::channel(EVENT_QUEUE);
        let (reports, reports_out): (Vec<_>, Vec<_>) = (0..count).map(|_| bounded(REPORT_QUEUE)).unzip();
        let (sweeper, orders) = bounded(4);
        let shared = Arc::new(SharedCounters::default());
        let flow_writer = datapath.flow_writer()?;
        let writer = Arc::new(SharedWriter::new(flow_writer, reports.clone(), Arc::clone(&shared)));
        let mut started = Self {
            snapshots: Arc::new(ArcSwap::from_pointee(snapshot)),
            mailboxes: (0..count).map(|_| Arc::new(Mailbox::default())).collect(),
            wakers: Vec::with_capacity(count),
            workers: (0..count).map(|_| Arc::new(WorkerCounters::default())).collect(),
            shared: Arc::clone(&shared),
            writer: Arc::clone(&writer),
            sweeper,
            in_sync: Arc::new(AtomicBool::new(false)),
            stop: Arc::new(AtomicBool::new(false)),
            threads: Vec::new(),
        };
        for (number, reports) in reports_out.into_iter().enumerate() {
            let links = WorkerLinks {
                snapshots: Arc::clone(&started.snapshots),
                mailbox: Arc::clone(&started.mailboxes[number]),
                events: events.clone(),
                reports,
                writer: Arc::clone(&writer),
                counters: Arc::clone(&started.workers[number]),
                in_sync: Arc::clone(&started.in_sync),
            };
            let source = datapath.upcall_source(number)?;
            started.wakers.push(source.waker()?);
            let worker = Worker::new(
                number,
                worker_config(config, datapath.as_ref()),
                source,
                datapath.executor()?,
                links,
                Instant::now(),
            );
            started.spawn(format!("worker-{number}"), move |stop| run_worker(worker, stop))?;
        }
        started.spawn("flow-writer".to_owned(), move |stop| run_writer(&writer, stop))?;
        let swept = Sweeper::new(Arc::clone(datapath), reports, shared);
        let interval = config.sweep_interval;
        started.spawn("flow-sweeper".to_owned(), move |stop| run_sweeper(swept, &orders, interval, stop))?;
        Ok((started, events_out))
    }

    /// Publishes a snapshot; the flows under the tags that the topology's updates named are corrected against it, and
    /// those that datapath ports and peers concern. Packets that wait try again.
    pub fn publish(&self, snapshot: Snapshot, tags: &[Tag]) {
        let snapshot = Arc::new(snapshot);
        let older = self.snapshots.swap(Arc::clone(&snapshot));
        let shell_tags = snapshot.shell_tags_since(&older);
        for mailbox in &self.mailboxes {
            mailbox.correct(tags);
            mailbox.correct(&shell_tags);
        }
        self.wakers.iter().for_each(|waker| waker.wake());
    }

    /// Asks every worker to say [`Event::Corrected`] of this round once the flows that it has are true to what is
    /// published now: to be followed by `catch_up`. One round at a time.
    pub fn confirm(&self, round: u64) {
        self.mailboxes.iter().for_each(|mailbox| mailbox.confirm(round));
        self.wakers.iter().for_each(|waker| waker.wake());
    }

    /// Returns once all flow writes that workers have handed over are in the datapath, or refused. Blocks for some netlink
    /// exchanges.
    pub(crate) fn catch_up(&self) -> Writes {
        self.writer.catch_up()
    }

    /// How many workers there are.
    pub fn worker_count(&self) -> usize {
        self.mailboxes.len()
    }

    /// The snapshot published last.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshots.load_full()
    }

    /// Sends a frame into the virtual network; gives it back if too many wait.
    pub fn inject(&self, injection: Injection) -> Result<(), Injection> {
        let (Some(mailbox), Some(waker)) = (self.mailboxes.first(), self.wakers.first()) else {
            return Err(injection);
        };
        mailbox.inject(injection)?;
        waker.wake();
        Ok(())
    }

    /// Serves upcalls from now on, and takes over the flows that a former life of the agent left. To be called once the
    /// published snapshot is in sync: it has every document reachable from the host's bindings, the local ports, the
    /// port locations and the learned tables.
    pub fn adopt_flows(&self) {
        self.in_sync.store(true, Ordering::Release);
        // A full queue holds the same order already.
        let _already_ordered = self.sweeper.try_send(SweeperOrder::Inherit);
    }

    /// Counters of each worker.
    pub fn worker_counters(&self) -> &[Arc<WorkerCounters>] {
        &self.workers
    }

    /// Counters of the writer and the sweeper.
    pub fn shared_counters(&self) -> &SharedCounters {
        &self.shared
    }

    fn spawn(
        &mut self,
        name: String,
        body: impl FnOnce(&AtomicBool) + Send + 'static,
    ) -> Result<(), std::io::Error> {
        let stop = Arc::clone(&self.stop);
        let thread = thread::Builder::new().name(name).spawn(move || body(&stop))?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for Forwarding {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the data path panicked");
            }
        }
    }
}

/// A worker's share of the host's settings.
fn worker_config(config: &ForwardingConfig, datapath: &dyn Datapath) -> WorkerConfig {
    let workers = datapath.workers().max(1);
    WorkerConfig {
        features: *datapath.features(),
        idle_timeout: config.idle_timeout,
        flow_limit: (config.flow_limit / workers).max(1),
        generation: config.generation,
        mask_mode: config.mask_mode,
        budget: config.budget,
    }
}

fn run_worker(mut worker: Worker, stop: &AtomicBool) {
    let mut turns = 0u32;
    let mut failing = false;
    while !stop.load(Ordering::Relaxed) {
        match worker.step(&Instant::now, IDLE_TURN) {
            Ok(_) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::error!(%error, "upcalls cannot be received; trying again");
                }
                failing = true;
                thread::sleep(FAILURE_PAUSE);
            }
        }
        turns = turns.wrapping_add(1);
        if turns.is_multiple_of(COUNTER_TURNS) {
            worker.read_socket_counters();
        }
    }
}

fn run_writer(writer: &SharedWriter, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        writer.send_queued(STOP_TURN);
    }
}

fn run_sweeper(mut sweeper: Sweeper, orders: &Receiver<SweeperOrder>, interval: Duration, stop: &AtomicBool) {
    let mut next = Instant::now() + interval;
    while !stop.load(Ordering::Relaxed) {
        let patience = next.saturating_duration_since(Instant::now()).min(STOP_TURN);
        match orders.recv_timeout(patience) {
            Ok(SweeperOrder::Inherit) => match sweeper.inherit() {
                Ok(flows) => tracing::info!(flows, "flows of the former agent are being taken over"),
                Err(error) => tracing::warn!(%error, "flows of the former agent could not be read"),
            },
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = Instant::now();
        if now >= next {
            sweeper.sweep(now);
            let spent = now.elapsed();
            next = now + (spent * SWEEP_SHARE).max(MIN_SWEEP_INTERVAL).min(interval);
        }
    }
}
