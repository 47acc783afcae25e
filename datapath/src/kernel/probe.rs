//! Finding out what the kernel's datapath can do, by trying.
//!
//! Each trial installs a flow that no packet can match (a recirculation id that nothing uses) and takes it out again;
//! the probe attribute keeps the kernel's log quiet about refusals.

use packet::{FlowKey, FlowMask, MacAddr, ethertype, ip_proto};

use super::control::{Control, refused};
use super::dump;
use crate::codec::abi::{action, cmd, flow as attr, key};
use crate::codec::{self, DatapathInfo, encode_key, encode_mask, encode_ufid};
use crate::netlink::{MsgWriter, RequestError};
use crate::{Features, Result, Ufid, effective_mask};

/// Names the trial flow: not one of ours, so nobody adopts it if we die meanwhile.
const TRIAL: Ufid = Ufid(0x7472_6961_6c00_0000_0000_0000_0000_0001);
const RECIRC_ID: u32 = 0xffff_fff0;
const NLM_F_CREATE: u16 = 0x400;
/// Port of the trial actions: the local one is always there.
const LOCAL: u32 = 0;

pub(super) fn probe(control: &Control, info: &DatapathInfo) -> Result<Features> {
    let try_actions = |write: &dyn Fn(&mut MsgWriter)| trial(control, write);
    Ok(Features {
        ufid: try_actions(&|w| w.u32(action::OUTPUT, LOCAL))?,
        set_masked: try_actions(&|w| {
            let set = w.nest(action::SET_MASKED);
            w.attr(key::ETHERNET, &[0; 24]);
            w.close(set);
        })?,
        clone: try_actions(&|w| nested_output(w, &[action::CLONE]))?,
        ct: try_actions(&|w| w.attr(action::CT, &[]))?,
        ct_zone: try_actions(&|w| {
            let ct = w.nest(action::CT);
            w.u16(action::CT_ZONE, 1);
            w.close(ct);
        })?,
        dec_ttl: try_actions(&|w| nested_output(w, &[action::DEC_TTL, action::DEC_TTL_ACTION]))?,
        check_pkt_len: try_actions(&|w| {
            let check = w.nest(action::CHECK_PKT_LEN);
            w.u16(action::CHECK_PKT_LEN_LEN, 100);
            nested_output(w, &[action::CHECK_PKT_LEN_GREATER]);
            nested_output(w, &[action::CHECK_PKT_LEN_LESS_EQUAL]);
            w.close(check);
        })?,
        drop_reason: try_actions(&|w| w.u32(action::DROP, 0))?,
        psample: try_actions(&|w| {
            let sample = w.nest(action::PSAMPLE);
            w.u32(action::PSAMPLE_GROUP, 1);
            w.close(sample);
        })?,
        meter: has_meters(control)?,
        masks_cache: info.masks_cache.is_some(),
        ..Features::default()
    })
}

fn nested_output(w: &mut MsgWriter, kinds: &[u16]) {
    match kinds {
        [] => w.u32(action::OUTPUT, LOCAL),
        [kind, inner @ ..] => {
            let nest = w.nest(*kind);
            nested_output(w, inner);
            w.close(nest);
        }
    }
}

/// True if the kernel takes a flow with these actions.
fn trial(control: &Control, actions: &dyn Fn(&mut MsgWriter)) -> Result<bool> {
    let flow = FlowKey {
        recirc_id: RECIRC_ID,
        eth_src: MacAddr([2, 0, 0, 0, 0, 1]),
        eth_dst: MacAddr([2, 0, 0, 0, 0, 2]),
        eth_type: ethertype::IPV4,
        ip_proto: ip_proto::UDP,
        ip_ttl: 64,
        ..FlowKey::default()
    };
    let mask = effective_mask(&flow, &FlowMask::exact(), &[]);
    let write = |w: &mut MsgWriter, flags, seq| {
        codec::begin(w, control.families.flow, flags | NLM_F_CREATE, seq, cmd::NEW, control.dp_ifindex);
        w.attr(attr::UFID, &encode_ufid(TRIAL));
        w.attr(attr::PROBE, &[]);
        let nest = w.nest(attr::KEY);
        encode_key(w, &flow);
        w.close(nest);
        let nest = w.nest(attr::MASK);
        encode_mask(w, &flow, &mask);
        w.close(nest);
        let nest = w.nest(attr::ACTIONS);
        actions(w);
        w.close(nest);
    };
    dump::delete(control, attr::UFID, &encode_ufid(TRIAL))?;
    match control.with(|c| c.request(0, write, |_| Ok(())))? {
        Ok(()) => dump::delete(control, attr::UFID, &encode_ufid(TRIAL)),
        Err(e @ RequestError::Socket(_)) => Err(refused("probe the datapath")(e)),
        Err(_) => Ok(false),
    }
}

fn has_meters(control: &Control) -> Result<bool> {
    let Some(family) = control.families.meter else { return Ok(false) };
    let write = |w: &mut MsgWriter, flags, seq| {
        codec::begin(w, family, flags, seq, cmd::METER_FEATURES, control.dp_ifindex);
    };
    Ok(control.with(|c| c.request(0, write, |_| Ok(())))?.is_ok())
}
