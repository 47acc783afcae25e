//! The reference forwarder: the virtual devices once more, as plainly as can be, to hold the engine against.
//!
//! It shares no code with the engine: it reads the objects (not compiled documents), scans lists, copies packets, and
//! knows nothing of masks, tags or speed. Only the words of the contract (drop reasons, needs) are the same.
#![allow(clippy::expect_used, clippy::panic, reason = "a broken invariant must fail the test")]

mod bridge;
mod chain;
mod router;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::{BridgeId, DocumentKey, Port, PortDevice, PortId, RouterId, State};
use packet::{FlowKey, MacAddr, Quoted, VLAN_PRESENT};
use simulation::{DropReason, Ingress, Need};

/// What has been learned, in plain maps.
#[derive(Clone, Default)]
pub struct Learned {
    /// Stations: bridge, VID, address to port.
    pub macs: BTreeMap<(BridgeId, u16, MacAddr), PortId>,
    /// Neighbours; `None` for one that does not answer.
    pub neighbours: BTreeMap<(RouterId, IpAddr), Option<MacAddr>>,
    /// Active exterior ports.
    pub active: BTreeSet<PortId>,
}

/// A packet as it leaves the network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivered {
    /// By this port.
    pub port: PortId,
    /// Ethernet source.
    pub src: MacAddr,
    /// Ethernet destination.
    pub dst: MacAddr,
    /// VIDs, outermost first.
    pub vids: Vec<u16>,
    /// TTL.
    pub ttl: u8,
}

/// What became of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It left the network, once or more; sorted.
    Delivered(Vec<Delivered>),
    /// A device took it.
    Consumed,
    /// It was dropped.
    Dropped(DropReason),
    /// Something must be known first.
    Needs(Need),
}

/// Something that a packet taught.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lesson {
    /// Where a station is.
    Mac(BridgeId, u16, MacAddr, PortId),
    /// Who a neighbour is.
    Neighbour(RouterId, PortId, IpAddr, MacAddr),
}

/// Fate of a packet, what it taught, and by which ports devices answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Result {
    /// What became of it.
    pub fate: Fate,
    /// What it taught.
    pub lessons: BTreeSet<Lesson>,
    /// Ports by which devices sent packets of their own.
    pub answers: BTreeSet<PortId>,
}

/// One copy of the packet.
#[derive(Clone)]
struct Copy {
    key: FlowKey,
    src: MacAddr,
    dst: MacAddr,
    /// Outermost first.
    vids: Vec<u16>,
    ttl: u8,
    quoted: Option<Quoted>,
    entered_by: Option<PortId>,
    path: Vec<uuid::Uuid>,
}

/// The whole walk ends.
enum Stop {
    Needs(Need),
    TooManyDevices,
}

type Walked = std::result::Result<(), Stop>;

/// The forwarder at work on one packet.
pub struct Reference<'a> {
    state: &'a State,
    learned: &'a Learned,
    /// Which of several equally good routes to take, in order of asking; the first when it runs out.
    script: &'a [usize],
    /// How many there were to choose from, in order of asking.
    pub choices: Vec<usize>,
    entered: usize,
    delivered: Vec<Delivered>,
    dropped: Option<DropReason>,
    consumed: bool,
    lessons: BTreeSet<Lesson>,
    answers: BTreeSet<PortId>,
}

impl<'a> Reference<'a> {
    /// A forwarder that takes its choices from a script.
    pub fn new(state: &'a State, learned: &'a Learned, script: &'a [usize]) -> Self {
        Self {
            state,
            learned,
            script,
            choices: Vec::new(),
            entered: 0,
            delivered: Vec::new(),
            dropped: None,
            consumed: false,
            lessons: BTreeSet::new(),
            answers: BTreeSet::new(),
        }
    }

    /// Forwards one packet.
    pub fn forward(&mut self, key: &FlowKey, quoted: Option<Quoted>, ingress: Ingress) -> Result {
        let tcis = [key.vlan_tci, key.inner_vlan_tci];
        let mut copy = Copy {
            key: *key,
            src: key.eth_src,
            dst: key.eth_dst,
            vids: tcis.iter().filter(|t| **t & VLAN_PRESENT != 0).map(|t| t & 0xfff).collect(),
            ttl: key.ip_ttl,
            quoted,
            entered_by: None,
            path: Vec::new(),
        };
        let walked = match ingress {
            Ingress::Port(id) => {
                copy.entered_by = Some(id);
                self.enter(id, copy)
            }
            Ingress::Emit(id) => match self.state.port(id) {
                Some(port) => {
                    copy.path.push(owner(port));
                    self.emit(port, copy)
                }
                None => self.drop(DropReason::PortUnknown(id)),
            },
        };
        self.delivered.sort();
        let fate = match walked {
            Err(Stop::Needs(need)) => {
                self.answers.clear();
                Fate::Needs(need)
            }
            Err(Stop::TooManyDevices) => {
                self.answers.clear();
                self.lessons.clear();
                Fate::Dropped(DropReason::TooManyDevices)
            }
            Ok(()) if !self.delivered.is_empty() => Fate::Delivered(std::mem::take(&mut self.delivered)),
            Ok(()) if self.consumed => Fate::Consumed,
            Ok(()) => Fate::Dropped(self.dropped.expect("a packet that went nowhere was dropped")),
        };
        Result { fate, lessons: self.lessons.clone(), answers: self.answers.clone() }
    }

    fn enter(&mut self, id: PortId, mut copy: Copy) -> Walked {
        let Some(port) = self.state.port(id) else { return self.drop(DropReason::PortUnknown(id)) };
        self.entered += 1;
        if copy.path.len() == 12 || self.entered == 256 {
            return Err(Stop::TooManyDevices);
        }
        copy.path.push(owner(port));
        match port.device {
            PortDevice::Bridge { bridge, .. } | PortDevice::Vxlan { bridge, .. } => {
                if !port.admin_state_up {
                    return self.drop(DropReason::PortDown(id));
                }
                if let Some(reason) = self.filter_untagged(port.inbound_filter, Some(port), None, &copy)? {
                    return self.drop(reason.drop_reason());
                }
                self.bridge(bridge, port, copy)
            }
            PortDevice::Router { router, .. } => self.router(router, port, copy),
        }
    }

    fn emit(&mut self, port: &Port, copy: Copy) -> Walked {
        if let Some(peer) = port.peer {
            return self.enter(peer, copy);
        }
        if port.binding.is_none() || !self.learned.active.contains(&port.id) {
            return self.drop(DropReason::PortInactive(port.id));
        }
        let Copy { src, dst, vids, ttl, .. } = copy;
        self.delivered.push(Delivered { port: port.id, src, dst, vids, ttl });
        Ok(())
    }

    fn drop(&mut self, reason: DropReason) -> Walked {
        self.dropped.get_or_insert(reason);
        Ok(())
    }

    fn answer(&mut self, port: &Port) {
        self.answers.insert(port.id);
    }
}

fn owner(port: &Port) -> uuid::Uuid {
    match port.device {
        PortDevice::Bridge { bridge, .. } | PortDevice::Vxlan { bridge, .. } => bridge.0,
        PortDevice::Router { router, .. } => router.0,
    }
}

fn need(key: DocumentKey) -> Stop {
    Stop::Needs(Need::Document(key))
}
