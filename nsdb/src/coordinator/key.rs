//! The rules for keys: slash paths that every driver, ZooKeeper included, can hold.

use super::error::{Error, MAX_VALUE_BYTES, Result};

/// Longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 1024;

/// Checks a key, such as `doc/router/5b4e…`: components separated by single slashes, none at either end.
pub(super) fn check_key(key: &str) -> Result<()> {
    let refuse = |reason| Err(Error::Invalid { key: key.chars().take(200).collect(), reason });
    if key.len() > MAX_KEY_BYTES {
        return refuse("it is longer than 1024 bytes");
    }
    for component in key.split('/') {
        match component {
            "" => return refuse("it has an empty component: write a/b, without slashes at either end"),
            "." | ".." => return refuse("components . and .. are not allowed"),
            _ if component.chars().any(is_forbidden) => {
                return refuse("it has a control or private-use character");
            }
            _ => {}
        }
    }
    if key.starts_with('.') {
        return refuse("names that start with a dot are reserved at the top");
    }
    Ok(())
}

/// Checks a prefix to list or delete: a key, or the empty string for the root.
pub(super) fn check_prefix(prefix: &str) -> Result<()> {
    if prefix.is_empty() { Ok(()) } else { check_key(prefix) }
}

/// Checks a value's size.
pub(super) fn check_value(key: &str, value: &[u8]) -> Result<()> {
    if value.len() > MAX_VALUE_BYTES {
        return Err(Error::TooLarge { key: key.to_owned(), bytes: value.len() });
    }
    Ok(())
}

/// The prefix above a key: `a/b` of `a/b/c`, the empty root of `a`.
pub(super) fn parent(key: &str) -> &str {
    key.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The characters that ZooKeeper refuses in a path.
fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}')
}
