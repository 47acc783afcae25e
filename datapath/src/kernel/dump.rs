//! Flow dumps, and deletion of flows that are not wanted, whoever made them.

use nix::time::{ClockId, clock_gettime};

use super::control::{Control, refused};
use crate::codec::abi::{cmd, flow as attr};
use crate::codec::{self, OvsMessage, RawFlow};
use crate::netlink::{MsgWriter, RequestError};
use crate::{DumpDetail, FlowDump, Result};

/// `CLOCK_MONOTONIC` in milliseconds: the clock of `OVS_FLOW_ATTR_USED`.
pub(crate) fn monotonic_ms() -> u64 {
    let now =
        clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |t| t.tv_sec() * 1000 + t.tv_nsec() / 1_000_000);
    now.max(0) as u64
}

pub(super) fn dump(control: &Control, detail: DumpDetail, each: &mut dyn FnMut(&FlowDump)) -> Result<usize> {
    let now = monotonic_ms();
    let mut flow = FlowDump::default();
    let mut count = 0;
    raw(control, detail, &mut |raw| {
        raw.read(now, &mut flow)?;
        count += 1;
        each(&flow);
        Ok(())
    })?;
    Ok(count)
}

/// Hands every flow to `each` unread.
pub(crate) fn raw(
    control: &Control,
    detail: DumpDetail,
    each: &mut dyn FnMut(&RawFlow<'_>) -> Result<(), crate::netlink::Malformed>,
) -> Result<()> {
    let write = |w: &mut MsgWriter, flags, seq| {
        codec::begin(w, control.families.flow, flags, seq, cmd::GET, control.dp_ifindex);
        if detail == DumpDetail::StatsOnly {
            w.u32(attr::UFID_FLAGS, attr::OMIT_ALL);
        }
    };
    control
        .with(|c| c.dump(write, |m| each(&RawFlow::parse(OvsMessage::parse(m.payload)?.attrs)?)))?
        .map_err(refused("dump the flows"))
}

pub(super) fn retain(control: &Control, keep: &mut dyn FnMut(&FlowDump) -> bool) -> Result<usize> {
    let now = monotonic_ms();
    let mut flow = FlowDump::default();
    // The name of each flow to go, as the attribute that names it.
    let mut unwanted = Vec::new();
    raw(control, DumpDetail::Full, &mut |raw| {
        raw.read(now, &mut flow)?;
        if !keep(&flow) {
            unwanted.extend(
                raw.ufid.map(|p| (attr::UFID, p.to_vec())).or(raw.key.map(|p| (attr::KEY, p.to_vec()))),
            );
        }
        Ok(())
    })?;
    let mut deleted = 0;
    for (kind, name) in unwanted {
        deleted += usize::from(delete(control, kind, &name)?);
    }
    Ok(deleted)
}

/// Deletes one flow by the attribute that names it (UFID or key); false if it is gone already.
pub(crate) fn delete(control: &Control, kind: u16, name: &[u8]) -> Result<bool> {
    let write = |w: &mut MsgWriter, flags, seq| {
        codec::begin(w, control.families.flow, flags, seq, cmd::DEL, control.dp_ifindex);
        w.attr(kind, name);
    };
    match control.with(|c| c.request(0, write, |_| Ok(())))? {
        Ok(()) => Ok(true),
        Err(RequestError::Kernel(nix::errno::Errno::ENOENT)) => Ok(false),
        Err(e) => Err(refused("delete a flow")(e)),
    }
}
