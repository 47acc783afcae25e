//! `midspan api` and `midspan standalone`.

use std::path::PathBuf;
use std::sync::Arc;

use ::nsdb::coordinator::Coordinator;
use anyhow::Context;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Nsdb, Settings};
use crate::exit::Usage;
use crate::{agent, daemon, nsdb};

#[derive(Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    settings: Settings,
    /// Configuration file
    #[arg(long, value_name = "FILE", env = "MIDSPAN_CONFIG")]
    config: Option<PathBuf>,
}

impl ServeArgs {
    fn settle(self) -> Result<(Settings, Nsdb), Usage> {
        let settings = self.settings.over_file(self.config.as_deref()).map_err(Usage)?;
        settings.check_auth().map_err(Usage)?;
        let where_to = settings.nsdb().map_err(Usage)?;
        Ok((settings, where_to))
    }
}

/// Serves the REST API until SIGTERM.
pub(crate) fn api(args: ServeArgs) -> anyhow::Result<()> {
    let (settings, where_to) = args.settle()?;
    daemon::block_on(async |shutdown| {
        let listener = listen(&settings).await?;
        let coordinator = nsdb::open(&where_to, &format!("api-{}", uuid::Uuid::new_v4()))?;
        serve(listener, coordinator, shutdown).await
    })
}

/// Serves the REST API and runs this host's agent, in one process on one store, until SIGTERM.
pub(crate) fn standalone(args: ServeArgs) -> anyhow::Result<()> {
    let (settings, where_to) = args.settle()?;
    daemon::block_on(async |shutdown| {
        let listener = listen(&settings).await?;
        let identity = ::agent::Identity::open(&settings.state(), settings.host_id, settings.name.clone())?;
        let coordinator = nsdb::open(&where_to, &identity.host.to_string())?;
        let api = serve(listener, Arc::clone(&coordinator), shutdown.clone());
        let agent = agent::serve(&settings, identity, Arc::clone(&coordinator), shutdown.clone());
        // Whichever of the two fails ends the process: half of it would look whole.
        let result = tokio::try_join!(stop_at_failure(api, &shutdown), stop_at_failure(agent, &shutdown));
        daemon::close(&*coordinator).await;
        result.map(drop)
    })
}

async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    let address = settings.listen();
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: choose another address with --listen"))
}

async fn serve(
    listener: TcpListener,
    coordinator: Arc<dyn Coordinator>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let ready = move || daemon::ready(&format!("REST API on http://{address}/midonet-api/"));
    api::serve(listener, coordinator, ready, shutdown).await?;
    Ok(())
}

async fn stop_at_failure(
    part: impl Future<Output = anyhow::Result<()>>,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let result = part.await;
    if result.is_err() {
        shutdown.cancel();
    }
    result
}
