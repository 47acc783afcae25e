//! The flows of one worker: a slab whose slots and generations are the flows' names in the datapath.
//!
//! Owned by its worker; no locks. Times are milliseconds since the worker started. An entry is kept lean: the key as
//! the first packet had it, the mask by number, actions by fingerprint, tags by number.

mod tags;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use datapath::Ufid;
use foldhash::quality::RandomState;
use packet::{Action, FlowKey, FlowMask};
use rustc_hash::FxHashMap;
use simulation::Tag;

use self::tags::{TagIndex, TagRef};
use crate::counters::Drop;

/// Bits of a slot index that number the slot within its worker; those above are the worker's.
const SLOT_BITS: u32 = 24;

/// The worker whose table this slot index belongs to.
pub(crate) fn worker_of(index: u32) -> usize {
    (index >> SLOT_BITS) as usize
}

/// How a flow ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// When it has not been used for the idle time.
    Idle,
    /// At this time, used or not.
    Until(u64),
    /// The same, unless the neighbour that it depends on by now has answered: until then it does what it did before.
    Asking(u64),
    /// Only by the one who made it.
    Kept,
}

impl Life {
    /// The time at which the flow ends, used or not, if there is one.
    pub(crate) fn deadline(self) -> Option<u64> {
        match self {
            Self::Until(deadline) | Self::Asking(deadline) => Some(deadline),
            Self::Idle | Self::Kept => None,
        }
    }
}

/// How much of a packet a flow's key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyOrigin {
    /// Every field of a packet that matched.
    Packet,
    /// The bits under the mask only.
    Dump,
}

/// A flow to be remembered.
#[derive(Clone, Debug)]
pub(crate) struct NewFlow<'a> {
    /// Key of a packet that matches.
    pub key: FlowKey,
    /// What the key holds.
    pub origin: KeyOrigin,
    /// Mask.
    pub mask: FlowMask,
    /// Actions.
    pub actions: &'a [Action],
    /// Why they drop the packets, or one of the copies.
    pub dropped: Option<Drop>,
    /// What they depend on.
    pub tags: &'a [Tag],
    /// How the flow ends.
    pub life: Life,
}

/// A flow.
#[derive(Debug)]
pub(crate) struct Flow {
    /// Key of a packet that matches.
    pub key: FlowKey,
    /// What the key holds.
    pub origin: KeyOrigin,
    /// How it ends.
    pub life: Life,
    /// When it was last written to the datapath.
    pub written: u64,
    /// When a packet last matched it, as far as known.
    pub used: u64,
    /// Packets that matched in the datapath.
    pub packets: u64,
    /// Bytes that matched in the datapath.
    pub bytes: u64,
    /// Why the packets, or one of the copies, are dropped.
    pub dropped: Option<Drop>,
    /// Number of the last dump that had it.
    pub dump: u32,
    mask: u32,
    actions: u64,
    tags: Box<[TagRef]>,
}

/// Tags that had their first flow, or lost their last, by a change of the table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TagChanges {
    /// Had none before.
    pub first: Vec<Tag>,
    /// Have none any more.
    pub last: Vec<Tag>,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    flow: Option<Box<Flow>>,
}

/// The table is at its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableFull;

/// Flows of one worker.
#[derive(Debug)]
pub(crate) struct FlowTable {
    first_index: u32,
    first_generation: u32,
    limit: usize,
    slots: Vec<Slot>,
    free: Vec<u32>,
    count: usize,
    masks: Vec<FlowMask>,
    mask_ids: HashMap<FlowMask, u32, RandomState>,
    by_match: FxHashMap<u64, u32>,
    index: TagIndex,
    hasher: RandomState,
}

impl FlowTable {
    /// An empty table of the numbered worker, for at most `limit` flows. `generation` should differ between lives of
    /// the agent, so that flows of a former life are not taken for new ones.
    pub(crate) fn new(worker: usize, limit: usize, generation: u32) -> Self {
        Self {
            first_index: (worker as u32) << SLOT_BITS,
            first_generation: generation,
            limit: limit.min(1 << SLOT_BITS),
            slots: Vec::new(),
            free: Vec::new(),
            count: 0,
            masks: Vec::new(),
            mask_ids: HashMap::default(),
            by_match: FxHashMap::default(),
            index: TagIndex::default(),
            hasher: RandomState::default(),
        }
    }

