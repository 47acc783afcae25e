//! Which flows depend on which tags. Tags are interned; a flow's place in each tag's list is remembered by the flow, so
//! that taking it out costs one swap per tag.

use rustc_hash::FxHashMap;
use simulation::Tag;

/// A flow's place under one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TagRef {
    tag: u32,
    place: u32,
}

/// Index from tag to flows, which are named by their slot.
#[derive(Debug, Default)]
pub(super) struct TagIndex {
    ids: FxHashMap<Tag, u32>,
    entries: Vec<Entry>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Entry {
    tag: Option<Tag>,
    flows: Vec<u32>,
}

impl TagIndex {
    /// Puts a flow under each of these tags (mentioned once or more). `first` hears of tags that had no flow before.
    pub(super) fn insert(&mut self, slot: u32, tags: &[Tag], first: &mut dyn FnMut(Tag)) -> Box<[TagRef]> {
        let mut refs: Vec<TagRef> = Vec::with_capacity(tags.len());
        for (at, tag) in tags.iter().enumerate() {
            if tags[..at].contains(tag) {
                continue;
            }
            let id = self.intern(*tag);
            let flows = &mut self.entries[id as usize].flows;
            if flows.is_empty() {
                first(*tag);
            }
            refs.push(TagRef { tag: id, place: flows.len() as u32 });
            flows.push(slot);
        }
        refs.into_boxed_slice()
    }

    /// Takes a flow from one of its tags. `moved` hears of the flow that took its place; `last` of a tag that has no
    /// flow any more.
    pub(super) fn remove(
        &mut self,
        at: TagRef,
        moved: &mut dyn FnMut(u32, TagRef),
        last: &mut dyn FnMut(Tag),
    ) {
        let entry = &mut self.entries[at.tag as usize];
        entry.flows.swap_remove(at.place as usize);
        if let Some(slot) = entry.flows.get(at.place as usize) {
            moved(*slot, at);
        } else if entry.flows.is_empty()
            && let Some(tag) = entry.tag.take()
        {
            entry.flows = Vec::new();
            self.ids.remove(&tag);
            self.free.push(at.tag);
            last(tag);
        }
    }

    /// Slots of the flows under a tag.
    pub(super) fn flows(&self, tag: &Tag) -> &[u32] {
        self.ids.get(tag).map_or(&[], |id| &self.entries[*id as usize].flows)
    }

    /// The tags behind a flow's places.
    pub(super) fn tags<'a>(&'a self, refs: &'a [TagRef]) -> impl Iterator<Item = Tag> + 'a {
        refs.iter().filter_map(|at| self.entries[at.tag as usize].tag)
    }

    fn intern(&mut self, tag: Tag) -> u32 {
        *self.ids.entry(tag).or_insert_with(|| {
            let entry = Entry { tag: Some(tag), flows: Vec::new() };
            if let Some(id) = self.free.pop() {
                self.entries[id as usize] = entry;
                id
            } else {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            }
        })
    }
}

impl TagRef {
    /// True if both are places under the same tag.
    pub(super) fn same_tag(self, other: Self) -> bool {
        self.tag == other.tag
    }
}
