//! The Open vSwitch families' messages (`include/uapi/linux/openvswitch.h`), read and written in place.
//!
//! Pure functions over byte slices and [`crate::netlink::MsgWriter`]; nothing here allocates except decoding actions.

pub(crate) mod abi;
mod action;
mod flow;
mod key;
mod port;
mod tunnel;
mod upcall;

pub(crate) use self::action::{decode_action, decode_actions, encode_actions};
pub(crate) use self::flow::{RawFlow, decode_ufid, encode_ufid};
pub(crate) use self::key::{
    Completeness, decode_key, decode_mask, encode_key, encode_mask, encode_metadata, foreign_key_attrs,
};
pub(crate) use self::port::{DatapathInfo, decode_datapath, decode_port};
pub(crate) use self::upcall::decode_upcall;

use crate::netlink::{Attrs, Malformed, MsgWriter};

/// A message of one of the families: command, datapath, attributes.
pub(crate) struct OvsMessage<'a> {
    pub(crate) command: u8,
    pub(crate) dp_ifindex: u32,
    pub(crate) attrs: Attrs<'a>,
}

impl<'a> OvsMessage<'a> {
    /// Reads `genlmsghdr` and `ovs_header`.
    #[inline]
    pub(crate) fn parse(payload: &'a [u8]) -> Result<Self, Malformed> {
        let [command, _, _, _, a, b, c, d, attrs @ ..] = payload else {
            return Err(Malformed("a datapath message is shorter than its headers"));
        };
        let dp_ifindex = u32::from_ne_bytes([*a, *b, *c, *d]);
        Ok(Self { command: *command, dp_ifindex, attrs: Attrs::new(attrs) })
    }
}

/// Opens a message of one of the families: `family` is its id and version.
pub(crate) fn begin(
    w: &mut MsgWriter,
    family: (u16, u8),
    flags: u16,
    seq: u32,
    command: u8,
    dp_ifindex: u32,
) {
    w.begin_generic(family.0, flags, seq, command, family.1);
    w.raw(&dp_ifindex.to_ne_bytes());
}

#[cfg(test)]
mod tests;
