//! What makes a crate pure: no crate that does I/O, reads a clock or draws random numbers
//! anywhere below it, and none of that (nor threads, nor unsafe) in its own sources.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::source;

/// Crates that no pure crate may reach, and why. Feature-dependent ones included: `uuid` brings
/// `getrandom` only with its `v4` feature, and then it is reported.
const FORBIDDEN: &[(&str, &str)] = &[
    ("tokio", "async runtime"),
    ("async-std", "async runtime"),
    ("smol", "async runtime"),
    ("async-io", "async I/O"),
    ("futures-executor", "async runtime"),
    ("futures-util", "async"),
    ("mio", "sockets"),
    ("socket2", "sockets"),
    ("neli", "sockets"),
    ("nix", "system calls"),
    ("libc", "system calls"),
    ("rustix", "system calls"),
    ("hyper", "I/O"),
    ("axum", "I/O"),
    ("redb", "files"),
    ("tempfile", "files"),
    ("memmap2", "files"),
    ("zookeeper-async", "I/O"),
    ("crossbeam-channel", "threads"),
    ("parking_lot", "threads"),
    ("rayon", "threads"),
    ("chrono", "clock"),
    ("jiff", "clock"),
    ("web-time", "clock"),
    ("rand", "randomness"),
    ("fastrand", "randomness"),
    ("getrandom", "randomness"),
];

/// Source patterns, and what to do instead. Each is a sequence of tokens as [`contains`] reads it.
const PATTERNS: &[(&str, &str)] = &[
    ("unsafe", "write it safely, or move it into the datapath crate's socket layer"),
    ("TcpStream", "sockets belong to a shell crate"),
    ("TcpListener", "sockets belong to a shell crate"),
    ("UdpSocket", "sockets belong to a shell crate"),
    ("UnixStream", "sockets belong to a shell crate"),
    ("UnixListener", "sockets belong to a shell crate"),
    ("UnixDatagram", "sockets belong to a shell crate"),
    ("ToSocketAddrs", "name resolution belongs to a shell crate"),
    ("Instant::now", "take `now` as an argument"),
    ("SystemTime", "take `now` as an argument"),
    (".elapsed(", "take `now` as an argument and subtract"),
    ("println!", "return a value, the shell prints it"),
    ("eprintln!", "return a value, the shell prints it"),
    ("thread_local!", "keep state in an argument"),
    ("async fn", "pure crates do not wait: return a value that says what is missing"),
    (".await", "pure crates do not wait: return a value that says what is missing"),
];

/// Modules of `std` that no pure crate may name, directly or in a `use std::{…}`.
const STD_MODULES: &[&str] = &["fs", "thread", "process", "env", "os"];

/// The crates that `name` is built with (normal dependencies, features as resolved for it alone),
/// as `cargo tree --prefix depth` prints them.
pub(crate) fn closure(root: &Path, name: &str) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // `cargo metadata` unites the features of the whole workspace; `cargo tree` does not.
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["tree", "--package", name, "--edges", "normal,no-proc-macro"])
        .args(["--prefix", "depth", "--format", " {p}", "--no-dedupe"])
        .output()
        .context("cannot run cargo tree")?;
    if !output.status.success() {
        bail!("cargo tree --package {name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("cargo tree: not UTF-8")
}

/// One line for each forbidden crate in `tree`, with the way by which it comes in.
pub(crate) fn check_closure(name: &str, tree: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let mut path: Vec<&str> = Vec::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let depth = words.next().and_then(|depth| depth.parse::<usize>().ok());
        let (Some(depth), Some(package)) = (depth, words.next()) else { continue };
        path.truncate(depth);
        path.push(package);
        if let Some((_, why)) = FORBIDDEN.iter().find(|(forbidden, _)| *forbidden == package) {
            let way = path.join(" -> ");
            let violation = format!(
                "{name}: pure, but depends on {package} ({why}): {way}. Drop the dependency or the feature \
                 that brings it, and take what it gives as an argument"
            );
            if !violations.contains(&violation) {
                violations.push(violation);
            }
        }
    }
    violations
}

/// One line for each forbidden construct in the sources below `dir`, test code apart.
pub(crate) fn check_sources(name: &str, dir: &Path) -> Result<Vec<String>> {
    let mut violations = Vec::new();
    for file in source::rust_files(dir)? {
        let relative = file.strip_prefix(dir).unwrap_or(&file);
        if source::is_test(relative) {
            continue;
        }
        let text = source::read(&file)?;
        for (line, what, remedy) in check_text(&text) {
            violations
                .push(format!("{name}: src/{}:{line}: pure, but uses {what}: {remedy}", relative.display()));
        }
    }
    Ok(violations)
}

/// Line, construct and remedy of everything forbidden in one file.
pub(crate) fn check_text(text: &str) -> Vec<(usize, String, &'static str)> {
    let code = without_test_modules(&source::code_only(text));
    let mut found = Vec::new();
    for (pattern, remedy) in PATTERNS {
        found.extend(
            contains(&code, pattern).map(|at| (source::line_of(&code, at), (*pattern).to_owned(), *remedy)),
        );
    }
    let remedy = "files, threads, processes and the environment belong to a shell crate";
    for module in STD_MODULES {
        let path = format!("std::{module}");
        found.extend(contains(&code, &path).map(|at| (source::line_of(&code, at), path.clone(), remedy)));
        for (at, names) in std_groups(&code) {
            if contains(names, module).next().is_some() {
                found.push((source::line_of(&code, at), path.clone(), remedy));
            }
        }
    }
    found.sort();
    found
}

/// Blanks the bodies of items under `#[cfg(test)]`.
fn without_test_modules(code: &str) -> String {
    let mut out = code.to_owned();
    let marker = "#[cfg(test)]";
    let mut from = 0;
    while let Some(at) = out[from..].find(marker).map(|n| from + n) {
        from = at + marker.len();
        if let Some(end) = source::block_end(&out, from) {
            let blank: String = out[at..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
            out.replace_range(at..end, &blank);
        }
    }
    out
}

/// Where `pattern` stands in `code` with no identifier running on at either end.
fn contains<'a>(code: &'a str, pattern: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    let bounded = move |at: usize| {
        let edge = |inner: u8, outer: Option<&u8>| {
            !(source::is_word(inner) && outer.is_some_and(|b| source::is_word(*b)))
        };
        let inside = pattern.as_bytes();
        edge(inside[0], at.checked_sub(1).and_then(|i| bytes.get(i)))
            && edge(inside[inside.len() - 1], bytes.get(at + inside.len()))
    };
    code.match_indices(pattern).map(|(at, _)| at).filter(move |at| bounded(*at))
}

/// The names grouped in each `use std::{…};`, with their place.
fn std_groups(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.match_indices("std::{").map(|(at, _)| {
        let end = code[at..].find(';').map_or(code.len(), |n| at + n);
        (at, &code[at..end])
    })
}
