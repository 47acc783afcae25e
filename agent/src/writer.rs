//! The flow writer: one for all workers, since all flow writes of a datapath share a kernel lock.
//!
//! A worker that finds it free sends its writes itself, in its own turn: the next packet of the flow is then met by it
//! without a change of threads. While another worker sends, writes are queued; the writer thread sends them together.
//! A worker's writes stay in order: it sends itself only when nothing is queued. Failures go back to the worker whose
//! flow it was, and so do the counters that a write asked for. A failure that finds no room is found again by the next
//! dump; counters that find none are given up.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use datapath::{FlowOutcome, FlowWriter, Ufid, WantStats};
use packet::{Action, FlowKey, FlowMask};
use parking_lot::Mutex;

use crate::counters::SharedCounters;
use crate::expiry::Report;
use crate::flow_table::worker_of;

/// Operations of the queue sent at once, at most.
const MAX_BATCH: usize = 2048;
/// Batches of flow writes that wait for the writer thread.
const QUEUE: usize = 256;

/// One flow write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FlowWrite {
    /// A new flow.
    Put(Box<FlowBody>),
    /// Other actions for a flow; key and mask as they were put.
    Modify(Box<FlowBody>, WantStats),
    /// The end of a flow.
    Delete(Ufid, WantStats),
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

/// The writer as workers and the writer thread share it.
pub(crate) struct SharedWriter {
    /// Batches leave the queue, and are sent, only under this lock.
    sending: Mutex<Sending>,
    queue: (Sender<Vec<FlowWrite>>, Receiver<Vec<FlowWrite>>),
    /// Rouses the writer thread.
    bell: (Sender<()>, Receiver<()>),
    counters: Arc<SharedCounters>,
}

struct Sending {
    writer: Box<dyn FlowWriter>,
    reports: Vec<Sender<Report>>,
    counters: Arc<SharedCounters>,
}

impl SharedWriter {
    /// A writer that reports failures to the workers, by number.
    pub(crate) fn new(
        writer: Box<dyn FlowWriter>,
        reports: Vec<Sender<Report>>,
        counters: Arc<SharedCounters>,
    ) -> Self {
        let sending = Mutex::new(Sending { writer, reports, counters: Arc::clone(&counters) });
        Self { sending, queue: bounded(QUEUE), bell: bounded(1), counters }
    }

    /// Sends a worker's writes, or queues them if another worker is sending; gives them back if the queue is full.
    pub(crate) fn write(&self, batch: Vec<FlowWrite>) -> Result<(), Vec<FlowWrite>> {
        if let Some(mut sending) = self.sending.try_lock()
            && self.queue.1.is_empty()
        {
            let count = batch.len();
            batch.into_iter().for_each(|write| sending.add(write));
            sending.flush(count);
            return Ok(());
        }
        self.queue.0.try_send(batch).map_err(TrySendError::into_inner)?;
        // If it rings already, the thread has not looked yet.
        let _rings = self.bell.0.try_send(());
        Ok(())
    }

    /// The writer thread's turn: waits up to `timeout` for queued writes and sends all that are there.
    pub(crate) fn send_queued(&self, timeout: Duration) {
        if self.bell.1.recv_timeout(timeout).is_ok() {
            self.send(usize::MAX);
        }
    }

    /// Sends what is queued now: once this returns, every write handed over before is in the datapath. Blocks while another
    /// thread is sending.
    pub(crate) fn catch_up(&self) {
        self.send(self.queue.1.len());
    }

    /// Sends queued batches until there are none, or so many have gone.
    fn send(&self, mut batches: usize) {
        let mut sending = self.sending.lock();
        loop {
            let mut count = 0;
            while count < MAX_BATCH
                && batches > 0
                && let Ok(batch) = self.queue.1.try_recv()
            {
                batches -= 1;
                count += batch.len();
                batch.into_iter().for_each(|write| sending.add(write));
            }
            self.counters.writes_queued.set(self.queue.1.len() as u64);
            if count == 0 {
                return;
            }
            sending.flush(count);
        }
    }
}

impl Sending {
    fn add(&mut self, write: FlowWrite) {
        match write {
            FlowWrite::Put(flow) => self.writer.put(flow.ufid, &flow.key, &flow.mask, &flow.actions),
            FlowWrite::Modify(flow, want) => {
                self.writer.modify(flow.ufid, &flow.key, &flow.mask, &flow.actions, want);
            }
            FlowWrite::Delete(ufid, want) => self.writer.delete(ufid, want),
        }
    }

