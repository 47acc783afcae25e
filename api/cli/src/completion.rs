//! What may come next in a line: for the Tab key, and for hints behind the cursor.

#[cfg(test)]
mod tests;

use crate::alias::Aliases;
use crate::codec;
use crate::grammar::{Partial, Reached, Step, Which, follow};
use crate::objects::{Access, Attribute, Child, Kind, ROOT};
use crate::verbs::{self, VERBS, Verb};

/// So many attributes are named in a hint.
const HINTED: usize = 5;

/// What may come next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Words that fit.
    pub(crate) words: Vec<String>,
    /// What it looks like.
    pub(crate) hint: String,
}

/// What may stand behind these words.
pub(crate) fn expected(done: &[String], aliases: &Aliases) -> Expected {
    let first = done.first().and_then(|word| verbs::find(word));
    let mut expected = if first.is_some_and(|entry| entry.verb == Verb::Help) {
        explained(done.get(1..).unwrap_or_default())
    } else {
        Line { at: follow(done), done, aliases }.expected()
    };
    expected.words.sort();
    expected.words.dedup();
    expected
}

/// What can be explained behind these words.
fn explained(done: &[String]) -> Expected {
    let is_verb = |word: &String| verbs::find(word).is_some();
    let path = done.split_first().filter(|(first, _)| is_verb(first)).map_or(done, |(_, path)| path);
    let kind = path.iter().try_fold(&ROOT, |kind, word| kind.child(word).map(|child| child.kind));
    let Some(kind) = kind else { return Expected::default() };
    let mut words = names_of(kind.children.iter());
    words.extend(kind.attributes().map(|attribute| attribute.name.to_owned()));
    if done.is_empty() {
        words.extend(VERBS.iter().map(|entry| entry.name.to_owned()));
    }
    Expected { words, hint: String::new() }
}

fn names_of(children: impl Iterator<Item = &'static Child>) -> Vec<String> {
    children.map(|child| child.name.to_owned()).collect()
}

/// A line so far as it is understood.
struct Line<'a> {
    at: Partial,
    done: &'a [String],
    aliases: &'a Aliases,
}

