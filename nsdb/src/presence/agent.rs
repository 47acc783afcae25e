//! An agent's side of presence: claims the host id, then keeps `alive` and `state` standing through every epoch.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use model::HostId;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{HostState, Instance};
use crate::coordinator::{Coordinator, Error, Expect};

/// How long a claim waits for what looks like this agent before a reboot: its session ends within this time.
const REBOOT_PATIENCE: Duration = Duration::from_secs(15);
/// After a failed write, the next attempt starts this long after, or at the next epoch.
const RETRY: Duration = Duration::from_millis(500);

/// Another agent runs under this host id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "host id {host} is in use by another agent: process {} on machine {} ({owner}); give this agent an id of its own \
     with --host-id or a --state directory of its own, or stop the other one", .owner.pid, .owner.machine
)]
pub struct HostIdInUse {
    /// The id.
    pub host: HostId,
    /// The agent that has it.
    pub owner: Box<Instance>,
}

/// Why a host id could not be claimed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Another agent runs under it.
    #[error(transparent)]
    InUse(#[from] HostIdInUse),
    /// The coordinator failed; see [`Error::retry`].
    #[error(transparent)]
    Coordinator(#[from] Error),
}

/// How an agent's presence stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Others see the agent alive.
    Alive,
    /// Not written, or not known to stand, until the coordinator is back.
    Pending,
    /// While this agent was cut off, another one took its id over. It stays so until the other one ends.
    Displaced(Box<Instance>),
}

/// A claimed host id, alive until dropped (and then for the rest of the coordinator's session).
#[derive(Debug)]
pub struct Presence {
    state: watch::Sender<Option<HostState>>,
    standing: watch::Receiver<Standing>,
    task: AbortHandle,
}

impl Presence {
    /// Claims a host id for this agent and makes it alive.
    ///
    /// A former run of the same agent (its lock is held by this one) is taken over at once; what looks like this agent
    /// before a reboot of the machine is waited for; anything else that is alive refuses the claim.
    ///
    /// # Errors
    /// [`ClaimError::InUse`], or what the coordinator answers.
    pub async fn claim(
        coordinator: Arc<dyn Coordinator>,
        host: HostId,
        instance: Instance,
    ) -> Result<Self, ClaimError> {
        let claim = Claim { coordinator, host, instance };
        claim.make().await?;
        let (state, published) = watch::channel(None);
        let (standing, standing_seen) = watch::channel(Standing::Alive);
        let task = tokio::spawn(claim.keep(published, standing)).abort_handle();
        Ok(Self { state, standing: standing_seen, task })
    }

    /// Publishes the host's state, now and at every epoch, until replaced. Never waits.
    pub fn publish(&self, state: HostState) {
        self.state.send_if_modified(|published| {
            let changed = published.as_ref() != Some(&state);
            *published = Some(state);
            changed
        });
    }

    /// How the presence stands, from now on.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The keys of one host id, as this instance sees them.
struct Claim {
    coordinator: Arc<dyn Coordinator>,
    host: HostId,
    instance: Instance,
}

impl Claim {
    /// Makes this instance the only one alive under the id.
    ///
    /// Of two that try at once, at most one comes through: each writes its name to the claim by compare-and-put, then looks
    /// whether another one is alive, then becomes alive, then looks whether the claim still bears its name. If both found
    /// their own name at the end, then one of them wrote the claim after the other's last look, hence after the other was
    /// alive, and would have seen it.
    async fn make(&self) -> Result<(), ClaimError> {
        let deadline = Instant::now() + REBOOT_PATIENCE;
        loop {
            let found = self.coordinator.get(&self.claim_key()).await?;
            let Some(owner) = self.other_alive().await? else {
                match self.write_claim(found.map(|(_, stat)| stat.version)).await {
                    Ok(()) => {}
                    Err(error) if is_lost_race(&error) => continue,
                    Err(error) => return Err(error.into()),
                }
                if self.other_alive().await?.is_some() {
                    continue;
                }
                self.assert_alive().await?;
                if self.holds_claim().await? {
                    return Ok(());
                }
                self.coordinator.delete(&self.alive_key(), Expect::Any).await?;
                continue;
            };
            if !self.instance.resembles(&owner) || Instant::now() >= deadline {
                return Err(HostIdInUse { host: self.host, owner: Box::new(owner) }.into());
            }
            let mut watch = self.coordinator.watch_value(&self.alive_key()).await?;
            if self.other_alive().await?.is_some() {
                timeout_at(deadline, watch.changed()).await.ok();
            }
        }
    }

