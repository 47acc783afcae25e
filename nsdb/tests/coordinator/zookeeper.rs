//! The ZooKeeper driver against a real server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use harness::zookeeper::Server;
use nsdb::coordinator::{Coordinator, ZooKeeper, ZooKeeperOptions};

use crate::conformance::{Backend, Session, conform};

/// A part of the shared server that no other test sees.
struct OnServer {
    address: String,
}

impl OnServer {
    fn new() -> Self {
        static PARTS: AtomicU32 = AtomicU32::new(0);
        let part = PARTS.fetch_add(1, Ordering::Relaxed);
        Self { address: format!("{}/conformance/{part}", Server::shared().address()) }
    }
}

impl Backend for OnServer {
    fn session(&self, owner: &'static str) -> BoxFuture<'_, Session> {
        async move {
            // What operations mean is tested here, not how soon they end: a busy machine may take its time.
            let options =
                ZooKeeperOptions { deadline: Duration::from_secs(60), ..ZooKeeperOptions::default() };
            let session = ZooKeeper::connect(&self.address, owner, options).unwrap();
            connected(&session).await;
            Arc::new(session) as Session
        }
        .boxed()
    }
}

/// Waits for the first epoch.
async fn connected(session: &ZooKeeper) {
    let mut status = session.status();
    let connected = status.wait_for(|status| status.connected);
    tokio::time::timeout(Duration::from_secs(20), connected).await.expect("connected").unwrap();
}

conform!(zookeeper, OnServer::new());