    fn flush(&mut self, count: usize) {
        let reports = &self.reports;
        // By worker, once there is something to tell.
        let mut counted: Vec<Vec<(Ufid, u64)>> = Vec::new();
        let flushed = self.writer.flush(&mut |outcome| match outcome {
            FlowOutcome::Failed { ufid, op, error } => {
                if let Some(worker) = owner(ufid).and_then(|worker| reports.get(worker)) {
                    report(worker, Report::WriteFailed { ufid, op, error });
                }
            }
            FlowOutcome::Modified { ufid, stats } | FlowOutcome::Deleted { ufid, stats } => {
                counted.resize_with(reports.len(), Vec::new);
                if let Some(counted) = owner(ufid).and_then(|worker| counted.get_mut(worker)) {
                    counted.push((ufid, stats.packets));
                }
            }
        });
        for (worker, counted) in reports.iter().zip(counted).filter(|(_, counted)| !counted.is_empty()) {
            report(worker, Report::Counted(counted));
        }
        self.counters.writes.add(count as u64);
        if let Err(error) = flushed {
            self.counters.write_errors.one_more();
            tracing::warn!(%error, "flow writes were not sent; the next dump repairs the table");
        }
    }
}

fn owner(ufid: Ufid) -> Option<usize> {
    ufid.slot().map(|(index, _)| worker_of(index))
}

/// The writer never waits for a worker.
fn report(worker: &Sender<Report>, report: Report) {
    match worker.try_send(report) {
        Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use datapath::{Datapath, DumpDetail, MemoryDatapath};

    use super::*;

    fn put(ufid: Ufid) -> Vec<FlowWrite> {
        let (key, mask) = (FlowKey::default(), FlowMask::any());
        vec![FlowWrite::Put(Box::new(FlowBody { ufid, key, mask, actions: Vec::new() }))]
    }

    fn writer(dp: &MemoryDatapath) -> (SharedWriter, Receiver<Report>) {
        let (reports, failures) = bounded(8);
        (SharedWriter::new(dp.flow_writer().unwrap(), vec![reports], Arc::default()), failures)
    }

    fn flows(dp: &MemoryDatapath) -> usize {
        dp.dump_flows(DumpDetail::StatsOnly, &mut |_| ()).unwrap()
    }

    #[test]
    fn a_worker_that_finds_the_writer_free_writes_at_once() {
        let dp = MemoryDatapath::new("midspan", 1);
        let (writer, failures) = writer(&dp);
        writer.write(put(Ufid::of_slot(0, 1))).unwrap();
        assert_eq!(flows(&dp), 1);
        assert!(failures.is_empty());
    }

    #[test]
    fn writes_stay_in_order_when_the_writer_was_busy_for_the_first() {
        let dp = MemoryDatapath::new("midspan", 1);
        let (writer, failures) = writer(&dp);
        let ufid = Ufid::of_slot(0, 1);
        let busy = writer.sending.lock();
        writer.write(put(ufid)).unwrap();
        drop(busy);
        writer.write(vec![FlowWrite::Delete(ufid, WantStats::No)]).unwrap();
        assert_eq!(flows(&dp), 0, "the deletion waits behind the flow");
        writer.send_queued(Duration::ZERO);
        assert_eq!(flows(&dp), 0);
        assert!(failures.is_empty(), "the flow was there when it was deleted");
    }

    #[test]
    fn who_catches_up_finds_every_write_in_the_datapath() {
        let dp = MemoryDatapath::new("midspan", 1);
        let (writer, failures) = writer(&dp);
        let busy = writer.sending.lock();
        writer.write(put(Ufid::of_slot(0, 1))).unwrap();
        writer.write(vec![FlowWrite::Delete(Ufid::of_slot(0, 1), WantStats::No)]).unwrap();
        writer.write(put(Ufid::of_slot(1, 1))).unwrap();
        drop(busy);
        writer.catch_up();
        assert_eq!(flows(&dp), 1);
        assert!(failures.is_empty(), "they came in order");
    }

    #[test]
    fn a_full_queue_gives_the_writes_back() {
        let dp = MemoryDatapath::new("midspan", 1);
        let (writer, _failures) = writer(&dp);
        let busy = writer.sending.lock();
        for slot in 0..QUEUE {
            writer.write(put(Ufid::of_slot(slot as u32, 1))).unwrap();
        }
        assert_eq!(writer.write(put(Ufid::of_slot(9999, 1))), Err(put(Ufid::of_slot(9999, 1))));
        drop(busy);
        writer.send_queued(Duration::ZERO);
        assert_eq!(writer.write(put(Ufid::of_slot(9999, 1))), Ok(()));
    }
}
