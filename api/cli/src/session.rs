//! Carrying out commands: each is a few requests to the API, and lines that say what came of them.

use std::fmt::Write as _;

use api_client::{Answer, Client, Error as ClientError};
use serde_json::{Map, Value};

use crate::alias::Aliases;
use crate::codec::{self, ValueError};
use crate::grammar::{Command, Step, SyntaxError, Verb, parse};
use crate::objects::{Access, Attribute, BRIDGE, Child, Codec, Kind, PORT, ROOT, ROUTER};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    #[error(transparent)]
    Value(#[from] ValueError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("There is no {kind} {id} here.")]
    Missing { kind: &'static str, id: String },
    #[error("The server does not offer {0}.")]
    NotOffered(&'static str),
}

/// What a command leads to.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Lines to print, perhaps none.
    Text(String),
    /// The end of the session.
    Exit,
}

/// A session with a server.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    root: Option<Value>,
    tenant: Option<String>,
    debug: bool,
    pub(crate) aliases: Aliases,
}

/// An object, with where it stands.
struct Found {
    kind: &'static Kind,
    object: Value,
    /// Id of the object it is part of; none below the root.
    parent: Option<String>,
}

impl Session {
    pub(crate) fn new(client: Client, tenant: Option<String>, aliases: Aliases, debug: Debug) -> Self {
        Self { client, root: None, tenant, debug: debug == Debug::On, aliases }
    }

    /// Carries out one line.
    pub(crate) async fn run(&mut self, line: &str) -> Result<Outcome, Error> {
        let Some(command) = parse(line)? else { return Ok(Outcome::Text(String::new())) };
        let text = match command.verb {
            Verb::List => self.list(&command).await?,
            Verb::Show => self.show(&command).await?,
            Verb::Create => self.create(&command).await?,
            Verb::Set => self.set(&command).await?,
            Verb::Clear => self.clear(&command).await?,
            Verb::Delete => self.delete(&command).await?,
            Verb::Describe => describe(&command),
            Verb::SetTenant => {
                self.tenant = Some(command.rest.first().cloned().ok_or(SyntaxError(line.to_owned()))?);
                String::new()
            }
            Verb::ClearTenant => {
                self.tenant = None;
                String::new()
            }
            Verb::Debug => {
                self.debug = match command.rest.first().map(String::as_str) {
                    Some("on") => true,
                    Some("off") => false,
                    _ => return Err(SyntaxError(line.to_owned()).into()),
                };
                String::new()
            }
            Verb::Help => HELP.to_owned(),
            Verb::Exit => return Ok(Outcome::Exit),
        };
        Ok(Outcome::Text(text))
    }

    async fn list(&mut self, command: &Command) -> Result<String, Error> {
        let (child, address, parent) = self.collection(&command.path).await?;
        let wanted = pairs(&command.rest, child.kind)?;
        let mut filter = Map::new();
        for (attribute, word) in &wanted {
            codec::write(attribute, word, &self.aliases, &mut filter)?;
        }
        let address = match (&self.tenant, child.kind.attribute("tenant")) {
            (Some(tenant), Some(_)) => format!("{address}?tenant_id={}", encoded(tenant)),
            _ => address,
        };
        let mut text = String::new();
        for object in self.items(&address).await? {
            if filter.iter().all(|(name, value)| object.get(name) == Some(value)) {
                self.name_owners(child.kind, &object).await?;
                self.line(child.kind, &object, parent.as_deref(), &mut text);
            }
        }
        Ok(text)
    }

    async fn show(&mut self, command: &Command) -> Result<String, Error> {
        let found = self.object(&command.path).await?;
        self.name_owners(found.kind, &found.object).await?;
        let mut text = String::new();
        let Some(name) = command.rest.first() else {
            self.line(found.kind, &found.object, found.parent.as_deref(), &mut text);
            return Ok(text);
        };
        let attribute = found.kind.attribute(name).ok_or_else(|| SyntaxError(command.rest.join(" ")))?;
        // What is referred to is shown itself.
        if let (Codec::Reference(collection), Some(id)) =
            (attribute.codec, found.object.get(attribute.field).and_then(Value::as_str))
        {
            let address = format!("{}/{id}", self.link(collection).await?);
            let object = self.get(&address).await?;
            self.line(Kind::under(collection), &object, None, &mut text);
        } else if let Some(word) = self.word(attribute, &found.object) {
            text = word + "\n";
        }
        Ok(text)
    }

