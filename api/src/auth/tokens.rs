//! The provider that knows its users by a file.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use nsdb::coordinator::Coordinator;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::entries::{self, EntriesError, User, Users};
use super::identity::Identity;
use super::secret::PasswordHash;
use super::session::{SessionError, Sessions};
use super::{Credentials, Refusal, Session, Tenant};
use crate::watched::{self, Reload};

/// Passwords that are checked at once: each takes memory and a core.
const CHECKS: usize = 2;
/// How long a check waits for its turn.
const TURN: Duration = Duration::from_secs(5);
/// When it may be tried again if the turn did not come.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A file of tokens, read.
pub struct Tokens {
    file: PathBuf,
    users: ArcSwap<Users>,
}

/// The same at work.
pub(crate) struct TokenProvider {
    tokens: Arc<Tokens>,
    sessions: Sessions,
    checks: Semaphore,
    /// Stands in for the password of a user that there is not, so that the answer takes as long.
    nobody: PasswordHash,
}

impl Tokens {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or is not valid.
    pub fn open(file: PathBuf) -> Result<Self, EntriesError> {
        let users = Users::parse(&file, &entries::read(&file)?)?;
        Ok(Self { file, users: ArcSwap::from_pointee(users) })
    }

    /// Takes over what the file says now. What cannot be used is reported, and what was known before goes on.
    fn reload(&self) {
        match entries::read(&self.file).and_then(|text| Users::parse(&self.file, &text)) {
            Ok(users) => {
                self.users.store(Arc::new(users));
                tracing::info!(file = %self.file.display(), "the file of tokens was read again");
            }
            Err(error) => {
                tracing::error!(%error, "the file of tokens was not taken over; the last good one goes on");
            }
        }
    }
}

impl TokenProvider {
    pub(crate) fn new(tokens: Tokens, coordinator: Arc<dyn Coordinator>) -> Result<Self, EntriesError> {
        Ok(Self {
            tokens: Arc::new(tokens),
            sessions: Sessions::new(coordinator),
            checks: Semaphore::new(CHECKS),
            nobody: PasswordHash::of("")?,
        })
    }

    /// Follows the file for ever.
    pub(crate) async fn follow(&self, reload: Reload) {
        let tokens = Arc::clone(&self.tokens);
        watched::watch(vec![tokens.file.clone()], reload, move || tokens.reload()).await;
    }

    pub(crate) async fn identify(&self, token: &str) -> Result<Identity, Refusal> {
        let users = self.tokens.users.load_full();
        if let Some(user) = users.with_token(token) {
            return Ok(user.identity.clone());
        }
        let password = |name: &str| users.named(name).and_then(|user| user.password.clone());
        let name = self.sessions.user(token, password, SystemTime::now()).await?;
        let user = name.and_then(|name| users.named(&name).cloned());
        user.map(|user| user.identity.clone()).ok_or(Refusal::Unknown)
    }

    pub(crate) async fn login(&self, credentials: &Credentials) -> Result<Session, Refusal> {
        let user = self.tokens.users.load().named(&credentials.user).cloned();
        let known = user.as_ref().and_then(|user| user.password.clone());
        let matches = self.check(known.clone().unwrap_or_else(|| self.nobody.clone()), credentials).await?;
        let (Some(user), Some(password), true) = (user, known, matches) else {
            return Err(Refusal::Unknown);
        };
        if !may_work_on(&user, credentials.project.as_deref()) {
            return Err(Refusal::Unknown);
        }
        let (key, expires) = self.sessions.issue(&user.identity.user, &password, SystemTime::now()).await?;
        Ok(Session { key, expires: Some(expires) })
    }

    async fn check(&self, hash: PasswordHash, credentials: &Credentials) -> Result<bool, Refusal> {
        let busy = || Refusal::Unavailable {
            reason: "Too many are logging in.".to_owned(),
            retry_after: RETRY_AFTER,
        };
        let _turn = timeout(TURN, self.checks.acquire()).await.map_err(|_| busy())?;
        let password = credentials.password.clone();
        tokio::task::spawn_blocking(move || hash.matches(password.expose())).await.map_err(|_| busy())
    }

    pub(crate) fn tenants(&self) -> Vec<Tenant> {
        self.tokens.users.load().tenants().map(Tenant::named).collect()
    }
}

/// A user logs in to no project but its own; one without may name any.
fn may_work_on(user: &User, project: Option<&str>) -> bool {
    project.is_none() || user.tenant.is_none() || project == user.tenant.as_deref()
}

impl From<SessionError> for Refusal {
    fn from(error: SessionError) -> Self {
        tracing::warn!(%error, "a login cannot be made or checked");
        Self::Unavailable { reason: "Logins cannot be checked now.".to_owned(), retry_after: RETRY_AFTER }
    }
}
