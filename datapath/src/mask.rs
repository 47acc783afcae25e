//! Masks as a datapath will really hold them.
//!
//! The kernel takes mask bits only on fields that the key has, matches some fields all or nothing, and checks actions
//! against the *masked* key. [`effective_mask`] makes any wish legal by narrowing, never by widening: a flow so changed
//! is true wherever the wished one was. Both drivers use it, so they hold the same flows.

use packet::{Action, FlowKey, FlowMask, SetField, TunnelKey, VLAN_PRESENT, tunnel_flags};

/// The mask to install for `key` when `mask` is wished and `actions` shall run.
pub fn effective_mask(key: &FlowKey, mask: &FlowMask, actions: &[Action]) -> FlowMask {
    let mut mask = *mask;
    narrow_for_actions(&mut mask.0, actions);
    mask.clip_to(key);
    // Of a tag that is not there the kernel holds every bit as matched; what is behind a tag it takes only with an
    // EtherType.
    if key.vlan_tci & VLAN_PRESENT == 0 {
        mask.0.vlan_tci = 0xffff;
    } else {
        mask.0.eth_type = 0xffff;
    }
    if key.inner_vlan_tci & VLAN_PRESENT == 0 {
        mask.0.inner_vlan_tci = 0xffff;
    }
    fit_tunnel(&mut mask.0.tunnel, &key.tunnel);
    mask
}

/// Actions on a header need to know that it is there.
fn narrow_for_actions(mask: &mut FlowKey, actions: &[Action]) {
    for action in actions {
        match action {
            Action::Set(SetField::Ipv4 { .. } | SetField::Ipv6 { .. }) => mask.eth_type = 0xffff,
            Action::Set(SetField::Tcp { .. } | SetField::Udp { .. }) => {
                mask.eth_type = 0xffff;
                mask.ip_proto = 0xff;
            }
            Action::DecTtl { exception } => {
                mask.eth_type = 0xffff;
                narrow_for_actions(mask, exception);
            }
            _ => {}
        }
    }
}

/// The address family is matched with any tunnel field; whether there is a tunnel key, with the key's bits.
fn fit_tunnel(mask: &mut TunnelKey, key: &TunnelKey) {
    if *mask == TunnelKey::default() {
        return;
    }
    if key.flags & tunnel_flags::IPV6 == 0 {
        mask.src[..12].fill(0);
        mask.dst[..12].fill(0);
    }
    mask.flags &= tunnel_flags::DF | tunnel_flags::CSUM;
    if key.flags & tunnel_flags::KEY == 0 {
        mask.id = 0;
    } else if mask.id != 0 {
        mask.flags |= tunnel_flags::KEY;
    }
    if *mask != TunnelKey::default() {
        mask.flags |= tunnel_flags::IPV6;
    }
}