    async fn create(&mut self, command: &Command) -> Result<String, Error> {
        let (child, address, parent) = self.collection(&command.path).await?;
        let mut body = Map::new();
        for (name, value) in child.preset.unwrap_or_default() {
            body.insert((*name).to_owned(), (*value).into());
        }
        if let (Some(tenant), Some(attribute)) = (&self.tenant, child.kind.attribute("tenant")) {
            codec::write(attribute, tenant, &self.aliases, &mut body)?;
        }
        let mut peer = None;
        for (attribute, word) in pairs(&command.rest, child.kind)? {
            match attribute.codec {
                _ if !attribute.is_writable() => return Err(SyntaxError(attribute.name.to_owned()).into()),
                Codec::Peer => peer = Some(self.aliases.resolve(&word)),
                _ => codec::write(attribute, &word, &self.aliases, &mut body)?,
            }
        }
        let answer = self.call("POST", &address, Some(Value::Object(body))).await;
        let answer = answer.map_err(|error| in_words_of(child.kind, error))?;
        let location = answer.location().map(str::to_owned).ok_or(Error::NotOffered("where it is"))?;
        let object = self.get(&location).await?;
        if let Some(peer) = peer {
            self.link_ports(&object, Some(&peer)).await?;
        }
        let mut text = String::new();
        if child.kind.word.is_empty() {
            self.line(child.kind, &object, parent.as_deref(), &mut text);
        } else {
            text = self.name(child.kind, &object, parent.as_deref()) + "\n";
        }
        Ok(text)
    }

    async fn set(&mut self, command: &Command) -> Result<String, Error> {
        let found = self.object(&command.path).await?;
        let mut changed = Map::new();
        let mut peer = None;
        for (attribute, word) in pairs(&command.rest, found.kind)? {
            let applies = found.object.get(attribute.field).is_some();
            match attribute.codec {
                _ if !attribute.is_writable() || !applies => {
                    return Err(SyntaxError(format!("{} {word}", attribute.name)).into());
                }
                Codec::Peer => peer = Some(self.aliases.resolve(&word)),
                _ => codec::write(attribute, &word, &self.aliases, &mut changed)?,
            }
        }
        if !changed.is_empty() {
            self.put(found.kind, found.object.clone(), changed).await?;
        }
        if let Some(peer) = peer {
            self.link_ports(&found.object, Some(&peer)).await?;
        }
        Ok(String::new())
    }

    async fn clear(&mut self, command: &Command) -> Result<String, Error> {
        let found = self.object(&command.path).await?;
        let mut changed = Map::new();
        for name in &command.rest {
            let attribute = found.kind.attribute(name).filter(|a| a.access == Access::Clear);
            let attribute = attribute.ok_or_else(|| SyntaxError(name.clone()))?;
            match attribute.codec {
                Codec::Peer => self.link_ports(&found.object, None).await?,
                _ => {
                    changed.insert(attribute.field.to_owned(), Value::Null);
                }
            }
        }
        if !changed.is_empty() {
            self.put(found.kind, found.object, changed).await?;
        }
        Ok(String::new())
    }

    async fn delete(&mut self, command: &Command) -> Result<String, Error> {
        let found = self.object(&command.path).await?;
        let address = link_of(&found.object, "uri")?;
        self.call("DELETE", &address, None).await?;
        Ok(String::new())
    }

    /// Takes the cable off a port, and puts one to `peer` on.
    async fn link_ports(&mut self, port: &Value, peer: Option<&str>) -> Result<(), Error> {
        let address = link_of(port, "link")?;
        let linked = port.get("peerId").and_then(Value::as_str);
        if linked.is_some() && linked != peer {
            self.call("DELETE", &address, None).await?;
        }
        if let Some(peer) = peer.filter(|peer| linked != Some(*peer)) {
            self.call("POST", &address, Some(serde_json::json!({"peerId": peer}))).await?;
        }
        Ok(())
    }

    async fn put(
        &mut self,
        kind: &Kind,
        mut object: Value,
        changed: Map<String, Value>,
    ) -> Result<(), Error> {
        let address = link_of(&object, "uri")?;
        if let Some(properties) = object.as_object_mut() {
            properties.extend(changed);
        }
        let answer = self.call("PUT", &address, Some(object)).await;
        answer.map_err(|error| in_words_of(kind, error))?;
        Ok(())
    }

