//! The checks are shown what they must refuse, and what they must let pass.

use std::fs;
use std::path::Path;

use cargo_metadata::{Metadata, MetadataCommand};

use crate::purity::{check_closure, check_text};
use crate::size::{Function, functions, has_header};
use crate::source::code_only;
use crate::{arrows, deps};

/// A dependency: its name, its section (none for the normal one), whether it is in the workspace.
type Dependency = (&'static str, Option<&'static str>, bool);

/// Metadata of a workspace of `crates`, each with its dependencies.
fn metadata(crates: &[(&str, &[Dependency])]) -> Metadata {
    let id = |name: &str| format!("path+file:///w/{name}#0.1.0");
    let package = |(name, dependencies): &(&str, &[Dependency])| {
        let dependencies: Vec<String> = dependencies
            .iter()
            .map(|(target, kind, path)| {
                let kind = kind.map_or("null".to_owned(), |kind| format!("{kind:?}"));
                let path = if *path { format!(r#","path":"/w/{target}""#) } else { String::new() };
                format!(
                    r#"{{"name":"{target}","source":null,"req":"*","kind":{kind},"rename":null,"optional":false,
                        "uses_default_features":true,"features":[],"target":null,"registry":null{path}}}"#
                )
            })
            .collect();
        format!(
            r#"{{"name":"{name}","version":"0.1.0","id":"{}","source":null,"dependencies":[{}],"targets":[],
                "features":{{}},"manifest_path":"/w/{name}/Cargo.toml","edition":"2024"}}"#,
            id(name),
            dependencies.join(",")
        )
    };
    let packages: Vec<String> = crates.iter().map(package).collect();
    let members: Vec<String> = crates.iter().map(|(name, _)| format!("\"{}\"", id(name))).collect();
    let members = members.join(",");
    let json = format!(
        r#"{{"packages":[{}],"workspace_members":[{members}],"workspace_default_members":[{members}],
            "resolve":null,"target_directory":"/w/target","version":1,"workspace_root":"/w","metadata":null}}"#,
        packages.join(",")
    );
    MetadataCommand::parse(json).unwrap()
}

#[test]
fn arrows_down_the_table_pass() {
    let metadata = metadata(&[
        ("packet", &[("thiserror", None, false)]),
        ("model", &[("packet", None, true), ("model", Some("dev"), true)]),
        ("simulation", &[("packet", None, true), ("model", None, true), ("harness", Some("dev"), true)]),
        ("harness", &[("simulation", None, true)]),
    ]);
    assert_eq!(arrows::check(&metadata), Vec::<String>::new());
}

#[test]
fn an_arrow_up_the_table_is_refused() {
    let metadata = metadata(&[("packet", &[("model", None, true)]), ("model", &[])]);
    let violations = arrows::check(&metadata);
    assert_eq!(violations.len(), 1);
    assert!(violations[0].starts_with("packet -> model [dependencies]: forbidden arrow"), "{violations:?}");
}

#[test]
fn the_api_never_sees_the_datapath() {
    let metadata = metadata(&[("api", &[("datapath", None, true)]), ("datapath", &[])]);
    assert!(arrows::check(&metadata)[0].starts_with("api -> datapath"));
}

#[test]
fn simulation_and_tunnel_do_not_know_each_other() {
    let metadata =
        metadata(&[("simulation", &[("tunnel", None, true)]), ("tunnel", &[("simulation", None, true)])]);
    assert_eq!(arrows::check(&metadata).len(), 2);
}

#[test]
fn the_test_harness_is_for_tests_only() {
    let metadata = metadata(&[("agent", &[("harness", None, true)]), ("harness", &[])]);
    assert!(arrows::check(&metadata)[0].starts_with("agent -> harness [dependencies]"));
}

#[test]
fn a_forbidden_arrow_is_no_better_in_tests() {
    let metadata = metadata(&[("tunnel", &[("nsdb", Some("dev"), true)]), ("nsdb", &[])]);
    assert!(arrows::check(&metadata)[0].starts_with("tunnel -> nsdb [dev-dependencies]"));
}

#[test]
fn a_crate_from_the_registry_with_one_of_our_names_is_no_arrow() {
    let metadata = metadata(&[("packet", &[("agent", None, false)]), ("agent", &[])]);
    assert_eq!(arrows::check(&metadata), Vec::<String>::new());
}

#[test]
fn an_unknown_crate_must_be_entered_in_the_table() {
    let violations = arrows::check(&metadata(&[("sidecar", &[])]));
    assert!(violations[0].starts_with("sidecar: not in the table"), "{violations:?}");
}

#[test]
fn a_crate_without_the_lints_of_the_workspace_is_refused() {
    assert!(
        arrows::check_lints("packet", "[package]\nname = \"packet\"\n\n[lints]\nworkspace = true\n")
            .is_none()
    );
    assert!(arrows::check_lints("packet", "[package]\nname = \"packet\"\n").is_some());
    assert!(arrows::check_lints("packet", "[lints.rust]\nunsafe_code = \"allow\"\n").is_some());
}

#[test]
fn tokio_below_a_pure_crate_is_reported_with_its_way_in() {
    let tree =
        "0 packet v0.1.0 (/w/packet)\n1 bytes v1.0.0\n1 helpful v1.0.0\n2 tokio v1.54.0\n1 smallvec v1.0.0\n";
    let violations = check_closure("packet", tree);
    assert_eq!(violations.len(), 1);
    assert!(violations[0].contains("tokio (async runtime): packet -> helpful -> tokio."), "{violations:?}");
}

