//! What can go wrong with a datapath: [`Error`] for calls, [`OpError`] for one operation in a batch.

use std::io;

use nix::errno::Errno;
use packet::DpPort;

/// Result of a datapath call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The generic netlink family does not resolve.
    #[error(
        "the kernel has no openvswitch module: load it with `modprobe openvswitch` (package linux-modules-extra on some systems)"
    )]
    NoModule,
    /// EPERM.
    #[error("no privilege to {action}: run as root, or with CAP_NET_ADMIN in this network namespace")]
    NoPrivilege {
        /// What was tried.
        action: &'static str,
    },
    /// No datapath of that name.
    #[error("no datapath `{0}` in this network namespace: list them with `midspan dp dump-dps`")]
    NoSuchDatapath(String),
    /// A datapath of that name exists.
    #[error("datapath `{0}` exists already")]
    DatapathExists(String),
    /// The name of a datapath or internal port is that of another interface.
    #[error("an interface named `{0}` exists and is not ours: choose another name, or delete it")]
    NameTaken(String),
    /// The interface does not exist in this network namespace.
    #[error("no network interface `{0}` in this network namespace")]
    NoSuchDevice(String),
    /// The interface belongs elsewhere, or cannot be a port.
    #[error(
        "interface `{0}` is busy: it is a port of another datapath, bridge or bond; take it out of there first"
    )]
    DeviceBusy(String),
    /// An interface of that kind can never be a port.
    #[error(
        "interface `{0}` cannot be a datapath port (loopback, a bridge, or an interface without Ethernet header)"
    )]
    DeviceUnfit(String),
    /// The name is a port already, or the number is taken.
    #[error("port `{0}` or its wished number is in use in this datapath")]
    PortExists(String),
    /// No port of that number.
    #[error("no port {} in this datapath", .0.0)]
    NoSuchPort(DpPort),
    /// No port for an interface of that name.
    #[error("no port `{0}` in this datapath: list them with `midspan dp show`")]
    NoPortNamed(String),
    /// The local port goes only with its datapath.
    #[error("port 0 belongs to the datapath itself: delete the datapath instead")]
    LocalPort,
    /// No port numbers left (65,535).
    #[error("no free port number in this datapath")]
    NoFreePort,
    /// Interface names are 1 to 15 bytes, without `/`, `:` and white space.
    #[error("`{0}` is not an interface name: use 1 to 15 bytes without `/`, `:` or white space")]
    BadName(String),
    /// The kernel is too old.
    #[error("the openvswitch module lacks {0}: a kernel from 4.3 on is needed")]
    TooOld(&'static str),
    /// An upcall source that is out already, or does not exist.
    #[error("upcall source {0} is taken or does not exist")]
    WorkerTaken(usize),
    /// Longer than a netlink attribute can say.
    #[error("packet of {0} bytes is too big for the datapath: at most 65,000")]
    PacketTooBig(usize),
    /// An answer of the kernel could not be read.
    #[error("unreadable netlink message while trying to {action}: {what}")]
    Malformed {
        /// What was tried.
        action: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Anything else that the kernel answered.
    #[error("the kernel refused to {action}: {source}")]
    Kernel {
        /// What was tried.
        action: &'static str,
        /// What it said.
        source: Errno,
    },
    /// The socket failed.
    #[error("netlink socket: {0}")]
    Socket(#[from] io::Error),
}

/// Why one operation of a batch had no effect.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum OpError {
    /// EEXIST: the UFID or an identical masked key is in the table.
    #[error("flow exists")]
    Exists,
    /// ENOENT: no such flow.
    #[error("no such flow")]
    NotFound,
    /// EINVAL: key, mask or actions are not valid, or not supported by this kernel.
    #[error("invalid key, mask or actions")]
    Invalid,
    /// ENOSPC, ENOMEM, ENOBUFS, E2BIG: no room.
    #[error("no room")]
    NoSpace,
    /// ENODEV: the datapath or a port is gone.
    #[error("datapath or port is gone")]
    NoDevice,
    /// EPERM.
    #[error("no privilege")]
    NoPrivilege,
    /// The message does not fit the batch buffer.
    #[error("operation too big to encode")]
    TooBig,
    /// The batch was not sent.
    #[error("not sent")]
    NotSent,
    /// The answers to the batch were lost: the operation may have taken effect.
    #[error("the answer was lost")]
    Unanswered,
    /// Any other errno.
    #[error("errno {0}")]
    Other(i32),
}

impl OpError {
    /// Reads the (positive) errno of a netlink error message.
    pub fn from_errno(errno: i32) -> Self {
        match Errno::from_raw(errno) {
            Errno::EEXIST => Self::Exists,
            Errno::ENOENT => Self::NotFound,
            Errno::EINVAL | Errno::EOPNOTSUPP | Errno::ERANGE => Self::Invalid,
            Errno::ENOSPC | Errno::ENOMEM | Errno::ENOBUFS | Errno::E2BIG | Errno::EMSGSIZE => Self::NoSpace,
            Errno::ENODEV => Self::NoDevice,
            Errno::EPERM | Errno::EACCES => Self::NoPrivilege,
            _ => Self::Other(errno),
        }
    }
}
