//! Upcalls: packets that the datapath hands to the agent, borrowed from the receive buffer.
//!
//! An [`UpcallSource`] belongs to one worker thread.

use std::time::Duration;

use packet::FlowKey;

use crate::Result;

/// Why the packet came up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UpcallKind {
    /// No flow matched (`OVS_PACKET_CMD_MISS`).
    Miss,
    /// A [`packet::Action::Userspace`] sent it (`OVS_PACKET_CMD_ACTION`).
    Action,
}

/// What the datapath knows of a packet beside its bytes; handed back with [`crate::Executor::queue`] so that
/// hashes and fragment sizes stay what they were.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PacketContext {
    /// `OVS_PACKET_ATTR_HASH`: flow hash with its kind bits.
    pub hash: Option<u64>,
    /// `OVS_PACKET_ATTR_MRU`: largest fragment received, bytes.
    pub mru: Option<u16>,
}

/// One packet from the datapath.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Upcall<'a> {
    /// Why it came.
    pub kind: UpcallKind,
    /// The datapath's own reading of the packet; `key.in_port` is where it came in.
    pub key: FlowKey,
    /// The frame from its Ethernet header on, VLAN tags included.
    pub packet: &'a [u8],
    /// The cookie of the userspace action.
    pub userdata: Option<u64>,
    /// Hash and fragment size, to hand back on execute.
    pub context: PacketContext,
}

/// Counters of one upcall source since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UpcallStats {
    /// Upcalls delivered.
    pub received: u64,
    /// Upcalls lost because the queue was full.
    pub overruns: u64,
    /// Messages that were not well-formed upcalls of this datapath.
    pub malformed: u64,
}

/// Ends the wait of an upcall source, from any thread.
pub trait Waker: Send + Sync {
    /// Makes the current wait, or else the next one, end at once.
    fn wake(&self);
}

/// The upcall queue of one worker.
pub trait UpcallSource: Send {
    /// Waits up to `timeout` for packets, then hands over what is there (at most 64) and returns how many.
    ///
    /// Zero is a timeout, an interrupted wait, a [`Waker`] or only malformed messages: all ordinary. A full queue loses packets,
    /// which [`UpcallSource::stats`] counts; it is never an error.
    ///
    /// # Errors
    /// The socket itself failed, or the datapath is gone.
    fn recv(&mut self, timeout: Duration, each: &mut dyn FnMut(Upcall<'_>)) -> Result<usize>;

    /// A way to end its waits.
    ///
    /// # Errors
    /// The system refuses a socket.
    fn waker(&self) -> Result<Box<dyn Waker>>;

    /// Counters; reading them may take a system call.
    fn stats(&self) -> UpcallStats;
}
