//! Commands without anybody at the keyboard: those of `-e`, or a script on standard input.

use std::io::{self, BufRead};

use crate::output::Output;
use crate::progress::Progress;
use crate::session::{Outcome, Session};
use crate::style::Style;
use crate::words::goes_on;

/// What is done when a command fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// The rest is left: it may depend on the command.
    Stop,
    /// The rest is done all the same.
    KeepGoing,
}

/// Carries out commands, each with what to call it in errors. True if all went well.
pub(crate) async fn run(
    session: &mut Session,
    output: &Output,
    on_failure: OnFailure,
    commands: impl Iterator<Item = (String, io::Result<String>)>,
) -> bool {
    let style = Style::of(&io::stderr());
    let mut progress = Progress::new();
    let mut all_well = true;
    for (place, command) in commands {
        let command = match command {
            Ok(command) => command,
            // What comes behind it cannot be read either.
            Err(error) => {
                progress.erase();
                eprintln!("{place}{}", style.alarming(&format!("cannot be read: {error}")));
                return false;
            }
        };
        match session.run(&command).await {
            Ok(Outcome::Report(report)) => output.show(&report),
            Ok(Outcome::Exit) => break,
            Err(error) => {
                progress.erase();
                eprintln!("{place}{}", style.alarming(&error.to_string()));
                all_well = false;
                if on_failure == OnFailure::Stop {
                    break;
                }
            }
        }
        progress.step();
    }
    progress.erase();
    all_well
}

/// Commands of the command line: which one failed needs to be said only if there are several.
pub(crate) fn numbered(commands: Vec<String>) -> impl Iterator<Item = (String, io::Result<String>)> {
    let is_one = commands.len() == 1;
    let place = move |number| if is_one { String::new() } else { format!("command {number}: ") };
    commands.into_iter().zip(1..).map(move |(command, number)| (place(number), Ok(command)))
}

/// The commands of a script, one a line, each with its line number. A line that ends with `\` goes on in the next.
pub(crate) fn lines(script: impl BufRead) -> impl Iterator<Item = (String, io::Result<String>)> {
    let mut lines = script.lines().zip(1..);
    std::iter::from_fn(move || {
        let (mut command, number) = lines.next()?;
        while let Ok(begin) = &mut command
            && goes_on(begin)
        {
            begin.pop();
            match lines.next() {
                Some((Ok(more), _)) => *begin += &more,
                Some((error, _)) => command = error,
                None => break,
            }
        }
        Some((format!("line {number}: "), command))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_told_by_the_line_that_it_begins_in() {
        let script = "# remark\nbridge create \\\n  name red\nbridge list\n";
        let commands: Vec<_> =
            lines(script.as_bytes()).map(|(place, command)| (place, command.unwrap())).collect();
        let expected =
            [("line 1: ", "# remark"), ("line 2: ", "bridge create   name red"), ("line 4: ", "bridge list")];
        assert_eq!(commands, expected.map(|(place, command)| (place.to_owned(), command.to_owned())));
    }

    #[test]
    fn a_single_command_needs_no_number() {
        let places = |commands: &[&str]| {
            let commands = commands.iter().map(|c| (*c).to_owned()).collect();
            numbered(commands).map(|(place, _)| place).collect::<Vec<_>>()
        };
        assert_eq!(places(&["a"]), [""]);
        assert_eq!(places(&["a", "b"]), ["command 1: ", "command 2: "]);
    }

    #[test]
    fn what_is_not_text_is_not_passed_over() {
        let mut commands = lines(&b"bridge list\nbridge create name \xff\n"[..]);
        assert!(commands.next().unwrap().1.is_ok());
        let (place, command) = commands.next().unwrap();
        assert_eq!((place.as_str(), command.unwrap_err().kind()), ("line 2: ", io::ErrorKind::InvalidData));
    }
}
