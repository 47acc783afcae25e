//! How far a script is: a count on standard error, where somebody looks and nothing else is to be seen.

use std::io::{IsTerminal, Write as _};
use std::time::{Duration, Instant};

/// Between two counts that are shown.
const PAUSE: Duration = Duration::from_millis(100);
/// Back to the begin of the line, and the line away.
const ERASE: &str = "\r\x1b[K";

/// A count of commands.
#[derive(Debug)]
pub(crate) struct Progress {
    is_shown: bool,
    count: usize,
    begin: Instant,
    last: Instant,
}

impl Progress {
    /// Shown if standard error is a terminal and standard output is not one, which would show more.
    pub(crate) fn new() -> Self {
        let is_shown = std::io::stderr().is_terminal() && !std::io::stdout().is_terminal();
        let now = Instant::now();
        Self { is_shown, count: 0, begin: now, last: now }
    }

    /// One more command is done.
    pub(crate) fn step(&mut self) {
        self.count += 1;
        if self.is_shown && self.last.elapsed() >= PAUSE {
            self.last = Instant::now();
            let text = said(self.count, self.begin.elapsed());
            let mut stream = std::io::stderr().lock();
            write!(stream, "{ERASE}{text}").and_then(|()| stream.flush()).ok();
        }
    }

    /// Makes room for something else.
    pub(crate) fn erase(&self) {
        if self.is_shown {
            eprint!("{ERASE}");
        }
    }
}

fn said(count: usize, time: Duration) -> String {
    let seconds = time.as_secs_f64();
    format!("{count} commands, {:.0} a second", count as f64 / seconds.max(0.001))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_comes_with_its_rate() {
        assert_eq!(said(120, Duration::from_secs(2)), "120 commands, 60 a second");
    }
}
