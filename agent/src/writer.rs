//! The flow writer: one for all workers, since all flow writes of a datapath share a kernel lock.
//!
//! A worker that finds it free sends its writes itself, in its own turn: the next packet of the flow is then met by it
//! without a change of threads. While another worker sends, writes are queued; the writer thread sends them together.
//! A worker's writes stay in order: it sends itself only when nothing is queued. Failures go back to the worker whose
//! flow it was, and so do the counters that a write asked for; what finds no room in a worker's queue waits here for it.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use datapath::{FlowOutcome, FlowWriter, Ufid, WantStats};
use packet::{Action, FlowKey, FlowMask};
use parking_lot::Mutex;

use crate::counters::SharedCounters;
use crate::expiry::{FailedWrite, Report};
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
    workers: Vec<Told>,
    counters: Arc<SharedCounters>,
}

/// Whether flows are as the workers have written them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writes {
    /// They are.
    Done,
    /// The datapath refused some, and their workers hear of it: they have more to write.
    Refused,
}

/// A worker, and what it is still to be told. That is bounded by its own writes: a worker that reads no reports writes
/// no flows either.
struct Told {
    reports: Sender<Report>,
    failed: Vec<FailedWrite>,
    counted: Vec<(Ufid, u64)>,
    /// It was told, since somebody last caught up, of flows that go on as they did.
    refused: bool,
}

impl SharedWriter {
    /// A writer that reports failures to the workers, by number.
    pub(crate) fn new(
        writer: Box<dyn FlowWriter>,
        reports: Vec<Sender<Report>>,
        counters: Arc<SharedCounters>,
    ) -> Self {
        let told = |reports| Told { reports, failed: Vec::new(), counted: Vec::new(), refused: false };
        let workers = reports.into_iter().map(told).collect();
        let sending = Mutex::new(Sending { writer, workers, counters: Arc::clone(&counters) });
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

    /// The writer thread's turn: waits up to `timeout` for queued writes and sends all that are there. Workers are then
    /// told what there was no room to tell them before.
    pub(crate) fn send_queued(&self, timeout: Duration) {
        if self.bell.1.recv_timeout(timeout).is_ok() {
            self.send(&mut self.sending.lock(), usize::MAX);
        } else {
            self.sending.lock().tell();
        }
    }

    /// Sends what is queued now: once this returns, every write handed over before is in the datapath, or refused since the
    /// last call. Blocks while another thread is sending.
    pub(crate) fn catch_up(&self) -> Writes {
        let batches = self.queue.1.len();
        let mut sending = self.sending.lock();
        self.send(&mut sending, batches);
        let mut writes = Writes::Done;
        for worker in &mut sending.workers {
            if std::mem::take(&mut worker.refused) || !worker.failed.is_empty() {
                writes = Writes::Refused;
            }
        }
        writes
    }

    /// Sends queued batches until there are none, or so many have gone.
    fn send(&self, sending: &mut Sending, mut batches: usize) {
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
        let workers = &mut self.workers;
        self.writer.flush(&mut |outcome| match outcome {
            FlowOutcome::Failed { ufid, op, error } => {
                if let Some(worker) = owner(ufid, workers) {
                    worker.failed.push(FailedWrite { ufid, op, error });
                }
            }
            FlowOutcome::Modified { ufid, stats } | FlowOutcome::Deleted { ufid, stats } => {
                if let Some(worker) = owner(ufid, workers) {
                    worker.counted.push((ufid, stats.packets));
                }
            }
        });
        self.counters.writes.add(count as u64);
        self.tell();
    }

    fn tell(&mut self) {
        self.workers.iter_mut().for_each(Told::tell);
    }
}

impl Told {
    /// Tells the worker as far as there is room: the writer never waits for one.
    fn tell(&mut self) {
        if !self.failed.is_empty() {
            let refused = self.failed.iter().any(FailedWrite::is_refusal);
            let report = Report::WritesFailed(std::mem::take(&mut self.failed));
            match self.reports.try_send(report) {
                Err(TrySendError::Full(Report::WritesFailed(failed))) => self.failed = failed,
                _ => self.refused |= refused,
            }
        }
        if !self.counted.is_empty() {
            let report = Report::Counted(std::mem::take(&mut self.counted));
            if let Err(TrySendError::Full(Report::Counted(counted))) = self.reports.try_send(report) {
                self.counted = counted;
            }
        }
    }
}

/// The worker whose flow it is, or to whom it fell when it was taken over from a life with more workers.
fn owner(ufid: Ufid, workers: &mut [Told]) -> Option<&mut Told> {
    let (index, _) = ufid.slot()?;
    let worker = worker_of(index) % workers.len().max(1);
    workers.get_mut(worker)
}

#[cfg(test)]
pub(crate) mod stubborn;

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use datapath::{Datapath, DumpDetail, MemoryDatapath};
    use packet::TunnelKey;

