//! The interactive shell: a prompt with completion, hints and history.

use std::borrow::Cow;

use rustyline::completion::{Completer, Pair};
use rustyline::config::Config as EditorConfig;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::{FileHistory, MemHistory};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Context, Editor, Helper};
use tokio::runtime::Runtime;

use crate::alias::Aliases;
use crate::completion::expected;
use crate::config::home;
use crate::error::Error;
use crate::output::Output;
use crate::session::{Outcome, Session};
use crate::style::Style;
use crate::words;

const PROMPT: &str = "midonet> ";
const HISTORY: &str = ".midspan_history";
const REMEMBERED: usize = 1000;
const WELCOME: &str =
    "`help` names the commands, `describe` the objects, `help OBJECT` explains one. The Tab key completes.";

/// Runs commands until the end of input. An error says why there cannot be any.
pub(crate) fn run(runtime: &Runtime, session: &mut Session, output: &Output) -> Result<(), String> {
    let style = Style::of(&std::io::stdout());
    let version = runtime.block_on(session.greet()).map_err(|error| error.to_string())?;
    eprintln!("{}", style.dim(&format!("Connected; API {version}. {WELCOME}")));
    let unusable = |error: ReadlineError| format!("the terminal cannot be used: {error}");
    let mut editor =
        Editor::<Editing, FileHistory>::with_config(config(style).map_err(unusable)?).map_err(unusable)?;
    let history = home().map(|home| home.join(HISTORY));
    if let Some(history) = &history {
        editor.load_history(history).ok();
    }
    loop {
        editor.set_helper(Some(Editing { aliases: session.aliases.clone(), style }));
        match editor.readline(PROMPT) {
            Ok(line) => {
                let line = line.replace("\\\n", "");
                match runtime.block_on(unless_interrupted(session, &line)) {
                    Some(Ok(Outcome::Report(report))) => output.show(&report),
                    Some(Ok(Outcome::Exit)) => break,
                    Some(Err(error)) => eprintln!("{}", style.alarming(&error.to_string())),
                    None => eprintln!("interrupted: what was asked for may have been done"),
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(unusable(error)),
        }
    }
    if let Some(history) = &history {
        editor.save_history(history).ok();
    }
    Ok(())
}

/// Carries out a line. None if the user does not wait for it.
async fn unless_interrupted(session: &mut Session, line: &str) -> Option<Result<Outcome, Error>> {
    tokio::select! {
        outcome = session.run(line) => Some(outcome),
        _ = tokio::signal::ctrl_c() => None,
    }
}

fn config(style: Style) -> rustyline::Result<EditorConfig> {
    let colors = if style == Style::Bare { ColorMode::Disabled } else { ColorMode::Enabled };
    Ok(EditorConfig::builder()
        .max_history_size(REMEMBERED)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .auto_add_history(true)
        .completion_type(CompletionType::List)
        .color_mode(colors)
        .build())
}

/// What happens while a line is typed.
struct Editing {
    aliases: Aliases,
    style: Style,
}

impl Helper for Editing {}

/// A line up to the cursor: the words before the last, and the last, which may still be empty.
fn last_word(line: &str) -> (Vec<String>, &str) {
    let begin = line.rfind(char::is_whitespace).map_or(0, |space| space + 1);
    let (done, start) = line.split_at(begin);
    (words::split(done).unwrap_or_default(), start)
}

impl Completer for Editing {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (done, start) = last_word(line.get(..at).unwrap_or(line));
        let candidates =
            expected(&done, &self.aliases).words.into_iter().filter(|word| word.starts_with(start));
        let pair = |word: String| Pair { replacement: format!("{word} "), display: word };
        Ok((at - start.len(), candidates.map(pair).collect()))
    }
}

/// What stands dimly behind the cursor.
#[derive(Debug, PartialEq, Eq)]
enum Behind {
    /// The rest of the word, to be taken over.
    Rest(String),
    /// What is to come, to be read.
    Outlook(String),
}

impl Hint for Behind {
    fn display(&self) -> &str {
        let (Self::Rest(text) | Self::Outlook(text)) = self;
        text
    }

    fn completion(&self) -> Option<&str> {
        match self {
            Self::Rest(text) => Some(text),
            Self::Outlook(_) => None,
        }
    }
}

impl Hinter for Editing {
    type Hint = Behind;

    /// The rest of the word if there is just one, or what is to come.
    fn hint(&self, line: &str, at: usize, _: &Context<'_>) -> Option<Behind> {
        // What cannot be told from what was typed is better not shown.
        if at < line.len() || line.trim().is_empty() || self.style == Style::Bare {
            return None;
        }
        let (done, start) = last_word(line);
        let expected = expected(&done, &self.aliases);
        if start.is_empty() {
            return Some(expected.hint).filter(|hint| !hint.is_empty()).map(Behind::Outlook);
        }
        let mut candidates = expected.words.iter().filter_map(|word| word.strip_prefix(start));
        match (candidates.next(), candidates.next()) {
            (Some(rest), None) if !rest.is_empty() => Some(Behind::Rest(rest.to_owned())),
            _ => None,
        }
    }
}

impl Highlighter for Editing {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        self.style.dim(hint).into()
    }
}

