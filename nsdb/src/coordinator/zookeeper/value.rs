//! How values stand in znodes.
//!
//! ```text
//! (nothing)                      a directory: the key has no value
//! 1 value…                       a durable key
//! 2 length:u8 owner… value…      an ephemeral key and its owner's name
//! ```

use bytes::{BufMut, Bytes};

const DURABLE: u8 = 1;
const EPHEMERAL: u8 = 2;

/// Longest name of an owner, in bytes.
pub(super) const MAX_OWNER_BYTES: usize = u8::MAX as usize;

/// What a znode holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// No value: it is there for what is below it.
    Directory,
    /// A durable key's value.
    Durable(Bytes),
    /// An ephemeral key's value.
    Ephemeral { owner: String, value: Bytes },
    /// Not written by us.
    Foreign,
}

/// The znode content of a durable key.
pub(super) fn durable(value: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(1 + value.len());
    data.put_u8(DURABLE);
    data.put_slice(value);
    data
}

/// The znode content of an ephemeral key. The owner's name is at most [`MAX_OWNER_BYTES`] long.
pub(super) fn ephemeral(owner: &str, value: &[u8]) -> Vec<u8> {
    let owner = &owner.as_bytes()[..owner.len().min(MAX_OWNER_BYTES)];
    let mut data = Vec::with_capacity(2 + owner.len() + value.len());
    data.put_u8(EPHEMERAL);
    data.put_u8(owner.len() as u8);
    data.put_slice(owner);
    data.put_slice(value);
    data
}

/// Reads a znode's content. Never fails: anything else is [`Content::Foreign`].
pub(super) fn decode(data: Vec<u8>) -> Content {
    let data = Bytes::from(data);
    match data.as_ref() {
        [] => Content::Directory,
        [DURABLE, ..] => Content::Durable(data.slice(1..)),
        [EPHEMERAL, length, rest @ ..] => match rest.split_at_checked(usize::from(*length)) {
            Some((owner, _)) => match std::str::from_utf8(owner) {
                Ok(owner) => Content::Ephemeral {
                    owner: owner.to_owned(),
                    value: data.slice(2 + usize::from(*length)..),
                },
                Err(_) => Content::Foreign,
            },
            None => Content::Foreign,
        },
        _ => Content::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(decode(durable(b"x")), Content::Durable(Bytes::from_static(b"x")));
        assert_eq!(decode(durable(b"")), Content::Durable(Bytes::new()));
        let owner = "host-ü".to_owned();
        let value = Bytes::from_static(b"y");
        assert_eq!(decode(ephemeral(&owner, b"y")), Content::Ephemeral { owner, value });
    }

    #[test]
    fn an_empty_znode_is_a_directory() {
        assert_eq!(decode(Vec::new()), Content::Directory);
    }

    #[test]
    fn what_others_wrote_is_foreign() {
        for data in [&b"hello"[..], &[2], &[2, 5, b'a'], &[2, 1, 0xff], &[0]] {
            assert_eq!(decode(data.to_vec()), Content::Foreign, "{data:?}");
        }
    }
}
