//! The command line of the REST API: `midspan cli`.
//!
//! A command is a path of objects, a verb and attributes (midonet.md §4.2); what objects there are, with their attributes,
//! stands in one table (`objects`). One command with `-e`, a shell on a terminal, else a script on standard input.

#![forbid(unsafe_code)]

mod alias;
mod codec;
mod config;
mod grammar;
mod objects;
mod session;
mod shell;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use api_client::Client;

use alias::Aliases;
pub use config::Args;
use config::Config;
use session::Session;

/// Runs the command line. Ends with 0 if all went well, 1 if a command failed, 2 for wrong usage.
pub fn run(args: Args) -> ExitCode {
    let config = match Config::of(args) {
        Ok(config) => config,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(with(config)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn with(config: Config) -> Result<bool, String> {
    let client = match &config.ca_file {
        Some(file) => Client::trusting(&config.url, file),
        None => Client::new(&config.url),
    };
    let mut client = client.map_err(|error| error.to_string())?;
    if let Some(login) = &config.login {
        let token = client
            .login(&login.user, &login.password, login.project.as_deref())
            .await
            .map_err(|error| format!("cannot log in: {error}"))?;
        client = client.with_token(&token).map_err(|error| error.to_string())?;
    }
    match config.eval {
        Some(command) => {
            let mut session = Session::new(client, config.tenant, Aliases::off(), config.debug);
            shell::run_line(&mut session, &command).await.map(|_| true)
        }
        None => {
            let mut session = Session::new(client, config.tenant, Aliases::on(), config.debug);
            Ok(shell::run(&mut session).await)
        }
    }
}
