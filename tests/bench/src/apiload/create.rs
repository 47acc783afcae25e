//! Objects that are created with a request each, by one client or by many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use anyhow::ensure;
use api_client::Client;
use futures::future::try_join_all;
use serde_json::json;

use crate::Made;
use crate::times::Times;

/// Creates all objects.
pub(crate) async fn run(made: &Made, clients: u32) -> anyhow::Result<()> {
    let started = Arc::new(AtomicU32::new(0));
    let start = Instant::now();
    let loads = (0..clients).map(|_| tokio::spawn(load(made.clone(), Arc::clone(&started))));
    let times = try_join_all(loads).await?.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    Times::join(times).report(start.elapsed());
    Ok(())
}

/// One client with its own connection: the next request follows the last answer, until enough are started.
async fn load(made: Made, started: Arc<AtomicU32>) -> anyhow::Result<Times> {
    let client = Client::new(&made.url)?;
    let mut times = Times::default();
    while started.fetch_add(1, Ordering::Relaxed) < made.count {
        let answer = times.of(client.post(&made.path, &json!({}))).await?;
        ensure!(answer.status == 201, "{}: status {}", made.path, answer.status);
    }
    Ok(times)
}
