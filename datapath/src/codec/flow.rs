//! Flow messages: identity, counters, and the parts of a dumped flow.

use super::abi::flow as attr;
use super::{Completeness, decode_actions, decode_key, decode_mask};
use crate::netlink::{Attrs, Malformed, ne64};
use crate::{FlowDump, FlowStats, Ufid};

/// The bytes of a UFID: four words in host order, most significant first, as ovs-dpctl reads them back.
pub(crate) fn encode_ufid(ufid: Ufid) -> [u8; 16] {
    let mut bytes = [0; 16];
    for (word, out) in [96, 64, 32, 0].into_iter().zip(bytes.chunks_exact_mut(4)) {
        out.copy_from_slice(&((ufid.0 >> word) as u32).to_ne_bytes());
    }
    bytes
}

/// `None` unless it is sixteen bytes.
pub(crate) fn decode_ufid(payload: &[u8]) -> Option<Ufid> {
    let bytes: &[u8; 16] = payload.try_into().ok()?;
    let mut bits = 0;
    for word in bytes.chunks_exact(4) {
        bits = bits << 32 | u128::from(u32::from_ne_bytes(word.try_into().ok()?));
    }
    Some(Ufid(bits))
}

/// The attributes of one flow message, unread.
#[derive(Default)]
pub(crate) struct RawFlow<'a> {
    pub(crate) ufid: Option<&'a [u8]>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) mask: Option<&'a [u8]>,
    pub(crate) actions: Option<&'a [u8]>,
    stats: Option<&'a [u8]>,
    used: Option<&'a [u8]>,
    tcp_flags: Option<&'a [u8]>,
}

impl<'a> RawFlow<'a> {
    pub(crate) fn parse(attrs: Attrs<'a>) -> Result<Self, Malformed> {
        let mut flow = Self::default();
        for item in attrs {
            let (kind, p) = item?;
            match kind {
                attr::UFID => flow.ufid = Some(p),
                attr::KEY => flow.key = Some(p),
                attr::MASK => flow.mask = Some(p),
                attr::ACTIONS => flow.actions = Some(p),
                attr::STATS => flow.stats = Some(p),
                attr::USED => flow.used = Some(p),
                attr::TCP_FLAGS => flow.tcp_flags = Some(p),
                _ => {}
            }
        }
        Ok(flow)
    }

    /// Counters; `now_ms` is `CLOCK_MONOTONIC` in milliseconds.
    pub(crate) fn stats(&self, now_ms: u64) -> Result<FlowStats, Malformed> {
        let counters = self.stats.map(decode_stats).transpose()?;
        let (packets, bytes) = counters.unwrap_or_default();
        let used = self.used.map(ne64).transpose()?;
        Ok(FlowStats {
            packets,
            bytes,
            used_ms_ago: used.map(|used| now_ms.saturating_sub(used)),
            tcp_flags: self.tcp_flags.and_then(|p| p.first().copied()).unwrap_or(0),
        })
    }

    /// Reads all that is there into `dump`.
    pub(crate) fn read(&self, now_ms: u64, dump: &mut FlowDump) -> Result<(), Malformed> {
        dump.ufid = self.ufid.and_then(decode_ufid);
        dump.stats = self.stats(now_ms)?;
        dump.key = self.key.map(|p| decode_key(Attrs::new(p))).transpose()?;
        dump.mask = match (&dump.key, self.mask) {
            (Some(key), Some(p)) => match decode_mask(Attrs::new(p), key)? {
                (mask, Completeness::Whole) => Some(mask),
                (_, Completeness::Partial) => None,
            },
            _ => None,
        };
        dump.actions = match self.actions {
            Some(p) => decode_actions(Attrs::new(p))?,
            None => None,
        };
        Ok(())
    }
}

/// `struct ovs_flow_stats`: packets and bytes.
fn decode_stats(payload: &[u8]) -> Result<(u64, u64), Malformed> {
    Ok((ne64(payload)?, ne64(payload.get(8..).unwrap_or(&[]))?))
}
