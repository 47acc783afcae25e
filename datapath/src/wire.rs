//! The datapath's netlink messages as bytes, for benchmarks, fuzzers and captures. The drivers use the same code.

use packet::FlowKey;

use crate::Upcall;
use crate::codec::abi::{cmd, packet as attr};
use crate::codec::{decode_upcall, encode_key};
use crate::netlink::MsgWriter;

/// Reads an upcall of datapath `dp_ifindex`; `payload` is what follows the netlink header. `None` if it is malformed or
/// another's.
#[inline]
pub fn read_upcall(payload: &[u8], dp_ifindex: u32) -> Option<Upcall<'_>> {
    decode_upcall(payload, dp_ifindex).ok()
}

/// Writes messages into one buffer of its own.
pub struct Encoder(MsgWriter);

impl Default for Encoder {
    fn default() -> Self {
        Self(MsgWriter::with_capacity(4096))
    }
}

impl Encoder {
    /// The attributes of a flow key (`OVS_FLOW_ATTR_KEY`'s payload).
    pub fn key(&mut self, key: &FlowKey) -> &[u8] {
        self.0.clear();
        encode_key(&mut self.0, key);
        self.0.as_bytes()
    }

    /// The payload of a miss upcall as the kernel sends it.
    pub fn miss(&mut self, dp_ifindex: u32, key: &FlowKey, packet: &[u8], hash: u64) -> &[u8] {
        let w = &mut self.0;
        w.clear();
        w.raw(&[cmd::PACKET_MISS, 1, 0, 0]);
        w.raw(&dp_ifindex.to_ne_bytes());
        let nest = w.nest(attr::KEY);
        encode_key(w, key);
        w.close(nest);
        w.u64(attr::HASH, hash);
        w.attr(attr::PACKET, packet);
        w.as_bytes()
    }
}
