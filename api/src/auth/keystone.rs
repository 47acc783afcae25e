//! The provider that asks a Keystone (OpenStack Identity, API version 3) about every token it does not know.
//!
//! What Keystone said is believed for a short while, never longer than the token lasts. While Keystone cannot be asked,
//! nobody is let in who is not remembered: 503.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use api_client::{Answer, Client, Error};
use axum::http::HeaderName;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::identity::{Caller, Identity, Role};
use super::secret::TokenHash;
use super::{Credentials, Password, Refusal, Session, Tenant};

/// Time for one question to Keystone.
const PATIENCE: Duration = Duration::from_secs(10);
/// Questions that are under way at once.
const AT_ONCE: usize = 32;
/// When a client may try again while Keystone cannot be asked.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Tokens that are remembered.
const REMEMBERED: usize = 10_000;
/// The token that a question is about, and in which a new one comes.
const X_SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");

/// Where a Keystone is, and as whom to ask it.
#[derive(Debug, Clone)]
pub struct KeystoneConfig {
    /// Its address up to the version, such as `https://keystone:5000/v3`.
    pub url: String,
    /// Authorities of its certificate, PEM; the machine's own if none are given.
    pub authorities: Option<PathBuf>,
    /// The user to ask as, who may validate tokens and list projects.
    pub user: String,
    /// The user's password.
    pub password: Password,
    /// The user's project, by name.
    pub project: String,
    /// The domain of users, by name: of this one, and of those who log in.
    pub user_domain: String,
    /// The domain of projects, by name.
    pub project_domain: String,
    /// Keystone's names of the three roles.
    pub roles: RoleNames,
    /// How long Keystone's word on a token is believed.
    pub remember: Duration,
}

/// What Keystone calls the roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleNames {
    /// The operator, by a role on any project or on the system.
    pub admin: String,
    /// Who reads and writes what is its project's.
    pub tenant_admin: String,
    /// Who reads it.
    pub tenant_user: String,
}

/// Why a Keystone cannot be used as configured.
#[derive(Debug, thiserror::Error)]
#[error("the Keystone at {url} cannot be used: {source}")]
pub struct KeystoneError {
    url: String,
    source: Error,
}

/// A Keystone that was not yet asked anything.
pub struct Keystone {
    config: KeystoneConfig,
    client: Client,
}

impl Keystone {
    /// Does not call it: it may come later.
    ///
    /// # Errors
    /// When the address or the authorities' file is of no use.
    pub fn new(config: KeystoneConfig) -> Result<Self, KeystoneError> {
        let client = match &config.authorities {
            Some(file) => Client::trusting(&config.url, file),
            None => Client::new(&config.url),
        };
        let client = client.map_err(|source| KeystoneError { url: config.url.clone(), source })?;
        Ok(Self { client: client.with_patience(PATIENCE), config })
    }
}

/// A Keystone at work.
pub(crate) struct KeystoneProvider {
    config: KeystoneConfig,
    client: Client,
    /// The token of our own user.
    own: Mutex<Option<String>>,
    remembered: Mutex<HashMap<TokenHash, (Identity, SystemTime)>>,
    questions: Semaphore,
    /// Whether it was told that Keystone does not answer.
    lost: AtomicBool,
}

/// What Keystone says of a token.
#[derive(Deserialize)]
struct Token {
    user: Named,
    #[serde(default)]
    roles: Vec<Named>,
    project: Option<Named>,
    domain: Option<Value>,
    expires_at: String,
}

#[derive(Deserialize)]
struct Named {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Project {
    id: String,
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    enabled: bool,
}

impl KeystoneProvider {
    pub(crate) fn new(Keystone { config, client }: Keystone) -> Self {
        Self {
            config,
            client,
            own: Mutex::default(),
            remembered: Mutex::default(),
            questions: Semaphore::new(AT_ONCE),
            lost: AtomicBool::new(false),
        }
    }

