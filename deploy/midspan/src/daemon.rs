//! What every long-running command shares: logs, the ready line, systemd, signals.

use std::io::IsTerminal;
use std::time::Duration;

use ::nsdb::coordinator::Coordinator;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Sends logs to standard error: text on a terminal, else text without colours. `RUST_LOG` chooses.
fn init_logs() {
    // zookeeper_async reports every attempt to connect; the coordinator says what matters once.
    let default = || EnvFilter::new("info,zookeeper_async=off");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| default());
    let colours =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .init();
}

/// Says once, on standard error and to systemd, that the process does its work.
pub(crate) fn ready(what: &str) {
    eprintln!("midspan: ready: {what}");
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::debug!(%error, "systemd was not notified");
    }
}

/// How long tasks may take to end after the main one: a process ends within a second of SIGTERM.
const GRACE: Duration = Duration::from_millis(300);

/// Runs a long-running command to its end, on a runtime of its own, with logs and a token that signals cancel.
pub(crate) fn block_on(
    main: impl AsyncFnOnce(CancellationToken) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    init_logs();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async { main(on_signal()?).await });
    runtime.shutdown_timeout(GRACE);
    result
}

/// How long the end of the session may take: a server that is away does not keep a process from ending.
const CLOSE: Duration = Duration::from_millis(500);

/// Ends a command's session with the coordinator, so that others see this host go now, and not when it times out.
pub(crate) async fn close(coordinator: &dyn Coordinator) {
    if tokio::time::timeout(CLOSE, coordinator.close()).await.is_err() {
        tracing::warn!("the session with the NSDB is not closed; it ends by its timeout");
    }
}

/// Cancelled on SIGTERM or SIGINT.
fn on_signal() -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let cancelled = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancelled.cancel();
    });
    Ok(token)
}

/// What SIGHUP asks for: certificates and tokens are read again.
pub(crate) fn reload_on_hangup() -> std::io::Result<api::Reload> {
    let reload = api::Reload::default();
    let mut hangup = signal(SignalKind::hangup())?;
    let asked = std::sync::Arc::clone(&reload);
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            asked.notify_waiters();
        }
    });
    Ok(reload)
}
