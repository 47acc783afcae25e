//! The one executable: agent, REST API, both in one process, command line, trace, datapath inspection, completions for
//! shells.
//!
//! Exit status: 0 done; 1 the command failed; 2 wrong usage or configuration; 69 something that is needed is not there or
//! is taken (kernel module, address, host id); 73 a directory or store cannot be used; 77 no privilege.

mod agent;
mod config;
mod daemon;
mod dp;
mod exit;
mod inspect;
mod nsdb;
mod serve;
mod token;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "midspan", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run this host's agent, or ask it for its status
    Agent(agent::AgentArgs),
    /// Serve the REST API, or add a user to its file of tokens
    Api(serve::ApiArgs),
    /// Run this host's agent and the REST API in one process
    Standalone(serve::ServeArgs),
    /// The command line of the REST API
    Cli(api_cli::Args),
    /// What would happen to a packet that enters at a port of this host, and why
    Trace(inspect::TraceArgs),
    /// Inspect and edit datapaths
    Dp(dp::DpArgs),
    /// Print what completes this executable's commands and flags in a shell
    Completions {
        /// The shell: bash, zsh or fish are in use
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Agent(args) => agent::run(args),
        Command::Api(args) => serve::api(args),
        Command::Standalone(args) => serve::standalone(args),
        Command::Cli(args) => return api_cli::run(args),
        Command::Trace(args) => inspect::trace(&args),
        Command::Dp(args) => dp::run(args),
        Command::Completions { shell } => completions(shell),
    };
    exit::code(result)
}

/// Writes the completions of a shell to standard output.
fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "midspan", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_shell_in_use_has_completions() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "midspan", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("standalone") && script.contains("keep-going"), "{shell}");
        }
    }
}