    pub(crate) async fn identify(&self, token: &str) -> Result<Identity, Refusal> {
        let hash = TokenHash::of(token);
        let now = SystemTime::now();
        if let Some((identity, until)) = self.remembered.lock().get(&hash)
            && *until > now
        {
            return Ok(identity.clone());
        }
        let about = |client: Client| client.with_secret(X_SUBJECT_TOKEN, token);
        let answer = self.ask(about, "/auth/tokens?nocatalog").await?.ok_or(Refusal::Unknown)?;
        let (identity, expires) = self.judge(&answer)?;
        self.remember(hash, identity.clone(), expires.min(now + self.config.remember), now);
        Ok(identity)
    }

    pub(crate) async fn login(&self, credentials: &Credentials) -> Result<Session, Refusal> {
        let scope = credentials.project.as_deref();
        let body = self.password_of(&credentials.user, &credentials.password, scope);
        let (answer, key) = match self.authenticate(&body).await? {
            Some(granted) => granted,
            None => return Err(Refusal::Unknown),
        };
        let (_, expires) = self.judge(&answer)?;
        Ok(Session { key, expires: Some(expires) })
    }

    /// All projects.
    pub(crate) async fn tenants(&self) -> Result<Vec<Tenant>, Refusal> {
        let answer = self.ask(Ok, "/projects").await?;
        answer.map_or(Ok(Vec::new()), |answer| {
            let projects: Vec<Project> = self.part(&answer, "projects")?;
            Ok(projects.into_iter().map(Tenant::from).collect())
        })
    }

