//! The contract of a datapath driver: [`Datapath`], [`FlowWriter`], [`Executor`].
//!
//! Threads: a [`Datapath`] is shared (`&self`, any thread); a writer or executor belongs to one thread at a time.

use packet::{Action, DpPort, FlowKey, FlowMask};

use crate::{
    DatapathStats, DumpDetail, Features, FlowDump, FlowOutcome, OpError, PacketContext, PortEvents, PortInfo,
    PortSpec, Result, Ufid, UpcallSource, WantStats,
};

/// One datapath: a set of ports, a table of masked flows, and a way to see what matched none of them.
///
/// The datapath, its ports and its flows outlive the value (and, for the kernel driver, the process).
pub trait Datapath: Send + Sync {
    /// Name of the datapath, which is also that of its local port (port 0).
    fn name(&self) -> &str;

    /// What the datapath can do, probed once at start.
    fn features(&self) -> &Features;

    /// How many upcall sources there are: valid workers are `0..workers()`.
    fn workers(&self) -> usize;

    /// Every port, the local one (port 0) among them.
    fn ports(&self) -> Result<Vec<PortInfo>>;

    /// Adds a port and returns its number.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchDevice`] if a netdev port's interface does not exist, [`crate::Error::DeviceBusy`] if it
    /// belongs to another datapath or bridge, [`crate::Error::PortExists`] if it is a port here already or the wished
    /// number is taken.
    fn add_port(&self, spec: &PortSpec) -> Result<DpPort>;

    /// Removes a port; flows that mention it stay. The interface of a netdev port stays too.
    ///
    /// # Errors
    /// [`crate::Error::NoSuchPort`].
    fn remove_port(&self, port: DpPort) -> Result<()>;

    /// Subscribes to ports coming and going, by our hand or not.
    fn port_events(&self) -> Result<Box<dyn PortEvents>>;

    /// Lookup counters since the datapath was made.
    fn stats(&self) -> Result<DatapathStats>;

    /// The upcall queue of worker `worker`; each can be taken once.
    ///
    /// # Errors
    /// [`crate::Error::WorkerTaken`] if it is out already or `worker` is not below [`Datapath::workers`].
    fn upcall_source(&self, worker: usize) -> Result<Box<dyn UpcallSource>>;

    /// A new flow writer. All flow writes of a datapath share one kernel lock: use one and batch.
    fn flow_writer(&self) -> Result<Box<dyn FlowWriter>>;

    /// A new executor, one per worker.
    fn executor(&self) -> Result<Box<dyn Executor>>;

    /// Calls `each` for every flow in the datapath, those of others too, and returns how many there were.
    ///
    /// Flows that come or go meanwhile may be missed; no flow is reported twice unless it was replaced.
    fn dump_flows(&self, detail: DumpDetail, each: &mut dyn FnMut(&FlowDump)) -> Result<usize>;

    /// Deletes every flow that `keep` refuses, whoever installed it and whether or not it has a UFID; returns how many.
    ///
    /// `keep` sees the flow with full detail; a flow that this crate cannot express has `key`, `mask` or `actions` of
    /// `None`.
    fn retain_flows(&self, keep: &mut dyn FnMut(&FlowDump) -> bool) -> Result<usize>;

    /// Deletes every flow.
    fn flush_flows(&self) -> Result<()>;
}

/// Queues flow writes and sends them in big batches.
///
/// A full buffer is sent on its own; the outcomes are kept for the next [`FlowWriter::flush`]. Masks are clipped to
/// what is legal for the key and narrowed to what the actions need (see [`crate::effective_mask`]), so a dump may
/// show more mask bits than were given, never fewer that matter.
pub trait FlowWriter: Send {
    /// Queues a new flow. Fails with [`OpError::Exists`] if the UFID or the masked key is in the table.
    fn put(&mut self, ufid: Ufid, key: &FlowKey, mask: &FlowMask, actions: &[Action]);

    /// Queues a change of actions. `key` and `mask` must be those of the put: the kernel checks actions against them.
    /// Counters go on; [`WantStats::Yes`] asks what they were at the change ([`FlowOutcome::Modified`]).
    fn modify(&mut self, ufid: Ufid, key: &FlowKey, mask: &FlowMask, actions: &[Action], want: WantStats);

    /// Queues a deletion; [`WantStats::Yes`] asks for the flow's last counters ([`FlowOutcome::Deleted`]).
    fn delete(&mut self, ufid: Ufid, want: WantStats);

    /// Sends what is queued and reports each failure, and each operation that asked for counters. Silence is success.
    ///
    /// Where the transport fails, every operation that it concerns is reported: as [`OpError::NotSent`], or as
    /// [`OpError::Unanswered`] if it may have taken effect.
    fn flush(&mut self, outcome: &mut dyn FnMut(FlowOutcome));
}

/// Runs actions on packets of the agent's.
///
/// Of the key only metadata matters (ingress port, tunnel, recirculation): headers are re-read from the packet.
pub trait Executor: Send {
    /// Queues one packet. Sends what was queued before if the buffer is full.
    ///
    /// # Errors
    /// [`crate::Error::PacketTooBig`] above 65,535 bytes; transport errors of the implied flush.
    fn queue(
        &mut self,
        packet: &[u8],
        key: &FlowKey,
        actions: &[Action],
        context: PacketContext,
    ) -> Result<()>;

    /// Runs what is queued, in order; when it returns the packets are on their way.
    fn flush(&mut self) -> Result<Executed>;

    /// Queues one packet and flushes.
    fn execute(
        &mut self,
        packet: &[u8],
        key: &FlowKey,
        actions: &[Action],
        context: PacketContext,
    ) -> Result<Executed> {
        self.queue(packet, key, actions, context)?;
        self.flush()
    }
}

/// What became of the packets since the last flush.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Executed {
    /// Packets whose actions ran.
    pub done: usize,
    /// Packets that the datapath refused (a vanished port is not a refusal: it is a silent drop, as in a flow).
    pub refused: usize,
    /// Why the first of them was.
    pub first_error: Option<OpError>,
}
