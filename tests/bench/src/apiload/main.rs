//! `apiload`: requests to a running REST API, and creates in a ZooKeeper as the yardstick, each timed by a client that
//! keeps its connections.
//!
//! What was measured is one line of `name value` pairs. Times are wall clock, in microseconds, from a request's start until
//! its whole answer is there; a request that fails ends the program.

mod bulk;
mod create;
mod list;
mod raw;
mod start;
mod times;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Creates keys in ZooKeeper one after the other, by the driver that the API uses
    Raw {
        /// HOST:PORT[/PATH] of a ZooKeeper; it is the path's first user
        #[arg(long)]
        zookeeper: String,
        /// How many keys
        #[arg(long, default_value_t = 1000)]
        count: u32,
        /// Length of each value
        #[arg(long, default_value_t = 300)]
        bytes: usize,
    },
    /// Creates objects with a request each
    Create {
        #[command(flatten)]
        made: Made,
        /// Requests that are under way at once
        #[arg(long, default_value_t = 1)]
        clients: u32,
    },
    /// Creates objects by bulk requests, one after the other
    Bulk {
        #[command(flatten)]
        made: Made,
        /// Objects in a request
        #[arg(long, default_value_t = 1000)]
        size: u32,
    },
    /// Reads a list again and again
    List {
        /// The server's base URL
        #[arg(long)]
        url: String,
        /// The list, below the base
        #[arg(long)]
        path: String,
        /// How often
        #[arg(long, default_value_t = 100)]
        count: u32,
        /// Reads it in pages of so many objects
        #[arg(long)]
        page: Option<u32>,
    },
    /// Waits for a server's first answer that is no failure
    Start {
        /// The server's base URL
        #[arg(long)]
        url: String,
        /// When it was started, in microseconds since 1970
        #[arg(long)]
        since: u64,
    },
}

/// What is made.
#[derive(Args, Clone)]
struct Made {
    /// The server's base URL
    #[arg(long)]
    url: String,
    /// The collection, below the base
    #[arg(long)]
    path: String,
    /// How many objects
    #[arg(long, default_value_t = 10_000)]
    count: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Raw { zookeeper, count, bytes } => raw::run(&zookeeper, count, bytes).await,
        Command::Create { made, clients } => create::run(&made, clients).await,
        Command::Bulk { made, size } => bulk::run(&made, size).await,
        Command::List { url, path, count, page } => list::run(&url, &path, count, page).await,
        Command::Start { url, since } => start::run(&url, since).await,
    }
}