    use super::stubborn::Stubborn;
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
    fn a_failure_waits_for_room_in_the_worker_s_queue() {
        let dp = MemoryDatapath::new("midspan", 1);
        let (reports, failures) = bounded(1);
        let writer = SharedWriter::new(dp.flow_writer().unwrap(), vec![reports], Arc::default());
        for slot in 0..3 {
            writer.write(vec![FlowWrite::Delete(Ufid::of_slot(slot, 1), WantStats::No)]).unwrap();
        }
        let mut failed = Vec::new();
        while let Ok(Report::WritesFailed(some)) = failures.try_recv() {
            failed.extend(some.into_iter().map(|write| write.ufid));
            writer.send_queued(Duration::ZERO);
        }
        assert_eq!(failed, [0, 1, 2].map(|slot| Ufid::of_slot(slot, 1)), "none was there to be deleted");
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
        assert_eq!(writer.catch_up(), Writes::Done);
        assert_eq!(flows(&dp), 1);
        assert!(failures.is_empty(), "they came in order");
    }

    #[test]
    fn who_catches_up_is_told_once_of_a_flow_that_could_not_be_changed() {
        let dp = MemoryDatapath::new("midspan", 1);
        let (writer, _failures) = writer(&dp);
        let modify = |ufid| {
            // A tunnel to nowhere is refused.
            let actions = vec![Action::SetTunnel(TunnelKey::default())];
            let body = FlowBody { ufid, key: FlowKey::default(), mask: FlowMask::any(), actions };
            vec![FlowWrite::Modify(Box::new(body), WantStats::No)]
        };
        writer.write(put(Ufid::of_slot(0, 1))).unwrap();
        writer.write(modify(Ufid::of_slot(0, 1))).unwrap();
        assert_eq!((writer.catch_up(), writer.catch_up()), (Writes::Refused, Writes::Done));
    }

    #[test]
    fn who_catches_up_is_told_once_of_a_flow_that_could_not_be_deleted() {
        let dp = MemoryDatapath::new("midspan", 1);
        let (reports, _failures) = bounded(8);
        let stubborn = Stubborn::boxed(dp.flow_writer().unwrap(), &Arc::new(AtomicBool::new(true)));
        let writer = SharedWriter::new(stubborn, vec![reports], Arc::default());
        writer.write(put(Ufid::of_slot(0, 1))).unwrap();
        writer.write(vec![FlowWrite::Delete(Ufid::of_slot(0, 1), WantStats::No)]).unwrap();
        assert_eq!((writer.catch_up(), writer.catch_up()), (Writes::Refused, Writes::Done));
    }

    #[test]
    fn who_catches_up_is_told_of_refusals_until_the_worker_has_had_room_to_hear_of_them() {
        let dp = MemoryDatapath::new("midspan", 1);
        let (reports, failures) = bounded(1);
        let stubborn = Stubborn::boxed(dp.flow_writer().unwrap(), &Arc::new(AtomicBool::new(true)));
        let writer = SharedWriter::new(stubborn, vec![reports], Arc::default());
        for slot in 0..2 {
            writer.write(vec![FlowWrite::Delete(Ufid::of_slot(slot, 1), WantStats::No)]).unwrap();
        }
        assert_eq!((writer.catch_up(), writer.catch_up()), (Writes::Refused, Writes::Refused));
        failures.try_recv().unwrap();
        writer.send_queued(Duration::ZERO);
        assert_eq!((writer.catch_up(), writer.catch_up()), (Writes::Refused, Writes::Done));
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
