//! Where the server is, who is calling and how answers are shown: flags, over variables, over `~/.midspanrc`, over
//! `~/.midonetrc`. Both files are INI files whose section `[cli]` counts; what MidoNet's holds for others is passed over.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum};

use crate::output::Format;
use crate::script::OnFailure;
use crate::session::Debug;
use crate::words::quoted;

/// Server that is called when nothing else is said.
const DEFAULT_URL: &str = "http://127.0.0.1:8181/midonet-api";
/// Our file, and the keys that it may have.
const OUR_FILE: &str = ".midspanrc";
const OUR_KEYS: [&str; 7] = ["api_url", "username", "password", "project_id", "tenant", "ca_file", "output"];
/// `-p` alone: no argument and no variable can say this.
const ASK: &str = "\0";
/// MidoNet's file.
const THEIR_FILE: &str = ".midonetrc";

/// Flags of `midspan cli`.
#[derive(ClapArgs, Clone, Debug, Default)]
#[command(after_help = "\
Without -e, a shell on a terminal, else a script on standard input that ends at the first command that fails.
Begin with: midspan cli -e help, midspan cli -e 'help bridge', midspan cli -e describe
Settings may stand in ~/.midspanrc or ~/.midonetrc, in a section [cli]:
  api_url, username, password, project_id, tenant; in ~/.midspanrc also ca_file and output
Exit status: 0 all went well, 1 a command failed or the server is not there, 2 wrong usage")]
pub struct Args {
    /// Run this command and end; objects are then named by their ids. May be given several times
    #[arg(short = 'e', long = "eval", value_name = "COMMAND")]
    eval: Vec<String>,
    /// More words of the last command of -e
    #[arg(value_name = "WORD", requires = "eval", allow_negative_numbers = true)]
    words: Vec<String>,
    /// How objects are shown [default: plain]
    #[arg(short, long, value_name = "FORMAT", env = "MIDSPAN_OUTPUT")]
    output: Option<Format>,
    /// Go on when a command fails; the exit status still tells
    #[arg(short, long)]
    keep_going: bool,
    /// Name objects by their ids in a script too, as with -e
    #[arg(long)]
    ids: bool,
    /// Do not log in
    #[arg(short = 'A', long)]
    no_auth: bool,
    /// The API [default: http://127.0.0.1:8181/midonet-api]
    #[arg(long, value_name = "URL", env = "MIDO_API_URL")]
    midonet_url: Option<String>,
    /// Certificates of the authorities that an https API's certificate must come from, in PEM [default: this machine's]
    #[arg(long, value_name = "FILE", env = "MIDSPAN_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// Work on the objects of one tenant
    #[arg(long, value_name = "TENANT", env = "MIDO_TENANT")]
    tenant: Option<String>,
    /// Log in as this user
    #[arg(short, long, value_name = "USER", env = "MIDO_USER")]
    user: Option<String>,
    /// Password of the user; asked for if none is given here
    #[arg(
        short,
        long,
        value_name = "PASSWORD",
        env = "MIDO_PASSWORD",
        hide_env_values = true,
        num_args = 0..=1,
        default_missing_value = ASK
    )]
    password: Option<String>,
    /// Project to log in to
    #[arg(short = 'i', long, value_name = "PROJECT", env = "MIDO_PROJECT_ID")]
    project_id: Option<String>,
    /// Show requests and answers
    #[arg(short, long)]
    debug: bool,
}

/// What the flags, variables and files come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) source: Source,
    pub(crate) url: String,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) tenant: Option<String>,
    pub(crate) login: Option<Login>,
    pub(crate) format: Format,
    pub(crate) on_failure: OnFailure,
    pub(crate) naming: Naming,
    pub(crate) debug: Debug,
}

/// Where commands come from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Arguments(Vec<String>),
    Terminal,
    Script,
}

/// What objects are called by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    Aliases,
    Ids,
}

/// Credentials.
#[derive(PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    /// None: it is to be asked for.
    pub(crate) password: Option<String>,
    pub(crate) project: Option<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Settings of a file.
type Settings = Vec<(String, String)>;

impl Config {
    /// Lays the flags over the files, where there are some.
    pub(crate) fn of(args: Args) -> Result<Self, String> {
        let mut settings = Settings::new();
        if let Some(home) = home() {
            settings = read(&home.join(OUR_FILE))?;
            if let Some((key, _)) = settings.iter().find(|(key, _)| !OUR_KEYS.contains(&key.as_str())) {
                return Err(format!(
                    "~/{OUR_FILE}: there is no key {key}: there are {}",
                    OUR_KEYS.join(", ")
                ));
            }
            settings.extend(read(&home.join(THEIR_FILE))?);
        }
        Self::over(args, &settings, std::io::stdin().is_terminal())
    }

