//! The life of an agent: claims its host id, takes the datapath, starts workers and control plane, and waits.
//!
//! The order matters. The host id is claimed before the datapath is touched, so that of two agents by mistake the second
//! leaves no trace; the datapath is adopted with its flows, which forward until they have been checked.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use datapath::{Datapath, KernelDatapath};
use model::HostId;
use nsdb::coordinator::{Coordinator, Retry};
use nsdb::presence::{ClaimError, HostIdInUse, Instance, Presence, register_host};
use simulation::Topology;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tunnel::Peers;
use uuid::Uuid;

use crate::control::{Control, ControlStatus, Inputs, Parts, Publisher};
use crate::forwarding::{Forwarding, ForwardingConfig, StartError};
use crate::http::{self, View};
use crate::snapshot::{PortMap, Snapshot, TunnelPorts};
use crate::state_dir::{StateDir, StateDirError};
use crate::watchers;

/// Pause between two attempts to reach the NSDB at start.
const RETRY: Duration = Duration::from_millis(500);

/// Who this host is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its id.
    pub host: HostId,
    /// Its name.
    pub name: String,
    /// The agent's directory, locked by this process.
    pub state_dir: Arc<StateDir>,
}

impl Identity {
    /// Locks the state directory and takes the host's id from it (or from the configuration, or makes one) and the name
    /// from the configuration or the machine.
    pub fn open(state: &Path, host_id: Option<Uuid>, name: Option<String>) -> Result<Self, StateDirError> {
        let state_dir = StateDir::open(state)?;
        let host = state_dir.host_id(host_id, Uuid::new_v4())?;
        Ok(Self { host, name: name.unwrap_or_else(machine_name), state_dir: Arc::new(state_dir) })
    }
}

/// Settings of an agent.
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the kernel datapath.
    pub datapath: String,
    /// Where metrics, status and trace are served.
    pub metrics: SocketAddr,
}

/// Why an agent ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another agent has the host id.
    #[error(transparent)]
    HostId(#[from] HostIdInUse),
    /// The NSDB refused for good.
    #[error(transparent)]
    Nsdb(#[from] nsdb::Error),
    /// The coordinator refused for good.
    #[error(transparent)]
    Coordinator(#[from] nsdb::coordinator::Error),
    /// The datapath cannot be used.
    #[error(transparent)]
    Datapath(#[from] datapath::Error),
    /// The datapath has gone while it was served.
    #[error("the datapath was deleted by another hand: start the agent again, which makes it anew: {0}")]
    Lost(datapath::Error),
    /// The data path could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The address for metrics cannot be used.
    #[error("cannot serve metrics and status on {address}: {source}; choose another address with --metrics")]
    Metrics {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The operating system refused something at start.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What it said.
        source: std::io::Error,
    },
}

/// Runs an agent until cancelled; calls `ready` once it forwards by everything that the NSDB says. Leaves datapath, ports
/// and flows in place. To be called on a multi-threaded tokio runtime.
///
/// # Errors
/// What cannot be mended by waiting. An NSDB out of reach is waited for, without limit.
pub async fn run(
    config: Config,
    identity: Identity,
    coordinator: Arc<dyn Coordinator>,
    ready: impl FnOnce(),
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let listener = TcpListener::bind(config.metrics)
        .await
        .map_err(|source| Error::Metrics { address: config.metrics, source })?;
    KernelDatapath::check()?;
    let Some(presence) = until(&shutdown, join(&identity, &coordinator)).await.transpose()? else {
        return Ok(());
    };

    let name = config.datapath.clone();
    let datapath: Arc<dyn Datapath> =
        Arc::new(tokio::task::block_in_place(|| KernelDatapath::create_or_adopt(&name, workers()))?);
    let forwarding_config =
        ForwardingConfig { generation: Uuid::new_v4().as_fields().0, ..Default::default() };
    let (forwarding, events) = Forwarding::start(&forwarding_config, &datapath, empty(identity.host))?;
    let forwarding = Arc::new(forwarding);

    let interfaces =
        watchers::interfaces().map_err(|source| Error::System { what: "watch interfaces", source })?;
    let vports = Arc::new(Notify::new());
    watchers::vports(datapath.port_events()?, Arc::clone(&vports))
        .map_err(|source| Error::System { what: "watch the datapath's ports", source })?;

    let (in_sync, mut synced) = watch::channel(false);
    let (status, described) = watch::channel(ControlStatus::default());
    let view = View::new(&identity, Arc::clone(&datapath), Arc::clone(&forwarding), described);
    tokio::spawn(http::serve(listener, view, shutdown.clone()));
    let parts = Parts {
        name: identity.name.as_str().into(),
        coordinator,
        datapath,
        state_dir: Arc::clone(&identity.state_dir),
        presence,
        publisher: Publisher::new(forwarding),
        in_sync,
        status,
    };
    let control = tokio::spawn(Control::run(parts, Inputs { events, interfaces, vports }, shutdown.clone()));
    if let Some(Ok(_)) = until(&shutdown, synced.wait_for(|synced| *synced)).await {
        ready();
    }
    match control.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(lost)) => Err(Error::Lost(lost)),
        Err(panic) => Err(Error::System { what: "keep the control plane running", source: panic.into() }),
    }
}

/// Makes this host known and alive, waiting for the NSDB as long as it takes.
async fn join(identity: &Identity, coordinator: &Arc<dyn Coordinator>) -> Result<Presence, Error> {
    let instance = Instance::holding(identity.state_dir.lock(), &machine_name())
        .map_err(|source| Error::System { what: "identify this process", source })?;
    let mut said = false;
    loop {
        let error = match try_join(identity, coordinator, instance.clone()).await {
            Ok(presence) => return Ok(presence),
            Err(Error::Coordinator(error)) if error.retry() != Retry::Never => error,
            Err(Error::Nsdb(nsdb::Error::Coordinator(error))) if error.retry() != Retry::Never => error,
            Err(error) => return Err(error),
        };
        if !std::mem::replace(&mut said, true) {
            tracing::warn!(%error, "waiting for the NSDB; flows that are in the kernel go on forwarding");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn try_join(
    identity: &Identity,
    coordinator: &Arc<dyn Coordinator>,
    instance: Instance,
) -> Result<Presence, Error> {
    let presence = match Presence::claim(Arc::clone(coordinator), identity.host, instance).await {
        Ok(presence) => presence,
        Err(ClaimError::InUse(error)) => return Err(error.into()),
        Err(ClaimError::Coordinator(error)) => return Err(error.into()),
    };
    register_host(coordinator, identity.host, &identity.name).await?;
    Ok(presence)
}

/// The output of a future, or `None` if cancelled before.
async fn until<T>(shutdown: &CancellationToken, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        output = future => Some(output),
        () = shutdown.cancelled() => None,
    }
}

/// What workers start with: nothing.
pub(crate) fn empty(host: HostId) -> Snapshot {
    Snapshot {
        host,
        topology: Arc::new(Topology::new()),
        ports: Arc::new(PortMap::default()),
        peers: Arc::new(Peers::default()),
        tunnels: Arc::new(TunnelPorts::default()),
    }
}

/// One upcall queue and worker for each processor.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The machine's name, or `localhost`.
fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}
