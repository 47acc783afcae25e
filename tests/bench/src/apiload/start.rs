//! How long a server takes from its start to its first answer.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use api_client::Client;
use tokio::time::{sleep, timeout};

/// Between two attempts.
const INTERVAL: Duration = Duration::from_millis(2);
/// In all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks for the first bridge until it is shown, and prints the time since the start.
pub(crate) async fn run(url: &str, since: u64) -> anyhow::Result<()> {
    let client = Client::new(url)?;
    let answered = async {
        while client.get("/bridges?page_size=1").await.is_err() {
            sleep(INTERVAL).await;
        }
    };
    if timeout(PATIENCE, answered).await.is_err() {
        bail!("no answer within {PATIENCE:?}");
    }
    let since = UNIX_EPOCH + Duration::from_micros(since);
    let took = SystemTime::now().duration_since(since).context("the start is in the future")?;
    println!("first_answer_us {}", took.as_micros());
    Ok(())
}
