//! The yardstick: what one durable create costs in ZooKeeper itself.

use std::time::{Duration, Instant};

use anyhow::Context;
use bytes::Bytes;
use nsdb::coordinator::{Coordinator, ZooKeeper, ZooKeeperOptions};
use tokio::time::timeout;

use crate::times::Times;

/// For the connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Creates `count` keys one after the other.
pub(crate) async fn run(servers: &str, count: u32, bytes: usize) -> anyhow::Result<()> {
    let session = ZooKeeper::connect(servers, "apiload", ZooKeeperOptions::default())?;
    let mut status = session.status();
    timeout(PATIENCE, status.wait_for(|status| status.connected)).await.context("ZooKeeper is away")??;
    let value = Bytes::from(vec![7; bytes]);
    // The first makes the directory.
    session.create("raw/first", value.clone()).await?;
    let mut times = Times::default();
    let start = Instant::now();
    for number in 0..count {
        times.of(session.create(&format!("raw/{number:020}"), value.clone())).await?;
    }
    times.report(start.elapsed());
    session.close().await;
    Ok(())
}
