//! The file of tokens: who may use the API, by hashes of what only they know. TOML, one `[[entry]]` each.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::identity::{Caller, Identity, Role};
use super::secret::{NoRandomness, PasswordHash, TokenHash, new_token};

/// Longest name of a user or a tenant, in characters.
const MAX_NAME: usize = 255;
/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 4 << 20;

/// Why a file of tokens cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EntriesError {
    /// It cannot be read or written.
    #[error("the file of tokens {file} cannot be {done}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What was tried.
        done: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// It says something that it must not.
    #[error("the file of tokens {file} is not valid: {reason}")]
    Invalid {
        /// The file.
        file: PathBuf,
        /// The place, and what is wrong there.
        reason: String,
    },
    /// A new entry would make it invalid.
    #[error("the entry is not possible: {0}")]
    Entry(String),
    /// No secret can be made.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// One user, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    /// Unique; what `login` knows the user by.
    name: String,
    /// The tenant that the roles are for; `admin` needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<String>,
    roles: Vec<Role>,
    /// For a token in `X-Auth-Token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<TokenHash>,
    /// For `login`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<PasswordHash>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "entry")]
    entries: Vec<Entry>,
}

/// A user in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) identity: Identity,
    pub(crate) tenant: Option<String>,
    pub(crate) password: Option<PasswordHash>,
}

/// All users, as they are looked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Users {
    by_token: HashMap<TokenHash, Arc<User>>,
    by_name: HashMap<Arc<str>, Arc<User>>,
    tenants: BTreeSet<String>,
}

impl Users {
    pub(crate) fn with_token(&self, token: &str) -> Option<&Arc<User>> {
        self.by_token.get(&TokenHash::of(token))
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Arc<User>> {
        self.by_name.get(name)
    }

    /// The tenants that there are users of.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &str> {
        self.tenants.iter().map(String::as_str)
    }

    /// Reads the users of a file's text.
    pub(crate) fn parse(file: &Path, text: &str) -> Result<Self, EntriesError> {
        Self::of(&entries(file, text)?)
            .map_err(|reason| EntriesError::Invalid { file: file.to_owned(), reason })
    }

    fn of(entries: &[Entry]) -> Result<Self, String> {
        let mut users = Self::default();
        for (entry, number) in entries.iter().zip(1..) {
            let user = Arc::new(entry.user().map_err(|reason| format!("entry {number}: {reason}"))?);
            let name = Arc::clone(&user.identity.user);
            if users.by_name.insert(name, Arc::clone(&user)).is_some() {
                return Err(format!("entry {number}: there is another entry with name `{}`", entry.name));
            }
            if let Some(token) = entry.token
                && users.by_token.insert(token, user).is_some()
            {
                return Err(format!("entry {number}: token: another entry has the same"));
            }
            users.tenants.extend(entry.tenant.clone());
        }
        Ok(users)
    }
}

impl Entry {
    fn user(&self) -> Result<User, String> {
        let sized = |text: &str| (1..=MAX_NAME).contains(&text.chars().count());
        if !sized(&self.name) || self.name.contains(|c: char| c == ':' || c.is_control()) {
            return Err(format!("name: must have 1 to {MAX_NAME} characters and no colon"));
        }
        if self.tenant.as_deref().is_some_and(|tenant| !sized(tenant)) {
            return Err(format!("tenant: must have 1 to {MAX_NAME} characters"));
        }
        if self.token.is_none() && self.password.is_none() {
            return Err("token or password: one of them is needed".to_owned());
        }
        let caller = Caller::of(self.roles.iter().copied(), self.tenant.as_deref());
        let caller = caller.ok_or_else(|| match self.roles.is_empty() {
            true => "roles: at least one is needed".to_owned(),
            false => "tenant: is needed for every role but admin".to_owned(),
        })?;
        let identity = Identity { user: self.name.as_str().into(), caller };
        Ok(User { identity, tenant: self.tenant.clone(), password: self.password.clone() })
    }
}

fn entries(file: &Path, text: &str) -> Result<Vec<Entry>, EntriesError> {
    let parsed: Result<File, _> = toml::from_str(text);
    parsed.map(|file| file.entries).map_err(|error| {
        // The error's own text shows the line, which may have a secret in it.
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let reason = format!("line {}: {}", before.matches('\n').count() + 1, error.message());
        EntriesError::Invalid { file: file.to_owned(), reason }
    })
}

/// Reads a file, and warns of one that others than its owner may read or write.
pub(crate) fn read(file: &Path) -> Result<String, EntriesError> {
    let failed = |source| EntriesError::File { file: file.to_owned(), done: "read", source };
    let metadata = fs::metadata(file).map_err(failed)?;
    if metadata.len() > MAX_FILE {
        return Err(EntriesError::Invalid {
            file: file.to_owned(),
            reason: format!("it is larger than {MAX_FILE} bytes"),
        });
    }
    if metadata.mode() & 0o006 != 0 {
        tracing::warn!(file = %file.display(), "everybody on this machine can read or write the file of tokens: chmod 600 it");
    }
    fs::read_to_string(file).map_err(failed)
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// Name, unique in the file.
    pub name: String,
    /// Tenant that the roles are for.
    pub tenant: Option<String>,
    /// Roles, at least one.
    pub roles: Vec<Role>,
    /// Password for `login`, if the user is to log in.
    pub password: Option<String>,
}

