//! The command line of the REST API: `midspan cli`.
//!
//! A command is a path of objects, a verb and attributes (midonet.md §4.2). What objects and attributes there are stands in
//! tables (`objects`); grammar, help, completion and output follow them. It shows what MidoNet's command line shows, to the
//! letter where that was recorded (`tests/transcript.txt`).
//!
//! ```text
//! -e, script, terminal ─▶ grammar ─▶ session ─▶ requests to the API
//!                                       └─▶ report ─▶ output (plain, table, JSON) ─▶ pager
//! ```

#![forbid(unsafe_code)]

mod alias;
mod codec;
mod completion;
mod config;
mod error;
mod grammar;
mod help;
mod objects;
mod output;
mod pager;
mod progress;
mod report;
mod script;
mod session;
mod shell;
mod style;
#[cfg(test)]
mod tests;
mod verbs;
mod words;

use std::io::IsTerminal;
use std::process::ExitCode;

use api_client::Client;
use tokio::runtime::Runtime;

use alias::Aliases;
pub use config::Args;
use config::{Config, Login, Naming, Source};
use output::{Output, Paging};
use session::Session;
use style::Style;

/// Wrong usage or configuration.
const USAGE: u8 = 2;

/// Runs the command line. Ends with 0 if all went well, 1 if a command failed or the server cannot be reached, 2 for wrong
/// usage.
pub fn run(args: Args) -> ExitCode {
    let config = match Config::of(args) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("midspan: {error}");
            return ExitCode::from(USAGE);
        }
    };
    match with(config) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("midspan: {error}");
            ExitCode::FAILURE
        }
    }
}

/// True if every command went well.
fn with(config: Config) -> Result<bool, String> {
    // Of its own thread, so that connections are seen to while a line is typed.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let mut client = client(&config)?;
    if let Some(login) = config.login {
        client = logged_in(&runtime, client, login)?;
    }
    let aliases = if config.naming == Naming::Aliases { Aliases::on() } else { Aliases::off() };
    let mut session = Session::new(client, config.tenant, aliases, config.debug);
    let stdout = std::io::stdout();
    let has_reader = stdout.is_terminal() && config.source != Source::Script;
    let paging = if has_reader { Paging::On } else { Paging::Off };
    let output = Output { format: config.format, style: Style::of(&stdout), paging };
    let on_failure = config.on_failure;
    Ok(match config.source {
        Source::Terminal => shell::run(&runtime, &mut session, &output).map(|()| true)?,
        Source::Arguments(commands) => {
            runtime.block_on(script::run(&mut session, &output, on_failure, script::numbered(commands)))
        }
        Source::Script => {
            let lines = script::lines(std::io::stdin().lock());
            runtime.block_on(script::run(&mut session, &output, on_failure, lines))
        }
    })
}

fn client(config: &Config) -> Result<Client, String> {
    let client = match &config.ca_file {
        None => Client::new(&config.url),
        Some(authorities) => Client::trusting(&config.url, authorities),
    };
    client.map_err(|error| error.to_string())
}

fn logged_in(runtime: &Runtime, client: Client, login: Login) -> Result<Client, String> {
    let password = match login.password {
        Some(password) => password,
        None => shell::ask_password(&login.user)?,
    };
    let token = runtime
        .block_on(client.login(&login.user, &password, login.project.as_deref()))
        .map_err(|error| format!("cannot log in: {error}"))?;
    client.with_token(&token).map_err(|error| error.to_string())
}
