//! A flow writer that refuses deletions for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datapath::{FlowOp, FlowOutcome, FlowWriter, OpError, Ufid, WantStats};
use packet::{Action, FlowKey, FlowMask};

/// Another writer, but for deletions while it refuses them.
pub(crate) struct Stubborn {
    writer: Box<dyn FlowWriter>,
    refuses: Arc<AtomicBool>,
    refused: Vec<Ufid>,
}

impl Stubborn {
    /// One that refuses while this is set.
    pub(crate) fn boxed(writer: Box<dyn FlowWriter>, refuses: &Arc<AtomicBool>) -> Box<dyn FlowWriter> {
        Box::new(Self { writer, refuses: Arc::clone(refuses), refused: Vec::new() })
    }
}

impl FlowWriter for Stubborn {
    fn put(&mut self, ufid: Ufid, key: &FlowKey, mask: &FlowMask, actions: &[Action]) {
        self.writer.put(ufid, key, mask, actions);
    }

    fn modify(&mut self, ufid: Ufid, key: &FlowKey, mask: &FlowMask, actions: &[Action], want: WantStats) {
        self.writer.modify(ufid, key, mask, actions, want);
    }

    fn delete(&mut self, ufid: Ufid, want: WantStats) {
        if self.refuses.load(Ordering::Relaxed) {
            self.refused.push(ufid);
        } else {
            self.writer.delete(ufid, want);
        }
    }

    fn flush(&mut self, outcome: &mut dyn FnMut(FlowOutcome)) {
        self.writer.flush(outcome);
        for ufid in self.refused.drain(..) {
            outcome(FlowOutcome::Failed { ufid, op: FlowOp::Delete, error: OpError::NoSpace });
        }
    }
}
