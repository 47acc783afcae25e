//! The keys of the table `[keystone]`: where it is, as whom to ask it, what its roles mean.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use api::auth::{KeystoneConfig, Password, RoleNames};
use clap::Args;
use serde::Deserialize;

/// What an operator can set of a Keystone. A flag `--keystone-…` is the key `…` of the table.
#[derive(Args, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Keystone {
    /// Address of Keystone with its version, such as https://keystone:5000/v3
    #[arg(id = "keystone-url", long = "keystone-url", value_name = "URL", env = "MIDSPAN_KEYSTONE_URL")]
    pub url: Option<String>,
    /// Authorities of Keystone's certificate, PEM [default: the machine's]
    #[arg(
        id = "keystone-ca-file",
        long = "keystone-ca-file",
        value_name = "FILE",
        env = "MIDSPAN_KEYSTONE_CA_FILE"
    )]
    pub ca_file: Option<PathBuf>,
    /// User that asks Keystone about tokens and projects [default: midspan]
    #[arg(id = "keystone-user", long = "keystone-user", value_name = "NAME", env = "MIDSPAN_KEYSTONE_USER")]
    pub user: Option<String>,
    /// File with the password of that user
    #[arg(
        id = "keystone-password-file",
        long = "keystone-password-file",
        value_name = "FILE",
        env = "MIDSPAN_KEYSTONE_PASSWORD_FILE"
    )]
    pub password_file: Option<PathBuf>,
    /// Project of that user [default: service]
    #[arg(
        id = "keystone-project",
        long = "keystone-project",
        value_name = "NAME",
        env = "MIDSPAN_KEYSTONE_PROJECT"
    )]
    pub project: Option<String>,
    /// Domain of users, also of those who log in [default: Default]
    #[arg(
        id = "keystone-user-domain",
        long = "keystone-user-domain",
        value_name = "NAME",
        env = "MIDSPAN_KEYSTONE_USER_DOMAIN"
    )]
    pub user_domain: Option<String>,
    /// Domain of projects [default: Default]
    #[arg(
        id = "keystone-project-domain",
        long = "keystone-project-domain",
        value_name = "NAME",
        env = "MIDSPAN_KEYSTONE_PROJECT_DOMAIN"
    )]
    pub project_domain: Option<String>,
    /// Role that may do everything [default: admin]
    #[arg(
        id = "keystone-admin-role",
        long = "keystone-admin-role",
        value_name = "ROLE",
        env = "MIDSPAN_KEYSTONE_ADMIN_ROLE"
    )]
    pub admin_role: Option<String>,
    /// Role that reads and writes what is its project's [default: member]
    #[arg(
        id = "keystone-tenant-admin-role",
        long = "keystone-tenant-admin-role",
        value_name = "ROLE",
        env = "MIDSPAN_KEYSTONE_TENANT_ADMIN_ROLE"
    )]
    pub tenant_admin_role: Option<String>,
    /// Role that reads what is its project's [default: reader]
    #[arg(
        id = "keystone-tenant-user-role",
        long = "keystone-tenant-user-role",
        value_name = "ROLE",
        env = "MIDSPAN_KEYSTONE_TENANT_USER_ROLE"
    )]
    pub tenant_user_role: Option<String>,
    /// Seconds for which Keystone's word on a token is believed [default: 60]
    #[arg(
        id = "keystone-remember",
        long = "keystone-remember",
        value_name = "SECONDS",
        env = "MIDSPAN_KEYSTONE_REMEMBER"
    )]
    pub remember: Option<u64>,
}

impl Keystone {
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            url: self.url.or(below.url),
            ca_file: self.ca_file.or(below.ca_file),
            user: self.user.or(below.user),
            password_file: self.password_file.or(below.password_file),
            project: self.project.or(below.project),
            user_domain: self.user_domain.or(below.user_domain),
            project_domain: self.project_domain.or(below.project_domain),
            admin_role: self.admin_role.or(below.admin_role),
            tenant_admin_role: self.tenant_admin_role.or(below.tenant_admin_role),
            tenant_user_role: self.tenant_user_role.or(below.tenant_user_role),
            remember: self.remember.or(below.remember),
        }
    }

    /// All of it, with the password read from its file.
    pub(super) fn config(&self) -> anyhow::Result<KeystoneConfig> {
        let Some(url) = self.url.clone() else {
            bail!("--auth keystone needs --keystone-url URL (key `url` in the table [keystone])");
        };
        let Some(password_file) = &self.password_file else {
            bail!(
                "--auth keystone needs --keystone-password-file FILE (key `password-file` in the table [keystone])"
            );
        };
        let or = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.to_owned());
        Ok(KeystoneConfig {
            url,
            authorities: self.ca_file.clone(),
            user: or(&self.user, "midspan"),
            password: password(password_file)?,
            project: or(&self.project, "service"),
            user_domain: or(&self.user_domain, "Default"),
            project_domain: or(&self.project_domain, "Default"),
            roles: RoleNames {
                admin: or(&self.admin_role, "admin"),
                tenant_admin: or(&self.tenant_admin_role, "member"),
                tenant_user: or(&self.tenant_user_role, "reader"),
            },
            remember: Duration::from_secs(self.remember.unwrap_or(60)),
        })
    }
}

/// The first line of a file, which should be its owner's only.
fn password(file: &Path) -> anyhow::Result<Password> {
    let failed = || format!("cannot read the password file {}", file.display());
    let text = fs::read_to_string(file).with_context(failed)?;
    if fs::metadata(file).with_context(failed)?.mode() & 0o006 != 0 {
        tracing::warn!(file = %file.display(), "everybody on this machine can read or write the password file: chmod 600 it");
    }
    match text.lines().next() {
        None | Some("") => bail!("the password file {} has no password in its first line", file.display()),
        Some(password) => Ok(Password::new(password.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let error = Keystone::default().config().unwrap_err().to_string();
        assert!(error.contains("--keystone-url"), "{error}");
        let keystone = Keystone { url: Some("http://k/v3".into()), ..Keystone::default() };
        let error = keystone.config().unwrap_err().to_string();
        assert!(error.contains("--keystone-password-file"), "{error}");
    }

    #[test]
    fn the_password_is_the_first_line_of_its_file_and_does_not_show() {
        let file = std::env::temp_dir().join(format!("midspan-password-{}", std::process::id()));
        fs::write(&file, "secret\nmore").unwrap();
        let keystone = Keystone {
            url: Some("http://k/v3".into()),
            password_file: Some(file.clone()),
            ..Keystone::default()
        };
        let config = keystone.config().unwrap();
        fs::remove_file(file).unwrap();
        assert_eq!(config.password, Password::new("secret".into()));
        assert!(!format!("{config:?}").contains("secret"));
    }
}
