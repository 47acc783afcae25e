//! The grammar: `[<collection> [<id>]]… <verb> [<collection> [<id>]]… [<attribute> <value>]…`
//!
//! The verb may stand anywhere behind the first object, what follows it continues the path:
//! `chain C rule R delete` and `chain C delete rule R` are the same.

use crate::objects::{Child, Kind, ROOT};

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    List,
    Show,
    Create,
    Set,
    Clear,
    Delete,
    Describe,
    SetTenant,
    ClearTenant,
    Debug,
    Help,
    Exit,
}

pub(crate) const VERBS: &[(&str, Verb)] = &[
    ("list", Verb::List),
    ("show", Verb::Show),
    ("create", Verb::Create),
    ("add", Verb::Create),
    ("set", Verb::Set),
    ("clear", Verb::Clear),
    ("delete", Verb::Delete),
    ("describe", Verb::Describe),
    ("sett", Verb::SetTenant),
    ("cleart", Verb::ClearTenant),
    ("debug", Verb::Debug),
    ("help", Verb::Help),
    ("exit", Verb::Exit),
    ("quit", Verb::Exit),
];

/// One step of a path: a collection, perhaps one object of it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) child: &'static Child,
    pub(crate) id: Option<String>,
}

/// A command, understood.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) path: Vec<Step>,
    pub(crate) verb: Verb,
    /// What stands behind the path: attributes, or their names.
    pub(crate) rest: Vec<String>,
}

/// The words from which on a command is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Syntax error at: ...{0}")]
pub(crate) struct SyntaxError(pub(crate) String);

/// Takes a line apart: words separated by blanks, quoted where they contain some.
pub(crate) fn words(line: &str) -> Result<Vec<String>, SyntaxError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            (c, Some(_)) => word.get_or_insert_default().push(c),
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, None) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err(SyntaxError(line.to_owned())) } else { Ok(words) }
}

/// Where a path has got to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// The root or an object.
    Object(&'static Kind),
    /// A collection.
    Collection(&'static Child),
}

/// A command so far as its words are understood.
pub(crate) struct Partial {
    pub(crate) path: Vec<Step>,
    pub(crate) verb: Option<Verb>,
    pub(crate) place: Place,
    /// How many words were taken.
    pub(crate) taken: usize,
}

/// Follows words as far as they make a path with a verb.
pub(crate) fn follow(words: &[String]) -> Partial {
    let mut at = Partial { path: Vec::new(), verb: None, place: Place::Object(&ROOT), taken: 0 };
    while let Some(word) = words.get(at.taken) {
        let verb = VERBS.iter().find(|(name, _)| name == word).map(|(_, verb)| *verb);
        match (at.place, at.verb, verb) {
            (_, None, Some(verb)) => at.verb = Some(verb),
            (Place::Object(kind), Some(Verb::Set | Verb::Clear | Verb::Show), _)
                if kind.attribute(word).is_some() =>
            {
                break;
            }
            (Place::Object(kind), ..) => {
                let Some(child) = kind.child(word) else { break };
                at.path.push(Step { child, id: None });
                at.place = Place::Collection(child);
            }
            (Place::Collection(_), Some(Verb::Create | Verb::List | Verb::Describe), _) => break,
            (Place::Collection(child), ..) => {
                // `member host H` is as good as `member H`.
                let named = child.kind.key_attribute().is_some_and(|key| key.name == word);
                let id = if named && words.get(at.taken + 1).is_some() { at.taken + 1 } else { at.taken };
                if let (Some(step), Some(id)) = (at.path.last_mut(), words.get(id)) {
                    step.id = Some(id.clone());
                }
                at.taken = id;
                at.place = Place::Object(child.kind);
            }
        }
        at.taken += 1;
    }
    at
}

/// Understands a line; `None` if it is empty or a comment.
pub(crate) fn parse(line: &str) -> Result<Option<Command>, SyntaxError> {
    if line.trim_start().starts_with('#') {
        return Ok(None);
    }
    let words = words(line)?;
    if words.is_empty() {
        return Ok(None);
    }
    let at = follow(&words);
    let rest: Vec<String> = words.iter().skip(at.taken).cloned().collect();
    let Some(verb) = at.verb else {
        return Err(SyntaxError(if rest.is_empty() { words.join(" ") } else { rest.join(" ") }));
    };
    let complete = match verb {
        Verb::List => matches!(at.place, Place::Collection(_)),
        Verb::Create => matches!(at.place, Place::Collection(child) if child.preset.is_some()),
        Verb::Show | Verb::Set | Verb::Clear | Verb::Delete => {
            matches!(at.place, Place::Object(_)) && !at.path.is_empty()
        }
        _ => true,
    };
    let needs_attributes = matches!(verb, Verb::Set | Verb::Clear);
    let takes_none = matches!(verb, Verb::Delete | Verb::Describe);
    if !complete || needs_attributes && rest.is_empty() || takes_none && !rest.is_empty() {
        return Err(SyntaxError(if rest.is_empty() { words.join(" ") } else { rest.join(" ") }));
    }
    Ok(Some(Command { path: at.path, verb, rest }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> (Vec<(&'static str, Option<String>)>, Verb, String) {
        let command = parse(line).unwrap().unwrap();
        let path = command.path.into_iter().map(|step| (step.child.name, step.id)).collect();
        (path, command.verb, command.rest.join(" "))
    }

    #[test]
    fn the_verb_may_stand_before_or_behind_the_last_object() {
        assert_eq!(parsed("chain C rule R delete"), parsed("chain C delete rule R"));
        assert_eq!(parsed("router R list port"), parsed("router R port list"));
        assert_eq!(parsed("list bridge"), parsed("bridge list"));
        assert_eq!(parsed("tunnel-zone Z delete member host H"), parsed("tunnel-zone Z member H delete"));
    }

    #[test]
    fn attributes_follow_the_path() {
        let (path, verb, rest) = parsed("bridge B add port vlan 7");
        assert_eq!((path.len(), verb, rest.as_str()), (2, Verb::Create, "vlan 7"));
        let (path, verb, rest) = parsed("router R port P set peer Q");
        assert_eq!((path.len(), verb, rest.as_str()), (2, Verb::Set, "peer Q"));
        assert_eq!(parsed("bridge create name 'red wine'").2, "name red wine");
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert_eq!(parse("nonsense list").unwrap_err(), SyntaxError("nonsense list".into()));
        assert_eq!(parse("bridge B delete name").unwrap_err(), SyntaxError("name".into()));
        assert!(parse("host create name x").is_err());
        assert!(parse("bridge").is_err());
        assert!(parse("  # a remark").unwrap().is_none());
    }
}
