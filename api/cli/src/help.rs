//! What there is to know of verbs, objects and attributes, out of their tables.

use std::fmt::Write as _;

use crate::codec;
use crate::grammar::{Step, SyntaxError};
use crate::objects::{Access, Attribute, Kind, Place, ROOT};
use crate::verbs::{self, Entry, Verb};
use crate::words::columns;

/// Columns that a text may take.
const WIDTH: usize = 76;
/// Values that look wider have a line of their own.
const WIDEST: usize = 28;

/// What the object at the end of a path is made of, as MidoNet's command line says it.
pub(crate) fn describe(path: &[Step]) -> String {
    let kind = path.last().map_or(&ROOT, |step| step.child.kind);
    let collections: Vec<&str> =
        kind.children.iter().filter(|child| !is_only(child.place)).map(|child| child.name).collect();
    let fields: Vec<&str> = once_each(kind).iter().map(|attribute| attribute.name).collect();
    let mut text = String::new();
    for (title, names) in [("Object collections:", collections), ("Fields:", fields)] {
        let rows = if names.is_empty() { vec!["<NONE>".to_owned()] } else { columns(&names, WIDTH) };
        writeln!(text, "{title}\n    {}", rows.join("\n    ")).ok();
    }
    text
}

fn is_only(place: Place) -> bool {
    matches!(place, Place::Only(_))
}

/// The attributes of a kind; those that several of its forms have, once.
fn once_each(kind: &Kind) -> Vec<&'static Attribute> {
    let mut attributes: Vec<&'static Attribute> = Vec::new();
    for attribute in kind.attributes() {
        if !attributes.iter().any(|known| known.name == attribute.name) {
            attributes.push(attribute);
        }
    }
    attributes
}

/// Explains what these words name: a verb, an object, what a verb does to an object, an attribute.
pub(crate) fn help(words: &[String]) -> Result<String, SyntaxError> {
    let Some((first, behind)) = words.split_first() else { return Ok(overview()) };
    let entry = verbs::find(first);
    let path = if entry.is_some() { behind } else { words };
    if let (Some(entry), []) = (entry, path) {
        return Ok(of_verb(entry));
    }
    let mut kind = &ROOT;
    let mut names = Vec::new();
    for (at, word) in path.iter().enumerate() {
        let here = || SyntaxError::At(path.get(at..).unwrap_or_default().join(" "));
        match (kind.child(word), kind.attribute(word)) {
            (Some(child), _) => {
                kind = child.kind;
                names.push(child.name);
            }
            (None, Some(attribute)) if at + 1 == path.len() => {
                return Ok(table(&[attribute]));
            }
            // `help bridge bridge0 port`
            _ if at > 0 && kind.key != ROOT.key && at + 1 < path.len() => {}
            _ => return Err(here()),
        }
    }
    Ok(of_kind(&names.join(" "), kind, entry))
}

fn overview() -> String {
    let rows = columns(&verbs::named(), WIDTH);
    format!("Type 'help COMMAND' for detailed help.\n\nAvailable commands:\n\n    {}\n", rows.join("\n"))
}

fn of_verb(entry: &Entry) -> String {
    let mut text = format!("{}: {}.\n", entry.name, entry.about);
    section(&mut text, "Usage", entry.usage);
    section(&mut text, "Examples", entry.examples);
    let children = ROOT.children.iter().filter(|child| match entry.verb {
        Verb::Create => child.preset.is_some(),
        Verb::Show | Verb::List | Verb::Delete | Verb::Set | Verb::Clear | Verb::Describe | Verb::Help => {
            true
        }
        _ => false,
    });
    let names: Vec<&str> = children.map(|child| child.name).collect();
    if !names.is_empty() {
        writeln!(
            text,
            "Collections, some with others below them:\n    {}",
            columns(&names, WIDTH).join("\n    ")
        )
        .ok();
        writeln!(text, "`help {} COLLECTION` tells the attributes.", entry.name).ok();
    }
    text
}

fn of_kind(name: &str, kind: &Kind, entry: Option<&Entry>) -> String {
    let mut text = format!("{name}: {}.\n", kind.about);
    let verb = entry.map(|entry| entry.verb);
    let attributes: Vec<&Attribute> = once_each(kind)
        .into_iter()
        .filter(|attribute| match verb {
            Some(Verb::Create | Verb::Set) => attribute.is_writable(),
            Some(Verb::Clear) => attribute.access == Access::Clear,
            Some(Verb::Delete) => false,
            _ => true,
        })
        .collect();
    if !attributes.is_empty() {
        text += "Attributes (set, clear: they can be; [!]: ! negates):\n";
        text += &table(&attributes);
    }
    if let Some(key) = kind.key_attribute() {
        writeln!(text, "Called by its {0}: `{name} {0} VALUE`, or just `{name} VALUE`.", key.name).ok();
    }
    let below: Vec<String> =
        kind.children.iter().map(|child| format!("{}: {}", child.name, child.kind.about)).collect();
    if verb.is_none_or(|verb| !matches!(verb, Verb::Set | Verb::Clear)) {
        section(&mut text, "Below it", &below);
    }
    section(&mut text, "Examples", kind.examples);
    text
}

fn section(text: &mut String, title: &str, lines: &[impl AsRef<str>]) {
    if !lines.is_empty() {
        writeln!(text, "{title}:").ok();
        lines.iter().for_each(|line| writeln!(text, "    {}", line.as_ref()).unwrap_or_default());
    }
}

/// Attributes, one a line: name, what a value looks like, what can be done with it, what it says.
fn table(attributes: &[&Attribute]) -> String {
    let widest = |texts: &[String]| {
        let widths = texts.iter().map(|text| text.chars().count()).filter(|width| *width <= WIDEST);
        widths.max().unwrap_or(0)
    };
    let texts =
        |of: fn(&Attribute) -> String| attributes.iter().map(|attribute| of(attribute)).collect::<Vec<_>>();
    let names = texts(|attribute| attribute.name.to_owned());
    let shapes = texts(shape);
    let marks = texts(|attribute| marks(attribute.access).to_owned());
    let (name_width, shape_width, mark_width) = (widest(&names), widest(&shapes), widest(&marks));
    let mut text = String::new();
    for (((attribute, name), shape), mark) in attributes.iter().zip(&names).zip(&shapes).zip(&marks) {
        let is_wide = shape.chars().count() > WIDEST;
        let (here, below) = if is_wide { ("", shape.as_str()) } else { (shape.as_str(), "") };
        let about = attribute.about;
        writeln!(text, "    {name:name_width$}  {here:shape_width$}  {mark:mark_width$}  {about}").ok();
        if is_wide {
            writeln!(text, "    {:name_width$}  {below}", "").ok();
        }
    }
    text
}

fn shape(attribute: &Attribute) -> String {
    let shape = codec::shape(attribute.codec);
    if attribute.negation.is_some() { format!("[!]{shape}") } else { shape }
}

fn marks(access: Access) -> &'static str {
    match access {
        Access::Read => "",
        Access::Write => "set",
        Access::Clear => "set, clear",
    }
}
