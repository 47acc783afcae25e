//! Waking a thread that waits on a netlink socket: an empty message to the socket's port id. No file descriptor to watch
//! beside the socket, and no system call more where packets are received.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, sendto, socket,
};

use super::NLMSG_NOOP;
use crate::Waker;

/// A socket that sends to one other of the same network namespace. Takes `CAP_NET_ADMIN`.
pub(crate) struct SocketWaker {
    socket: OwnedFd,
    to: NetlinkAddr,
}

impl SocketWaker {
    /// Wakes who waits on the generic netlink socket with this port id.
    pub(crate) fn new(port_id: u32) -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkGeneric)?;
        Ok(Self { socket, to: NetlinkAddr::new(port_id, 0) })
    }
}

impl Waker for SocketWaker {
    fn wake(&self) {
        let mut noop = [0; 16];
        noop[..4].copy_from_slice(&16u32.to_ne_bytes());
        noop[4..6].copy_from_slice(&NLMSG_NOOP.to_ne_bytes());
        // A full queue has its reader awake already.
        if let Err(error) = sendto(self.socket.as_raw_fd(), &noop, &self.to, MsgFlags::MSG_DONTWAIT) {
            tracing::trace!(%error, "a waiting thread was not woken");
        }
    }
}
