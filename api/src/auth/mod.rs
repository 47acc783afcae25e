//! Who may use the API: providers that know users, roles, the gate before every resource.
//!
//! | provider | knows users by | tokens |
//! |---|---|---|
//! | none | nothing: everybody is the operator | any |
//! | tokens | a file of hashes ([`Tokens`]) | those of the file; sessions after a login |
//! | keystone | a Keystone, version 3 ([`Keystone`]) | Keystone's, asked about and remembered for a short while |
//!
//! What a role allows is decided in two places: `endpoint::Call` shows the topology as its caller sees it, and
//! `endpoint::Edit` commits what its caller may change; both by the rules of `model`. The gate keeps tenants from what
//! is the operator's as a whole, and readers from writing.

mod entries;
mod gate;
mod identity;
mod keystone;
mod secret;
mod session;
mod throttle;
mod tokens;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::http::StatusCode;
use nsdb::coordinator::Coordinator;
use parking_lot::Mutex;

use crate::failure::Failure;
use crate::watched::Reload;
pub use entries::{EntriesError, NewEntry};
pub(crate) use gate::{COOKIE, gate};
pub use identity::Role;
pub(crate) use identity::{Caller, Identity};
use keystone::KeystoneProvider;
pub use keystone::{Keystone, KeystoneConfig, KeystoneError, RoleNames};
use throttle::Throttle;
use tokens::TokenProvider;
pub use tokens::Tokens;

/// The token that stands for no authentication.
const ANY_TOKEN: &str = "00000000";
/// The tenant that there is without authentication.
const ADMIN: &str = "admin";

/// Who may use the API.
pub enum Auth {
    /// Everybody, as the operator.
    None,
    /// Those in a file.
    Tokens(Tokens),
    /// Those with a role in a Keystone.
    Keystone(Box<Keystone>),
}

/// Name and password, and the project to log in to.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: Password,
    pub(crate) project: Option<String>,
}

/// A password, which does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Keeps a password.
    pub fn new(password: String) -> Self {
        Self(password)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// What a login gives.
pub(crate) struct Session {
    pub(crate) key: String,
    pub(crate) expires: Option<SystemTime>,
}

/// A tenant, as a provider describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) enabled: bool,
}

impl Tenant {
    /// A tenant of which no more is known.
    fn named(id: &str) -> Self {
        Self { id: id.to_owned(), name: id.to_owned(), description: id.to_owned(), enabled: true }
    }

    fn admin() -> Self {
        Self { description: "Admin Tenant".to_owned(), ..Self::named(ADMIN) }
    }
}

/// Why somebody is not let in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Nobody is known by this token, or this name and password.
    Unknown,
    /// Somebody is, who has no business here.
    Forbidden(String),
    /// It cannot be found out now.
    Unavailable { reason: String, retry_after: Duration },
}

/// A provider at work, and its memory of failures.
pub(crate) struct Authority {
    provider: Provider,
    throttle: Mutex<Throttle>,
}

enum Provider {
    None,
    Tokens(Box<TokenProvider>),
    Keystone(Box<KeystoneProvider>),
}

impl Authority {
    pub(crate) fn new(auth: Auth, coordinator: Arc<dyn Coordinator>) -> Result<Self, EntriesError> {
        let provider = match auth {
            Auth::None => Provider::None,
            Auth::Tokens(tokens) => Provider::Tokens(Box::new(TokenProvider::new(tokens, coordinator)?)),
            Auth::Keystone(keystone) => Provider::Keystone(Box::new(KeystoneProvider::new(*keystone))),
        };
        Ok(Self { provider, throttle: Mutex::new(Throttle::new()) })
    }

    /// Follows what the provider is configured by, for ever.
    pub(crate) async fn follow(&self, reload: Reload) {
        match &self.provider {
            Provider::Tokens(tokens) => tokens.follow(reload).await,
            Provider::None | Provider::Keystone(_) => std::future::pending().await,
        }
    }

