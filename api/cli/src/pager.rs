//! Turning pages: `$PAGER`, or `less`, which leaves at once if one page is enough.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// So many lines fit any terminal.
const FITS: usize = 20;
/// `less` shows colours, and leaves when all fits on the screen, as git has it.
const LESS: &str = "FRX";

/// Shows a text in the pager. False if it is short or there is no pager: then it is still to be shown.
pub(crate) fn page(text: &str) -> bool {
    let pager = std::env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    text.lines().count() > FITS && !matches!(pager.trim(), "" | "cat") && page_with(&pager, text)
}

fn page_with(pager: &str, text: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", pager]).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        command.env("LESS", LESS);
    }
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut pipe) = child.stdin.take() {
        // A pager that is left early needs no more lines.
        pipe.write_all(text.as_bytes()).ok();
    }
    // 126 and 127: the shell could not start it.
    child.wait().is_ok_and(|status| !matches!(status.code(), Some(126 | 127)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_that_is_not_there_leaves_the_text_to_be_shown() {
        assert!(!page_with("/nonexistent/pager 2> /dev/null", "text"));
        assert!(page_with("cat > /dev/null", "text"));
        assert!(page_with("true", &"text\n".repeat(100_000)));
    }
}
