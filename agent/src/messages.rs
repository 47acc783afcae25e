//! The contract between the workers and the control plane: what they say to each other, over bounded queues.
//!
//! ```text
//! control plane ── Snapshot (arc-swap), Mailbox (one per worker) ──▶ workers
//! control plane ◀── Event (tokio mpsc, try_send: full is a counted loss) ── workers
//! ```

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{BridgeId, PortId, RouterId};
use packet::MacAddr;
use parking_lot::Mutex;
use rustc_hash::FxHashSet;
use simulation::{Ingress, Need, Tag};

/// Tags that a mailbox holds before it asks for every flow to be simulated again instead.
const MAX_TAGS: usize = 4096;
/// Frames that a mailbox holds.
const MAX_FRAMES: usize = 256;

/// What a worker tells the control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A packet waits for this; answer with a snapshot in which it is known, or known to have failed.
    Needed(Need),
    /// A station was seen behind a port.
    MacSeen {
        /// Where.
        station: Station,
        /// Port of that bridge.
        port: PortId,
    },
    /// A worker has a first flow from this station: what was learned of it must not expire.
    MacInUse(Station),
    /// A worker's last flow from this station is gone: what was learned of it may expire.
    MacUnused(Station),
    /// A neighbour's hardware address was seen.
    ArpSeen {
        /// Router that saw it.
        router: RouterId,
        /// The neighbour.
        ip: IpAddr,
        /// Its address.
        mac: MacAddr,
        /// Port of the router by which it was seen.
        port: PortId,
    },
    /// The flows are true to what was published before [`Mailbox::confirm`] asked, here or in the writer's hands.
    Corrected {
        /// Number of the worker.
        worker: usize,
        /// Which question it answers.
        round: u64,
    },
}

/// A station on a bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Station {
    /// The bridge.
    pub bridge: BridgeId,
    /// VID, 0 for untagged.
    pub vlan: u16,
    /// The station.
    pub mac: MacAddr,
}

/// Which flows may no longer be true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Corrections {
    /// None.
    #[default]
    None,
    /// Those under these tags.
    Tagged(FxHashSet<Tag>),
    /// Any.
    All,
}

/// A frame that the control plane sends into the virtual network (an ARP request, for instance).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// Where it starts.
    pub ingress: Ingress,
    /// The frame, from its Ethernet header on.
    pub frame: Vec<u8>,
}

/// What waits for one worker. Bounded: too many tags become "correct everything", too many frames are refused.
#[derive(Debug, Default)]
pub struct Mailbox {
    filled: AtomicBool,
    content: Mutex<Mail>,
}

/// The content of a mailbox.
#[derive(Debug, Default)]
pub struct Mail {
    /// Flows to simulate again, against the snapshot that is current when the mail is read.
    pub corrections: Corrections,
    /// Frames to simulate.
    pub injections: Vec<Injection>,
    /// The control plane wants to hear [`Event::Corrected`] of this round, once.
    pub confirm: Option<u64>,
}

impl Mailbox {
    /// Asks for the flows under these tags to be corrected. The snapshot that changed them must be published already.
    pub fn correct(&self, tags: &[Tag]) {
        if tags.is_empty() {
            return;
        }
        let mut mail = self.content.lock();
        mail.corrections = match std::mem::take(&mut mail.corrections) {
            Corrections::All => Corrections::All,
            Corrections::None => Corrections::Tagged(tags.iter().copied().collect()),
            Corrections::Tagged(mut all) => {
                all.extend(tags);
                Corrections::Tagged(all)
            }
        };
        if matches!(&mail.corrections, Corrections::Tagged(all) if all.len() > MAX_TAGS) {
            mail.corrections = Corrections::All;
        }
        self.filled.store(true, Ordering::Release);
    }

    /// Asks to be told when the corrections asked for until now are made.
    pub fn confirm(&self, round: u64) {
        self.content.lock().confirm = Some(round);
        self.filled.store(true, Ordering::Release);
    }

    /// Hands the worker a frame; gives it back if there is no room.
    pub fn inject(&self, injection: Injection) -> Result<(), Injection> {
        let mut mail = self.content.lock();
        if mail.injections.len() >= MAX_FRAMES {
            return Err(injection);
        }
        mail.injections.push(injection);
        self.filled.store(true, Ordering::Release);
        Ok(())
    }

    /// Takes what is there. One relaxed load when nothing is.
    pub(crate) fn take(&self) -> Option<Mail> {
        if !self.filled.load(Ordering::Relaxed) {
            return None;
        }
        let mut mail = self.content.lock();
        self.filled.store(false, Ordering::Relaxed);
        Some(std::mem::take(&mut mail))
    }
}

/// Mailboxes are shared between the control plane and their worker.
pub type SharedMailbox = Arc<Mailbox>;
