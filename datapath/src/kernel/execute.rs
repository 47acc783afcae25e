//! Packet execution: runs in the caller's system call, without the lock that flow writes share.

use packet::{Action, FlowKey};

use super::Control;
use crate::codec::abi::{cmd, packet as attr};
use crate::codec::{self, encode_actions, encode_metadata};
use crate::netlink::{Messages, MsgWriter, NLMSG_ERROR, Socket, error_code};
use crate::{Error, Executed, Executor, OpError, PacketContext, Result};

/// Bytes after which a batch is sent.
const BATCH_BYTES: usize = 128 << 10;
const NLM_F_REQUEST: u16 = 1;

pub(super) struct KernelExecutor {
    socket: Socket,
    family: (u16, u8),
    dp_ifindex: u32,
    action_pid: u32,
    writer: MsgWriter,
    queued: usize,
    executed: Executed,
    buffer: Vec<u8>,
}

impl KernelExecutor {
    pub(super) fn open(control: &Control, action_pid: u32) -> Result<Self> {
        Ok(Self {
            socket: Socket::generic()?,
            family: control.families.packet,
            dp_ifindex: control.dp_ifindex,
            action_pid,
            writer: MsgWriter::with_capacity(BATCH_BYTES + (64 << 10)),
            queued: 0,
            executed: Executed::default(),
            buffer: vec![0; 4096],
        })
    }

    fn send(&mut self) -> Result<()> {
        if self.queued == 0 {
            return Ok(());
        }
        let sent = self.socket.send(self.writer.as_bytes());
        self.writer.clear();
        let queued = std::mem::take(&mut self.queued);
        if let Err(e) = sent {
            self.executed.refused += queued;
            self.executed.first_error.get_or_insert(OpError::NotSent);
            return Err(e.into());
        }
        let mut refused = 0;
        while let Some(len) = self.socket.try_recv(&mut self.buffer)? {
            for message in Messages::new(&self.buffer[..len]).map_while(std::result::Result::ok) {
                let code = if message.kind == NLMSG_ERROR { error_code(&message).unwrap_or(0) } else { 0 };
                if code != 0 {
                    refused += 1;
                    self.executed.first_error.get_or_insert(OpError::from_errno(code));
                }
            }
        }
        self.executed.refused += refused;
        self.executed.done += queued.saturating_sub(refused);
        Ok(())
    }
}

impl Executor for KernelExecutor {
    fn queue(
        &mut self,
        packet: &[u8],
        key: &FlowKey,
        actions: &[Action],
        context: PacketContext,
    ) -> Result<()> {
        if self.writer.len() + packet.len() > BATCH_BYTES {
            self.send()?;
        }
        let w = &mut self.writer;
        codec::begin(w, self.family, NLM_F_REQUEST, 0, cmd::PACKET_EXECUTE, self.dp_ifindex);
        w.attr(attr::PACKET, packet);
        let nest = w.nest(attr::KEY);
        encode_metadata(w, key);
        w.close(nest);
        let nest = w.nest(attr::ACTIONS);
        encode_actions(w, actions, self.action_pid);
        w.close(nest);
        if let Some(hash) = context.hash {
            w.u64(attr::HASH, hash);
        }
        if let Some(mru) = context.mru {
            w.u16(attr::MRU, mru);
        }
        if !w.end() {
            return Err(Error::PacketTooBig(packet.len()));
        }
        self.queued += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<Executed> {
        self.send()?;
        Ok(std::mem::take(&mut self.executed))
    }
}
