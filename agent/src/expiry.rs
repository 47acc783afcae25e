//! Dumps that drive expiry, statistics and adoption: the sweeper thread reads the datapath's flows and tells each worker
//! about its own.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Sender;
use datapath::{Datapath, DumpDetail, FlowDump, FlowOp, FlowStats, OpError, Ufid};

use crate::counters::SharedCounters;
use crate::flow_table::worker_of;

/// Flows told of at once.
const CHUNK: usize = 256;

/// What other threads tell a worker about its flows.
#[derive(Debug)]
pub(crate) enum Report {
    /// Writes that had no effect, in their order.
    WritesFailed(Vec<FailedWrite>),
    /// Packets that flows had matched when writes that asked for it changed or deleted them, in the order of the writes.
    Counted(Vec<(Ufid, u64)>),
    /// Flows that a dump found, with their counters.
    Found {
        /// Number of the dump.
        dump: u32,
        /// The flows.
        flows: Vec<(Ufid, FlowStats)>,
    },
    /// A dump has ended: flows that are older than it, and that it did not find, are not in the datapath.
    DumpEnded {
        /// Number of the dump.
        dump: u32,
        /// When it began.
        began: Instant,
    },
    /// Flows of a former life of the agent.
    Inherited(Vec<FlowDump>),
    /// All of those have been told.
    InheritanceEnded,
}

/// A write that had no effect, or for all that is known had none.
#[derive(Debug)]
pub(crate) struct FailedWrite {
    /// The flow.
    pub ufid: Ufid,
    /// What was asked.
    pub op: FlowOp,
    /// Why it failed.
    pub error: OpError,
}

impl FailedWrite {
    /// The flow goes on as it did: the datapath refused what was to become of it.
    pub(crate) fn is_refusal(&self) -> bool {
        self.op != FlowOp::Put && self.error != OpError::NotFound
    }
}

/// Reads the datapath's flows.
pub(crate) struct Sweeper {
    datapath: Arc<dyn Datapath>,
    workers: Vec<Sender<Report>>,
    counters: Arc<SharedCounters>,
    dump: u32,
}

impl Sweeper {
    /// A sweeper that reports to these workers, by number.
    pub(crate) fn new(
        datapath: Arc<dyn Datapath>,
        workers: Vec<Sender<Report>>,
        counters: Arc<SharedCounters>,
    ) -> Self {
        Self { datapath, workers, counters, dump: 0 }
    }

    /// Reads names and counters of all flows.
    pub(crate) fn sweep(&mut self, began: Instant) {
        self.dump = self.dump.wrapping_add(1).max(1);
        let dump = self.dump;
        let mut chunks: Vec<Vec<(Ufid, FlowStats)>> = vec![Vec::new(); self.workers.len()];
        let mut foreign = 0;
        let workers = &self.workers;
        let result = self.datapath.dump_flows(DumpDetail::StatsOnly, &mut |flow| {
            let owner =
                flow.ufid.and_then(|ufid| Some((ufid, worker_of(ufid.slot()?.0) % workers.len().max(1))));
            let Some((ufid, worker)) = owner else {
                foreign += 1;
                return;
            };
            chunks[worker].push((ufid, flow.stats));
            if chunks[worker].len() == CHUNK {
                tell(&workers[worker], Report::Found { dump, flows: std::mem::take(&mut chunks[worker]) });
            }
        });
        match result {
            Ok(flows) => {
                self.counters.dumps.one_more();
                self.counters.datapath_flows.set(flows as u64);
                self.counters.foreign_flows.set(foreign);
                self.counters.dump_us.set(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
                for (worker, flows) in workers.iter().zip(chunks) {
                    tell(worker, Report::Found { dump, flows });
                    tell(worker, Report::DumpEnded { dump, began });
                }
            }
            Err(error) => {
                self.counters.dump_errors.one_more();
                tracing::warn!(%error, "flows could not be dumped; idle flows stay until the next dump");
            }
        }
    }

    /// Reads all flows in full and hands those of this agent's former life to the workers.
    pub(crate) fn inherit(&self) -> Result<usize, datapath::Error> {
        let mut chunks: Vec<Vec<FlowDump>> = vec![Vec::new(); self.workers.len()];
        let mut inherited = 0;
        let workers = &self.workers;
        self.datapath.dump_flows(DumpDetail::Full, &mut |flow| {
            let Some((index, _)) = flow.ufid.and_then(Ufid::slot) else { return };
            let worker = worker_of(index) % workers.len().max(1);
            inherited += 1;
            chunks[worker].push(flow.clone());
            if chunks[worker].len() == CHUNK {
                tell(&workers[worker], Report::Inherited(std::mem::take(&mut chunks[worker])));
            }
        })?;
        for (worker, flows) in workers.iter().zip(chunks) {
            tell(worker, Report::Inherited(flows));
            tell(worker, Report::InheritanceEnded);
        }
        Ok(inherited)
    }
}

/// Waits for room: the sweeper has time. A worker that is gone needs no reports.
fn tell(worker: &Sender<Report>, report: Report) {
    let _gone = worker.send(report);
}
