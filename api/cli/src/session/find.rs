//! From the path of a command to the address of a collection, or to an object.

use serde_json::{Map, Value};

use super::{Session, link_of};
use crate::codec;
use crate::error::Error;
use crate::grammar::{Assignment, Command, Step, SyntaxError, Which};
use crate::objects::{Child, Kind, Place};

/// A collection, found.
pub(super) struct Collection {
    pub(super) child: &'static Child,
    /// Where its objects are.
    pub(super) holder: Holder,
    /// Id of the object it is part of, if that has one.
    pub(super) parent: Option<String>,
}

/// What holds the objects of a collection.
pub(super) enum Holder {
    /// A resource of its own, at this address.
    Address(String),
    /// A list under this property of another object.
    Inside(Box<Found>, &'static str),
}

/// An object, found.
pub(super) struct Found {
    pub(super) kind: &'static Kind,
    pub(super) object: Value,
    /// Id of the object it is part of, if that has one.
    pub(super) parent: Option<String>,
    /// If it is an item of a list inside another object: that, the list's property, and its index.
    pub(super) inside: Option<(Box<Found>, &'static str, usize)>,
}

impl Found {
    /// The list that it is an item of.
    pub(super) fn list_of<'a>(owner: &'a mut Self, property: &str) -> Option<&'a mut Vec<Value>> {
        let list = owner.object.as_object_mut()?.entry(property).or_insert_with(|| Value::Array(Vec::new()));
        if list.is_null() {
            *list = Value::Array(Vec::new());
        }
        list.as_array_mut()
    }
}

impl Session {
    /// The collection at the end of a path.
    pub(super) async fn collection(&mut self, command: &Command, path: &[Step]) -> Result<Collection, Error> {
        let (last, before) = path.split_last().ok_or(SyntaxError::Incomplete)?;
        let child = last.child;
        if before.is_empty() {
            let (Place::At(link) | Place::Inside(link) | Place::Only(link)) = child.place;
            let address = match self.link(link).await {
                Ok(address) => address,
                // The root tells single ones, but has no collection of them.
                Err(_) if last.which.is_some() && !child.kind.template.is_empty() => self
                    .template(child.kind)
                    .await?
                    .ok_or_else(|| Error::NotOffered(child.name.to_owned()))?,
                Err(error) => return Err(error),
            };
            return Ok(Collection { child, holder: Holder::Address(address), parent: None });
        }
        let owner = Box::pin(self.object(command, before)).await?;
        self.name(owner.kind, &owner.object, owner.parent.as_deref());
        let id = owner.object.get("id").and_then(Value::as_str).filter(|_| owner.kind.is_aliased());
        let parent = id.map(str::to_owned);
        let holder = match child.place {
            Place::At(link) | Place::Only(link) => Holder::Address(link_of(&owner.object, link)?),
            Place::Inside(property) => Holder::Inside(Box::new(owner), property),
        };
        Ok(Collection { child, holder, parent })
    }

    /// The object at the end of a path.
    pub(super) async fn object(&mut self, command: &Command, path: &[Step]) -> Result<Found, Error> {
        let collection = self.collection(command, path).await?;
        let kind = collection.child.kind;
        match path.last().and_then(|step| step.which.as_ref()) {
            None => Err(SyntaxError::Incomplete.into()),
            Some(Which::Only) => {
                let Holder::Address(address) = &collection.holder else {
                    return Err(SyntaxError::Incomplete.into());
                };
                let object = self.get(address).await?;
                Ok(Found { kind: kind.of(&object), object, parent: None, inside: None })
            }
            Some(Which::Having(pairs)) => self.having(collection, pairs).await,
            Some(Which::Named { name, at }) if kind.is_aliased() => {
                let id = self.aliases.resolve_below(name, collection.parent.as_deref());
                let here = || SyntaxError::At(command.words.get(*at..).unwrap_or_default().join(" "));
                self.by_id(collection, &id.ok_or_else(here)?).await
            }
            Some(Which::Named { name, at }) => {
                let here = || SyntaxError::At(command.words.get(*at..).unwrap_or_default().join(" "));
                let attribute = kind.key_attribute().ok_or_else(here)?;
                let pair = Assignment { attribute, value: name.clone() };
                self.having(collection, &[pair]).await
            }
        }
    }

    async fn by_id(&mut self, collection: Collection, id: &str) -> Result<Found, Error> {
        let child = collection.child;
        let missing = || Error::Missing { kind: child.name, which: id.to_owned() };
        let address = match (self.template(child.kind).await?, &collection.holder) {
            (Some(template), _) => template,
            (None, Holder::Address(address)) => address.clone(),
            (None, Holder::Inside(..)) => return Err(missing()),
        };
        let object = match self.get(&format!("{address}/{id}")).await {
            Ok(object) => object,
            Err(error) if error.is_not_found() => return Err(missing()),
            Err(error) => return Err(error),
        };
        Ok(Found { kind: child.kind.of(&object), object, parent: collection.parent, inside: None })
    }

    /// Where single objects of a kind are, if the root tells.
    async fn template(&mut self, kind: &Kind) -> Result<Option<String>, Error> {
        let template = self.root().await?.get(kind.template).and_then(Value::as_str);
        Ok(template.and_then(|template| template.strip_suffix("/{id}")).map(str::to_owned))
    }

    /// The one object of a collection that has these values.
    async fn having(&mut self, collection: Collection, pairs: &[Assignment]) -> Result<Found, Error> {
        let child = collection.child;
        let wanted = self.wanted(pairs)?;
        let items = self.all(&collection).await?;
        let mut found: Vec<usize> = Vec::new();
        found
            .extend(items.iter().enumerate().filter(|(_, item)| codec::has(item, &wanted)).map(|(at, _)| at));
        let which = || {
            let pairs = pairs.iter().map(|pair| format!("{} {}", pair.attribute.name, pair.value));
            pairs.collect::<Vec<_>>().join(" ")
        };
        let at = match found.as_slice() {
            [at] => *at,
            [] => return Err(Error::Missing { kind: child.name, which: which() }),
            several => {
                return Err(Error::Ambiguous { kind: child.name, which: which(), count: several.len() });
            }
        };
        let object = items.into_iter().nth(at).unwrap_or_default();
        let inside = match collection.holder {
            Holder::Inside(owner, property) => Some((owner, property, at)),
            Holder::Address(_) => None,
        };
        Ok(Found { kind: child.kind.of(&object), object, parent: collection.parent, inside })
    }

    /// Properties that objects must have to have these values.
    pub(super) fn wanted(&self, pairs: &[Assignment]) -> Result<Map<String, Value>, Error> {
        let mut wanted = Map::new();
        for pair in pairs {
            codec::write(pair.attribute, &pair.value, &self.aliases, &mut wanted)?;
        }
        Ok(wanted)
    }

    /// All objects of a collection.
    pub(super) async fn all(&mut self, collection: &Collection) -> Result<Vec<Value>, Error> {
        match &collection.holder {
            Holder::Address(address) => self.items(address).await,
            Holder::Inside(owner, property) => {
                let list = owner.object.get(*property).and_then(Value::as_array);
                Ok(list.cloned().unwrap_or_default())
            }
        }
    }
}
