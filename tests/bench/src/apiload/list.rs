//! Lists, whole or page by page.

use std::time::Instant;

use anyhow::Context;
use api_client::{Answer, Client};

use crate::times::Times;

/// Reads a list `count` times; in pages, each page is a request.
pub(crate) async fn run(url: &str, path: &str, count: u32, page: Option<u32>) -> anyhow::Result<()> {
    let client = Client::new(url)?;
    let first = page.map_or_else(|| path.to_owned(), |size| format!("{path}?page_size={size}"));
    let mut times = Times::default();
    let start = Instant::now();
    for _ in 0..count {
        let mut next = Some(first.clone());
        while let Some(path) = next {
            let answer = times.of(client.get(&path)).await?;
            next = following(&answer).context("the answer has a Link that leads nowhere")?;
        }
    }
    times.report(start.elapsed());
    Ok(())
}

/// Where the next page is, if there is one; `None` if what is said of it cannot be read.
fn following(answer: &Answer) -> Option<Option<String>> {
    let Some(link) = answer.headers.get("link") else { return Some(None) };
    let (address, _) = link.to_str().ok()?.strip_prefix('<')?.split_once('>')?;
    Some(Some(address.to_owned()))
}
