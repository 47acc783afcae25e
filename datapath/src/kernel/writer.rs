//! The flow writer: many flow messages per `sendmsg`, none acknowledged.
//!
//! The kernel acts on every message within the send, so when it returns all answers there will be (errors, and the
//! counters of operations that asked) are in the receive queue: no answer means success.

use packet::{Action, FlowKey, FlowMask};

use super::Control;
use super::dump::monotonic_ms;
use crate::codec::abi::{cmd, flow as attr};
use crate::codec::{self, OvsMessage, RawFlow, encode_actions, encode_key, encode_mask, encode_ufid};
use crate::netlink::{Messages, MsgWriter, NLMSG_ERROR, Socket, error_code};
use crate::{FlowOp, FlowOutcome, FlowWriter, OpError, Result, Ufid, WantStats, effective_mask};

/// Bytes after which a batch is sent.
const BATCH_BYTES: usize = 48 << 10;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ECHO: u16 = 8;
const NLM_F_CREATE: u16 = 0x400;

pub(super) struct KernelFlowWriter {
    socket: Socket,
    family: (u16, u8),
    dp_ifindex: u32,
    action_pid: u32,
    writer: MsgWriter,
    /// Operations in `writer`; the `i`th has sequence number `first + i`.
    ops: Vec<(Ufid, FlowOp)>,
    first: u32,
    outcomes: Vec<FlowOutcome>,
    buffer: Vec<u8>,
}

impl KernelFlowWriter {
    pub(super) fn open(control: &Control, action_pid: u32) -> Result<Self> {
        Ok(Self {
            socket: Socket::generic()?,
            family: control.families.flow,
            dp_ifindex: control.dp_ifindex,
            action_pid,
            writer: MsgWriter::with_capacity(BATCH_BYTES + (64 << 10)),
            ops: Vec::with_capacity(512),
            first: 1,
            outcomes: Vec::new(),
            buffer: vec![0; 64 << 10],
        })
    }

    /// Writes one operation; `fill` adds its attributes.
    fn op(&mut self, ufid: Ufid, op: FlowOp, flags: u16, fill: impl FnOnce(&mut MsgWriter)) {
        let command = match op {
            FlowOp::Put => cmd::NEW,
            FlowOp::Modify => cmd::SET,
            FlowOp::Delete => cmd::DEL,
        };
        let seq = self.first.wrapping_add(self.ops.len() as u32);
        codec::begin(&mut self.writer, self.family, NLM_F_REQUEST | flags, seq, command, self.dp_ifindex);
        self.writer.attr(attr::UFID, &encode_ufid(ufid));
        fill(&mut self.writer);
        if !self.writer.end() {
            self.outcomes.push(FlowOutcome::Failed { ufid, op, error: OpError::TooBig });
            return;
        }
        self.ops.push((ufid, op));
        if self.writer.len() >= BATCH_BYTES {
            self.send();
        }
    }

    /// Sends the batch and reads what the kernel has against it.
    fn send(&mut self) {
        if self.ops.is_empty() {
            return;
        }
        let sent = self.socket.send(self.writer.as_bytes());
        if let Err(e) = &sent {
            tracing::warn!("flow batch of {} not sent: {e}", self.ops.len());
            self.fail_all(OpError::NotSent);
        } else if let Err(e) = self.read_answers() {
            tracing::warn!("answers to a flow batch of {} lost: {e}", self.ops.len());
            self.fail_all(OpError::Unanswered);
        }
        self.first = self.first.wrapping_add(self.ops.len() as u32);
        self.ops.clear();
        self.writer.clear();
    }

    fn fail_all(&mut self, error: OpError) {
        let failed = |(ufid, op): &(Ufid, FlowOp)| FlowOutcome::Failed { ufid: *ufid, op: *op, error };
        self.outcomes.extend(self.ops.iter().map(failed));
    }

    fn read_answers(&mut self) -> Result<()> {
        while let Some(len) = self.socket.try_recv(&mut self.buffer)? {
            for message in Messages::new(&self.buffer[..len]).map_while(std::result::Result::ok) {
                let index = message.seq.wrapping_sub(self.first) as usize;
                let Some((ufid, op)) = self.ops.get(index).copied() else { continue };
                if message.kind == NLMSG_ERROR {
                    match error_code(&message) {
                        Ok(0) | Err(_) => {}
                        Ok(code) => {
                            let error = OpError::from_errno(code);
                            self.outcomes.push(FlowOutcome::Failed { ufid, op, error });
                        }
                    }
                } else if message.kind == self.family.0 {
                    let raw = OvsMessage::parse(message.payload).and_then(|m| RawFlow::parse(m.attrs));
                    let Ok(stats) = raw.and_then(|raw| raw.stats(monotonic_ms())) else { continue };
                    match op {
                        FlowOp::Put => {}
                        FlowOp::Modify => self.outcomes.push(FlowOutcome::Modified { ufid, stats }),
                        FlowOp::Delete => self.outcomes.push(FlowOutcome::Deleted { ufid, stats }),
                    }
                }
            }
        }
        Ok(())
    }
}

impl FlowWriter for KernelFlowWriter {
    fn put(&mut self, ufid: Ufid, key: &FlowKey, mask: &FlowMask, actions: &[Action]) {
        let pid = self.action_pid;
        self.op(ufid, FlowOp::Put, NLM_F_CREATE, |w| describe(w, key, mask, actions, pid));
    }

    fn modify(&mut self, ufid: Ufid, key: &FlowKey, mask: &FlowMask, actions: &[Action], want: WantStats) {
        let pid = self.action_pid;
        self.op(ufid, FlowOp::Modify, echo(want), |w| {
            w.u32(attr::UFID_FLAGS, attr::OMIT_ALL);
            describe(w, key, mask, actions, pid);
        });
    }

    fn delete(&mut self, ufid: Ufid, want: WantStats) {
        self.op(ufid, FlowOp::Delete, echo(want), |w| w.u32(attr::UFID_FLAGS, attr::OMIT_ALL));
    }

    fn flush(&mut self, outcome: &mut dyn FnMut(FlowOutcome)) {
        self.send();
        self.outcomes.drain(..).for_each(outcome);
    }
}

/// The kernel answers an operation that succeeds only if it is to echo it.
fn echo(want: WantStats) -> u16 {
    match want {
        WantStats::Yes => NLM_F_ECHO,
        WantStats::No => 0,
    }
}

/// Key, mask and actions of a flow.
pub(super) fn describe(w: &mut MsgWriter, key: &FlowKey, mask: &FlowMask, actions: &[Action], pid: u32) {
    let mask = effective_mask(key, mask, actions);
    let nest = w.nest(attr::KEY);
    encode_key(w, key);
    w.close(nest);
    let nest = w.nest(attr::MASK);
    encode_mask(w, key, &mask);
    w.close(nest);
    let nest = w.nest(attr::ACTIONS);
    encode_actions(w, actions, pid);
    w.close(nest);
}
