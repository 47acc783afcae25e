//! `midspan agent status` and `midspan trace`: questions to the agent of this host, over its own endpoint.

use std::io::Write as _;
use std::net::SocketAddr;

use anyhow::Context;
use api_client::{Answer, Client, Error};
use clap::Args;
use serde_json::{Value, json};
use uuid::Uuid;

/// Which agent to ask, and how to print its answer.
#[derive(Args)]
pub(crate) struct Endpoint {
    /// Address of the agent's metrics, status and trace
    #[arg(long, value_name = "ADDR:PORT", env = "MIDSPAN_METRICS", default_value = "127.0.0.1:7300")]
    metrics: SocketAddr,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    endpoint: Endpoint,
}

#[derive(Args)]
pub(crate) struct TraceArgs {
    /// Port of the virtual network by which the packet enters
    #[arg(long, value_name = "UUID")]
    port: Uuid,
    /// The packet's headers, for instance
    /// `eth(src=02:00:00:00:01:01,dst=02:00:00:00:01:02),ipv4(src=10.0.0.1,dst=10.0.0.2),icmp(type=8)`
    #[arg(long, value_name = "HEADERS")]
    packet: String,
    #[command(flatten)]
    endpoint: Endpoint,
}

/// What is asked.
enum Question {
    Status,
    Trace(Value),
}

/// Prints the agent's status.
pub(crate) fn status(args: &StatusArgs) -> anyhow::Result<()> {
    args.endpoint.ask(&Question::Status)
}

/// Prints what would happen to a packet.
pub(crate) fn trace(args: &TraceArgs) -> anyhow::Result<()> {
    args.endpoint.ask(&Question::Trace(json!({ "port": args.port, "packet": args.packet })))
}

impl Endpoint {
    fn ask(&self, question: &Question) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match runtime.block_on(self.answer(question)) {
            Ok(answer) => {
                let text = format!("{}\n", answer.text().trim_end());
                Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
            }
            Err(Error::Refused(refusal)) => anyhow::bail!("{}", refusal.message),
            Err(error @ Error::Unreachable { .. }) => {
                let asked =
                    format!("no agent answers on {}: is it running, with this --metrics?", self.metrics);
                Err(error).context(asked)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn answer(&self, question: &Question) -> Result<Answer, Error> {
        let client = Client::new(&format!("http://{}", self.metrics))?;
        let format = if self.json { "json" } else { "text" };
        match question {
            Question::Status => client.get(&format!("/status?format={format}")).await,
            Question::Trace(request) => client.post(&format!("/trace?format={format}"), request).await,
        }
    }
}
