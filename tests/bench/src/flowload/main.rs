//! `flowload`: makes new flows between two network namespaces of one machine and says what became of them.
//!
//! Every datagram or connection has a source port of its own, so a datapath whose flows match on ports sees each as a new flow.
//! Client and server run in one process, in threads that entered their namespaces, so that sent and received can be
//! compared exactly. Times are wall clock, in microseconds.

mod connect;
mod latency;
mod netns;
mod rate;

use std::net::SocketAddrV4;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One new flow at a time: the time from sending to the echo's return
    Latency {
        #[command(flatten)]
        path: PathArgs,
        /// How many flows
        #[arg(long, default_value_t = 2000)]
        count: u16,
    },
    /// TCP connections one after the other: how many a second
    Connect {
        #[command(flatten)]
        path: PathArgs,
        /// For how long
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// The highest rate of new flows at which no datagram is lost
    Rate {
        #[command(flatten)]
        path: PathArgs,
        /// Seconds per step
        #[arg(long, default_value_t = 2)]
        seconds: u64,
        /// Rates to try, per second, rising
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "1000,2000,4000,6000,8000,10000,12000,16000,20000,24000,32000"
        )]
        rates: Vec<u32>,
    },
}

/// Between whom.
#[derive(Args, Clone)]
struct PathArgs {
    /// Network namespace of the sender
    #[arg(long)]
    client: String,
    /// Network namespace of the receiver
    #[arg(long)]
    server: String,
    /// Address and port of the receiver in its namespace; each step of `rate` takes the next port
    #[arg(long)]
    to: SocketAddrV4,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Latency { path, count } => latency::run(&path, count),
        Command::Connect { path, seconds } => connect::run(&path, seconds),
        Command::Rate { path, seconds, rates } => rate::run(&path, seconds, &rates),
    }
}