    /// Who is behind a request with this token.
    pub(crate) async fn identify(&self, token: Option<&str>) -> Result<Identity, Failure> {
        let token = token
            .ok_or_else(|| Failure::unauthorized("A token is needed: log in, and send it in X-Auth-Token."));
        let found = match &self.provider {
            Provider::None => return Ok(Identity { user: ADMIN.into(), caller: Caller::Operator }),
            Provider::Tokens(tokens) => tokens.identify(token?).await,
            Provider::Keystone(keystone) => keystone.identify(token?).await,
        };
        found.map_err(|refusal| refusal.told("The token is not valid, or not any more: log in again."))
    }

    /// Lets somebody in, unless too many from this address, or under this name, were not.
    pub(crate) async fn login(
        &self,
        credentials: &Credentials,
        address: Option<IpAddr>,
    ) -> Result<Session, Failure> {
        match &self.provider {
            Provider::None => Ok(Session { key: ANY_TOKEN.to_owned(), expires: None }),
            Provider::Tokens(tokens) => self.throttled(credentials, address, tokens.login(credentials)).await,
            Provider::Keystone(keystone) => {
                self.throttled(credentials, address, keystone.login(credentials)).await
            }
        }
    }

    /// Makes an attempt to log in, if it is admitted, and remembers whether it failed.
    async fn throttled(
        &self,
        credentials: &Credentials,
        address: Option<IpAddr>,
        login: impl Future<Output = Result<Session, Refusal>>,
    ) -> Result<Session, Failure> {
        let admitted = self.throttle.lock().admit(address, &credentials.user, Instant::now());
        let attempt = admitted.map_err(|wait| {
            tracing::warn!(user = %credentials.user, ?address, "a login is refused after too many failures");
            Failure::too_many("Too many logins have failed", wait)
        })?;
        let found = login.await;
        // Only a wrong name or password is a failure of the one who tries.
        match &found {
            Err(Refusal::Unknown) => tracing::info!(user = %credentials.user, ?address, "a login has failed"),
            _ => self.throttle.lock().succeeded(&attempt),
        }
        found.map_err(|refusal| refusal.told("The user name or the password is wrong."))
    }

    /// The tenants that a caller may know of.
    pub(crate) async fn tenants(&self, caller: &Caller) -> Result<Vec<Tenant>, Failure> {
        let own = match caller {
            Caller::Operator => None,
            Caller::Tenant { id, .. } => Some(id),
        };
        let found = match (&self.provider, own) {
            (Provider::None, _) => Ok(vec![Tenant::admin()]),
            (Provider::Tokens(tokens), _) => Ok(tokens.tenants()),
            (Provider::Keystone(keystone), None) => keystone.tenants().await,
            (Provider::Keystone(keystone), Some(id)) => {
                keystone.tenant(id).await.map(|tenant| tenant.into_iter().collect())
            }
        };
        let mut tenants = found.map_err(|refusal| refusal.told(""))?;
        tenants.retain(|tenant| own.is_none_or(|own| **own == tenant.id));
        Ok(tenants)
    }

    /// One of them.
    pub(crate) async fn tenant(&self, caller: &Caller, id: &str) -> Result<Option<Tenant>, Failure> {
        if matches!(caller, Caller::Tenant { id: own, .. } if **own != *id) {
            return Ok(None);
        }
        match &self.provider {
            Provider::None if id == ADMIN => Ok(Some(Tenant::admin())),
            Provider::None => Ok(Some(Tenant::named(id))),
            Provider::Tokens(tokens) => Ok(tokens.tenants().into_iter().find(|tenant| tenant.id == id)),
            Provider::Keystone(keystone) => keystone.tenant(id).await.map_err(|refusal| refusal.told("")),
        }
    }
}

impl Refusal {
    /// The answer to a client; `unknown` is what one hears that nobody knows.
    fn told(self, unknown: &str) -> Failure {
        match self {
            Self::Unknown => Failure::unauthorized(unknown),
            Self::Forbidden(message) => Failure::new(StatusCode::FORBIDDEN, message),
            Self::Unavailable { reason, retry_after } => {
                Failure::unavailable(format!("{reason} Retry in {} s.", retry_after.as_secs()), retry_after)
            }
        }
    }
}
