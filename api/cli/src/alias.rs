//! Short names for objects in a session: `bridge0`, `router1:port2`. Given when an object is first shown or made, and
//! kept for the session. A single command (`-e`) has none: it speaks in ids.

use std::collections::HashMap;

/// The names given so far.
#[derive(Debug, Default)]
pub(crate) struct Aliases {
    on: bool,
    ids: HashMap<String, String>,
    names: HashMap<String, String>,
    counts: HashMap<String, usize>,
}

impl Aliases {
    /// Gives names.
    pub(crate) fn on() -> Self {
        Self { on: true, ..Self::default() }
    }

    /// Gives none.
    pub(crate) fn off() -> Self {
        Self::default()
    }

    /// The name of an object, given now if it has none yet. `parent` is the id of the object that it is part of.
    pub(crate) fn name(&mut self, prefix: &str, id: &str, parent: Option<&str>) -> String {
        if !self.on || prefix.is_empty() {
            return id.to_owned();
        }
        if let Some(name) = self.names.get(id) {
            return name.clone();
        }
        let stem = match parent.and_then(|parent| self.names.get(parent)) {
            Some(parent) => format!("{parent}:{prefix}"),
            None => prefix.to_owned(),
        };
        let count = self.counts.entry(stem.clone()).or_default();
        let name = format!("{stem}{count}");
        *count += 1;
        self.names.insert(id.to_owned(), name.clone());
        self.ids.insert(name.clone(), id.to_owned());
        name
    }

    /// The name of an object if it has one, else its id.
    pub(crate) fn known(&self, id: &str) -> String {
        self.names.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    pub(crate) fn has(&self, id: &str) -> bool {
        !self.on || self.names.contains_key(id)
    }

    /// The id behind a name; what is no name is taken as an id.
    pub(crate) fn resolve(&self, name: &str) -> String {
        self.ids.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// The id behind a name that is short for one below `parent`.
    pub(crate) fn resolve_in(&self, name: &str, parent: Option<&str>) -> String {
        let qualified = parent.and_then(|parent| self.names.get(parent)).map(|p| format!("{p}:{name}"));
        match qualified.and_then(|name| self.ids.get(&name)) {
            Some(id) => id.clone(),
            None => self.resolve(name),
        }
    }

    /// Names that begin like this.
    pub(crate) fn starting_with<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        self.ids.keys().map(String::as_str).filter(move |name| name.starts_with(start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_up_within_their_parent() {
        let mut aliases = Aliases::on();
        assert_eq!(aliases.name("bridge", "a", None), "bridge0");
        assert_eq!(aliases.name("bridge", "b", None), "bridge1");
        assert_eq!(aliases.name("port", "p", Some("b")), "bridge1:port0");
        assert_eq!(aliases.name("bridge", "a", None), "bridge0");
        assert_eq!(aliases.resolve("bridge1:port0"), "p");
        assert_eq!(aliases.resolve_in("port0", Some("b")), "p");
    }

    #[test]
    fn a_single_command_speaks_in_ids() {
        assert_eq!(Aliases::off().name("bridge", "a", None), "a");
    }
}