    /// Keeps the keys standing; runs until aborted.
    async fn keep(self, mut state: watch::Receiver<Option<HostState>>, standing: watch::Sender<Standing>) {
        let mut status = self.coordinator.status();
        let mut alive = loop {
            match self.coordinator.watch_value(&self.alive_key()).await {
                Ok(watch) => break watch,
                Err(_) => sleep(RETRY).await,
            }
        };
        let mut epoch = status.borrow().epoch;
        let mut published: Option<HostState> = None;
        loop {
            alive.take_changed();
            let now = status.borrow_and_update().epoch;
            if now != epoch {
                epoch = now;
                published = None;
            }
            let wanted = state.borrow_and_update().clone();
            let settled = match self
                .refresh(wanted.as_ref().filter(|wanted| published.as_ref() != Some(*wanted)))
                .await
            {
                Ok(found) => {
                    let alive = found == Standing::Alive;
                    if alive {
                        published = wanted;
                    }
                    standing.send_if_modified(|standing| std::mem::replace(standing, found.clone()) != found);
                    alive
                }
                Err(error) => {
                    tracing::debug!(host = %self.host, %error, "presence waits for the coordinator");
                    standing.send_if_modified(|standing| {
                        std::mem::replace(standing, Standing::Pending) != Standing::Pending
                    });
                    false
                }
            };
            let wake = async {
                tokio::select! {
                    () = alive.changed() => {}
                    Ok(()) = state.changed() => {}
                    Ok(()) = status.changed() => {}
                }
            };
            if settled {
                wake.await;
            } else {
                timeout(RETRY, wake).await.ok();
            }
        }
    }

    /// Makes `alive`, and the state if one is given, stand; unless another instance stands there.
    async fn refresh(&self, state: Option<&HostState>) -> Result<Standing, Error> {
        match self.alive().await? {
            Some(found) if found == self.instance => {}
            Some(other) if !self.instance.proves_dead(&other) => {
                return Ok(Standing::Displaced(Box::new(other)));
            }
            _ => self.assert_alive().await?,
        }
        if let Some(state) = state {
            self.coordinator.create_ephemeral(&format!("state/{}", self.host), to_json(state)).await?;
        }
        Ok(Standing::Alive)
    }

    async fn alive(&self) -> Result<Option<Instance>, Error> {
        let found = self.coordinator.get(&self.alive_key()).await?;
        Ok(found.and_then(|(value, _)| serde_json::from_slice(&value).ok()))
    }

    /// The other instance that is alive under the id, unless it is known to be dead.
    async fn other_alive(&self) -> Result<Option<Instance>, Error> {
        let dead = |other: &Instance| *other == self.instance || self.instance.proves_dead(other);
        Ok(self.alive().await?.filter(|other| !dead(other)))
    }

    async fn assert_alive(&self) -> Result<(), Error> {
        self.coordinator.create_ephemeral(&self.alive_key(), to_json(&self.instance)).await.map(drop)
    }

    async fn write_claim(&self, version: Option<u64>) -> Result<(), Error> {
        let (key, value) = (self.claim_key(), to_json(&self.instance));
        match version {
            Some(version) => self.coordinator.put(&key, value, Expect::Version(version)).await.map(drop),
            None => self.coordinator.create(&key, value).await.map(drop),
        }
    }

    async fn holds_claim(&self) -> Result<bool, Error> {
        let found = self.coordinator.get(&self.claim_key()).await?;
        Ok(found.is_some_and(|(value, _)| {
            serde_json::from_slice::<Instance>(&value).is_ok_and(|owner| owner == self.instance)
        }))
    }

    fn alive_key(&self) -> String {
        format!("alive/{}", self.host)
    }

    fn claim_key(&self) -> String {
        format!("hosts/{}/claim", self.host)
    }
}

impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}", self.nonce)
    }
}

fn is_lost_race(error: &Error) -> bool {
    matches!(error, Error::Exists { .. } | Error::Conflict { .. } | Error::Uncertain { .. })
}

fn to_json(value: &impl serde::Serialize) -> Bytes {
    // These types have string keys only and no failing serializer.
    serde_json::to_vec(value).unwrap_or_default().into()
}
