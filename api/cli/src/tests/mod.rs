//! Sessions against servers in memory: the real one, and a double for what the real one does not offer yet.

mod double;
mod objects;
mod output;
mod sessions;
mod tables;
mod transcript;

use api_client::Client;

use crate::alias::Aliases;
use crate::output::{Format, Output, Paging};
use crate::report::Report;
use crate::session::{Debug, Outcome, Session};
use crate::style::Style;

/// Somebody at a session, who hears what is printed.
struct User {
    session: Session,
    output: Output,
}

impl User {
    fn new(url: &str, aliases: Aliases) -> Self {
        Self::of_tenant(url, aliases, None)
    }

    fn of_tenant(url: &str, aliases: Aliases, tenant: Option<&str>) -> Self {
        let client = Client::new(url).unwrap();
        let session = Session::new(client, tenant.map(str::to_owned), aliases, Debug::Off);
        Self { session, output: Output { format: Format::Plain, style: Style::Bare, paging: Paging::Off } }
    }

    /// What a command prints, and what an error says.
    async fn say(&mut self, line: &str) -> String {
        match self.session.run(line).await {
            Ok(Outcome::Report(report)) => self.output.text(&report),
            Ok(Outcome::Exit) => String::new(),
            Err(error) => format!("{error}\n"),
        }
    }

    /// What comes of a command, which goes well.
    async fn report(&mut self, line: &str) -> Report {
        match self.session.run(line).await.unwrap() {
            Outcome::Report(report) => report,
            Outcome::Exit => Report::Nothing,
        }
    }
}