#[test]
fn one_way_in_is_reported_once() {
    let tree = "0 model v0.1.0\n1 uuid v1.0.0\n2 getrandom v0.3.0\n1 uuid v1.0.0\n2 getrandom v0.3.0\n";
    assert_eq!(check_closure("model", tree).len(), 1);
}

#[test]
fn a_clean_closure_passes() {
    assert!(check_closure("packet", "0 packet v0.1.0\n1 thiserror v2.0.0\n1 tokio-like v1.0.0\n").is_empty());
}

/// What [`check_text`] finds in one file, as `line construct`.
fn found(text: &str) -> Vec<String> {
    check_text(text).into_iter().map(|(line, what, _)| format!("{line} {what}")).collect()
}

#[test]
fn sources_of_pure_crates_use_no_clock_socket_file_thread_or_unsafe() {
    assert_eq!(found("use std::fs;\n"), ["1 std::fs"]);
    assert_eq!(found("use std::{\n    fmt,\n    thread::spawn,\n};\n"), ["1 std::thread"]);
    assert_eq!(found("\nlet t = std::time::Instant::now();\n"), ["2 Instant::now"]);
    assert_eq!(found("use std::net::{Ipv4Addr, UdpSocket};\n"), ["1 UdpSocket"]);
    assert_eq!(found("fn f(p: *const u8) -> u8 { unsafe { *p } }\n"), ["1 unsafe"]);
    assert_eq!(found("fn age(t: Instant) -> Duration { t.elapsed() }\n"), ["1 .elapsed("]);
}

#[test]
fn addresses_durations_comments_and_tests_are_let_pass() {
    assert!(found("use std::net::Ipv4Addr;\nuse std::time::Duration;\n").is_empty());
    assert!(found("//! Not unsafe, never std::fs.\nconst S: &str = \"unsafe std::fs\";\n").is_empty());
    assert!(found("#[cfg(test)]\nmod tests {\n    fn f() { std::fs::read(\"x\"); }\n}\n").is_empty());
    assert!(found("fn unsafely(is_unsafe: bool) {}\n").is_empty());
}

#[test]
fn code_after_a_test_module_is_still_checked() {
    assert_eq!(found("#[cfg(test)]\nmod tests;\nuse std::fs;\n"), ["3 std::fs"]);
    assert_eq!(found("#[cfg(test)]\nmod tests { fn f() {} }\nuse std::fs;\n"), ["3 std::fs"]);
}

#[test]
fn comments_and_literals_are_blanked_in_place() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* /* b */ */ c", "a               c"),
        (r#"f("a\"b", 'x')"#, "f(      ,    )"),
        ("r#\"a\"b\"# c", "         c"),
        ("&'a str '\\'' x", "&'a str      x"),
    ];
    for (text, code) in cases {
        assert_eq!(code_only(text), code, "of {text:?}");
    }
}

#[test]
fn functions_are_measured_from_name_to_closing_brace() {
    let text = "trait T { fn declared(&self, x: [u8; 4]); }\nfn short() {}\nfn long(x: [u8; 4]) {\n    if x[0] == b'{' {\n    }\n}\n";
    let measured = functions(text);
    assert_eq!(
        measured,
        [Function { name: "short".into(), lines: 1 }, Function { name: "long".into(), lines: 4 }]
    );
}

#[test]
fn a_header_is_the_first_thing_in_a_file() {
    assert!(has_header("//! Owns it.\n"));
    assert!(has_header("#![allow(unsafe_code)]\n\n//! Owns it.\n"));
    assert!(!has_header("// Owns it.\n"));
    assert!(!has_header("use std::fmt;\n//! Late.\n"));
    assert!(!has_header(""));
}

/// Writes a workspace at `root` with a pure crate `packet` whose manifest ends in `extra`.
fn workspace(root: &Path, extra: &str, source: &str) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let manifest = |name: &str, extra: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[lints]\nworkspace = true\n{extra}"
        )
    };
    write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"packet\"]\nexclude = [\"registry\"]\n[workspace.lints.rust]\n",
    );
    write("packet/Cargo.toml", &manifest("packet", extra));
    write("packet/src/lib.rs", source);
    write("registry/tokio/Cargo.toml", &manifest("tokio", "[workspace]\n[workspace.lints.rust]\n"));
    write("registry/tokio/src/lib.rs", "");
}

#[test]
fn a_workspace_with_a_clean_pure_crate_passes() {
    let root = tempfile::tempdir().unwrap();
    workspace(root.path(), "", "//! Pure.\n");
    assert_eq!(deps(root.path()).unwrap(), Vec::<String>::new());
}

#[test]
fn a_workspace_with_tokio_in_a_pure_crate_fails() {
    let root = tempfile::tempdir().unwrap();
    workspace(root.path(), "[dependencies]\ntokio = { path = \"../registry/tokio\" }\n", "//! Pure.\n");
    let violations = deps(root.path()).unwrap();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].contains("packet -> tokio"), "{violations:?}");
}

#[test]
fn a_workspace_with_a_file_read_in_a_pure_crate_fails() {
    let root = tempfile::tempdir().unwrap();
    workspace(root.path(), "", "//! Not so pure.\npub fn f() { std::fs::read(\"x\").ok(); }\n");
    let violations = deps(root.path()).unwrap();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert!(violations[0].starts_with("packet: src/lib.rs:2: pure, but uses std::fs"), "{violations:?}");
}