impl Line<'_> {
    fn expected(&self) -> Expected {
        if let Some(attribute) = self.unfinished_pair() {
            return self.value_of(attribute);
        }
        let rest = self.done.get(self.at.taken..).unwrap_or_default();
        match (self.at.reached, self.at.verb) {
            (_, Some(Verb::Debug)) if rest.is_empty() => Expected::of(["on", "off"]),
            (_, Some(Verb::SetTenant)) if rest.is_empty() => Expected::hint("TENANT"),
            (_, Some(Verb::Debug | Verb::SetTenant | Verb::ClearTenant | Verb::Exit)) => Expected::default(),
            (Reached::Object(kind), verb) => self.behind_object(kind, verb, rest),
            (Reached::Collection(child), verb) => self.behind_collection(child, verb, rest),
        }
    }

    fn behind_object(&self, kind: &'static Kind, verb: Option<Verb>, rest: &[String]) -> Expected {
        let mut children = if rest.is_empty() { names_of(kind.children.iter()) } else { Vec::new() };
        match verb {
            None => children.extend(verbs_for(kind, self.at.path.is_empty())),
            Some(Verb::Set) => return self.pairs(kind, rest, Attribute::is_writable).and(children),
            Some(Verb::Show) => return names(kind, rest, |_| true).and(children),
            Some(Verb::Clear) => return names(kind, rest, |a| a.access == Access::Clear).and(children),
            Some(Verb::Create) => {
                let open = kind.children.iter().filter(|c| c.preset.is_some() || !c.kind.children.is_empty());
                children = names_of(open);
            }
            Some(_) => {}
        }
        Expected { words: children, hint: String::new() }
    }

    fn behind_collection(&self, child: &'static Child, verb: Option<Verb>, rest: &[String]) -> Expected {
        let kind = child.kind;
        let objects = if rest.is_empty() { self.objects_in(kind) } else { Vec::new() };
        match verb {
            Some(Verb::Create) => self.pairs(kind, rest, Attribute::is_writable).and(objects),
            Some(Verb::List) => self.pairs(kind, rest, |_| true).and(objects),
            Some(Verb::Describe) => Expected { words: names_of(kind.children.iter()), hint: String::new() },
            Some(_) => self.which(kind).and(objects),
            None => {
                let mut words = vec!["list".to_owned(), "describe".to_owned()];
                words.extend(child.preset.map(|_| "create".to_owned()));
                self.which(kind).and(objects).and(words)
            }
        }
    }

    /// The attribute by which an object is being told, if its value is still to come.
    fn unfinished_pair(&self) -> Option<&'static Attribute> {
        let step = self.at.path.last()?;
        match &step.which {
            Some(Which::Named { name, at }) if at + 1 == self.done.len() => step.child.kind.attribute(name),
            _ => None,
        }
    }

    /// Attributes with values: a name or a value, whichever is next.
    fn pairs(&self, kind: &'static Kind, rest: &[String], keep: fn(&Attribute) -> bool) -> Expected {
        match rest.last().filter(|_| rest.len() % 2 == 1) {
            Some(name) => kind.attribute(name).map(|a| self.value_of(a)).unwrap_or_default(),
            None => names(kind, rest, keep),
        }
    }

    /// How an object without a name is told from others.
    fn which(&self, kind: &'static Kind) -> Expected {
        let Some(key) = kind.key_attribute() else { return Expected::default() };
        Expected { words: vec![key.name.to_owned()], hint: String::new() }
    }

    fn value_of(&self, attribute: &Attribute) -> Expected {
        let mut words: Vec<String> = codec::choices(attribute.codec).into_iter().map(str::to_owned).collect();
        if let Some(link) = attribute.refers_to() {
            words.extend(self.aliases.of_kind(Kind::under(link).word).map(str::to_owned));
        }
        Expected { words, hint: codec::shape(attribute.codec) }
    }

    /// The names of the objects in the collection that the line has come to.
    fn objects_in(&self, kind: &'static Kind) -> Vec<String> {
        let before = self.at.path.split_last().map_or(&[][..], |(_, before)| before);
        let parent = self.id_of(before);
        let names =
            self.aliases.of_kind(kind.word).map(|name| (name, self.aliases.below(name, parent.as_deref())));
        let is_here = |(full, short): &(&str, &str)| before.is_empty() || full != short;
        names.filter(is_here).map(|(_, short)| short.to_owned()).collect()
    }

    fn id_of(&self, path: &[Step]) -> Option<String> {
        path.iter().fold(None, |parent: Option<String>, step| match &step.which {
            Some(Which::Named { name, .. }) => self.aliases.resolve_below(name, parent.as_deref()),
            _ => None,
        })
    }
}

/// Names of attributes that are not given yet.
fn names(kind: &'static Kind, rest: &[String], keep: impl Fn(&Attribute) -> bool) -> Expected {
    let is_new = |attribute: &&Attribute| keep(attribute) && !rest.iter().any(|word| word == attribute.name);
    let words: Vec<String> =
        kind.attributes().filter(is_new).map(|attribute| attribute.name.to_owned()).collect();
    let mut hint = words.iter().take(HINTED).map(String::as_str).collect::<Vec<_>>().join("|");
    if words.len() > HINTED {
        hint += "|…";
    }
    Expected { words, hint }
}

/// The verbs that make sense behind an object.
fn verbs_for(kind: &'static Kind, is_root: bool) -> Vec<String> {
    let makes_sense = |verb: Verb| match verb {
        Verb::Show | Verb::Delete => true,
        Verb::Set => is_root || kind.attributes().any(Attribute::is_writable),
        Verb::Clear => is_root || kind.attributes().any(|attribute| attribute.access == Access::Clear),
        Verb::List | Verb::Create | Verb::Describe => !kind.children.is_empty(),
        Verb::Debug | Verb::SetTenant | Verb::ClearTenant | Verb::Exit | Verb::Help => is_root,
    };
    VERBS.iter().filter(|entry| makes_sense(entry.verb)).map(|entry| entry.name.to_owned()).collect()
}

impl Expected {
    fn of<const N: usize>(words: [&str; N]) -> Self {
        Self { words: words.map(str::to_owned).to_vec(), hint: words.join("|") }
    }

    fn hint(hint: &str) -> Self {
        Self { words: Vec::new(), hint: hint.to_owned() }
    }

    /// These words as well.
    fn and(mut self, words: Vec<String>) -> Self {
        self.words.extend(words);
        self
    }
}
