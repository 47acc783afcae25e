//! Operations per second of the three coordinator drivers: creates and gets of 200 bytes, one after the other and 32 in
//! flight, each for two seconds; and how long a signal takes from one session's write to another's read.

#![allow(clippy::expect_used, reason = "a benchmark without its stores must fail")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::join_all;
use harness::zookeeper::{Server, ServerOptions};
use nsdb::coordinator::{Coordinator, Embedded, Expect, Memory, ZooKeeper, ZooKeeperOptions};

type Session = Arc<dyn Coordinator>;

const TIME: Duration = Duration::from_secs(2);
const VALUE: Bytes = Bytes::from_static(&[7; 200]);

#[tokio::main]
async fn main() {
    println!(
        "{:<10} {:>12} {:>12} {:>12} {:>12} {:>14}",
        "driver", "create", "create x32", "get", "get x32", "signal+read"
    );
    let memory = Memory::new("bench");
    let other = memory.session("other");
    measure("memory", Arc::new(memory), Arc::new(other)).await;

    let directory = tempfile::tempdir_in(".").expect("a directory on the disk");
    let embedded = Embedded::open(directory.path(), "bench").expect("a store");
    let other = embedded.session("other");
    measure("embedded", Arc::new(embedded), Arc::new(other)).await;

    let server = Server::start(ServerOptions::default());
    let session = || async {
        let session = ZooKeeper::connect(&server.address().to_string(), "bench", ZooKeeperOptions::default())
            .expect("an address");
        session.status().wait_for(|status| status.connected).await.expect("a status");
        Arc::new(session)
    };
    measure("zookeeper", session().await, session().await).await;
}

async fn measure(driver: &str, session: Session, other: Session) {
    let create = creates(&session, "one", 1).await;
    let create_32 = creates(&session, "many", 32).await;
    let get = gets(&session, 1).await;
    let get_32 = gets(&session, 32).await;
    let signal = signals(&session, &other).await;
    println!(
        "{driver:<10} {create:>10.0}/s {create_32:>10.0}/s {get:>10.0}/s {get_32:>10.0}/s {signal:>14.1?}"
    );
}

async fn creates(session: &Session, directory: &str, in_flight: usize) -> f64 {
    let next = AtomicU64::new(0);
    per_second(in_flight, async || {
        let key = format!("{directory}/{:010}", next.fetch_add(1, Ordering::Relaxed));
        session.create(&key, VALUE).await.expect("created");
    })
    .await
}

async fn gets(session: &Session, in_flight: usize) -> f64 {
    per_second(in_flight, async || {
        session.get("one/0000000001").await.expect("an answer").expect("a value");
    })
    .await
}

async fn per_second(in_flight: usize, operation: impl AsyncFn()) -> f64 {
    let start = Instant::now();
    let done = AtomicU64::new(0);
    let lane = async || {
        while start.elapsed() < TIME {
            operation().await;
            done.fetch_add(1, Ordering::Relaxed);
        }
    };
    join_all((0..in_flight).map(|_| lane())).await;
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

/// Mean time from the start of a put in one session to the end of the read that it triggers in another.
async fn signals(writer: &Session, reader: &Session) -> Duration {
    const ROUNDS: u32 = 200;
    let mut watch = reader.watch_value("signal").await.expect("a watch");
    let mut total = Duration::ZERO;
    for round in 0..ROUNDS {
        let value = Bytes::from(round.to_string());
        watch.take_changed();
        let start = Instant::now();
        writer.put("signal", value.clone(), Expect::Any).await.expect("written");
        watch.changed().await;
        let read = reader.get("signal").await.expect("an answer").map(|(found, _)| found);
        total += start.elapsed();
        assert_eq!(read, Some(value), "a signal came before its change");
    }
    total / ROUNDS
}
