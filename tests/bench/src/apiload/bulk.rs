//! Objects that are created many in a request.

use std::time::Instant;

use api_client::Client;
use serde_json::json;

use crate::Made;
use crate::times::Times;

/// Creates all objects, `size` in a request, one request after the other.
pub(crate) async fn run(made: &Made, size: u32) -> anyhow::Result<()> {
    let client = Client::new(&made.url)?;
    let mut times = Times::default();
    let start = Instant::now();
    let mut left = made.count;
    while left > 0 {
        let now = left.min(size);
        let operations = vec![json!({"method": "POST", "path": made.path, "body": {}}); now as usize];
        times.of(client.post("/bulk", &json!({ "operations": operations }))).await?;
        left -= now;
    }
    times.report(start.elapsed());
    Ok(())
}
