//! `midspan agent`: the agent itself, and `midspan agent status`.

use std::path::PathBuf;
use std::sync::Arc;

use ::nsdb::coordinator::Coordinator;
use clap::{Args, Subcommand};
use tokio_util::sync::CancellationToken;

use crate::config::{Nsdb, Settings};
use crate::exit::Usage;
use crate::{daemon, inspect, nsdb};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AgentArgs {
    #[command(flatten)]
    settings: Settings,
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "MIDSPAN_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<AgentCommand>,
}

#[derive(Subcommand)]
enum AgentCommand {
    /// Ports, peers, flows, drops and NSDB health of this host's agent
    Status(inspect::StatusArgs),
}

/// Runs the agent until SIGTERM, or asks the running one.
pub(crate) fn run(args: AgentArgs) -> anyhow::Result<()> {
    if let Some(AgentCommand::Status(args)) = args.command {
        return inspect::status(&args);
    }
    let settings = args.settings.over_file(args.config.as_deref()).map_err(Usage)?;
    let where_to = settings.nsdb().map_err(Usage)?;
    if matches!(where_to, Nsdb::Embedded(_)) {
        let remedy = "the embedded store serves one process: use `midspan standalone --store DIR`, or --zookeeper here";
        return Err(Usage(anyhow::anyhow!(remedy)).into());
    }
    daemon::block_on(async |shutdown| {
        let identity = ::agent::Identity::open(&settings.state(), settings.host_id, settings.name.clone())?;
        let coordinator = nsdb::open(&where_to, &identity.host.to_string())?;
        let result = serve(&settings, identity, Arc::clone(&coordinator), shutdown).await;
        daemon::close(&*coordinator).await;
        result
    })
}

/// Runs an agent on an open coordinator until cancelled.
pub(crate) async fn serve(
    settings: &Settings,
    identity: ::agent::Identity,
    coordinator: Arc<dyn Coordinator>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let config = ::agent::Config { datapath: settings.datapath(), metrics: settings.metrics() };
    let what = format!("agent of host {} ({}), datapath {}", identity.name, identity.host, config.datapath);
    ::agent::run(config, identity, coordinator, move || daemon::ready(&what), shutdown).await?;
    Ok(())
}
