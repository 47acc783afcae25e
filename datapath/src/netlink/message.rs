//! Reading netlink messages (`struct nlmsghdr`) in place.

use super::Malformed;

/// Bytes of `struct nlmsghdr`.
pub(crate) const NLMSG_HEADER: usize = 16;
/// `NLMSG_NOOP`: nothing.
pub(crate) const NLMSG_NOOP: u16 = 1;
/// `NLMSG_ERROR`: an error, or with code 0 an acknowledgement.
pub(crate) const NLMSG_ERROR: u16 = 2;
/// `NLMSG_DONE`: the end of a dump.
pub(crate) const NLMSG_DONE: u16 = 3;

/// One message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// Family id, or a control type.
    pub(crate) kind: u16,
    /// Sequence number of the request it answers.
    pub(crate) seq: u32,
    /// What follows the header.
    pub(crate) payload: &'a [u8],
}

/// Iterates over the messages of one datagram. A cut-off message is an error, and the last item.
pub(crate) struct Messages<'a>(&'a [u8]);

impl<'a> Messages<'a> {
    pub(crate) fn new(datagram: &'a [u8]) -> Self {
        Self(datagram)
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some((message, rest)) = split(self.0) else {
            self.0 = &[];
            return Some(Err(Malformed("a message runs past the end of its datagram")));
        };
        self.0 = rest;
        Some(Ok(message))
    }
}

#[inline]
fn split(bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let header: &[u8; NLMSG_HEADER] = bytes.first_chunk()?;
    let [l0, l1, l2, l3, k0, k1, _, _, s0, s1, s2, s3, ..] = *header;
    let len = u32::from_ne_bytes([l0, l1, l2, l3]) as usize;
    let payload = bytes.get(NLMSG_HEADER..len)?;
    let rest = bytes.get((len + 3) & !3..).unwrap_or(&[]);
    let kind = u16::from_ne_bytes([k0, k1]);
    Some((Message { kind, seq: u32::from_ne_bytes([s0, s1, s2, s3]), payload }, rest))
}

/// The positive errno of an [`NLMSG_ERROR`] or [`NLMSG_DONE`] message, 0 for success.
pub(crate) fn error_code(message: &Message<'_>) -> Result<i32, Malformed> {
    let code = message.payload.first_chunk().ok_or(Malformed("an error message has no code"))?;
    Ok(i32::from_ne_bytes(*code).checked_neg().unwrap_or(i32::MAX))
}
