//! What the embedded driver promises beyond the conformance suite: what was answered survives, and a store that cannot be
//! used says why and loses nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use nsdb::coordinator::{Coordinator, Embedded, Error, Expect, Retry};

fn open(directory: &Path) -> Embedded {
    Embedded::open(directory, "host-a").unwrap()
}

fn file(directory: &Path) -> PathBuf {
    directory.join("nsdb.redb")
}

#[tokio::test]
async fn keys_survive_and_ephemerals_do_not() {
    let directory = tempfile::tempdir().unwrap();
    let (old, deleted) = {
        let store = open(directory.path());
        let old = store.create("doc/1", Bytes::from_static(b"one")).await.unwrap();
        let deleted = store.create("doc/2", Bytes::new()).await.unwrap();
        store.delete("doc/2", Expect::Any).await.unwrap();
        store.create_ephemeral("hosts/a", Bytes::new()).await.unwrap();
        (old, deleted)
    };
    let store = open(directory.path());
    assert_eq!(store.get("doc/1").await, Ok(Some((Bytes::from_static(b"one"), old))));
    assert_eq!(store.get("doc/2").await, Ok(None));
    assert_eq!(store.list("hosts").await.unwrap(), Vec::<String>::new());
    let again = store.create("doc/2", Bytes::new()).await.unwrap();
    assert!(again.version > deleted.version, "a version was given out twice");
}

#[tokio::test]
async fn the_directory_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let below = directory.path().join("var/lib/midspan");
    open(&below).create("a", Bytes::new()).await.unwrap();
    assert!(file(&below).exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writes_share_transactions_and_are_all_durable() {
    let directory = tempfile::tempdir().unwrap();
    {
        let store = Arc::new(open(directory.path()));
        let write = |i: usize| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.create(&format!("log/{i:06}"), Bytes::from(vec![1; 100])).await })
        };
        for created in join_all((0..3000).map(write)).await {
            created.unwrap().unwrap();
        }
    }
    assert_eq!(open(directory.path()).list("log").await.unwrap().len(), 3000);
}

/// The tests below run this test binary again, as another process.
const CHILD: &str = "NSDB_TEST_STORE";

fn child(test: &str, directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--include-ignored"]).env(CHILD, directory);
    command.stdout(Stdio::piped()).stdin(Stdio::null());
    command
}

/// Ends a child process when the test does.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
#[ignore = "the other process of a_killed_process_loses_nothing_that_was_answered"]
async fn child_that_appends() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let store = open(Path::new(&directory));
    for i in 0.. {
        store.create(&format!("log/{i:06}"), Bytes::from(vec![i as u8; 500])).await.unwrap();
        println!("answered {i}");
    }
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_was_answered() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let directory = directory.path().join(round.to_string());
        let mut appender = Ending(child("child_that_appends", &directory).spawn().unwrap());
        let lines = BufReader::new(appender.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut answered = lines.filter_map(|line| line.split("answered ").nth(1)?.parse::<usize>().ok());
        let last = answered.by_ref().find(|&i| i >= 50 + round * 13).unwrap();
        appender.0.kill().unwrap();
        let last = answered.last().unwrap_or(last);
        drop(appender);
        let store = open(&directory);
        let names = store.list("log").await.unwrap();
        assert!(names.len() > last, "{} entries, {last} answered", names.len());
        for (i, name) in names.iter().enumerate() {
            let (value, _) = store.get(&format!("log/{name}")).await.unwrap().unwrap();
            assert_eq!(value, vec![i as u8; 500]);
        }
    }
}

#[tokio::test]
async fn a_store_in_use_by_another_process_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut appender = Ending(child("child_that_appends", directory.path()).spawn().unwrap());
    let lines = BufReader::new(appender.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.take_while(|line| !line.contains("answered")).count();
    let error = Embedded::open(directory.path(), "host-b").err().unwrap();
    assert_eq!(error, Error::InUse { path: file(directory.path()) });
    assert!(error.to_string().contains("another process"), "{error}");
}

/// A store of some size, closed, and the bytes of its file.
async fn sample(directory: &Path) -> Vec<u8> {
    let store = open(directory);
    for i in 0..200 {
        store.create(&format!("doc/{i}"), Bytes::from(vec![i as u8; 1000])).await.unwrap();
    }
    drop(store);
    std::fs::read(file(directory)).unwrap()
}

#[tokio::test]
async fn a_file_that_is_no_store_is_corrupt() {
    for content in [&b"hello"[..], &[0xff; 10_000], b"redb\x1a\x0a\xa9\x0d\x0a and then something else"] {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(file(directory.path()), content).unwrap();
        let error = Embedded::open(directory.path(), "host-a").err().unwrap();
        assert!(matches!(&error, Error::Corrupt { path, .. } if *path == file(directory.path())), "{error}");
        assert_eq!(error.retry(), Retry::Never);
        let text = error.to_string();
        assert!(text.contains("nsdb.redb") && text.contains("backup"), "{text}");
        assert_eq!(std::fs::read(file(directory.path())).unwrap(), content, "the evidence was changed");
    }
}