    /// The collection at the end of a path: its address, and the id of the object it belongs to.
    async fn collection(&mut self, path: &[Step]) -> Result<(&'static Child, String, Option<String>), Error> {
        let (last, before) = path.split_last().ok_or_else(|| SyntaxError(String::new()))?;
        let child = last.child;
        if before.is_empty() {
            return Ok((child, self.link(child.link).await?, None));
        }
        let owner = Box::pin(self.object(before)).await?;
        let id = owner.object.get(owner.kind.key).and_then(Value::as_str).map(str::to_owned);
        self.name(owner.kind, &owner.object, owner.parent.as_deref());
        Ok((child, link_of(&owner.object, child.link)?, id))
    }

    /// The object at the end of a path.
    async fn object(&mut self, path: &[Step]) -> Result<Found, Error> {
        let (child, address, parent) = self.collection(path).await?;
        let missing = || SyntaxError(child.name.to_owned());
        let given = path.last().and_then(|step| step.id.as_deref()).ok_or_else(missing)?;
        let id = self.aliases.resolve_in(given, parent.as_deref());
        let object = if parent.is_none() {
            self.get(&format!("{address}/{id}")).await?
        } else {
            let items = self.items(&address).await?;
            let is_wanted = |item: &Value| item.get(child.kind.key).and_then(Value::as_str) == Some(&id);
            let missing = || Error::Missing { kind: child.name, id: given.to_owned() };
            items.into_iter().find(is_wanted).ok_or_else(missing)?
        };
        Ok(Found { kind: child.kind, object, parent })
    }

    /// An address that stands at the root.
    async fn link(&mut self, property: &'static str) -> Result<String, Error> {
        if self.root.is_none() {
            self.root = Some(self.get("/").await?);
        }
        match (&self.root, property) {
            // The root tells single rules, but has no collection of them.
            (Some(root), "rules") => {
                let template = link_of(root, "ruleTemplate")?;
                Ok(template.trim_end_matches("/{id}").to_owned())
            }
            (Some(root), property) => link_of(root, property),
            (None, _) => Err(Error::NotOffered(property)),
        }
    }

    async fn items(&mut self, address: &str) -> Result<Vec<Value>, Error> {
        match self.get(address).await? {
            Value::Array(items) => Ok(items),
            _ => Err(Error::NotOffered("a list")),
        }
    }

    async fn get(&mut self, address: &str) -> Result<Value, Error> {
        Ok(self.call("GET", address, None).await?.json()?)
    }

    async fn call(&self, method: &str, address: &str, body: Option<Value>) -> Result<Answer, ClientError> {
        if self.debug {
            eprintln!("> {method} {address} {}", body.as_ref().map(Value::to_string).unwrap_or_default());
        }
        let none = Value::Null;
        let answer = match method {
            "POST" => self.client.post(address, body.as_ref().unwrap_or(&none)).await,
            "PUT" => self.client.put(address, body.as_ref().unwrap_or(&none)).await,
            "DELETE" => self.client.delete(address).await,
            _ => self.client.get(address).await,
        };
        if self.debug {
            match &answer {
                Ok(answer) => eprintln!("< {} {}", answer.status, answer.text()),
                Err(error) => eprintln!("< {error}"),
            }
        }
        answer
    }

    /// Sees to it that ports that an object refers to have names that tell their device.
    async fn name_owners(&mut self, kind: &'static Kind, object: &Value) -> Result<(), Error> {
        for attribute in kind.attributes {
            let refers_to_port = match attribute.codec {
                Codec::Peer => true,
                Codec::Reference(collection) => collection == "ports",
                _ => false,
            };
            let Some(id) = object.get(attribute.field).and_then(Value::as_str) else { continue };
            if refers_to_port && !self.aliases.has(id) {
                let address = format!("{}/{id}", self.link("ports").await?);
                let port = self.get(&address).await?;
                let device = self.device_name(&port);
                self.aliases.name(PORT.word, id, device.as_deref());
            }
        }
        Ok(())
    }

    /// Names the device of a port; gives its id.
    fn device_name(&mut self, port: &Value) -> Option<String> {
        let id = port.get("deviceId")?.as_str()?.to_owned();
        let of_router = port.get("device")?.as_str()?.contains("/routers/");
        self.aliases.name(if of_router { ROUTER.word } else { BRIDGE.word }, &id, None);
        Some(id)
    }

