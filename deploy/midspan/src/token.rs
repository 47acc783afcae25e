//! `midspan api token`: adds a user to the file of tokens.

use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;

use anyhow::{Context, bail};
use api::auth::{EntriesError, NewEntry, Role};
use clap::Args;

use crate::config::Settings;
use crate::exit::Usage;

#[derive(Args)]
pub(crate) struct TokenArgs {
    /// Name of the user, unique in the file
    name: String,
    /// What the user may do: admin, tenant-admin or tenant-user; several may be given
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<Role>,
    /// Tenant that the roles are for; admin needs none
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Let the user log in too, with a password asked for, or read from a line of standard input
    #[arg(long)]
    password: bool,
    /// The file [default: as configured for the server]
    #[arg(long, value_name = "FILE", env = "MIDSPAN_TOKENS")]
    file: Option<PathBuf>,
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "MIDSPAN_CONFIG")]
    config: Option<PathBuf>,
}

/// Makes an entry, and prints the token: nothing else has it.
pub(crate) fn add(args: TokenArgs) -> anyhow::Result<()> {
    let settings = Settings { tokens: args.file, ..Settings::default() };
    let file = settings.over_file(args.config.as_deref()).map_err(Usage)?.tokens();
    let password = args.password.then(|| password(&args.name)).transpose().map_err(Usage)?;
    let entry = NewEntry { name: args.name, tenant: args.tenant, roles: args.roles, password };
    let token = entry.add_to(&file).map_err(|error| match error {
        EntriesError::Invalid { .. } | EntriesError::Entry(_) => Usage(error.into()).into(),
        error => anyhow::Error::new(error),
    })?;
    println!("{token}");
    Ok(())
}

fn password(user: &str) -> anyhow::Result<String> {
    let line = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("Password of {user}: "))
    } else {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    };
    let line = line.context("cannot read the password")?;
    match line.trim_end_matches(['\r', '\n']) {
        "" => bail!("no password was given"),
        password => Ok(password.to_owned()),
    }
}
