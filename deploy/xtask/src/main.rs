//! `cargo xtask`: checks of this repository that cargo and clippy do not make.
//!
//! Prints one line per violation, with the remedy, and exits 1 when there is any.

mod arrows;
mod purity;
mod size;
mod source;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

const USAGE: &str = "\
usage: cargo xtask deps    check the arrows between crates, and that the pure ones are pure
       cargo xtask size    print line counts; fail on a file too long or without its //! header";

fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    let root = workspace_root();
    let outcome = match command.as_deref() {
        Some("deps") => deps(&root),
        Some("size") => size::report(&root),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(violations) if violations.is_empty() => ExitCode::SUCCESS,
        Ok(violations) => {
            for violation in &violations {
                eprintln!("{violation}");
            }
            eprintln!("xtask: violations: {}", violations.len());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace this program was built from.
fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf()
}

/// Every violation of the dependency rules of the workspace at `root`.
fn deps(root: &Path) -> Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .current_dir(root)
        .no_deps()
        .exec()
        .context("cargo metadata failed: run it to see why")?;
    let mut violations = arrows::check(&metadata);
    for package in &metadata.packages {
        let manifest = source::read(package.manifest_path.as_std_path())?;
        violations.extend(arrows::check_lints(&package.name, &manifest));
    }
    for name in arrows::pure_crates() {
        let Some(package) = metadata.packages.iter().find(|p| p.name.as_str() == name) else { continue };
        violations.extend(purity::check_closure(name, &purity::closure(root, name)?));
        let sources = package.manifest_path.with_file_name("src");
        violations.extend(purity::check_sources(name, sources.as_std_path())?);
    }
    Ok(violations)
}

#[cfg(test)]
mod tests;
