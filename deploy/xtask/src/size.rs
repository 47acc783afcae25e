//! How long files and functions are, and whether each file says what it owns.

use std::path::Path;

use anyhow::Result;

use crate::source;

/// No file outside tests may be longer.
const MAX_LINES: usize = 800;

/// Prints the figures of the workspace at `root` and returns the violations.
pub(crate) fn report(root: &Path) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    let mut lengths = Vec::new();
    let mut longest = Function::default();
    for file in source::rust_files(root)? {
        let relative = file.strip_prefix(root).unwrap_or(&file);
        let shown = relative.display().to_string();
        let text = source::read(&file)?;
        if !has_header(&text) {
            violations.push(format!("{shown}: does not begin with //!: say there what the file owns"));
        }
        if source::is_test(relative) {
            continue;
        }
        let lines = text.lines().count();
        if lines > MAX_LINES {
            violations
                .push(format!("{shown}: {lines} lines, {MAX_LINES} at most: divide it, one idea a file"));
        }
        for function in functions(&text) {
            if function.lines > longest.lines {
                longest = Function { name: format!("{} in {shown}", function.name), ..function };
            }
        }
        lengths.push((lines, shown));
    }
    lengths.sort();
    let at = |percent: usize| {
        lengths.get((lengths.len().saturating_sub(1)) * percent / 100).map_or(0, |(n, _)| *n)
    };
    let total: usize = lengths.iter().map(|(n, _)| n).sum();
    println!("files (tests apart): {}, {total} lines", lengths.len());
    println!("lines a file: median {}, p90 {}, max {}", at(50), at(90), at(100));
    for (lines, file) in lengths.iter().rev().take(3) {
        println!("  {lines:4}  {file}");
    }
    println!("longest function: {} lines, {}", longest.lines, longest.name);
    Ok(violations)
}

/// Whether the first thing in a file is its `//!` documentation.
pub(crate) fn has_header(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#!["));
    first.is_some_and(|line| line.starts_with("//!"))
}

/// A function with a body: its name and lines from `fn` to the closing brace.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: usize,
}

/// Every function with a body in `text`, nested ones too.
pub(crate) fn functions(text: &str) -> Vec<Function> {
    let code = source::code_only(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let starts_word = at == 0 || !source::is_word(code.as_bytes()[at - 1]);
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !starts_word || name.is_empty() {
            continue;
        }
        if let Some(end) = source::block_end(&code, at) {
            let lines = source::line_of(&code, end) - source::line_of(&code, at) + 1;
            found.push(Function { name, lines });
        }
    }
    found
}
