//! Bold and colours, where they are welcome: on a terminal that has them, unless `NO_COLOR` is set (no-color.org).

use std::ffi::OsStr;
use std::io::IsTerminal;

/// Whether texts are decorated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Decorated,
    Bare,
}

impl Style {
    /// For what goes to a stream.
    pub(crate) fn of(stream: &impl IsTerminal) -> Self {
        Self::chosen(
            stream.is_terminal(),
            std::env::var_os("NO_COLOR").as_deref(),
            std::env::var_os("TERM").as_deref(),
        )
    }

    fn chosen(is_terminal: bool, no_color: Option<&OsStr>, term: Option<&OsStr>) -> Self {
        let refused = no_color.is_some_and(|value| !value.is_empty());
        let is_able = term.is_none_or(|term| term != "dumb");
        if is_terminal && is_able && !refused { Self::Decorated } else { Self::Bare }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.wrapped("\x1b[1m", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.wrapped("\x1b[2m", text)
    }

    /// As errors stand out.
    pub(crate) fn alarming(self, text: &str) -> String {
        self.wrapped("\x1b[31m", text)
    }

    fn wrapped(self, begin: &str, text: &str) -> String {
        match self {
            Self::Decorated => format!("{begin}{text}\x1b[0m"),
            Self::Bare => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoration_is_for_terminals_that_have_it_and_people_who_want_it() {
        let set = |text: &'static str| Some(OsStr::new(text));
        assert_eq!(Style::chosen(true, None, set("xterm")), Style::Decorated);
        assert_eq!(Style::chosen(true, set(""), None), Style::Decorated);
        assert_eq!(Style::chosen(false, None, set("xterm")), Style::Bare);
        assert_eq!(Style::chosen(true, set("1"), set("xterm")), Style::Bare);
        assert_eq!(Style::chosen(true, None, set("dumb")), Style::Bare);
    }

    #[test]
    fn bare_text_stays_as_it_is() {
        assert_eq!(Style::Bare.bold("x"), "x");
        assert_eq!(Style::Decorated.bold("x"), "\x1b[1mx\x1b[0m");
    }
}
