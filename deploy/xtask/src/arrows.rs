//! The arrows that may exist between the crates of the workspace: one table, checked against
//! what the manifests declare. And that no crate opts out of the workspace's lints.

use cargo_metadata::{DependencyKind, Metadata};

/// One crate of the workspace and the crates of the workspace it may depend on.
struct Rule {
    name: &'static str,
    /// No I/O, clock, threads or randomness: see [`crate::purity`].
    pure: bool,
    may_use: &'static [&'static str],
}

const fn pure(name: &'static str, may_use: &'static [&'static str]) -> Rule {
    Rule { name, pure: true, may_use }
}

const fn shell(name: &'static str, may_use: &'static [&'static str]) -> Rule {
    Rule { name, pure: false, may_use }
}

/// Arrows point down this table only: a crate may use crates above it, and only those named.
const RULES: &[Rule] = &[
    pure("packet", &[]),
    pure("model", &["packet"]),
    pure("simulation", &["packet", "model"]),
    pure("tunnel", &["packet", "model"]),
    shell("datapath", &["packet"]),
    shell("nsdb", &["packet", "model"]),
    shell("agent", &["packet", "model", "simulation", "tunnel", "datapath", "nsdb"]),
    shell("api-client", &[]),
    shell("api", &["packet", "model", "nsdb", "api-client"]),
    shell("api-cli", &["api-client"]),
    shell(
        "midspan",
        &[
            "packet",
            "model",
            "simulation",
            "tunnel",
            "datapath",
            "nsdb",
            "agent",
            "api",
            "api-client",
            "api-cli",
        ],
    ),
    shell(
        TEST_SUPPORT,
        &["packet", "model", "simulation", "tunnel", "datapath", "nsdb", "agent", "api", "api-client"],
    ),
    shell("load", &["packet", "model", "nsdb", "api-client"]),
    shell("xtask", &[]),
];

/// The crate that tests and benchmarks of every crate may use, and nothing that ships.
const TEST_SUPPORT: &str = "harness";

/// The crates that must be pure.
pub(crate) fn pure_crates() -> impl Iterator<Item = &'static str> {
    RULES.iter().filter(|rule| rule.pure).map(|rule| rule.name)
}

/// One line for each dependency between workspace crates that [`RULES`] does not allow, and for
/// each crate it does not know.
pub(crate) fn check(metadata: &Metadata) -> Vec<String> {
    let members = metadata.workspace_packages();
    let mut violations = Vec::new();
    for package in &members {
        let name = package.name.as_str();
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            violations.push(format!(
                "{name}: not in the table of crates; decide what it may depend on and add it to \
                 deploy/xtask/src/arrows.rs and ARCHITECTURE.md"
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let target = dependency.name.as_str();
            let ours = dependency.path.is_some() && members.iter().any(|p| p.name.as_str() == target);
            if ours && !allowed(rule, target, dependency.kind) {
                violations.push(forbidden(rule, target, dependency.kind));
            }
        }
    }
    violations
}

fn allowed(rule: &Rule, target: &str, kind: DependencyKind) -> bool {
    // A crate names itself to turn a feature on for its own tests: no arrow.
    let in_tests = kind == DependencyKind::Development && (target == TEST_SUPPORT || target == rule.name);
    in_tests || rule.may_use.contains(&target)
}

fn forbidden(rule: &Rule, target: &str, kind: DependencyKind) -> String {
    let section = match kind {
        DependencyKind::Development => "dev-dependencies",
        DependencyKind::Build => "build-dependencies",
        _ => "dependencies",
    };
    let name = rule.name;
    let may_use = if rule.may_use.is_empty() {
        "no crate of this workspace".to_owned()
    } else {
        rule.may_use.join(", ")
    };
    format!(
        "{name} -> {target} [{section}]: forbidden arrow; {name} may use {may_use}. Remove the dependency, \
         and move what is shared into a crate both may use or pass it in from the caller"
    )
}

/// One line for a manifest that does not take the lints of the workspace.
pub(crate) fn check_lints(name: &str, manifest: &str) -> Option<String> {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]");
    let inherits = lines.next().is_some() && lines.next() == Some("workspace = true");
    (!inherits).then(|| {
        format!("{name}: does not take the workspace's lints: add `[lints]` `workspace = true` to Cargo.toml")
    })
}
