//! The socket layer: neli's socket with the options and the many-messages calls that it lacks.
//!
//! The only unsafe code of the crate. A [`Socket`] may be used from any thread; a [`Batch`] belongs to one.

#![allow(unsafe_code, reason = "socket calls that neither neli nor nix offer")]

use std::io;
use std::os::fd::AsRawFd;
use std::time::Duration;

use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;
use nix::libc::{self, c_int};

/// Receive and send buffers to force (`SO_RCVBUFFORCE`, `SO_SNDBUFFORCE`), bytes.
const BUFFER: c_int = 4 << 20;
/// Bytes for one datagram: what the kernel puts into one at most.
pub(crate) const DATAGRAM: usize = 64 << 10;
/// Datagrams taken by one `recvmmsg`.
const BATCH: usize = 64;
/// Index of the drop counter in `SO_MEMINFO` (`SK_MEMINFO_DROPS`).
const MEMINFO_DROPS: usize = 8;

/// A bound netlink socket.
pub(crate) struct Socket {
    inner: NlSocket,
    port_id: u32,
}

impl Socket {
    /// A generic netlink socket in the calling thread's network namespace.
    pub(crate) fn generic() -> io::Result<Self> {
        Self::open(NlFamily::Generic)
    }

    /// A routing netlink socket in the calling thread's network namespace.
    pub(crate) fn route() -> io::Result<Self> {
        Self::open(NlFamily::Route)
    }

    fn open(family: NlFamily) -> io::Result<Self> {
        let inner = NlSocket::connect(family, None, Groups::empty())?;
        let port_id = inner.pid()?;
        let socket = Self { inner, port_id };
        // Without CAP_NET_ADMIN the buffers stay at the system's default.
        for (force, plain) in
            [(libc::SO_RCVBUFFORCE, libc::SO_RCVBUF), (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF)]
        {
            if socket.set_option(libc::SOL_SOCKET, force, BUFFER).is_err() {
                socket.set_option(libc::SOL_SOCKET, plain, BUFFER)?;
            }
        }
        // Error messages need not repeat the request.
        let _ = socket.set_option(libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, 1);
        Ok(socket)
    }

    /// Makes a full receive buffer a plain tail drop: no `ENOBUFS`, no congestion state that blocks delivery until
    /// the queue is empty.
    pub(crate) fn tail_drop(&self) -> io::Result<()> {
        self.set_option(libc::SOL_NETLINK, libc::NETLINK_NO_ENOBUFS, 1)
    }

    /// The netlink port id ("PID") that the kernel addresses this socket by.
    pub(crate) fn port_id(&self) -> u32 {
        self.port_id
    }

    pub(crate) fn join(&self, group: u32) -> io::Result<()> {
        self.inner.add_mcast_membership(Groups::new_groups(&[group]))
    }

