//! The masked flow table of the memory datapath: one hash table per mask, first hit in mask order wins.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use foldhash::quality::RandomState;
use packet::{Action, FlowKey, FlowMask};

use super::validate::actions_are_valid;
use crate::{FlowDump, FlowStats, OpError, Ufid, effective_mask};

/// One flow.
pub(super) struct Flow {
    key: FlowKey,
    mask: FlowMask,
    pub(super) actions: Arc<[Action]>,
    packets: u64,
    bytes: u64,
    used: Option<Instant>,
    tcp_flags: u8,
}

impl Flow {
    fn stats(&self, now: Instant) -> FlowStats {
        FlowStats {
            packets: self.packets,
            bytes: self.bytes,
            used_ms_ago: self.used.map(|used| now.duration_since(used).as_millis() as u64),
            tcp_flags: self.tcp_flags,
        }
    }

    /// Counts one packet.
    pub(super) fn count(&mut self, bytes: usize, tcp_flags: u16, now: Instant) {
        self.packets += 1;
        self.bytes += bytes as u64;
        self.used = Some(now);
        self.tcp_flags |= tcp_flags as u8;
    }
}

/// All flows. Invariant: `masks[i].1` is never empty, and maps exactly the flows of that mask.
#[derive(Default)]
pub(super) struct Table {
    flows: HashMap<Ufid, Flow, RandomState>,
    masks: Vec<(FlowMask, HashMap<FlowKey, Ufid, RandomState>)>,
}

impl Table {
    /// The first flow that matches, and how many masks were tried.
    pub(super) fn lookup(&mut self, key: &FlowKey) -> (Option<&mut Flow>, usize) {
        let hit = self.find(key);
        let tried = hit.map_or(self.masks.len(), |(i, _)| i + 1);
        (hit.and_then(|(_, ufid)| self.flows.get_mut(&ufid)), tried)
    }

    fn find(&self, key: &FlowKey) -> Option<(usize, Ufid)> {
        let mut masks = self.masks.iter().enumerate();
        masks.find_map(|(i, (mask, flows))| flows.get(&mask.apply(key)).map(|ufid| (i, *ufid)))
    }

    pub(super) fn put(
        &mut self,
        ufid: Ufid,
        key: &FlowKey,
        mask: &FlowMask,
        actions: &[Action],
    ) -> Result<(), OpError> {
        let mask = effective_mask(key, mask, actions);
        let masked = mask.apply(key);
        if !actions_are_valid(actions, &masked) {
            return Err(OpError::Invalid);
        }
        if self.flows.contains_key(&ufid) || self.find(&masked).is_some() {
            return Err(OpError::Exists);
        }
        let flow = Flow {
            key: masked,
            mask,
            actions: actions.into(),
            packets: 0,
            bytes: 0,
            used: None,
            tcp_flags: 0,
        };
        self.flows.insert(ufid, flow);
        match self.masks.iter_mut().find(|(m, _)| *m == mask) {
            Some((_, flows)) => drop(flows.insert(masked, ufid)),
            None => self.masks.push((mask, HashMap::from_iter([(masked, ufid)]))),
        }
        Ok(())
    }

    pub(super) fn modify(
        &mut self,
        ufid: Ufid,
        key: &FlowKey,
        mask: &FlowMask,
        actions: &[Action],
        now: Instant,
    ) -> Result<FlowStats, OpError> {
        if !actions_are_valid(actions, &effective_mask(key, mask, actions).apply(key)) {
            return Err(OpError::Invalid);
        }
        let flow = self.flows.get_mut(&ufid).ok_or(OpError::NotFound)?;
        flow.actions = actions.into();
        Ok(flow.stats(now))
    }

    pub(super) fn delete(&mut self, ufid: Ufid, now: Instant) -> Result<FlowStats, OpError> {
        let flow = self.flows.remove(&ufid).ok_or(OpError::NotFound)?;
        if let Some(i) = self.masks.iter().position(|(mask, _)| *mask == flow.mask) {
            self.masks[i].1.remove(&flow.key);
            if self.masks[i].1.is_empty() {
                self.masks.remove(i);
            }
        }
        Ok(flow.stats(now))
    }

    pub(super) fn clear(&mut self) {
        self.flows.clear();
        self.masks.clear();
    }

    pub(super) fn flows(&self) -> usize {
        self.flows.len()
    }

    pub(super) fn masks(&self) -> usize {
        self.masks.len()
    }

    pub(super) fn dump(&self, now: Instant) -> Vec<FlowDump> {
        let dump = |(ufid, flow): (&Ufid, &Flow)| FlowDump {
            ufid: Some(*ufid),
            key: Some(flow.key),
            mask: Some(flow.mask),
            actions: Some(flow.actions.to_vec()),
            stats: flow.stats(now),
        };
        self.flows.iter().map(dump).collect()
    }
}