impl Validator for Editing {
    /// A line with an open quote, or with `\` at its end, goes on.
    fn validate(&self, line: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = line.input();
        let goes_on = words::goes_on(text) || words::split(text).is_none();
        Ok(if goes_on { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

/// Asks for a password, which is not shown.
pub(crate) fn ask_password(user: &str) -> Result<String, String> {
    let failed = |error: ReadlineError| format!("no password was given: {error}");
    // Masking is a kind of colouring.
    let config = EditorConfig::builder().color_mode(ColorMode::Forced).build();
    let mut editor = Editor::<Masked, MemHistory>::with_history(config, MemHistory::new()).map_err(failed)?;
    editor.set_helper(Some(Masked));
    editor.readline(&format!("Password of {user}: ")).map_err(failed)
}

/// Shows stars for letters.
#[derive(rustyline::Helper, rustyline::Completer, rustyline::Hinter, rustyline::Validator)]
struct Masked;

impl Highlighter for Masked {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        "*".repeat(line.chars().count()).into()
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

#[cfg(test)]
mod tests {
    use rustyline::history::DefaultHistory;

    use super::*;

    fn editing(style: Style) -> Editing {
        let mut aliases = Aliases::on();
        aliases.name("bridge", "b", None);
        Editing { aliases, style }
    }

    fn completed(line: &str) -> (usize, Vec<String>) {
        let history = DefaultHistory::new();
        let (begin, pairs) =
            editing(Style::Bare).complete(line, line.len(), &Context::new(&history)).unwrap();
        (begin, pairs.into_iter().map(|pair| pair.replacement).collect())
    }

    fn hint(line: &str, style: Style) -> Option<Behind> {
        let history = DefaultHistory::new();
        editing(style).hint(line, line.len(), &Context::new(&history))
    }

    #[test]
    fn the_word_at_the_cursor_is_completed() {
        assert_eq!(completed("bri"), (0, vec!["bridge ".to_owned()]));
        assert_eq!(completed("bridge bridge0 set st"), (19, vec!["state ".to_owned()]));
        assert_eq!(completed("bridge bridge0 set state "), (25, vec!["down ".to_owned(), "up ".to_owned()]));
    }

    #[test]
    fn hints_are_shown_where_they_can_be_told_from_what_is_typed() {
        assert_eq!(hint("bri", Style::Decorated), Some(Behind::Rest("dge".into())));
        let outlook = hint("bridge bridge0 set state ", Style::Decorated).unwrap();
        assert_eq!(outlook, Behind::Outlook("up|down".into()));
        assert_eq!(outlook.completion(), None);
        assert_eq!(hint("", Style::Decorated), None);
        assert_eq!(hint("bri", Style::Bare), None);
    }
}
