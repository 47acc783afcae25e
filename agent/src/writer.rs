//! The flow writer: the one thread that writes flows, since all flow writes of a datapath share a kernel lock.
//!
//! Workers queue batches over one bounded channel. Whatever is there is sent together; failures go back to the worker
//! whose flow it was. A failure that finds no room is found again by the next dump.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError};
use datapath::{FlowOutcome, FlowWriter, Ufid, WantStats};
use packet::{Action, FlowKey, FlowMask};

use crate::counters::SharedCounters;
use crate::expiry::Report;
use crate::flow_table::worker_of;

/// Operations sent at once, at most.
const MAX_BATCH: usize = 2048;

/// One flow write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FlowWrite {
    /// A new flow.
    Put(Box<FlowBody>),
    /// Other actions for a flow; key and mask as they were put.
    Modify(Box<FlowBody>),
    /// The end of a flow.
    Delete(Ufid),
}

/// A flow as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FlowBody {
    /// Name.
    pub ufid: Ufid,
    /// Key.
    pub key: FlowKey,
    /// Mask.
    pub mask: FlowMask,
    /// Actions.
    pub actions: Vec<Action>,
}

/// Sends what the workers queue.
pub(crate) struct WriterLoop {
    writer: Box<dyn FlowWriter>,
    queue: Receiver<Vec<FlowWrite>>,
    reports: Vec<Sender<Report>>,
    counters: Arc<SharedCounters>,
}

impl WriterLoop {
    /// A loop over `queue` that reports failures to the workers, by number.
    pub(crate) fn new(
        writer: Box<dyn FlowWriter>,
        queue: Receiver<Vec<FlowWrite>>,
        reports: Vec<Sender<Report>>,
        counters: Arc<SharedCounters>,
    ) -> Self {
        Self { writer, queue, reports, counters }
    }

    /// Waits up to `timeout` for writes and sends all that are there. False once every worker is gone.
    pub(crate) fn step(&mut self, timeout: Duration) -> bool {
        let first = match self.queue.recv_timeout(timeout) {
            Ok(batch) => batch,
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        };
        let mut queued = first.len();
        first.into_iter().for_each(|write| self.queue_one(write));
        while queued < MAX_BATCH
            && let Ok(batch) = self.queue.try_recv()
        {
            queued += batch.len();
            batch.into_iter().for_each(|write| self.queue_one(write));
        }
        self.counters.writes_queued.set(self.queue.len() as u64);
        self.flush(queued);
        true
    }

    fn queue_one(&mut self, write: FlowWrite) {
        match write {
            FlowWrite::Put(flow) => self.writer.put(flow.ufid, &flow.key, &flow.mask, &flow.actions),
            FlowWrite::Modify(flow) => self.writer.modify(flow.ufid, &flow.key, &flow.mask, &flow.actions),
            FlowWrite::Delete(ufid) => self.writer.delete(ufid, WantStats::No),
        }
    }

    fn flush(&mut self, queued: usize) {
        let reports = &self.reports;
        let flushed = self.writer.flush(&mut |outcome| {
            if let FlowOutcome::Failed { ufid, op, error } = outcome
                && let Some((index, _)) = ufid.slot()
                && let Some(worker) = reports.get(worker_of(index))
            {
                match worker.try_send(Report::WriteFailed { ufid, op, error }) {
                    Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
                }
            }
        });
        self.counters.writes.add(queued as u64);
        if let Err(error) = flushed {
            self.counters.write_errors.one_more();
            tracing::warn!(%error, "flow writes were not sent; the next dump repairs the table");
        }
    }
}
