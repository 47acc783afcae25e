//! What commands can do: one table, from which grammar, help and completion are made.

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Show,
    List,
    Create,
    Delete,
    Set,
    Clear,
    Describe,
    Debug,
    SetTenant,
    ClearTenant,
    Exit,
    Help,
}

/// A verb, and what there is to say of it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) verb: Verb,
    pub(crate) name: &'static str,
    /// It may be cut down to this many letters.
    pub(crate) least: usize,
    pub(crate) about: &'static str,
    pub(crate) usage: &'static [&'static str],
    pub(crate) examples: &'static [&'static str],
}

/// In the order in which help names them, as MidoNet's does; those behind the last of its are ours.
pub(crate) const VERBS: &[Entry] = &[
    Entry {
        verb: Verb::Show,
        name: "show",
        least: 1,
        about: "shows an object, or one of its attributes. What an attribute refers to is shown itself",
        usage: &["OBJECT show [ATTRIBUTE]…", "show OBJECT [ATTRIBUTE]…"],
        examples: &["bridge bridge0 show", "bridge bridge0 show id", "show router router0 port port0 peer"],
    },
    Entry {
        verb: Verb::List,
        name: "list",
        least: 1,
        about: "lists a collection: all of it, or what has these values",
        usage: &[
            "[OBJECT] list COLLECTION [ATTRIBUTE VALUE]…",
            "[OBJECT] COLLECTION list [ATTRIBUTE VALUE]…",
        ],
        examples: &["list bridge", "router router0 list port", "chain chain0 rule list type drop"],
    },
    Entry {
        verb: Verb::Create,
        name: "create",
        least: 0,
        about: "makes a new object, and says what to call it. `add` is the same",
        usage: &[
            "[OBJECT] create COLLECTION [ATTRIBUTE VALUE]…",
            "[OBJECT] add COLLECTION [ATTRIBUTE VALUE]…",
        ],
        examples: &[
            "bridge create name red",
            "bridge bridge0 add port",
            "router router0 add port addresses 10.0.0.1/24",
        ],
    },
    Entry {
        verb: Verb::Delete,
        name: "delete",
        least: 3,
        about: "deletes an object, with all that is part of it",
        usage: &["OBJECT delete", "delete OBJECT", "OBJECT delete OBJECT"],
        examples: &[
            "bridge bridge0 delete",
            "chain chain0 delete rule rule0",
            "port-group pgroup0 delete member port bridge0:port0",
        ],
    },
    Entry {
        verb: Verb::Set,
        name: "set",
        least: 0,
        about: "changes attributes of an object. The others stay as they are",
        usage: &[
            "OBJECT set ATTRIBUTE VALUE [ATTRIBUTE VALUE]…",
            "set OBJECT ATTRIBUTE VALUE [ATTRIBUTE VALUE]…",
        ],
        examples: &[
            "bridge bridge0 set name crimson state down",
            "router router0 port port0 set peer bridge0:port0",
        ],
    },
    Entry {
        verb: Verb::Clear,
        name: "clear",
        least: 0,
        about: "takes the values of attributes away",
        usage: &["OBJECT clear ATTRIBUTE…", "clear OBJECT ATTRIBUTE…"],
        examples: &["bridge bridge0 clear infilter", "router router0 port port0 clear peer"],
    },
    Entry {
        verb: Verb::Describe,
        name: "describe",
        least: 4,
        about: "names what an object is made of: collections and attributes. `help OBJECT` says what they mean",
        usage: &["describe [COLLECTION]…"],
        examples: &["describe", "describe bridge", "describe router port"],
    },
    Entry {
        verb: Verb::Debug,
        name: "debug",
        least: 0,
        about: "shows requests and answers, or does no longer",
        usage: &["debug on|off"],
        examples: &["debug on"],
    },
    Entry {
        verb: Verb::SetTenant,
        name: "sett",
        least: 0,
        about: "works for a tenant from here on: lists hold its objects, and new ones are its own",
        usage: &["sett TENANT"],
        examples: &["sett 4f1c0b7e3a5d4c1c9b0f6d2e8a7c5b31"],
    },
    Entry {
        verb: Verb::ClearTenant,
        name: "cleart",
        least: 0,
        about: "works for no tenant in particular",
        usage: &["cleart"],
        examples: &["cleart"],
    },
    Entry {
        verb: Verb::Exit,
        name: "exit",
        least: 0,
        about: "ends the session",
        usage: &["exit"],
        examples: &[],
    },
    Entry {
        verb: Verb::Exit,
        name: "quit",
        least: 0,
        about: "ends the session",
        usage: &["quit"],
        examples: &[],
    },
    Entry {
        verb: Verb::Create,
        name: "add",
        least: 0,
        about: "makes a new object, and says what to call it. `create` is the same",
        usage: &["[OBJECT] add COLLECTION [ATTRIBUTE VALUE]…"],
        examples: &["bridge bridge0 add port", "host host0 add binding port bridge0:port0 interface tap0"],
    },
    Entry {
        verb: Verb::Help,
        name: "help",
        least: 0,
        about: "explains a verb, an object, what may be given to it, or one of its attributes",
        usage: &["help [VERB] [COLLECTION]… [ATTRIBUTE]"],
        examples: &["help create", "help bridge", "help create router port", "help chain rule dst-port"],
    },
];

/// The last verb that MidoNet's help names.
const LAST_NAMED: &str = "quit";

/// The names of the verbs that help lists.
pub(crate) fn named() -> Vec<&'static str> {
    let last = VERBS.iter().position(|entry| entry.name == LAST_NAMED);
    VERBS.iter().take(last.map_or(VERBS.len(), |last| last + 1)).map(|entry| entry.name).collect()
}

/// The verb that a word stands for: its name, or the begin of it.
pub(crate) fn find(word: &str) -> Option<&'static Entry> {
    let exact = VERBS.iter().find(|entry| entry.name == word);
    let is_begin =
        |entry: &&Entry| entry.least > 0 && word.len() >= entry.least && entry.name.starts_with(word);
    exact.or_else(|| VERBS.iter().find(is_begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_verbs_may_be_cut_short() {
        let verb = |word| find(word).map(|entry| entry.verb);
        assert_eq!(verb("sh"), Some(Verb::Show));
        assert_eq!(verb("l"), Some(Verb::List));
        assert_eq!(verb("desc"), Some(Verb::Describe));
        assert_eq!(verb("del"), Some(Verb::Delete));
        for word in ["de", "crea", "se", "", "lists"] {
            assert_eq!(verb(word), None, "{word}");
        }
    }
}
