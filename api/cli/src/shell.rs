//! The interactive shell: a prompt with completion and history; or, where standard input is no terminal, a script.

use std::io::{IsTerminal, Write as _};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Context, Editor, Helper, Highlighter, Hinter, Validator};

use crate::config::home;
use crate::grammar::{Place, VERBS, Verb, follow, words};
use crate::objects::Access;
use crate::session::{Outcome, Session};

const PROMPT: &str = "midonet> ";
const HISTORY: &str = ".midspan_history";

/// Runs commands until the end of input. True if all went well.
pub(crate) async fn run(session: &mut Session) -> bool {
    if std::io::stdin().is_terminal() { interactive(session).await } else { script(session).await }
}

/// Runs one command and prints what comes of it.
pub(crate) async fn run_line(session: &mut Session, line: &str) -> Result<Outcome, String> {
    let outcome = session.run(line).await.map_err(|error| error.to_string())?;
    if let Outcome::Text(text) = &outcome {
        // A reader that has gone away needs no more lines.
        std::io::stdout().write_all(text.as_bytes()).ok();
    }
    Ok(outcome)
}

/// Ends at the first command that fails: those behind it may depend on it.
async fn script(session: &mut Session) -> bool {
    for (line, number) in std::io::stdin().lines().map_while(Result::ok).zip(1..) {
        match run_line(session, &line).await {
            Ok(Outcome::Text(_)) => {}
            Ok(Outcome::Exit) => return true,
            Err(error) => {
                eprintln!("line {number}: {error}");
                return false;
            }
        }
    }
    true
}

async fn interactive(session: &mut Session) -> bool {
    let mut editor = match Editor::<Completion, FileHistory>::new() {
        Ok(editor) => editor,
        Err(error) => {
            eprintln!("the terminal cannot be used: {error}");
            return false;
        }
    };
    let history = home().map(|home| home.join(HISTORY));
    if let Some(history) = &history {
        editor.load_history(history).ok();
    }
    loop {
        let names = session.aliases.starting_with("").map(str::to_owned).collect();
        editor.set_helper(Some(Completion { names }));
        match editor.readline(PROMPT) {
            Ok(line) => {
                editor.add_history_entry(&line).ok();
                match run_line(session, &line).await {
                    Ok(Outcome::Text(_)) => {}
                    Ok(Outcome::Exit) => break,
                    Err(error) => eprintln!("{error}"),
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => {
                eprintln!("{error}");
                break;
            }
        }
    }
    if let Some(history) = &history {
        editor.save_history(history).ok();
    }
    true
}

/// Completes words by the grammar and by the names given so far.
#[derive(Helper, Hinter, Highlighter, Validator)]
struct Completion {
    names: Vec<String>,
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..at).unwrap_or(line);
        let begin = before.rfind(char::is_whitespace).map_or(0, |space| space + 1);
        let (done, start) = before.split_at(begin);
        let done = words(done).unwrap_or_default();
        let mut candidates = self.candidates(&done);
        candidates.retain(|word| word.starts_with(start));
        candidates.sort();
        candidates.dedup();
        Ok((begin, candidates.into_iter().map(|word| word + " ").collect()))
    }
}

impl Completion {
    /// What may stand behind these words.
    fn candidates(&self, done: &[String]) -> Vec<String> {
        let at = follow(done);
        let kind = match at.place {
            Place::Object(kind) => kind,
            Place::Collection(child) => child.kind,
        };
        // Behind an attribute stands its value.
        if (done.len() - at.taken) % 2 == 1 && !matches!(at.verb, Some(Verb::Clear)) {
            return self.names.clone();
        }
        let verbs = at.verb.is_none().then(|| VERBS.iter().map(|(name, _)| (*name).to_owned()));
        let attributes = |keep: fn(Access) -> bool| {
            kind.attributes.iter().filter(move |a| keep(a.access)).map(|a| a.name.to_owned())
        };
        let mut candidates: Vec<String> = verbs.into_iter().flatten().collect();
        match (at.place, at.verb) {
            (Place::Collection(_), Some(Verb::Create)) => {
                candidates.extend(attributes(|a| a != Access::Read));
            }
            (Place::Collection(_), Some(Verb::List)) => candidates.extend(attributes(|_| true)),
            (Place::Collection(_), _) => candidates.extend(self.names.iter().cloned()),
            (Place::Object(_), verb) => {
                candidates.extend(kind.children.iter().map(|child| child.name.to_owned()));
                match verb {
                    Some(Verb::Set) => candidates.extend(attributes(|a| a != Access::Read)),
                    Some(Verb::Clear) => candidates.extend(attributes(|a| a == Access::Clear)),
                    Some(Verb::Show) => candidates.extend(attributes(|a| a != Access::Hidden)),
                    _ => {}
                }
            }
        }
        candidates
    }
}
