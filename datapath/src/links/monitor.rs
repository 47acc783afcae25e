//! Watching interfaces: one subscription that says "something changed", after which the list is read again.

use std::io;
use std::time::Duration;

use nix::errno::Errno;

use crate::Result;
use crate::netlink::Socket;

/// `RTNLGRP_LINK`, `RTNLGRP_IPV4_IFADDR`, `RTNLGRP_IPV6_IFADDR`.
const GROUPS: [u32; 3] = [1, 5, 9];

/// A subscription to changes of interfaces and their addresses.
pub struct Monitor {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Monitor {
    /// Subscribes in the calling thread's network namespace.
    ///
    /// # Errors
    /// The socket cannot be opened.
    pub fn open() -> Result<Self> {
        let socket = Socket::route()?;
        for group in GROUPS {
            socket.join(group)?;
        }
        Ok(Self { socket, buffer: vec![0; 64 << 10] })
    }

    /// Waits up to `timeout` for changes and takes all there are. True if something changed, events lost included.
    ///
    /// # Errors
    /// The socket failed.
    pub fn wait(&mut self, timeout: Duration) -> Result<bool> {
        if !self.socket.wait(timeout)? {
            return Ok(false);
        }
        loop {
            match self.socket.try_recv(&mut self.buffer) {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(true),
                Err(e) if is_overrun(&e) => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}

fn is_overrun(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ENOBUFS as i32)
}