impl NewEntry {
    /// Adds the user to a file, which is made where there is none, readable for its owner only. Gives the user's token,
    /// of which the file has but the hash.
    ///
    /// # Errors
    /// When the file cannot be used or written, or would become invalid; then it is as it was.
    pub fn add_to(self, file: &Path) -> Result<String, EntriesError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(EntriesError::File { file: file.to_owned(), done: "read", source }),
        };
        let mut entries = entries(file, &text)?;
        Users::parse(file, &text)?;
        let token = new_token()?;
        let entry = Entry {
            name: self.name,
            tenant: self.tenant,
            roles: self.roles,
            token: Some(TokenHash::of(&token)),
            password: self.password.as_deref().map(PasswordHash::of).transpose()?,
        };
        entries.push(entry.clone());
        Users::of(&entries).map_err(EntriesError::Entry)?;
        append(file, &text, &entry)?;
        Ok(token)
    }
}

/// Writes an entry behind the others, whose comments stay.
fn append(file: &Path, before: &str, entry: &Entry) -> Result<(), EntriesError> {
    let addition = toml::to_string(&File { entries: vec![entry.clone()] })
        .map_err(|error| EntriesError::Entry(error.to_string()))?;
    let gap = if before.is_empty() || before.ends_with("\n\n") { "" } else { "\n" };
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let write = || {
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
        file.write_all(format!("{end}{gap}{addition}").as_bytes())?;
        file.sync_all()
    };
    write().map_err(|source| EntriesError::File { file: file.to_owned(), done: "written", source })
}

#[cfg(test)]
mod tests {
    use super::super::identity::Access;
    use super::*;

    const TOKEN: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn parse(text: &str) -> Result<Users, String> {
        Users::parse(Path::new("tokens.toml"), text).map_err(|error| error.to_string())
    }

    fn entry(name: &str, rest: &str) -> String {
        format!("[[entry]]\nname = \"{name}\"\ntoken = \"{TOKEN}\"\n{rest}\n")
    }

    fn new(name: &str, tenant: Option<&str>, role: Role, password: Option<&str>) -> NewEntry {
        let (tenant, password) = (tenant.map(str::to_owned), password.map(str::to_owned));
        NewEntry { name: name.to_owned(), tenant, roles: vec![role], password }
    }

    #[test]
    fn a_user_is_found_by_token_and_by_name() {
        let users = parse(&entry("alice", "tenant = \"t1\"\nroles = [\"tenant-admin\"]")).unwrap();
        let alice = users.with_token("abc").unwrap();
        assert_eq!(alice.identity.caller, Caller::Tenant { id: "t1".into(), access: Access::Write });
        assert_eq!(users.named("alice"), Some(alice));
        assert!(users.with_token("abd").is_none() && users.named("bob").is_none());
        assert_eq!(users.tenants().collect::<Vec<_>>(), ["t1"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let admin = "roles = [\"admin\"]";
        for (text, told) in [
            (entry("a", "roles = []"), "entry 1: roles"),
            (entry("a", "roles = [\"tenant-user\"]"), "entry 1: tenant"),
            (entry("a", "roles = [\"root\"]"), "root"),
            (entry("", admin), "entry 1: name"),
            (entry("a:b", admin), "entry 1: name"),
            (entry("a", &format!("{admin}\ntenant = \"\"")), "entry 1: tenant"),
            (entry("a", &format!("{admin}\npassword = \"secret\"")), "$argon2id$"),
            (entry("a", &format!("{admin}\nhash = \"x\"")), "hash"),
            (entry("a", admin) + &entry("a", admin), "entry 2: there is another entry with name `a`"),
            (entry("a", admin) + &entry("b", admin), "entry 2: token"),
            ("[[entry]]\nname = \"a\"\nroles = [\"admin\"]".to_owned(), "token or password"),
            ("[[entries]]\nname = \"a\"".to_owned(), "entries"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.contains(told) && error.contains("tokens.toml"), "{error}");
        }
    }

    #[test]
    fn no_error_shows_a_hash() {
        let secret = "password = \"$2y$10$notargon\"";
        let error = parse(&entry("a", &format!("roles = [\"admin\"]\n{secret}"))).unwrap_err();
        assert!(!error.contains("notargon"), "{error}");
    }

    #[test]
    fn entries_are_added_behind_what_is_there() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("midspan/tokens.toml");
        let alice = new("alice", Some("t1"), Role::TenantAdmin, None).add_to(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        fs::write(&file, fs::read_to_string(&file).unwrap() + "# bob follows").unwrap();
        let bob = new("bob", None, Role::Admin, Some("pw")).add_to(&file).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let users = Users::parse(&file, &text).unwrap();
        assert_eq!(users.with_token(&alice).unwrap().identity.user.as_ref(), "alice");
        assert_eq!(users.with_token(&bob).unwrap().identity.caller, Caller::Operator);
        assert!(users.named("bob").unwrap().password.as_ref().unwrap().matches("pw"));
        assert!(text.contains("# bob follows") && !text.contains(&alice) && !text.contains(&bob));
    }

    #[test]
    fn an_entry_that_cannot_be_leaves_the_file_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("tokens.toml");
        new("alice", None, Role::Admin, None).add_to(&file).unwrap();
        let before = fs::read_to_string(&file).unwrap();
        let twice = new("alice", None, Role::Admin, None).add_to(&file).unwrap_err().to_string();
        assert!(twice.contains("entry 2") && twice.contains("alice"), "{twice}");
        assert!(new("bob", None, Role::TenantUser, None).add_to(&file).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }
}
