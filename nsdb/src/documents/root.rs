//! The value of a document's root: one line of text, then the encoded document.
//!
//! ```text
//! live <stamp>[ acknowledge=<version>@<seconds since 1970>][ <page>…]\n<document, or what of it is not on pages>
//! pending <stamp>\n
//! gone <stamp>\n
//! ```

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use model::Version;

/// Begins the word of the mark that agents are to acknowledge.
const ACKNOWLEDGE: &str = "acknowledge=";
/// A mark asks for so long: longer than anybody waits by as much as clocks may differ.
const LASTS: Duration = Duration::from_secs(600);

/// A root, as written by any server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Root {
    /// Version that the document is current for, at least.
    pub(super) stamp: Version,
    pub(super) body: Body,
}

/// What a root says about its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// It exists.
    Live {
        /// The newest mark; `None` if agents were never asked to acknowledge the document.
        mark: Option<Mark>,
        /// Names of the pages, in order; none for a small document.
        pages: Vec<String>,
        /// The document, or what of it is not on pages.
        content: Bytes,
    },
    /// It is being created.
    Pending,
    /// It was deleted.
    Gone,
}

/// The wish that agents acknowledge a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The version that they are to have applied.
    pub(super) version: Version,
    /// When it was written, by the writer's clock.
    seconds: u64,
}

impl Mark {
    /// Written now.
    pub(super) fn new(version: Version) -> Self {
        Self { version, seconds: now() }
    }

    /// Whether somebody may be waiting still.
    pub(super) fn is_awaited(&self) -> bool {
        now().saturating_sub(self.seconds) < LASTS.as_secs()
    }

    /// The mark of a word without its begin.
    fn decode(word: &str) -> Option<Self> {
        let (version, seconds) = word.split_once('@')?;
        Some(Self { version: version.parse().ok()?, seconds: seconds.parse().ok()? })
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Root {
    pub(super) fn pending(stamp: Version) -> Self {
        Self { stamp, body: Body::Pending }
    }

    pub(super) fn gone(stamp: Version) -> Self {
        Self { stamp, body: Body::Gone }
    }

    pub(super) fn encode(&self) -> Bytes {
        let stamp = self.stamp;
        match &self.body {
            Body::Pending => format!("pending {stamp}\n").into(),
            Body::Gone => format!("gone {stamp}\n").into(),
            Body::Live { mark, pages, content } => {
                let mut value = format!("live {stamp}");
                if let Some(Mark { version, seconds }) = mark {
                    value.push_str(&format!(" {ACKNOWLEDGE}{version}@{seconds}"));
                }
                for page in pages {
                    value.push(' ');
                    value.push_str(page);
                }
                value.push('\n');
                let mut value = value.into_bytes();
                value.extend_from_slice(content);
                value.into()
            }
        }
    }

    /// The root of a value; `None` if it is not one.
    pub(super) fn decode(value: &Bytes) -> Option<Self> {
        let line = value.iter().position(|byte| *byte == b'\n')?;
        let mut words = std::str::from_utf8(&value[..line]).ok()?.split(' ');
        let kind = words.next()?;
        let stamp = words.next()?.parse().ok()?;
        let body = match kind {
            "live" => {
                let mut words = words.peekable();
                let mark = match words.next_if(|word| word.starts_with(ACKNOWLEDGE)) {
                    Some(word) => Some(Mark::decode(&word[ACKNOWLEDGE.len()..])?),
                    None => None,
                };
                let pages = words.map(str::to_owned).collect();
                Body::Live { mark, pages, content: value.slice(line + 1..) }
            }
            "pending" => Body::Pending,
            "gone" => Body::Gone,
            _ => return None,
        };
        Some(Self { stamp, body })
    }

    /// The newest mark.
    pub(super) fn mark(&self) -> Option<Mark> {
        match self.body {
            Body::Live { mark, .. } => mark,
            Body::Pending | Body::Gone => None,
        }
    }

    /// The pages that the root lists.
    pub(super) fn pages(&self) -> &[String] {
        match &self.body {
            Body::Live { pages, .. } => pages,
            Body::Pending | Body::Gone => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn roots_decode_back() {
        let live = |mark, pages: &[&str], content| Body::Live {
            mark,
            pages: pages.iter().map(|page| (*page).to_owned()).collect(),
            content: Bytes::from_static(content),
        };
        let lives = [
            live(None, &["7-a", "9-b"], b"\n x"),
            live(Some(Mark::new(8)), &["7-a", "9-b"], b"x"),
            live(Some(Mark::new(8)), &[], b""),
            live(None, &[], b""),
        ];
        for body in lives.into_iter().chain([Body::Pending, Body::Gone]) {
            let root = Root { stamp: 9, body };
            assert_eq!(Root::decode(&root.encode()), Some(root));
        }
    }

    proptest! {
        #[test]
        fn no_value_panics(value: Vec<u8>) {
            Root::decode(&value.into());
        }
    }
}
