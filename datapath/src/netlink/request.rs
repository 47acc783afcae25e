//! Requests and their answers over one socket.

use std::io;

use nix::errno::Errno;

use super::socket::DATAGRAM;
use super::{Malformed, Message, Messages, MsgWriter, NLMSG_DONE, NLMSG_ERROR, Socket, error_code};

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The kernel's answer.
    #[error("{0}")]
    Kernel(Errno),
    /// The socket failed.
    #[error(transparent)]
    Socket(#[from] io::Error),
    /// The answer is not readable.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The request does not fit a netlink attribute.
    #[error("the request is too long")]
    TooLong,
}

/// A socket with buffers, for one request at a time.
pub(crate) struct Connection {
    socket: Socket,
    writer: MsgWriter,
    buffer: Vec<u8>,
    seq: u32,
}

const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_ECHO: u16 = 8;
const NLM_F_DUMP: u16 = 0x300;

/// What kind of answer a request wants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    /// An acknowledgement, after any messages.
    Ack,
    /// Messages up to `NLMSG_DONE`.
    Dump,
}

impl Connection {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, writer: MsgWriter::with_capacity(4096), buffer: vec![0; DATAGRAM], seq: 0 }
    }

    /// Sends the message that `write` makes (given flags and sequence number) and hands every message of the answer
    /// to `each` until the acknowledgement.
    pub(crate) fn request(
        &mut self,
        extra_flags: u16,
        write: impl FnOnce(&mut MsgWriter, u16, u32),
        each: impl FnMut(&Message<'_>) -> Result<(), Malformed>,
    ) -> Result<(), RequestError> {
        self.transact(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO | extra_flags, Wants::Ack, write, each)
    }

    /// The same for a dump: messages until `NLMSG_DONE`.
    pub(crate) fn dump(
        &mut self,
        write: impl FnOnce(&mut MsgWriter, u16, u32),
        each: impl FnMut(&Message<'_>) -> Result<(), Malformed>,
    ) -> Result<(), RequestError> {
        self.transact(NLM_F_REQUEST | NLM_F_DUMP, Wants::Dump, write, each)
    }

    fn transact(
        &mut self,
        flags: u16,
        wants: Wants,
        write: impl FnOnce(&mut MsgWriter, u16, u32),
        mut each: impl FnMut(&Message<'_>) -> Result<(), Malformed>,
    ) -> Result<(), RequestError> {
        self.seq = self.seq.wrapping_add(1);
        self.writer.clear();
        write(&mut self.writer, flags, self.seq);
        if !self.writer.end() {
            return Err(RequestError::TooLong);
        }
        self.socket.send(self.writer.as_bytes())?;
        // The first complaint about an answer is kept; the rest of the answer is still drained.
        let mut outcome = Ok(());
        loop {
            let len = self.socket.recv(&mut self.buffer)?;
            for message in Messages::new(&self.buffer[..len]) {
                let message = message?;
                if message.seq != self.seq {
                    continue; // The rest of an answer that was given up on.
                }
                match message.kind {
                    NLMSG_ERROR | NLMSG_DONE => {
                        let done = message.kind == NLMSG_DONE;
                        let code = if done && message.payload.len() < 4 { 0 } else { error_code(&message)? };
                        return match code {
                            0 if done || wants == Wants::Ack => outcome,
                            0 => continue,
                            code => Err(RequestError::Kernel(Errno::from_raw(code))),
                        };
                    }
                    _ if outcome.is_ok() => outcome = each(&message).map_err(RequestError::from),
                    _ => {}
                }
            }
        }
    }
}
