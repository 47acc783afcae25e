//! The tokens that a login with name and password gives: who, until when, signed.
//!
//! Such a token needs no memory, outlives a restart, and is good on every server of one NSDB, which keeps the key. It
//! ends with its time, with the user's entry, and with the user's password, which is part of what is signed.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use nsdb::coordinator::{self, Coordinator};
use ring::hmac;
use tokio::sync::OnceCell;

use super::secret::{NoRandomness, PasswordHash, random};

/// Where the NSDB keeps the key.
const KEY: &str = "api/session-key";
/// How long a login lasts.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// Why a session's token can neither be made nor be checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("the key of sessions cannot be had: {0}")]
    Nsdb(#[from] coordinator::Error),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Makes and checks tokens.
pub(crate) struct Sessions {
    coordinator: Arc<dyn Coordinator>,
    key: OnceCell<hmac::Key>,
}

/// What a token says, signed or not.
struct Claims {
    user: String,
    expires: SystemTime,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Sessions {
    pub(crate) fn new(coordinator: Arc<dyn Coordinator>) -> Self {
        Self { coordinator, key: OnceCell::new() }
    }

    /// A new token, and when it ends.
    pub(crate) async fn issue(
        &self,
        user: &str,
        password: &PasswordHash,
        now: SystemTime,
    ) -> Result<(String, SystemTime), SessionError> {
        // Whole seconds, as the token has them.
        let until = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() + LIFETIME.as_secs();
        let nonce = URL_SAFE_NO_PAD.encode(random::<16>()?);
        let payload = format!("{until}:{nonce}:{user}");
        let signature = hmac::sign(self.key().await?, &signed(payload.as_bytes(), password));
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let token = format!("{}.{}", encode(payload.as_bytes()), encode(signature.as_ref()));
        Ok((token, UNIX_EPOCH + Duration::from_secs(until)))
    }

    /// Whose token this is, where it is one and good now. `password` knows the users' present passwords.
    pub(crate) async fn user(
        &self,
        token: &str,
        password: impl Fn(&str) -> Option<PasswordHash>,
        now: SystemTime,
    ) -> Result<Option<String>, SessionError> {
        let Some(claims) = read(token).filter(|claims| claims.expires > now) else { return Ok(None) };
        let Some(password) = password(&claims.user) else { return Ok(None) };
        let genuine =
            hmac::verify(self.key().await?, &signed(&claims.payload, &password), &claims.signature).is_ok();
        Ok(genuine.then_some(claims.user))
    }

    /// The key, which whoever needs it first makes for all.
    async fn key(&self) -> Result<&hmac::Key, SessionError> {
        self.key
            .get_or_try_init(async || {
                let new = Bytes::copy_from_slice(&random::<32>()?);
                let bytes = match self.coordinator.get(KEY).await? {
                    Some((bytes, _)) => bytes,
                    None => match self.coordinator.create(KEY, new.clone()).await {
                        Ok(_) => new,
                        Err(error @ coordinator::Error::Exists { .. }) => {
                            self.coordinator.get(KEY).await?.ok_or(error)?.0
                        }
                        Err(error) => return Err(error.into()),
                    },
                };
                Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
            })
            .await
    }
}

/// What the signature is over.
fn signed(payload: &[u8], password: &PasswordHash) -> Vec<u8> {
    [payload, &[0], password.as_str().as_bytes()].concat()
}

fn read(token: &str) -> Option<Claims> {
    let (payload, signature) = token.split_once('.')?;
    let (payload, signature) =
        (URL_SAFE_NO_PAD.decode(payload).ok()?, URL_SAFE_NO_PAD.decode(signature).ok()?);
    let mut parts = str::from_utf8(&payload).ok()?.splitn(3, ':');
    let until = parts.next()?.parse().ok()?;
    let expires = UNIX_EPOCH.checked_add(Duration::from_secs(until))?;
    let user = parts.nth(1)?.to_owned();
    Some(Claims { user, expires, payload, signature })
}

#[cfg(test)]
mod tests {
    use nsdb::coordinator::Memory;

    use super::*;

    fn password(text: &str) -> PasswordHash {
        // A hash in form; nobody hashes here.
        format!("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ${text}AAAAAAAAAAAAAAAAAAAAAA").try_into().unwrap()
    }

    async fn user(
        sessions: &Sessions,
        token: &str,
        password: &PasswordHash,
        now: SystemTime,
    ) -> Option<String> {
        let of = |user: &str| (user == "al:ice").then(|| password.clone());
        sessions.user(token, of, now).await.unwrap()
    }

    #[tokio::test]
    async fn a_token_is_good_until_its_time_and_on_every_server() {
        let nsdb: Arc<dyn Coordinator> = Arc::new(Memory::new("a"));
        let (here, there) = (Sessions::new(Arc::clone(&nsdb)), Sessions::new(nsdb));
        let (hash, now) = (password("x"), SystemTime::now());
        let (token, expires) = here.issue("al:ice", &hash, now).await.unwrap();
        assert_eq!(user(&here, &token, &hash, now).await.as_deref(), Some("al:ice"));
        assert_eq!(
            user(&there, &token, &hash, expires - Duration::from_secs(1)).await.as_deref(),
            Some("al:ice")
        );
        assert_eq!(user(&there, &token, &hash, expires).await, None);
        let (again, _) = here.issue("al:ice", &hash, now).await.unwrap();
        assert_ne!(token, again);
    }

    #[tokio::test]
    async fn a_token_ends_with_the_password_it_was_given_for() {
        let sessions = Sessions::new(Arc::new(Memory::new("a")));
        let (token, _) = sessions.issue("al:ice", &password("x"), SystemTime::now()).await.unwrap();
        assert_eq!(user(&sessions, &token, &password("y"), SystemTime::now()).await, None);
    }

    #[tokio::test]
    async fn what_is_not_signed_is_nobody_s() {
        let sessions = Sessions::new(Arc::new(Memory::new("a")));
        let (hash, now) = (password("x"), SystemTime::now());
        let (token, _) = sessions.issue("al:ice", &hash, now).await.unwrap();
        let (payload, signature) = token.split_once('.').unwrap();
        let longer = URL_SAFE_NO_PAD.encode("99999999999:AAAA:al:ice");
        let endless = URL_SAFE_NO_PAD.encode(format!("{}:AAAA:al:ice", u64::MAX));
        for forged in [
            format!("{longer}.{signature}"),
            format!("{endless}.{signature}"),
            format!("{payload}."),
            format!("{payload}.{}", &signature[1..]),
            format!("{payload}.ä"),
            "a.b".to_owned(),
            ".".to_owned(),
            String::new(),
        ] {
            assert_eq!(user(&sessions, &forged, &hash, now).await, None, "{forged}");
        }
    }
}
