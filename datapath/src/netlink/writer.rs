//! Writing netlink messages into one reused buffer.

/// Appends messages and attributes. The buffer keeps its capacity, so steady state allocates nothing.
///
/// An attribute longer than its 16-bit length can say marks the writer as overflowed: see [`MsgWriter::end`].
pub(crate) struct MsgWriter {
    bytes: Vec<u8>,
    message: usize,
    overflow: bool,
}

/// Where an open attribute began.
#[must_use]
#[derive(Clone, Copy)]
pub(crate) struct Nest(usize);

impl MsgWriter {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), message: 0, overflow: false }
    }

    /// Everything written since the last clear.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.message = 0;
        self.overflow = false;
    }

    /// Opens a message: `nlmsghdr` with a length to be filled in by [`MsgWriter::end`].
    pub(crate) fn begin(&mut self, kind: u16, flags: u16, seq: u32) {
        self.message = self.bytes.len();
        self.overflow = false;
        let mut header = [0; 16];
        header[4..6].copy_from_slice(&kind.to_ne_bytes());
        header[6..8].copy_from_slice(&flags.to_ne_bytes());
        header[8..12].copy_from_slice(&seq.to_ne_bytes());
        self.bytes.extend_from_slice(&header);
    }

    /// Opens a generic netlink message.
    pub(crate) fn begin_generic(&mut self, family: u16, flags: u16, seq: u32, command: u8, version: u8) {
        self.begin(family, flags, seq);
        self.bytes.extend_from_slice(&[command, version, 0, 0]);
    }

    /// Closes the message. False, with the message taken back, if something in it was too long.
    #[must_use]
    pub(crate) fn end(&mut self) -> bool {
        if self.overflow {
            self.bytes.truncate(self.message);
            return false;
        }
        let len = (self.bytes.len() - self.message) as u32;
        self.bytes[self.message..self.message + 4].copy_from_slice(&len.to_ne_bytes());
        true
    }

    /// Appends raw bytes (a family's own header), padded to four.
    #[inline]
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.pad(bytes.len());
    }

    /// Appends an attribute.
    #[inline]
    pub(crate) fn attr(&mut self, kind: u16, payload: &[u8]) {
        let Ok(len) = u16::try_from(payload.len() + 4) else {
            self.overflow = true;
            return;
        };
        let ([l0, l1], [k0, k1]) = (len.to_ne_bytes(), kind.to_ne_bytes());
        self.bytes.extend_from_slice(&[l0, l1, k0, k1]);
        self.bytes.extend_from_slice(payload);
        self.pad(payload.len());
    }

    #[inline]
    fn pad(&mut self, len: usize) {
        let padding = len.wrapping_neg() & 3;
        if padding != 0 {
            self.bytes.extend_from_slice(&[0; 3][..padding]);
        }
    }

    #[inline]
    pub(crate) fn u8(&mut self, kind: u16, value: u8) {
        self.attr(kind, &[value]);
    }

    #[inline]
    pub(crate) fn u16(&mut self, kind: u16, value: u16) {
        self.attr(kind, &value.to_ne_bytes());
    }

    #[inline]
    pub(crate) fn be16(&mut self, kind: u16, value: u16) {
        self.attr(kind, &value.to_be_bytes());
    }

    #[inline]
    pub(crate) fn u32(&mut self, kind: u16, value: u32) {
        self.attr(kind, &value.to_ne_bytes());
    }

    #[inline]
    pub(crate) fn u64(&mut self, kind: u16, value: u64) {
        self.attr(kind, &value.to_ne_bytes());
    }

    /// A NUL-terminated string.
    pub(crate) fn string(&mut self, kind: u16, value: &str) {
        let nest = self.nest(kind);
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.push(0);
        self.close(nest);
        self.pad(value.len() + 1);
    }

    /// Opens an attribute made of what is written until [`MsgWriter::close`].
    #[inline]
    pub(crate) fn nest(&mut self, kind: u16) -> Nest {
        let [k0, k1] = kind.to_ne_bytes();
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0, k0, k1]);
        Nest(start)
    }

    #[inline]
    pub(crate) fn close(&mut self, Nest(start): Nest) {
        match u16::try_from(self.bytes.len() - start) {
            Ok(len) => self.bytes[start..start + 2].copy_from_slice(&len.to_ne_bytes()),
            Err(_) => self.overflow = true,
        }
    }
}
