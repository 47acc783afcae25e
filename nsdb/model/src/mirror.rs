//! Mirrors and where they are hooked in (MidoNet `Mirror`; midonet.md §2.9). No effect in the datapath yet.

use crate::{Condition, MirrorId, Object, PortId};

/// Copies packets that meet one of its conditions out of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// Identity.
    pub id: MirrorId,
    /// Where the copies go. The mirror goes with the port.
    pub to_port: PortId,
    /// Packets that meet any of them are copied; without one, none are.
    pub conditions: Vec<Condition>,
}

/// Mirrors of a bridge or router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirrors {
    /// Of packets that enter the device.
    pub inbound: Vec<MirrorId>,
    /// Of packets that leave it.
    pub outbound: Vec<MirrorId>,
}

/// Mirrors of a port, in the order in which a packet meets their hooks when it enters and then leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortMirrors {
    /// Of packets that enter, before the inbound filter.
    pub inbound: Vec<MirrorId>,
    /// Of packets that passed the inbound filter.
    pub post_in_filter: Vec<MirrorId>,
    /// Of packets about to meet the outbound filter.
    pub pre_out_filter: Vec<MirrorId>,
    /// Of packets that leave, after the outbound filter.
    pub outbound: Vec<MirrorId>,
}

/// The lists of mirrors that are hooked into an object.
pub(crate) fn mirror_hooks(object: &mut Object) -> Vec<&mut Vec<MirrorId>> {
    match object {
        Object::Bridge(bridge) => vec![&mut bridge.mirrors.inbound, &mut bridge.mirrors.outbound],
        Object::Router(router) => vec![&mut router.mirrors.inbound, &mut router.mirrors.outbound],
        Object::Port(port) => {
            let PortMirrors { inbound, post_in_filter, pre_out_filter, outbound } = &mut port.mirrors;
            vec![inbound, post_in_filter, pre_out_filter, outbound]
        }
        _ => vec![],
    }
}
