//! What devices have changed in a packet's headers so far, as a difference from the packet as it came.

use packet::MacAddr;

/// Accumulated header changes of one copy of the packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers {
    /// New Ethernet addresses, if a router has set them.
    pub(crate) ethernet: Option<Ethernet>,
    /// Changes to the stack of VLAN tags.
    pub(crate) vlan: VlanStack,
    /// How many routers have decremented the TTL.
    pub(crate) ttl_decrements: u8,
}

/// Ethernet addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ethernet {
    pub(crate) src: MacAddr,
    pub(crate) dst: MacAddr,
}

/// The most tags that a frame may have: what a flow key shows of them.
pub(crate) const MAX_TAGS: usize = 2;

/// The packet's own tags, less those popped, below those pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct VlanStack {
    /// Of the packet's own tags, how many outermost ones are gone.
    pub(crate) popped: u8,
    len: u8,
    vids: [u16; MAX_TAGS],
}

impl VlanStack {
    /// VIDs of the pushed tags, the innermost first.
    pub(crate) fn pushed(&self) -> &[u16] {
        &self.vids[..usize::from(self.len)]
    }

    /// Adds a tag on the outside. False if the stack of pushed tags is full.
    #[must_use]
    pub(crate) fn push(&mut self, vid: u16) -> bool {
        let Some(slot) = self.vids.get_mut(usize::from(self.len)) else { return false };
        *slot = vid;
        self.len += 1;
        true
    }

    /// Takes the outermost tag off.
    pub(crate) fn pop(&mut self) {
        if self.len > 0 {
            self.len -= 1;
            self.vids[usize::from(self.len)] = 0;
        } else {
            self.popped += 1;
        }
    }
}
