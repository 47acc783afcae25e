//! Commands that change: create, set, clear and delete.

use serde_json::{Map, Value, json};

use super::find::{Collection, Found, Holder};
use super::{Session, assignments, link_of};
use crate::codec;
use crate::error::Error;
use crate::grammar::{Assignment, Command, SyntaxError};
use crate::objects::{Access, Attribute, Codec, Kind};
use crate::report::Report;

impl Session {
    pub(super) async fn create(&mut self, command: &Command) -> Result<Report, Error> {
        let collection = self.collection(command, &command.path).await?;
        let kind = collection.child.kind;
        let given = assignments(&command.rest, kind, &self.aliases)?;
        let mut body = Map::new();
        for (name, value) in collection.child.preset.unwrap_or_default() {
            body.insert((*name).to_owned(), (*value).into());
        }
        if let (Some(tenant), Some(attribute)) = (&self.tenant, kind.attribute("tenant")) {
            codec::write(attribute, tenant, &self.aliases, &mut body)?;
        }
        for Assignment { attribute, value } in given.iter().filter(|a| a.attribute.codec != Codec::Peer) {
            check_writable(attribute)?;
            codec::write(attribute, value, &self.aliases, &mut body)?;
        }
        let Some(object) = self.add(&collection, Value::Object(body), &given).await? else {
            return Ok(Report::Nothing);
        };
        if let Some(peer) = self.peer_among(&given)? {
            self.link_ports(&object, Some(&peer)).await?;
        }
        self.name_ports(kind, std::slice::from_ref(&object)).await?;
        Ok(Report::Created(self.item(kind, object, collection.parent.as_deref())))
    }

    /// Puts a new object into a collection. Gives it as it is then, if the server says where.
    async fn add(
        &mut self,
        collection: &Collection,
        body: Value,
        given: &[Assignment],
    ) -> Result<Option<Value>, Error> {
        let kind = collection.child.kind;
        match &collection.holder {
            Holder::Address(address) => {
                let answer = self.call("POST", address, &body).await;
                let answer = answer.map_err(|error| Error::of(error, kind, given))?;
                match answer.location() {
                    Some(location) => Ok(Some(self.get(location).await?)),
                    None => Ok(None),
                }
            }
            Holder::Inside(owner, property) => {
                let mut owner = Found {
                    kind: owner.kind,
                    object: owner.object.clone(),
                    parent: owner.parent.clone(),
                    inside: None,
                };
                if let Some(list) = Found::list_of(&mut owner, property) {
                    list.push(body.clone());
                }
                self.put_as(&owner.object, kind, given).await?;
                Ok(Some(body))
            }
        }
    }

    pub(super) async fn set(&mut self, command: &Command) -> Result<Report, Error> {
        let mut found = self.object(command, &command.path).await?;
        let given = assignments(&command.rest, found.kind, &self.aliases)?;
        let mut changed = false;
        for Assignment { attribute, value } in &given {
            check_writable(attribute)?;
            let applies = found.object.get(attribute.within.unwrap_or(attribute.field)).is_some();
            if !applies && found.inside.is_none() {
                return Err(Error::NotApplicable { kind: found.kind.word, attribute: attribute.name });
            }
            if attribute.codec == Codec::Peer {
                continue;
            }
            if let Some(properties) = found.object.as_object_mut() {
                codec::write(attribute, value, &self.aliases, properties)?;
                changed = true;
            }
        }
        let peer = self.peer_among(&given)?;
        let port = peer.is_some().then(|| found.object.clone());
        if changed {
            self.put(found, &given).await?;
        }
        if let (Some(port), Some(peer)) = (port, peer) {
            self.link_ports(&port, Some(&peer)).await?;
        }
        Ok(Report::Nothing)
    }

    pub(super) async fn clear(&mut self, command: &Command) -> Result<Report, Error> {
        let mut found = self.object(command, &command.path).await?;
        let mut changed = false;
        for (at, name) in command.rest.iter().enumerate() {
            let here = || SyntaxError::At(command.rest.get(at..).unwrap_or_default().join(" "));
            let attribute = found.kind.attribute(name).ok_or_else(here)?;
            if attribute.access != Access::Clear {
                return Err(Error::NotClearable(attribute.name));
            }
            if attribute.codec == Codec::Peer {
                self.link_ports(&found.object, None).await?;
            } else if let Some(properties) = found.object.as_object_mut() {
                codec::clear(attribute, properties);
                changed = true;
            }
        }
        if changed {
            self.put(found, &[]).await?;
        }
        Ok(Report::Nothing)
    }

    pub(super) async fn delete(&mut self, command: &Command) -> Result<Report, Error> {
        let found = self.object(command, &command.path).await?;
        match found.inside {
            Some((mut owner, property, at)) => {
                if let Some(list) = Found::list_of(&mut owner, property).filter(|list| at < list.len()) {
                    list.remove(at);
                }
                self.put_as(&owner.object, found.kind, &[]).await?;
            }
            None => {
                let address = link_of(&found.object, "uri")?;
                self.call("DELETE", &address, &Value::Null).await?;
            }
        }
        Ok(Report::Nothing)
    }

    /// The port that is to be linked, if one is given.
    fn peer_among(&self, given: &[Assignment]) -> Result<Option<String>, Error> {
        let Some(peer) = given.iter().rfind(|a| a.attribute.codec == Codec::Peer) else { return Ok(None) };
        let mut properties = Map::new();
        codec::write(peer.attribute, &peer.value, &self.aliases, &mut properties)?;
        Ok(properties.get(peer.attribute.field).and_then(Value::as_str).map(str::to_owned))
    }

    /// Takes the cable off a port, and puts one to `peer` on.
    async fn link_ports(&mut self, port: &Value, peer: Option<&str>) -> Result<(), Error> {
        let address = link_of(port, "link")?;
        let linked = port.get("peerId").and_then(Value::as_str);
        if linked.is_some() && linked != peer {
            self.call("DELETE", &address, &Value::Null).await?;
        }
        if let Some(peer) = peer.filter(|peer| linked != Some(*peer)) {
            self.call("POST", &address, &json!({"peerId": peer})).await?;
        }
        Ok(())
    }

    /// Writes an object that was changed back to where it is.
    async fn put(&mut self, found: Found, given: &[Assignment]) -> Result<(), Error> {
        let Some((mut owner, property, at)) = found.inside else {
            return self.put_as(&found.object, found.kind, given).await;
        };
        if let Some(item) = Found::list_of(&mut owner, property).and_then(|list| list.get_mut(at)) {
            *item = found.object;
        }
        self.put_as(&owner.object, found.kind, given).await
    }

    /// Writes an object; what is wrong with it is told in the words of a kind.
    async fn put_as(
        &mut self,
        object: &Value,
        kind: &'static Kind,
        given: &[Assignment],
    ) -> Result<(), Error> {
        let address = link_of(object, "uri")?;
        match self.call("PUT", &address, object).await.map_err(|error| Error::of(error, kind, given)) {
            Err(error) if error.is_not_allowed() => Err(Error::Unchangeable(kind.word)),
            answer => answer.map(|_| ()),
        }
    }
}

fn check_writable(attribute: &Attribute) -> Result<(), Error> {
    if attribute.is_writable() { Ok(()) } else { Err(Error::ReadOnly(attribute.name)) }
}