    fn over(args: Args, settings: &Settings, is_terminal: bool) -> Result<Self, String> {
        let set = |name: &str| {
            let found = settings.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            found.filter(|value| !value.is_empty())
        };
        // A variable that is empty says nothing.
        let given = |arg: Option<String>, name: &str| arg.filter(|arg| !arg.is_empty()).or_else(|| set(name));
        let format = match (args.output, set("output")) {
            (Some(format), _) => format,
            (None, Some(word)) => Format::from_str(&word, true)
                .map_err(|_| format!("~/{OUR_FILE}: output {word}: table, plain or json"))?,
            (None, None) => Format::default(),
        };
        let source = match (commands(args.eval, &args.words), is_terminal) {
            (commands, _) if !commands.is_empty() => Source::Arguments(commands),
            (_, true) => Source::Terminal,
            (_, false) => Source::Script,
        };
        let login = given(args.user, "username").filter(|_| !args.no_auth).map(|user| Login {
            user,
            password: given(args.password, "password").filter(|password| password != ASK),
            project: given(args.project_id, "project_id"),
        });
        if let Some(Login { user, password: None, .. }) = &login
            && !is_terminal
        {
            return Err(format!("no password for {user}: give -p or MIDO_PASSWORD, or -A not to log in"));
        }
        let has_ids = args.ids || matches!(source, Source::Arguments(_));
        Ok(Self {
            source,
            url: given(args.midonet_url, "api_url").unwrap_or_else(|| DEFAULT_URL.to_owned()),
            ca_file: args.ca_file.or_else(|| set("ca_file").map(PathBuf::from)),
            tenant: given(args.tenant, "tenant"),
            login,
            format,
            on_failure: if args.keep_going { OnFailure::KeepGoing } else { OnFailure::Stop },
            naming: if has_ids { Naming::Ids } else { Naming::Aliases },
            debug: if args.debug { Debug::On } else { Debug::Off },
        })
    }
}

/// The commands of `-e`. MidoNet's command line takes one whose words are arguments of their own.
fn commands(mut eval: Vec<String>, words: &[String]) -> Vec<String> {
    if let Some(last) = eval.last_mut() {
        for word in words {
            *last = format!("{last} {}", quoted(word));
        }
    }
    eval
}

/// The user's home directory.
pub(crate) fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from)
}

fn read(path: &Path) -> Result<Settings, String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(section(&text, "cli")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::new()),
        Err(error) => Err(format!("cannot read {}: {error}", path.display())),
    }
}

/// The settings of one section of an INI file.
fn section(text: &str, name: &str) -> Settings {
    let mut settings = Settings::new();
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

    fn over(args: Args, file: &str) -> Result<Config, String> {
        Config::over(args, &section(file, "cli"), false)
    }

    #[test]
    fn flags_win_over_the_files() {
        let file = "[other]\napi_url = no\n[cli]\napi_url = http://there/midonet-api\n# tenant = x\nusername=u\noutput: table";
        let config = over(Args { no_auth: true, ..Args::default() }, file).unwrap();
        assert_eq!(
            (config.url.as_str(), config.tenant, config.login),
            ("http://there/midonet-api", None, None)
        );
        assert_eq!(config.format, Format::Table);
        let args = Args { no_auth: true, midonet_url: Some("http://here".into()), ..Args::default() };
        let config = over(Args { output: Some(Format::Json), ..args }, file).unwrap();
        assert_eq!((config.url.as_str(), config.format), ("http://here", Format::Json));
        assert!(over(Args::default(), "[cli]\noutput = xml").unwrap_err().contains("table, plain or json"));
    }

    #[test]
    fn a_user_needs_a_password() {
        let args = Args { user: Some("admin".into()), ..Args::default() };
        assert!(over(args.clone(), "").unwrap_err().contains("MIDO_PASSWORD"));
        let asked = Args { password: Some(ASK.to_owned()), ..args.clone() };
        assert!(over(asked.clone(), "").is_err());
        let on_terminal = Config::over(asked, &Settings::new(), true).unwrap();
        assert_eq!(on_terminal.login.unwrap().password, None);
        let config = over(args, "[cli]\npassword = secret").unwrap();
        assert!(!format!("{config:?}").contains("secret"));
        assert_eq!(config.login.unwrap().password.as_deref(), Some("secret"));
    }

    #[test]
    fn a_command_may_stand_in_one_argument_or_in_several() {
        let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(commands(texts(&["bridge list"]), &[]), ["bridge list"]);
        assert_eq!(commands(texts(&["bridge"]), &texts(&["list"])), ["bridge list"]);
        let words = texts(&["create", "name", "red wine"]);
        assert_eq!(
            commands(texts(&["host list", "bridge"]), &words),
            ["host list", "bridge create name \"red wine\""]
        );
    }

    #[test]
    fn a_script_has_aliases_unless_it_wants_ids() {
        let naming = |args| over(args, "").unwrap().naming;
        assert_eq!(naming(Args::default()), Naming::Aliases);
        assert_eq!(naming(Args { ids: true, ..Args::default() }), Naming::Ids);
        assert_eq!(naming(Args { eval: vec!["bridge list".into()], ..Args::default() }), Naming::Ids);
    }
}
