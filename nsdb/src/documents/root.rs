//! The value of a document's root: one line of text, then the encoded document.
//!
//! ```text
//! live <stamp>[ acknowledge=<version>][ <page>…]\n<document, or what of it is not on pages>
//! pending <stamp>\n
//! gone <stamp>\n
//! ```

use bytes::Bytes;
use model::Version;

/// Begins the word of the mark that agents are to acknowledge.
const ACKNOWLEDGE: &str = "acknowledge=";

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
        /// The newest version at which agents were asked to acknowledge the document; 0 if they never were.
        acknowledge: Version,
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
            Body::Live { acknowledge, pages, content } => {
                let mut value = format!("live {stamp}");
                if *acknowledge > 0 {
                    value.push_str(&format!(" {ACKNOWLEDGE}{acknowledge}"));
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
                let acknowledge = match words.next_if(|word| word.starts_with(ACKNOWLEDGE)) {
                    Some(word) => word[ACKNOWLEDGE.len()..].parse().ok()?,
                    None => 0,
                };
                let pages = words.map(str::to_owned).collect();
                Body::Live { acknowledge, pages, content: value.slice(line + 1..) }
            }
            "pending" => Body::Pending,
            "gone" => Body::Gone,
            _ => return None,
        };
        Some(Self { stamp, body })
    }

    /// The newest version at which agents were asked to acknowledge the document; 0 if they never were.
    pub(super) fn acknowledge(&self) -> Version {
        match self.body {
            Body::Live { acknowledge, .. } => acknowledge,
            Body::Pending | Body::Gone => 0,
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
        let live = |acknowledge, pages: &[&str], content| Body::Live {
            acknowledge,
            pages: pages.iter().map(|page| (*page).to_owned()).collect(),
            content: Bytes::from_static(content),
        };
        let lives = [
            live(0, &["7-a", "9-b"], b"\n x"),
            live(8, &["7-a", "9-b"], b"x"),
            live(8, &[], b""),
            live(0, &[], b""),
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