    /// Flows in the table.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Most flows that the table takes.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Remembers a flow under a new name.
    pub(crate) fn insert(
        &mut self,
        new: &NewFlow<'_>,
        now: u64,
        changes: &mut TagChanges,
    ) -> Result<Ufid, TableFull> {
        if self.count >= self.limit {
            return Err(TableFull);
        }
        let slot = self.free_slot();
        self.fill(slot, new, now, changes);
        Ok(self.name(slot))
    }

    /// Remembers a flow under the name that it has in the datapath. False if the name's slot is taken or out of range.
    pub(crate) fn adopt(
        &mut self,
        ufid: Ufid,
        new: &NewFlow<'_>,
        now: u64,
        changes: &mut TagChanges,
    ) -> bool {
        let Some((slot, generation)) = self.place_of(ufid) else { return false };
        if self.count >= self.limit || slot as usize >= self.limit {
            return false;
        }
        while self.slots.len() <= slot as usize {
            self.free.push(self.slots.len() as u32);
            self.slots.push(Slot { generation: self.first_generation, flow: None });
        }
        if self.slots[slot as usize].flow.is_some() {
            return false;
        }
        self.slots[slot as usize].generation = generation;
        self.fill(slot, new, now, changes);
        true
    }

    /// The flow of this name.
    pub(crate) fn get(&self, ufid: Ufid) -> Option<&Flow> {
        let (slot, generation) = self.place_of(ufid)?;
        self.slots.get(slot as usize).filter(|s| s.generation == generation)?.flow.as_deref()
    }

    /// The flow of this name, to update its times and counters.
    pub(crate) fn get_mut(&mut self, ufid: Ufid) -> Option<&mut Flow> {
        let (slot, generation) = self.place_of(ufid)?;
        self.slots.get_mut(slot as usize).filter(|s| s.generation == generation)?.flow.as_deref_mut()
    }

    /// The flow that a packet with this key belongs to, if it were installed with this mask.
    pub(crate) fn find(&self, key: &FlowKey, mask: &FlowMask) -> Option<Ufid> {
        let mask_id = *self.mask_ids.get(mask)?;
        let slot = *self.by_match.get(&self.match_hash(key, mask_id))?;
        let flow = self.slots[slot as usize].flow.as_ref()?;
        (flow.mask == mask_id && mask.matches(&flow.key, key)).then(|| self.name(slot))
    }

    /// Mask of a flow.
    pub(crate) fn mask(&self, flow: &Flow) -> FlowMask {
        self.masks[flow.mask as usize]
    }

    /// True if the flow has these actions.
    pub(crate) fn has_actions(&self, flow: &Flow, actions: &[Action]) -> bool {
        flow.actions == self.fingerprint(actions)
    }

    /// Replaces what a flow does and depends on; its match stays.
    pub(crate) fn update(
        &mut self,
        ufid: Ufid,
        actions: &[Action],
        dropped: Option<Drop>,
        tags: &[Tag],
        life: Life,
        changes: &mut TagChanges,
    ) {
        let fingerprint = self.fingerprint(actions);
        let Some((slot, _)) = self.place_of(ufid).filter(|_| self.get(ufid).is_some()) else { return };
        self.retag(slot, tags, changes);
        if let Some(flow) = &mut self.slots[slot as usize].flow {
            flow.actions = fingerprint;
            flow.dropped = dropped;
            flow.life = life;
        }
    }

    /// Has a flow depend on more, and end otherwise; what it does stays.
    pub(crate) fn extend(&mut self, ufid: Ufid, tags: &[Tag], life: Life, changes: &mut TagChanges) {
        let Some((slot, _)) = self.place_of(ufid) else { return };
        let Some(flow) = self.get(ufid) else { return };
        let all: Vec<Tag> = self.index.tags(&flow.tags).chain(tags.iter().copied()).collect();
        self.retag(slot, &all, changes);
        if let Some(flow) = self.get_mut(ufid) {
            flow.life = life;
        }
    }

    /// Forgets a flow.
    pub(crate) fn remove(&mut self, ufid: Ufid, changes: &mut TagChanges) -> Option<Box<Flow>> {
        let (slot, generation) = self.place_of(ufid)?;
        let entry = self.slots.get_mut(slot as usize).filter(|s| s.generation == generation)?;
        let flow = entry.flow.take()?;
        entry.generation = generation.wrapping_add(1);
        self.free.push(slot);
        self.count -= 1;
        let hash = self.match_hash(&flow.key, flow.mask);
        if self.by_match.get(&hash) == Some(&slot) {
            self.by_match.remove(&hash);
        }
        self.forget(&flow.tags, changes);
        Some(flow)
    }

