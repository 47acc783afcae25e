//! Pushing and popping VLAN tags.

use zerocopy::IntoBytes;

use crate::VLAN_PRESENT;
use crate::header::{EthernetHeader, VlanTag};

/// Offset of the outermost tag: behind the addresses.
const TAG: usize = 12;

/// Puts a tag outside any other; `None` if there is no Ethernet header.
pub(super) fn push(frame: &mut Vec<u8>, tpid: u16, tci: u16) -> Option<()> {
    EthernetHeader::parse(frame)?;
    let tag = VlanTag { tpid: tpid.into(), tci: (tci & !VLAN_PRESENT).into() };
    frame.splice(TAG..TAG, tag.as_bytes().iter().copied());
    Some(())
}

/// Takes the outermost tag off, if there is one.
pub(super) fn pop(frame: &mut Vec<u8>) {
    if frame.get(TAG..).is_some_and(|rest| VlanTag::parse(rest).is_some()) {
        frame.drain(TAG..TAG + VlanTag::LEN);
    }
}
