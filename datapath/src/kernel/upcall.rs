//! The upcall socket of one worker: up to 64 packets a system call, decoded in place.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::Families;
use crate::codec::decode_upcall;
use crate::netlink::{Batch, Messages, NLMSG_NOOP, Socket, SocketWaker};
use crate::{Error, Result, Upcall, UpcallSource, UpcallStats, Waker};

/// A bound upcall socket and its receive buffers.
pub(super) struct KernelUpcalls {
    socket: Socket,
    batch: Batch,
    family: u16,
    dp_ifindex: u32,
    received: u64,
    malformed: u64,
}

impl KernelUpcalls {
    pub(super) fn open(families: &Families) -> Result<Self> {
        let socket = Socket::generic()?;
        socket.tail_drop()?;
        let family = families.packet.0;
        Ok(Self { socket, batch: Batch::new(), family, dp_ifindex: 0, received: 0, malformed: 0 })
    }

    pub(super) fn serving(mut self, dp_ifindex: u32) -> Self {
        self.dp_ifindex = dp_ifindex;
        self
    }

    pub(super) fn port_id(&self) -> u32 {
        self.socket.port_id()
    }

    fn recv(&mut self, timeout: Duration, each: &mut dyn FnMut(Upcall<'_>)) -> Result<usize> {
        let datagrams = self.batch.recv(&self.socket, timeout)?;
        let mut delivered = 0;
        for i in 0..datagrams {
            let Some(datagram) = self.batch.datagram(i) else {
                self.malformed += 1;
                continue;
            };
            for message in Messages::new(datagram) {
                if matches!(&message, Ok(m) if m.kind == NLMSG_NOOP) {
                    continue;
                }
                let upcall = message.and_then(|m| {
                    let payload = if m.kind == self.family { m.payload } else { &[] };
                    decode_upcall(payload, self.dp_ifindex)
                });
                match upcall {
                    Ok(upcall) => {
                        delivered += 1;
                        each(upcall);
                    }
                    Err(e) => {
                        self.malformed += 1;
                        tracing::debug!("unreadable upcall: {e}");
                    }
                }
            }
        }
        self.received += delivered as u64;
        Ok(delivered)
    }
}

/// An upcall socket that is out with a worker; it goes back when dropped.
pub(super) struct KernelUpcallSource {
    upcalls: Option<KernelUpcalls>,
    worker: usize,
    home: Arc<Vec<Mutex<Option<KernelUpcalls>>>>,
}

impl KernelUpcallSource {
    pub(super) fn new(
        upcalls: KernelUpcalls,
        worker: usize,
        home: Arc<Vec<Mutex<Option<KernelUpcalls>>>>,
    ) -> Self {
        Self { upcalls: Some(upcalls), worker, home }
    }
}

impl Drop for KernelUpcallSource {
    fn drop(&mut self) {
        *self.home[self.worker].lock() = self.upcalls.take();
    }
}

impl UpcallSource for KernelUpcallSource {
    fn recv(&mut self, timeout: Duration, each: &mut dyn FnMut(Upcall<'_>)) -> Result<usize> {
        match &mut self.upcalls {
            Some(upcalls) => upcalls.recv(timeout, each),
            None => Ok(0),
        }
    }

    fn waker(&self) -> Result<Box<dyn Waker>> {
        let upcalls = self.upcalls.as_ref().ok_or(Error::WorkerTaken(self.worker))?;
        Ok(Box::new(SocketWaker::new(upcalls.port_id())?))
    }

    fn stats(&self) -> UpcallStats {
        let Some(upcalls) = &self.upcalls else { return UpcallStats::default() };
        UpcallStats {
            received: upcalls.received,
            overruns: upcalls.socket.drops().unwrap_or(0),
            malformed: upcalls.malformed,
        }
    }
}