    /// Names of the flows under a tag.
    pub(crate) fn under(&self, tag: &Tag) -> impl Iterator<Item = Ufid> {
        self.index.flows(tag).iter().map(|slot| self.name(*slot))
    }

    /// Every flow with its name, by slot.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Ufid, &Flow)> {
        self.slots.iter().enumerate().filter_map(|(slot, entry)| {
            entry
                .flow
                .as_deref()
                .map(|flow| (Ufid::of_slot(self.first_index | slot as u32, entry.generation), flow))
        })
    }

    /// A slot without a flow. Slots on the free list may have been adopted into since.
    fn free_slot(&mut self) -> u32 {
        while let Some(slot) = self.free.pop() {
            if self.slots[slot as usize].flow.is_none() {
                return slot;
            }
        }
        self.slots.push(Slot { generation: self.first_generation, flow: None });
        (self.slots.len() - 1) as u32
    }

    fn fill(&mut self, slot: u32, new: &NewFlow<'_>, now: u64, changes: &mut TagChanges) {
        let mask = self.intern_mask(&new.mask);
        let tags = self.index.insert(slot, new.tags, &mut |tag| changes.first.push(tag));
        let flow = Flow {
            key: new.key,
            origin: new.origin,
            life: new.life,
            written: now,
            used: now,
            packets: 0,
            bytes: 0,
            dropped: new.dropped,
            dump: 0,
            mask,
            actions: self.fingerprint(new.actions),
            tags,
        };
        self.by_match.insert(self.match_hash(&new.key, mask), slot);
        self.slots[slot as usize].flow = Some(Box::new(flow));
        self.count += 1;
    }

    fn retag(&mut self, slot: u32, tags: &[Tag], changes: &mut TagChanges) {
        if self.has_tags(slot, tags) {
            return;
        }
        let new = self.index.insert(slot, tags, &mut |tag| changes.first.push(tag));
        let old = self.slots[slot as usize].flow.as_mut().map(|flow| std::mem::replace(&mut flow.tags, new));
        // The flow's own new places must not be mistaken for its old ones, so the old ones go after.
        self.forget(&old.unwrap_or_default(), changes);
    }

    fn forget(&mut self, refs: &[TagRef], changes: &mut TagChanges) {
        for at in refs {
            let slots = &mut self.slots;
            let mut moved = |slot: u32, to: TagRef| {
                let flow = slots[slot as usize].flow.as_mut();
                if let Some(place) = flow.and_then(|flow| flow.tags.iter_mut().find(|p| p.same_tag(to))) {
                    *place = to;
                }
            };
            self.index.remove(*at, &mut moved, &mut |tag| changes.last.push(tag));
        }
    }

    fn has_tags(&self, slot: u32, tags: &[Tag]) -> bool {
        let Some(flow) = &self.slots[slot as usize].flow else { return false };
        let mut known = 0;
        for tag in self.index.tags(&flow.tags) {
            if !tags.contains(&tag) {
                return false;
            }
            known += 1;
        }
        let distinct = tags.iter().enumerate().filter(|(at, tag)| !tags[..*at].contains(tag)).count();
        known == distinct
    }

    fn intern_mask(&mut self, mask: &FlowMask) -> u32 {
        if let Some(id) = self.mask_ids.get(mask) {
            return *id;
        }
        let id = self.masks.len() as u32;
        self.masks.push(*mask);
        self.mask_ids.insert(*mask, id);
        id
    }

    fn match_hash(&self, key: &FlowKey, mask: u32) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        self.masks[mask as usize].apply(key).hash(&mut hasher);
        mask.hash(&mut hasher);
        hasher.finish()
    }

    fn fingerprint(&self, actions: &[Action]) -> u64 {
        self.hasher.hash_one(actions)
    }

    fn name(&self, slot: u32) -> Ufid {
        Ufid::of_slot(self.first_index | slot, self.slots[slot as usize].generation)
    }

    fn place_of(&self, ufid: Ufid) -> Option<(u32, u32)> {
        let (index, generation) = ufid.slot()?;
        let slot = index & ((1 << SLOT_BITS) - 1);
        (index - slot == self.first_index).then_some((slot, generation))
    }
}

#[cfg(test)]
mod tests;