    /// The name of an object: qualified by its parent's.
    fn name(&mut self, kind: &Kind, object: &Value, parent: Option<&str>) -> String {
        let Some(id) = object.get(kind.key).and_then(Value::as_str) else { return String::new() };
        let device = self.device_name(object);
        self.aliases.name(kind.word, id, parent.or(device.as_deref()))
    }

    /// One object in one line.
    fn line(&mut self, kind: &Kind, object: &Value, parent: Option<&str>, text: &mut String) {
        let mut words = Vec::new();
        if !kind.word.is_empty() {
            let name = self.name(kind, object, parent);
            // Below its parent the last part says enough.
            let name = if parent.is_some() { name.rsplit(':').next().unwrap_or_default() } else { &name };
            words.push(format!("{} {name}", kind.word));
        }
        for attribute in kind.attributes.iter().filter(|a| a.access != Access::Hidden) {
            if let Some(word) = self.word(attribute, object) {
                words.push(format!("{} {word}", attribute.name));
            }
        }
        writeln!(text, "{}", words.join(" ")).ok();
    }

    fn word(&mut self, attribute: &Attribute, object: &Value) -> Option<String> {
        let aliases = &mut self.aliases;
        codec::read(attribute, object, &mut |id| match attribute.codec {
            Codec::Reference(collection) if attribute.field != "deviceId" => {
                aliases.name(Kind::under(collection).word, id, None)
            }
            _ => aliases.known(id),
        })
    }
}

/// Whether requests and answers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Debug {
    On,
    Off,
}

/// Attributes with their values.
fn pairs(rest: &[String], kind: &Kind) -> Result<Vec<(&'static Attribute, String)>, SyntaxError> {
    let mut pairs = Vec::new();
    let mut words = rest.iter().enumerate();
    while let Some((at, name)) = words.next() {
        let here = || SyntaxError(rest.get(at..).unwrap_or_default().join(" "));
        let attribute = kind.attribute(name).ok_or_else(here)?;
        let (_, value) = words.next().ok_or_else(here)?;
        pairs.push((attribute, value.clone()));
    }
    Ok(pairs)
}

fn link_of(object: &Value, property: &'static str) -> Result<String, Error> {
    object.get(property).and_then(Value::as_str).map(str::to_owned).ok_or(Error::NotOffered(property))
}

/// An error with the properties under the names that commands have for them.
fn in_words_of(kind: &Kind, mut error: ClientError) -> ClientError {
    if let ClientError::Refused(refusal) = &mut error {
        for violation in &mut refusal.violations {
            if let Some(attribute) = kind.attributes.iter().find(|a| a.field == violation.property) {
                violation.property = attribute.name.to_owned();
            }
        }
    }
    error
}

/// Text as it stands in a query.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let encode = |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

fn describe(command: &Command) -> String {
    let kind = command.path.last().map_or(&ROOT, |step| step.child.kind);
    let mut text = String::new();
    if !kind.children.is_empty() {
        let names: Vec<_> = kind.children.iter().map(|child| child.name).collect();
        write!(text, "Object collections:\n    {}\n", names.join("  ")).ok();
    }
    if !kind.attributes.is_empty() {
        let id = (kind.key == "id").then_some("id");
        let names: Vec<_> = id.into_iter().chain(kind.attributes.iter().map(|a| a.name)).collect();
        write!(text, "Fields:\n    {}\n", names.join("  ")).ok();
    }
    text
}

const HELP: &str = "\
A command is: <object> <id> … <verb> <attribute> <value> …
    bridge list                                    all bridges
    bridge create name red                         a new one; prints its name
    bridge bridge0 add port                        a port of it
    router router0 add port addresses 10.0.0.1/24  a port of a router
    router router0 port port0 set peer bridge0:port0
    host host0 add binding port bridge0:port0 interface tap0
    chain chain0 add rule src !10.0.0.0/8 proto 6 dst-port 22 type drop
    bridge bridge0 set infilter chain0             and: clear infilter
    chain chain0 delete rule rule0
Verbs: list show create add set clear delete describe sett cleart debug help exit
`describe OBJECT` names the attributes of an object and what is below it.
";
