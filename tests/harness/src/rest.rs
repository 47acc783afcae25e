//! A REST API on a store in memory, on a port of its own.

use std::sync::Arc;

use model::HostId;
use nsdb::coordinator::{Coordinator, Memory};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A server that ends when dropped.
pub struct RestServer {
    /// Its base URL.
    pub url: String,
    /// The NSDB that it serves.
    pub coordinator: Arc<dyn Coordinator>,
    _shutdown: DropGuard,
}

impl RestServer {
    /// Starts a server, on the current runtime, of a network with these hosts; returns when it is ready.
    ///
    /// # Errors
    /// When it cannot listen, or the hosts cannot be registered.
    pub async fn start(hosts: &[(HostId, &str)]) -> Result<Self, Box<dyn std::error::Error>> {
        let coordinator: Arc<dyn Coordinator> = Arc::new(Memory::new("api"));
        for (id, name) in hosts {
            nsdb::presence::register_host(&coordinator, *id, name).await?;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/midonet-api", listener.local_addr()?);
        let shutdown = CancellationToken::new();
        let (ready, is_ready) = oneshot::channel();
        let announce = || ready.send(()).unwrap_or_default();
        let serving = api::Serving {
            sockets: vec![api::Socket::plain(listener)],
            auth: api::auth::Auth::None,
            coordinator: Arc::clone(&coordinator),
            reload: api::Reload::default(),
        };
        tokio::spawn(api::serve(serving, announce, shutdown.clone()));
        is_ready.await?;
        Ok(Self { url, coordinator, _shutdown: shutdown.drop_guard() })
    }
}
