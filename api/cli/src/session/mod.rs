//! Carrying out commands: each is a few requests to the API, and a report of what came of them.

mod find;
mod names;
mod read;
mod write;

use api_client::{Answer, Client, Error as ClientError};
use serde_json::Value;

use crate::alias::Aliases;
use crate::error::Error;
use crate::grammar::{Assignment, Command, SyntaxError, parse};
use crate::help;
use crate::objects::{Kind, ROOT};
use crate::report::Report;
use crate::verbs::Verb;

/// What a command leads to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Something to tell, perhaps nothing.
    Report(Report),
    /// The end of the session.
    Exit,
}

/// Whether requests and answers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Debug {
    On,
    Off,
}

/// A session with a server.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    root: Option<Value>,
    tenant: Option<String>,
    debug: Debug,
    pub(crate) aliases: Aliases,
}

impl Session {
    pub(crate) fn new(client: Client, tenant: Option<String>, aliases: Aliases, debug: Debug) -> Self {
        Self { client, root: None, tenant, debug, aliases }
    }

    /// Carries out one line.
    pub(crate) async fn run(&mut self, line: &str) -> Result<Outcome, Error> {
        let Some(command) = parse(line)? else { return Ok(Outcome::Report(Report::Nothing)) };
        let report = match command.verb {
            Verb::List => self.list(&command).await?,
            Verb::Show => self.show(&command).await?,
            Verb::Create => self.create(&command).await?,
            Verb::Set => self.set(&command).await?,
            Verb::Clear => self.clear(&command).await?,
            Verb::Delete => self.delete(&command).await?,
            Verb::Describe => Report::Text(help::describe(&command.path)),
            Verb::Help => Report::Text(help::help(&command.rest)?),
            Verb::SetTenant | Verb::ClearTenant => {
                self.tenant = command.rest.first().cloned();
                Report::Text(format!("tenant_id: {}\n", self.tenant.as_deref().unwrap_or("None")))
            }
            Verb::Debug => self.set_debug(&command),
            Verb::Exit => return Ok(Outcome::Exit),
        };
        Ok(Outcome::Report(report))
    }

    /// Finds out whether the server answers, and which version of the API it has.
    pub(crate) async fn greet(&mut self) -> Result<String, Error> {
        let root = self.root().await?;
        Ok(root.get("version").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    fn set_debug(&mut self, command: &Command) -> Report {
        let word = command.rest.first().map_or("off", String::as_str);
        self.debug = if word == "on" { Debug::On } else { Debug::Off };
        Report::Text(format!("turned {word} debug mode\n"))
    }

    /// The document at the root, which tells where everything is.
    async fn root(&mut self) -> Result<&Value, Error> {
        let root = match self.root.take() {
            Some(root) => root,
            None => self.get("/").await?,
        };
        Ok(self.root.insert(root))
    }

    /// An address that stands at the root.
    async fn link(&mut self, property: &'static str) -> Result<String, Error> {
        let what = Kind::collection(property).map_or(property, |child| child.name);
        link_of(self.root().await?, property).map_err(|_| Error::NotOffered(what.to_owned()))
    }

    async fn items(&mut self, address: &str) -> Result<Vec<Value>, Error> {
        match self.get(address).await? {
            Value::Array(items) => Ok(items),
            _ => Err(Error::NotOffered("a list".to_owned())),
        }
    }

    async fn get(&self, address: &str) -> Result<Value, Error> {
        Ok(self.call("GET", address, &Value::Null).await?.json()?)
    }

    async fn call(&self, method: &str, address: &str, body: &Value) -> Result<Answer, ClientError> {
        let is_shown = self.debug == Debug::On;
        if is_shown {
            let body = if body.is_null() { String::new() } else { without_secrets(body).to_string() };
            eprintln!("> {method} {address} {body}");
        }
        let answer = match method {
            "POST" => self.client.post(address, body).await,
            "PUT" => self.client.put(address, body).await,
            "DELETE" => self.client.delete(address).await,
            _ => self.client.get(address).await,
        };
        if is_shown {
            match &answer {
                Ok(answer) => {
                    let body = answer.json().map(|body| without_secrets(&body).to_string());
                    eprintln!("< {} {}", answer.status, body.unwrap_or_else(|_| answer.text()));
                }
                Err(error) => eprintln!("< {error}"),
            }
        }
        answer
    }
}

/// An address that an object tells.
fn link_of(object: &Value, property: &str) -> Result<String, Error> {
    let link = object.get(property).and_then(Value::as_str);
    link.map(str::to_owned).ok_or_else(|| Error::NotOffered(property.to_owned()))
}

/// A body as it may be shown.
fn without_secrets(body: &Value) -> Value {
    let mut body = body.clone();
    let objects = match &mut body {
        Value::Array(items) => items.iter_mut().collect(),
        object => vec![object],
    };
    for object in objects {
        if let Some(secret) = object.get_mut("password").filter(|secret| secret.is_string()) {
            *secret = "…".into();
        }
    }
    body
}

/// The attributes with their values that the rest of a command gives.
fn assignments(
    rest: &[String],
    kind: &'static Kind,
    aliases: &Aliases,
) -> Result<Vec<Assignment>, SyntaxError> {
    let mut given = Vec::new();
    let mut left = rest;
    while let Some((name, behind)) = left.split_first() {
        let here = || SyntaxError::At(left.join(" "));
        let attribute = kind.attribute(name).ok_or_else(here)?;
        let (first, behind) = behind.split_first().ok_or(SyntaxError::Incomplete)?;
        let path = attribute.refers_to().and_then(|_| path_to_id(first, behind, aliases));
        let (value, behind) = path.unwrap_or_else(|| (first.clone(), behind));
        given.push(Assignment { attribute, value });
        left = behind;
    }
    Ok(given)
}

/// A reference may be the path to an object: `chain chain0`, `router router0 port port0`.
fn path_to_id<'a>(first: &str, behind: &'a [String], aliases: &Aliases) -> Option<(String, &'a [String])> {
    let (mut id, mut left): (Option<String>, _) = (None, behind);
    let mut child = ROOT.child(first);
    while let Some(step) = child {
        let (name, behind) = left.split_first()?;
        id = Some(aliases.resolve_below(name, id.as_deref())?);
        left = behind;
        child = left.first().and_then(|next| step.kind.child(next));
        if child.is_some() {
            left = left.get(1..)?;
        }
    }
    Some((id?, left))
}
