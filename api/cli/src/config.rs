//! Where the server is and who is calling: flags, over variables, over `~/.midonetrc`.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

/// Server that is called when nothing else is said.
const DEFAULT_URL: &str = "http://127.0.0.1:8181/midonet-api";

/// Flags of `midspan cli`.
#[derive(ClapArgs, Clone, Debug, Default)]
pub struct Args {
    /// Run one command and end; objects are then named by their ids
    #[arg(short = 'e', long = "eval", value_name = "COMMAND")]
    eval: Option<String>,
    /// Do not log in
    #[arg(short = 'A', long)]
    no_auth: bool,
    /// The API [default: http://127.0.0.1:8181/midonet-api]
    #[arg(long, value_name = "URL", env = "MIDO_API_URL")]
    midonet_url: Option<String>,
    /// Authorities to trust in the API's certificate, PEM [default: the machine's]
    #[arg(long, value_name = "FILE", env = "MIDO_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// Work on the objects of one tenant
    #[arg(long, value_name = "TENANT", env = "MIDO_TENANT")]
    tenant: Option<String>,
    /// Log in as this user
    #[arg(short, long, value_name = "USER", env = "MIDO_USER")]
    user: Option<String>,
    /// Password of the user
    #[arg(short, long, value_name = "PASSWORD", env = "MIDO_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Project to log in to
    #[arg(short = 'i', long, value_name = "PROJECT", env = "MIDO_PROJECT_ID")]
    project_id: Option<String>,
    /// Show requests and answers
    #[arg(short, long)]
    debug: bool,
}

/// What the flags, variables and file come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) eval: Option<String>,
    pub(crate) url: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) tenant: Option<String>,
    pub(crate) login: Option<Login>,
    pub(crate) debug: crate::session::Debug,
}

/// Credentials.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) project: Option<String>,
}

impl Config {
    /// Lays the flags over the file, where there is one.
    pub(crate) fn of(args: Args) -> Result<Self, String> {
        let file = match home().map(|home| home.join(".midonetrc")) {
            Some(path) => read(&path)?,
            None => Vec::new(),
        };
        Self::over(args, &file)
    }

    fn over(args: Args, file: &[(String, String)]) -> Result<Self, String> {
        let of_file =
            |name: &str| file.iter().find(|(key, _)| key == name).map(|(_, value)| value.to_owned());
        let user = args.user.or_else(|| of_file("username"));
        let password = args.password.or_else(|| of_file("password"));
        let login = match (user, password) {
            _ if args.no_auth => None,
            (None, _) => None,
            (Some(user), Some(password)) => {
                let project = args.project_id.or_else(|| of_file("project_id"));
                Some(Login { user, password, project })
            }
            (Some(user), None) => {
                return Err(format!("no password for {user}: give -p or MIDO_PASSWORD, or -A not to log in"));
            }
        };
        Ok(Self {
            eval: args.eval,
            url: args.midonet_url.or_else(|| of_file("api_url")).unwrap_or_else(|| DEFAULT_URL.to_owned()),
            ca_file: args.ca_file.or_else(|| of_file("ca_file").map(PathBuf::from)),
            tenant: args.tenant.or_else(|| of_file("tenant")),
            login,
            debug: if args.debug { crate::session::Debug::On } else { crate::session::Debug::Off },
        })
    }
}

/// The user's home directory.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from)
}

fn read(path: &Path) -> Result<Vec<(String, String)>, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(section(&text, "cli")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

/// The settings of one section of an INI file.
fn section(text: &str, name: &str) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    let mut inside = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.trim_end_matches(']').trim() == name;
        } else if let (true, Some((key, value))) = (inside, line.split_once(['=', ':'])) {
            settings.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_file() {
        let text =
            "[other]\napi_url = no\n[cli]\napi_url = http://there/midonet-api\n# tenant = x\nusername=u";
        let file = section(text, "cli");
        let config = Config::over(Args { no_auth: true, ..Args::default() }, &file).unwrap();
        assert_eq!((config.url.as_str(), config.tenant), ("http://there/midonet-api", None));
        let args = Args { no_auth: true, midonet_url: Some("http://here".into()), ..Args::default() };
        assert_eq!(Config::over(args, &file).unwrap().url, "http://here");
    }

    #[test]
    fn a_user_needs_a_password() {
        let args = Args { user: Some("admin".into()), ..Args::default() };
        assert!(Config::over(args, &[]).unwrap_err().contains("MIDO_PASSWORD"));
    }
}