#[tokio::test]
async fn damage_is_found_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let intact = sample(directory.path()).await;
    let mut found = 0;
    // One byte in each of many places, the header's above all: it is either found, or hits room that holds no data.
    for place in (0..320).step_by(5).chain((320..intact.len()).step_by(intact.len() / 60)) {
        let damaged = tempfile::tempdir().unwrap();
        let mut bytes = intact.clone();
        bytes[place] ^= 0x55;
        std::fs::write(file(damaged.path()), bytes).unwrap();
        match Embedded::open(damaged.path(), "host-a") {
            Err(Error::Corrupt { .. }) => found += 1,
            Err(error) => panic!("damage at {place}: {error}"),
            Ok(store) => {
                for i in 0..200 {
                    let (value, _) = store.get(&format!("doc/{i}")).await.unwrap().expect("a key");
                    assert_eq!(value, vec![i as u8; 1000], "damage at {place} was read as data");
                }
            }
        }
    }
    assert!(found > 20, "only {found} damages found");
}

#[tokio::test]
async fn a_truncated_file_is_corrupt() {
    let directory = tempfile::tempdir().unwrap();
    let intact = sample(directory.path()).await;
    for part in 1..8 {
        let truncated = tempfile::tempdir().unwrap();
        std::fs::write(file(truncated.path()), &intact[..intact.len() * part / 8]).unwrap();
        let error = Embedded::open(truncated.path(), "host-a").err().unwrap();
        assert!(matches!(error, Error::Corrupt { .. }), "{part}/8: {error}");
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let not_a_directory = directory.path().join("file");
    std::fs::write(&not_a_directory, "x").unwrap();
    let error = Embedded::open(&not_a_directory, "host-a").err().unwrap();
    assert!(matches!(&error, Error::Storage { .. }), "{error}");
    assert!(error.to_string().contains(&*not_a_directory.to_string_lossy()), "{error}");
}

#[tokio::test]
#[ignore = "the other process of a_full_disk_refuses_writes_and_loses_nothing"]
async fn child_on_a_full_disk() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let store = open(Path::new(&directory));
    let mut answered = 0;
    let full = loop {
        match store.create(&format!("log/{answered:06}"), Bytes::from(vec![answered as u8; 20_000])).await {
            Ok(_) => answered += 1,
            Err(error) => break error,
        }
        assert!(answered < 10_000, "the disk does not fill");
    };
    assert!(matches!(full, Error::Full { .. }), "{full}");
    assert_eq!(full.retry(), Retry::Later);
    // Reads go on, and what failed does not show.
    assert_eq!(store.list("log").await.unwrap().len(), answered);
    assert_eq!(store.get(&format!("log/{answered:06}")).await, Ok(None));
    // So do writes that fit once there is room.
    for i in 0..answered / 2 {
        let deleted = store.delete(&format!("log/{i:06}"), Expect::Any).await;
        assert!(matches!(deleted, Ok(()) | Err(Error::Full { .. })), "{deleted:?}");
    }
    println!("left {}", store.list("log").await.unwrap().join(","));
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    // A file size limit stands for the disk: in blocks of 512 bytes (dash), with its signal ignored as a disk has none.
    let inner = child("child_on_a_full_disk", directory.path());
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 16384; exec \"$0\" \"$@\""]).arg(inner.get_program());
    command.args(inner.get_args()).env(CHILD, directory.path()).stdout(Stdio::piped());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let left = text.lines().find_map(|line| line.split("left ").nth(1)).unwrap();
    let left: Vec<_> = left.split(',').filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect();
    assert!(!left.is_empty());

    let store = open(directory.path());
    assert_eq!(store.list("log").await.unwrap(), left);
    for name in left {
        let (value, _) = store.get(&format!("log/{name}")).await.unwrap().unwrap();
        assert!(value.len() == 20_000 && value.iter().all(|&byte| byte == value[0]));
    }
    store.create("log/room", Bytes::from(vec![1; 100_000])).await.unwrap();
}

#[tokio::test]
async fn a_store_opens_again_at_once_after_its_sessions_are_dropped() {
    let directory = tempfile::tempdir().unwrap();
    for i in 0..20u32 {
        let store = open(directory.path());
        let session = store.session("host-b");
        session.create(&format!("log/{i}"), Bytes::new()).await.unwrap();
        tokio::time::timeout(Duration::from_secs(1), session.close()).await.unwrap();
    }
}
