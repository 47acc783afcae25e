//! Short names for objects in a session: `bridge0`, `router1:port2`. Given when an object is first shown or made, and
//! kept for the session. A session without them speaks in ids.

use std::collections::{BTreeMap, HashMap};

/// The names given so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Aliases {
    on: bool,
    ids: BTreeMap<String, String>,
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

    /// Whether nothing is to be found out before an object is shown.
    pub(crate) fn has(&self, id: &str) -> bool {
        !self.on || self.names.contains_key(id)
    }

    /// What to call an object below its parent: the last part of its name, if the rest is the parent's.
    pub(crate) fn below<'a>(&self, name: &'a str, parent: Option<&str>) -> &'a str {
        let parent = parent.and_then(|parent| self.names.get(parent));
        let short = parent.and_then(|parent| name.strip_prefix(parent.as_str())?.strip_prefix(':'));
        short.unwrap_or(name)
    }

    /// The id behind a name or a UUID; none if it is neither.
    pub(crate) fn resolve(&self, name: &str) -> Option<String> {
        self.ids.get(name).cloned().or_else(|| is_uuid(name).then(|| name.to_owned()))
    }

    /// The same for a name that may be short for one below `parent`.
    pub(crate) fn resolve_below(&self, name: &str, parent: Option<&str>) -> Option<String> {
        let qualified = parent.and_then(|parent| self.names.get(parent)).map(|p| format!("{p}:{name}"));
        qualified.and_then(|name| self.ids.get(&name).cloned()).or_else(|| self.resolve(name))
    }

    /// The names of objects of a kind, given by its prefix; all of them, as they stand at the root.
    pub(crate) fn of_kind<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.ids.keys().map(String::as_str);
        all.filter(move |name| number_of(name, prefix).is_some())
    }

    /// Where an object stands among those of its kind.
    pub(crate) fn rank(&self, id: &str, prefix: &str) -> Option<usize> {
        number_of(self.names.get(id)?, prefix)
    }
}

/// The number of a name with this prefix.
fn number_of(name: &str, prefix: &str) -> Option<usize> {
    let last = name.rsplit(':').next()?;
    last.strip_prefix(prefix)?.parse().ok()
}

/// Whether a text is a UUID as RFC 9562 writes it.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12]) && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()))
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
        assert_eq!(aliases.resolve("bridge1:port0").as_deref(), Some("p"));
        assert_eq!(aliases.resolve_below("port0", Some("b")).as_deref(), Some("p"));
        assert_eq!(aliases.resolve_below("port0", Some("a")), None);
    }

    #[test]
    fn below_another_parent_a_name_stands_in_full() {
        let mut aliases = Aliases::on();
        aliases.name("lb", "l", None);
        aliases.name("hm", "h", None);
        let pool = aliases.name("pool", "p", Some("l"));
        assert_eq!(aliases.below(&pool, Some("l")), "pool0");
        assert_eq!(aliases.below(&pool, Some("h")), "lb0:pool0");
        assert_eq!(aliases.below(&pool, None), "lb0:pool0");
    }

    #[test]
    fn names_are_told_by_their_kind() {
        let mut aliases = Aliases::on();
        aliases.name("port", "p", None);
        aliases.name("pm", "m", None);
        aliases.name("pool", "q", None);
        assert_eq!(aliases.of_kind("p").count(), 0);
        assert_eq!(aliases.of_kind("pool").collect::<Vec<_>>(), ["pool0"]);
    }

    #[test]
    fn without_names_only_uuids_are_ids() {
        let mut aliases = Aliases::off();
        let id = "00000000-dead-4bad-8bad-000000000000";
        assert_eq!(aliases.name("bridge", id, None), id);
        assert_eq!(aliases.resolve(id).as_deref(), Some(id));
        for name in ["bridge0", "00000000-dead-4bad-8bad-00000000000", "x0000000-dead-4bad-8bad-000000000000"]
        {
            assert_eq!(aliases.resolve(name), None, "{name}");
        }
    }
}