    /// Sends one datagram: the kernel acts on every message in it before this returns.
    pub(crate) fn send(&self, datagram: &[u8]) -> io::Result<()> {
        loop {
            match self.inner.send(datagram, Msg::empty()) {
                Ok(_) => return Ok(()),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Waits for a datagram and returns its length.
    pub(crate) fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.inner.recv(&mut *buffer, Msg::empty()) {
                Ok((len, _)) => return Ok(len),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }

    /// Takes a datagram if one is there.
    pub(crate) fn try_recv(&self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.inner.recv(buffer, Msg::DONTWAIT) {
            Ok((len, _)) => Ok(Some(len)),
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Waits until a datagram or an error is there; false is a timeout.
    pub(crate) fn wait(&self, timeout: Duration) -> io::Result<bool> {
        let mut poll = libc::pollfd { fd: self.inner.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let millis = timeout.as_micros().div_ceil(1000).try_into().unwrap_or(c_int::MAX);
        // SAFETY: `poll` is one valid, exclusively borrowed structure.
        match unsafe { libc::poll(&raw mut poll, 1, millis) } {
            n if n >= 0 => Ok(n > 0),
            _ => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => Ok(false),
                e => Err(e),
            },
        }
    }

    /// Limits how long receiving blocks; zero means for ever.
    pub(crate) fn set_timeout(&self, timeout: Duration) -> io::Result<()> {
        let value = libc::timeval {
            tv_sec: timeout.as_secs().try_into().unwrap_or(libc::time_t::MAX),
            tv_usec: timeout.subsec_micros().into(),
        };
        self.set_option(libc::SOL_SOCKET, libc::SO_RCVTIMEO, value)
    }

    /// Datagrams that the kernel dropped because the buffer was full, since the socket was opened.
    pub(crate) fn drops(&self) -> io::Result<u64> {
        let mut info = [0u32; MEMINFO_DROPS + 1];
        let mut len = size_of_val(&info) as libc::socklen_t;
        // SAFETY: `info` is writable for `len` bytes and any bytes make valid u32s.
        let status = unsafe {
            libc::getsockopt(
                self.inner.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_MEMINFO,
                info.as_mut_ptr().cast(),
                &raw mut len,
            )
        };
        if status < 0 { Err(io::Error::last_os_error()) } else { Ok(info[MEMINFO_DROPS].into()) }
    }

    fn set_option<T: Copy>(&self, level: c_int, name: c_int, value: T) -> io::Result<()> {
        // SAFETY: `value` is readable for its own size, and the kernel copies it before returning.
        let status = unsafe {
            libc::setsockopt(
                self.inner.as_raw_fd(),
                level,
                name,
                (&raw const value).cast(),
                size_of::<T>() as libc::socklen_t,
            )
        };
        if status < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// Room for up to 64 datagrams, received by one system call.
pub(crate) struct Batch {
    /// `BATCH` slots of `DATAGRAM` bytes; pages are touched only as datagrams need them.
    bytes: Vec<u8>,
    lengths: [Slot; BATCH],
    timeout: Option<Duration>,
}

/// Where one datagram of a [`Batch`] ended.
#[derive(Clone, Copy, Default)]
pub(crate) struct Slot {
    len: usize,
    truncated: bool,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; BATCH * DATAGRAM], lengths: [Slot::default(); BATCH], timeout: None }
    }

    /// Waits up to `timeout` for one datagram, takes what else is there, and returns how many; 0 is a timeout.
    pub(crate) fn recv(&mut self, socket: &Socket, timeout: Duration) -> io::Result<usize> {
        let mut flags = libc::MSG_WAITFORONE;
        if timeout.is_zero() {
            flags = libc::MSG_DONTWAIT;
        } else if self.timeout != Some(timeout) {
            socket.set_timeout(timeout.max(Duration::from_micros(1)))?;
            self.timeout = Some(timeout);
        }
        match self.recvmmsg(socket, flags) {
            Ok(n) => Ok(n),
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(0),
            Err(e) => Err(e),
        }
    }

    fn recvmmsg(&mut self, socket: &Socket, flags: c_int) -> io::Result<usize> {
        // SAFETY: zero is a valid value of both C structs: null pointers with zero lengths.
        let (mut vectors, mut headers): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) =
            unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        for ((slot, vector), header) in
            self.bytes.chunks_exact_mut(DATAGRAM).zip(&mut vectors).zip(&mut headers)
        {
            vector.iov_base = slot.as_mut_ptr().cast();
            vector.iov_len = slot.len();
            header.msg_hdr.msg_iov = vector;
            header.msg_hdr.msg_iovlen = 1;
        }
        // SAFETY: each header points to one vector, and each vector to its own part of `self.bytes`, which is
        // exclusively borrowed here; all three outlive the call.
        let n = unsafe {
            libc::recvmmsg(
                socket.inner.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                flags as _,
                std::ptr::null_mut(),
            )
        };
        let n = usize::try_from(n).map_err(|_| io::Error::last_os_error())?;
        for (slot, header) in self.lengths.iter_mut().zip(&headers[..n]) {
            slot.len = header.msg_len as usize;
            slot.truncated = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
        }
        Ok(n)
    }

    /// The `i`th datagram of the last receive; `None` if it did not fit its slot.
    #[inline]
    pub(crate) fn datagram(&self, i: usize) -> Option<&[u8]> {
        let slot = self.lengths.get(i)?;
        let start = i * DATAGRAM;
        if slot.truncated { None } else { self.bytes.get(start..start + slot.len) }
    }
}
