//! Reports in words: plain lines as MidoNet's command line has them, tables, or JSON as the API has it.

use std::io::Write as _;

use clap::ValueEnum;
use comfy_table::{Table, presets};
use serde_json::Value;

use crate::objects::{Kind, Shown};
use crate::pager;
use crate::report::{Item, Report};
use crate::style::Style;
use crate::words::quoted;

/// How objects are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Rows and columns
    Table,
    /// A line for each object, in the words of commands
    #[default]
    Plain,
    /// JSON, as the API has it
    Json,
}

/// Where reports go.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) style: Style,
    /// Long ones go through a pager.
    pub(crate) paging: Paging,
}

/// Whether there is somebody to turn pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paging {
    On,
    Off,
}

/// Where in a report an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Single,
    Listed,
    Made,
}

impl Output {
    /// Writes a report to standard output.
    pub(crate) fn show(&self, report: &Report) {
        let text = self.text(report);
        if self.paging == Paging::On && pager::page(&text) {
            return;
        }
        let mut out = std::io::stdout().lock();
        // A reader that has gone away needs no more lines.
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
    }

    /// A report in words.
    pub(crate) fn text(&self, report: &Report) -> String {
        match (report, self.format) {
            (Report::Nothing, _) => String::new(),
            (Report::Text(text), _) => text.clone(),
            (report, Format::Json) => format!("{:#}\n", json(report)),
            (Report::Value(word, _), _) => word.as_ref().map(|word| format!("{word}\n")).unwrap_or_default(),
            (Report::Several(reports), _) => reports.iter().map(|report| self.text(report)).collect(),
            (Report::Created(Item { name: Some(name), .. }), _) => format!("{}\n", name.full),
            (Report::One(item) | Report::Created(item), Format::Table) => sheet(item),
            (Report::Many(kind, items), Format::Table) => self.table(kind, items),
            (Report::One(item), Format::Plain) => line(item, Role::Single),
            (Report::Created(item), Format::Plain) => line(item, Role::Made),
            (Report::Many(_, items), Format::Plain) => {
                items.iter().map(|item| line(item, Role::Listed)).collect()
            }
        }
    }

    /// Objects in rows. Attributes that none of them has have no column.
    fn table(&self, kind: &Kind, items: &[Item]) -> String {
        if items.is_empty() {
            return String::new();
        }
        let mut columns: Vec<&str> = Vec::new();
        for attribute in kind.attributes().filter(|attribute| attribute.shown != Shown::Asked) {
            let is_used = items.iter().any(|item| item.words.iter().any(|(a, _)| a.name == attribute.name));
            if is_used && !columns.contains(&attribute.name) {
                columns.push(attribute.name);
            }
        }
        let is_named = items.iter().any(|item| item.name.is_some());
        let heads = is_named.then_some(kind.word).into_iter().chain(columns.iter().copied());
        let mut table = plain_table();
        table.set_header(heads.map(str::to_uppercase));
        for item in items {
            let name = is_named.then(|| item.name.as_ref().map_or("", |name| name.short.as_str()));
            let word = |column: &&str| {
                let found = item.words.iter().find(|(attribute, _)| attribute.name == *column);
                found.map_or("", |(_, word)| word.as_str())
            };
            table.add_row(name.into_iter().chain(columns.iter().map(word)));
        }
        let text = text_of(&table);
        let (heads, rows) = text.split_once('\n').unwrap_or((&text, ""));
        format!("{}\n{rows}", self.style.bold(heads))
    }
}

/// One object, an attribute a row.
fn sheet(item: &Item) -> String {
    let mut table = plain_table();
    if let Some(name) = &item.name {
        table.add_row([item.kind.word, name.full.as_str()]);
    }
    for (attribute, word) in item.words.iter().filter(|(a, _)| a.shown != Shown::Asked || a.name == "id") {
        table.add_row([attribute.name, word.as_str()]);
    }
    text_of(&table)
}

fn plain_table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

/// A table without the blanks around it.
fn text_of(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end())).collect()
}

fn json(report: &Report) -> Value {
    match report {
        Report::Nothing | Report::Text(_) => Value::Null,
        Report::One(item) | Report::Created(item) => item.object.clone(),
        Report::Many(_, items) => items.iter().map(|item| item.object.clone()).collect(),
        Report::Value(_, value) => value.clone(),
        Report::Several(reports) => reports.iter().map(json).collect(),
    }
}

/// One object in one line.
fn line(item: &Item, role: Role) -> String {
    let mut words = Vec::new();
    match (&item.name, role) {
        (Some(name), _) => words.extend([item.kind.word.to_owned(), name.short.clone()]),
        (None, Role::Single) => words.push(item.kind.word.to_owned()),
        (None, Role::Listed | Role::Made) => {}
    }
    let is_shown = |shown: Shown| match shown {
        Shown::Always => true,
        Shown::Listed => role != Role::Single,
        Shown::Tables | Shown::Asked => false,
    };
    for (attribute, word) in item.words.iter().filter(|(attribute, _)| is_shown(attribute.shown)) {
        words.extend([attribute.name.to_owned(), quoted(word)]);
    }
    words.join(" ") + "\n"
}
