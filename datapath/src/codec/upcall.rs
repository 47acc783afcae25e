//! Upcalls (`OVS_PACKET_CMD_MISS`, `OVS_PACKET_CMD_ACTION`).

use super::abi::{cmd, packet as attr};
use super::{OvsMessage, decode_key};
use crate::netlink::{Attrs, Malformed, ne16, ne64};
use crate::{PacketContext, Upcall, UpcallKind};

/// Reads one upcall; `payload` is what follows the netlink header.
#[inline]
pub(crate) fn decode_upcall(payload: &[u8], dp_ifindex: u32) -> Result<Upcall<'_>, Malformed> {
    let message = OvsMessage::parse(payload)?;
    if message.dp_ifindex != dp_ifindex {
        return Err(Malformed("an upcall of another datapath"));
    }
    let kind = match message.command {
        cmd::PACKET_MISS => UpcallKind::Miss,
        cmd::PACKET_ACTION => UpcallKind::Action,
        _ => return Err(Malformed("a packet message that is no upcall")),
    };
    let (mut packet, mut key, mut userdata) = (None, None, None);
    let mut context = PacketContext::default();
    for item in message.attrs {
        let (kind, p) = item?;
        match kind {
            attr::PACKET => packet = Some(p),
            attr::KEY => key = Some(p),
            attr::USERDATA if p.len() == 8 => userdata = Some(ne64(p)?),
            attr::MRU => context.mru = Some(ne16(p)?),
            attr::HASH => context.hash = Some(ne64(p)?),
            _ => {}
        }
    }
    let packet = packet.ok_or(Malformed("an upcall without packet"))?;
    let key = decode_key(Attrs::new(key.ok_or(Malformed("an upcall without key"))?))?;
    Ok(Upcall { kind, key, packet, userdata, context })
}
