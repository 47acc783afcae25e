//! Netlink below the families: attributes, messages, sockets, requests and generic netlink family lookup.
//!
//! Sockets are neli's. Reading borrows from the receive buffer and writing appends to one reused buffer, so neither
//! allocates per message.

mod attr;
mod family;
mod message;
mod request;
mod socket;
mod wake;
mod writer;

pub(crate) use self::attr::{Attrs, be16, be32, be64, ne16, ne32, ne64, string};
pub(crate) use self::family::resolve;
pub(crate) use self::message::{Message, Messages, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, error_code};
pub(crate) use self::request::{Connection, RequestError};
pub(crate) use self::socket::{Batch, Socket};
pub(crate) use self::wake::SocketWaker;
pub(crate) use self::writer::MsgWriter;

/// What a message or attribute of a netlink peer got wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);
