//! Secrets and what is kept of them: a token's SHA-256, a password's Argon2id.
//!
//! A token has 256 random bits: nobody finds it from its hash however fast that is made, and it is made on every request.
//! A password is what somebody could guess, so that trying one must be dear (RFC 9106).

use std::fmt;
use std::str::FromStr;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// What the text of a token's hash begins with.
const SHA256_PREFIX: &str = "sha256:";
/// What a token begins with, for scanners that look for secrets where they do not belong.
const TOKEN_PREFIX: &str = "midspan_";

/// The machine has no randomness to give.
#[derive(Debug, thiserror::Error)]
#[error("this machine has no randomness to give")]
pub struct NoRandomness;

/// Random bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A new token.
pub(crate) fn new_token() -> Result<String, NoRandomness> {
    Ok(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

/// The hash of a token. Its text form is `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    pub(crate) fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SHA256_PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hash.to_string()
    }
}

impl FromStr for TokenHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("a token's hash is `{SHA256_PREFIX}` and 64 hexadecimal digits");
        let digits = text.strip_prefix(SHA256_PREFIX).ok_or_else(wrong)?;
        if digits.len() != 64 || !digits.is_ascii() {
            return Err(wrong());
        }
        let mut hash = [0; 32];
        for (byte, at) in hash.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong())?;
        }
        Ok(Self(hash))
    }
}

impl TryFrom<String> for TokenHash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// The hash of a password, in the PHC string format (`$argon2id$…`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct PasswordHash(String);

impl PasswordHash {
    /// Hashes a password under new salt. Takes 19 MiB and some 20 ms.
    pub(crate) fn of(password: &str) -> Result<Self, NoRandomness> {
        let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|_| NoRandomness)?;
        Ok(Self(hash.to_string()))
    }

    /// Whether this is the password. Takes as long as making the hash did.
    pub(crate) fn matches(&self, password: &str) -> bool {
        let hash = Phc::new(&self.0);
        hash.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl From<PasswordHash> for String {
    fn from(hash: PasswordHash) -> Self {
        hash.0
    }
}

impl TryFrom<String> for PasswordHash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let valid = Phc::new(&text).is_ok_and(|hash| hash.algorithm.as_str().starts_with("argon2"));
        if valid { Ok(Self(text)) } else { Err("a password's hash begins with `$argon2id$`".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_s_hash_is_read_back_from_its_text() {
        let hash = TokenHash::of("midspan_x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        // FIPS 180-4, the message "abc"
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(TokenHash::of("abc").to_string(), abc);
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let short = format!("sha256:{}", "a".repeat(63));
        let foreign = format!("sha256:{}", "ä".repeat(32));
        for text in ["", "sha256:", "md5:00", short.as_str(), foreign.as_str(), "secret"] {
            assert!(text.parse::<TokenHash>().is_err(), "{text}");
            assert!(PasswordHash::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_password_matches_its_own_hash_only() {
        let hash = PasswordHash::of("correct horse").unwrap();
        assert!(hash.matches("correct horse") && !hash.matches("wrong horse"));
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert_ne!(hash, PasswordHash::of("correct horse").unwrap(), "the salt is new each time");
    }

    #[test]
    fn two_tokens_differ() {
        let (a, b) = (new_token().unwrap(), new_token().unwrap());
        assert_ne!(a, b);
        assert_eq!(a.len(), "midspan_".len() + 43);
    }

    #[test]
    fn hashes_do_not_show_when_debugged() {
        let (token, password) = (TokenHash::of("x"), PasswordHash("$argon2id$secret".into()));
        assert!(!format!("{token:?}{password:?}").contains("secret"));
        assert!(!format!("{token:?}").contains(&token.to_string()[7..20]));
    }
}
