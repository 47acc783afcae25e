//! The grammar: `[COLLECTION [OBJECT]]… VERB [COLLECTION [OBJECT]]… [ATTRIBUTE VALUE]…`
//!
//! The verb may stand anywhere before the attributes, what follows it continues the path: `chain C rule R delete`,
//! `chain C delete rule R` and `delete chain C rule R` are the same. An object is called by its alias or id, or by values
//! that only it has: `vtep management-ip 192.0.2.4`.

#[cfg(test)]
mod tests;

use crate::objects::{Attribute, Child, Kind, Place, ROOT};
use crate::verbs::{self, Verb};
use crate::words;

/// One step of a path: a collection, perhaps one object of it.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) child: &'static Child,
    pub(crate) which: Option<Which>,
}

/// Which object of a collection is meant.
#[derive(Debug, Clone)]
pub(crate) enum Which {
    /// The only one there is.
    Only,
    /// The one of this alias or id, which is this word of the command.
    Named { name: String, at: usize },
    /// The one that has these values.
    Having(Vec<Assignment>),
}

/// An attribute with a value in words.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    pub(crate) attribute: &'static Attribute,
    pub(crate) value: String,
}

/// A command, understood.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) words: Vec<String>,
    pub(crate) path: Vec<Step>,
    pub(crate) verb: Verb,
    /// What stands behind the path: attributes, or their names.
    pub(crate) rest: Vec<String>,
}

/// Why a command is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SyntaxError {
    /// The words from which on it is not.
    #[error("Syntax error at: ...{0}")]
    At(String),
    /// It would have to go on.
    #[error("Missing arguments, incomplete command")]
    Incomplete,
    #[error("Syntax error: unmatched quote")]
    Quote,
    /// There are such objects, but they come by themselves.
    #[error("{0}: objects of this type are not created by hand")]
    NotCreatable(&'static str),
}

/// Where a path has got to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reached {
    /// The root or an object.
    Object(&'static Kind),
    /// A collection.
    Collection(&'static Child),
}

/// A command so far as its words are understood.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) path: Vec<Step>,
    pub(crate) verb: Option<Verb>,
    pub(crate) reached: Reached,
    /// How many words were taken.
    pub(crate) taken: usize,
}

/// Follows words as far as they make a path with a verb.
pub(crate) fn follow(words: &[String]) -> Partial {
    let mut at = Partial { path: Vec::new(), verb: None, reached: Reached::Object(&ROOT), taken: 0 };
    while at.taken < words.len() && at.step(words) {}
    at
}

impl Partial {
    /// Takes the next words, if they belong to the path.
    fn step(&mut self, words: &[String]) -> bool {
        let Some(word) = words.get(self.taken) else { return false };
        match self.reached {
            Reached::Object(kind) => self.below(kind, word, words),
            Reached::Collection(child) => self.among(child, word, words),
        }
    }

    /// Behind an object: a collection of its, a verb, or the attributes.
    fn below(&mut self, kind: &'static Kind, word: &str, words: &[String]) -> bool {
        if matches!(self.verb, Some(Verb::SetTenant | Verb::ClearTenant | Verb::Debug | Verb::Exit)) {
            return false;
        }
        if let Some(child) = kind.child(word) {
            let only = matches!(child.place, Place::Only(_));
            self.path.push(Step { child, which: only.then_some(Which::Only) });
            self.reached = if only { Reached::Object(child.kind) } else { Reached::Collection(child) };
            self.taken += 1;
            return true;
        }
        // `bridge bridge0 name show`
        let next = words.get(self.taken + 1).and_then(|next| verbs::find(next));
        let shows = next.is_some_and(|entry| entry.verb == Verb::Show) && self.taken + 2 == words.len();
        if self.verb.is_none() && kind.attribute(word).is_some() && shows {
            self.verb = Some(Verb::Show);
            return false;
        }
        self.take_verb(word)
    }

