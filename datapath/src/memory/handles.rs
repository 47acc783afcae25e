//! What a memory datapath hands out: upcall source, flow writer, executor, port events. Each belongs to one thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError};
use packet::{Action, FlowKey, FlowMask, PacketView};

use super::queue::Queued;
use super::validate::actions_are_valid;
use super::{BATCH, Shared};
use crate::{
    Executed, Executor, FlowOp, FlowOutcome, FlowWriter, OpError, PacketContext, PortEvent, PortEvents,
    Result, Ufid, Upcall, UpcallSource, UpcallStats, Waker, WantStats,
};

/// Port events that wait for one subscriber before it must read the ports again.
const EVENT_ROOM: usize = 1024;

/// The announcing end of a subscription to port events.
pub(super) struct Announcer {
    events: Sender<PortEvent>,
    lost: Arc<AtomicBool>,
}

impl Announcer {
    /// False if the subscriber is gone.
    pub(super) fn announce(&self, event: &PortEvent) -> bool {
        match self.events.try_send(event.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.lost.store(true, Ordering::Relaxed);
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }
}

/// The subscriber's end.
pub(super) struct Events {
    events: Receiver<PortEvent>,
    lost: Arc<AtomicBool>,
}

/// Both ends of a new subscription.
pub(super) fn subscription() -> (Announcer, Events) {
    let (sender, receiver) = crossbeam_channel::bounded(EVENT_ROOM);
    let lost = Arc::new(AtomicBool::new(false));
    (Announcer { events: sender, lost: Arc::clone(&lost) }, Events { events: receiver, lost })
}

impl PortEvents for Events {
    fn recv(&mut self, timeout: Duration, each: &mut dyn FnMut(PortEvent)) -> Result<usize> {
        let first = self.events.recv_timeout(timeout).ok();
        let lost = self.lost.swap(false, Ordering::Relaxed).then_some(PortEvent::Resync);
        let mut n = 0;
        for event in first.into_iter().chain(self.events.try_iter()).chain(lost) {
            n += 1;
            each(event);
        }
        Ok(n)
    }
}

/// The upcall queue of one worker.
pub(super) struct Source {
    pub(super) shared: Arc<Shared>,
    pub(super) worker: usize,
    pub(super) batch: Vec<Queued>,
    pub(super) received: u64,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.shared.queues[self.worker].release();
    }
}

impl UpcallSource for Source {
    fn recv(&mut self, timeout: Duration, each: &mut dyn FnMut(Upcall<'_>)) -> Result<usize> {
        self.shared.queues[self.worker].pop(timeout, BATCH, &mut self.batch);
        let n = self.batch.len();
        for queued in self.batch.drain(..) {
            each(Upcall {
                kind: queued.kind,
                key: queued.key,
                packet: &queued.packet,
                userdata: queued.userdata,
                context: queued.context,
            });
        }
        self.received += n as u64;
        Ok(n)
    }

    fn waker(&self) -> Result<Box<dyn Waker>> {
        Ok(Box::new(QueueWaker { shared: Arc::clone(&self.shared), worker: self.worker }))
    }

    fn stats(&self) -> UpcallStats {
        let overruns = self.shared.queues[self.worker].overruns();
        UpcallStats { received: self.received, overruns, malformed: 0 }
    }
}

struct QueueWaker {
    shared: Arc<Shared>,
    worker: usize,
}

impl Waker for QueueWaker {
    fn wake(&self) {
        self.shared.queues[self.worker].wake();
    }
}

/// Writes flows at once; the outcomes wait for the flush.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) outcomes: Vec<FlowOutcome>,
}

impl Writer {
    fn note(&mut self, ufid: Ufid, op: FlowOp, result: Result<(), OpError>) {
        if let Err(error) = result {
            self.outcomes.push(FlowOutcome::Failed { ufid, op, error });
        }
    }
}

impl FlowWriter for Writer {
    fn put(&mut self, ufid: Ufid, key: &FlowKey, mask: &FlowMask, actions: &[Action]) {
        let result = self.shared.state.lock().table.put(ufid, key, mask, actions);
        self.note(ufid, FlowOp::Put, result);
    }

    fn modify(&mut self, ufid: Ufid, key: &FlowKey, mask: &FlowMask, actions: &[Action], want: WantStats) {
        let result = self.shared.state.lock().table.modify(ufid, key, mask, actions, Instant::now());
        if let (Ok(stats), WantStats::Yes) = (result, want) {
            self.outcomes.push(FlowOutcome::Modified { ufid, stats });
        }
        self.note(ufid, FlowOp::Modify, result.map(drop));
    }

    fn delete(&mut self, ufid: Ufid, want: WantStats) {
        let result = self.shared.state.lock().table.delete(ufid, Instant::now());
        if let (Ok(stats), WantStats::Yes) = (result, want) {
            self.outcomes.push(FlowOutcome::Deleted { ufid, stats });
        }
        self.note(ufid, FlowOp::Delete, result.map(drop));
    }

    fn flush(&mut self, outcome: &mut dyn FnMut(FlowOutcome)) {
        self.outcomes.drain(..).for_each(outcome);
    }
}

/// Runs actions at once; the counts wait for the flush.
pub(super) struct Runner {
    pub(super) shared: Arc<Shared>,
    pub(super) executed: Executed,
}

impl Executor for Runner {
    fn queue(
        &mut self,
        packet: &[u8],
        key: &FlowKey,
        actions: &[Action],
        context: PacketContext,
    ) -> Result<()> {
        let mut state = self.shared.state.lock();
        match PacketView::parse(packet, key.in_port, key.tunnel) {
            Ok(view) if actions_are_valid(actions, view.key()) => {
                self.shared.run(&mut state, actions, view.key(), packet, context);
                self.executed.done += 1;
            }
            _ => {
                self.executed.refused += 1;
                self.executed.first_error.get_or_insert(OpError::Invalid);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<Executed> {
        Ok(std::mem::take(&mut self.executed))
    }
}