    /// The project with this id.
    pub(crate) async fn tenant(&self, id: &str) -> Result<Option<Tenant>, Refusal> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Ok(None);
        }
        let answer = self.ask(Ok, &format!("/projects/{id}")).await?;
        answer.map(|answer| Ok(self.part::<Project>(&answer, "project")?.into())).transpose()
    }

    /// Asks in our own name; `None` where Keystone knows of nothing.
    async fn ask(
        &self,
        about: impl Fn(Client) -> Result<Client, Error>,
        path: &str,
    ) -> Result<Option<Answer>, Refusal> {
        let _place = timeout(PATIENCE, self.questions.acquire())
            .await
            .map_err(|_| self.unavailable("too many questions wait"))?;
        for _ in 0..2 {
            let (own, is_new) = self.own_token().await?;
            let client = self.client.clone().with_token(&own).and_then(&about);
            // What no header can carry is no token of Keystone's.
            let Ok(client) = client else { return Ok(None) };
            match client.get(path).await {
                Ok(answer) => {
                    self.found();
                    return Ok(Some(answer));
                }
                Err(Error::Refused(refusal)) if refusal.status == 404 => {
                    self.found();
                    return Ok(None);
                }
                // Our own token is over: once more with a new one.
                Err(Error::Refused(refusal)) if refusal.status == 401 && !is_new => *self.own.lock() = None,
                Err(error) => return Err(self.unavailable(error)),
            }
        }
        Err(self.unavailable("it does not take its own token"))
    }

    /// The token of our own user, and whether it was got only now.
    async fn own_token(&self) -> Result<(String, bool), Refusal> {
        if let Some(token) = self.own.lock().clone() {
            return Ok((token, false));
        }
        let KeystoneConfig { user, password, project, .. } = &self.config;
        let body = self.password_of(user, password, Some(project));
        let refused = || self.unavailable(format!("it refuses the user {user} that this server asks as"));
        let (_, token) = self.authenticate(&body).await?.ok_or_else(refused)?;
        *self.own.lock() = Some(token.clone());
        Ok((token, true))
    }

    /// Gets a token; `None` where name, password or project are not good.
    async fn authenticate(&self, body: &Value) -> Result<Option<(Answer, String)>, Refusal> {
        match self.client.post("/auth/tokens?nocatalog", body).await {
            Ok(answer) => {
                self.found();
                let token = answer.headers.get(X_SUBJECT_TOKEN).and_then(|token| token.to_str().ok());
                let token = token.map(str::to_owned).ok_or_else(|| self.unavailable("it gave no token"))?;
                Ok(Some((answer, token)))
            }
            Err(Error::Refused(refusal)) if refusal.status == 401 || refusal.status == 403 => {
                self.found();
                Ok(None)
            }
            Err(error) => Err(self.unavailable(error)),
        }
    }

    fn password_of(&self, user: &str, password: &Password, project: Option<&str>) -> Value {
        let user = json!({
            "name": user,
            "domain": {"name": self.config.user_domain},
            "password": password.expose(),
        });
        let identity = json!({"methods": ["password"], "password": {"user": user}});
        match project {
            None => json!({"auth": {"identity": identity}}),
            Some(project) => {
                let project = json!({"name": project, "domain": {"name": self.config.project_domain}});
                json!({"auth": {"identity": identity, "scope": {"project": project}}})
            }
        }
    }

    /// Who somebody is here, and until when, by what Keystone says of the token.
    fn judge(&self, answer: &Answer) -> Result<(Identity, SystemTime), Refusal> {
        let token: Token = self.part(answer, "token")?;
        let expires = humantime::parse_rfc3339(&token.expires_at).map_err(|error| self.unavailable(error))?;
        let names = &self.config.roles;
        let meaning = [
            (&names.admin, Role::Admin),
            (&names.tenant_admin, Role::TenantAdmin),
            (&names.tenant_user, Role::TenantUser),
        ];
        // The administrator of a domain is not the operator of the cloud.
        let held = token.roles.iter().filter(|_| token.domain.is_none());
        let roles = held.flat_map(|role| meaning.iter().filter(move |(name, _)| **name == role.name));
        let project = token.project.as_ref().map(|project| project.id.as_str());
        let caller = Caller::of(roles.map(|(_, role)| *role), project).ok_or_else(|| {
            let wanted = format!("{}, {} or {}", names.admin, names.tenant_admin, names.tenant_user);
            Refusal::Forbidden(match project {
                Some(_) => format!("One of the roles {wanted} is needed on the project."),
                None => "A token for a project is needed: name it in X-Auth-Project at the login.".to_owned(),
            })
        })?;
        Ok((Identity { user: token.user.name.into(), caller }, expires))
    }

    fn part<T: for<'a> Deserialize<'a>>(&self, answer: &Answer, name: &str) -> Result<T, Refusal> {
        let mut body = answer.json().map_err(|error| self.unavailable(error))?;
        let part = body.get_mut(name).map(Value::take).unwrap_or_default();
        serde_json::from_value(part).map_err(|error| self.unavailable(error))
    }

    fn remember(&self, hash: TokenHash, identity: Identity, until: SystemTime, now: SystemTime) {
        let mut remembered = self.remembered.lock();
        if remembered.len() >= REMEMBERED {
            remembered.retain(|_, (_, until)| *until > now);
        }
        if remembered.len() < REMEMBERED {
            remembered.insert(hash, (identity, until));
        }
    }

    fn found(&self) {
        if self.lost.swap(false, Ordering::Relaxed) {
            tracing::info!(url = %self.config.url, "Keystone answers again");
        }
    }

    /// Keystone cannot be asked: told in the log once, and to the client without the reason.
    fn unavailable(&self, reason: impl std::fmt::Display) -> Refusal {
        if self.lost.swap(true, Ordering::Relaxed) {
            tracing::debug!(url = %self.config.url, %reason, "Keystone cannot be asked");
        } else {
            tracing::error!(url = %self.config.url, %reason, "Keystone cannot be asked: nobody new is let in until it can");
        }
        Refusal::Unavailable {
            reason: "The identity service cannot be asked now.".to_owned(),
            retry_after: RETRY_AFTER,
        }
    }
}

impl From<Project> for Tenant {
    fn from(project: Project) -> Self {
        Self {
            id: project.id,
            name: project.name,
            description: project.description.unwrap_or_default(),
            enabled: project.enabled,
        }
    }
}