    /// Behind a collection: a verb, which one of its objects is meant, or the attributes.
    fn among(&mut self, child: &'static Child, word: &str, words: &[String]) -> bool {
        if self.take_verb(word) {
            return true;
        }
        let kind = child.kind;
        let end = end_of_pairs(kind, words, self.taken);
        let has_pairs = end > self.taken;
        let goes_on = words.get(end).is_some_and(|next| kind.child(next).is_some());
        let which = match self.verb {
            // What is described need not be there.
            Some(Verb::Describe) if kind.child(word).is_some() => {
                self.reached = Reached::Object(kind);
                return true;
            }
            // The attributes of what is created or listed.
            Some(Verb::Create | Verb::List) if kind.attribute(word).is_some() && !goes_on => return false,
            // Of several values the first says which object, the others are for the verb.
            Some(Verb::Set | Verb::Show | Verb::Clear) if has_pairs => {
                self.pairs(kind, words, self.taken + 2)
            }
            _ if has_pairs => self.pairs(kind, words, end),
            _ => Which::Named { name: word.to_owned(), at: self.taken },
        };
        if let Which::Named { .. } = which {
            self.taken += 1;
        }
        if let Some(step) = self.path.last_mut() {
            step.which = Some(which);
        }
        self.reached = Reached::Object(kind);
        true
    }

    fn take_verb(&mut self, word: &str) -> bool {
        let Some(entry) = verbs::find(word).filter(|_| self.verb.is_none()) else { return false };
        self.verb = Some(entry.verb);
        self.taken += 1;
        true
    }

    /// The values up to `end`, which say which object is meant.
    fn pairs(&mut self, kind: &'static Kind, words: &[String], end: usize) -> Which {
        let pairs = words.get(self.taken..end).unwrap_or_default();
        self.taken = end;
        let assignment = |pair: &[String]| match pair {
            [name, value] => Some(Assignment { attribute: kind.attribute(name)?, value: value.clone() }),
            _ => None,
        };
        Which::Having(pairs.chunks(2).filter_map(assignment).collect())
    }
}

/// Where the attributes end that stand with their values from here on.
fn end_of_pairs(kind: &Kind, words: &[String], from: usize) -> usize {
    let rest = words.get(from..).unwrap_or_default();
    let is_pair = |pair: &&[String]| matches!(pair, [name, _] if kind.attribute(name).is_some());
    from + 2 * rest.chunks(2).take_while(is_pair).count()
}

/// Understands a line; `None` if it is empty or a remark.
pub(crate) fn parse(line: &str) -> Result<Option<Command>, SyntaxError> {
    if line.trim_start().starts_with('#') {
        return Ok(None);
    }
    let words = words::split(line).ok_or(SyntaxError::Quote)?;
    let Some(first) = words.first() else { return Ok(None) };
    // What is explained need not make a command.
    if verbs::find(first).is_some_and(|entry| entry.verb == Verb::Help) {
        let rest = words.iter().skip(1).cloned().collect();
        return Ok(Some(Command { words, path: Vec::new(), verb: Verb::Help, rest }));
    }
    let at = follow(&words);
    // `… ATTRIBUTE show`
    let end = if ends_with_show(&at, &words) { words.len() - 1 } else { words.len() };
    let rest: Vec<String> = words.get(at.taken..end).unwrap_or_default().to_vec();
    let not_understood = |rest: &[String]| match rest {
        [] => SyntaxError::Incomplete,
        rest => SyntaxError::At(rest.join(" ")),
    };
    let verb = at.verb.ok_or_else(|| not_understood(&rest))?;
    check(verb, &at, &rest).then_some(()).ok_or_else(|| not_understood(&rest))?;
    if let (Verb::Create, Reached::Collection(Child { preset: None, name, .. })) = (verb, at.reached) {
        return Err(SyntaxError::NotCreatable(name));
    }
    Ok(Some(Command { path: at.path, verb, rest, words }))
}

fn ends_with_show(at: &Partial, words: &[String]) -> bool {
    let last = words.last().and_then(|word| verbs::find(word));
    at.verb == Some(Verb::Show) && at.taken + 2 == words.len() && last.is_some_and(|e| e.verb == Verb::Show)
}

/// Whether a verb has what it needs, and nothing that it does not take.
fn check(verb: Verb, at: &Partial, rest: &[String]) -> bool {
    let is_object = matches!(at.reached, Reached::Object(_)) && !at.path.is_empty();
    let is_collection = matches!(at.reached, Reached::Collection(_));
    match verb {
        Verb::List | Verb::Create => is_collection,
        Verb::Show => is_object,
        Verb::Set | Verb::Clear => is_object && !rest.is_empty(),
        Verb::Delete => is_object && rest.is_empty(),
        Verb::Describe => rest.is_empty(),
        Verb::SetTenant => at.path.is_empty() && rest.len() == 1,
        Verb::Debug => at.path.is_empty() && matches!(rest, [word] if word == "on" || word == "off"),
        Verb::ClearTenant | Verb::Exit => at.path.is_empty() && rest.is_empty(),
        Verb::Help => true,
    }
}
