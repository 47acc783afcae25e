//! What single requests took, and what that comes to.

use std::time::{Duration, Instant};

/// Of requests that all went well.
#[derive(Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Times one request.
    pub(crate) async fn of<T, E>(&mut self, request: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let start = Instant::now();
        let answer = request.await?;
        self.0.push(start.elapsed());
        Ok(answer)
    }

    /// Those of several clients together.
    pub(crate) fn join(all: impl IntoIterator<Item = Self>) -> Self {
        Self(all.into_iter().flat_map(|times| times.0).collect())
    }

    /// Prints how many there were in `whole`, how many a second, and percentiles.
    pub(crate) fn report(self, whole: Duration) {
        let Self(mut times) = self;
        times.sort_unstable();
        let at = |share: f64| {
            times.get(((times.len() as f64 - 1.0) * share) as usize).map_or(0, Duration::as_micros)
        };
        println!(
            "requests {} per_s {:.0} p50_us {} p99_us {} max_us {} all_us {}",
            times.len(),
            times.len() as f64 / whole.as_secs_f64(),
            at(0.5),
            at(0.99),
            at(1.0),
            whole.as_micros()
        );
    }
}
