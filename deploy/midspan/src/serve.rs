//! `midspan api` and `midspan standalone`.

use std::path::PathBuf;
use std::sync::Arc;

use std::net::SocketAddr;

use ::nsdb::coordinator::Coordinator;
use anyhow::Context;
use api::{Socket, Tls};
use clap::{Args, Subcommand};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{Nsdb, Settings};
use crate::exit::Usage;
use crate::{agent, daemon, nsdb, token};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ApiArgs {
    #[command(flatten)]
    serve: ServeArgs,
    #[command(subcommand)]
    command: Option<ApiCommand>,
}

#[derive(Subcommand)]
enum ApiCommand {
    /// Add a user to the file of tokens, and print the user's token
    Token(token::TokenArgs),
}

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

/// Serves the REST API until SIGTERM, or does what else there is to do for it.
pub(crate) fn api(args: ApiArgs) -> anyhow::Result<()> {
    if let Some(ApiCommand::Token(args)) = args.command {
        return token::add(args);
    }
    let (settings, where_to) = args.serve.settle()?;
    daemon::block_on(async |shutdown| {
        let door = Door::open(&settings).await?;
        let coordinator = nsdb::open(&where_to, &format!("api-{}", uuid::Uuid::new_v4()))?;
        serve(door, coordinator, shutdown).await
    })
}

/// Serves the REST API and runs this host's agent, in one process on one store, until SIGTERM.
pub(crate) fn standalone(args: ServeArgs) -> anyhow::Result<()> {
    let (settings, where_to) = args.settle()?;
    daemon::block_on(async |shutdown| {
        let door = Door::open(&settings).await?;
        let identity = ::agent::Identity::open(&settings.state(), settings.host_id, settings.name.clone())?;
        let coordinator = nsdb::open(&where_to, &identity.host.to_string())?;
        let api = serve(door, Arc::clone(&coordinator), shutdown.clone());
        let agent = agent::serve(&settings, identity, Arc::clone(&coordinator), shutdown.clone());
        // Whichever of the two fails ends the process: half of it would look whole.
        let result = tokio::try_join!(stop_at_failure(api, &shutdown), stop_at_failure(agent, &shutdown));
        daemon::close(&*coordinator).await;
        result.map(drop)
    })
}

/// Where the API is served, and who is let in.
struct Door {
    sockets: Vec<Socket>,
    auth: api::auth::Auth,
}

impl Door {
    async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let auth = settings.auth().map_err(Usage)?;
        let mut sockets = Vec::new();
        if let Some(address) = settings.listen() {
            if !matches!(auth, api::auth::Auth::None) && !address.ip().is_loopback() {
                tracing::warn!(%address, "tokens and passwords go over the network in clear: use --listen-tls there");
            }
            sockets.push(Socket::plain(bind(address, "--listen").await?));
        }
        if let Some((address, certificate, key)) = settings.listen_tls().map_err(Usage)? {
            let tls = Tls::open(certificate, key).map_err(|error| Usage(error.into()))?;
            sockets.push(Socket::tls(bind(address, "--listen-tls").await?, tls));
        }
        Ok(Self { sockets, auth })
    }
}

async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| format!("cannot listen on {address}: choose another address with {flag}"))
}

async fn serve(
    Door { sockets, auth }: Door,
    coordinator: Arc<dyn Coordinator>,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let urls = sockets.iter().map(Socket::url).collect::<Result<Vec<_>, _>>()?;
    let ready = move || daemon::ready(&format!("REST API on {}", urls.join(" and ")));
    let reload = daemon::reload_on_hangup()?;
    api::serve(api::Serving { sockets, auth, coordinator, reload }, ready, shutdown).await?;
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
