//! From outputs with their headers to the shortest list of actions: each output's difference from the one before.
//!
//! Outputs are ordered by TTL decrements, since a decrement cannot be undone. Where a header must be put back to what
//! the packet came with, that becomes a constant of the action, so its bits become part of the mask.

use packet::{Field, SetField, VLAN_PRESENT, ethertype};
use smallvec::SmallVec;

use crate::VirtualAction;
use crate::walk::Leaf;
use crate::walk::headers::{Headers, VlanStack};
use crate::walk::observe::Observed;

pub(crate) type Actions = SmallVec<[VirtualAction; 6]>;

/// Composes the actions for all outputs.
pub(crate) fn compose(leaves: &mut [Leaf], seen: &mut Observed<'_>) -> Actions {
    let rank = |leaf: &Leaf| (leaf.headers.ttl_decrements, leaf.headers.vlan.popped);
    if !leaves.is_sorted_by_key(rank) {
        leaves.sort_unstable_by_key(|leaf| (rank(leaf), leaf.port));
    }
    let mut actions = Actions::new();
    let mut now = Headers::default();
    for leaf in leaves {
        pop_tags(&now.vlan, &leaf.headers.vlan, &mut actions);
        for _ in now.ttl_decrements..leaf.headers.ttl_decrements {
            actions.push(VirtualAction::DecTtl);
        }
        set_ethernet(&now, &leaf.headers, seen, &mut actions);
        push_tags(&now.vlan, &leaf.headers.vlan, seen, &mut actions);
        actions.push(VirtualAction::Output(leaf.port));
        now = leaf.headers;
    }
    actions
}

fn set_ethernet(now: &Headers, then: &Headers, seen: &mut Observed<'_>, actions: &mut Actions) {
    if now.ethernet == then.ethernet {
        return;
    }
    let (src, dst) = match then.ethernet {
        Some(ethernet) => (ethernet.src, ethernet.dst),
        None => {
            seen.mask.add_all(&[Field::EthSrc, Field::EthDst]);
            (seen.key.eth_src, seen.key.eth_dst)
        }
    };
    let changed = |old: Option<packet::MacAddr>, new| (old != Some(new)).then_some(new);
    let (old_src, old_dst) = (now.ethernet.map(|e| e.src), now.ethernet.map(|e| e.dst));
    let (src, dst) = (changed(old_src, src), changed(old_dst, dst));
    actions.push(VirtualAction::Set(SetField::Ethernet { src, dst }));
}

/// How many of the pushed tags, from the innermost, both stacks have in common.
fn common(now: &VlanStack, then: &VlanStack) -> usize {
    if now.popped != then.popped {
        return 0;
    }
    now.pushed().iter().zip(then.pushed()).take_while(|(a, b)| a == b).count()
}

fn pop_tags(now: &VlanStack, then: &VlanStack, actions: &mut Actions) {
    let pushed = now.pushed().len() - common(now, then);
    let own = then.popped.saturating_sub(now.popped);
    for _ in 0..pushed + usize::from(own) {
        actions.push(VirtualAction::PopVlan);
    }
}

fn push_tags(now: &VlanStack, then: &VlanStack, seen: &mut Observed<'_>, actions: &mut Actions) {
    for own in (then.popped..now.popped).rev() {
        let (tpid, tci) = own_tag(seen, own);
        actions.push(VirtualAction::PushVlan { tpid, tci });
    }
    for vid in &then.pushed()[common(now, then)..] {
        actions.push(VirtualAction::PushVlan { tpid: ethertype::VLAN, tci: vid | VLAN_PRESENT });
    }
}

/// One of the packet's own tags, to be put back whole.
fn own_tag(seen: &mut Observed<'_>, index: u8) -> (u16, u16) {
    let (key, mask) = (seen.key, &mut seen.mask);
    if index == 0 {
        mask.add_all(&[Field::VlanTpid, Field::VlanTci]);
        (key.vlan_tpid, key.vlan_tci)
    } else {
        mask.add_all(&[Field::InnerVlanTpid, Field::InnerVlanTci]);
        (key.inner_vlan_tpid, key.inner_vlan_tci)
    }
}
